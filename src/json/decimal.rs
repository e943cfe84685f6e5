//! Numbers compared as they are written: `1e2`, `100.0` and `100` are equal, and no digit is ever lost.
//!
//! Most servers read a number into an IEEE 754 double (RFC 8259, section 6). What a rule compares must therefore be a
//! number that a double keeps: [`Decimal::kept_by_double`].

mod double;

use std::cmp::Ordering;

use self::double::is_shortest;
use super::write::push_number;
use crate::bytes::whole_number;

/// The exact value of a JSON number.
///
/// Invariant: `digits` neither starts nor ends with `0`; zero has no digits, is not negative and has exponent 0. So
/// two values are equal exactly when their parts are.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Decimal {
    negative: bool,
    /// The value is 0.`digits` times ten to the power of this.
    exponent: i64,
    digits: String,
}

impl Decimal {
    /// Reads a number as JSON writes it; `None` for any other text.
    #[must_use]
    pub fn new(text: &str) -> Option<Self> {
        let (negative, unsigned) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        let (mantissa, power) = match unsigned.split_once(['e', 'E']) {
            Some((mantissa, power)) => (mantissa, exponent(power)?),
            None => (unsigned, 0),
        };
        let (whole, fraction) = match mantissa.split_once('.') {
            Some((_, "")) => return None,
            Some(parts) => parts,
            None => (mantissa, ""),
        };
        let is_whole = whole == "0" || !whole.is_empty() && !whole.starts_with('0');
        if !is_whole || ![whole, fraction].iter().all(|part| part.bytes().all(|byte| byte.is_ascii_digit())) {
            return None;
        }
        let all = [whole, fraction].concat();
        let significant = all.trim_start_matches('0');
        let leading = all.len().saturating_sub(significant.len());
        let digits = significant.trim_end_matches('0');
        if digits.is_empty() {
            return Some(Self { negative: false, exponent: 0, digits: String::new() });
        }
        let point = i64::try_from(whole.len()).ok()?.saturating_sub(i64::try_from(leading).ok()?);
        Some(Self { negative, exponent: point.saturating_add(power), digits: digits.to_owned() })
    }

    /// Reads a number that stays the same when a server reads it into an IEEE 754 double and prints it at its shortest,
    /// as JavaScript, Python and Go do; `None` for any other number (`13.0000000000000000001`, `9007199254740993`,
    /// `1e-400`) and any other text.
    #[must_use]
    pub fn kept_by_double(text: &str) -> Option<Self> {
        let number = Self::new(text)?;
        // A double keeps every decimal of up to 15 digits within these exponents, and prints 17 digits at most
        // (IEEE 754, section 5.12.2).
        let kept = match (number.digits.len(), number.exponent) {
            (0..=15, -300..=308) => true,
            (1..=17, -400..=400) => is_shortest(number.digits.parse().ok()?, number.last_place()?),
            _ => false,
        };
        kept.then_some(number)
    }

    /// The power of ten of the last digit.
    fn last_place(&self) -> Option<i32> {
        i32::try_from(self.exponent.checked_sub(i64::try_from(self.digits.len()).ok()?)?).ok()
    }

    /// Whether it has no fraction, however it is written.
    #[must_use]
    pub fn is_integer(&self) -> bool {
        usize::try_from(self.exponent).is_ok_and(|whole| self.digits.len() <= whole)
    }

    /// One text for each value, to compare values by. It is no number: 100 is `1e3`, since the digits follow an implied point.
    #[must_use]
    pub fn comparison_key(&self) -> String {
        let mut text = String::with_capacity(self.digits.len().saturating_add(EXPONENT_BYTES));
        if self.negative {
            text.push('-');
        }
        text.push_str(&self.digits);
        text.push('e');
        if self.exponent < 0 {
            text.push('-');
        }
        push_number(self.exponent.unsigned_abs(), &mut text);
        text
    }

    /// The value times ten to the power of `places`, if that is a whole number from 0 to 2^64-1.
    #[must_use]
    pub fn scaled(&self, places: i64) -> Option<u64> {
        let zeroes = self.exponent.checked_add(places)?.checked_sub(i64::try_from(self.digits.len()).ok()?)?;
        if self.digits.is_empty() {
            return Some(0);
        }
        if self.negative || zeroes < 0 {
            return None;
        }
        let digits: u64 = self.digits.parse().ok()?;
        digits.checked_mul(10_u64.checked_pow(u32::try_from(zeroes).ok()?)?)
    }

