//! The counters in one cell of the table, as bytes.
//!
//! A shard is a header of four bytes and then records of forty: fingerprint (16), the second until which the count counts
//! together with two bits for the class of the counter (8), used (8), used in the window before (8), little-endian. Each write evicts the
//! records whose windows have ended, and no others.
//!
//! A clock that jumps forward ends windows that are still running once it jumps back. So one more record, whose fingerprint
//! is zero, remembers until when evicted records may have counted; before that time a counter that the shard does not
//! know may be one of them, and has no room.
//!
//! 65,536 random callers put 16 records into each of 4,096 shards on average; that a shard gets 48 of them is less
//! likely than one in a billion.

use super::{
    LimitExceeded,
    quota::Count,
    totals::{CounterClass, CounterDelta, TableFull},
};
use crate::{amount::Amount, store::HEADER, time::Timestamp, window::Window};

const RECORD: usize = 40;
/// Records of callers that a shard has room for. The [totals](super::totals) reach their capacity long before.
const MAX_RECORDS: usize = 48;
/// Marks, in the highest bit of the time, a record of an unverified caller.
const UNVERIFIED_BIT: u64 = 1 << 63;
/// Marks, in the next bit, a record by the values that a caller sends.
const KEYED_BIT: u64 = 1 << 62;
/// The fingerprint of the record that remembers evicted ones. No counter has it but with a chance of 1 in 2^128.
const EVICTED: [u8; 16] = [0; 16];

/// The counters in one cell.
#[derive(Clone, Copy, Debug)]
pub struct Shard<'b>(&'b [u8]);

/// What a shard tells of one counter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct StoredCount {
    /// Its count, whether or not its window has ended; `None` if the shard has none.
    pub count: Option<Count>,
    /// The second until which counts may have counted that were evicted, if some were.
    evicted_until: Option<u64>,
}

#[derive(Clone, Copy, Debug)]
struct Record {
    fingerprint: [u8; 16],
    is_unverified: bool,
    is_keyed: bool,
    count: Count,
}

impl<'b> Shard<'b> {
    /// Reads the bytes of a cell; `None` if they are not a shard of this format.
    #[must_use]
    pub fn read(bytes: &'b [u8]) -> Option<Self> {
        bytes.strip_prefix(HEADER).filter(|records| records.len() % RECORD == 0).map(Self)
    }

    /// The count with this fingerprint, whether or not its window has ended.
    #[must_use]
    pub fn find_any(self, fingerprint: &[u8; 16]) -> Option<Count> {
        self.records().find(|record| record.fingerprint == *fingerprint).map(|record| record.count)
    }

    /// What the shard tells of the counter with this fingerprint.
    pub(super) fn find(self, fingerprint: &[u8; 16]) -> StoredCount {
        let evicted_until = self.find_any(&EVICTED).map(|count| count.until);
        StoredCount { count: self.find_any(fingerprint), evicted_until }
    }

    /// The bytes of this shard with `count` at this fingerprint, and without the records whose windows have ended; and how
    /// many counters that makes more.
    ///
    /// # Errors
    /// The count is new, and the shard has no room for another of its class.
    pub fn with(
        self,
        fingerprint: [u8; 16],
        class: CounterClass,
        count: Count,
        now: Timestamp,
    ) -> Result<(Vec<u8>, CounterDelta), TableFull> {
        let mut bytes = Vec::with_capacity(HEADER.len().saturating_add(self.0.len()).saturating_add(RECORD));
        bytes.extend_from_slice(HEADER);
        let (mut is_known, mut kept, mut evicted, mut delta) = (false, 0_usize, None, CounterDelta::default());
        for record in self.records() {
            if record.fingerprint == fingerprint {
                is_known = true;
                Record { count, ..record }.write(&mut bytes);
            } else if record.fingerprint == EVICTED {
                evicted = evicted.max(Some(record.count.until));
            } else if record.count.is_evictable(now) {
                evicted = evicted.max(Some(record.count.until));
                delta.add(-1, record.is_unverified, record.is_keyed);
            } else {
                kept = kept.saturating_add(1);
                record.write(&mut bytes);
            }
        }
        if let Some(until) = evicted {
            let count = Count { until, used: Amount::ZERO, previous: Amount::ZERO };
            Record { fingerprint: EVICTED, is_unverified: false, is_keyed: false, count }.write(&mut bytes);
        }
        if !is_known {
            if class != CounterClass::Policy && kept >= MAX_RECORDS {
                return Err(TableFull);
            }
            let (is_unverified, is_keyed) = (class.is_unverified(), class.is_keyed());
            Record { fingerprint, is_unverified, is_keyed, count }.write(&mut bytes);
            delta.add(1, is_unverified, is_keyed);
        }
        Ok((bytes, delta))
    }

