//! The headers of a request, with repeats in sight; and answers.

use std::{borrow::Cow, ops::Range};

/// An answer to be sent instead of a server's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Response {
    /// HTTP status.
    pub status: u16,
    /// Its headers, names in lower case.
    pub headers: Vec<(&'static str, Cow<'static, str>)>,
    /// Its body.
    pub body: Cow<'static, [u8]>,
}

/// The headers of a request as Envoy hands them over: names in lower case, pseudo-headers among them.
#[derive(Clone, Debug, Default)]
pub struct Headers {
    /// All names and values, in one piece: a request has some fifteen of them, of which few are looked at.
    bytes: Vec<u8>,
    spans: Vec<Span>,
    /// The [`mark`]s of all names: most of what is looked for is not there.
    marks: u64,
    /// Those that two names have: what has another mark stands once at most.
    shared_marks: u64,
}

/// Where a header stands.
#[derive(Clone, Debug, Default)]
pub struct Span {
    /// Its name.
    pub name: Range<usize>,
    /// Its value.
    pub value: Range<usize>,
}

/// How often a request has a header.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Header<'a> {
    /// Not at all.
    #[default]
    Absent,
    /// Once; white space around the value is not part of it (RFC 9110, section 5.5).
    Once(&'a [u8]),
    /// More than once: readers take the first, the last, or all joined by commas.
    Repeated,
}

impl Headers {
    /// Takes the headers as a list of names and values.
    #[must_use]
    pub fn new(pairs: Vec<(String, Vec<u8>)>) -> Self {
        let (mut bytes, mut spans) = (Vec::new(), Vec::new());
        for (name, value) in pairs {
            let mut push = |text: &[u8]| {
                let start = bytes.len();
                bytes.extend_from_slice(text);
                start..bytes.len()
            };
            spans.push(Span { name: push(name.as_bytes()), value: push(&value) });
        }
        Self::of(bytes, spans)
    }

    /// Takes the headers as they stand in some bytes.
    #[must_use]
    pub fn of(bytes: Vec<u8>, spans: Vec<Span>) -> Self {
        let name = |span: &Span| bytes.get(span.name.clone()).unwrap_or_default();
        let (mut marks, mut shared_marks) = (0, 0);
        for mark in spans.iter().map(|span| mark(name(span))) {
            shared_marks |= marks & mark;
            marks |= mark;
        }
        Self { bytes, spans, marks, shared_marks }
    }

    /// The header of this name, which is in lower case.
    #[must_use]
    #[inline(always)]
    pub fn get(&self, name: &str) -> Header<'_> {
        // Known when this is compiled, where the name is.
        let mark = mark(name.as_bytes());
        if self.marks & mark == 0 { Header::Absent } else { self.find(name, self.shared_marks & mark != 0) }
    }

    /// The header of this name; it can be repeated only if its mark is `shared`.
    fn find(&self, name: &str, shared: bool) -> Header<'_> {
        let text = |range: &Range<usize>| self.bytes.get(range.clone()).unwrap_or_default();
        // Nearly all names differ by their lengths.
        let is_this = |span: &&Span| span.name.len() == name.len() && text(&span.name) == name.as_bytes();
        let mut found = self.spans.iter().filter(is_this).map(|span| text(&span.value).trim_ascii());
        match found.next() {
            None => Header::Absent,
            Some(_) if shared && found.next().is_some() => Header::Repeated,
            Some(value) => Header::Once(value),
        }
    }

    /// Whether the header of this name, which is in lower case, stands there more than once.
    #[must_use]
    pub fn repeats(&self, name: &str) -> bool {
        self.shared_marks & mark(name.as_bytes()) != 0 && self.get(name) == Header::Repeated
    }

    /// The header of this name as a text, if it stands there once and is one.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<&str> {
        match self.get(name) {
            Header::Once(value) => std::str::from_utf8(value).ok(),
            Header::Absent | Header::Repeated => None,
        }
    }

    /// Those of `names` that the request has.
    pub fn present<'n>(&self, names: &'n [&'n str]) -> impl Iterator<Item = &'n str> {
        names.iter().copied().filter(|name| self.get(name) != Header::Absent)
    }
}

/// Whether a text is a token, as header names and media types are; RFC 9110, section 5.6.2.
#[must_use]
pub fn is_token(text: &str) -> bool {
    let special = |byte: u8| b"!#$%&'*+-.^_`|~".contains(&byte);
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || special(byte))
}

/// One of 64 bits, by a name's length and its last byte.
#[inline(always)]
fn mark(name: &[u8]) -> u64 {
    let last = name.last().copied().unwrap_or_default();
    1_u64.wrapping_shl(u32::from(last).wrapping_add(u32::try_from(name.len()).unwrap_or(u32::MAX).wrapping_mul(7)))
}

#[cfg(test)]
mod tests {
    #[cfg(target_family = "wasm")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::{Header, Headers};

    #[test]
    fn a_header_is_absent_once_or_repeated() {
        let pairs = [("a", " 1 "), ("b", "2"), ("b", "3")];
        let headers = Headers::new(pairs.map(|(name, value)| (name.to_owned(), value.as_bytes().to_vec())).into());
        assert_eq!(headers.get("a"), Header::Once(b"1"));
        assert_eq!(headers.get("b"), Header::Repeated);
        assert_eq!(headers.get("c"), Header::Absent);
        assert_eq!(["a", "b", "c"].map(|name| headers.repeats(name)), [false, true, false]);
    }
}
