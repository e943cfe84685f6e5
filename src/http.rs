//! Headers of a request, with a lookup that tells a repeated header from a single one; and HTTP responses. Other modules decide
//! what a header means.

use std::{borrow::Cow, ops::Range};

use crate::bytes::mark;

/// A local response, which Envoy sends in place of a server's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Response {
    /// HTTP status.
    pub status: u16,
    /// Its headers, names in lower case.
    pub headers: Vec<(&'static str, Cow<'static, str>)>,
    /// Its body.
    pub body: Cow<'static, [u8]>,
}

/// The headers of a request as Envoy gives them: names in lower case, with pseudo-headers.
#[derive(Clone, Debug, Default)]
pub struct Headers {
    /// All names and values in one buffer: a request has about fifteen of them, and few are read.
    bytes: Vec<u8>,
    index: Index,
}

/// Where headers are in a buffer.
#[derive(Clone, Debug)]
pub struct Index {
    spans: Vec<Span>,
    /// For each [`slot`], the number of the first header whose name has it, from 1; 0 if there is none. Most lookups are for headers
    /// that are absent.
    first: [u8; SLOTS],
    /// The slots that some name has, a bit for each.
    taken: u64,
    /// The slots that two or more names have, or a name behind the 255th: only a header with one of them may be repeated.
    shared: u64,
}

const SLOTS: usize = 64;

#[derive(Clone, Debug)]
struct Span {
    name: Range<usize>,
    value: Range<usize>,
}

/// Names of headers, in lower case, that are looked for together: most requests have none of them, which one look finds out.
#[derive(Debug)]
pub struct Names {
    names: &'static [&'static str],
    /// Their slots, a bit for each.
    slots: u64,
}

impl Names {
    /// These names.
    #[must_use]
    pub const fn new(names: &'static [&'static str]) -> Self {
        let (mut slots, mut rest) = (0, names);
        while let [name, others @ ..] = rest {
            slots |= bit(slot(name.as_bytes()));
            rest = others;
        }
        Self { names, slots }
    }

    /// The names.
    pub fn iter(&self) -> impl Iterator<Item = &'static str> {
        self.names.iter().copied()
    }
}

impl Default for Index {
    fn default() -> Self {
        Self::with_capacity(0)
    }
}

impl Index {
    /// No header, and room for so many.
    #[must_use]
    pub fn with_capacity(count: usize) -> Self {
        Self { spans: Vec::with_capacity(count), first: [0; SLOTS], taken: 0, shared: 0 }
    }

    /// Adds the header whose name and value are there in `bytes`.
    #[inline(always)]
    pub fn push(&mut self, bytes: &[u8], name: Range<usize>, value: Range<usize>) {
        let slot = slot(bytes.get(name.clone()).unwrap_or_default());
        self.spans.push(Span { name, value });
        let number = u8::try_from(self.spans.len());
        if self.taken & bit(slot) != 0 || number.is_err() {
            self.shared |= bit(slot);
        }
        if let (0, Some(first)) = (self.taken & bit(slot), self.first.get_mut(slot)) {
            // A search that begins too early finds the same.
            *first = number.unwrap_or(u8::MAX);
            self.taken |= bit(slot);
        }
    }
}

/// How often a request has a header.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Header<'a> {
    /// Not at all.
    #[default]
    Absent,
    /// Once; white space around the value is not part of it (RFC 9110, section 5.5).
    Once(&'a [u8]),
    /// More than once: servers take the first, the last, or all joined by commas.
    Repeated,
}

impl Headers {
    /// Headers from a list of names and values.
    #[must_use]
    pub fn new(pairs: Vec<(String, Vec<u8>)>) -> Self {
        let mut headers = Self::default();
        pairs.into_iter().for_each(|(name, value)| headers.push(name.as_bytes(), &value));
        headers
    }

    /// Headers in one buffer.
    #[must_use]
    pub fn from_index(bytes: Vec<u8>, index: Index) -> Self {
        Self { bytes, index }
    }

    fn push(&mut self, name: &[u8], value: &[u8]) {
        let mut append = |text: &[u8]| {
            let start = self.bytes.len();
            self.bytes.extend_from_slice(text);
            start..self.bytes.len()
        };
        let (name, value) = (append(name), append(value));
        self.index.push(&self.bytes, name, value);
    }

    /// Forgets all headers but those with one of these names, in lower case.
    pub fn keep(&mut self, names: &[&str]) {
        let mut headers = Self::default();
        for span in &self.index.spans {
            let name = self.text(&span.name);
            if names.iter().any(|kept| kept.as_bytes() == name) {
                headers.push(name, self.text(&span.value));
            }
        }
        *self = headers;
    }

