//! Where a text ends that comes in pieces.

use self::simd::{Constants, look};
use super::string::escaped_bytes;

/// Finds the end of a text that is an object or an array, by its brackets only. So it says when a text can be read; whether it is
/// JSON, the reader finds out.
///
/// ```
/// # use mcp_policy::json::EndFinder;
/// let mut end = EndFinder::default();
/// assert!(!end.push(br#"{"a": "}\""#));
/// assert!(end.push(br#"}"} "#));
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct EndFinder {
    /// The brackets that are open.
    depth: usize,
    place: Place,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Place {
    #[default]
    Outside,
    InString,
    /// Behind a backslash.
    InEscape,
    Ended,
}

impl EndFinder {
    /// Takes the next piece, and answers whether the text has ended in it, or before.
    pub fn push(&mut self, piece: &[u8]) -> bool {
        let ((blocks, rest), constants) = (piece.as_chunks(), Constants::for_loop());
        for block in blocks {
            if !self.skip(block, constants) {
                self.take_each(block);
            }
        }
        self.take_each(rest);
        self.has_ended()
    }

    /// Whether the text has ended.
    #[must_use]
    pub fn has_ended(&self) -> bool {
        self.place == Place::Ended
    }

    /// Takes bytes together if the text cannot end in them, and answers whether it did.
    fn skip(&mut self, block: &Block, constants: Constants) -> bool {
        if self.place == Place::Ended {
            return false;
        }
        let Seen { quotes, backslashes, opening, closing } = look(block, constants);
        let carried = u64::from(self.place == Place::InEscape);
        let (escaped, goes_on) =
            if backslashes | carried == 0 { (0, false) } else { escaped_bytes(backslashes, carried) };
        let begins_inside = self.place != Place::Outside;
        let in_string = up_to_each(quotes & !escaped) ^ if begins_inside { u64::MAX } else { 0 };
        // Outside a string, where none may be, a backslash escapes nothing.
        if backslashes & !in_string != 0 {
            return false;
        }
        let count = |brackets: u64| (brackets & !in_string).count_ones() as usize;
        let closed = count(closing);
        if closed >= self.depth {
            return false;
        }
        self.depth = self.depth.wrapping_sub(closed).saturating_add(count(opening));
        self.place = match (in_string >> 63, goes_on) {
            (0, _) => Place::Outside,
            (_, false) => Place::InString,
            (_, true) => Place::InEscape,
        };
        true
    }

    fn take_each(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.take(*byte);
        }
    }

    fn take(&mut self, byte: u8) {
        self.place = match (self.place, byte) {
            (Place::Outside, b'"') => Place::InString,
            (Place::InString, b'"') | (Place::Outside, _) => Place::Outside,
            (Place::InString, b'\\') => Place::InEscape,
            (Place::InString | Place::InEscape, _) => Place::InString,
            (Place::Ended, _) => Place::Ended,
        };
        if self.place == Place::Outside {
            match byte {
                b'{' | b'[' => self.depth = self.depth.saturating_add(1),
                b'}' | b']' => {
                    self.depth = self.depth.saturating_sub(1);
                    if self.depth == 0 {
                        self.place = Place::Ended;
                    }
                }
                _ => {}
            }
        }
    }
}

/// Bytes that are looked at together.
type Block = [u8; 64];

/// What of them matters, a bit for each byte, the first in the lowest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Seen {
    quotes: u64,
    backslashes: u64,
    opening: u64,
    closing: u64,
}

/// Those bits that have an odd number of these at their place and before.
fn up_to_each(mut bits: u64) -> u64 {
    for shift in [1, 2, 4, 8, 16, 32] {
        bits ^= bits << shift;
    }
    bits
}

#[cfg(all(target_family = "wasm", target_feature = "simd128"))]
mod simd {
    //! Sixteen bytes at a time.

    use std::{
        arch::wasm32::{u8x16_bitmask, u8x16_eq, u8x16_splat, v128, v128_or},
        hint::black_box,
    };

    use super::{Block, Seen};
    use crate::json::string::load;

    /// What each byte is compared with.
    #[derive(Clone, Copy)]
    pub(super) struct Constants {
        quote: v128,
        backslash: v128,
        folding: v128,
        opening: v128,
        closing: v128,
    }

    impl Constants {
        /// They stay in registers, unlike what V8 knows to be constant.
        #[inline(always)]
        pub(super) fn for_loop() -> Self {
            let constant = |byte| black_box(u8x16_splat(byte));
            Self {
                quote: constant(b'"'),
                backslash: constant(b'\\'),
                folding: constant(0x20),
                opening: constant(b'{'),
                closing: constant(b'}'),
            }
        }
    }

