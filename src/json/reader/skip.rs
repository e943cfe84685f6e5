//! Values that no caller reads: they are checked all the same. Offsets are passed along, so that they stay in registers.

use super::{
    Reader,
    token::{behind_colon, missing, space_end, string_at, word_end},
};
use crate::json::{Fault, NameComparison, number};

impl<'a> Reader<'a> {
    /// Checks the next value of any type, and returns its bytes unchanged.
    ///
    /// # Errors
    /// Anything in it that is not strict JSON.
    pub fn skip(&mut self) -> Result<&'a [u8], Fault> {
        let start = self.position();
        self.at = self.value_end(start)?;
        Ok(self.bytes_since(start))
    }

    /// Where the value at `at` ends. Inlined where values follow each other: for most of them a call takes longer than they do.
    #[inline(always)]
    fn value_end(&mut self, at: usize) -> Result<usize, Fault> {
        let bytes = self.bytes;
        match bytes.get(at) {
            Some(b'"') => Ok(string_at(bytes, at)?.end.wrapping_add(1)),
            Some(b'{') => self.container_end(at, b'}'),
            Some(b'[') => self.container_end(at, b']'),
            Some(b'-' | b'0'..=b'9') => number::scan(bytes, at),
            Some(b't') => word_end(bytes, at, b"true", "`true`"),
            Some(b'f') => word_end(bytes, at, b"false", "`false`"),
            Some(b'n') => word_end(bytes, at, b"null", "`null`"),
            _ => self.value_end_behind_space(at),
        }
    }

    fn value_end_behind_space(&mut self, at: usize) -> Result<usize, Fault> {
        let start = space_end(self.bytes, at);
        if start == at {
            return Err(missing(self.bytes, at, "a value"));
        }
        self.at = start;
        self.skip()?;
        Ok(self.at)
    }

    /// Where the object or the array at `start` ends, whose last byte is `end`.
    fn container_end(&mut self, start: usize, end: u8) -> Result<usize, Fault> {
        let (bytes, is_object) = (self.bytes, end == b'}');
        let mut at = start.wrapping_add(1);
        self.enter(at)?;
        let mut names = self.open.open(NameComparison::Distinct);
        let empty_end = space_end(bytes, at);
        if bytes.get(empty_end) == Some(&end) {
            at = empty_end;
        } else {
            loop {
                if is_object {
                    let name = string_at(bytes, space_end(bytes, at))?;
                    self.open.push(&mut names, bytes, name);
                    at = behind_colon(bytes, name.end.wrapping_add(1))?;
                }
                at = self.value_end(at)?;
                let mut next = bytes.get(at);
                if next != Some(&b',') && next != Some(&end) {
                    at = space_end(bytes, at);
                    next = bytes.get(at);
                }
                match next {
                    Some(b',') => at = at.wrapping_add(1),
                    Some(byte) if *byte == end => break,
                    _ => return Err(missing(bytes, at, if is_object { "`,` or `}`" } else { "`,` or `]`" })),
                }
            }
        }
        let doubt = self.open.close(&names, bytes, start);
        self.doubt = self.doubt.take().or(doubt);
        self.leave();
        Ok(at.wrapping_add(1))
    }
}
