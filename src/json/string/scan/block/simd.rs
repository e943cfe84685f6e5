//! Sixteen bytes at a time.

use std::{
    arch::wasm32::{
        i8x16_lt, i8x16_min, i8x16_splat, i64x2, u8x16, u8x16_add, u8x16_bitmask, u8x16_eq, u8x16_extract_lane,
        u8x16_shuffle, u8x16_splat, u8x16_swizzle, u16x8_shr, v128, v128_and, v128_andnot, v128_any_true, v128_or,
        v128_xor,
    },
    hint::black_box,
};

use super::super::{FEW, MANY, Seen, SeenClosely};

/// What each byte is compared with.
#[derive(Clone, Copy)]
pub(in crate::json::string) struct Constants {
    quote_turner: v128,
    above_quote: v128,
    backslash: v128,
    letters: v128,
    lower_half: v128,
}

impl Constants {
    #[inline(always)]
    fn new() -> Self {
        Self {
            quote_turner: u8x16_splat(0x82),
            above_quote: i8x16_splat(i8::MIN + 0x21),
            backslash: u8x16_splat(b'\\'),
            letters: LETTERS,
            lower_half: u8x16_splat(0xF),
        }
    }

    /// The same for a loop: V8 builds a constant in each round again, by three instructions, but what it does not know to be one stays
    /// in a register.
    #[inline(always)]
    pub(in crate::json::string) fn for_loop() -> Self {
        let Self { quote_turner, above_quote, backslash, letters, lower_half } = Self::new();
        Self {
            quote_turner: black_box(quote_turner),
            above_quote: black_box(above_quote),
            backslash: black_box(backslash),
            letters: black_box(letters),
            lower_half: black_box(lower_half),
        }
    }

    /// Turns quotes and control characters into the least numbers with a sign, which x86 compares in one instruction, and others in
    /// four. Control characters are below 0x20; with the second bit changed, `"` comes next, and none of them leaves.
    #[inline(always)]
    fn turn(self, all: v128) -> v128 {
        v128_xor(all, self.quote_turner)
    }

    /// Marks quotes and control characters among bytes that [`Self::turn`] has turned.
    #[inline(always)]
    fn quotes_and_controls(self, turned: v128) -> v128 {
        i8x16_lt(turned, self.above_quote)
    }

    #[inline(always)]
    fn backslashes(self, all: v128) -> v128 {
        u8x16_eq(all, self.backslash)
    }

    /// For each byte that is one of ``"/bfnrt`` the same byte, and another one for all others: each has a place of its own in a table.
    #[inline(always)]
    fn usual_letter(self, all: v128) -> v128 {
        // A shift of two bytes together takes one instruction. The lower half of a byte has nothing of the byte above.
        let places = u8x16_add(u16x8_shr(all, 1), u16x8_shr(all, 3));
        u8x16_swizzle(self.letters, v128_and(places, self.lower_half))
    }

    /// Bytes that are not 0 where a backslash escapes anything but one of ``"/bfnrt``, and where a quote or a control character has no
    /// backslash; then which bytes are backslashes, for the bytes behind. `before` are those of the bytes before.
    #[inline(always)]
    fn unusual(self, all: v128, before: v128) -> (v128, v128) {
        let backslashes = self.backslashes(all);
        let escaped = shifted(before, backslashes);
        let no_letter = v128_xor(self.usual_letter(all), all);
        let unusual =
            v128_or(v128_and(escaped, no_letter), v128_andnot(self.quotes_and_controls(self.turn(all)), escaped));
        (unusual, backslashes)
    }
}

/// Each letter behind a backslash at the lower half of the sum of its half and its eighth. No letter is 0, so that no byte is found at
/// a place without one: 0 itself has the first place.
const LETTERS: v128 = u8x16(u8::MAX, 0, 0, 0, b'n', b'"', 0, b'r', b't', 0, 0, 0, b'/', b'b', 0, b'f');

/// The last sixteen bytes of the block before: those are marked that escape the byte behind them. Only the last one counts.
#[derive(Clone, Copy)]
pub(in crate::json::string) struct Before(v128);

impl Before {
    #[inline(always)]
    pub(in crate::json::string) fn escapes(self) -> bool {
        u8x16_extract_lane::<15>(self.0) != 0
    }
}

impl From<bool> for Before {
    #[inline(always)]
    fn from(escapes: bool) -> Self {
        Self(u8x16_splat(if escapes { u8::MAX } else { 0 }))
    }
}

/// The marks of sixteen bytes, each moved to the byte behind it; the first is that of the last byte before.
#[inline(always)]
fn shifted(before: v128, marks: v128) -> v128 {
    u8x16_shuffle::<15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30>(before, marks)
}

