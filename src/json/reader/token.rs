//! What comes next in a text: each function takes an offset, and answers where it ends.

use crate::json::{Fault, Reason, string};

/// What follows the colon that comes next.
#[inline(always)]
pub(super) fn behind_colon(bytes: &[u8], at: usize) -> Result<usize, Fault> {
    let at = if bytes.get(at) == Some(&b':') { at } else { space_end(bytes, at) };
    if bytes.get(at) == Some(&b':') { Ok(at.wrapping_add(1)) } else { Err(missing(bytes, at, "`:`")) }
}

/// The string that begins at `at`: no white space comes before it.
#[inline(always)]
pub(super) fn string_at(bytes: &[u8], at: usize) -> Result<string::Span, Fault> {
    // As most are, and only here inlined: a call would take longer than that.
    match string::plain(bytes, at) {
        Some(span) => Ok(span),
        None => string_at_length(bytes, at),
    }
}

fn string_at_length(bytes: &[u8], at: usize) -> Result<string::Span, Fault> {
    if bytes.get(at) != Some(&b'"') {
        return Err(missing(bytes, at, "a string"));
    }
    string::scan(bytes, at.saturating_add(1))
}

#[inline(always)]
pub(super) fn word_end(bytes: &[u8], at: usize, word: &[u8], name: &'static str) -> Result<usize, Fault> {
    if bytes.get(at..).unwrap_or_default().starts_with(word) {
        Ok(at.wrapping_add(word.len()))
    } else {
        Err(Fault { at, reason: Reason::Expected(name) })
    }
}

/// Where the white space at `at` ends, if there is some.
#[inline(always)]
pub(super) fn space_end(bytes: &[u8], at: usize) -> usize {
    // As most texts are written: with little of it.
    if bytes.get(at).is_none_or(|byte| *byte <= b' ') { spaces_end(bytes, at) } else { at }
}

/// Where the white space at `at` ends; a call, for a place where there probably is some.
pub(in crate::json) fn spaces_end(bytes: &[u8], mut at: usize) -> usize {
    while let Some(b' ' | b'\t' | b'\n' | b'\r') = bytes.get(at) {
        at = at.saturating_add(1);
    }
    at
}

/// The fault if something else is here, or nothing.
#[cold]
pub(super) fn missing(bytes: &[u8], at: usize, what: &'static str) -> Fault {
    Fault { at, reason: if at >= bytes.len() { Reason::Ended } else { Reason::Expected(what) } }
}
