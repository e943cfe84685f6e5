//! What in a string needs a look: `"`, `\` and control characters. Several bytes at a time, as arguments are mostly long
//! texts.

mod block;
mod blocks;

pub(in crate::json) use self::block::escaped_bytes;
#[cfg(all(target_family = "wasm", target_feature = "simd128"))]
pub(in crate::json) use self::block::load;
use self::block::{look, look_closely};
pub(super) use self::blocks::Blocks;

/// Finds what needs a look.
#[derive(Debug)]
pub(in crate::json) struct Scanner<'b> {
    bytes: &'b [u8],
    /// Where the bytes that were looked at last begin, how many they are, and which of them need a look, the first in the lowest bit.
    base: usize,
    size: usize,
    found: u64,
    ascii: bool,
}

/// What is seen of some bytes: which need a look, the first in the lowest bit, and whether all are ASCII.
type Seen = (u64, bool);

/// The same of few bytes, and which of them are not ASCII.
type SeenClosely = (u32, u32);

/// Bytes that are looked at together: few at first, as most texts are short.
const FEW: usize = 16;
pub(super) const MANY: usize = 64;

impl<'b> Scanner<'b> {
    pub(in crate::json) fn new(bytes: &'b [u8]) -> Self {
        Self { bytes, base: 0, size: 0, found: 0, ascii: true }
    }

    /// Whether all bytes were ASCII so far; some shortly behind may have been looked at, too.
    pub(super) fn is_ascii(&self) -> bool {
        self.ascii
    }

    /// The first at `from` or behind it that needs a look; the end of the bytes if none does.
    #[inline(always)]
    pub(in crate::json) fn next(&mut self, from: usize) -> usize {
        // As nearly always in a text with many escapes: it is among the bytes that were looked at last.
        let ahead = from.wrapping_sub(self.base);
        if ahead < self.size {
            let rest = self.found >> ahead;
            if rest != 0 {
                return from.wrapping_add(rest.trailing_zeros() as usize);
            }
        }
        self.look_on(from)
    }

    fn look_on(&mut self, from: usize) -> usize {
        let end = self.base.saturating_add(self.size);
        if from >= self.base && from < end {
            return self.far(end);
        }
        let Some(chunk) = self.bytes.get(from..).and_then(<[u8]>::first_chunk) else { return self.far(from) };
        if self.keep(from, FEW, look(chunk)) { self.first() } else { self.far(from.saturating_add(FEW)) }
    }

    /// The same, if the text is known to be long, or to end soon.
    fn far(&mut self, from: usize) -> usize {
        let mut blocks = Blocks::new(self.bytes, from);
        blocks.pass_plain();
        let mut at = blocks.position();
        if let Some([quotes_and_controls, backslashes]) = blocks.pass_special() {
            self.keep(at, MANY, (quotes_and_controls | backslashes, blocks.is_ascii()));
            return self.first();
        }
        self.ascii &= blocks.is_ascii();
        let mut rest = self.bytes.get(at..).unwrap_or_default();
        while let Some((chunk, behind)) = rest.split_first_chunk() {
            if self.keep(at, FEW, look(chunk)) {
                return self.first();
            }
            (at, rest) = (at.wrapping_add(FEW), behind);
        }
        if !rest.is_empty() && self.keep(at, FEW, self.look_at_end(rest)) {
            return self.first();
        }
        self.bytes.len()
    }

    /// Looks at the last bytes, fewer than are looked at together: with those before them, if there are some.
    fn look_at_end(&self, rest: &[u8]) -> Seen {
        match self.bytes.last_chunk() {
            Some(last) => {
                let (found, other) = look_closely(last);
                let before = FEW.saturating_sub(rest.len());
                (u64::from(found >> before), other >> before == 0)
            }
            None => look(&padded(rest)),
        }
    }

    /// Takes note of what was seen of so many bytes, and answers whether any of them needs a look.
    fn keep(&mut self, at: usize, size: usize, (found, ascii): Seen) -> bool {
        (self.base, self.size, self.found) = (at, size, found);
        self.ascii &= ascii;
        found != 0
    }

    /// The first of those that were looked at last.
    fn first(&self) -> usize {
        self.base.saturating_add(self.found.trailing_zeros() as usize)
    }
}

