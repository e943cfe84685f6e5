//! Why a text is not JSON that all readers read alike, and at which byte.

use std::fmt;

use crate::text::excerpt;

/// The first thing in a text that the reader does not accept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Offset in bytes from the start of the text.
    pub at: usize,
    /// What the reader found there.
    pub reason: Reason,
}

/// Why a text is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reason {
    /// The text ends inside a value.
    Ended,
    /// Something else was expected here; RFC 8259, section 2.
    Expected(&'static str),
    /// Text after the value.
    Trailing,
    /// More nesting than the limit allows.
    TooDeep(u32),
    /// More values than the caller of the reader takes.
    TooMany,
    /// Bytes that are not UTF-8; RFC 8259, section 8.1.
    Utf8,
    /// A byte order mark, which RFC 8259, section 8.1, forbids a sender to write.
    ByteOrderMark,
    /// A raw control character inside a string.
    Control,
    /// A `\` followed by something that is not an escape.
    Escape,
    /// Half a surrogate pair: readers replace it differently.
    Surrogate,
    /// A number of more than 256 bytes, or one that an `f64` cannot hold.
    Number,
    /// One name twice in one object, compared after unescaping: readers keep the first, the last, or both.
    Duplicate(String),
    /// A name that some readers take for another: equal but for case folding or control characters.
    Lookalike(String),
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.reason {
            Reason::Ended => f.write_str("the text ends too early")?,
            Reason::Expected(what) => write!(f, "expected {what}")?,
            Reason::Trailing => f.write_str("there is text after the value")?,
            Reason::TooDeep(limit) => write!(f, "more than {limit} levels of nesting")?,
            Reason::TooMany => f.write_str("too many values")?,
            Reason::Utf8 => f.write_str("the text is not UTF-8")?,
            Reason::ByteOrderMark => f.write_str("the text starts with a byte order mark")?,
            Reason::Control => f.write_str("an unescaped control character in a string")?,
            Reason::Escape => f.write_str("an unknown escape in a string")?,
            Reason::Surrogate => f.write_str("half a surrogate pair in a string")?,
            Reason::Number => f.write_str("a number that is too long or too large")?,
            Reason::Duplicate(name) => write!(f, "the member `{}` is repeated", excerpt(name))?,
            Reason::Lookalike(name) => write!(f, "the member `{}` resembles another", excerpt(name))?,
        }
        write!(f, " (byte {})", self.at)
    }
}

impl std::error::Error for Fault {}
