//! Request ids, as the token that was sent: clients match responses by it.

use std::borrow::Cow;

use crate::{
    bytes::whole_number,
    json::{Fault, Reader, ValueType},
};

/// The largest integer that every reader keeps exactly, 2^53-1.
const MAX_INTEGER: u64 = (1 << 53) - 1;
/// Bytes of a string id between its quotes: the response echoes it.
const MAX_BYTES: usize = 256;

/// A valid id token.
///
/// Invariant: one JSON string of at most 256 bytes, or an integer within ±(2^53-1) without fraction or exponent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Id<'a>(&'a str);

impl<'a> Id<'a> {
    /// Reads the next value as an id; `None` if it is not a valid one.
    ///
    /// # Errors
    /// If the value is not strict JSON.
    pub fn read(reader: &mut Reader<'a>) -> Result<Option<Self>, Fault> {
        let kind = reader.value_type()?;
        let token = std::str::from_utf8(reader.skip()?).unwrap_or_default();
        let valid = match kind {
            ValueType::String => token.len() <= MAX_BYTES.saturating_add(2),
            ValueType::Number => {
                let number = whole_number(token.strip_prefix('-').unwrap_or(token).as_bytes());
                number.is_some_and(|number| number <= MAX_INTEGER)
            }
            ValueType::Null | ValueType::Bool | ValueType::Array | ValueType::Object => false,
        };
        Ok(valid.then_some(Self(token)))
    }

    /// Whether some client takes the two for the same: equal once escapes are decoded, or `1` and `"1"`, since ids are
    /// keys of an object in JavaScript.
    #[must_use]
    pub fn resembles(self, other: Id<'_>) -> bool {
        self.decoded() == other.decoded()
    }

    /// Whether this is the id that was sent as `token`, however its text is escaped.
    #[must_use]
    pub fn is_same(self, token: &str) -> bool {
        let other = Id(token);
        self == other || self.is_text() && other.is_text() && self.decoded() == other.decoded()
    }

    fn is_text(self) -> bool {
        self.0.starts_with('"')
    }

    fn decoded(self) -> String {
        match self.0.strip_prefix('"') {
            Some(_) => {
                let read =
                    Reader::new(self.0.as_bytes(), 1).and_then(|mut reader| reader.string().map(Cow::into_owned));
                read.unwrap_or_default()
            }
            None if self.0 == "-0" => "0".to_owned(),
            None => self.0.to_owned(),
        }
    }

    /// The token as it was sent, quotes and escapes included.
    #[must_use]
    pub fn token(self) -> &'a str {
        self.0
    }
}