    /// The bytes of all names and values.
    #[must_use]
    pub fn size(&self) -> usize {
        self.bytes.len()
    }

    fn text(&self, range: &Range<usize>) -> &[u8] {
        self.bytes.get(range.clone()).unwrap_or_default()
    }

    /// The header with this name, in lower case.
    #[must_use]
    #[inline(always)]
    pub fn get(&self, name: &str) -> Header<'_> {
        // A constant if the name is one, since this is inlined.
        let slot = slot(name.as_bytes());
        match self.index.first.get(slot) {
            None | Some(0) => Header::Absent,
            Some(first) => self.find(name, usize::from(*first).saturating_sub(1), self.index.shared & bit(slot) != 0),
        }
    }

    /// Searches the header with this name from an index on, where one with its slot is.
    fn find(&self, name: &str, from: usize, may_repeat: bool) -> Header<'_> {
        let value_of = |span: &Span| {
            let is_named = self.text(&span.name) == name.as_bytes();
            if is_named { Header::Once(trimmed(self.text(&span.value))) } else { Header::Absent }
        };
        if !may_repeat {
            return self.index.spans.get(from).map_or(Header::Absent, value_of);
        }
        let mut found = Header::Absent;
        for span in self.index.spans.get(from..).unwrap_or_default() {
            found = match (found, value_of(span)) {
                (found, Header::Absent) => found,
                (Header::Absent, first) => first,
                _ => return Header::Repeated,
            };
        }
        found
    }

    /// The first of these names that more than one header has.
    #[must_use]
    pub fn repeated(&self, names: &Names) -> Option<&'static str> {
        let may_repeat = self.index.shared & names.slots != 0;
        if may_repeat { names.iter().find(|name| self.get(name) == Header::Repeated) } else { None }
    }

    /// The value of the header with this name; `None` if it is absent, repeated or not UTF-8.
    #[must_use]
    pub fn str_value(&self, name: &str) -> Option<&str> {
        match self.get(name) {
            Header::Once(value) => std::str::from_utf8(value).ok(),
            Header::Absent | Header::Repeated => None,
        }
    }

    /// The names among `names` that the request has a header for.
    pub fn present(&self, names: &Names) -> impl Iterator<Item = &'static str> {
        let may_have = self.index.taken & names.slots != 0;
        let names = if may_have { names.names } else { &[] };
        names.iter().copied().filter(|name| self.get(name) != Header::Absent)
    }
}

/// Whether a text is a token, such as the name of a header; RFC 9110, section 5.6.2.
#[must_use]
pub fn is_token(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(is_token_byte)
}

/// Whether a byte may be in a token.
pub(crate) fn is_token_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

/// A value without the white space around it, which few have.
fn trimmed(value: &[u8]) -> &[u8] {
    match value {
        [first, .., last] if *first > b' ' && *last > b' ' => value,
        _ => value.trim_ascii(),
    }
}

/// The [`mark`] of a name, below [`SLOTS`].
#[inline(always)]
const fn slot(name: &[u8]) -> usize {
    mark(name) as usize
}

/// The bit of a slot.
#[inline(always)]
const fn bit(slot: usize) -> u64 {
    1 << (slot % SLOTS)
}

#[cfg(test)]
mod tests {
    #[cfg(target_family = "wasm")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::{Header, Headers, Names};

    #[test]
    fn a_header_is_absent_once_or_repeated() {
        let pairs = [("a", " 1 "), ("b", "2"), ("b", "3")];
        let headers = Headers::new(pairs.map(|(name, value)| (name.to_owned(), value.as_bytes().to_vec())).into());
        assert_eq!(headers.get("a"), Header::Once(b"1"));
        assert_eq!(headers.get("b"), Header::Repeated);
        assert_eq!(headers.get("c"), Header::Absent);
        for (names, present, repeated) in [
            (Names::new(&["c", "b", "a"]), vec!["b", "a"], Some("b")),
            (Names::new(&["a", "c"]), vec!["a"], None),
            (Names::new(&["c"]), vec![], None),
        ] {
            assert_eq!((headers.present(&names).collect(), headers.repeated(&names)), (present, repeated));
        }
    }

    #[test]
    fn headers_that_are_not_kept_are_forgotten() {
        let pairs = [("a", "1"), ("b", "2"), ("large", "3"), ("b", "4")];
        let mut headers = Headers::new(pairs.map(|(name, value)| (name.to_owned(), value.as_bytes().to_vec())).into());
        headers.keep(&["a", "b", "c"]);
        assert_eq!(headers.size(), "a1b2b4".len());
        assert_eq!(
            ["a", "large", "c"].map(|name| headers.get(name)),
            [Header::Once(b"1"), Header::Absent, Header::Absent]
        );
        assert_eq!(headers.get("b"), Header::Repeated);
    }
}
