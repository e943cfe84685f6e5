//! Many counts in one cell: the bytes that a store keeps.
//!
//! A cell is a header of four bytes and then records of forty: fingerprint (16), the second until which it counts and
//! whose it is (8), used (8), used in the window before (8), little-endian. Records whose time is over are dropped
//! whenever the cell is written; no other ever is.
//!
//! 65,536 random callers put 16 records into each of 4,096 cells on average; that a cell gets 48 of them is less
//! likely than one in a billion.

use super::{totals::CounterDelta, window::Count};
use crate::{
    amount::Amount,
    store::{HEADER, TABLE},
    time::Timestamp,
};

/// Cells of a table.
pub const SHARDS: u16 = TABLE.end;

const RECORD: usize = 40;
/// Records of callers that a cell has room for. The [totals](super::totals) are reached long before.
const CAPACITY: usize = 48;
/// Marks, in the highest bit of the time, a record of a caller whose identity nobody has verified.
const UNVERIFIED_BIT: u64 = 1 << 63;

/// Who can make records of a kind come into being.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CounterClass {
    /// The policy's author: one record a limit, always room.
    Policy,
    /// A caller whose identity was checked.
    Verified,
    /// A caller who may be anybody, or a session, which costs a caller nothing.
    Unverified,
}

/// The cell holds something that this module did not write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CorruptShard;

/// The cell has no room for another caller's record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TableFull;

/// The records of a cell.
#[derive(Clone, Copy, Debug)]
pub struct Shard<'b>(&'b [u8]);

#[derive(Clone, Copy, Debug)]
struct Record {
    fingerprint: [u8; 16],
    unverified: bool,
    count: Count,
}

impl<'b> Shard<'b> {
    /// Reads the bytes of a cell.
    ///
    /// # Errors
    /// They are no cell of this format.
    pub fn open(bytes: &'b [u8]) -> Result<Self, CorruptShard> {
        let records = bytes.strip_prefix(HEADER).ok_or(CorruptShard)?;
        if records.len() % RECORD == 0 { Ok(Self(records)) } else { Err(CorruptShard) }
    }

    /// The count with this fingerprint, whether or not its time is over.
    #[must_use]
    pub fn find(self, fingerprint: &[u8; 16]) -> Option<Count> {
        self.records().find(|record| record.fingerprint == *fingerprint).map(|record| record.count)
    }

    /// The cell with `count` in place of the one with this fingerprint, and without those whose time is over; and how it
    /// differs from this one.
    ///
    /// # Errors
    /// There is none yet, and no room for one more of this owner.
    pub fn with(
        self,
        fingerprint: [u8; 16],
        owner: CounterClass,
        count: Count,
        now: Timestamp,
    ) -> Result<(Vec<u8>, CounterDelta), TableFull> {
        let mut bytes = Vec::with_capacity(HEADER.len().saturating_add(self.0.len()).saturating_add(RECORD));
        bytes.extend_from_slice(HEADER);
        let (mut known, mut all, mut difference) = (false, 0_usize, CounterDelta::default());
        for record in self.records() {
            let is_this = record.fingerprint == fingerprint;
            known |= is_this;
            if is_this {
                Record { count, ..record }.write(&mut bytes);
            } else if record.count.is_alive(now) {
                all = all.saturating_add(1);
                record.write(&mut bytes);
            } else {
                difference.add(-1, record.unverified);
            }
        }
        if !known {
            if owner != CounterClass::Policy && all >= CAPACITY {
                return Err(TableFull);
            }
            let unverified = owner == CounterClass::Unverified;
            Record { fingerprint, unverified, count }.write(&mut bytes);
            difference.add(1, unverified);
        }
        Ok((bytes, difference))
    }

    fn records(self) -> impl Iterator<Item = Record> + use<'b> {
        self.0.chunks_exact(RECORD).filter_map(Record::read)
    }
}

