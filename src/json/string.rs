//! Strings: finds their ends without copying, and decodes them only if a caller needs the text.

mod scan;
#[cfg(test)]
mod tests;

use super::{Fault, Reason};
#[cfg(all(target_family = "wasm", target_feature = "simd128"))]
pub(super) use scan::load;
pub(super) use scan::{Scanner, escaped_bytes, is_plain};

/// Where a string's content lies, between its quotes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Span {
    pub(super) start: usize,
    pub(super) end: usize,
    pub(super) escaped: bool,
}

/// The string that begins with the quote at `at`, if it is short, in ASCII and without escapes.
#[inline(always)]
pub(super) fn plain(bytes: &[u8], at: usize) -> Option<Span> {
    let start = at.wrapping_add(1);
    let end = if bytes.get(at) == Some(&b'"') { scan::plain_end(bytes, start) } else { None };
    end.map(|end| Span { start, end, escaped: false })
}

/// Finds the end of the string whose content starts at `start`, checking each byte of it on the way.
///
/// # Errors
/// What RFC 8259, section 7, forbids, bytes that are not UTF-8, and lone surrogates.
pub(super) fn scan(bytes: &[u8], start: usize) -> Result<Span, Fault> {
    let (mut blocks, mut escaped) = (scan::Blocks::new(bytes, start), false);
    let (end, is_ascii) = 'text: loop {
        blocks.pass_plain();
        let at = blocks.position();
        let Some(marks) = blocks.pass_marked() else {
            // An escape that goes on is read once more.
            let rest = scan_rest(bytes, at.wrapping_sub(blocks.goes_on().into()))?;
            escaped |= rest.escaped;
            break (rest.end, blocks.is_ascii() && rest.is_ascii);
        };
        let mut found = marks.ends | marks.units;
        while found != 0 {
            let first = found.trailing_zeros();
            let place = at.wrapping_add(first as usize);
            if marks.ends >> first & 1 != 0 {
                escaped |= marks.escaped & !(u64::MAX << first) != 0;
                break 'text (string_end(bytes, place)?, blocks.is_ascii());
            }
            let behind = escape(bytes, place.wrapping_sub(1))?;
            if behind >= blocks.position() {
                blocks.move_to(behind);
                break;
            }
            found &= u64::MAX << behind.wrapping_sub(at);
        }
        escaped |= marks.escaped != 0 || marks.goes_on;
        if marks.is_usual {
            blocks.pass_usual();
        }
    };
    if !is_ascii && let Err(error) = std::str::from_utf8(bytes.get(start..end).unwrap_or_default()) {
        return Err(Fault { at: start.saturating_add(error.valid_up_to()), reason: Reason::Utf8 });
    }
    Ok(Span { start, end, escaped })
}

/// The end of a string.
struct Rest {
    end: usize,
    escaped: bool,
    is_ascii: bool,
}

/// The same near the end of all bytes, where no block is left.
fn scan_rest(bytes: &[u8], from: usize) -> Result<Rest, Fault> {
    let (mut finder, mut escaped) = (Scanner::new(bytes), false);
    let mut end = finder.next(from);
    while let Some(next) = pass_escape(bytes, end)? {
        escaped = true;
        end = finder.next(next);
    }
    Ok(Rest { end, escaped, is_ascii: finder.is_ascii() })
}

/// Where a string goes on behind the escape at `at`; `None` if it ends here. One of both, or a fault, is what needs a look.
fn pass_escape(bytes: &[u8], at: usize) -> Result<Option<usize>, Fault> {
    match (bytes.get(at), bytes.get(at.wrapping_add(1))) {
        (Some(b'\\'), Some(letter)) if is_escape_letter(*letter) => Ok(Some(at.wrapping_add(2))),
        (Some(b'\\'), Some(_)) => escape(bytes, at).map(Some),
        (None, _) | (Some(b'\\'), None) => Err(Fault { at, reason: Reason::Ended }),
        (Some(_), _) => string_end(bytes, at).map(|_| None),
    }
}

/// Whether a backslash and this byte are an escape; RFC 8259, section 7.
#[inline(always)]
fn is_escape_letter(byte: u8) -> bool {
    matches!(byte, b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't')
}

