//! Tokens with a prefix. Their formats: GitHub and Slack, "token types"; AWS IAM, "unique identifiers"; RFC 6750, section 2.1;
//! and the grants that `mcp-policy grant new` makes.

use std::ops::Range;

use base16ct::lower;
use sha2::{Digest as _, Sha256};

use super::{before, byte, ends, has, run_end};

/// Bytes of a token that are looked at, at most: real ones are shorter, but for those whose format says nothing.
const MAX_TOKEN: usize = 255;

/// The token of GitHub whose prefix ends with the underscore at a place.
pub(in crate::results) fn find_github(text: &[u8], underscore: usize) -> Option<Range<usize>> {
    let body = underscore.saturating_add(1);
    if ends(text, underscore, b"github_pat") {
        let end = run_end(text, body, MAX_TOKEN, |byte| byte.is_ascii_alphanumeric() || byte == b'_');
        return (end.saturating_sub(body) >= 60).then(|| underscore.saturating_sub(10)..end);
    }
    let start = underscore.checked_sub(3)?;
    let is_prefix = has(text, start, b"gh") && b"pousr".contains(&before(text, underscore));
    let end = run_end(text, body, MAX_TOKEN, |byte| byte.is_ascii_alphanumeric());
    (is_prefix && end.saturating_sub(body) >= 36).then_some(start..end)
}

/// The token of Slack whose prefix ends with the hyphen at a place.
pub(in crate::results) fn find_slack(text: &[u8], hyphen: usize) -> Option<Range<usize>> {
    let start = hyphen.checked_sub(4)?;
    let kind = before(text, hyphen);
    let is_prefix = has(text, start, b"xox") && b"abcdeoprs".contains(&kind) || has(text, start, b"xapp");
    let body = hyphen.saturating_add(1);
    let end = run_end(text, body, MAX_TOKEN, |byte| byte.is_ascii_alphanumeric() || byte == b'-');
    let token = text.get(body..end).unwrap_or_default();
    let digits = token.iter().filter(|byte| byte.is_ascii_digit()).count();
    (is_prefix && token.len() >= 10 && digits >= 4).then_some(start..end)
}

/// The access key whose first letter is at a place, or the secret behind a name that has it.
pub(in crate::results) fn find_aws_key(text: &[u8], at: usize) -> Option<Range<usize>> {
    if before(text, at).is_ascii_alphanumeric() {
        return find_aws_secret(text, at);
    }
    let is_prefix = [b"KIA", b"SIA", b"BIA", b"CCA"].iter().any(|rest| has(text, at.saturating_add(1), *rest));
    let body = at.saturating_add(4);
    let end = run_end(text, body, 17, |byte| byte.is_ascii_uppercase() || matches!(byte, b'2'..=b'7'));
    let is_whole = !byte(text, end).is_ascii_alphanumeric();
    if is_prefix && is_whole && end.saturating_sub(body) == 16 {
        return Some(at..end);
    }
    find_aws_secret(text, at)
}

/// A secret key: `…SecretAccessKey` or `…secret_access_key`, then a few signs, then 40 digits of base64. The place is that of the
/// `A` of `Access`, in either case.
fn find_aws_secret(text: &[u8], at: usize) -> Option<Range<usize>> {
    if !matches!(before(text, at), b't' | b'T' | b'_') {
        return None;
    }
    let front = text.get(at.saturating_sub(7)..at)?;
    let name = text.get(at..at.saturating_add(10)).unwrap_or_default();
    if !folds_to(front, b"secret") || !folds_to(name, b"accesskey") {
        return None;
    }
    let length = if byte(name, 6) == b'_' { 10 } else { 9 };
    let signs = at.saturating_add(length);
    let start = run_end(text, signs, 8, |byte| b"\"'\\:=> \t".contains(&byte));
    let end = run_end(text, start, 41, is_base64);
    (start > signs && is_secret_key(text.get(start..end)?)).then_some(start..end)
}

/// Whether a name is that of a secret key of AWS.
pub(in crate::results) fn is_aws_secret_name(name: &str) -> bool {
    (15..=40).contains(&name.len()) && {
        let folded: Vec<u8> =
            name.bytes().filter(u8::is_ascii_alphanumeric).map(|byte| byte.to_ascii_lowercase()).collect();
        folded.ends_with(b"secretaccesskey")
    }
}

/// Whether a text has the form of a secret key of AWS.
pub(in crate::results) fn is_secret_key(text: &[u8]) -> bool {
    text.len() == 40 && text.iter().all(|byte| is_base64(*byte)) && text.iter().any(u8::is_ascii_uppercase)
}

fn is_base64(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/')
}

/// Whether a text is the word but for its case and underscores.
fn folds_to(text: &[u8], word: &[u8]) -> bool {
    let mut letters = text.iter().filter(|byte| **byte != b'_').map(u8::to_ascii_lowercase);
    // What is in front of the word, or behind it, was cut out with it.
    let mut last: Vec<u8> = letters.by_ref().collect();
    if last.len() > word.len() {
        if last.starts_with(word) {
            last.truncate(word.len())
        } else {
            last.remove(0);
        }
    }
    last == word
}

/// The token behind the word `Bearer` that begins at a place.
pub(in crate::results) fn find_bearer(text: &[u8], at: usize) -> Option<Range<usize>> {
    let word = text.get(at..at.saturating_add(6))?;
    if !word.eq_ignore_ascii_case(b"bearer") || before(text, at).is_ascii_alphanumeric() {
        return None;
    }
    let space = at.saturating_add(6);
    let start = run_end(text, space, 4, |byte| matches!(byte, b' ' | b'\t' | b':' | b'"'));
    let end = run_end(text, start, usize::MAX, |byte| byte.is_ascii_alphanumeric() || b"-._~+/=".contains(&byte));
    // The full stop of a sentence.
    let end = if before(text, end) == b'.' { end.saturating_sub(1) } else { end };
    let token = text.get(start..end).unwrap_or_default();
    let has = |accepts: fn(&u8) -> bool| token.iter().any(accepts);
    let is_mixed = has(u8::is_ascii_lowercase) && token.iter().skip(1).any(u8::is_ascii_uppercase);
    let is_random = has(u8::is_ascii_digit) || is_mixed || token.len() >= 32;
    (start > space && token.len() >= 16 && is_random).then_some(start..end)
}

/// The grant whose prefix ends with the underscore at a place.
pub(in crate::results) fn find_grant(text: &[u8], underscore: usize) -> Option<Range<usize>> {
    let start = underscore.checked_sub(4)?;
    let (secret, checksum) = (start.saturating_add(69), start.saturating_add(77));
    if !has(text, start, b"mcpg")
        || run_end(text, underscore.saturating_add(1), 73, |byte| byte.is_ascii_hexdigit()) != checksum
    {
        return None;
    }
    let digest = lower::encode_string(&Sha256::digest(text.get(start..secret)?));
    let is_checked = digest.as_bytes().get(..8) == text.get(secret..checksum);
    is_checked.then_some(start..checksum)
}
