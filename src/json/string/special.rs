//! What in a string needs a look: `"`, `\` and control characters. Several bytes at a time, as arguments are mostly long
//! texts.

/// Finds what needs a look.
#[derive(Debug)]
pub(in crate::json) struct Finder<'b> {
    bytes: &'b [u8],
    /// Where the bytes that were looked at last begin, and which of them need a look, the first in the lowest bit.
    base: usize,
    found: u32,
    ascii: bool,
}

/// Bytes that are looked at together.
const WIDTH: usize = 16;

impl<'b> Finder<'b> {
    pub(in crate::json) fn new(bytes: &'b [u8]) -> Self {
        Self { bytes, base: usize::MAX, found: 0, ascii: true }
    }

    /// Whether all bytes were ASCII so far; some shortly behind may have been looked at, too.
    pub(super) fn is_ascii(&self) -> bool {
        self.ascii
    }

    /// The first at `from` or behind it that needs a look; the end of the bytes if none does.
    pub(in crate::json) fn next(&mut self, from: usize) -> usize {
        let mut at = from;
        // In what was looked at already?
        if let Some(known) = from.checked_sub(self.base).filter(|known| *known < WIDTH) {
            let rest = self.found >> known;
            if rest != 0 {
                return from.saturating_add(rest.trailing_zeros() as usize);
            }
            at = self.base.saturating_add(WIDTH);
        }
        let rest = self.bytes.get(at..).unwrap_or_default();
        let mut chunks = rest.chunks_exact(WIDTH);
        for chunk in &mut chunks {
            let (found, high) = look(chunk);
            self.ascii &= high == 0;
            if found != 0 {
                (self.base, self.found) = (at, found);
                return at.saturating_add(found.trailing_zeros() as usize);
            }
            at = at.saturating_add(WIDTH);
        }
        for byte in chunks.remainder() {
            if matches!(byte, b'"' | b'\\' | 0..0x20) {
                break;
            }
            self.ascii &= byte.is_ascii();
            at = at.saturating_add(1);
        }
        at
    }
}

/// Which of sixteen bytes need a look, and which are not ASCII, the first in the lowest bit.
#[cfg(all(target_family = "wasm", target_feature = "simd128"))]
fn look(chunk: &[u8]) -> (u32, u32) {
    use std::arch::wasm32::{i64x2, u8x16_bitmask, u8x16_eq, u8x16_lt, u8x16_splat, v128_or};

    let half = |bytes: Option<&[u8; 8]>| bytes.copied().map_or(0, i64::from_le_bytes);
    let all = i64x2(half(chunk.first_chunk()), half(chunk.last_chunk()));
    let quote = u8x16_eq(all, u8x16_splat(b'"'));
    let backslash = u8x16_eq(all, u8x16_splat(b'\\'));
    let control = u8x16_lt(all, u8x16_splat(0x20));
    let found = u8x16_bitmask(v128_or(v128_or(quote, backslash), control));
    (u32::from(found), u32::from(u8x16_bitmask(all)))
}

/// The same, where there are no such instructions.
#[cfg(not(all(target_family = "wasm", target_feature = "simd128")))]
fn look(chunk: &[u8]) -> (u32, u32) {
    let mut looked = (0, 0);
    for (index, byte) in chunk.iter().enumerate() {
        looked.0 |= u32::from(matches!(byte, b'"' | b'\\' | 0..0x20)) << index;
        looked.1 |= u32::from(!byte.is_ascii()) << index;
    }
    looked
}

#[cfg(test)]
mod tests {
    #[cfg(target_family = "wasm")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::Finder;

    #[test]
    fn what_needs_a_look_is_found_wherever_it_stands() {
        for special in 0..=u8::MAX {
            let needs_a_look = matches!(special, b'"' | b'\\' | 0..0x20);
            for length in [1, 15, 16, 17, 31, 32, 40] {
                for place in 0..length {
                    let mut bytes = vec![b'x'; length];
                    bytes[place] = special;
                    for from in 0..=length {
                        let mut finder = Finder::new(&bytes);
                        let expected = if needs_a_look && place >= from { place } else { length };
                        assert_eq!(finder.next(from), expected, "{special} at {place} of {length}, from {from}");
                        if from <= place && expected == length {
                            assert_eq!(finder.is_ascii(), special.is_ascii());
                        }
                    }
                }
            }
        }
    }

    #[test]
    fn one_after_the_other_is_found() {
        let text = br#"aaaa"bb\cccccccccccccccccc"dddddddddddddddddddddddddddddddddddddddd"""e"#;
        let expected: Vec<usize> = (0..text.len()).filter(|at| matches!(text[*at], b'"' | b'\\')).collect();
        let (mut finder, mut found, mut at) = (Finder::new(text), Vec::new(), 0);
        loop {
            at = finder.next(at);
            if at == text.len() {
                break;
            }
            found.push(at);
            at += 1;
        }
        assert_eq!(found, expected);
    }
}
