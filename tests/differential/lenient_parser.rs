//! A parser that accepts what some parser in the field accepts, and keeps every member it meets.
//!
//! It shares no code with the reader under test.

mod decode;
mod parse;
mod quoted;

pub(crate) use self::{decode::decode, parse::parse};

/// A value as it was read.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Value {
    /// `null`
    Null,
    /// `true` or `false`
    Bool(bool),
    /// A number, as written; `NaN` and its like among them.
    Number(String),
    /// A string. What is no text in it is U+FFFD.
    Text(String),
    /// An array.
    Array(Vec<Value>),
    /// Every member, in order, also those of one name.
    Object(Vec<(String, Value)>),
}

/// What is accepted beyond RFC 8259.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Tolerance {
    /// Text behind the value is not looked at: Go's `Decoder`, Jackson.
    pub(crate) trailing: bool,
    /// Value after value is read, as from a stream, until one is none: a loop over Go's `Decoder`, `jq`, NDJSON.
    pub(crate) stream: bool,
    /// Comments: Ruby, JSON5.
    pub(crate) comments: bool,
    /// A byte order mark, UTF-16 and UTF-32: Python, Jackson, .NET.
    pub(crate) encodings: bool,
    /// Bytes that are not UTF-8 become U+FFFD: Go, JavaScript.
    pub(crate) lossy: bool,
    /// Numbers such as `NaN`, `+1`, `01`, `.5`, `0x1`: Python, JSON5.
    pub(crate) numbers: bool,
    /// Names and strings without quotes or in single quotes, `=` for `:`, trailing commas: Kotlin, Gson.
    pub(crate) bare: bool,
    /// `\x6b`, `\q`, and halves of surrogate pairs: Ruby and most others.
    pub(crate) escapes: bool,
    /// Raw control characters in strings and as white space.
    pub(crate) controls: bool,
    /// The text ends at the first NUL: C strings.
    pub(crate) nul_ends: bool,
}

impl Tolerance {
    /// RFC 8259 and nothing more.
    pub(crate) const NONE: Self = Self {
        trailing: false,
        stream: false,
        comments: false,
        encodings: false,
        lossy: false,
        numbers: false,
        bare: false,
        escapes: false,
        controls: false,
        nul_ends: false,
    };
    /// All that any parser accepts, at once.
    pub(crate) const ALL: Self = Self {
        trailing: true,
        stream: false,
        comments: true,
        encodings: true,
        lossy: true,
        numbers: true,
        bare: true,
        escapes: true,
        controls: true,
        nul_ends: false,
    };
}
