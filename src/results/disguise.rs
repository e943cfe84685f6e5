//! Other spellings of a text in which it is looked at, too. The list is this, and no more:
//!
//! * HTML character references: decimal, hexadecimal, and the names in [`NAMES`]
//! * percent-encoding
//! * escapes of a string inside the text, such as JSON in JSON: `\u0040`, `\x40`, `\n`, `\t`, `\r`, `\/`, `\"`, `\\`
//! * characters without width: U+00AD, U+180E, U+200B to U+200D, U+2060 and U+FEFF
//! * base64 of a text in UTF-8, in either alphabet: a run of at least [`MIN_RUN`] digits, which may be wrapped in long lines
//!
//! The first four are undone together, once: a reference to the percent sign of an encoding is not found. Base64 is decoded
//! once, and what it holds is looked at as it is. Anything else (other encodings, compression, another alphabet, letters that look
//! alike) is not found.

use std::ops::Range;

use super::find::{byte, decode_base64, has, sextet};

/// A text with what disguises it undone.
#[derive(Debug, Default)]
pub(super) struct Undone {
    pub(super) text: Vec<u8>,
    /// Where a piece of the text begins, here and in the source. From there both go on alike, up to the next piece.
    pieces: Vec<(usize, usize)>,
}

/// The names of characters that HTML has and that the formats need.
const NAMES: [(&[u8], u8); 16] = [
    (b"amp;", b'&'),
    (b"commat;", b'@'),
    (b"period;", b'.'),
    (b"lowbar;", b'_'),
    (b"dash;", b'-'),
    (b"hyphen;", b'-'),
    (b"sol;", b'/'),
    (b"colon;", b':'),
    (b"plus;", b'+'),
    (b"equals;", b'='),
    (b"nbsp;", b' '),
    (b"quot;", b'"'),
    (b"apos;", b'\''),
    (b"lt;", b'<'),
    (b"gt;", b'>'),
    (b"NewLine;", b'\n'),
];

/// Digits of base64 that are decoded: 18 bytes, fewer than any token has.
const MIN_RUN: usize = 24;
/// A line of base64 that may go on in the next has at least so many digits.
const MIN_LINE: usize = 60;

/// Whether anything that is undone here begins at a place.
pub(super) fn starts_at(text: &[u8], at: usize) -> bool {
    undo(text, at).is_some()
}

impl Undone {
    /// Undoes what disguises a text.
    pub(super) fn new(text: &[u8]) -> Self {
        let mut undone = Self { text: Vec::with_capacity(text.len()), pieces: Vec::new() };
        let (mut at, mut from) = (0, 0);
        undone.pieces.push((0, 0));
        while at < text.len() {
            at = super::find::run_end(text, at, usize::MAX, |byte| {
                !matches!(byte, b'&' | b'%' | b'\\' | 0xE2 | 0xEF | 0xC2 | 0xE1)
            });
            let Some((length, meaning)) = undo(text, at) else {
                at = at.saturating_add(1);
                continue;
            };
            undone.text.extend_from_slice(text.get(from..at).unwrap_or_default());
            // The last piece begins here if nothing is between both: else a text of nothing else would take twice the memory.
            if from < at {
                undone.pieces.push((undone.text.len(), at));
            }
            if let Some(c) = meaning {
                undone.text.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
            }
            at = at.saturating_add(length);
            from = at;
            undone.pieces.push((undone.text.len(), from));
        }
        undone.text.extend_from_slice(text.get(from..).unwrap_or_default());
        undone
    }

    /// What a range that is not empty means in the source.
    pub(super) fn source(&self, range: &Range<usize>) -> Range<usize> {
        // The last piece that begins at or in front of a byte; of several at one place, the last has bytes.
        let behind = |at: usize| self.pieces.partition_point(|(here, _)| *here <= at);
        let to_source = |at: usize| {
            let piece = behind(at).checked_sub(1).and_then(|index| self.pieces.get(index));
            piece.map_or(at, |(here, source)| source.saturating_add(at.saturating_sub(*here)))
        };
        let last = range.end.saturating_sub(1);
        // A character that is written as several ends where the next piece begins.
        let end = match self.pieces.get(behind(last)) {
            Some((here, source)) if *here == range.end => *source,
            _ => to_source(last).saturating_add(1),
        };
        let start = to_source(range.start);
        start..end.max(start)
    }
}

/// How long what is undone at a place is, and the character that it means; `None` if it is left out.
fn undo(text: &[u8], at: usize) -> Option<(usize, Option<char>)> {
    let rest = text.get(at..)?;
    let (length, meaning) = match rest.first()? {
        b'&' => entity(rest)?,
        b'%' => (3, char::from(hex(rest.get(1..3)?)?.try_into().ok().filter(u8::is_ascii)?)),
        b'\\' => escape(rest)?,
        _ => return zero_width(rest).map(|length| (length, None)),
    };
    Some((length, Some(meaning).filter(|c| !is_zero_width(*c))))
}

