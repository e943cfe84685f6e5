//! Spellings that one server resolves to another path or URI than the next one: dot segments and needless escapes.
//! RFC 3986, sections 2.3, 3.3 and 6.2.2.

use std::borrow::Cow;

/// Whether a part between two slashes is `.` or `..`, be it with path parameters (`..;x`), which some servers take off.
pub(crate) fn has_dot_segment(path: &str) -> bool {
    path.split('/').any(|segment| matches!(segment.split(';').next(), Some("." | "..")))
}

/// Whether the percent-encoded bytes of a text can mean something else to a server that decodes them: unreserved
/// characters (among them the dot), the slash, the backslash, the percent sign and control characters; and what is not UTF-8:
/// `%c0%ae` is a dot to decoders that do not check.
pub(crate) fn has_ambiguous_escape(text: &str) -> bool {
    let is_ambiguous = |byte: u8| {
        byte.is_ascii_alphanumeric()
            || byte.is_ascii_control()
            || matches!(byte, b'-' | b'.' | b'_' | b'~' | b'/' | b'\\' | b'%')
    };
    // As most texts: nothing is decoded.
    text.contains('%') && (escapes(text).flatten().any(is_ambiguous) || std::str::from_utf8(&decode(text)).is_err())
}

/// A URI without what may be a secret: user information, and the query and the fragment. RFC 3986, section 3; some readers take `\`
/// for `/`, and any number of slashes behind the scheme for two.
pub(crate) fn without_secrets(uri: &str) -> Cow<'_, str> {
    let front = uri.split(['?', '#']).next().unwrap_or_default();
    let Some((scheme, rest)) = front.split_once(':') else { return Cow::Borrowed(front) };
    let path = rest.trim_start_matches(['/', '\\']);
    let authority = path.split(['/', '\\']).next().unwrap_or_default();
    match (path.len() < rest.len(), authority.rfind('@')) {
        (true, Some(at)) => {
            let slashes = rest.get(..rest.len().saturating_sub(path.len())).unwrap_or_default();
            let host = path.get(at.saturating_add(1)..).unwrap_or_default();
            Cow::Owned([scheme, ":", slashes, host].concat())
        }
        _ => Cow::Borrowed(front),
    }
}

/// Whether a percent sign begins no escape of two hexadecimal digits.
pub(crate) fn has_malformed_escape(text: &str) -> bool {
    escapes(text).any(|byte| byte.is_none())
}

/// The bytes that a text percent-encodes; `None` for a percent sign that begins no escape.
fn escapes(text: &str) -> impl Iterator<Item = Option<u8>> {
    text.split('%').skip(1).map(|rest| escape(rest.as_bytes()))
}

/// The byte that two hexadecimal digits at the front of a text are.
pub(crate) fn escape(text: &[u8]) -> Option<u8> {
    let &[high, low, ..] = text else { return None };
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    Some(digit(high)? << 4 | digit(low)?)
}

/// The bytes of a text with its escapes decoded, once.
pub(crate) fn decode(text: &str) -> Vec<u8> {
    let (mut bytes, mut rest) = (Vec::with_capacity(text.len()), text.as_bytes());
    while let Some((&byte, behind)) = rest.split_first() {
        let escaped = if byte == b'%' { escape(behind) } else { None };
        bytes.push(escaped.unwrap_or(byte));
        rest = if escaped.is_some() { behind.get(2..).unwrap_or_default() } else { behind };
    }
    bytes
}

#[cfg(test)]
mod tests {
    #[cfg(target_family = "wasm")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::{has_ambiguous_escape, has_dot_segment, has_malformed_escape, without_secrets};

    #[test]
    fn a_dot_segment_is_between_slashes() {
        for path in ["/a/../b", "/./a", "..", "/a/.", "/a/..;x/b", ".;"] {
            assert!(has_dot_segment(path), "{path}");
        }
        for path in ["/a..b/c.d", "/...", "", "/", "/a;..", "/a..;b"] {
            assert!(!has_dot_segment(path), "{path}");
        }
    }

    #[test]
    fn an_escape_is_ambiguous_if_decoding_it_changes_what_is_meant() {
        for text in [
            "%2e", "%2E", "a%2fb", "%5c", "%41", "%7E", "%2d", "%5F", "%25", "%0a", "%7f", "%252e", "%c0%ae", "%ff",
            "%C3",
        ] {
            assert!(has_ambiguous_escape(text), "{text}");
        }
        for text in ["%20", "%C3%A9", "%3A", "%", "%zz", "%2", ""] {
            assert!(!has_ambiguous_escape(text), "{text}");
        }
        assert!(["%", "a%2", "%u002f", "%+1", "%C3%"].into_iter().all(has_malformed_escape));
        assert!(["", "%20", "%C3%a9"].into_iter().all(|text| !has_malformed_escape(text)));
    }

    #[test]
    fn user_information_query_and_fragment_are_left_out() {
        for (uri, recorded) in [
            ("file:///a/b.txt", "file:///a/b.txt"),
            ("postgres://alice:secret@db.test/table", "postgres://db.test/table"),
            ("https://a@b@host/x?token=1#y", "https://host/x"),
            ("https:\\\\a:b@host\\x", "https:\\\\host\\x"),
            ("s3:////key@bucket/x", "s3:////bucket/x"),
            ("x://host/a@b", "x://host/a@b"),
            ("x://host#token=1?a", "x://host"),
            ("x://a?b@c", "x://a"),
            ("mailto:alice@example.com", "mailto:alice@example.com"),
            ("no-scheme?q", "no-scheme"),
            ("", ""),
        ] {
            assert_eq!(without_secrets(uri), recorded, "{uri}");
        }
    }
}
