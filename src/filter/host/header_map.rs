//! Header maps as the ABI writes them: the number of pairs, the sizes of each, then each name and value with a NUL
//! behind it; numbers are four bytes, little-endian.

use std::ops::Range;

use crate::http::{Headers, Index};

/// The headers of a serialized map, which they stay in; `None` if the sizes do not fit, or a name is not UTF-8.
pub(super) fn read(bytes: Vec<u8>) -> Option<Headers> {
    if bytes.is_empty() {
        return Some(Headers::default());
    }
    let (count, rest) = number(&bytes)?;
    let (sizes, texts) = rest.split_at_checked(count.checked_mul(8)?)?;
    let mut at = bytes.len().checked_sub(texts.len())?;
    // As nearly always: then each name is UTF-8, too.
    let is_ascii = is_ascii(texts);
    let mut index = Index::with_capacity(count);
    for [name, value] in sizes.as_chunks().0.iter().map(pair) {
        let name = text(&bytes, at, name)?;
        if !is_ascii {
            std::str::from_utf8(bytes.get(name.clone())?).ok()?;
        }
        let value = text(&bytes, name.end.wrapping_add(1), value)?;
        at = value.end.wrapping_add(1);
        index.push(&bytes, name, value);
    }
    Some(Headers::from_index(bytes, index))
}

/// The headers of nearly all replies, as [`write`] serializes them: one pair, of 12 and 16 bytes.
pub(super) const JSON: &[u8] = b"\x01\0\0\0\x0c\0\0\0\x10\0\0\0content-type\0application/json\0";

/// Serializes `pairs`, each far below 4 GiB.
pub(super) fn write(pairs: &[(&str, &str)]) -> Vec<u8> {
    let all: usize = pairs.iter().map(|(name, value)| name.len().saturating_add(value.len()).saturating_add(10)).sum();
    let mut bytes = Vec::with_capacity(all.saturating_add(4));
    let sizes = pairs.iter().flat_map(|(name, value)| [name.len(), value.len()]);
    for number in [pairs.len()].into_iter().chain(sizes) {
        bytes.extend_from_slice(&u32::try_from(number).unwrap_or(u32::MAX).to_le_bytes());
    }
    for text in pairs.iter().flat_map(|(name, value)| [name, value]) {
        bytes.extend_from_slice(text.as_bytes());
        bytes.push(0);
    }
    bytes
}

/// In blocks, whose bits are joined before one look at them all.
fn is_ascii(bytes: &[u8]) -> bool {
    const HIGHEST_BITS: u128 = u128::from_le_bytes([0x80; 16]);
    // The last two blocks may overlap.
    let Some(last) = bytes.last_chunk() else { return bytes.is_ascii() };
    let join = |all, block: &[u8; 16]| all | u128::from_le_bytes(*block);
    bytes.as_chunks().0.iter().fold(join(0, last), join) & HIGHEST_BITS == 0
}

fn number(bytes: &[u8]) -> Option<(usize, &[u8])> {
    let (number, rest) = bytes.split_first_chunk()?;
    Some((usize::try_from(u32::from_le_bytes(*number)).ok()?, rest))
}

/// Two numbers. One that does not fit is larger than any map.
fn pair(sizes: &[u8; 8]) -> [usize; 2] {
    let [a, b, c, d, e, f, g, h] = *sizes;
    [[a, b, c, d], [e, f, g, h]].map(|bytes| usize::try_from(u32::from_le_bytes(bytes)).unwrap_or(usize::MAX))
}

/// The text of so many bytes that begins there, with its NUL behind it.
fn text(bytes: &[u8], start: usize, size: usize) -> Option<Range<usize>> {
    // Nothing is there if the sum is too large, so one can be added to the end of what is.
    let end = start.saturating_add(size);
    (bytes.get(end) == Some(&0)).then_some(start..end)
}
