//! The newest decisions, for the console: a ring of 256 records.
//!
//! Each worker takes eight places of the ring at a time, so that most decisions cost one write and no read. If there are
//! many, a worker writes them together, four times a second. No decision depends on a record that is lost.

use std::collections::VecDeque;

use crate::{
    store::{DECISIONS, HEADER, NEXT_DECISION, Store, Unavailable, cell, framing},
    time::Timestamp,
};

/// The newest decisions.
#[derive(Clone, Copy, Debug)]
pub struct DecisionLog<'s, S>(pub &'s S);

/// Places of the ring that one worker writes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SlotBlock {
    next: u8,
    left: u8,
}

/// The records of one worker that are not in the ring yet.
#[derive(Debug, Default)]
pub struct Buffer {
    waiting: VecDeque<(Timestamp, String)>,
    /// When a record was last written without waiting.
    written_at: Option<Timestamp>,
    block: SlotBlock,
}

/// Places that a worker takes at a time.
const BLOCK: u8 = 8;
/// Records that wait in one worker; beyond, the oldest are lost, as they would be in the ring.
const MAX_WAITING: usize = 256;

impl SlotBlock {
    /// A block without places.
    pub const NONE: Self = Self { next: 0, left: 0 };
}

impl Buffer {
    /// How long records wait after others were written, in milliseconds.
    pub const WAIT: u32 = 250;

    /// An empty buffer.
    #[must_use]
    pub const fn new() -> Self {
        Self { waiting: VecDeque::new(), written_at: None, block: SlotBlock::NONE }
    }

    /// Adds a record, and returns whether it is time to write those that wait.
    pub fn add(&mut self, record: String, now: Timestamp) -> bool {
        if self.waiting.len() >= MAX_WAITING {
            self.waiting.pop_front();
        }
        self.waiting.push_back((now, record));
        // If the clock has stepped back, no record waits for it.
        let is_due = self.written_at.is_none_or(|written_at| now.0.abs_diff(written_at.0) >= u64::from(Self::WAIT));
        if is_due {
            self.written_at = Some(now);
        }
        is_due
    }

    /// Writes the records that wait.
    pub fn write<S: Store>(&mut self, store: &S) {
        while let Some((at, record)) = self.waiting.pop_front() {
            self.block = DecisionLog(store).append(self.block, &record, at);
        }
    }
}

impl<S: Store> DecisionLog<'_, S> {
    /// Writes a record, and returns what is left of the block.
    pub fn append(&self, block: SlotBlock, record: &str, now: Timestamp) -> SlotBlock {
        let block = if block.left == 0 { self.take_block().unwrap_or_default() } else { block };
        let Some(left) = block.left.checked_sub(1) else { return block };
        let bytes = framing::join(&[&now.0.to_le_bytes(), record.as_bytes()]);
        let _: Result<(), Unavailable> = self.0.set(cell(&DECISIONS, block.next), &bytes);
        SlotBlock { next: block.next.wrapping_add(1), left }
    }

    /// When each record was noted, and its place in the ring; the newest first.
    #[must_use]
    pub fn newest(&self) -> Vec<(Timestamp, u8)> {
        let mut newest: Vec<(Timestamp, u8)> = Vec::new();
        for place in 0..=u8::MAX {
            let Some((at, _)) = self.record(place) else { continue };
            // The records are few and nearly in order. The standard sort would add to the module's size.
            let index = newest.partition_point(|other| *other > (at, place));
            newest.insert(index, (at, place));
        }
        newest
    }

    /// The record at a place of the ring, and when it was noted; `None` if there is none.
    #[must_use]
    pub fn record(&self, place: u8) -> Option<(Timestamp, String)> {
        let stored = self.0.read(cell(&DECISIONS, place)).ok()?;
        let [at, record] = framing::split(&stored.bytes)?;
        let record = std::str::from_utf8(record).ok()?.to_owned();
        Some((Timestamp(u64::from_le_bytes(at.try_into().ok()?)), record))
    }

    /// Takes the next block of the ring.
    fn take_block(&self) -> Result<SlotBlock, Unavailable> {
        self.0.update(NEXT_DECISION, |bytes| {
            let next = match bytes.strip_prefix(HEADER) {
                Some([]) => 0,
                Some([next]) => *next,
                _ => return Err(Unavailable),
            };
            let bytes = [HEADER, &[next.wrapping_add(BLOCK)]].concat();
            Ok((SlotBlock { next, left: BLOCK }, Some(bytes)))
        })
    }
}

#[cfg(test)]
mod tests {
    #[cfg(target_family = "wasm")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::{Buffer, DECISIONS, DecisionLog, NEXT_DECISION, SlotBlock, Store as _, Timestamp};
    use crate::store::InMemory;

    fn all(log: &DecisionLog<'_, InMemory>) -> Vec<(Timestamp, String)> {
        log.newest().into_iter().map(|(_, place)| log.record(place).unwrap()).collect()
    }

    #[test]
    fn the_newest_256_records_are_kept_whichever_worker_writes_them() {
        let store = InMemory::new([0; 16]);
        let recent = DecisionLog(&store);
        let mut blocks = [SlotBlock::NONE; 2];
        for number in 0..600_u64 {
            let block = &mut blocks[usize::from(number % 3 == 0)];
            *block = recent.append(*block, &number.to_string(), Timestamp(number));
        }
        let all: Vec<u64> = all(&recent).iter().map(|(_, record)| record.parse().unwrap()).collect();
        assert_eq!(all.len(), 256);
        assert_eq!(
            all[..200],
            (400..600).rev().collect::<Vec<_>>(),
            "blocks end at different times, so the oldest vary"
        );
    }

    #[test]
    fn a_record_that_cannot_be_read_is_left_out() {
        let store = InMemory::new([0; 16]);
        let recent = DecisionLog(&store);
        let block = recent.append(SlotBlock::NONE, "one", Timestamp(1));
        store.set(DECISIONS.start + 1, b"garbage").unwrap();
        assert_eq!(all(&recent), [(Timestamp(1), "one".to_owned())]);
        store.set(NEXT_DECISION, b"garbage").unwrap();
        assert_eq!(recent.append(SlotBlock { left: 0, ..block }, "two", Timestamp(2)), SlotBlock::NONE);
        assert_eq!(all(&recent).len(), 1);
    }

    #[test]
    fn a_record_after_a_pause_is_written_at_once_and_those_that_follow_together() {
        let store = InMemory::new([0; 16]);
        let (mut fresh, mut written) = (Buffer::new(), Vec::new());
        for now in [1000, 1001, 1249, 1250, 1300, 1700, 1600, 1400] {
            if fresh.add(now.to_string(), Timestamp(now)) {
                fresh.write(&store);
            }
            written.push(all(&DecisionLog(&store)).len());
        }
        assert_eq!(written, [1, 1, 1, 4, 4, 6, 6, 8]);
        assert!(!fresh.add("1402".to_owned(), Timestamp(1402)));
        fresh.write(&store);
        fresh.write(&store);
        assert_eq!(all(&DecisionLog(&store)).len(), 9);
    }

    #[test]
    fn the_newest_256_records_of_a_flood_are_kept() {
        let store = InMemory::new([0; 16]);
        let mut fresh = Buffer::new();
        for number in 0..1000_u64 {
            fresh.add(number.to_string(), Timestamp(number / 10));
        }
        fresh.write(&store);
        let all: Vec<u64> = all(&DecisionLog(&store)).iter().map(|(_, record)| record.parse().unwrap()).collect();
        assert_eq!((all.len(), all.iter().min()), (256, Some(&744)));
    }
}
