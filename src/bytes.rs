//! Looks at the bytes of a text without decoding it: which are printable, the number that digits write, which of two texts comes
//! first.

/// Whether all characters are in ASCII and can be seen, white space but the plain space excluded. It looks at blocks without a
/// branch for each byte, which the compiler turns into SIMD instructions.
#[must_use]
pub(crate) fn is_printable_ascii(text: &[u8]) -> bool {
    let is_printable = |bytes: &[u8]| bytes.iter().fold(true, |all, byte| all & matches!(byte, b' '..=b'~'));
    match (text.first_chunk::<8>(), text.last_chunk::<8>(), text.last_chunk::<16>()) {
        // The last two blocks may overlap.
        (_, _, Some(last)) => {
            let (blocks, rest) = text.as_chunks::<64>();
            blocks.iter().all(|block| is_printable(block))
                && rest.as_chunks::<16>().0.iter().all(|block| is_printable(block))
                && is_printable(last)
        }
        (Some(front), Some(back), None) => is_printable(front) && is_printable(back),
        _ => is_printable(text),
    }
}

/// The number that decimal digits write, or the largest of 64 bits if it has more than 19 digits; `None` for anything else, a sign among it.
#[must_use]
pub(crate) fn whole_number(digits: &[u8]) -> Option<u64> {
    // So many digits fit. To multiply without an overflow takes 128 bits, which is slow in WebAssembly.
    const FITTING: usize = 19;
    let (mut sum, mut significant) = (0_u64, 0_usize);
    for digit in digits {
        let digit = u64::from(digit.wrapping_sub(b'0'));
        if digit > 9 {
            return None;
        }
        significant = significant.wrapping_add(usize::from(significant > 0 || digit > 0));
        sum = sum.wrapping_mul(10).wrapping_add(digit);
    }
    if digits.is_empty() { None } else { Some(if significant > FITTING { u64::MAX } else { sum }) }
}

/// The port that decimal digits write; `None` for anything else, a sign among it, which `u16::from_str` would take.
#[must_use]
pub fn read_port(digits: &str) -> Option<u16> {
    whole_number(digits.as_bytes()).and_then(|port| u16::try_from(port).ok())
}

/// A number below 64 for a name, by its length, first and last byte, which few other names of one head or object have.
#[inline(always)]
pub(crate) const fn mark(name: &[u8]) -> u32 {
    let [length, ..] = name.len().to_le_bytes();
    let (first, last) = match (name.first(), name.last()) {
        (Some(first), Some(last)) => (*first, *last),
        _ => (0, 0),
    };
    (first.wrapping_mul(5).wrapping_add(last).wrapping_add(length.wrapping_mul(7)) % 64) as u32
}

/// How two texts of one length are in order, by their first bytes that differ: below zero, zero if there are none, or above, as C's
/// `memcmp` returns it. In WebAssembly that of the C library takes one byte after the other; here up to sixteen bytes are compared as
/// two halves that may overlap, and more of them in blocks; all as numbers, since the comparison of two arrays may call `memcmp`.
#[cfg(any(test, target_os = "wasi"))]
pub(crate) fn order(one: &[u8], other: &[u8]) -> i32 {
    match one.len() {
        0..4 => {
            let differing = one.iter().zip(other).find(|(one, other)| one != other);
            differing.map_or(0, |(one, other)| i32::from(*one).wrapping_sub(i32::from(*other)))
        }
        4..=16 => order_words(ends(one), ends(other)),
        _ => {
            for (block, other_block) in one.as_chunks::<16>().0.iter().zip(other.as_chunks::<16>().0) {
                if u128::from_le_bytes(*block) != u128::from_le_bytes(*other_block) {
                    return order_words(words(block), words(other_block));
                }
            }
            let [last, other_last] =
                [one, other].map(|text| text.last_chunk::<16>().map_or([0; 2], |last| words(last)));
            order_words(last, other_last)
        }
    }
}

