//! Whether a decimal number is the shortest that reads as its IEEE 754 double: what printing the double gives. The
//! printing itself (`core`'s `flt2dec`) would add 20 KB to the module.

use std::cmp::Ordering;

use super::Decimal;

/// Bits of a double's mantissa that are stored.
const STORED: u32 = 52;
/// The exponent of the last bit of the smallest doubles.
const MIN_EXPONENT: i32 = -1074;

/// Whether `digits` × 10^`power` is what a double prints that was read from it: no decimal with fewer digits reads as the
/// same double, and none with as many is nearer to it (of two that are as near, the even one is printed).
///
/// `digits` has at most 17 digits, does not end with `0` and is not 0. Takes some microseconds at most, for `power` far
/// from 0.
pub(super) fn is_shortest(digits: u64, power: i32) -> bool {
    let Some(double) = read(digits, power) else { return false };
    let reads_alike = |digits: u64, power: i32| read(digits, power).is_some_and(|other| other == double);
    // The decimals that read as one double have none between them that does not. So if one with fewer digits is among
    // them, then the next below or above is; and if one with as many is nearer, then its neighbour on that side is.
    let shorter = digits / 10;
    let longer_place = power.saturating_add(1);
    if shorter > 0 && (reads_alike(shorter, longer_place) || reads_alike(shorter.saturating_add(1), longer_place)) {
        return false;
    }
    nearer_neighbour(double, digits, power).is_none_or(|nearer| !reads_alike(nearer, power))
}

/// The shortest decimal that reads as the same double as `number`, and of those with as many digits the one that is nearest to
/// the double; `None` if the double is zero or infinite, or `number` is zero. Takes some twenty microseconds at most.
pub(super) fn shortest(number: &Decimal) -> Option<Decimal> {
    let length = number.digits.len();
    let double: f64 = ["0.", &number.digits, "e", &number.exponent.to_string()].concat().parse().ok()?;
    let reads_alike = |digits: u64, power: i32| read(digits, power).is_some_and(|other| other == double);
    // All decimals between two that read as one double do so, too. So if any with a number of digits does, then the next one
    // below `number` does, or the next one above; and some decimal with 17 digits always does.
    (1..=MAX_DIGITS.min(length)).find_map(|count| {
        let below: u64 = number.digits.get(..count)?.parse().ok()?;
        let power = i32::try_from(number.exponent.checked_sub(i64::try_from(count).ok()?)?).ok()?;
        let mut digits = [below, below.saturating_add(1)].into_iter().find(|digits| reads_alike(*digits, power))?;
        // With one digit less none does, so of those with as many there are few.
        while let Some(nearer) = nearer_neighbour(double, digits, power).filter(|nearer| reads_alike(*nearer, power)) {
            digits = nearer;
        }
        let text = digits.to_string();
        // 9 became 10.
        let carried = i64::try_from(text.len().saturating_sub(count)).ok()?;
        let exponent = number.exponent.saturating_add(carried);
        Some(Decimal { negative: number.negative, exponent, digits: text.trim_end_matches('0').to_owned() })
    })
}

/// Digits of the longest decimal that a double prints; IEEE 754, section 5.12.2.
const MAX_DIGITS: usize = 17;

/// The decimal with the same power that is nearer to a double than `digits`: one below or one above. Of two that are as near,
/// the even one is nearer.
fn nearer_neighbour(double: f64, digits: u64, power: i32) -> Option<u64> {
    let is_odd = !digits.is_multiple_of(2);
    let (below, above) = (digits.saturating_sub(1), digits.saturating_add(1));
    // Half way to the neighbour, in halves of the last place.
    let is_nearer = |neighbour: u64, side: Ordering| {
        let order = compare(double, digits.saturating_add(neighbour), power);
        order == side || is_odd && order == Ordering::Equal
    };
    if is_nearer(below, Ordering::Less) {
        Some(below)
    } else {
        Some(above).filter(|above| is_nearer(*above, Ordering::Greater))
    }
}

/// Reads a number into a double; `None` if it becomes zero or infinite.
fn read(digits: u64, power: i32) -> Option<f64> {
    format!("{digits}e{power}").parse().ok().filter(|double: &f64| *double != 0.0 && double.is_finite())
}

/// Compares twice a double, which is above 0, with `digits` × 10^`power`.
fn compare(double: f64, digits: u64, power: i32) -> Ordering {
    let bits = double.to_bits();
    let (stored, mantissa) = (bits >> STORED, bits & ((1 << STORED) - 1));
    // Of the smallest doubles the mantissa is all there is; of others the first bit is not stored.
    let mantissa = if stored == 0 { mantissa } else { mantissa | 1 << STORED };
    let exponent = MIN_EXPONENT.saturating_add(i32::try_from(stored.saturating_sub(1)).unwrap_or_default());
    // mantissa × 2^(exponent + 1) against digits × 5^power × 2^power
    let twos = exponent.saturating_add(1).saturating_sub(power);
    let size = |exponent: i32| u32::try_from(exponent).unwrap_or_default();
    let ours = product(mantissa, size(power.saturating_neg()), size(twos));
    let theirs = product(digits, size(power), size(twos.saturating_neg()));
    // Neither has a zero in front.
    ours.len().cmp(&theirs.len()).then_with(|| ours.iter().rev().cmp(theirs.iter().rev()))
}

