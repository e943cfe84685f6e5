//! How many counters the whole table holds, and how many it may hold.
//!
//! The totals have a cell of their own, which is written after the shard that changed. So they may be off by one for each
//! worker, and by one more for each worker that died in between; no decision depends on the last counter.

use crate::store::HEADER;

/// How many counters a table may hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Capacity {
    /// Counters of all classes.
    pub all: u32,
    /// Counters of [`CounterClass::Unverified`].
    pub unverified: u32,
}

/// Who can make the counters of a class come into being.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CounterClass {
    /// The policy's author: one counter a limit, for which there is always room.
    Policy,
    /// A caller of verified identity.
    Verified,
    /// A caller who can choose an identity, or a session: a caller opens as many as it likes.
    Unverified,
}

/// The table has no room for another caller's counter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TableFull;

/// How many counters a table holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    all: u32,
    pub(super) unverified: u32,
}

/// How many counters a shard gains, or loses, by a write.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CounterDelta {
    /// Counters of all classes.
    pub all: i64,
    /// Counters of [`CounterClass::Unverified`].
    pub unverified: i64,
}

impl Capacity {
    /// Room for no new counter; a refund needs none.
    pub const NONE: Self = Self { all: 0, unverified: 0 };

    /// Room for `all` counters, half of them of unverified callers.
    #[must_use]
    pub fn new(all: u32) -> Self {
        Self { all, unverified: all / 2 }
    }
}

impl CounterDelta {
    /// Adds or removes counters of one class.
    pub(super) fn add(&mut self, counters: i64, is_unverified: bool) {
        self.all = self.all.saturating_add(counters);
        self.unverified = self.unverified.saturating_add(if is_unverified { counters } else { 0 });
    }

    /// Whether the table needs room for it.
    pub(super) fn needs_room(self) -> bool {
        self.all > 0 || self.unverified > 0
    }
}

impl Totals {
    /// Reads the bytes of the cell; `None` if they are anything else.
    #[must_use]
    pub fn read(bytes: &[u8]) -> Option<Self> {
        let numbers = bytes.strip_prefix(HEADER)?;
        if numbers.is_empty() {
            return Some(Self::default());
        }
        let (all, unverified) = numbers.split_first_chunk()?;
        let unverified = unverified.try_into().ok()?;
        Some(Self { all: u32::from_le_bytes(*all), unverified: u32::from_le_bytes(unverified) })
    }

    /// The bytes of the cell.
    #[must_use]
    pub fn to_bytes(self) -> Vec<u8> {
        [HEADER, &self.all.to_le_bytes(), &self.unverified.to_le_bytes()].concat()
    }

    /// The totals after a shard has changed.
    #[must_use]
    pub fn after(self, delta: CounterDelta) -> Self {
        let add =
            |total: u32, more: i64| u32::try_from(i64::from(total).saturating_add(more).max(0)).unwrap_or(u32::MAX);
        Self { all: add(self.all, delta.all), unverified: add(self.unverified, delta.unverified) }
    }

    /// Whether a shard may change like this: one that gains a caller's counter needs room for it.
    ///
    /// # Errors
    /// There is none.
    pub fn admit(self, delta: CounterDelta, class: CounterClass, capacity: Capacity) -> Result<(), TableFull> {
        let Self { all, unverified } = self.after(delta);
        let fits = delta.all <= 0 || all <= capacity.all;
        let fits_unverified = delta.unverified <= 0 || unverified <= capacity.unverified;
        match class {
            CounterClass::Policy => Ok(()),
            CounterClass::Verified if fits => Ok(()),
            CounterClass::Unverified if fits && fits_unverified => Ok(()),
            CounterClass::Verified | CounterClass::Unverified => Err(TableFull),
        }
    }
}

#[cfg(test)]
mod tests {
    #[cfg(target_family = "wasm")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::{Capacity, CounterClass, CounterDelta, HEADER, TableFull, Totals};

    const ONE_MORE: CounterDelta = CounterDelta { all: 1, unverified: 0 };
    const ONE_MORE_UNVERIFIED: CounterDelta = CounterDelta { all: 1, unverified: 1 };

    #[test]
    fn totals_are_read_as_they_were_written() {
        assert_eq!(Totals::read(HEADER), Some(Totals::default()));
        let totals = Totals { all: 70_000, unverified: 3 };
        assert_eq!(Totals::read(&totals.to_bytes()), Some(totals));
        for bytes in [&b""[..], b"mcp\x01\0", b"mcp\x02\0\0\0\0\0\0\0\0", b"mcp\x01\0\0\0\0\0\0\0\0\0"] {
            assert_eq!(Totals::read(bytes), None, "{bytes:?}");
        }
    }

    #[test]
    fn a_new_counter_needs_room_unless_it_is_the_policys_own() {
        let capacity = Capacity::new(10);
        let full = Totals { all: 10, unverified: 3 };
        assert_eq!(full.admit(ONE_MORE, CounterClass::Verified, capacity), Err(TableFull));
        assert_eq!(full.admit(ONE_MORE_UNVERIFIED, CounterClass::Unverified, capacity), Err(TableFull));
        assert_eq!(full.admit(ONE_MORE, CounterClass::Policy, capacity), Ok(()));
        let half = Totals { all: 9, unverified: 5 };
        assert_eq!(half.admit(ONE_MORE, CounterClass::Verified, capacity), Ok(()));
        assert_eq!(half.admit(ONE_MORE_UNVERIFIED, CounterClass::Unverified, capacity), Err(TableFull));
    }

    #[test]
    fn a_counter_in_place_of_an_evicted_one_needs_no_room() {
        let full = Totals { all: 10, unverified: 5 };
        for delta in [CounterDelta::default(), CounterDelta { all: -3, unverified: -2 }] {
            assert_eq!(full.admit(delta, CounterClass::Unverified, Capacity::new(10)), Ok(()));
        }
        assert_eq!(full.after(CounterDelta { all: -30, unverified: -2 }), Totals { all: 0, unverified: 3 });
    }
}
