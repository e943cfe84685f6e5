//! How many counters are kept in the whole table, and how many may be.
//!
//! The numbers stand in a cell of their own, and are changed after the cell that they tell of. So they can be off by as many
//! as there are workers, and where a worker dies in between; no verdict hangs on the last one.

use super::table::{CounterClass, TableFull};
use crate::store::HEADER;

/// How many counters a table may keep.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Capacity {
    /// Of all callers.
    pub all: u32,
    /// Of these, of callers whose identity nobody has verified, and of sessions.
    pub unverified: u32,
}

/// How many counters a table keeps.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    pub(super) all: u32,
    pub(super) unverified: u32,
}

/// How a cell differs from what it was.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CounterDelta {
    /// Counters more, or less.
    pub all: i64,
    /// Of these, of callers whose identity nobody has verified.
    pub unverified: i64,
}

impl CounterDelta {
    /// Adds counters of one kind of callers, or takes them away.
    pub(super) fn add(&mut self, more: i64, unverified: bool) {
        self.all = self.all.saturating_add(more);
        self.unverified = self.unverified.saturating_add(if unverified { more } else { 0 });
    }
}

impl Capacity {
    /// Room for no new counter, which giving back needs none of.
    pub const NONE: Self = Self { all: 0, unverified: 0 };

    /// Bounds of which callers that nobody has verified get half.
    #[must_use]
    pub fn of(all: u32) -> Self {
        Self { all, unverified: all / 2 }
    }
}

impl Totals {
    /// Reads the bytes of the cell; `None` if they are something else.
    #[must_use]
    pub fn open(bytes: &[u8]) -> Option<Self> {
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

    /// The totals after a cell has changed.
    #[must_use]
    pub fn after(self, difference: CounterDelta) -> Self {
        let add =
            |total: u32, more: i64| u32::try_from(i64::from(total).saturating_add(more).max(0)).unwrap_or(u32::MAX);
        Self { all: add(self.all, difference.all), unverified: add(self.unverified, difference.unverified) }
    }

    /// Whether a cell may change so: one that holds more for a caller than before needs room for it.
    ///
    /// # Errors
    /// There is none.
    pub fn admit(self, difference: CounterDelta, owner: CounterClass, bounds: Capacity) -> Result<(), TableFull> {
        let Self { all, unverified } = self.after(difference);
        let fits = difference.all <= 0 || all <= bounds.all;
        let fits_unverified = difference.unverified <= 0 || unverified <= bounds.unverified;
        match owner {
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
    fn totals_are_written_as_they_are_read() {
        assert_eq!(Totals::open(HEADER), Some(Totals::default()));
        let totals = Totals { all: 70_000, unverified: 3 };
        assert_eq!(Totals::open(&totals.to_bytes()), Some(totals));
        for bytes in [&b""[..], b"mcp\x01\0", b"mcp\x02\0\0\0\0\0\0\0\0", b"mcp\x01\0\0\0\0\0\0\0\0\0"] {
            assert_eq!(Totals::open(bytes), None, "{bytes:?}");
        }
    }

    #[test]
    fn a_new_counter_needs_room_and_the_policys_own_always_have_it() {
        let bounds = Capacity::of(10);
        let full = Totals { all: 10, unverified: 3 };
        assert_eq!(full.admit(ONE_MORE, CounterClass::Verified, bounds), Err(TableFull));
        assert_eq!(full.admit(ONE_MORE_UNVERIFIED, CounterClass::Unverified, bounds), Err(TableFull));
        assert_eq!(full.admit(ONE_MORE, CounterClass::Policy, bounds), Ok(()));
        let half = Totals { all: 9, unverified: 5 };
        assert_eq!(half.admit(ONE_MORE, CounterClass::Verified, bounds), Ok(()));
        assert_eq!(half.admit(ONE_MORE_UNVERIFIED, CounterClass::Unverified, bounds), Err(TableFull));
    }

    #[test]
    fn a_counter_in_the_place_of_one_whose_time_is_over_needs_no_room() {
        let full = Totals { all: 10, unverified: 5 };
        for difference in [CounterDelta::default(), CounterDelta { all: -3, unverified: -2 }] {
            assert_eq!(full.admit(difference, CounterClass::Unverified, Capacity::of(10)), Ok(()));
        }
        assert_eq!(full.after(CounterDelta { all: -30, unverified: -2 }), Totals { all: 0, unverified: 3 });
    }
}