    #[inline(always)]
    pub(super) fn look(block: &Block, constants: Constants) -> Seen {
        let (quarters, _) = block.as_chunks();
        let mut seen = Seen { quotes: 0, backslashes: 0, opening: 0, closing: 0 };
        for (number, quarter) in quarters.iter().enumerate() {
            let (bytes, shift) = (load(quarter), number.wrapping_mul(16));
            // `[` and `{` differ in this bit only, and so do `]` and `}`.
            let folded = v128_or(bytes, constants.folding);
            let at = |bytes, constant| u64::from(u8x16_bitmask(u8x16_eq(bytes, constant))) << shift;
            seen.quotes |= at(bytes, constants.quote);
            seen.backslashes |= at(bytes, constants.backslash);
            seen.opening |= at(folded, constants.opening);
            seen.closing |= at(folded, constants.closing);
        }
        seen
    }
}

#[cfg(not(all(target_family = "wasm", target_feature = "simd128")))]
mod simd {
    //! The same without such instructions.

    use super::{Block, Seen};

    /// Nothing: each byte is compared with the numbers themselves.
    #[derive(Clone, Copy)]
    pub(super) struct Constants;

    impl Constants {
        pub(super) fn for_loop() -> Self {
            Self
        }
    }

    pub(super) fn look(block: &Block, _: Constants) -> Seen {
        let at = |known: &[u8]| {
            let bit = |(index, byte): (usize, &u8)| u64::from(known.contains(byte)) << index;
            block.iter().enumerate().map(bit).fold(0, |all, bit| all | bit)
        };
        Seen { quotes: at(b"\""), backslashes: at(b"\\"), opening: at(b"[{"), closing: at(b"]}") }
    }
}

#[cfg(test)]
mod tests {
    #[cfg(target_family = "wasm")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::{Constants, EndFinder, Seen, simd::look};

    #[test]
    fn each_byte_is_seen_at_every_place() {
        for byte in 0..=u8::MAX {
            for place in 0..64 {
                let mut block = [b' '; 64];
                block[place] = byte;
                let at = |known: &[u8]| u64::from(known.contains(&byte)) << place;
                let expected =
                    Seen { quotes: at(b"\""), backslashes: at(b"\\"), opening: at(b"[{"), closing: at(b"]}") };
                assert_eq!(look(&block, Constants::for_loop()), expected, "{byte} at {place}");
            }
        }
    }

    /// The length of the text up to its end, however it is cut.
    #[track_caller]
    fn end_of(text: &str) -> Option<usize> {
        let bytes = text.as_bytes();
        let ends = |size: usize| {
            let mut finder = EndFinder::default();
            bytes.chunks(size).position(|piece| finder.push(piece)).map(|piece| piece * size)
        };
        let byte_by_byte = ends(1);
        for size in [2, 3, 17, 64, 100, 128, 1000] {
            assert_eq!(ends(size), byte_by_byte.map(|end| end / size * size), "in pieces of {size}");
        }
        byte_by_byte.map(|end| end + 1)
    }

    #[test]
    fn a_text_ends_with_the_bracket_that_closes_its_first_one() {
        let long = format!(r#"{{"a":"{}\"}}"}}"#, "é }".repeat(100));
        let deep = format!("{}{}", r#"[{"a{":"x]}"},"#.repeat(50), "]".repeat(50));
        let wide = format!(r#"[{}1]"#, r#"{"a":["b",{}],"c":"}]"},"#.repeat(50));
        let escaped = format!(r#"["{}"]"#, r#"]\\\"]"#.repeat(50));
        for (text, behind) in [
            (" {}", " x"),
            ("[]", "[]"),
            (r#"{"a":[{"b":1},{}]}"#, "\n"),
            (r#"["]",{"\\":"\"}"}]"#, ""),
            (r#"{"\u007d":"\\"}"#, "}"),
            (&long, "}"),
            (&deep, "]"),
            (&wide, "]"),
            (&escaped, r#""]"#),
            ("]", "{}"),
        ] {
            assert_eq!(end_of(&format!("{text}{behind}")), Some(text.len()), "{text}");
        }
    }

    #[cfg(not(target_family = "wasm"))]
    proptest::proptest! {
        #[test]
        fn any_text_has_the_same_end_however_it_is_cut(text in r#"[\[{][\[\]{}"\\a, é]{0,400}"#) {
            let _ = end_of(&text);
        }
    }

    #[test]
    fn a_text_that_is_not_closed_has_no_end() {
        for text in ["", " ", "1", r#""{}""#, "{", r#"{"a":"}"#, r#"{"a":"\"}"#, "[[]", r#"{"a":"}\\\"}"#] {
            assert_eq!(end_of(text), None, "{text}");
        }
    }
}
