//! The newest decisions, for people to see: a ring of 256 records.
//!
//! Each worker takes eight places of the ring at a time, so that most decisions cost one write and no reading; and where
//! there are many, it writes them down together, four times a second. What is lost on the way changes no verdict.

use std::collections::VecDeque;

use crate::{
    store::{DECISIONS, EMPTY, NEXT_DECISION, Store, Unavailable, Written, cell, framing},
    time::Moment,
};

/// The newest decisions.
#[derive(Clone, Copy, Debug)]
pub struct Recent<'s, S>(pub &'s S);

/// Places of the ring that one worker has to itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Block {
    next: u8,
    left: u8,
}

/// What one worker has decided and the ring does not have yet.
#[derive(Debug, Default)]
pub struct Fresh {
    waiting: VecDeque<(Moment, String)>,
    /// When one was written down at once last.
    since: Option<Moment>,
    block: Block,
}

/// Places that a worker takes at a time.
const BLOCK: u8 = 8;
/// Decisions that wait in one worker; beyond, the oldest are lost, as they would be in the ring.
const MAX_WAITING: usize = 256;

impl Block {
    /// No places.
    pub const NONE: Self = Self { next: 0, left: 0 };
}

impl Fresh {
    /// Milliseconds for which decisions wait after some were written down.
    pub const WAIT: u32 = 250;

    /// Nothing.
    #[must_use]
    pub const fn new() -> Self {
        Self { waiting: VecDeque::new(), since: None, block: Block::NONE }
    }

    /// Takes a record, and answers whether it is time to write down what waits.
    pub fn add(&mut self, record: String, now: Moment) -> bool {
        if self.waiting.len() >= MAX_WAITING {
            self.waiting.pop_front();
        }
        self.waiting.push_back((now, record));
        // A clock that steps back makes nothing wait.
        let is_due = self.since.is_none_or(|since| now.0.abs_diff(since.0) >= u64::from(Self::WAIT));
        if is_due {
            self.since = Some(now);
        }
        is_due
    }

    /// Writes down what waits.
    pub fn write<S: Store>(&mut self, store: &S) {
        while let Some((at, record)) = self.waiting.pop_front() {
            self.block = Recent(store).note(self.block, &record, at);
        }
    }
}

impl<S: Store> Recent<'_, S> {
    /// Notes a record, and answers what is left of the block.
    pub fn note(&self, block: Block, record: &str, now: Moment) -> Block {
        let block = if block.left == 0 { self.block().unwrap_or_default() } else { block };
        let Some(left) = block.left.checked_sub(1) else { return block };
        let bytes = framing::join(&[&now.0.to_le_bytes(), record.as_bytes()]);
        let _: Result<(), Unavailable> = self.0.put(cell(&DECISIONS, block.next), &bytes);
        Block { next: block.next.wrapping_add(1), left }
    }

    /// The records, the newest first.
    #[must_use]
    pub fn all(&self) -> Vec<(Moment, String)> {
        let mut all: Vec<(Moment, String)> = Vec::new();
        for (at, record) in DECISIONS.filter_map(|cell| self.record(cell)) {
            // A few at a time, and nearly in order: no sorting of the library's, which is long.
            let index = all.partition_point(|(other, _)| *other > at);
            all.insert(index, (at, record));
        }
        all
    }

    /// Takes places. Where somebody else does at the same time, this decision is not noted.
    fn block(&self) -> Result<Block, Unavailable> {
        let stored = self.0.read(NEXT_DECISION)?;
        let next = match stored.bytes.strip_prefix(EMPTY) {
            Some([]) => 0,
            Some([next]) => *next,
            _ => return Err(Unavailable),
        };
        let bytes = [EMPTY, &[next.wrapping_add(BLOCK)]].concat();
        match self.0.write(NEXT_DECISION, &bytes, stored.version)? {
            Written::Committed => Ok(Block { next, left: BLOCK }),
            Written::Outdated => Err(Unavailable),
        }
    }

    fn record(&self, cell: u16) -> Option<(Moment, String)> {
        let stored = self.0.read(cell).ok()?;
        let [at, record] = framing::split(&stored.bytes)?;
        let record = std::str::from_utf8(record).ok()?.to_owned();
        Some((Moment(u64::from_le_bytes(at.try_into().ok()?)), record))
    }
}

#[cfg(test)]
mod tests {
    #[cfg(target_family = "wasm")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::{Block, DECISIONS, Fresh, Moment, NEXT_DECISION, Recent, Store as _};
    use crate::store::InMemory;

    #[test]
    fn the_newest_256_are_kept_whichever_worker_notes_them() {
        let store = InMemory::new([0; 16]);
        let recent = Recent(&store);
        let mut blocks = [Block::NONE; 2];
        for number in 0..600_u64 {
            let block = &mut blocks[usize::from(number % 3 == 0)];
            *block = recent.note(*block, &number.to_string(), Moment(number));
        }
        let all: Vec<u64> = recent.all().iter().map(|(_, record)| record.parse().unwrap()).collect();
        assert_eq!(all.len(), 256);
        assert_eq!(
            all[..200],
            (400..600).rev().collect::<Vec<_>>(),
            "blocks end at different times, so the oldest vary"
        );
    }

    #[test]
    fn what_cannot_be_read_is_left_out() {
        let store = InMemory::new([0; 16]);
        let recent = Recent(&store);
        let block = recent.note(Block::NONE, "one", Moment(1));
        store.put(DECISIONS.start + 1, b"garbage").unwrap();
        assert_eq!(recent.all(), [(Moment(1), "one".to_owned())]);
        store.put(NEXT_DECISION, b"garbage").unwrap();
        assert_eq!(recent.note(Block { left: 0, ..block }, "two", Moment(2)), Block::NONE);
        assert_eq!(recent.all().len(), 1);
    }

    #[test]
    fn a_decision_after_a_pause_is_written_at_once_and_those_that_follow_together() {
        let store = InMemory::new([0; 16]);
        let (mut fresh, mut written) = (Fresh::new(), Vec::new());
        for now in [1000, 1001, 1249, 1250, 1300, 1700, 1600, 1400] {
            if fresh.add(now.to_string(), Moment(now)) {
                fresh.write(&store);
            }
            written.push(Recent(&store).all().len());
        }
        assert_eq!(written, [1, 1, 1, 4, 4, 6, 6, 8]);
        assert!(!fresh.add("1402".to_owned(), Moment(1402)));
        fresh.write(&store);
        fresh.write(&store);
        assert_eq!(Recent(&store).all().len(), 9);
    }

    #[test]
    fn of_a_flood_the_newest_256_are_kept() {
        let store = InMemory::new([0; 16]);
        let mut fresh = Fresh::new();
        for number in 0..1000_u64 {
            fresh.add(number.to_string(), Moment(number / 10));
        }
        fresh.write(&store);
        let all: Vec<u64> = Recent(&store).all().iter().map(|(_, record)| record.parse().unwrap()).collect();
        assert_eq!((all.len(), all.iter().min()), (256, Some(&744)));
    }
}
