//! Numbers: RFC 8259, section 6, and the bounds within which readers agree on a value.

use std::cmp::Ordering;

use super::{Fault, Reason};

/// A number longer than this is refused: no caller needs it, and some readers cut it.
const MAX_BYTES: usize = 256;

/// Finds the end of the number that starts at `start`.
///
/// # Errors
/// What RFC 8259, section 6, forbids (`01`, `+1`, `.5`, `5.`, `NaN`), and what becomes infinite as an `f64`.
pub(super) fn scan(bytes: &[u8], start: usize) -> Result<usize, Fault> {
    let digits_from = start.saturating_add(usize::from(bytes.get(start) == Some(&b'-')));
    let mut at = digits(bytes, digits_from)?;
    if bytes.get(digits_from) == Some(&b'0') && at > digits_from.saturating_add(1) {
        return Err(Fault { at: digits_from, reason: Reason::Expected("a number without a leading zero") });
    }
    if bytes.get(at) == Some(&b'.') {
        at = digits(bytes, at.saturating_add(1))?;
    }
    let has_power = matches!(bytes.get(at), Some(b'e' | b'E'));
    if has_power {
        let sign = usize::from(matches!(bytes.get(at.saturating_add(1)), Some(b'+' | b'-')));
        at = digits(bytes, at.saturating_add(1).saturating_add(sign))?;
    }
    let text = bytes.get(start..at).unwrap_or_default();
    // Up to 256 bytes without an exponent cannot reach 1e308.
    if text.len() > MAX_BYTES || has_power && !is_finite(text) {
        return Err(Fault { at: start, reason: Reason::Number });
    }
    Ok(at)
}

/// Skips the digits at `at`; there must be at least one.
#[inline(always)]
fn digits(bytes: &[u8], at: usize) -> Result<usize, Fault> {
    let mut end = at;
    while let Some(b'0'..=b'9') = bytes.get(end) {
        end = end.wrapping_add(1);
    }
    if end > at { Ok(end) } else { Err(no_digit(bytes, at)) }
}

#[cold]
fn no_digit(bytes: &[u8], at: usize) -> Fault {
    let has_ended = bytes.get(at).is_none();
    Fault { at, reason: if has_ended { Reason::Ended } else { Reason::Expected("a digit") } }
}

/// 2^1024 - 2^970: the smallest number that rounds to infinity. IEEE 754, section 4.3.1.
const INFINITE: &[u8] =
    b"17976931348623158079372897140530341507993413271003782693617377898044496829276475094664901797758720\
    70963302864166928879109465555478519404026306574886715058206819089020007083836762738548458177115317644757302700698\
    55571366959622842914819860834936475292719074168444365510704342711559699508093042880177904174497792";

/// Whether an `f64` holds the number, which has an exponent.
fn is_finite(text: &[u8]) -> bool {
    let mut parts = text.splitn(2, |byte| matches!(byte, b'e' | b'E'));
    let (Some(mantissa), Some(power)) = (parts.next(), parts.next()) else { return true };
    if power.first() == Some(&b'-') {
        return true;
    }
    // Digits are few, so nothing here saturates but a power that is beyond any bound.
    let power = power
        .iter()
        .filter(|byte| byte.is_ascii_digit())
        .fold(0, |sum: usize, digit| sum.saturating_mul(10).saturating_add(usize::from(digit.wrapping_sub(b'0'))));
    let digits = || mantissa.iter().filter(|byte| byte.is_ascii_digit());
    let zeroes = digits().take_while(|digit| **digit == b'0').count();
    let significant = digits().skip(zeroes);
    let whole = mantissa.split(|byte| *byte == b'.').next().unwrap_or_default();
    let whole = whole.iter().filter(|byte| byte.is_ascii_digit()).count();
    // The value is 0.`significant` times ten to the power of `whole` + `power` - `zeroes`.
    match whole.saturating_add(power).cmp(&INFINITE.len().saturating_add(zeroes)) {
        Ordering::Less => true,
        Ordering::Equal => significant.lt(INFINITE),
        Ordering::Greater => significant.count() == 0,
    }
}
