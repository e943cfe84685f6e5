//! Headers of a request, with a lookup that tells a repeated header from a single one; and HTTP responses. Other modules decide
//! what a header means.

use std::{borrow::Cow, ops::Range};

use crate::text::is_same;

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
    spans: Vec<Span>,
    /// A bloom filter of the hashes of the names, by [`bloom_bit`]: most lookups are for headers that are absent.
    name_bloom: u64,
    /// The bits that two or more names have: a header with another bit is not repeated.
    repeated_bloom: u64,
}

/// The position of a header in the bytes of [`Headers`].
#[derive(Clone, Debug, Default)]
pub struct Span {
    name: Range<usize>,
    value: Range<usize>,
    /// The [`name_hash`] of the name.
    name_hash: u8,
}

impl Span {
    /// The header whose name and value have these bytes.
    #[must_use]
    pub fn new(name: Range<usize>, value: Range<usize>) -> Self {
        Self { name, value, name_hash: 0 }
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
    pub fn from_spans(bytes: Vec<u8>, mut spans: Vec<Span>) -> Self {
        let (mut name_bloom, mut repeated_bloom) = (0, 0);
        for span in &mut spans {
            span.name_hash = name_hash(bytes.get(span.name.clone()).unwrap_or_default());
            let bit = bloom_bit(span.name_hash);
            repeated_bloom |= name_bloom & bit;
            name_bloom |= bit;
        }
        Self { bytes, spans, name_bloom, repeated_bloom }
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
        let name_hash = name_hash(name.as_bytes());
        if self.name_bloom & bloom_bit(name_hash) == 0 { Header::Absent } else { self.find(name, name_hash) }
    }

    /// Searches the header with this name, whose [`name_hash`] is given.
    fn find(&self, name: &str, name_hash: u8) -> Header<'_> {
        let may_repeat = self.repeated_bloom & bloom_bit(name_hash) != 0;
        let mut found = Header::Absent;
        // A loop, since it takes a third of the instructions of a filtered iterator.
        for span in &self.spans {
            if span.name_hash != name_hash || !is_same(self.text(&span.name), name.as_bytes()) {
                continue;
            }
            if let Header::Once(_) = found {
                return Header::Repeated;
            }
            found = Header::Once(self.text(&span.value).trim_ascii());
            if !may_repeat {
                break;
            }
        }
        found
    }

    /// Whether the request has more than one header with this name, in lower case.
    #[must_use]
    pub fn repeats(&self, name: &str) -> bool {
        self.repeated_bloom & bloom_bit(name_hash(name.as_bytes())) != 0 && self.get(name) == Header::Repeated
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

/// A small number for a name, by its length and last byte, which few other names of one request have.
#[inline(always)]
fn name_hash(name: &[u8]) -> u8 {
    let [length, ..] = name.len().to_le_bytes();
    name.last().copied().unwrap_or_default().wrapping_add(length.wrapping_mul(7))
}

/// The bit of a [`name_hash`] in a bloom filter of 64 bits.
#[inline(always)]
fn bloom_bit(name_hash: u8) -> u64 {
    1_u64.wrapping_shl(name_hash.into())
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
