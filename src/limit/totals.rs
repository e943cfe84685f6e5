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
    /// Counters of unverified callers.
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
    /// A caller of verified identity, by the values that it sends.
    VerifiedKey,
    /// A caller of [`Self::Unverified`], by the values that it sends.
    UnverifiedKey,
}

/// The table has no room for another caller's counter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TableFull;

/// How many counters a table holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    all: u32,
    pub(super) unverified: u32,
    /// Those of the first that count by the values that callers send.
    keyed: u32,
    /// Those of the second.
    unverified_keyed: u32,
}

/// How many counters a shard gains, or loses, by a write.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CounterDelta {
    /// Counters of all classes.
    pub all: i64,
    /// Counters of unverified callers.
    pub unverified: i64,
    /// Counters by the values that callers send.
    pub keyed: i64,
    /// Those of unverified callers among them.
    pub unverified_keyed: i64,
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

impl CounterClass {
    /// Whether the caller is unverified.
    pub(super) fn is_unverified(self) -> bool {
        matches!(self, Self::Unverified | Self::UnverifiedKey)
    }

    /// Whether the counter is one of many by the values that a caller sends.
    pub(super) fn is_keyed(self) -> bool {
        matches!(self, Self::VerifiedKey | Self::UnverifiedKey)
    }
}

impl CounterDelta {
    /// Adds or removes counters of one kind.
    pub(super) fn add(&mut self, counters: i64, is_unverified: bool, is_keyed: bool) {
        let totals = [
            (&mut self.all, true),
            (&mut self.unverified, is_unverified),
            (&mut self.keyed, is_keyed),
            (&mut self.unverified_keyed, is_unverified && is_keyed),
        ];
        for (total, _) in totals.into_iter().filter(|(_, is_counted)| *is_counted) {
            *total = total.saturating_add(counters);
        }
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
        let (numbers, rest) = numbers.as_chunks::<4>();
        let number = |index| numbers.get(index).copied().map(u32::from_le_bytes);
        let (all, unverified) = (number(0)?, number(1)?);
        // Without the last two there is no keyed counter.
        let (keyed, unverified_keyed) = match (numbers.len(), rest) {
            (2, []) => (0, 0),
            (4, []) => (number(2)?, number(3)?),
            _ => return None,
        };
        Some(Self { all, unverified, keyed, unverified_keyed })
    }

    /// The bytes of the cell.
    #[must_use]
    pub fn to_bytes(self) -> Vec<u8> {
        let Self { all, unverified, keyed, unverified_keyed } = self;
        let [all, unverified, keyed, unverified_keyed] =
            [all, unverified, keyed, unverified_keyed].map(u32::to_le_bytes);
        // Without keyed counters the cell is as versions wrote it that had none, so that one of them can come back.
        let keyed: &[&[u8]] = if self.keyed == 0 { &[] } else { &[&keyed, &unverified_keyed] };
        [&[HEADER, &all, &unverified], keyed].concat().concat()
    }

    /// Counters of all classes.
    #[cfg(test)]
    pub(super) fn all(self) -> u32 {
        self.all
    }

    /// The totals after a shard has changed.
    #[must_use]
    pub fn after(self, delta: CounterDelta) -> Self {
        let add =
            |total: u32, more: i64| u32::try_from(i64::from(total).saturating_add(more).max(0)).unwrap_or(u32::MAX);
        Self {
            all: add(self.all, delta.all),
            unverified: add(self.unverified, delta.unverified),
            keyed: add(self.keyed, delta.keyed),
            unverified_keyed: add(self.unverified_keyed, delta.unverified_keyed),
        }
    }

    /// Whether a shard may change like this: one that gains a caller's counter needs room for it.
    ///
    /// # Errors
    /// There is none.
    pub fn admit(self, delta: CounterDelta, class: CounterClass, capacity: Capacity) -> Result<(), TableFull> {
        let Self { all, unverified, keyed, unverified_keyed } = self.after(delta);
        let fits = [
            (delta.all, all, capacity.all),
            (delta.unverified, unverified, capacity.unverified),
            // Half of each class's room, so that values which callers choose take no caller's own counter.
            (delta.keyed, keyed, capacity.all / 2),
            (delta.unverified_keyed, unverified_keyed, capacity.unverified / 2),
        ];
        let fit = |(delta, total, most): (i64, u32, u32)| delta <= 0 || total <= most;
        if class == CounterClass::Policy || fits.into_iter().all(fit) { Ok(()) } else { Err(TableFull) }
    }
}