fn entity(rest: &[u8]) -> Option<(usize, char)> {
    let Some(number) = rest.strip_prefix(b"&#") else {
        let name = rest.get(1..).filter(|name| name.first().is_some_and(u8::is_ascii_alphabetic))?;
        // Nearly all names differ in their first byte.
        let is_name = |known: &[u8]| known.first() == name.first() && name.starts_with(known);
        let (known, meaning) = NAMES.iter().find(|(known, _)| is_name(known))?;
        return Some((known.len().saturating_add(1), char::from(*meaning)));
    };
    let (digits, radix, front) = match number.first()? {
        b'x' | b'X' => (number.get(1..)?, 16, 3),
        _ => (number, 10, 2_usize),
    };
    let count =
        digits.iter().take(8).position(|byte| !char::from(*byte).is_digit(radix)).unwrap_or(digits.len().min(8));
    let number = std::str::from_utf8(digits.get(..count)?).ok()?;
    let meaning = char::from_u32(u32::from_str_radix(number, radix).ok()?)?;
    let semicolon = usize::from(digits.get(count) == Some(&b';'));
    Some((front.saturating_add(count).saturating_add(semicolon), meaning))
}

fn escape(rest: &[u8]) -> Option<(usize, char)> {
    let (length, meaning) = match rest.get(1)? {
        b'u' => (6, char::from_u32(hex(rest.get(2..6)?)?)?),
        b'x' => (4, char::from_u32(hex(rest.get(2..4)?)?)?),
        b'n' => (2, '\n'),
        b'r' => (2, '\r'),
        b't' => (2, '\t'),
        same @ (b'/' | b'"' | b'\'' | b'\\') => (2, char::from(*same)),
        _ => return None,
    };
    Some((length, meaning))
}

fn hex(digits: &[u8]) -> Option<u32> {
    let is_hex = digits.iter().all(u8::is_ascii_hexdigit);
    std::str::from_utf8(digits).ok().filter(|_| is_hex).and_then(|digits| u32::from_str_radix(digits, 16).ok())
}

/// How many bytes a character without width has that begins a text.
fn zero_width(rest: &[u8]) -> Option<usize> {
    match rest {
        [0xC2, 0xAD, ..] => Some(2),
        [0xE2, 0x80, 0x8B..=0x8D, ..] | [0xE2, 0x81, 0xA0, ..] | [0xEF, 0xBB, 0xBF, ..] | [0xE1, 0xA0, 0x8E, ..] => {
            Some(3)
        }
        _ => None,
    }
}

fn is_zero_width(c: char) -> bool {
    matches!(c, '\u{AD}' | '\u{180E}' | '\u{200B}'..='\u{200D}' | '\u{2060}' | '\u{FEFF}')
}

/// A run of base64 in a text, and the text in it.
#[derive(Debug)]
pub(super) struct Encoded {
    pub(super) range: Range<usize>,
    pub(super) text: Vec<u8>,
}

/// The runs of base64 in a text that decode to a text.
pub(super) fn base64_runs(text: &[u8]) -> Vec<Encoded> {
    let mut runs = Vec::new();
    let mut at = 0_usize;
    let is_digit = |byte: u8| sextet(byte).is_some();
    while at.saturating_add(MIN_RUN) <= text.len() {
        // A run that begins here, or soon behind, has a digit at its end: most texts are skipped by words.
        let window = text.get(at..at.saturating_add(MIN_RUN)).unwrap_or_default();
        if let Some(last) = window.iter().rposition(|byte| !is_digit(*byte)) {
            at = at.saturating_add(last).saturating_add(1);
            continue;
        }
        let end = run_with_lines(text, at);
        let digits = text.get(at..end).unwrap_or_default();
        // Four digits are three bytes, so the front can be decoded alone.
        let is_text_so_far = is_text(&decode_base64(digits.get(..MIN_RUN).unwrap_or_default()), true);
        if is_text_so_far {
            let text = decode_base64(digits);
            if is_text(&text, false) {
                runs.push(Encoded { range: at..end, text });
            }
        }
        at = end;
    }
    runs
}

/// Where a run of base64 ends, its padding and its line feeds included.
fn run_with_lines(text: &[u8], start: usize) -> usize {
    let mut at = start;
    loop {
        let line = super::find::run_end(text, at, usize::MAX, |byte| sextet(byte).is_some());
        let feed = if has(text, line, b"\r\n") { 2 } else { usize::from(byte(text, line) == b'\n') };
        let next = line.saturating_add(feed);
        if feed == 0 || line.saturating_sub(at) < MIN_LINE || sextet(byte(text, next)).is_none() {
            return super::find::run_end(text, line, 2, |byte| byte == b'=');
        }
        at = next;
    }
}

/// Whether bytes are a text: UTF-8 without control characters but white space. Of a front, the last character may be cut off.
fn is_text(bytes: &[u8], is_front: bool) -> bool {
    let text = match std::str::from_utf8(bytes) {
        Ok(text) => text.as_bytes(),
        Err(error) if is_front && error.error_len().is_none() => bytes.get(..error.valid_up_to()).unwrap_or_default(),
        Err(_) => return false,
    };
    !text.is_empty() && !text.iter().any(|byte| *byte == 0x7F || *byte < 0x20 && !matches!(byte, b'\n' | b'\r' | b'\t'))
}
