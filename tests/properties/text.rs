//! One JSON value, written in many ways.

use serde_json::Value;

/// A source of choices.
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// A number below `sides`; splitmix64.
    fn roll(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        usize::try_from((mixed ^ (mixed >> 31)) % sides as u64).unwrap()
    }

    /// The value with its members in any order, white space anywhere and some characters escaped.
    pub(crate) fn write(&mut self, value: &Value) -> String {
        let inner = match value {
            Value::Object(members) => {
                let mut members: Vec<_> = members.iter().collect();
                for last in (1..members.len()).rev() {
                    members.swap(last, self.roll(last + 1));
                }
                let member = |(name, value): (&String, &Value)| {
                    format!("{}{}{}:{}", self.space(), self.quote(name), self.space(), self.write(value))
                };
                let written: Vec<String> = members.into_iter().map(member).collect();
                format!("{{{}{}}}", written.join(","), self.space())
            }
            Value::Array(elements) => {
                let written: Vec<String> = elements.iter().map(|element| self.write(element)).collect();
                format!("[{}{}]", self.space(), written.join(","))
            }
            Value::String(text) => self.quote(text),
            other => other.to_string(),
        };
        format!("{}{inner}{}", self.space(), self.space())
    }

    fn space(&mut self) -> &'static str {
        ["", "", "", " ", "\n", "\t", "\r\n  "][self.roll(7)]
    }

    fn quote(&mut self, text: &str) -> String {
        let escaped: String = text.chars().map(|c| self.character(c)).collect();
        format!("\"{escaped}\"")
    }

    fn character(&mut self, c: char) -> String {
        let must = matches!(c, '"' | '\\' | '\0'..='\u{1f}');
        if !must && self.roll(8) > 0 {
            return c.to_string();
        }
        c.encode_utf16(&mut [0; 2]).iter().map(|unit| format!("\\u{unit:04x}")).collect()
    }
}
