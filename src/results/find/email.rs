//! E-mail addresses: `Mailbox` of RFC 5321, section 4.1.2, with the lengths of section 4.5.3.1, and names beyond ASCII of
//! RFC 6531. A domain needs two labels: `user@host` is written for much else.

use std::ops::Range;

use super::{before, byte, run_end};

/// Bytes of the part in front of `@`.
const MAX_LOCAL: usize = 64;
/// Bytes of a domain.
const MAX_DOMAIN: usize = 255;

/// The address around the `@` at a place.
pub(in crate::results) fn find_email(text: &[u8], at: usize) -> Option<Range<usize>> {
    let end = domain_end(text, at.saturating_add(1))?;
    Some(local_start(text, at)?..end)
}

fn local_start(text: &[u8], at: usize) -> Option<usize> {
    if before(text, at) == b'"' {
        let most = at.saturating_sub(MAX_LOCAL);
        let quoted = text.get(most..at.saturating_sub(1))?;
        let start = quoted.iter().rposition(|byte| *byte == b'"' || byte.is_ascii_control())?;
        return (quoted.get(start) == Some(&b'"')).then(|| most.saturating_add(start));
    }
    let start = |accepts: fn(u8) -> bool| {
        let front = text.get(at.saturating_sub(MAX_LOCAL.saturating_add(1))..at).unwrap_or_default();
        let length = front.iter().rev().position(|byte| !accepts(*byte)).unwrap_or(front.len());
        at.saturating_sub(length.min(MAX_LOCAL))
    };
    // A sentence without blanks, as in Chinese, is not a part of an address that has letters of its own.
    let mut from = start(is_atom);
    if from == at {
        from = start(|byte| is_atom(byte) || byte >= 0x80);
    }
    // Assignments, quotes and the end of a sentence come before addresses more often than in them.
    while from < at && matches!(byte(text, from), b'.' | b'=' | b'\'' | b'/' | b'&' | b'?' | b'`' | b'|' | b'{' | b'*')
    {
        from = from.saturating_add(1);
    }
    let local = text.get(from..at).unwrap_or_default();
    let equals = local.iter().rposition(|byte| *byte == b'=').map_or(0, |index| index.saturating_add(1));
    let from = from.saturating_add(equals);
    let is_dotted = before(text, at) == b'.' || text.get(from..at)?.windows(2).any(|two| two == b"..");
    (from < at && !is_dotted).then_some(from)
}

fn is_atom(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~.".contains(&byte)
}

fn is_label(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.')
}

fn domain_end(text: &[u8], start: usize) -> Option<usize> {
    if byte(text, start) == b'[' {
        let inside = start.saturating_add(1);
        let end = run_end(text, inside, 64, |byte| byte.is_ascii_hexdigit() || b".:IPv".contains(&byte));
        let is_address = end.saturating_sub(inside) >= 2 && byte(text, end) == b']';
        return is_address.then(|| end.saturating_add(1));
    }
    let end = run_end(text, start, MAX_DOMAIN, is_label);
    if byte(text, end) >= 0x80 {
        let wide = run_end(text, start, MAX_DOMAIN, |byte| is_label(byte) || byte >= 0x80);
        if let Some(end) = checked_domain(text, start, wide, |label| label.iter().any(|byte| *byte >= 0x80)) {
            return Some(end);
        }
    }
    checked_domain(text, start, end, |label| label.iter().all(u8::is_ascii_alphabetic) || label.starts_with(b"xn--"))
}

/// The end of a domain, without what follows it in a sentence.
fn checked_domain(text: &[u8], start: usize, end: usize, is_top: fn(&[u8]) -> bool) -> Option<usize> {
    let domain = text.get(start..end)?;
    let kept = domain.iter().rposition(|byte| !matches!(byte, b'.' | b'-'))?;
    let domain = domain.get(..=kept)?;
    let (mut labels, mut last): (usize, &[u8]) = (0, &[]);
    for label in domain.split(|byte| *byte == b'.') {
        if label.is_empty() || label.len() > 63 || label.starts_with(b"-") || label.ends_with(b"-") {
            return None;
        }
        (labels, last) = (labels.saturating_add(1), label);
    }
    // `icon@2x.png` is a file.
    let is_file = domain.get(1) == Some(&b'x') && domain.get(2) == Some(&b'.') && byte(domain, 0).is_ascii_digit();
    (labels > 1 && last.len() > 1 && is_top(last) && !is_file).then(|| start.saturating_add(domain.len()))
}
