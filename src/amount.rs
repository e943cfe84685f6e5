//! Exact amounts: the cost of a call and the maximum of a limit. How they are counted is decided elsewhere.

use std::fmt;

use crate::json::{self, Decimal, Writer};

/// An amount in millionths of a unit, without rounding: of calls, or of money with up to six decimals.
///
/// Invariant: below 9 × 10^12 units, so that the sum of two fits in a `u64`.
///
/// ```
/// # use mcp_policy::amount::Amount;
/// let amount = Amount::from_millionths(1_250_000).ok_or("too large")?;
/// assert_eq!(amount.plus(Amount::ONE).ok_or("too large")?.to_string(), "2.25");
/// assert_eq!(amount.minus(Amount::MAX), Amount::ZERO);
/// # Ok::<(), &str>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Amount(u64);

/// Millionths in one unit.
const UNIT: u64 = 1_000_000;
/// The first amount that is too large, in units.
const TOO_LARGE: u64 = 9_000_000_000_000;

impl Amount {
    /// Zero.
    pub const ZERO: Self = Self(0);
    /// The largest amount.
    pub const MAX: Self = Self(TOO_LARGE * UNIT - 1);
    /// The largest amount of whole units.
    pub const MAX_UNITS: u64 = TOO_LARGE - 1;
    /// One call.
    pub const ONE: Self = Self(UNIT);

    /// The amount of a number; `None` unless it is at least 0, below 9 × 10^12, and has at most six decimals.
    #[must_use]
    pub fn new(number: &Decimal) -> Option<Self> {
        number.scaled(6).and_then(Self::from_millionths)
    }

    /// An amount of whole units; `None` from 9 × 10^12 units on.
    #[must_use]
    pub fn from_units(units: u64) -> Option<Self> {
        units.checked_mul(UNIT).and_then(Self::from_millionths)
    }

    /// An amount of millionths; `None` from 9 × 10^18 of them on.
    #[must_use]
    pub fn from_millionths(millionths: u64) -> Option<Self> {
        (millionths < TOO_LARGE * UNIT).then_some(Self(millionths))
    }

    /// The number of millionths.
    #[must_use]
    pub fn millionths(self) -> u64 {
        self.0
    }

    /// The number of units; `None` if it is not an integer.
    #[must_use]
    pub fn units(self) -> Option<u64> {
        self.0.is_multiple_of(UNIT).then_some(self.0 / UNIT)
    }

    /// The sum; `None` if it is too large for an amount.
    #[must_use]
    pub fn plus(self, other: Self) -> Option<Self> {
        self.0.checked_add(other.0).and_then(Self::from_millionths)
    }

    /// The difference, or zero if `other` is larger.
    #[must_use]
    pub fn minus(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }
}

/// A whole amount is written by its digits alone, which takes a third of its `Display`.
impl Amount {
    /// The amount as its `Display` writes it.
    #[must_use]
    pub fn digits(self) -> String {
        self.units().map_or_else(|| self.to_string(), json::decimal_digits)
    }

    /// Adds the amount to an object under this name.
    pub fn add_to(self, object: &mut Writer, name: &str) {
        match self.units() {
            Some(units) => object.add_integer_member(name, units),
            None => object.add_member(name, self),
        };
    }
}

/// An exact JSON number, such as `1.25`.
impl fmt::Display for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (whole, fraction) = (self.0 / UNIT, self.0 % UNIT);
        if fraction == 0 {
            return fmt::Display::fmt(&whole, f);
        }
        let digits = format!("{fraction:06}");
        write!(f, "{whole}.{}", digits.trim_end_matches('0'))
    }
}

#[cfg(test)]
mod tests {
    #[cfg(target_family = "wasm")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::{Amount, Decimal, Writer};

    fn amount(text: &str) -> Option<String> {
        Decimal::new(text).and_then(|number| Amount::new(&number)).map(|amount| amount.to_string())
    }

    #[test]
    fn a_number_is_an_exact_amount_or_none() {
        for (text, shown) in
            [("1", "1"), ("0", "0"), ("-0", "0"), ("1e2", "100"), ("0.10", "0.1"), ("1.000001", "1.000001")]
        {
            assert_eq!(amount(text).as_deref(), Some(shown), "{text}");
        }
        assert_eq!(amount("8999999999999.999999").as_deref(), Some("8999999999999.999999"));
        for text in ["-1", "9000000000000", "1e13", "0.0000001", "1e-7", "1e400"] {
            assert_eq!(amount(text), None, "{text}");
        }
        assert_eq!(Amount::from_units(Amount::MAX_UNITS).unwrap().to_string(), "8999999999999");
        assert_eq!(Amount::from_units(Amount::MAX_UNITS + 1), None);
    }

    #[test]
    fn an_amount_has_the_same_digits_in_texts_and_in_objects() {
        for (millionths, digits) in [(0, "0"), (1_000_000, "1"), (1_250_000, "1.25"), (1, "0.000001")] {
            let amount = Amount::from_millionths(millionths).unwrap();
            let mut object = Writer::default();
            amount.add_to(&mut object, "a\"");
            assert_eq!((amount.to_string().as_str(), amount.digits().as_str()), (digits, digits));
            assert_eq!(object.finish(), format!(r#"{{"a\"":{digits}}}"#));
        }
    }
}
