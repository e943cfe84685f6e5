//! Private keys as text: PEM (RFC 7468, and the older RFC 1421 with headers), OpenSSH, PGP (RFC 9580, section 6.2) and SSH2
//! (RFC 4716).

use std::ops::Range;

use super::{has, run_end};

/// How the text of a key ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::results) enum KeyEnd {
    /// With its last line.
    Line,
    /// Before that: the rest may be in the next text.
    Open,
}

/// Bytes of a label, such as `RSA PRIVATE KEY`.
const MAX_LABEL: usize = 48;

/// The key whose first or last line has its first hyphen at a place. Of a key without its first line, what precedes the last line
/// counts, as far as `from`.
pub(in crate::results) fn find_key(text: &[u8], at: usize, from: usize) -> Option<(Range<usize>, KeyEnd)> {
    let hyphens = run_end(text, at, 5, |byte| byte == b'-');
    if hyphens.saturating_sub(at) < 4 {
        return None;
    }
    let word = run_end(text, hyphens, 1, |byte| byte == b' ');
    let is_end = has(text, word, b"END ");
    if !is_end && !has(text, word, b"BEGIN ") {
        return None;
    }
    let label = word.saturating_add(if is_end { 4 } else { 6 });
    let label_end =
        run_end(text, label, MAX_LABEL, |byte| byte.is_ascii_uppercase() || matches!(byte, b' ' | b'0'..=b'9'));
    let name = text.get(label..label_end).unwrap_or_default();
    let is_private = name.windows(11).any(|part| part == b"PRIVATE KEY");
    // Keys of SSH2 are private only if the label says so; public ones say `PUBLIC KEY`.
    if !is_private || !has(text, label_end, b"----") {
        return None;
    }
    let line_end = run_end(text, label_end, 5, |byte| byte == b'-');
    if is_end {
        let start = text.get(from..at).unwrap_or_default();
        let body = start.iter().rev().position(|byte| !is_body(*byte)).unwrap_or(start.len());
        return Some((at.saturating_sub(body)..line_end, KeyEnd::Line));
    }
    let (end, how) = key_body(text, line_end);
    Some((at..end, how))
}

/// Where a key ends whose body a text continues at a place.
pub(in crate::results) fn key_body(text: &[u8], at: usize) -> (usize, KeyEnd) {
    let mut rest = at;
    loop {
        let body = run_end(text, rest, usize::MAX, |byte| byte != b'-' && is_body(byte));
        let hyphens = run_end(text, body, 5, |byte| byte == b'-');
        if hyphens == body {
            // Anything else ends it, too.
            return (body, if body >= text.len() { KeyEnd::Open } else { KeyEnd::Line });
        }
        if hyphens.saturating_sub(body) >= 4 {
            let line = run_end(text, hyphens, MAX_LABEL.saturating_add(8), |byte| {
                byte.is_ascii_alphanumeric() || byte == b' '
            });
            return (run_end(text, line, 5, |byte| byte == b'-'), KeyEnd::Line);
        }
        rest = hyphens;
    }
}

/// Whether the body of a key, its headers included, has such a byte. Line feeds may be written as `\n`.
fn is_body(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte.is_ascii_whitespace() || b"+/=\\:,.-@()<>_".contains(&byte)
}
