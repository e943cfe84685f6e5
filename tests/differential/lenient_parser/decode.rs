//! From bytes to text.

use super::Tolerance;

/// The text that the bytes hold, to a reader this tolerant.
pub(crate) fn decode(bytes: &[u8], tolerance: Tolerance) -> Option<String> {
    let end = bytes.iter().position(|byte| *byte == 0).filter(|_| tolerance.nul_ends).unwrap_or(bytes.len());
    let bytes = &bytes[..end];
    if tolerance.encodings {
        if let Some(text) = wide(bytes, tolerance.lossy) {
            return Some(text);
        }
        let marked = bytes.strip_prefix(b"\xEF\xBB\xBF");
        return utf8(marked.unwrap_or(bytes), tolerance.lossy);
    }
    utf8(bytes, tolerance.lossy)
}

fn utf8(bytes: &[u8], lossy: bool) -> Option<String> {
    match std::str::from_utf8(bytes) {
        Ok(text) => Some(text.to_owned()),
        Err(_) if lossy => Some(String::from_utf8_lossy(bytes).into_owned()),
        Err(_) => None,
    }
}

/// UTF-16 or UTF-32 by its mark, else by the positions of the zero bytes in the first two characters, as Python does.
fn wide(bytes: &[u8], lossy: bool) -> Option<String> {
    let four = bytes.get(..4).map(|four| [four[0] != 0, four[1] != 0, four[2] != 0, four[3] != 0]);
    let (width, big, start) = match (bytes, four) {
        ([0xFF, 0xFE, 0, 0, ..], _) => (4, false, 4),
        ([0, 0, 0xFE, 0xFF, ..], _) => (4, true, 4),
        ([0xFF, 0xFE, ..], _) => (2, false, 2),
        ([0xFE, 0xFF, ..], _) => (2, true, 2),
        (_, Some([false, false, false, true])) => (4, true, 0),
        (_, Some([true, false, false, false])) => (4, false, 0),
        (_, Some([false, true, ..])) => (2, true, 0),
        (_, Some([true, false, ..])) => (2, false, 0),
        _ => return None,
    };
    let units = bytes[start..].chunks_exact(width).map(|unit| {
        let fold = |sum: u32, byte: &u8| (sum << 8) | u32::from(*byte);
        if big { unit.iter().fold(0, fold) } else { unit.iter().rev().fold(0, fold) }
    });
    if width == 4 {
        let chars = units.map(|unit| char::from_u32(unit).or(lossy.then_some(char::REPLACEMENT_CHARACTER)));
        return chars.collect();
    }
    let units: Vec<u16> = units.filter_map(|unit| u16::try_from(unit).ok()).collect();
    if lossy { Some(String::from_utf16_lossy(&units)) } else { String::from_utf16(&units).ok() }
}
