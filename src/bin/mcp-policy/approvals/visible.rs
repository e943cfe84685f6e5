//! Texts of callers, as a terminal can show them: nothing in them moves the cursor, hides, or turns its neighbours around.

/// A text in one line.
pub(super) fn text(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for character in text.chars() {
        if is_odd(character) {
            shown.extend(character.escape_unicode());
        } else {
            shown.push(character);
        }
    }
    shown
}

/// The lines of a text, each after `margin`, so that none can be taken for one of ours.
pub(super) fn lines(text: &str, margin: &str) -> String {
    text.split('\n').map(|line| format!("{margin}{}\n", self::text(line))).collect()
}

/// A JSON text that says the same. Such characters stand in its strings alone, but for the white space between them.
pub(super) fn json(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for character in text.chars() {
        if is_odd(character) && !character.is_ascii_whitespace() {
            let mut units = [0; 2];
            for unit in character.encode_utf16(&mut units) {
                shown.push_str(&format!("\\u{unit:04x}"));
            }
        } else {
            shown.push(character);
        }
    }
    shown
}

/// Whether a character cannot be seen, or is more than itself: as on the console's page, all but the plain space of the
/// categories C and Z, what is ignorable by default, and the blank of Braille.
fn is_odd(character: char) -> bool {
    match character {
        '"' | '\'' | '\\' => false,
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
        // Behind a letter, since marks are escaped in the first place of a text only.
        character => String::from_iter(['a', character]).escape_debug().nth(2).is_some(),
    }
}

#[cfg(test)]
mod tests {
    use super::{json, lines, text};

    #[test]
    fn what_cannot_be_seen_is_shown_by_its_number() {
        for (character, shown) in [
            ('\u{1b}', r"\u{1b}"),
            ('\n', r"\u{a}"),
            ('\r', r"\u{d}"),
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
            assert_eq!(text(&format!("pay{character}ee")), format!("pay{shown}ee"));
        }
    }

    #[test]
    fn what_can_be_seen_stays() {
        for plain in ["create_charge", r#"{"a b": "\\'"}"#, "größe", "e\u{301}", "支払い", "नमस्ते", "שלום", "🙂"]
        {
            assert_eq!(text(plain), plain);
            assert_eq!(json(plain), plain);
        }
    }

    #[test]
    fn each_line_has_its_margin() {
        assert_eq!(lines("a\nb\r\n\u{1b}[2J", "  | "), "  | a\n  | b\\u{d}\n  | \\u{1b}[2J\n");
    }

    #[test]
    fn json_says_the_same() {
        assert_eq!(json("{\n\t\"a\":\"\u{202e}\u{e0041}\u{9b}\"}"), "{\n\t\"a\":\"\\u202e\\udb40\\udc41\\u009b\"}");
    }
}