/// The first and the last bytes of a text as two numbers, which tell texts of one length apart up to sixteen bytes.
#[inline(always)]
pub(crate) fn ends(text: &[u8]) -> [u64; 2] {
    if text.len() >= 8 {
        return words(text);
    }
    let word = |half: Option<&[u8; 4]>| half.map(|half| u64::from(u32::from_le_bytes(*half)));
    match (word(text.first_chunk()), word(text.last_chunk())) {
        (Some(front), Some(back)) => [front, back],
        _ => [text.iter().fold(0, |sum, byte| sum << 8 | u64::from(*byte)), 0],
    }
}

/// The first eight bytes of a text, and its last, as numbers whose lowest byte is the first.
#[inline(always)]
fn words(text: &[u8]) -> [u64; 2] {
    let word = |half: Option<&[u8; 8]>| half.map_or(0, |half| u64::from_le_bytes(*half));
    [word(text.first_chunk()), word(text.last_chunk())]
}

#[cfg(any(test, target_os = "wasi"))]
#[inline(always)]
fn order_words([front, back]: [u64; 2], [other_front, other_back]: [u64; 2]) -> i32 {
    let (one, other) = if front == other_front { (back, other_back) } else { (front, other_front) };
    if one == other {
        return 0;
    }
    let first_bits = (one ^ other).trailing_zeros() & 0x38;
    let [byte, ..] = (one >> first_bits).to_le_bytes();
    let [other_byte, ..] = (other >> first_bits).to_le_bytes();
    i32::from(byte).wrapping_sub(i32::from(other_byte))
}

#[cfg(test)]
mod tests {
    #[cfg(target_family = "wasm")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::{is_printable_ascii, order, read_port, whole_number};

    #[test]
    fn a_whole_number_is_digits_alone_and_never_wraps_around() {
        for (digits, number) in [
            ("0", Some(0)),
            ("007", Some(7)),
            ("0000000000000000000000100", Some(100)),
            ("9999999999999999999", Some(9_999_999_999_999_999_999)),
            ("10000000000000000000", Some(u64::MAX)),
            ("18446744073709551616", Some(u64::MAX)),
            ("99999999999999999999999", Some(u64::MAX)),
            ("", None),
            ("-1", None),
            ("+1", None),
            ("1 ", None),
            ("1e2", None),
        ] {
            assert_eq!(whole_number(digits.as_bytes()), number, "{digits:?}");
        }
    }

    #[test]
    fn a_port_is_digits_alone_up_to_65535() {
        for (digits, port) in [("0", 0), ("80", 80), ("00080", 80), ("65535", 65_535)] {
            assert_eq!(read_port(digits), Some(port), "{digits:?}");
        }
        for text in ["", "+80", "-80", " 80", "80 ", "65536", "18446744073709551696", "8o", "\u{664}"] {
            assert_eq!(read_port(text), None, "{text:?}");
        }
    }

    #[test]
    fn the_first_byte_that_differs_orders_texts_of_any_length() {
        for length in 0..70 {
            let one: Vec<u8> = (0..length).collect();
            assert_eq!(order(&one, &one.clone()), 0, "{length}");
            for at in 0..one.len() {
                let mut other = one.clone();
                other[at] ^= 0x80;
                // What follows has no say.
                other[at + 1..].fill(0);
                let expected = i32::from(one[at]) - i32::from(other[at]);
                assert_eq!([order(&one, &other), order(&other, &one)], [expected, -expected], "{at} of {length}");
            }
        }
    }

    #[test]
    fn a_text_is_printable_if_each_byte_of_it_is() {
        for length in 0..70 {
            let plain = vec![b' '; length];
            assert!(is_printable_ascii(&plain), "{length}");
            for at in 0..length {
                for byte in 0..=u8::MAX {
                    let mut text = plain.clone();
                    text[at] = byte;
                    assert_eq!(is_printable_ascii(&text), matches!(byte, b' '..=b'~'), "{byte} at {at} of {length}");
                }
            }
        }
    }
}
