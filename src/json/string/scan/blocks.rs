//! A text in blocks: most are passed without a look at single bytes.

use super::{
    MANY,
    block::{Ascii, Before, Block, Constants, Marks},
};

/// Goes through a text, block by block.
pub(in crate::json::string) struct Blocks<'b> {
    bytes: &'b [u8],
    at: usize,
    constants: Constants,
    ascii: Ascii,
    goes_on: bool,
}

impl<'b> Blocks<'b> {
    /// Begins at `at`.
    #[inline(always)]
    pub(in crate::json::string) fn new(bytes: &'b [u8], at: usize) -> Self {
        Self { bytes, at, constants: Constants::for_loop(), ascii: Ascii::new(), goes_on: false }
    }

    /// Where the next block begins.
    #[inline(always)]
    pub(in crate::json::string) fn position(&self) -> usize {
        self.at
    }

    /// Whether the byte before the next block is a backslash that escapes its first one.
    #[inline(always)]
    pub(in crate::json::string) fn goes_on(&self) -> bool {
        self.goes_on
    }

    /// Whether all blocks were ASCII so far.
    #[inline(always)]
    pub(in crate::json::string) fn is_ascii(&self) -> bool {
        self.ascii.holds()
    }

    /// Goes on at `at`, behind an escape.
    #[inline(always)]
    pub(in crate::json::string) fn move_to(&mut self, at: usize) {
        (self.at, self.goes_on) = (at, false);
    }

    /// Passes blocks in which no byte needs a look.
    #[inline(always)]
    pub(in crate::json::string) fn pass_plain(&mut self) {
        if self.goes_on {
            return;
        }
        while let Some(block) = self.block()
            && !block.needs_a_look(self.constants)
        {
            self.pass(&block);
        }
    }

    /// Passes blocks in which nothing ends the text, and all escapes are usual ones.
    #[inline(always)]
    pub(in crate::json::string) fn pass_usual(&mut self) {
        let mut before = Before::from(self.goes_on);
        while let Some(block) = self.block()
            && let Some(last) = block.pass_usual_escapes(before, self.constants)
        {
            self.pass(&block);
            before = last;
        }
        self.goes_on = before.escapes();
    }

    /// Passes the next block, and answers which bytes are quotes or control characters, and which are backslashes; `None` if less is left.
    #[inline(always)]
    pub(super) fn pass_special(&mut self) -> Option<[u64; 2]> {
        let block = self.block()?;
        self.pass(&block);
        Some(block.special(self.constants))
    }

    /// Passes the next block, and answers what it has; `None` if less is left.
    #[inline(always)]
    pub(in crate::json::string) fn pass_marked(&mut self) -> Option<Marks> {
        let block = self.block()?;
        let marks = block.marks(self.goes_on, self.constants);
        self.pass(&block);
        self.goes_on = marks.goes_on;
        Some(marks)
    }

    #[inline(always)]
    fn block(&self) -> Option<Block> {
        self.bytes.get(self.at..)?.first_chunk().map(Block::new)
    }

    #[inline(always)]
    fn pass(&mut self, block: &Block) {
        self.ascii.add(block);
        self.at = self.at.wrapping_add(MANY);
    }
}
