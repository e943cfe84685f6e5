//! The headers of a request, with repeats in sight; and answers.

use std::borrow::Cow;

/// An answer to be sent instead of a server's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Response {
    /// HTTP status.
    pub status: u16,
    /// Its headers, names in lower case.
    pub headers: Vec<(&'static str, &'static str)>,
    /// Its body.
    pub body: Cow<'static, [u8]>,
}

/// The headers of a request as Envoy hands them over: names in lower case, pseudo-headers among them.
#[derive(Clone, Debug, Default)]
pub struct Headers(Vec<(String, Vec<u8>)>);

/// How often a header stands in a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Header<'a> {
    /// Not at all.
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
        Self(pairs)
    }

    /// The header of this name, which is in lower case.
    #[must_use]
    pub fn get(&self, name: &str) -> Header<'_> {
        let mut values = self.0.iter().filter(|(key, _)| key == name).map(|(_, value)| value.trim_ascii());
        match (values.next(), values.next()) {
            (None, _) => Header::Absent,
            (Some(value), None) => Header::Once(value),
            (Some(_), Some(_)) => Header::Repeated,
        }
    }

    /// Those of `names` that the request has.
    pub fn present<'n>(&self, names: &'n [&'n str]) -> impl Iterator<Item = &'n str> {
        names.iter().copied().filter(|name| self.get(name) != Header::Absent)
    }
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
    }
}
