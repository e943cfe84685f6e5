//! Texts of authors, callers and servers, as a terminal can show them: no character in them moves the cursor, hides, or
//! reorders its neighbours. Every verb prints such texts through this file.

use mcp_policy::{
    json::escape_characters,
    text::{escape_invisible, is_invisible},
};

/// A text on one line.
pub(crate) fn line(text: &str) -> String {
    escape_invisible(text)
}

/// A part of a file's line. Its tabs stay: they are indentation.
pub(crate) fn excerpt(text: &str) -> String {
    escape(text, |character| is_invisible(character) && character != '\t')
}

/// A message of this command on several lines, which contain texts of others.
pub(crate) fn message(text: &str) -> String {
    escape(text, |character| is_invisible(character) && character != '\n')
}

/// The lines of a text, each after `margin`, so that none looks like a line of this command.
pub(crate) fn lines(text: &str, margin: &str) -> String {
    text.split('\n').map(|text| format!("{margin}{}\n", line(text))).collect()
}

/// A JSON text that means the same. JSON has such characters only in strings, apart from white space between tokens.
pub(crate) fn json(text: &str) -> String {
    escape_characters(text, |character| is_invisible(character) && !character.is_ascii_whitespace())
}

fn escape(text: &str, is_escaped: impl Fn(char) -> bool) -> String {
    let mut shown = String::with_capacity(text.len());
    for character in text.chars() {
        if is_escaped(character) {
            shown.extend(character.escape_unicode());
        } else {
            shown.push(character);
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::{excerpt, json, line, lines, message};

    #[test]
    fn a_line_shows_what_cannot_be_seen() {
        assert_eq!(line("größe\u{202e}\u{1b}[2J\n"), r"größe\u{202e}\u{1b}[2J\u{a}");
    }

    #[test]
    fn each_line_has_its_margin() {
        assert_eq!(lines("a\nb\r\n\u{1b}[2J", "  | "), "  | a\n  | b\\u{d}\n  | \\u{1b}[2J\n");
    }

    #[test]
    fn excerpts_keep_tabs_and_messages_keep_line_breaks() {
        assert_eq!(excerpt("\ta\n\u{9b}"), "\ta\\u{a}\\u{9b}");
        assert_eq!(message("a\n\tb\u{9b}"), "a\n\\u{9}b\\u{9b}");
    }

    #[test]
    fn json_says_the_same() {
        assert_eq!(json("{\n\t\"a\":\"\u{202e}\u{e0041}\u{9b}\"}"), "{\n\t\"a\":\"\\u202e\\udb40\\udc41\\u009b\"}");
        assert_eq!(json(r#"{"größe": "支払い 🙂"}"#), r#"{"größe": "支払い 🙂"}"#);
    }
}
