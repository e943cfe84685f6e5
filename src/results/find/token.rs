//! Tokens with a prefix. Their formats: GitHub and Slack, "token types"; AWS IAM, "unique identifiers"; RFC 6750, section 2.1;
//! and the grants that `mcp-policy grant new` makes.

use std::ops::Range;

use base16ct::lower;

use crate::digest::Digest;

use super::{before, byte, ends, has, run_end, says};

/// Bytes of a token of Slack that have its digits. It ends where the run ends that it is in: the next one may begin in it.
const MAX_TOKEN: usize = 255;

/// The token of GitHub whose prefix ends with the underscore at a place.
pub(in crate::results) fn find_github(text: &[u8], underscore: usize) -> Option<Range<usize>> {
    let body = underscore.saturating_add(1);
    if ends(text, underscore, b"github_pat") {
        let end = run_end(text, body, usize::MAX, |byte| byte.is_ascii_alphanumeric() || byte == b'_');
        return (end.saturating_sub(body) >= 60).then(|| underscore.saturating_sub(10)..end);
    }
    let start = underscore.checked_sub(3)?;
    if !has(text, start, b"gh") || !b"pousr".contains(&before(text, underscore)) {
        return None;
    }
    let end = run_end(text, body, usize::MAX, |byte| byte.is_ascii_alphanumeric());
    (end.saturating_sub(body) >= 36).then_some(start..end)
}

/// The token of Slack whose prefix ends with the hyphen at a place. It has at least four digits.
///
/// # Errors
/// There is no token here, and none whose prefix ends in front of the returned place. Prefixes may follow each other closely: without
/// that place, each of them would look at the same bytes again. With it a byte is looked at five times at most, since a digit comes
/// between two prefixes that look at it.
pub(in crate::results) fn find_slack(text: &[u8], hyphen: usize) -> Result<Range<usize>, usize> {
    let body = hyphen.saturating_add(1);
    let start = hyphen.checked_sub(4).ok_or(body)?;
    let is_kind = has(text, start, b"xox") && b"abcdeoprs".contains(&before(text, hyphen));
    if !is_kind && !has(text, start, b"xapp") {
        return Err(body);
    }
    let (mut at, mut digits) = (body, 0_usize);
    while digits < 4 {
        match byte(text, at) {
            b'0'..=b'9' => digits = digits.saturating_add(1),
            other if is_slack(other) => {}
            // Every token that begins in the run up to here ends here, too.
            _ => return Err(at),
        }
        at = at.saturating_add(1);
    }
    // The fourth digit is too far behind this prefix, and so it is behind others that are not near enough to it.
    if at.saturating_sub(body) > MAX_TOKEN {
        return Err(at.saturating_sub(MAX_TOKEN).saturating_sub(1));
    }
    let end = run_end(text, body, usize::MAX, is_slack);
    if end.saturating_sub(body) >= 10 { Ok(start..end) } else { Err(body) }
}

fn is_slack(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'-'
}

/// The access key whose first letter is at a place, or the secret behind a name that has it.
pub(in crate::results) fn find_aws_key(text: &[u8], at: usize) -> Option<Range<usize>> {
    if before(text, at).is_ascii_alphanumeric() {
        return find_aws_secret(text, at);
    }
    let body = at.saturating_add(4);
    if !matches!(text.get(at.saturating_add(1)..body), Some(b"KIA" | b"SIA" | b"BIA" | b"CCA")) {
        return find_aws_secret(text, at);
    }
    let end = run_end(text, body, 17, |byte| byte.is_ascii_uppercase() || matches!(byte, b'2'..=b'7'));
    let is_whole = !byte(text, end).is_ascii_alphanumeric();
    (is_whole && end.saturating_sub(body) == 16).then_some(at..end)
}

/// A secret key: `…SecretAccessKey` or `…secret_access_key`, then a few signs, then 40 digits of base64. The place is that of the
/// `A` of `Access`, in either case.
fn find_aws_secret(text: &[u8], at: usize) -> Option<Range<usize>> {
    if !matches!(before(text, at), b't' | b'T' | b'_') {
        return None;
    }
    let is_underscore = |at: usize| usize::from(byte(text, at) == b'_');
    let front = at.checked_sub(is_underscore(at.saturating_sub(1)).saturating_add(6))?;
    let access_end = at.saturating_add(6);
    let key = access_end.saturating_add(is_underscore(access_end));
    if !says(text, front, b"secret") || !says(text, at, b"access") || !says(text, key, b"key") {
        return None;
    }
    let signs = key.saturating_add(3);
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

/// The token behind the word `Bearer` that begins at a place.
pub(in crate::results) fn find_bearer(text: &[u8], at: usize) -> Option<Range<usize>> {
    if !says(text, at, b"bearer") || before(text, at).is_ascii_alphanumeric() {
        return None;
    }
    let space = at.saturating_add(6);
    let start = run_end(text, space, 4, |byte| matches!(byte, b' ' | b'\t' | b':' | b'"'));
    // Before the end is looked for: what follows may be long, and full of such words. Each of them would look at all of it.
    if start == space {
        return None;
    }
    let end = run_end(text, start, usize::MAX, |byte| byte.is_ascii_alphanumeric() || b"-._~+/=".contains(&byte));
    // The full stop of a sentence.
    let end = if before(text, end) == b'.' { end.saturating_sub(1) } else { end };
    let token = text.get(start..end).unwrap_or_default();
    let has = |accepts: fn(&u8) -> bool| token.iter().any(accepts);
    let is_mixed = has(u8::is_ascii_lowercase) && token.iter().skip(1).any(u8::is_ascii_uppercase);
    let is_random = has(u8::is_ascii_digit) || is_mixed || token.len() >= 32;
    (token.len() >= 16 && is_random).then_some(start..end)
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
    let digest = Digest::of(text.get(start..secret)?).first_bytes::<4>();
    let is_checked = text.get(secret..checksum) == Some(lower::encode_string(&digest).as_bytes());
    is_checked.then_some(start..checksum)
}