    /// Compares the two without their signs.
    fn compare_magnitudes(&self, other: &Self) -> Ordering {
        // Zero has exponent 0 as some other numbers have, but no digits: it is less than any.
        let zero = other.digits.is_empty().cmp(&self.digits.is_empty());
        zero.then(self.exponent.cmp(&other.exponent)).then_with(|| self.digits.cmp(&other.digits))
    }
}

/// A JSON number as ECMAScript prints the IEEE 754 double that it reads as, at its shortest (`Number::toString`); RFC 8785,
/// section 3.2.2.3. The text is a number that the strict reader has accepted, so it reads as a finite double.
pub(super) fn ecmascript(text: &str) -> String {
    let rounded = Decimal::kept_by_double(text).or_else(|| double::shortest(&Decimal::new(text)?));
    let Some(Decimal { negative, exponent, digits }) = rounded.filter(|number| !number.digits.is_empty()) else {
        // Zero has no sign in ECMAScript; nor has what is too small for a double.
        return "0".to_owned();
    };
    let mut out = String::with_capacity(digits.len().saturating_add(EXPONENT_BYTES));
    if negative {
        out.push('-');
    }
    match exponent {
        1..=21 => push_with_point(&digits, exponent, &mut out),
        -5..=0 => {
            out.push_str("0.");
            push_zeroes(exponent.saturating_neg(), &mut out);
            out.push_str(&digits);
        }
        _ => {
            push_with_point(&digits, 1, &mut out);
            let power = exponent.saturating_sub(1);
            out.push_str(if power < 0 { "e-" } else { "e+" });
            push_number(power.unsigned_abs(), &mut out);
        }
    }
    out
}

/// Writes digits, so many of them before the decimal point. If there are no more, zeroes fill the places, and no point follows.
fn push_with_point(digits: &str, whole: i64, out: &mut String) {
    let length = i64::try_from(digits.len()).unwrap_or(i64::MAX);
    let (front, fraction) = digits.split_at_checked(usize::try_from(whole).unwrap_or_default()).unwrap_or((digits, ""));
    out.push_str(front);
    push_zeroes(whole.saturating_sub(length), out);
    if !fraction.is_empty() {
        out.push('.');
        out.push_str(fraction);
    }
}

fn push_zeroes(count: i64, out: &mut String) {
    (0..count).for_each(|_| out.push('0'));
}

/// Room for the sign, the `e` and the exponent of most numbers.
const EXPONENT_BYTES: usize = 8;

/// The power behind `e`; beyond the range of an `i64` any value is as good as another.
fn exponent(text: &str) -> Option<i64> {
    let (negative, digits) = match text.as_bytes() {
        [b'-', ..] => (true, text.get(1..)?),
        [b'+', ..] => (false, text.get(1..)?),
        _ => (false, text),
    };
    // Far from the ends of `i64`, so that sums with a length cannot overflow.
    let size = i64::try_from(whole_number(digits.as_bytes())?).unwrap_or(i64::MAX).min(i64::MAX / 4);
    Some(if negative { size.saturating_neg() } else { size })
}

/// As JSON writes numbers.
#[cfg(not(target_os = "wasi"))]
impl std::fmt::Display for Decimal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.digits.is_empty() {
            return f.write_str("0");
        }
        let sign = if self.negative { "-" } else { "" };
        let zeroes = self.exponent.saturating_sub(i64::try_from(self.digits.len()).unwrap_or(i64::MAX));
        if self.exponent < 1 || zeroes > 20 {
            return write!(f, "{sign}{}e{zeroes}", self.digits);
        }
        let mut text = sign.to_owned();
        push_with_point(&self.digits, self.exponent, &mut text);
        f.write_str(&text)
    }
}

impl Ord for Decimal {
    fn cmp(&self, other: &Self) -> Ordering {
        match (self.negative, other.negative) {
            (false, false) => self.compare_magnitudes(other),
            (true, true) => other.compare_magnitudes(self),
            (true, false) => Ordering::Less,
            (false, true) => Ordering::Greater,
        }
    }
}

impl PartialOrd for Decimal {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}
