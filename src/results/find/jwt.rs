//! JSON Web Tokens in the compact form: RFC 7515, section 7.1, and RFC 7516, section 7.1. The first part is read: it is an object
//! that names an algorithm.

use std::ops::Range;

use super::{before, byte, run_end};

/// Bytes of the first part that are read.
const MAX_HEADER: usize = 1024;
/// Bytes of the second part without which nothing was said; a token that is cut off counts all the same.
const MIN_PAYLOAD: usize = 8;

/// The token whose first part has `J` as its third byte: `eyJ` is `{"`.
pub(in crate::results) fn find_jwt(text: &[u8], third: usize) -> Option<Range<usize>> {
    let start = third.checked_sub(2)?;
    if !super::has(text, start, b"ey") || is_url_digit(before(text, start)) {
        return None;
    }
    let header = run_end(text, start, usize::MAX, is_url_digit);
    if byte(text, header) != b'.' || !names_algorithm(text.get(start..header)?) {
        return None;
    }
    let mut end = header;
    // A signed token has three parts, an encrypted one five; each may be empty but the second of a signed one.
    for _ in 0..4 {
        if byte(text, end) != b'.' {
            break;
        }
        end = run_end(text, end.saturating_add(1), usize::MAX, is_url_digit);
    }
    let payload = end.saturating_sub(header);
    // The full stop of a sentence.
    let end = if before(text, end) == b'.' { end.saturating_sub(1) } else { end };
    (payload > MIN_PAYLOAD).then_some(start..end)
}

fn names_algorithm(header: &[u8]) -> bool {
    let header = decode_base64(header.get(..header.len().min(MAX_HEADER)).unwrap_or_default());
    header.starts_with(b"{") && header.windows(5).any(|five| five == b"\"alg\"")
}

fn is_url_digit(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_')
}

/// The bits of a digit of base64, in either alphabet; RFC 4648, sections 4 and 5.
pub(in crate::results) fn sextet(digit: u8) -> Option<u8> {
    match digit {
        b'A'..=b'Z' => Some(digit.wrapping_sub(b'A')),
        b'a'..=b'z' => Some(digit.wrapping_sub(b'a').wrapping_add(26)),
        b'0'..=b'9' => Some(digit.wrapping_sub(b'0').wrapping_add(52)),
        b'+' | b'-' => Some(62),
        b'/' | b'_' => Some(63),
        _ => None,
    }
}

/// What base64 means, in either alphabet, without its padding; other bytes are left out.
pub(in crate::results) fn decode_base64(digits: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(digits.len() / 4 * 3);
    let (mut bits, mut count) = (0_u32, 0_u32);
    for sextet in digits.iter().filter_map(|digit| sextet(*digit)) {
        bits = bits << 6 | u32::from(sextet);
        count = count.wrapping_add(6);
        if count >= 8 {
            count = count.wrapping_sub(8);
            let [.., byte] = (bits >> count).to_be_bytes();
            out.push(byte);
        }
    }
    out
}
