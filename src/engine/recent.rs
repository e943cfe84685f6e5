//! The newest decisions, for people to see: a ring of 256 records.
//!
//! Each worker takes eight places of the ring at a time, so that most decisions cost one write and no reading. What is lost
//! on the way changes no verdict.

use crate::limit::{
    Moment, parts,
    store::{DECISIONS, EMPTY, NEXT_DECISION, Store, Unavailable, Written, cell},
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

/// Places that a worker takes at a time.
const BLOCK: u8 = 8;

impl Block {
    /// No places.
    pub const NONE: Self = Self { next: 0, left: 0 };
}

impl<S: Store> Recent<'_, S> {
    /// Notes a record, and answers what is left of the block.
    pub fn note(&self, block: Block, record: &str, now: Moment) -> Block {
        let block = if block.left == 0 { self.block().unwrap_or_default() } else { block };
        let Some(left) = block.left.checked_sub(1) else { return block };
        let bytes = parts::join(&[&now.0.to_le_bytes(), record.as_bytes()]);
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
        let [at, record] = parts::split(&stored.bytes)?;
        let record = std::str::from_utf8(record).ok()?.to_owned();
        Some((Moment(u64::from_le_bytes(at.try_into().ok()?)), record))
    }
}

#[cfg(test)]
mod tests {
    #[cfg(target_family = "wasm")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::{Block, DECISIONS, Moment, NEXT_DECISION, Recent, Store as _};
    use crate::limit::store::InMemory;

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
}
