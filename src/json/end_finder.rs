//! Where a text ends that comes in pieces.

use super::string::Scanner;

/// Finds the end of a text that is an object or an array, by its brackets only. So it says when a text can be read; whether it is
/// JSON, the reader finds out.
///
/// ```
/// # use mcp_policy::json::EndFinder;
/// let mut end = EndFinder::default();
/// assert!(!end.push(br#"{"a": "}\""#));
/// assert!(end.push(br#"}"} "#));
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct EndFinder {
    /// The brackets that are open.
    depth: usize,
    place: Place,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Place {
    #[default]
    Outside,
    InString,
    /// Behind a backslash.
    InEscape,
    Ended,
}

impl EndFinder {
    /// Takes the next piece, and answers whether the text has ended in it, or before.
    pub fn push(&mut self, piece: &[u8]) -> bool {
        let mut strings = Scanner::new(piece);
        let mut at = 0;
        while self.place != Place::Ended {
            if self.place == Place::InString {
                at = strings.next(at);
            }
            let Some(byte) = piece.get(at) else { break };
            self.take(*byte);
            at = at.saturating_add(1);
        }
        self.has_ended()
    }

    /// Whether the text has ended.
    #[must_use]
    pub fn has_ended(&self) -> bool {
        self.place == Place::Ended
    }

    fn take(&mut self, byte: u8) {
        self.place = match (self.place, byte) {
            (Place::Outside, b'"') => Place::InString,
            (Place::InString, b'"') | (Place::Outside, _) => Place::Outside,
            (Place::InString, b'\\') => Place::InEscape,
            (Place::InString | Place::InEscape, _) => Place::InString,
            (Place::Ended, _) => Place::Ended,
        };
        if self.place == Place::Outside {
            match byte {
                b'{' | b'[' => self.depth = self.depth.saturating_add(1),
                b'}' | b']' => {
                    self.depth = self.depth.saturating_sub(1);
                    if self.depth == 0 {
                        self.place = Place::Ended;
                    }
                }
                _ => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    #[cfg(target_family = "wasm")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::EndFinder;

    /// The length of the text up to its end, however it is cut.
    #[track_caller]
    fn end_of(text: &str) -> Option<usize> {
        let bytes = text.as_bytes();
        let ends = |size: usize| {
            let mut finder = EndFinder::default();
            bytes.chunks(size).position(|piece| finder.push(piece)).map(|piece| piece * size)
        };
        let byte_by_byte = ends(1);
        for size in [2, 3, 17, 100] {
            assert_eq!(ends(size), byte_by_byte.map(|end| end / size * size), "in pieces of {size}");
        }
        byte_by_byte.map(|end| end + 1)
    }

    #[test]
    fn a_text_ends_with_the_bracket_that_closes_its_first_one() {
        let long = format!(r#"{{"a":"{}\"}}"}}"#, "é }".repeat(100));
        for (text, behind) in [
            (" {}", " x"),
            ("[]", "[]"),
            (r#"{"a":[{"b":1},{}]}"#, "\n"),
            (r#"["]",{"\\":"\"}"}]"#, ""),
            (r#"{"\u007d":"\\"}"#, "}"),
            (&long, "}"),
            ("]", "{}"),
        ] {
            assert_eq!(end_of(&format!("{text}{behind}")), Some(text.len()), "{text}");
        }
    }

    #[test]
    fn a_text_that_is_not_closed_has_no_end() {
        for text in ["", " ", "1", r#""{}""#, "{", r#"{"a":"}"#, r#"{"a":"\"}"#, "[[]", r#"{"a":"}\\\"}"#] {
            assert_eq!(end_of(text), None, "{text}");
        }
    }
}
