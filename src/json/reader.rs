//! One pass over a JSON text: callers read the values they want, in order, and skip the others.

mod skip;
pub(super) mod token;
mod value_type;

use std::borrow::Cow;

use super::{Fault, NameComparison, Reason, names, string};
use token::{behind_colon, missing, space_end, string_at};

pub use value_type::ValueType;

/// Reads one JSON text from front to back. Each call consumes one value; what is skipped is checked all the same.
///
/// ```
/// # use mcp_policy::json::{NameComparison, Reader};
/// let mut reader = Reader::new(br#"{"id": 1, "tool": "get"}"#, 8)?;
/// let mut tool = String::new();
/// reader.members(NameComparison::Unchecked, |reader, name| {
///     if name == "tool" {
///         tool = reader.string()?.into_owned();
///         return Ok(());
///     }
///     reader.skip().map(|_| ())
/// })?;
/// reader.finish()?;
/// assert_eq!(tool, "get");
/// # Ok::<(), mcp_policy::json::Fault>(())
/// ```
#[derive(Debug)]
pub struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
    named_at: usize,
    depth: u32,
    max_depth: u32,
    open: names::OpenObjects,
    doubt: Option<Fault>,
}

/// Visits a member of an object.
type Visit<'v, 'a> = dyn FnMut(&mut Reader<'a>, Cow<'a, [u8]>) -> Result<(), Fault> + 'v;

impl<'a> Reader<'a> {
    /// Starts at the front of `bytes`; values may nest `max_depth` deep.
    ///
    /// # Errors
    /// A byte order mark.
    pub fn new(bytes: &'a [u8], max_depth: u32) -> Result<Self, Fault> {
        if bytes.starts_with(&[0xEF, 0xBB, 0xBF]) {
            return Err(Fault { at: 0, reason: Reason::ByteOrderMark });
        }
        Ok(Self { bytes, at: 0, named_at: 0, depth: 0, max_depth, open: names::OpenObjects::new(), doubt: None })
    }

    /// The first fault about names so far. The text is JSON all the same, so reading goes on: what else it says may
    /// be needed for the answer.
    #[must_use]
    pub fn name_fault(&self) -> Option<&Fault> {
        self.doubt.as_ref()
    }

    /// Offset of the next value, in bytes.
    pub fn position(&mut self) -> usize {
        self.skip_space();
        self.at
    }

