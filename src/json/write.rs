//! A writer of JSON objects, member by member.

use std::fmt::{Display, Write as _};

use super::escape::escape;

/// The name of a member that is a string. Each piece that is appended to a text costs as much as ten bytes, so the names in records
/// and replies, which are written for every call, are appended with what is around them: `text_name!`.
pub trait TextName {
    /// Appends the front of the member, up to its value.
    fn begin(self, out: &mut Writer);
}

/// A name between a comma, quotes and a colon, up to the quote of its value; by `text_name!`.
#[derive(Clone, Copy, Debug)]
pub struct TextStart(pub &'static str);

/// The name of a member that is a string, which is appended in one piece.
macro_rules! text_name {
    ($name:literal) => {
        $crate::json::TextStart(concat!(",\"", $name, "\":\""))
    };
}
pub(crate) use text_name;

impl TextName for &'static str {
    fn begin(self, out: &mut Writer) {
        out.write_name(self, "\":\"");
    }
}

impl TextName for TextStart {
    #[inline(always)]
    fn begin(self, out: &mut Writer) {
        // No comma comes before the first.
        let start = self.0.get(usize::from(out.is_empty())..);
        out.0.push_str(start.unwrap_or_default());
    }
}

/// An object under construction.
#[derive(Clone, Debug)]
pub struct Writer(String);

impl Default for Writer {
    fn default() -> Self {
        Self("{".to_owned())
    }
}

impl Writer {
    /// An object that takes about so many bytes.
    #[must_use]
    pub fn with_capacity(bytes: usize) -> Self {
        let mut text = String::with_capacity(bytes);
        text.push('{');
        Self(text)
    }

    /// Adds a string.
    pub fn add_string(&mut self, name: impl TextName, value: &str) -> &mut Self {
        name.begin(self);
        self.end_string(value)
    }

    /// Once for all kinds of names.
    fn end_string(&mut self, value: &str) -> &mut Self {
        escape(value, &mut self.0);
        self.0.push('"');
        self
    }

    /// Adds a string that needs no escapes: a word of this crate, or digits.
    pub fn add_word(&mut self, name: impl TextName, value: &str) -> &mut Self {
        name.begin(self);
        self.0.push_str(value);
        self.0.push('"');
        self
    }

    /// Adds a string, if there is one.
    pub fn add_optional_string(&mut self, name: impl TextName, value: Option<&str>) -> &mut Self {
        if let Some(value) = value {
            self.add_string(name, value);
        }
        self
    }

    /// Adds a string, unless it is empty.
    pub fn add_nonempty_string(&mut self, name: impl TextName, value: &str) -> &mut Self {
        self.add_optional_string(name, Some(value).filter(|value| !value.is_empty()))
    }

    /// Adds an object, which `fill` gives its members.
    pub fn add_object(&mut self, name: &'static str, fill: impl FnOnce(&mut Self)) -> &mut Self {
        self.write_name(name, "\":{");
        fill(self);
        self.0.push('}');
        self
    }

    /// Adds a value that is JSON already.
    pub fn add_raw(&mut self, name: &'static str, json: &str) -> &mut Self {
        self.write_name(name, "\":");
        self.0.push_str(json);
        self
    }

    /// Adds a value whose `Display` is JSON, such as a number.
    pub fn add_json(&mut self, name: &'static str, value: impl Display) -> &mut Self {
        self.write_name(name, "\":");
        // Writing to a string does not fail.
        let _ = write!(self.0, "{value}");
        self
    }

    /// Adds an integer, which takes a third of [`Self::add_json`].
    pub fn add_integer(&mut self, name: &'static str, value: u64) -> &mut Self {
        self.write_name(name, "\":");
        push_number(value, &mut self.0);
        self
    }

    /// The object as text.
    #[must_use]
    pub fn finish(mut self) -> String {
        self.0.push('}');
        self.0
    }

    /// Adds a member whose name comes from a policy or a request.
    pub fn add_member(&mut self, name: &str, value: impl Display) -> &mut Self {
        self.begin_member();
        escape(name, &mut self.0);
        let _ = write!(self.0, "\":{value}");
        self
    }

    /// Adds a member with an integer, whose name comes from a policy or a request.
    pub fn add_integer_member(&mut self, name: &str, value: u64) -> &mut Self {
        self.begin_member();
        escape(name, &mut self.0);
        self.0.push_str("\":");
        push_number(value, &mut self.0);
        self
    }

    /// Begins a member up to its value, or into it: `end` follows the name, which is a constant of this crate and needs no escapes.
    fn write_name(&mut self, name: &'static str, end: &'static str) {
        self.begin_member();
        self.0.push_str(name);
        self.0.push_str(end);
    }

    fn begin_member(&mut self) {
        self.0.push_str(if self.is_empty() { "\"" } else { ",\"" });
    }

    /// Whether the object that is being written has no member yet: no value ends like this.
    fn is_empty(&self) -> bool {
        self.0.as_bytes().last() == Some(&b'{')
    }
}

/// The digits of a number, which take a third of `to_string`.
#[must_use]
pub fn decimal_digits(number: u64) -> String {
    let mut digits = String::with_capacity(20);
    push_number(number, &mut digits);
    digits
}

/// Appends the digits of a number. By hand: a call's parameters may hold thousands of numbers, and formatting one takes a thousand
/// instructions.
pub(super) fn push_number(number: u64, out: &mut String) {
    let (mut digits, mut rest) = ([b'0'; 20], number);
    let mut first = digits.len();
    for digit in digits.iter_mut().rev() {
        *digit = b'0'.wrapping_add(u8::try_from(rest % 10).unwrap_or_default());
        (rest, first) = (rest / 10, first.saturating_sub(1));
        if rest == 0 {
            break;
        }
    }
    let written = digits.get(first..).and_then(|digits| std::str::from_utf8(digits).ok());
    out.push_str(written.unwrap_or_default());
}

/// A list of strings.
#[must_use]
pub fn list<'t>(texts: impl Iterator<Item = &'t str>) -> String {
    let mut out = String::with_capacity(128);
    out.push('[');
    for text in texts {
        out.push_str(if out.len() > 1 { ",\"" } else { "\"" });
        escape(text, &mut out);
        out.push('"');
    }
    out.push(']');
    out
}

#[cfg(test)]
mod tests {
    #[cfg(target_family = "wasm")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::Writer;

    #[test]
    fn an_integer_is_written_as_the_standard_library_writes_it() {
        for number in [0, 7, 10, 4711, 1_000_000, u64::MAX] {
            let mut writer = Writer::default();
            writer.add_integer("n", number).add_integer_member("m", number);
            assert_eq!(writer.finish(), format!(r#"{{"n":{number},"m":{number}}}"#));
        }
    }

    #[test]
    fn a_name_in_one_piece_is_written_as_any_other() {
        let mut writer = Writer::default();
        writer.add_string(text_name!("a"), "x\"").add_word(text_name!("b"), "y").add_string("c", "z");
        assert_eq!(writer.finish(), r#"{"a":"x\"","b":"y","c":"z"}"#);
    }
}
