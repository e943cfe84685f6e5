//! The members of an object in a text that is strict JSON but for depth, half surrogate pairs and repeated names.
//!
//! [`Reader`](super::Reader) refuses such a text. The outline finds in it what the reply to that refusal needs, such as the id of the
//! request; no decision is made on what it reads. It does not recurse, and needs a bit of memory for each level of nesting.

use std::borrow::Cow;

use super::{Fault, Reason, names, number, reader::token, string};

/// Reads the object that `bytes` is, calling `visit` with the name of each member and the bytes of its value. A name with
/// half a surrogate pair is read as U+FFFD. `None` if the text is not an object, or has another fault than those that the outline accepts;
/// `visit` may have been called before.
pub fn members<'a>(bytes: &'a [u8], mut visit: impl FnMut(&str, &'a [u8])) -> Option<()> {
    let mut outline = Outline { bytes, at: 0, levels: Levels::default() };
    outline.expect(b'{')?;
    if !outline.accept(b'}') {
        loop {
            let name = outline.name()?;
            outline.skip_space();
            let start = outline.at;
            outline.skip()?;
            visit(&name, bytes.get(start..outline.at)?);
            if outline.accept(b'}') {
                break;
            }
            outline.expect(b',')?;
        }
    }
    outline.skip_space();
    (outline.at == bytes.len()).then_some(())
}

/// The value of the last member with a name in an object that [`members`] reads to its end.
#[must_use]
pub fn last_member<'a>(object: &'a [u8], name: &str) -> Option<&'a [u8]> {
    let mut found = None;
    members(object, |other, value| {
        if other == name {
            found = Some(value);
        }
    })?;
    found
}

#[derive(Debug)]
struct Outline<'a> {
    bytes: &'a [u8],
    at: usize,
    levels: Levels,
}

/// The objects and arrays that are open inside a value, innermost last: a bit for each, set for an object.
#[derive(Debug, Default)]
struct Levels {
    words: Vec<u64>,
    count: usize,
}

impl<'a> Outline<'a> {
    /// Skips the next value, however deep it is.
    fn skip(&mut self) -> Option<()> {
        loop {
            self.skip_space();
            let has_ended = match self.bytes.get(self.at)? {
                b'{' => self.open(true, b'}')?,
                b'[' => self.open(false, b']')?,
                b'"' => self.string().map(|_| true)?,
                b'-' | b'0'..=b'9' => {
                    self.at = number::scan(self.bytes, self.at).ok()?;
                    true
                }
                b't' => self.literal(b"true")?,
                b'f' => self.literal(b"false")?,
                b'n' => self.literal(b"null")?,
                _ => return None,
            };
            if has_ended && self.close()? {
                return Some(());
            }
        }
    }

    /// Enters an object or array; returns whether it has ended already, since it is empty.
    fn open(&mut self, is_object: bool, end: u8) -> Option<bool> {
        self.at = self.at.saturating_add(1);
        if self.accept(end) {
            return Some(true);
        }
        self.levels.push(is_object);
        if is_object {
            self.skip_name()?;
        }
        Some(false)
    }

    /// Leaves each object and array that ends here; returns whether all have ended, so that no further value follows.
    fn close(&mut self) -> Option<bool> {
        while let Some(is_object) = self.levels.last() {
            if self.accept(b',') {
                if is_object {
                    self.skip_name()?;
                }
                return Some(false);
            }
            self.expect(if is_object { b'}' } else { b']' })?;
            self.levels.pop();
        }
        Some(true)
    }

    /// The name of the next member; the value follows.
    fn name(&mut self) -> Option<Cow<'a, str>> {
        let (span, is_whole) = self.skip_name()?;
        if !is_whole {
            return Some(Cow::Borrowed("\u{fffd}"));
        }
        let content = names::content(self.bytes, span);
        if !span.escaped {
            return Some(Cow::Borrowed(content));
        }
        let mut name = String::with_capacity(content.len());
        string::unescape_into(content, &mut name);
        Some(Cow::Owned(name))
    }

    /// Skips the name of the next member: its content, and whether it has no half surrogate pair.
    fn skip_name(&mut self) -> Option<(string::Span, bool)> {
        self.skip_space();
        let found = self.string()?;
        self.expect(b':')?;
        Some(found)
    }

    /// The content of the next string, and whether it has no half surrogate pair.
    fn string(&mut self) -> Option<(string::Span, bool)> {
        self.expect(b'"')?;
        let (start, mut from) = (self.at, self.at);
        loop {
            match string::scan(self.bytes, from) {
                Ok(span) => {
                    self.at = span.end.saturating_add(1);
                    return Some((string::Span { start, ..span }, from == start));
                }
                Err(Fault { at, reason: Reason::Surrogate }) => {
                    std::str::from_utf8(self.bytes.get(from..at)?).ok()?;
                    // Behind the `\uXXXX`.
                    from = at.saturating_add(6);
                }
                Err(_) => return None,
            }
        }
    }

    fn literal(&mut self, word: &[u8]) -> Option<bool> {
        self.at = self.bytes.get(self.at..)?.starts_with(word).then(|| self.at.saturating_add(word.len()))?;
        Some(true)
    }

    fn expect(&mut self, byte: u8) -> Option<()> {
        self.accept(byte).then_some(())
    }

    fn accept(&mut self, byte: u8) -> bool {
        self.skip_space();
        let is_here = self.bytes.get(self.at) == Some(&byte);
        self.at = self.at.saturating_add(usize::from(is_here));
        is_here
    }

    fn skip_space(&mut self) {
        self.at = token::spaces_end(self.bytes, self.at);
    }
}

