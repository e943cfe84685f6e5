//! A fast hash of what no caller chooses: the numbers of contexts, which Envoy counts up, and the names of statistics.

use std::hash::{BuildHasherDefault, Hasher};

/// Makes hashers for maps.
pub(super) type BuildSpread = BuildHasherDefault<Spread>;

/// Spreads each number, or eight bytes, by one multiplication.
#[derive(Default)]
pub(super) struct Spread(u64);

impl Spread {
    fn add(&mut self, number: u64) {
        // The golden ratio, as a part of 2^64.
        self.0 = (self.0.rotate_left(5) ^ number).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    }
}

impl Hasher for Spread {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        let (words, rest) = bytes.as_chunks();
        words.iter().for_each(|word| self.add(u64::from_le_bytes(*word)));
        rest.iter().for_each(|byte| self.add(u64::from(*byte)));
    }

    fn write_u32(&mut self, number: u32) {
        self.add(u64::from(number));
    }

    fn write_u64(&mut self, number: u64) {
        self.add(number);
    }
}
