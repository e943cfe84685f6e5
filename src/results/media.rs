//! What an answer holds besides texts: images, audio and other binary data.

use super::find::sextet;

/// Whether a media type is of neither text nor JSON, XML or YAML.
pub(super) fn is_binary(media_type: &str) -> bool {
    let lower = media_type.to_ascii_lowercase();
    !lower.trim_start().starts_with("text/") && !["json", "xml", "yaml"].iter().any(|text| lower.contains(text))
}

/// Whether a text is what an encoder makes of some bytes; RFC 4648, section 4.
pub(super) fn is_canonical_base64(text: &[u8]) -> bool {
    let padding = text.iter().rev().take(2).take_while(|byte| **byte == b'=').count();
    let digits = text.get(..text.len().saturating_sub(padding)).unwrap_or_default();
    let is_digit = |byte: &u8| sextet(*byte).is_some() && !matches!(byte, b'-' | b'_');
    let unused = match padding {
        0 => 0,
        1 => 0b11,
        _ => 0b1111,
    };
    let last = digits.last().and_then(|byte| sextet(*byte)).unwrap_or(0);
    text.len().is_multiple_of(4) && last & unused == 0 && digits.iter().all(is_digit)
}