    fn records(self) -> impl Iterator<Item = Record> + use<'b> {
        self.0.chunks_exact(RECORD).filter_map(Record::read)
    }
}

impl StoredCount {
    /// The count in windows of this length.
    ///
    /// # Errors
    /// The shard has none, but the clock has stepped back, and the count may be among those that were evicted before.
    pub(super) fn current(self, window: Window, now: Timestamp) -> Result<Option<Count>, LimitExceeded> {
        match self.evicted_until.filter(|_| self.count.is_none()) {
            // An evicted count that still counts at `now` counts at least until the window that holds `now` ends.
            Some(until) if window.end(now) <= until => {
                let start = window.end(Timestamp::from_seconds(until)).saturating_sub(window.seconds().into());
                Err(LimitExceeded { retry_at: Some(Timestamp::from_seconds(start)), remaining: None })
            }
            _ => Ok(self.count),
        }
    }

    /// Whether a count of windows of this length may lack what was charged before the clock stepped back.
    pub(super) fn may_lack(self, window: Window, now: Timestamp) -> bool {
        self.evicted_until.is_some_and(|until| window.end(now) <= until)
    }
}

impl Record {
    fn read(bytes: &[u8]) -> Option<Self> {
        let (fingerprint, rest) = bytes.split_first_chunk::<16>()?;
        let (until, rest) = rest.split_first_chunk::<8>()?;
        let (used, rest) = rest.split_first_chunk::<8>()?;
        let (previous, _) = rest.split_first_chunk::<8>()?;
        let until = u64::from_le_bytes(*until);
        // No version has written an amount out of range. It reads as the largest, which lets nothing through.
        let amount = |bytes: &[u8; 8]| Amount::from_millionths(u64::from_le_bytes(*bytes)).unwrap_or(Amount::MAX);
        let (is_unverified, is_keyed) = (until & UNVERIFIED_BIT != 0, until & KEYED_BIT != 0);
        let until = until & !(UNVERIFIED_BIT | KEYED_BIT);
        let count = Count { until, used: amount(used), previous: amount(previous) };
        Some(Self { fingerprint: *fingerprint, is_unverified, is_keyed, count })
    }

    fn write(self, bytes: &mut Vec<u8>) {
        let marks = [(self.is_unverified, UNVERIFIED_BIT), (self.is_keyed, KEYED_BIT)];
        let mark = marks.into_iter().filter(|(is_set, _)| *is_set).fold(0, |mark, (_, bit)| mark | bit);
        bytes.extend_from_slice(&self.fingerprint);
        bytes.extend_from_slice(&((self.count.until & !(UNVERIFIED_BIT | KEYED_BIT)) | mark).to_le_bytes());
        bytes.extend_from_slice(&self.count.used.millionths().to_le_bytes());
        bytes.extend_from_slice(&self.count.previous.millionths().to_le_bytes());
    }
}

