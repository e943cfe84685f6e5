//! IBANs: the length that a country has, and the checksum; ISO 13616-1, the IBAN registry of SWIFT, release 99.

use std::ops::Range;

use super::{before, byte};

/// Each country, and how long its numbers are.
const LENGTHS: &[u8] = b"AD24AE23AL28AT20AZ28BA20BE16BG22BH22BI27BR29BY28CH21CR22CY28CZ24DE22DJ27DK18DO28EE20EG29ES24FI18FK18FO18\
FR27GB22GE22GI23GL18GR27GT28HN28HR21HU28IE22IL23IQ23IS26IT27JO30KW30KZ20LB28LC32LI21LT20LU20LV21LY25MC27MD24ME22MK19MN20MR27MT31\
MU30NI28NL18NO15OM23PK24PL28PS29PT25QA29RO24RS22RU33SA24SC31SD18SE24SI19SK24SM27SO23ST25SV28TL23TN24TR26UA29VA22VG24XK20YE30";

/// The longest number, in characters.
const MAX: usize = 34;

/// The IBAN whose check digits begin at a digit, in one run or in groups with blanks or hyphens.
pub(in crate::results) fn find_iban(text: &[u8], digits: usize) -> Option<Range<usize>> {
    let start = digits.checked_sub(2)?;
    let country = [byte(text, start).to_ascii_uppercase(), byte(text, start.saturating_add(1)).to_ascii_uppercase()];
    let is_country =
        country.iter().all(u8::is_ascii_uppercase) && byte(text, digits.saturating_add(1)).is_ascii_digit();
    if !is_country || before(text, start).is_ascii_alphanumeric() {
        return None;
    }
    let length = length_in(country)?;
    let (mut number, mut count, mut at) = ([0; MAX], 0, start);
    while count < length {
        let next = byte(text, at);
        if next.is_ascii_alphanumeric() {
            *number.get_mut(count)? = next.to_ascii_uppercase();
            count = count.saturating_add(1);
        } else if !matches!(next, b' ' | b'-') || !byte(text, at.saturating_add(1)).is_ascii_alphanumeric() {
            return None;
        }
        at = at.saturating_add(1);
    }
    let number = number.get(..length)?;
    let is_whole = !byte(text, at).is_ascii_alphanumeric();
    (is_whole && has_checksum(number)).then_some(start..at)
}

fn length_in(country: [u8; 2]) -> Option<usize> {
    let entry = LENGTHS.chunks_exact(4).find(|entry| entry.starts_with(&country))?;
    let digit = |at| usize::from(byte(entry, at).wrapping_sub(b'0'));
    Some(digit(2).saturating_mul(10).saturating_add(digit(3)))
}

/// ISO 7064, mod 97-10, with the country and the check digits behind the rest.
fn has_checksum(number: &[u8]) -> bool {
    let (front, rest) = number.split_at_checked(4).unwrap_or_default();
    let step = |sum: u32, byte: &u8| match byte {
        b'0'..=b'9' => sum.saturating_mul(10).saturating_add(u32::from(byte.wrapping_sub(b'0'))) % 97,
        _ => sum.saturating_mul(100).saturating_add(u32::from(byte.wrapping_sub(b'A')).saturating_add(10)) % 97,
    };
    rest.iter().chain(front).fold(0, step) == 1
}
