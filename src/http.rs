//! Headers of a request, with a lookup that tells a repeated header from a single one; and HTTP responses. Other modules decide
//! what a header means.

use std::{borrow::Cow, ops::Range};

use crate::text::{is_same, mark};

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
#[derive(Clone, Debug)]
pub struct Headers {
    /// All names and values in one buffer: a request has about fifteen of them, and few are read.
    bytes: Vec<u8>,
    spans: Vec<Span>,
    /// For each [`slot`], the number of the first header whose name has it, from 1; 0 if there is none. Most lookups are for headers
    /// that are absent.
    first: [u8; SLOTS],
    /// The slots that two or more names have, or a name behind the 255th, a bit for each: only a header with one of them may be
    /// repeated.
    shared: u64,
}

const SLOTS: usize = 64;

/// The position of a header in the bytes of [`Headers`].
#[derive(Clone, Debug, Default)]
pub struct Span {
    name: Range<usize>,
    value: Range<usize>,
}

impl Span {
    /// The header whose name and value have these bytes.
    #[must_use]
    pub fn new(name: Range<usize>, value: Range<usize>) -> Self {
        Self { name, value }
    }
}

impl Default for Headers {
    fn default() -> Self {
        Self::from_spans(Vec::new(), Vec::new())
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
        let (mut bytes, mut spans) = (Vec::new(), Vec::new());
        for (name, value) in pairs {
            let mut push = |text: &[u8]| {
                let start = bytes.len();
                bytes.extend_from_slice(text);
                start..bytes.len()
            };
            spans.push(Span::new(push(name.as_bytes()), push(&value)));
        }
        Self::from_spans(bytes, spans)
    }

    /// Headers from one buffer and the positions in it.
    #[must_use]
    pub fn from_spans(bytes: Vec<u8>, spans: Vec<Span>) -> Self {
        let mut headers = Self { bytes, spans, first: [0; SLOTS], shared: 0 };
        for (number, span) in (1_usize..).zip(&headers.spans) {
            let slot = slot(headers.bytes.get(span.name.clone()).unwrap_or_default());
            match (headers.first.get_mut(slot), u8::try_from(number)) {
                (Some(first @ 0), Ok(number)) => *first = number,
                (first, _) => {
                    // A search that begins too early finds the same.
                    first.into_iter().filter(|first| **first == 0).for_each(|first| *first = u8::MAX);
                    headers.shared |= bit(slot);
                }
            }
        }
        headers
    }

    /// Forgets all headers but those with one of these names, in lower case.
    pub fn keep(&mut self, names: &[&str]) {
        let (mut bytes, mut spans) = (Vec::new(), Vec::new());
        for span in &self.spans {
            let name = self.text(&span.name);
            if names.iter().any(|kept| kept.as_bytes() == name) {
                let mut push = |text: &[u8]| {
                    let start = bytes.len();
                    bytes.extend_from_slice(text);
                    start..bytes.len()
                };
                spans.push(Span::new(push(name), push(self.text(&span.value))));
            }
        }
        *self = Self::from_spans(bytes, spans);
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
        match self.first.get(slot) {
            None | Some(0) => Header::Absent,
            Some(first) => self.find(name, usize::from(*first).saturating_sub(1), self.shared & bit(slot) != 0),
        }
    }

    /// Searches the header with this name from an index on, where one with its slot is.
    fn find(&self, name: &str, from: usize, may_repeat: bool) -> Header<'_> {
        let mut found = Header::Absent;
        // A loop, since it takes a third of the instructions of a filtered iterator.
        for span in self.spans.get(from..).unwrap_or_default() {
            if !is_same(self.text(&span.name), name.as_bytes()) {
                if may_repeat {
                    continue;
                }
                break;
            }
            if let Header::Once(_) = found {
                return Header::Repeated;
            }
            found = Header::Once(trimmed(self.text(&span.value)));
            if !may_repeat {
                break;
            }
        }
        found
    }

    /// Whether the request has more than one header with this name, in lower case.
    #[must_use]
    pub fn repeats(&self, name: &str) -> bool {
        self.shared & bit(slot(name.as_bytes())) != 0 && self.get(name) == Header::Repeated
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
    pub fn present<'n>(&self, names: &'n [&'n str]) -> impl Iterator<Item = &'n str> {
        names.iter().copied().filter(|name| self.get(name) != Header::Absent)
    }
}

/// Whether a text is a token, such as the name of a header; RFC 9110, section 5.6.2.
#[must_use]
pub fn is_token(text: &str) -> bool {
    let special = |byte: u8| b"!#$%&'*+-.^_`|~".contains(&byte);
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || special(byte))
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
fn slot(name: &[u8]) -> usize {
    mark(name) as usize
}

/// The bit of a slot.
#[inline(always)]
fn bit(slot: usize) -> u64 {
    1 << (slot % SLOTS)
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