/// `number` × 5^`fives` × 2^`twos` in digits of 32 bits, the lowest first. The exponents of doubles keep it below 160 bytes.
fn product(number: u64, fives: u32, twos: u32) -> Vec<u32> {
    /// The largest power of 5 in 32 bits.
    const STEP: u32 = 13;
    let mut limbs = vec![0; usize::try_from(twos / u32::BITS).unwrap_or_default()];
    limbs.extend([low(number), low(number >> u32::BITS)]);
    for _ in 0..fives / STEP {
        multiply(&mut limbs, 5_u32.pow(STEP));
    }
    multiply(&mut limbs, 5_u32.pow(fives % STEP));
    multiply(&mut limbs, 1 << (twos % u32::BITS));
    while limbs.last() == Some(&0) {
        limbs.pop();
    }
    limbs
}

fn multiply(limbs: &mut Vec<u32>, factor: u32) {
    let mut carry: u64 = 0;
    for limb in limbs.iter_mut() {
        carry = u64::from(*limb).saturating_mul(u64::from(factor)).saturating_add(carry);
        *limb = low(carry);
        carry >>= u32::BITS;
    }
    if carry > 0 {
        limbs.push(low(carry));
    }
}

/// The lower half.
fn low(number: u64) -> u32 {
    u32::try_from(number & u64::from(u32::MAX)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    #[cfg(target_family = "wasm")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::is_shortest;

    /// What `serde_json` prints for the double, as digits and a power of ten.
    fn printed(double: f64) -> (u64, i32) {
        let text = serde_json::to_string(&double).unwrap();
        let (mantissa, power) = text.split_once('e').unwrap_or((&text, "0"));
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let all = [whole, fraction].concat();
        let digits = all.trim_end_matches('0');
        let zeros = i32::try_from(all.len() - digits.len()).unwrap();
        let power = power.parse::<i32>().unwrap() - i32::try_from(fraction.len()).unwrap() + zeros;
        (digits.parse().unwrap(), power)
    }

    fn check(double: f64) {
        if double == 0.0 || !double.is_finite() {
            return;
        }
        let double = double.abs();
        let (digits, power) = printed(double);
        assert!(is_shortest(digits, power), "{double:e}");
        for other in [digits - 1, digits + 1, digits.saturating_sub(2), digits + 2] {
            for (digits, power) in [(other, power), (other * 10 + 5, power - 1), (digits * 10 + 1, power - 1)] {
                if digits == 0 || digits % 10 == 0 || digits >= 100_000_000_000_000_000 {
                    continue;
                }
                let read: f64 = format!("{digits}e{power}").parse().unwrap();
                let expected = read != 0.0 && read.is_finite() && printed(read) == (digits, power);
                assert_eq!(is_shortest(digits, power), expected, "{digits}e{power}");
            }
        }
    }

    #[test]
    fn of_two_decimals_that_are_as_near_the_even_one_is_the_shortest() {
        // 570000000000000.25, as JavaScript, Python and Go print it.
        assert!(is_shortest(5_700_000_000_000_002, -1) && !is_shortest(5_700_000_000_000_003, -1));
    }

    #[test]
    fn a_nearer_decimal_counts_only_if_it_reads_as_the_double() {
        // 2^-1017 is nearer to …044, but that reads as the next double below, which is half as far away as the one above.
        assert!(is_shortest(7_120_236_347_223_045, -322));
    }

    #[test]
    fn the_shortest_decimal_of_a_double_is_the_one_that_is_printed() {
        let mut bits: u64 = 0x9E37_79B9_7F4A_7C15;
        for _ in 0..2_000 {
            // Xorshift: every exponent, and mantissas of all kinds.
            bits ^= bits << 13;
            bits ^= bits >> 7;
            bits ^= bits << 17;
            check(f64::from_bits(bits));
            check(f64::from_bits(bits & !0 << (bits % 53)));
            // Numbers as people and programs send them.
            check(f64::from(u32::try_from(bits >> 32).unwrap()) / 1000.0 * 1.1);
            check((bits >> 11) as f64 / 8.0);
            check((bits >> 11) as f64 / 4.0);
        }
        for power in 0..=2046 {
            let edge = power << 52;
            [edge.max(1) - 1, edge, edge + 1].into_iter().for_each(|bits| check(f64::from_bits(bits)));
        }
        (1..200).for_each(|bits| check(f64::from_bits(bits)));
    }
}