    /// The bytes that have been read since an offset, unchanged.
    #[must_use]
    pub fn bytes_since(&self, start: usize) -> &'a [u8] {
        self.bytes.get(start..self.at).unwrap_or_default()
    }

    /// Offset behind the value that was read last, in bytes.
    #[must_use]
    pub fn end_position(&self) -> usize {
        self.at
    }

    /// Offset of the name of the member that is being visited, in bytes.
    #[must_use]
    pub fn name_position(&self) -> usize {
        self.named_at
    }

    /// The kind of the next value.
    ///
    /// # Errors
    /// No value starts here.
    pub fn value_type(&mut self) -> Result<ValueType, Fault> {
        self.peek().ok_or_else(|| self.missing("a value"))
    }

    /// The same as [`Self::value_type`]; `None` if no value starts here.
    #[inline(always)]
    fn peek(&mut self) -> Option<ValueType> {
        self.skip_space();
        ValueType::of(*self.bytes.get(self.at)?)
    }

    /// Reads a string; borrowed if it has no escapes.
    ///
    /// # Errors
    /// The next value is not a valid string.
    pub fn string(&mut self) -> Result<Cow<'a, str>, Fault> {
        self.skip_space();
        let span = self.quoted()?;
        Ok(self.decode(span))
    }

    /// Reads a string, and answers whether it is this one.
    ///
    /// # Errors
    /// The next value is not a valid string.
    pub fn string_is(&mut self, text: &str) -> Result<bool, Fault> {
        self.skip_space();
        let span = self.quoted()?;
        Ok(if span.escaped {
            self.decode(span) == text
        } else {
            self.bytes.get(span.start..span.end).unwrap_or_default() == text.as_bytes()
        })
    }

    /// Reads an object, calling `visit` with the name of each member; `visit` must consume the member's value.
    ///
    /// # Errors
    /// The next value is not a valid object, or `visit` returns an error.
    pub fn members<F>(&mut self, names: NameComparison<'_>, mut visit: F) -> Result<(), Fault>
    where
        F: FnMut(&mut Self, Cow<'a, str>) -> Result<(), Fault>,
    {
        self.members_by_bytes(names, |reader, name| {
            let name = match name {
                Cow::Borrowed(name) => Cow::Borrowed(std::str::from_utf8(name).unwrap_or_default()),
                Cow::Owned(name) => Cow::Owned(String::from_utf8(name).unwrap_or_default()),
            };
            visit(reader, name)
        })
    }

    /// The same with names as bytes, which are UTF-8: to make a text of each would check that again.
    ///
    /// # Errors
    /// Those of [`Self::members`].
    pub fn members_by_bytes<F>(&mut self, names: NameComparison<'_>, mut visit: F) -> Result<(), Fault>
    where
        F: FnMut(&mut Self, Cow<'a, [u8]>) -> Result<(), Fault>,
    {
        self.visit_members(names, &mut visit)
    }

    /// The one loop over an object's members that callers read, since the code is long: notes each name, has the value consumed, compares
    /// the names at the end.
    fn visit_members(&mut self, names: NameComparison<'_>, visit: &mut Visit<'_, 'a>) -> Result<(), Fault> {
        let (start, bytes) = (self.position(), self.bytes);
        self.expect(b'{', "`{`")?;
        self.enter(self.at)?;
        let mut object = self.open.open(names);
        if !self.accept(b'}') {
            loop {
                let named_at = self.position();
                let span = self.quoted()?;
                self.open.push(&mut object, bytes, span);
                self.at = behind_colon(bytes, self.at)?;
                self.named_at = named_at;
                let name = if span.escaped {
                    // It is decoded already.
                    Cow::Owned(self.open.last_decoded().unwrap_or_default().as_bytes().to_vec())
                } else {
                    Cow::Borrowed(bytes.get(span.start..span.end).unwrap_or_default())
                };
                visit(self, name)?;
                if !self.accept_here(b',') && !self.goes_on(b'}', "`,` or `}`")? {
                    break;
                }
            }
        }
        let doubt = self.open.close(&object, bytes, start);
        self.doubt = self.doubt.take().or(doubt);
        self.leave();
        Ok(())
    }

    /// Reads an array, calling `visit` once for each element; `visit` must consume it.
    ///
    /// # Errors
    /// The next value is not a valid array, or `visit` returns an error.
    pub fn elements<F>(&mut self, mut visit: F) -> Result<(), Fault>
    where
        F: FnMut(&mut Self) -> Result<(), Fault>,
    {
        self.skip_space();
        self.expect(b'[', "`[`")?;
        self.enter(self.at)?;
        if !self.accept(b']') {
            loop {
                visit(self)?;
                if !self.goes_on(b']', "`,` or `]`")? {
                    break;
                }
            }
        }
        self.leave();
        Ok(())
    }

    /// Checks that nothing but white space is left.
    ///
    /// # Errors
    /// There is more text.
    pub fn finish(&mut self) -> Result<(), Fault> {
        self.skip_space();
        if self.at < self.bytes.len() { Err(self.fault(Reason::Trailing)) } else { Ok(()) }
    }

    /// Reads the string that begins here: no white space comes before it.
    #[inline(always)]
    fn quoted(&mut self) -> Result<string::Span, Fault> {
        let span = string_at(self.bytes, self.at)?;
        self.at = span.end.wrapping_add(1);
        Ok(span)
    }

    fn decode(&self, span: string::Span) -> Cow<'a, str> {
        let content = names::content(self.bytes, span);
        if !span.escaped {
            return Cow::Borrowed(content);
        }
        let mut out = String::with_capacity(content.len());
        string::unescape_into(content, &mut out);
        Cow::Owned(out)
    }

    /// Call behind the bracket that opens an object or an array.
    fn enter(&mut self, at: usize) -> Result<(), Fault> {
        self.depth = self.depth.saturating_add(1);
        if self.depth > self.max_depth { Err(Fault { at, reason: Reason::TooDeep(self.max_depth) }) } else { Ok(()) }
    }

    fn leave(&mut self) {
        self.depth = self.depth.saturating_sub(1);
    }

    fn accept(&mut self, byte: u8) -> bool {
        self.skip_space();
        self.accept_here(byte)
    }

    /// Consumes a byte that no white space comes before, as most texts are written.
    #[inline(always)]
    fn accept_here(&mut self, byte: u8) -> bool {
        let here = self.bytes.get(self.at) == Some(&byte);
        self.at = self.at.wrapping_add(usize::from(here));
        here
    }

    /// Consumes what follows a member or an element: a comma, upon which another one comes, or `end`.
    fn goes_on(&mut self, end: u8, what: &'static str) -> Result<bool, Fault> {
        self.skip_space();
        let next = self.bytes.get(self.at).copied();
        if next != Some(b',') && next != Some(end) {
            return Err(self.missing(what));
        }
        self.at = self.at.saturating_add(1);
        Ok(next != Some(end))
    }

    fn expect(&mut self, byte: u8, what: &'static str) -> Result<(), Fault> {
        if self.accept_here(byte) || self.accept(byte) { Ok(()) } else { Err(self.missing(what)) }
    }

    fn missing(&self, what: &'static str) -> Fault {
        missing(self.bytes, self.at, what)
    }

    #[inline(always)]
    fn skip_space(&mut self) {
        self.at = space_end(self.bytes, self.at);
    }

    fn fault(&self, reason: Reason) -> Fault {
        Fault { at: self.at, reason }
    }
}