impl Record {
    fn read(bytes: &[u8]) -> Option<Self> {
        let (fingerprint, rest) = bytes.split_first_chunk::<16>()?;
        let (until, rest) = rest.split_first_chunk::<8>()?;
        let (used, rest) = rest.split_first_chunk::<8>()?;
        let (before, _) = rest.split_first_chunk::<8>()?;
        let until = u64::from_le_bytes(*until);
        // An amount out of range cannot have been written; read as the largest, it lets nothing through.
        let amount = |bytes: &[u8; 8]| Amount::from_millionths(u64::from_le_bytes(*bytes)).unwrap_or(Amount::MAX);
        let count = Count { until: until & !UNVERIFIED_BIT, used: amount(used), previous: amount(before) };
        Some(Self { fingerprint: *fingerprint, unverified: until & UNVERIFIED_BIT != 0, count })
    }

    fn write(self, bytes: &mut Vec<u8>) {
        let mark = if self.unverified { UNVERIFIED_BIT } else { 0 };
        bytes.extend_from_slice(&self.fingerprint);
        bytes.extend_from_slice(&((self.count.until & !UNVERIFIED_BIT) | mark).to_le_bytes());
        bytes.extend_from_slice(&self.count.used.millionths().to_le_bytes());
        bytes.extend_from_slice(&self.count.previous.millionths().to_le_bytes());
    }
}

#[cfg(test)]
mod tests {
    #[cfg(target_family = "wasm")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::{
        Amount, CAPACITY, CorruptShard, Count, CounterClass, CounterDelta, HEADER, Shard, TableFull, Timestamp,
    };

    fn count(until: u64) -> Count {
        Count { until, used: Amount::ONE, previous: Amount::ZERO }
    }

    fn filled(owner: CounterClass, number: usize) -> Vec<u8> {
        (0..number).fold(HEADER.to_vec(), |bytes, n| {
            let fingerprint = [u8::try_from(n).unwrap(); 16];
            Shard::open(&bytes).unwrap().with(fingerprint, owner, count(60), Timestamp(0)).unwrap().0
        })
    }

    #[test]
    fn a_cell_keeps_what_was_put_in() {
        let bytes = filled(CounterClass::Unverified, 3);
        let cell = Shard::open(&bytes).unwrap();
        assert_eq!(cell.find(&[1; 16]), Some(count(60)));
        assert_eq!(cell.find(&[9; 16]), None);
        let (bytes, _) = cell.with([1; 16], CounterClass::Unverified, count(120), Timestamp(0)).unwrap();
        assert_eq!(Shard::open(&bytes).unwrap().find(&[1; 16]), Some(count(120)));
        assert_eq!(Shard::open(&bytes).unwrap().find(&[2; 16]), Some(count(60)));
    }

    #[test]
    fn only_records_whose_time_is_over_make_room() {
        let bytes = filled(CounterClass::Verified, CAPACITY);
        let cell = Shard::open(&bytes).unwrap();
        assert_eq!(cell.with([99; 16], CounterClass::Verified, count(60), Timestamp(59_999)), Err(TableFull));
        let (bytes, _) = cell.with([99; 16], CounterClass::Verified, count(120), Timestamp(60_000)).unwrap();
        assert_eq!(bytes.len(), HEADER.len() + 40);
    }

    #[test]
    fn the_policys_own_counts_always_have_room() {
        let bytes = filled(CounterClass::Verified, CAPACITY);
        assert!(Shard::open(&bytes).unwrap().with([99; 16], CounterClass::Policy, count(60), Timestamp(0)).is_ok());
    }

    #[test]
    fn a_cell_tells_how_it_differs() {
        let before = filled(CounterClass::Unverified, 3);
        let before = Shard::open(&before).unwrap();
        let difference = |(_, difference): (Vec<u8>, CounterDelta)| (difference.all, difference.unverified);
        assert_eq!(difference(before.with([9; 16], CounterClass::Verified, count(60), Timestamp(0)).unwrap()), (1, 0));
        assert_eq!(
            difference(before.with([1; 16], CounterClass::Unverified, count(90), Timestamp(0)).unwrap()),
            (0, 0)
        );
        assert_eq!(
            difference(before.with([9; 16], CounterClass::Unverified, count(90), Timestamp(60_000)).unwrap()),
            (-2, -2)
        );
    }

    #[test]
    fn foreign_bytes_are_no_cell() {
        for bytes in [&b""[..], b"mcp", b"mcp\x02", b"mcp\x01x", b"garbage that is long enough to hold a record....."] {
            assert_eq!(Shard::open(bytes).err(), Some(CorruptShard), "{bytes:?}");
        }
    }
}
