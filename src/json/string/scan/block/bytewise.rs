//! The same byte by byte, where there are no instructions for sixteen of them.

use crate::json::string::is_escape_letter;

use super::super::{FEW, MANY, Seen, SeenClosely};

/// Nothing: each byte is compared with the numbers themselves.
#[derive(Clone, Copy)]
pub(in crate::json::string) struct Constants;

impl Constants {
    pub(in crate::json::string) fn for_loop() -> Self {
        Self
    }
}

/// Whether the last byte of the block before escapes the first.
#[derive(Clone, Copy)]
pub(in crate::json::string) struct Before(bool);

impl Before {
    pub(in crate::json::string) fn escapes(self) -> bool {
        self.0
    }
}

impl From<bool> for Before {
    fn from(escapes: bool) -> Self {
        Self(escapes)
    }
}

pub(in crate::json::string) struct Block([u8; MANY]);

impl Block {
    pub(in crate::json::string) fn new(chunk: &[u8; MANY]) -> Self {
        Self(*chunk)
    }

    pub(in crate::json::string) fn needs_a_look(&self, constants: Constants) -> bool {
        self.special(constants) != [0; 2]
    }

    pub(in crate::json::string) fn pass_usual_escapes(&self, before: Before, constants: Constants) -> Option<Before> {
        let ([_, backslashes], marks) = (self.special(constants), self.marks(before.0, constants));
        let is_usual = marks.ends | marks.units | marks.escaped & backslashes == 0;
        is_usual.then_some(Before(marks.goes_on))
    }

    pub(in crate::json::string) fn special(&self, _: Constants) -> [u64; 2] {
        [bits(&self.0, |byte| matches!(byte, b'"' | 0..0x20)), bits(&self.0, |byte| byte == b'\\')]
    }

    pub(in crate::json::string) fn usual_letters(&self, _: Constants) -> u64 {
        bits(&self.0, |byte| byte != b'\\' && is_escape_letter(byte))
    }
}

/// Whether all blocks so far were ASCII.
#[derive(Clone, Copy)]
pub(in crate::json::string) struct Ascii(bool);

impl Ascii {
    pub(in crate::json::string) fn new() -> Self {
        Self(true)
    }

    pub(in crate::json::string) fn add(&mut self, block: &Block) {
        self.0 &= block.0.is_ascii();
    }

    pub(in crate::json::string) fn holds(self) -> bool {
        self.0
    }
}

pub(in crate::json::string) fn look(chunk: &[u8; FEW]) -> Seen {
    (bits(chunk, |byte| matches!(byte, b'"' | b'\\' | 0..0x20)), chunk.is_ascii())
}

pub(in crate::json::string) fn look_closely(chunk: &[u8; FEW]) -> SeenClosely {
    let few = |bits: u64| u32::try_from(bits).unwrap_or(u32::MAX);
    (few(look(chunk).0), few(bits(chunk, |byte| !byte.is_ascii())))
}

fn bits(bytes: &[u8], is_marked: impl Fn(u8) -> bool) -> u64 {
    let bit = |(index, byte): (usize, &u8)| u64::from(is_marked(*byte)) << index;
    bytes.iter().enumerate().map(bit).fold(0, |all, bit| all | bit)
}
