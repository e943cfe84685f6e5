//! Writes strings: what needs an escape has one; RFC 8259, section 7.

use std::fmt::Write as _;

use super::string::{Scanner, is_plain};
use crate::{bytes::is_printable_ascii, text::is_invisible};

/// A text as a JSON string.
#[must_use]
pub fn quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len().saturating_add(2));
    push_quoted(text, &mut out);
    out
}

/// Appends a text as a JSON string.
pub(super) fn push_quoted(text: &str, out: &mut String) {
    out.push('"');
    escape(text, out);
    out.push('"');
}

/// A JSON text in which every character can be seen: those of [`is_invisible`] as escapes, which mean the same. Only strings have
/// such characters, but for white space in ASCII.
#[must_use]
pub fn visible(json: String) -> String {
    if is_printable_ascii(json.as_bytes()) {
        return json;
    }
    escape_characters(&json, is_invisible)
}

/// A JSON text with some characters as escapes, which mean the same; only strings may have such characters.
#[must_use]
pub fn escape_characters(json: &str, is_escaped: fn(char) -> bool) -> String {
    let mut out = String::with_capacity(json.len().saturating_mul(2));
    for c in json.chars() {
        if is_escaped(c) {
            for unit in c.encode_utf16(&mut [0; 2]) {
                // Writing to a string does not fail.
                let _ = write!(out, "\\u{unit:04x}");
            }
        } else {
            out.push(c);
        }
    }
    out
}

/// Appends the content of a string, between its quotes; RFC 8259, section 7.
pub(crate) fn escape(text: &str, out: &mut String) {
    if is_plain(text.as_bytes()) {
        out.push_str(text);
        return;
    }
    let (mut finder, mut from) = (Scanner::new(text.as_bytes()), 0_usize);
    loop {
        let at = finder.next(from);
        // What needs an escape is ASCII, so the text can be cut before and behind it.
        out.push_str(text.get(from..at).unwrap_or_default());
        let Some(special) = text.as_bytes().get(at) else { break };
        match special {
            b'"' => out.push_str("\\\""),
            b'\\' => out.push_str("\\\\"),
            b'\n' => out.push_str("\\n"),
            b'\t' => out.push_str("\\t"),
            b'\r' => out.push_str("\\r"),
            // The short forms: an escape that a caller sent is not written as a longer one.
            0x08 => out.push_str("\\b"),
            0x0C => out.push_str("\\f"),
            control => {
                // Writing to a string does not fail.
                let _ = write!(out, "\\u{control:04x}");
            }
        }
        from = at.saturating_add(1);
    }
}

#[cfg(test)]
mod tests {
    #[cfg(target_family = "wasm")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::{quoted, visible};

    #[test]
    fn characters_that_cannot_be_seen_are_escaped_and_mean_the_same() {
        for (text, shown) in [
            ("pay", r#""pay""#),
            ("größe 支払い", r#""größe 支払い""#),
            ("a\u{1b}[2Jb\u{7f}", r#""a\u001b[2Jb\u007f""#),
            ("\u{9b}\u{202e}\u{200b}", r#""\u009b\u202e\u200b""#),
            ("\u{e0041}", r#""\udb40\udc41""#),
        ] {
            let json = visible(quoted(text));
            assert_eq!(json, shown);
            let node = crate::json::parse(json.as_bytes(), 8).unwrap();
            assert_eq!(node.value, crate::json::Value::String(text.into()));
        }
    }
}
