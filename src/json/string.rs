//! Strings: finds their ends without copying, and decodes them only if a caller needs the text.

mod scan;

use super::{Fault, Reason};
pub(super) use scan::Scanner;

/// Where a string's content lies, between its quotes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Span {
    pub(super) start: usize,
    pub(super) end: usize,
    pub(super) escaped: bool,
}

/// Finds the end of the string whose content starts at `start`, checking each byte of it on the way.
///
/// # Errors
/// What RFC 8259, section 7, forbids, bytes that are not UTF-8, and lone surrogates.
pub(super) fn scan(bytes: &[u8], start: usize) -> Result<Span, Fault> {
    let mut at = start;
    let mut escaped = false;
    let mut finder = Scanner::new(bytes);
    loop {
        at = finder.next(at);
        match bytes.get(at) {
            Some(b'"') => break,
            Some(b'\\') => {
                escaped = true;
                at = escape(bytes, at)?;
            }
            Some(_) => return Err(Fault { at, reason: Reason::Control }),
            None => return Err(Fault { at, reason: Reason::Ended }),
        }
    }
    if !finder.is_ascii()
        && let Err(error) = std::str::from_utf8(bytes.get(start..at).unwrap_or_default())
    {
        return Err(Fault { at: start.saturating_add(error.valid_up_to()), reason: Reason::Utf8 });
    }
    Ok(Span { start, end: at, escaped })
}

/// Checks the escape at `at` and answers where the text goes on behind it.
fn escape(bytes: &[u8], at: usize) -> Result<usize, Fault> {
    match bytes.get(at.saturating_add(1)) {
        Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => Ok(at.saturating_add(2)),
        Some(b'u') => match unit(bytes, at)? {
            0xD800..0xDC00 => match unit(bytes, at.saturating_add(6)) {
                Ok(0xDC00..0xE000) => Ok(at.saturating_add(12)),
                _ => Err(Fault { at, reason: Reason::Surrogate }),
            },
            0xDC00..0xE000 => Err(Fault { at, reason: Reason::Surrogate }),
            _ => Ok(at.saturating_add(6)),
        },
        Some(_) => Err(Fault { at, reason: Reason::Escape }),
        None => Err(Fault { at, reason: Reason::Ended }),
    }
}

/// The UTF-16 unit of the `\uXXXX` at `at`.
fn unit(bytes: &[u8], at: usize) -> Result<u16, Fault> {
    let fault = Fault { at, reason: Reason::Escape };
    let text = bytes.get(at..at.saturating_add(6)).and_then(|text| text.strip_prefix(b"\\u"));
    let Some(digits) = text.filter(|digits| digits.iter().all(u8::is_ascii_hexdigit)) else {
        return Err(fault);
    };
    let digits = std::str::from_utf8(digits).map_err(|_| fault.clone())?;
    u16::from_str_radix(digits, 16).map_err(|_| fault)
}

/// Appends what the content of a string means. `content` has passed [`scan`]; anything else ends early.
pub(super) fn unescape_into(content: &str, out: &mut String) {
    let mut rest = content;
    while let Some((plain, behind)) = rest.split_once('\\') {
        out.push_str(plain);
        let mut chars = behind.chars();
        let meant = match chars.next() {
            Some('u') => unescape_unit(&mut chars),
            Some('b') => '\u{8}',
            Some('f') => '\u{C}',
            Some('n') => '\n',
            Some('r') => '\r',
            Some('t') => '\t',
            Some(same) => same,
            None => return,
        };
        out.push(meant);
        rest = chars.as_str();
    }
    out.push_str(rest);
}

/// The character of a `\uXXXX`, or of two that are a surrogate pair; `chars` starts behind the first `u`.
fn unescape_unit(chars: &mut std::str::Chars<'_>) -> char {
    let first = hex(chars);
    if !(0xD800..0xDC00).contains(&first) {
        return char::from_u32(first).unwrap_or(char::REPLACEMENT_CHARACTER);
    }
    chars.by_ref().take(2).for_each(drop);
    let second = hex(chars);
    let high = first.wrapping_sub(0xD800) << 10;
    let low = second.wrapping_sub(0xDC00);
    char::from_u32(high.wrapping_add(low).wrapping_add(0x1_0000)).unwrap_or(char::REPLACEMENT_CHARACTER)
}

fn hex(chars: &mut std::str::Chars<'_>) -> u32 {
    chars.by_ref().take(4).fold(0, |sum, digit| (sum << 4) | digit.to_digit(16).unwrap_or(0))
}
