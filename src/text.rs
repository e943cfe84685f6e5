//! Prepares texts of callers, servers and authors for messages to people: truncates them, and escapes invisible characters.

use std::fmt::Display;

use crate::bytes::is_printable_ascii;

/// A number of things in words: `1 call`, `2 calls`.
#[must_use]
pub fn count<N: Display + PartialEq + From<u8>>(number: N, thing: &str) -> String {
    if number == N::from(1) { format!("1 {thing}") } else { format!("{number} {thing}s") }
}

/// The verb of a number of things: the one of a single thing, or the one of several.
#[must_use]
pub fn verb<N: PartialEq + From<u8>>(number: N, single: &'static str, several: &'static str) -> &'static str {
    if number == N::from(1) { single } else { several }
}

/// Characters of a text of a client's that answers, records and notices repeat at most; product contract, section 3.1.
pub const MAX_CHARS: usize = 256;
/// Characters of a text that a message quotes, unless it says otherwise.
pub const EXCERPT_CHARS: usize = 64;

/// The first [`MAX_CHARS`] characters of a text, as they are. Nearly all texts are shorter, even counted in bytes.
#[must_use]
pub fn front(text: &str) -> &str {
    if text.len() <= MAX_CHARS {
        return text;
    }
    let end = text.char_indices().nth(MAX_CHARS).map_or(text.len(), |(index, _)| index);
    text.get(..end).unwrap_or_default()
}

/// The front of a text, as far as a message quotes it.
#[must_use]
pub fn excerpt(text: &str) -> String {
    truncate(text, EXCERPT_CHARS)
}

/// The front of a text of up to [`MAX_CHARS`] characters, as a message quotes it that may repeat so many.
#[must_use]
pub fn long_excerpt(text: &str) -> String {
    truncate(text, MAX_CHARS)
}

/// The first `max` characters of a text, then `…` if there are more; invisible ones as `\u{…}`. A long text costs no more
/// than a short one.
fn truncate(text: &str, max: usize) -> String {
    let mut characters = text.chars();
    let mut out = String::new();
    characters.by_ref().take(max).for_each(|c| push_visible(c, &mut out));
    if characters.next().is_some() {
        out.push('…');
    }
    out
}

/// A whole text in one line, invisible characters as `\u{…}`.
#[must_use]
pub fn escape_invisible(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    text.chars().for_each(|c| push_visible(c, &mut out));
    out
}

fn push_visible(c: char, out: &mut String) {
    if is_invisible(c) { out.extend(c.escape_unicode()) } else { out.push(c) }
}

/// Whether a character is invisible, or changes how its neighbours are displayed. These are all characters but the plain space
/// in Unicode's categories C (control, format, bidirectional, private, unassigned) and Z (separators), what is ignorable
/// by default, and the blank of Braille.
#[must_use]
pub fn is_invisible(c: char) -> bool {
    match c {
        ' '..='~' => false,
        // Of no such category, and ignorable or blank all the same.
        '\u{34f}'
        | '\u{115f}'..='\u{1160}'
        | '\u{17b4}'..='\u{17b5}'
        | '\u{180b}'..='\u{180f}'
        | '\u{2800}'
        | '\u{3164}'
        | '\u{fe00}'..='\u{fe0f}'
        | '\u{ffa0}'
        | '\u{e0100}'..='\u{e01ef}' => true,
        // The standard library escapes these categories, and marks if they begin a text: so behind a letter.
        c => format!("a{c}").escape_debug().nth(2).is_some(),
    }
}

/// Whether a text has a control character. Nearly all names are found to have none without decoding their UTF-8.
#[must_use]
pub(crate) fn has_control(text: &str) -> bool {
    !is_printable_ascii(text.as_bytes()) && text.chars().any(char::is_control)
}

#[cfg(test)]
mod tests {
    #[cfg(target_family = "wasm")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::{escape_invisible, excerpt, front, long_excerpt, truncate};

    #[test]
    fn what_cannot_be_seen_is_shown_by_its_number() {
        for (character, shown) in [
            ('\u{1b}', r"\u{1b}"),
            ('\n', r"\u{a}"),
            ('\r', r"\u{d}"),
            ('\u{7f}', r"\u{7f}"),
            ('\u{9b}', r"\u{9b}"),
            ('\u{a0}', r"\u{a0}"),
            ('\u{ad}', r"\u{ad}"),
            ('\u{34f}', r"\u{34f}"),
            ('\u{378}', r"\u{378}"),
            ('\u{200b}', r"\u{200b}"),
            ('\u{202e}', r"\u{202e}"),
            ('\u{2028}', r"\u{2028}"),
            ('\u{2066}', r"\u{2066}"),
            ('\u{2800}', r"\u{2800}"),
            ('\u{3000}', r"\u{3000}"),
            ('\u{3164}', r"\u{3164}"),
            ('\u{e000}', r"\u{e000}"),
            ('\u{fe0f}', r"\u{fe0f}"),
            ('\u{e0041}', r"\u{e0041}"),
            ('\u{e0100}', r"\u{e0100}"),
        ] {
            assert_eq!(escape_invisible(&format!("pay{character}ee")), format!("pay{shown}ee"));
        }
    }

    #[test]
    fn what_can_be_seen_stays() {
        for plain in ["create_charge", r#"{"a b": "\\'"}"#, "größe", "e\u{301}", "支払い", "नमस्ते", "שלום", "🙂"]
        {
            assert_eq!(escape_invisible(plain), plain);
        }
    }

    #[test]
    fn a_long_text_is_cut_behind_a_whole_character() {
        assert_eq!(excerpt(&"é".repeat(64)), "é".repeat(64));
        assert_eq!(excerpt(&"é".repeat(65)), "é".repeat(64) + "…");
        assert_eq!(truncate("a\nb", 2), "a\\u{a}…");
        assert_eq!(truncate("", 0), "");
        assert_eq!(long_excerpt(&"é".repeat(257)), "é".repeat(256) + "…");
    }

    #[test]
    fn the_front_of_a_text_is_256_whole_characters_as_they_are() {
        for text in ["a", "é", "支", "🙂", "\n"] {
            assert_eq!(front(&text.repeat(256)), text.repeat(256));
            assert_eq!(front(&text.repeat(257)), text.repeat(256));
        }
        assert_eq!(front(""), "");
    }
}
