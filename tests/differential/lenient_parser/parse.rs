//! From text to a value.

use super::{Tolerance, Value, quoted};

/// Deeper texts are given up on: some reader reads them, but not in a test's stack.
const MAX_DEPTH: u32 = 400;

/// The value that the text holds, to a reader this tolerant.
pub(crate) fn parse(text: &str, tolerance: Tolerance) -> Option<Value> {
    let chars: Vec<char> = text.chars().collect();
    let mut parser = Parser { chars: &chars, at: 0, tolerance, depth: 0 };
    let mut value = parser.value()?;
    parser.space();
    if tolerance.stream {
        let mut values = vec![value];
        while let Some(next) = parser.value() {
            values.push(next);
        }
        value = Value::Array(values);
    }
    (tolerance.trailing || parser.at == chars.len()).then_some(value)
}

pub(super) struct Parser<'t> {
    pub(super) chars: &'t [char],
    pub(super) at: usize,
    pub(super) tolerance: Tolerance,
    depth: u32,
}

impl Parser<'_> {
    pub(super) fn peek(&self) -> Option<char> {
        self.chars.get(self.at).copied()
    }

    pub(super) fn accept(&mut self, c: char) -> bool {
        let here = self.peek() == Some(c);
        self.at += usize::from(here);
        here
    }

    /// A separator, or what some take for it.
    fn either(&mut self, usual: char, bare: char) -> Option<()> {
        (self.accept(usual) || self.tolerance.bare && self.accept(bare)).then_some(())
    }

    fn starts_with(&self, text: &str) -> bool {
        let rest = self.chars.get(self.at..).unwrap_or_default();
        text.chars().enumerate().all(|(index, c)| rest.get(index) == Some(&c))
    }

    fn space(&mut self) {
        loop {
            match self.peek() {
                Some(' ' | '\t' | '\n' | '\r') => self.at += 1,
                Some(c) if self.tolerance.controls && (c.is_control() || c.is_whitespace() || c == '\u{FEFF}') => {
                    self.at += 1;
                }
                _ if self.tolerance.comments && self.starts_with("/*") => {
                    self.at += 2;
                    while self.at < self.chars.len() && !self.starts_with("*/") {
                        self.at += 1;
                    }
                    self.at += 2;
                }
                _ if self.tolerance.comments && (self.starts_with("//") || self.starts_with("#")) => {
                    while self.peek().is_some_and(|c| c != '\n') {
                        self.at += 1;
                    }
                }
                _ => return,
            }
        }
    }

    fn value(&mut self) -> Option<Value> {
        self.space();
        match self.peek()? {
            '{' => self.nested(Self::object),
            '[' => self.nested(Self::array),
            '"' => quoted::read(self, '"').map(Value::Text),
            '\'' if self.tolerance.bare => quoted::read(self, '\'').map(Value::Text),
            _ => {
                let word = self.word();
                self.literal(word)
            }
        }
    }

    fn nested(&mut self, read: fn(&mut Self) -> Option<Value>) -> Option<Value> {
        self.at += 1;
        self.depth += 1;
        let value = if self.depth > MAX_DEPTH { None } else { read(self) };
        self.depth -= 1;
        value
    }

    fn object(&mut self) -> Option<Value> {
        let mut members = Vec::new();
        loop {
            self.space();
            if self.accept('}') && (members.is_empty() || self.tolerance.bare) {
                break;
            }
            let name = match self.peek()? {
                '"' => quoted::read(self, '"')?,
                '\'' if self.tolerance.bare => quoted::read(self, '\'')?,
                _ if self.tolerance.bare => Some(self.word()).filter(|word| !word.is_empty())?,
                _ => return None,
            };
            self.space();
            self.either(':', '=')?;
            members.push((name, self.value()?));
            self.space();
            if self.accept('}') {
                break;
            }
            self.either(',', ';')?;
        }
        Some(Value::Object(members))
    }

    fn array(&mut self) -> Option<Value> {
        let mut elements = Vec::new();
        loop {
            self.space();
            if self.accept(']') && (elements.is_empty() || self.tolerance.bare) {
                break;
            }
            elements.push(self.value()?);
            self.space();
            if self.accept(']') {
                break;
            }
            self.either(',', ';')?;
        }
        Some(Value::Array(elements))
    }

    /// Everything up to the next character that ends a bare word.
    fn word(&mut self) -> String {
        let start = self.at;
        while self.peek().is_some_and(|c| !"{}[],:;=\"'/ \t\r\n".contains(c)) {
            self.at += 1;
        }
        self.chars[start..self.at].iter().collect()
    }

    fn literal(&self, word: String) -> Option<Value> {
        match word.as_str() {
            "" => None,
            "null" => Some(Value::Null),
            "true" => Some(Value::Bool(true)),
            "false" => Some(Value::Bool(false)),
            number if is_number(number) => Some(Value::Number(word)),
            odd if self.tolerance.numbers && is_odd_number(odd) => Some(Value::Number(word)),
            _ if self.tolerance.bare => Some(Value::Text(word)),
            _ => None,
        }
    }
}

/// RFC 8259, section 6.
fn is_number(word: &str) -> bool {
    let unsigned = word.strip_prefix('-').unwrap_or(word);
    let (mantissa, exponent) = unsigned.split_once(['e', 'E']).unwrap_or((unsigned, "0"));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, "0"));
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    let exponent = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
    digits(whole) && digits(fraction) && digits(exponent) && (whole == "0" || !whole.starts_with('0'))
}

fn is_odd_number(word: &str) -> bool {
    let unsigned = word.strip_prefix(['+', '-']).unwrap_or(word);
    unsigned == "NaN" || unsigned == "Infinity" || unsigned.starts_with(|c: char| c.is_ascii_digit() || c == '.')
}
