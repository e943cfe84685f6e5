//! Encodes base64, RFC 4648, section 4. There is no decoder: each text has one encoding, so a caller encodes the expected
//! text and compares.

/// Encodes a text.
pub(crate) fn encode(text: &str) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut coded = String::new();
    for three in text.as_bytes().chunks(3) {
        let byte = |at: usize| three.get(at).copied().map_or(0, usize::from);
        let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
        for (at, shift) in [18, 12, 6, 0].into_iter().enumerate() {
            // One byte gives two digits, two bytes give three.
            let digit = DIGITS.get(bits >> shift & 63).filter(|_| at <= three.len());
            coded.push(digit.map_or('=', |digit| char::from(*digit)));
        }
    }
    coded
}

#[cfg(test)]
mod tests {
    use base64::{Engine as _, engine::general_purpose::STANDARD};
    #[cfg(target_family = "wasm")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::encode;

    #[test]
    fn texts_are_encoded_as_by_the_base64_crate() {
        let all: Vec<char> = (0..0x800).filter_map(char::from_u32).collect();
        for length in (1..9).chain([all.len()]) {
            for text in all.windows(length) {
                let text: String = text.iter().collect();
                assert_eq!(encode(&text), STANDARD.encode(&text), "{text:?}");
            }
        }
        assert_eq!(encode(""), "");
    }
}
