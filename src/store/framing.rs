//! Several texts in one cell: before each of them, its length as four bytes, little-endian.

use super::HEADER;

/// The bytes of a cell with these parts; each part is far shorter than 4 GiB.
#[must_use]
pub fn join(parts: &[&[u8]]) -> Vec<u8> {
    let mut bytes = HEADER.to_vec();
    for part in parts {
        bytes.extend_from_slice(&u32::try_from(part.len()).unwrap_or(u32::MAX).to_le_bytes());
        bytes.extend_from_slice(part);
    }
    bytes
}

/// The parts of a cell; `None` if it holds anything but `N` parts.
#[must_use]
pub fn split<const N: usize>(bytes: &[u8]) -> Option<[&[u8]; N]> {
    let mut rest = bytes.strip_prefix(HEADER)?;
    let mut parts = [&[][..]; N];
    for part in &mut parts {
        let (size, behind) = rest.split_first_chunk()?;
        (*part, rest) = behind.split_at_checked(usize::try_from(u32::from_le_bytes(*size)).ok()?)?;
    }
    rest.is_empty().then_some(parts)
}

#[cfg(test)]
mod tests {
    #[cfg(target_family = "wasm")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::{HEADER, join, split};

    #[test]
    fn a_cell_splits_into_exactly_the_parts_that_were_joined() {
        let parts = [&b"one"[..], b"", b"three"];
        let bytes = join(&parts);
        assert_eq!(split(&bytes), Some(parts));
        assert_eq!(split::<2>(&bytes), None);
        assert_eq!(split::<4>(&bytes), None);
        for size in 0..bytes.len() {
            assert_eq!(split::<3>(&bytes[..size]), None, "{size}");
        }
        assert_eq!(split::<0>(HEADER), Some([]));
        assert_eq!(split::<1>(b"mcp\x01\xff\xff\xff\xff"), None);
    }
}
