//! Header maps as the ABI writes them: the number of pairs, the sizes of each, then each name and value with a NUL
//! behind it; numbers are four bytes, little-endian.

/// The pairs of a serialised map; `None` if the sizes do not fit, or a name is not UTF-8.
pub(super) fn read(bytes: &[u8]) -> Option<Vec<(String, Vec<u8>)>> {
    if bytes.is_empty() {
        return Some(Vec::new());
    }
    let (count, rest) = number(bytes)?;
    let (mut sizes, mut texts) = rest.split_at_checked(count.checked_mul(8)?)?;
    let mut pairs = Vec::with_capacity(count);
    while !sizes.is_empty() {
        let (name, value);
        (name, sizes) = number(sizes)?;
        (value, sizes) = number(sizes)?;
        let (name, rest) = text(texts, name)?;
        let (value, rest) = text(rest, value)?;
        pairs.push((String::from_utf8(name.to_vec()).ok()?, value.to_vec()));
        texts = rest;
    }
    Some(pairs)
}

/// A serialised map of `pairs`, none of which comes near 4 GiB.
pub(super) fn write(pairs: &[(&str, &str)]) -> Vec<u8> {
    let mut bytes = Vec::new();
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

fn number(bytes: &[u8]) -> Option<(usize, &[u8])> {
    let (number, rest) = bytes.split_first_chunk()?;
    Some((usize::try_from(u32::from_le_bytes(*number)).ok()?, rest))
}

fn text(bytes: &[u8], size: usize) -> Option<(&[u8], &[u8])> {
    let (text, rest) = bytes.split_at_checked(size)?;
    Some((text, rest.strip_prefix(b"\0")?))
}