/// Where a text ends that begins at `start`, if it is short, in ASCII and without escapes, as nearly all are: one look finds out.
#[inline(always)]
pub(super) fn plain_end(bytes: &[u8], start: usize) -> Option<usize> {
    let (found, other) = look_closely(bytes.get(start..)?.first_chunk()?);
    // Those before the first that needs a look; all if none does.
    let before = found.wrapping_sub(1) & !found;
    let end = start.wrapping_add(found.trailing_zeros() as usize);
    (bytes.get(end) == Some(&b'"') && found != 0 && other & before == 0).then_some(end)
}

/// Whether nothing in a text needs a look. It may say `false` of a text of more than 256 bytes, for which a [`Scanner`] takes no longer.
pub(in crate::json) fn is_plain(text: &[u8]) -> bool {
    let is_plain = |chunk: &[u8; FEW]| look(chunk).0 == 0;
    match (text.first_chunk(), text.last_chunk(), text.last_chunk()) {
        // The last two chunks may overlap.
        (_, _, Some(last)) => text.len() <= 256 && text.as_chunks().0.iter().all(is_plain) && is_plain(last),
        (Some(front), Some(back), None) => is_plain(&joined(front, back)),
        _ => !text.iter().any(|byte| matches!(byte, b'"' | b'\\' | 0..0x20)),
    }
}

fn joined(front: &[u8; 8], back: &[u8; 8]) -> [u8; FEW] {
    let mut both = [b' '; FEW];
    both.first_chunk_mut().into_iter().for_each(|half| *half = *front);
    both.last_chunk_mut().into_iter().for_each(|half| *half = *back);
    both
}

/// Fewer bytes than are looked at together, and blanks, which need no look.
fn padded(rest: &[u8]) -> [u8; FEW] {
    let mut last = [b' '; FEW];
    last.iter_mut().zip(rest).for_each(|(last, byte)| *last = *byte);
    last
}

#[cfg(test)]
mod tests {
    #[cfg(target_family = "wasm")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::Scanner;

    #[track_caller]
    fn assert_found(special: u8, place: usize, length: usize) {
        let needs_a_look = matches!(special, b'"' | b'\\' | 0..0x20);
        let mut bytes = vec![b'x'; length];
        bytes[place] = special;
        for from in 0..=length {
            let mut finder = Scanner::new(&bytes);
            let expected = if needs_a_look && place >= from { place } else { length };
            assert_eq!(finder.next(from), expected, "{special} at {place} of {length}, from {from}");
            if from <= place && expected == length {
                assert_eq!(finder.is_ascii(), special.is_ascii(), "{special} at {place} of {length}, from {from}");
            }
        }
    }

    #[test]
    fn a_special_byte_is_found_at_every_position() {
        for special in 0..=u8::MAX {
            for length in [1, 15, 16, 17, 33] {
                (0..length).for_each(|place| assert_found(special, place, length));
            }
        }
        // Many bytes are looked at together after the first few.
        for special in [b'"', b'\\', 0, 0x1F, b' ', 0x7F, 0x80, u8::MAX] {
            for length in [79, 80, 81, 96, 150] {
                (0..length).for_each(|place| assert_found(special, place, length));
            }
        }
    }

    #[test]
    fn each_of_several_is_found_whatever_lies_between() {
        for gap in 1..=140 {
            let bytes: Vec<u8> = (0..5).flat_map(|_| [vec![b'x'; gap], vec![b'"']].concat()).collect();
            let (mut finder, mut found, mut at) = (Scanner::new(&bytes), 0, 0);
            while at < bytes.len() {
                at = finder.next(at).saturating_add(1);
                found += 1;
                assert_eq!(at, found * (gap + 1), "{gap}");
            }
            assert_eq!(found, 5, "{gap}");
        }
    }

    #[test]
    fn one_after_the_other_is_found() {
        let text = br#"aaaa"bb\cccccccccccccccccc"dddddddddddddddddddddddddddddddddddddddd"""e"#;
        let expected: Vec<usize> = (0..text.len()).filter(|at| matches!(text[*at], b'"' | b'\\')).collect();
        let (mut finder, mut found, mut at) = (Scanner::new(text), Vec::new(), 0);
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
