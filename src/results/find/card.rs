//! Numbers of payment cards: the prefix and length of a network (ISO/IEC 7812, the networks' own tables), and the check digit.

use std::ops::Range;

use super::{before, byte};

/// The longest number, in digits.
const MAX_DIGITS: usize = 19;
/// Cards are printed in groups of so many digits; the first has [`FIRST_GROUP`].
const GROUPS: std::ops::RangeInclusive<usize> = 3..=6;
const FIRST_GROUP: usize = 4;

/// The card number that begins at a digit: one run, or groups with one kind of separator, a blank or a hyphen.
pub(in crate::results) fn find_card(text: &[u8], start: usize) -> Option<Range<usize>> {
    let front = before(text, start);
    // A part of a longer number, a fraction or a hexadecimal digest.
    if front.is_ascii_hexdigit() || front == b'.' && before(text, start.saturating_sub(1)).is_ascii_digit() {
        return None;
    }
    let (mut digits, mut count, mut at) = ([0; MAX_DIGITS], 0, start);
    let (mut separator, mut found) = (None, None);
    loop {
        let group = at;
        while byte(text, at).is_ascii_digit() {
            // A longer run is no card.
            let Some(digit) = digits.get_mut(count) else { return found };
            *digit = byte(text, at).wrapping_sub(b'0');
            count = count.saturating_add(1);
            at = at.saturating_add(1);
        }
        let size = at.saturating_sub(group);
        if separator.is_some() && !GROUPS.contains(&size) {
            return found;
        }
        let (next, behind) = (byte(text, at), byte(text, at.saturating_add(1)));
        let is_cut = next.is_ascii_hexdigit() || next == b'.' && behind.is_ascii_digit();
        let number = digits.get(..count).unwrap_or_default();
        if !is_cut && is_network(number) && has_check_digit(number) {
            found = Some(start..at);
        }
        let goes_on = matches!(next, b' ' | b'-') && behind.is_ascii_digit();
        if !goes_on || separator.is_some_and(|other| other != next) || group == start && size != FIRST_GROUP {
            return found;
        }
        separator = Some(next);
        at = at.saturating_add(1);
    }
}

/// Luhn's formula; ISO/IEC 7812-1, annex B.
fn has_check_digit(digits: &[u8]) -> bool {
    let weigh = |(index, digit): (usize, &u8)| match (index % 2, u32::from(*digit)) {
        (0, digit) => digit,
        (_, digit) if digit > 4 => digit.saturating_mul(2).saturating_sub(9),
        (_, digit) => digit.saturating_mul(2),
    };
    digits.iter().rev().enumerate().map(weigh).sum::<u32>().is_multiple_of(10)
}

/// Whether a network issues numbers with this prefix and length.
fn is_network(digits: &[u8]) -> bool {
    let length = digits.len();
    if length < 13 {
        return false;
    }
    let prefix =
        digits.iter().take(6).fold(0_u32, |number, digit| number.saturating_mul(10).saturating_add(u32::from(*digit)));
    match prefix {
        // Visa.
        400_000..=499_999 => matches!(length, 13 | 16 | 19),
        // Mastercard.
        510_000..=559_999 | 222_100..=272_099 => length == 16,
        // American Express.
        340_000..=349_999 | 370_000..=379_999 => length == 15,
        // Diners Club.
        300_000..=305_999 | 309_500..=309_599 | 360_000..=369_999 | 380_000..=399_999 => matches!(length, 14 | 16 | 19),
        // JCB.
        352_800..=358_999 => (16..=19).contains(&length),
        // Discover, RuPay, UnionPay, Maestro, Verve and Elo.
        500_000..=509_999 | 560_000..=589_999 | 600_000..=699_999 => (16..=19).contains(&length),
        // UnionPay and RuPay.
        810_000..=829_999 => (16..=19).contains(&length),
        // Mir, and Troy.
        220_000..=220_499 | 979_200..=979_299 => (16..=19).contains(&length),
        _ => false,
    }
}