#[cfg(test)]
mod tests {
    #[cfg(target_family = "wasm")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::{
        Amount, Count, CounterClass, CounterDelta, HEADER, LimitExceeded, MAX_RECORDS, RECORD, Shard, TableFull,
        Timestamp, Window,
    };

    fn count(until: u64) -> Count {
        Count { until, used: Amount::ONE, previous: Amount::ZERO }
    }

    fn filled(class: CounterClass, number: usize) -> Vec<u8> {
        (1..=number).fold(HEADER.to_vec(), |bytes, n| {
            let fingerprint = [u8::try_from(n).unwrap(); 16];
            Shard::read(&bytes).unwrap().with(fingerprint, class, count(60), Timestamp(0)).unwrap().0
        })
    }

    #[test]
    fn a_shard_keeps_each_count_at_its_fingerprint() {
        let bytes = filled(CounterClass::Unverified, 3);
        let shard = Shard::read(&bytes).unwrap();
        assert_eq!(shard.find_any(&[1; 16]), Some(count(60)));
        assert_eq!(shard.find_any(&[9; 16]), None);
        let (bytes, _) = shard.with([1; 16], CounterClass::Unverified, count(120), Timestamp(0)).unwrap();
        assert_eq!(Shard::read(&bytes).unwrap().find_any(&[1; 16]), Some(count(120)));
        assert_eq!(Shard::read(&bytes).unwrap().find_any(&[2; 16]), Some(count(60)));
    }

    #[test]
    fn a_record_is_evicted_a_second_after_its_window_has_ended_and_not_before() {
        let bytes = filled(CounterClass::Verified, MAX_RECORDS);
        let shard = Shard::read(&bytes).unwrap();
        assert_eq!(shard.with([99; 16], CounterClass::Verified, count(60), Timestamp(60_999)), Err(TableFull));
        let (bytes, _) = shard.with([99; 16], CounterClass::Verified, count(120), Timestamp(61_000)).unwrap();
        assert_eq!(bytes.len(), HEADER.len() + 2 * RECORD, "the count, and what is remembered of the others");
    }

    #[test]
    fn a_counter_that_may_have_been_evicted_has_no_room_until_it_no_longer_counts() {
        let bytes = filled(CounterClass::Verified, 2);
        let shard = Shard::read(&bytes).unwrap();
        let (bytes, _) = shard.with([99; 16], CounterClass::Verified, count(7200), Timestamp(3_700_000)).unwrap();
        let shard = Shard::read(&bytes).unwrap();
        let find = |seconds, now| shard.find(&[1; 16]).current(Window::new(seconds).unwrap(), Timestamp(now));
        let full = |retry_at| Err(LimitExceeded { retry_at: Some(Timestamp(retry_at)), remaining: None });
        assert_eq!([find(60, 30_000), find(60, 59_999), find(60, 60_000)], [full(60_000), full(60_000), Ok(None)]);
        assert_eq!(find(45, 44_999), full(45_000), "its window ends while an evicted count still counted");
        assert_eq!(find(45, 45_000), Ok(None));
        assert_eq!(find(3600, 30_000), Ok(None), "no evicted count was of such a long window");
        assert_eq!(shard.find(&[99; 16]).current(Window::new(60).unwrap(), Timestamp(30_000)), Ok(Some(count(7200))));
    }

    #[test]
    fn a_shard_always_has_room_for_the_policys_own_counters() {
        let bytes = filled(CounterClass::Verified, MAX_RECORDS);
        assert!(Shard::read(&bytes).unwrap().with([99; 16], CounterClass::Policy, count(60), Timestamp(0)).is_ok());
    }

    #[test]
    fn a_write_says_how_many_counters_it_makes_more() {
        let before = filled(CounterClass::Unverified, 3);
        let before = Shard::read(&before).unwrap();
        let delta =
            |fingerprint, class, now| before.with([fingerprint; 16], class, count(90), Timestamp(now)).unwrap().1;
        assert_eq!(delta(9, CounterClass::Verified, 0), CounterDelta { all: 1, ..CounterDelta::default() });
        let keyed = CounterDelta { all: 1, unverified: 1, keyed: 1, unverified_keyed: 1 };
        assert_eq!(delta(9, CounterClass::UnverifiedKey, 0), keyed);
        assert_eq!(delta(1, CounterClass::Unverified, 0), CounterDelta::default());
        assert_eq!(
            delta(9, CounterClass::Unverified, 61_000),
            CounterDelta { all: -2, unverified: -2, ..CounterDelta::default() }
        );
    }

    #[test]
    fn other_bytes_are_no_shard() {
        for bytes in [&b""[..], b"mcp", b"mcp\x02", b"mcp\x01x", b"garbage that is long enough to hold a record....."] {
            assert!(Shard::read(bytes).is_none(), "{bytes:?}");
        }
    }
}