/// The end of a string, if this is a quote; else it is a control character.
fn string_end(bytes: &[u8], at: usize) -> Result<usize, Fault> {
    if bytes.get(at) == Some(&b'"') { Ok(at) } else { Err(Fault { at, reason: Reason::Control }) }
}

/// The escapes of a string.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Escapes {
    None,
    /// Only such as canonical JSON has, too.
    Canonical,
    /// Also such as canonical JSON may write differently.
    Other,
}

/// Finds the end of the string that begins with the quote at `at`, which [`scan`] has accepted before.
pub(super) fn scan_accepted(bytes: &[u8], at: usize) -> Option<(Span, Escapes)> {
    let start = at.saturating_add(1);
    let (mut at, mut escapes) = (start, Escapes::None);
    let mut finder = Scanner::new(bytes);
    loop {
        at = finder.next(at);
        match (bytes.get(at)?, bytes.get(at.saturating_add(1))) {
            (b'"', _) => return Some((Span { start, end: at, escaped: escapes != Escapes::None }, escapes)),
            (b'\\', Some(b'/' | b'u')) => escapes = Escapes::Other,
            (b'\\', Some(_)) if escapes == Escapes::Other => {}
            (b'\\', Some(_)) => escapes = Escapes::Canonical,
            _ => return None,
        }
        at = at.saturating_add(2);
    }
}

/// Checks the `\uXXXX` at `at`, or two that are a surrogate pair, and answers where the text goes on behind it.
fn escape(bytes: &[u8], at: usize) -> Result<usize, Fault> {
    match unit(bytes, at)? {
        0xD800..0xDC00 => match unit(bytes, at.saturating_add(6)) {
            Ok(0xDC00..0xE000) => Ok(at.saturating_add(12)),
            _ => Err(Fault { at, reason: Reason::Surrogate }),
        },
        0xDC00..0xE000 => Err(Fault { at, reason: Reason::Surrogate }),
        _ => Ok(at.saturating_add(6)),
    }
}

/// The UTF-16 unit of the `\uXXXX` at `at`.
fn unit(bytes: &[u8], at: usize) -> Result<u32, Fault> {
    hex(bytes, at).ok_or(Fault { at, reason: Reason::Escape })
}

/// Appends what the content of a string means. `content` has passed [`scan`]; anything else ends early.
pub(super) fn unescape_into(content: &str, out: &mut String) {
    let bytes = content.as_bytes();
    let mut finder = Scanner::new(bytes);
    let mut at = 0;
    loop {
        let next = finder.next(at);
        if next > at {
            out.push_str(content.get(at..next).unwrap_or_default());
        }
        let Some((meant, length)) = meaning(bytes, next) else { return };
        out.push(meant);
        at = next.saturating_add(length);
    }
}

/// What the escape at `at` means, and how many bytes it has.
fn meaning(bytes: &[u8], at: usize) -> Option<(char, usize)> {
    let [b'\\', letter] = bytes.get(at..)?.first_chunk()? else { return None };
    let meant = match letter {
        b'u' => return unit_meaning(bytes, at),
        b'b' => '\u{8}',
        b'f' => '\u{C}',
        b'n' => '\n',
        b'r' => '\r',
        b't' => '\t',
        same => char::from(*same),
    };
    Some((meant, 2))
}

/// The character of the `\uXXXX` at `at`, or of two that are a surrogate pair.
fn unit_meaning(bytes: &[u8], at: usize) -> Option<(char, usize)> {
    let first = hex(bytes, at)?;
    let (code, length) = if (0xD800..0xDC00).contains(&first) {
        let high = first.wrapping_sub(0xD800) << 10;
        let low = hex(bytes, at.saturating_add(6))?.wrapping_sub(0xDC00);
        (high.wrapping_add(low).wrapping_add(0x1_0000), 12)
    } else {
        (first, 6)
    };
    Some((char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER), length))
}

/// The number that the `\uXXXX` at `at` writes.
fn hex(bytes: &[u8], at: usize) -> Option<u32> {
    let [b'\\', b'u', digits @ ..] = bytes.get(at..)?.first_chunk::<6>()? else { return None };
    digits.iter().try_fold(0, |sum: u32, digit| Some(sum << 4 | char::from(*digit).to_digit(16)?))
}
