//! Prepares texts of callers, servers and authors for messages to people: truncates them, and escapes invisible characters.

use std::fmt::Display;

/// A number of things in words: `1 call`, `2 calls`.
#[must_use]
pub fn count<N: Display + PartialEq + From<u8>>(number: N, thing: &str) -> String {
    if number == N::from(1) { format!("1 {thing}") } else { format!("{number} {thing}s") }
}

/// The verb of a number of things: the one of a single thing, or the one of several.
#[must_use]
pub fn verb<N: PartialEq + From<u8>>(number: N, single: &'static str, several: &'static str) -> &'static str {
    if number == N::from(1) { single } else { several }
}

/// Characters of a text of a client's that answers, records and notices repeat at most; product contract, section 3.1.
pub const MAX_CHARS: usize = 256;
/// Characters of a text that a message quotes, unless it says otherwise.
pub const EXCERPT_CHARS: usize = 64;

/// The first [`MAX_CHARS`] characters of a text, as they are. Nearly all texts are shorter, even counted in bytes.
#[must_use]
pub fn front(text: &str) -> &str {
    if text.len() <= MAX_CHARS {
        return text;
    }
    let end = text.char_indices().nth(MAX_CHARS).map_or(text.len(), |(index, _)| index);
    text.get(..end).unwrap_or_default()
}

/// The front of a text, as far as a message quotes it.
#[must_use]
pub fn excerpt(text: &str) -> String {
    truncate(text, EXCERPT_CHARS)
}

/// The front of a text of up to [`MAX_CHARS`] characters, as a message quotes it that may repeat so many.
#[must_use]
pub fn long_excerpt(text: &str) -> String {
    truncate(text, MAX_CHARS)
}

/// The first `max` characters of a text, then `…` if there are more; invisible ones as `\u{…}`. A long text costs no more
/// than a short one.
fn truncate(text: &str, max: usize) -> String {
    let mut characters = text.chars();
    let mut out = String::new();
    characters.by_ref().take(max).for_each(|c| push_visible(c, &mut out));
    if characters.next().is_some() {
        out.push('…');
    }
    out
}

/// A whole text in one line, invisible characters as `\u{…}`.
#[must_use]
pub fn escape_invisible(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    text.chars().for_each(|c| push_visible(c, &mut out));
    out
}

fn push_visible(c: char, out: &mut String) {
    if is_invisible(c) { out.extend(c.escape_unicode()) } else { out.push(c) }
}

/// Whether a character is invisible, or changes how its neighbours are displayed. These are all characters but the plain space
/// in Unicode's categories C (control, format, bidirectional, private, unassigned) and Z (separators), what is ignorable
/// by default, and the blank of Braille.
#[must_use]
pub fn is_invisible(c: char) -> bool {
    match c {
        ' '..='~' => false,
        // Of no such category, and ignorable or blank all the same.
        '\u{34f}'
        | '\u{115f}'..='\u{1160}'
        | '\u{17b4}'..='\u{17b5}'
        | '\u{180b}'..='\u{180f}'
        | '\u{2800}'
        | '\u{3164}'
        | '\u{fe00}'..='\u{fe0f}'
        | '\u{ffa0}'
        | '\u{e0100}'..='\u{e01ef}' => true,
        // The standard library escapes these categories, and marks if they begin a text: so behind a letter.
        c => format!("a{c}").escape_debug().nth(2).is_some(),
    }
}

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

/// Whether a text has a control character. Nearly all names are found to have none without decoding their UTF-8.
#[must_use]
pub(crate) fn has_control(text: &str) -> bool {
    !is_printable_ascii(text.as_bytes()) && text.chars().any(char::is_control)
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
        4..8 => {
            let word = |half: Option<&[u8; 4]>| half.map_or(0, |half| u32::from_le_bytes(*half).into());
            let halves = |text: &[u8]| [word(text.first_chunk()), word(text.last_chunk())];
            order_words(halves(one), halves(other))
        }
        8..=16 => order_words(words(one), words(other)),
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

/// The first eight bytes of a text, and its last, as numbers whose lowest byte is the first.
#[cfg(any(test, target_os = "wasi"))]
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

    use super::{
        escape_invisible, excerpt, front, is_printable_ascii, long_excerpt, order, read_port, truncate, whole_number,
    };

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

    #[test]
    fn what_cannot_be_seen_is_shown_by_its_number() {
        for (character, shown) in [
            ('\u{1b}', r"\u{1b}"),
            ('\n', r"\u{a}"),
            ('\r', r"\u{d}"),
            ('\u{7f}', r"\u{7f}"),
            ('\u{9b}', r"\u{9b}"),
            ('\u{a0}', r"\u{a0}"),
            ('\u{ad}', r"\u{ad}"),
            ('\u{34f}', r"\u{34f}"),
            ('\u{378}', r"\u{378}"),
            ('\u{200b}', r"\u{200b}"),
            ('\u{202e}', r"\u{202e}"),
            ('\u{2028}', r"\u{2028}"),
            ('\u{2066}', r"\u{2066}"),
            ('\u{2800}', r"\u{2800}"),
            ('\u{3000}', r"\u{3000}"),
            ('\u{3164}', r"\u{3164}"),
            ('\u{e000}', r"\u{e000}"),
            ('\u{fe0f}', r"\u{fe0f}"),
            ('\u{e0041}', r"\u{e0041}"),
            ('\u{e0100}', r"\u{e0100}"),
        ] {
            assert_eq!(escape_invisible(&format!("pay{character}ee")), format!("pay{shown}ee"));
        }
    }

    #[test]
    fn what_can_be_seen_stays() {
        for plain in ["create_charge", r#"{"a b": "\\'"}"#, "größe", "e\u{301}", "支払い", "नमस्ते", "שלום", "🙂"]
        {
            assert_eq!(escape_invisible(plain), plain);
        }
    }

    #[test]
    fn a_long_text_is_cut_behind_a_whole_character() {
        assert_eq!(excerpt(&"é".repeat(64)), "é".repeat(64));
        assert_eq!(excerpt(&"é".repeat(65)), "é".repeat(64) + "…");
        assert_eq!(truncate("a\nb", 2), "a\\u{a}…");
        assert_eq!(truncate("", 0), "");
        assert_eq!(long_excerpt(&"é".repeat(257)), "é".repeat(256) + "…");
    }

    #[test]
    fn the_front_of_a_text_is_256_whole_characters_as_they_are() {
        for text in ["a", "é", "支", "🙂", "\n"] {
            assert_eq!(front(&text.repeat(256)), text.repeat(256));
            assert_eq!(front(&text.repeat(257)), text.repeat(256));
        }
        assert_eq!(front(""), "");
    }
}