#[cfg(test)]
mod tests {
    #[cfg(target_family = "wasm")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::{Capacity, CounterClass, CounterDelta, HEADER, TableFull, Totals};

    const ONE_MORE: CounterDelta = CounterDelta { all: 1, unverified: 0, keyed: 0, unverified_keyed: 0 };
    const ONE_MORE_UNVERIFIED: CounterDelta = CounterDelta { unverified: 1, ..ONE_MORE };
    const ONE_MORE_KEY: CounterDelta = CounterDelta { keyed: 1, ..ONE_MORE };
    const EMPTY: Totals = Totals { all: 0, unverified: 0, keyed: 0, unverified_keyed: 0 };

    #[test]
    fn totals_are_read_as_they_were_written() {
        assert_eq!(Totals::read(HEADER), Some(Totals::default()));
        let totals = Totals { all: 70_000, unverified: 3, ..EMPTY };
        assert_eq!(totals.to_bytes().len(), HEADER.len() + 8, "as versions wrote it that had no keyed counters");
        for totals in [totals, Totals { keyed: 500, unverified_keyed: 2, ..totals }] {
            assert_eq!(Totals::read(&totals.to_bytes()), Some(totals));
        }
        for bytes in [
            &b""[..],
            b"mcp\x01\0",
            b"mcp\x01\0\0\0\0\0\0\0\0\0\0\0\0",
            b"mcp\x01\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0",
            b"mcp\x02\0\0\0\0\0\0\0\0",
            b"mcp\x01\0\0\0\0\0\0\0\0\0",
        ] {
            assert_eq!(Totals::read(bytes), None, "{bytes:?}");
        }
    }

    #[test]
    fn a_new_counter_needs_room_unless_it_is_the_policys_own() {
        let capacity = Capacity::new(10);
        let full = Totals { all: 10, unverified: 3, ..EMPTY };
        assert_eq!(full.admit(ONE_MORE, CounterClass::Verified, capacity), Err(TableFull));
        assert_eq!(full.admit(ONE_MORE_UNVERIFIED, CounterClass::Unverified, capacity), Err(TableFull));
        assert_eq!(full.admit(ONE_MORE, CounterClass::Policy, capacity), Ok(()));
        let half = Totals { all: 9, unverified: 5, ..EMPTY };
        assert_eq!(half.admit(ONE_MORE, CounterClass::Verified, capacity), Ok(()));
        assert_eq!(half.admit(ONE_MORE_UNVERIFIED, CounterClass::Unverified, capacity), Err(TableFull));
    }

    #[test]
    fn a_counter_in_place_of_an_evicted_one_needs_no_room() {
        let full = Totals { all: 10, unverified: 5, ..EMPTY };
        let fewer = CounterDelta { all: -3, unverified: -2, ..CounterDelta::default() };
        for delta in [CounterDelta::default(), fewer] {
            assert_eq!(full.admit(delta, CounterClass::Unverified, Capacity::new(10)), Ok(()));
        }
        assert_eq!(full.after(CounterDelta { all: -30, ..fewer }), Totals { all: 0, unverified: 3, ..EMPTY });
    }

    #[test]
    fn keyed_counters_take_half_of_each_class() {
        let capacity = Capacity::new(16);
        let admits = |totals: Totals, delta, class| totals.admit(delta, class, capacity).is_ok();
        let half = Totals { all: 8, keyed: 8, ..EMPTY };
        assert!(
            !admits(half, ONE_MORE_KEY, CounterClass::VerifiedKey) && admits(half, ONE_MORE, CounterClass::Verified)
        );
        assert!(admits(Totals { keyed: 7, ..half }, ONE_MORE_KEY, CounterClass::VerifiedKey));
        let quarter = Totals { all: 4, unverified: 4, keyed: 4, unverified_keyed: 4 };
        let one_more = CounterDelta { unverified_keyed: 1, keyed: 1, ..ONE_MORE_UNVERIFIED };
        assert!(!admits(quarter, one_more, CounterClass::UnverifiedKey));
        assert!(admits(quarter, ONE_MORE_UNVERIFIED, CounterClass::Unverified));
        assert!(admits(quarter, ONE_MORE_KEY, CounterClass::VerifiedKey));
    }
}
