//! The formats that are known. Each function looks at one place of a text, and takes time that the text in front of and behind the
//! place bounds: [`super::scan`] says how often it calls them.

mod card;
mod email;
mod iban;
mod jwt;
mod key;
mod token;

pub(super) use self::{
    card::find_card,
    email::find_email,
    iban::find_iban,
    jwt::{decode_base64, find_jwt, sextet},
    key::{KeyEnd, find_key, key_body},
    token::{find_aws_key, find_bearer, find_github, find_grant, find_slack, is_aws_secret_name, is_secret_key},
};

/// The byte at a place; 0 before the front and behind the end.
pub(super) fn byte(text: &[u8], at: usize) -> u8 {
    text.get(at).copied().unwrap_or(0)
}

/// The byte in front of a place.
pub(super) fn before(text: &[u8], at: usize) -> u8 {
    at.checked_sub(1).map_or(0, |at| byte(text, at))
}

/// Whether a text has these bytes at a place.
pub(super) fn has(text: &[u8], at: usize, word: &[u8]) -> bool {
    text.get(at..).is_some_and(|rest| rest.starts_with(word))
}

/// Whether a text has this word at a place, in any case.
#[inline(never)]
pub(super) fn says(text: &[u8], at: usize, word: &[u8]) -> bool {
    text.get(at..at.saturating_add(word.len())).is_some_and(|part| part.eq_ignore_ascii_case(word))
}

/// Whether a text has these bytes right in front of a place.
pub(super) fn ends(text: &[u8], at: usize, word: &[u8]) -> bool {
    text.get(..at).is_some_and(|front| front.ends_with(word))
}

/// Where a run of such bytes ends that begins at a place; at most `most` bytes are looked at.
pub(super) fn run_end(text: &[u8], at: usize, most: usize, accepts: fn(u8) -> bool) -> usize {
    let rest = text.get(at..).unwrap_or_default();
    let length = rest.iter().take(most).position(|byte| !accepts(*byte)).unwrap_or(rest.len().min(most));
    at.saturating_add(length)
}