/// [`MANY`] bytes, in four quarters by themselves: an array of them would not be kept in registers.
#[derive(Clone, Copy)]
pub(in crate::json::string) struct Block(v128, v128, v128, v128);

impl Block {
    #[inline(always)]
    pub(in crate::json::string) fn new(chunk: &[u8; MANY]) -> Self {
        let ((quarters, _), zero) = (chunk.as_chunks(), u8x16_splat(0));
        // There are four; were there not, each byte would need a look.
        let [one, two, three, four] = quarters else { return Self(zero, zero, zero, zero) };
        Self(load(one), load(two), load(three), load(four))
    }

    /// Whether any byte is a quote, a backslash or a control character.
    #[inline(always)]
    pub(in crate::json::string) fn needs_a_look(&self, constants: Constants) -> bool {
        let Self(one, two, three, four) = self.map(|all| constants.turn(all));
        let least = i8x16_min(i8x16_min(one, two), i8x16_min(three, four));
        v128_any_true(v128_or(constants.quotes_and_controls(least), self.backslashes(constants).any()))
    }

    /// Whether nothing ends the string here and each backslash escapes one of ``"/bfnrt``, as in nearly all blocks of a text that has
    /// escapes; then what the next block has to know. It is found without bits of each byte, which would have to leave their registers.
    #[inline(always)]
    pub(in crate::json::string) fn pass_usual_escapes(&self, before: Before, constants: Constants) -> Option<Before> {
        let (first, before) = constants.unusual(self.0, before.0);
        let (second, before) = constants.unusual(self.1, before);
        let (third, before) = constants.unusual(self.2, before);
        let (fourth, before) = constants.unusual(self.3, before);
        let is_usual = !v128_any_true(Self(first, second, third, fourth).any());
        is_usual.then_some(Before(before))
    }

    /// Which bytes are quotes or control characters, and which are backslashes.
    #[inline(always)]
    pub(in crate::json::string) fn special(&self, constants: Constants) -> [u64; 2] {
        let quotes_and_controls = self.map(|all| constants.quotes_and_controls(constants.turn(all)));
        [quotes_and_controls.bits(), self.backslashes(constants).bits()]
    }

    /// Which bytes are one of ``"/bfnrt``.
    #[inline(always)]
    pub(in crate::json::string) fn usual_letters(&self, constants: Constants) -> u64 {
        self.map(|all| u8x16_eq(constants.usual_letter(all), all)).bits()
    }

    #[inline(always)]
    fn backslashes(&self, constants: Constants) -> Self {
        self.map(|all| constants.backslashes(all))
    }

    #[inline(always)]
    fn map(self, change: impl Fn(v128) -> v128) -> Self {
        Self(change(self.0), change(self.1), change(self.2), change(self.3))
    }

    /// All quarters in one, each bit set that is set in one of them.
    #[inline(always)]
    fn any(self) -> v128 {
        v128_or(v128_or(self.0, self.1), v128_or(self.2, self.3))
    }

    /// The highest bit of each byte.
    #[inline(always)]
    fn bits(self) -> u64 {
        let front = u32::from(u8x16_bitmask(self.0)) | u32::from(u8x16_bitmask(self.1)) << 16;
        let back = u32::from(u8x16_bitmask(self.2)) | u32::from(u8x16_bitmask(self.3)) << 16;
        u64::from(front) | u64::from(back) << 32
    }
}

/// Whether all blocks so far were ASCII: no byte of them has its highest bit.
#[derive(Clone, Copy)]
pub(in crate::json::string) struct Ascii(v128);

impl Ascii {
    #[inline(always)]
    pub(in crate::json::string) fn new() -> Self {
        Self(u8x16_splat(0))
    }

    #[inline(always)]
    pub(in crate::json::string) fn add(&mut self, block: &Block) {
        self.0 = v128_or(self.0, block.any());
    }

    #[inline(always)]
    pub(in crate::json::string) fn holds(self) -> bool {
        u8x16_bitmask(self.0) == 0
    }
}

#[inline(always)]
pub(in crate::json::string) fn look(chunk: &[u8; FEW]) -> Seen {
    let (found, other) = look_closely(chunk);
    (found.into(), other == 0)
}

#[inline(always)]
pub(in crate::json::string) fn look_closely(chunk: &[u8; FEW]) -> SeenClosely {
    let (all, constants) = (load(chunk), Constants::new());
    let special = v128_or(constants.quotes_and_controls(constants.turn(all)), constants.backslashes(all));
    (u8x16_bitmask(special).into(), u8x16_bitmask(all).into())
}

#[inline(always)]
pub(in crate::json) fn load(chunk: &[u8; FEW]) -> v128 {
    let half = |bytes: Option<&[u8; 8]>| bytes.copied().map_or(0, i64::from_le_bytes);
    i64x2(half(chunk.first_chunk()), half(chunk.last_chunk()))
}
