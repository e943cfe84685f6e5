//! Strings: finds their ends without copying, and decodes them only if a caller needs the text.

mod scan;

use super::{Fault, Reason};
#[cfg(all(target_family = "wasm", target_feature = "simd128"))]
pub(super) use scan::load;
pub(super) use scan::{Scanner, is_plain};

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
    let (mut at, mut escaped, mut ascii) = (start, false, true);
    // What needs a look in a block stays in a register until all of the block is read: a text may have an escape in each few bytes.
    let end = 'text: loop {
        let Some((mut found, is_ascii)) = scan::look_at_block(bytes, at) else {
            break scan_rest(bytes, at, &mut escaped, &mut ascii)?;
        };
        ascii &= is_ascii;
        let mut behind = scan::MANY;
        while found != 0 {
            let special = at.wrapping_add(found.trailing_zeros() as usize);
            let Some(next) = pass_escape(bytes, special)? else { break 'text special };
            escaped = true;
            let ahead = next.wrapping_sub(at);
            if ahead >= scan::MANY {
                behind = ahead;
                break;
            }
            found &= u64::MAX << ahead;
        }
        at = at.wrapping_add(behind);
    };
    if !ascii && let Err(error) = std::str::from_utf8(bytes.get(start..end).unwrap_or_default()) {
        return Err(Fault { at: start.saturating_add(error.valid_up_to()), reason: Reason::Utf8 });
    }
    Ok(Span { start, end, escaped })
}

/// The same near the end of all bytes, where no block is left: the end of the string.
fn scan_rest(bytes: &[u8], from: usize, escaped: &mut bool, ascii: &mut bool) -> Result<usize, Fault> {
    let mut finder = Scanner::new(bytes);
    let mut at = finder.next(from);
    while let Some(next) = pass_escape(bytes, at)? {
        *escaped = true;
        at = finder.next(next);
    }
    *ascii &= finder.is_ascii();
    Ok(at)
}

/// Where a string goes on behind the escape at `at`; `None` if it ends here. One of both, or a fault, is what needs a look.
#[inline(always)]
fn pass_escape(bytes: &[u8], at: usize) -> Result<Option<usize>, Fault> {
    let reason = match (bytes.get(at), bytes.get(at.wrapping_add(1))) {
        (Some(b'\\'), Some(letter)) if is_escape_letter(*letter) => return Ok(Some(at.wrapping_add(2))),
        (Some(b'"'), _) => return Ok(None),
        (Some(b'\\'), Some(b'u')) => return escape(bytes, at).map(Some),
        (Some(b'\\'), Some(_)) => Reason::Escape,
        (None, _) | (Some(b'\\'), None) => Reason::Ended,
        (Some(_), _) => Reason::Control,
    };
    Err(Fault { at, reason })
}

/// Whether a backslash and this byte are an escape; RFC 8259, section 7. By a table: a branch for each letter would be mispredicted.
#[inline(always)]
fn is_escape_letter(byte: u8) -> bool {
    const LETTERS: [bool; 256] = {
        let (mut table, mut rest) = ([false; 256], br#""\/bfnrt"#.as_slice());
        while let [letter, others @ ..] = rest {
            let (_, behind) = table.split_at_mut(*letter as usize);
            if let [is_letter, ..] = behind {
                *is_letter = true;
            }
            rest = others;
        }
        table
    };
    LETTERS.get(usize::from(byte)).is_some_and(|is_letter| *is_letter)
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