impl Levels {
    fn push(&mut self, is_object: bool) {
        let (word, bit) = Self::place(self.count);
        if word == self.words.len() {
            self.words.push(0);
        }
        if let Some(word) = self.words.get_mut(word) {
            *word = if is_object { *word | bit } else { *word & !bit };
        }
        self.count = self.count.saturating_add(1);
    }

    fn pop(&mut self) {
        self.count = self.count.saturating_sub(1);
    }

    /// Whether the innermost is an object; `None` if none is open.
    fn last(&self) -> Option<bool> {
        let (word, bit) = Self::place(self.count.checked_sub(1)?);
        Some(self.words.get(word)? & bit != 0)
    }

    fn place(index: usize) -> (usize, u64) {
        (index / 64, 1 << (index % 64))
    }
}

#[cfg(test)]
mod tests {
    #[cfg(target_family = "wasm")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::members;

    #[track_caller]
    fn outline(text: &[u8]) -> Option<Vec<(String, String)>> {
        let mut found = Vec::new();
        let visit =
            |name: &str, value: &[u8]| found.push((name.to_owned(), String::from_utf8_lossy(value).into_owned()));
        members(text, visit).map(|()| found)
    }

    #[test]
    fn members_are_found_beside_what_is_too_deep_cut_or_repeated() {
        let deep = |levels: usize| format!("{}1{}", r#"[{"a":"#.repeat(levels), "}]".repeat(levels));
        let text = format!(
            r#" {{ "id" : 7 , "x":{} , "id": "\ud83d\ud83d\ude00 é", "\ud800":null,"e":[],"o":{{ }} }} "#,
            deep(5000)
        );
        let pairs = [
            ("id", "7"),
            ("x", &deep(5000)),
            ("id", r#""\ud83d\ud83d\ude00 é""#),
            ("\u{fffd}", "null"),
            ("e", "[]"),
            ("o", "{ }"),
        ];
        let expected = pairs.map(|(name, value)| (name.to_owned(), value.to_owned()));
        assert_eq!(outline(text.as_bytes()).as_deref(), Some(&expected[..]));
        assert_eq!(outline(br#"{"\u0069d":[true,false,null,-1.5e3,{"a":{}}]}"#).unwrap()[0].0, "id");
        assert_eq!(outline(b"{}"), Some(Vec::new()));
    }

    #[test]
    fn a_text_with_another_fault_has_no_outline() {
        let open = "[".repeat(100_000);
        for text in [
            "",
            "[]",
            "1",
            "{",
            r#"{"a""#,
            r#"{"a":}"#,
            r#"{"a":1,}"#,
            r#"{"a":1}x"#,
            r#"{"a":1}{}"#,
            r#"{a:1}"#,
            r#"{"a":01}"#,
            r#"{"a":1e999}"#,
            r#"{"a":[1,]}"#,
            r#"{"a":[1}}"#,
            r#"{"a":{"b":1]}"#,
            r#"{"a":"\x"}"#,
            r#"{"a":"\ud800}"#,
            r#"{"a":nul}"#,
            r#"{"a":NaN}"#,
            "{\"a\":\"\n\"}",
            r#"{"a":{"b"}}"#,
            r#"{"a":{1:2}}"#,
            "\u{feff}{}",
            &format!(r#"{{"a":{open}"#),
        ] {
            assert_eq!(outline(text.as_bytes()), None, "{text:.40}");
        }
        assert_eq!(outline(b"{\"a\":\"\\ud800\xff\"}"), None);
        assert_eq!(outline(b"{\"a\":\"\xff\\ud800\"}"), None);
    }

    #[test]
    fn what_was_open_at_a_depth_before_leaves_no_trace() {
        for value in [
            r#"[{"x":1,"y":2},{"x":1,"y":2},[1,2],{"x":1,"y":2},[{},{}],[[],[]]]"#,
            r#"{"x":{"a":1,"b":2},"y":{"a":1,"b":2},"z":[1,2],"w":{"a":[1,2],"b":{"c":1,"d":2}}}"#,
        ] {
            let deep = format!("{}{value}{}", "[".repeat(63), "]".repeat(63));
            for value in [value, &deep] {
                let text = format!(r#"{{"a":{value},"b":1}}"#);
                let expected = vec![("a".to_owned(), value.to_owned()), ("b".to_owned(), "1".to_owned())];
                assert_eq!(outline(text.as_bytes()), Some(expected), "{text}");
            }
        }
        assert_eq!(outline(br#"{"a":[{"x":1},{"y"],"b":1}"#), None);
        assert_eq!(outline(br#"{"a":[[1],{"x":1],"b":1}"#), None);
    }
}
