//! Canonical JSON: RFC 8785, the JSON Canonicalization Scheme. Two texts have one canonical form if programs read the same
//! values in them, whatever the order of members, white space, escapes and the spelling of numbers.
//!
//! Most of a text is canonical as it is, so it is copied in long runs, and the members of an object are put in order where they
//! have been written. No value needs memory of its own: there are a few buffers, which are used again.

mod order;
mod pass;
#[cfg(test)]
mod tests;

use self::{order::Member, pass::Pass};

/// Writes canonical forms.
///
/// ```
/// # use mcp_policy::json::canonical::Writer;
/// let mut text = Vec::new();
/// Writer::default().write(r#"{"b": [1e2, 0.50], "a": "\u20ac\n"}"#.as_bytes(), 8, 8, None, &mut text);
/// assert_eq!(text, "{\"a\":\"€\\n\",\"b\":[100,0.5]}".as_bytes());
/// ```
#[derive(Debug, Default)]
pub struct Writer {
    /// The members of all objects that are open, innermost last.
    members: Vec<Member>,
    /// Those of their names that have escapes, decoded; then a string that is being rewritten.
    decoded: String,
    spare_text: String,
    spare_bytes: Vec<u8>,
    spare_members: Vec<Member>,
}

/// What of a member is written.
#[derive(Clone, Copy, Debug)]
pub enum Part {
    /// All of it.
    Whole,
    /// Nothing.
    Nothing,
    /// Of an object what is chosen of its members, and nothing if that is nothing; all of another value.
    Members(ChoosePart),
}

/// Chooses what is written of a member, by its name.
pub type ChoosePart = fn(&[u8]) -> Part;

impl Writer {
    /// Appends the canonical form of a text that the strict reader has accepted; of the members of the object that it is, only
    /// those parts that are chosen. `None` if it nests deeper than `max_depth`, holds more than `max_values` values, or is no such
    /// text; some of it may have been appended then.
    ///
    /// A number takes some microseconds at most and 25 bytes, an object sorts its members, and what is not in order is copied twice
    /// at each level: so the two bounds limit the time.
    pub fn write(
        &mut self,
        text: &[u8],
        max_depth: u32,
        max_values: usize,
        choose: Option<ChoosePart>,
        out: &mut Vec<u8>,
    ) -> Option<()> {
        self.members.clear();
        self.decoded.clear();
        Pass::new(text, max_depth, max_values, self, out).write(choose)
    }
}
