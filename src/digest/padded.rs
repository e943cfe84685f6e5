//! Digests of several texts at once, which in WebAssembly takes half as long as one after the other.

#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
mod lanes;

use sha2::block_api::compress256;

use super::Digest;

/// Texts whose digests are made together.
pub const AT_ONCE: usize = 4;

/// A block of a text.
type Block = [u8; 64];

/// The words of a state.
type State = [u32; 8];

/// The state that a digest begins with; section 5.3.3.
const START: State =
    [0x6A09_E667, 0xBB67_AE85, 0x3C6E_F372, 0xA54F_F53A, 0x510E_527F, 0x9B05_688C, 0x1F83_D9AB, 0x5BE0_CD19];

/// Makes the digests of some texts. `write` appends the text of each number to `buffer`, or answers `None` if there is none.
pub fn digests(
    buffer: &mut Vec<u8>,
    mut write: impl FnMut(usize, &mut Vec<u8>) -> Option<()>,
) -> [Option<Digest>; AT_ONCE] {
    buffer.clear();
    let mut ends = [0; AT_ONCE];
    for (number, end) in ends.iter_mut().enumerate() {
        let start = buffer.len();
        match write(number, buffer) {
            Some(()) => pad(buffer, start),
            None => buffer.truncate(start),
        }
        *end = buffer.len();
    }
    let mut rest = buffer.as_chunks::<64>().0;
    let mut start = 0_usize;
    let texts = ends.map(|end| {
        let (text, behind) = rest.split_at_checked(end.saturating_sub(start) / 64).unwrap_or_default();
        (rest, start) = (behind, end);
        text
    });
    digests_of(texts)
}

/// Appends a bit to the text that begins at `start`, and its length in bits at the end of a block.
fn pad(buffer: &mut Vec<u8>, start: usize) {
    let length = buffer.len().saturating_sub(start);
    buffer.push(0x80);
    buffer.resize(buffer.len().saturating_add(8).next_multiple_of(64), 0);
    let bits = u64::try_from(length).unwrap_or_default().wrapping_mul(8);
    buffer.last_chunk_mut().into_iter().for_each(|end| *end = bits.to_be_bytes());
}

/// The digests of texts with what is put behind them; a text without blocks is none.
fn digests_of(texts: [&[Block]; AT_ONCE]) -> [Option<Digest>; AT_ONCE] {
    let mut states = [START; AT_ONCE];
    let taken = lanes::take_blocks(&mut states, texts);
    let mut digests = [None; AT_ONCE];
    for ((digest, state), text) in digests.iter_mut().zip(&mut states).zip(texts) {
        if !text.is_empty() {
            *digest = Some(finish(state, text.get(taken..).unwrap_or_default()));
        }
    }
    digests
}

/// Takes the last blocks of a text, which are its own.
#[inline(never)]
fn finish(state: &mut State, blocks: &[Block]) -> Digest {
    compress256(state, blocks);
    let mut bytes = [0; 32];
    bytes.as_chunks_mut().0.iter_mut().zip(state).for_each(|(place, word)| *place = word.to_be_bytes());
    Digest::from_bytes(bytes)
}

#[cfg(not(all(target_arch = "wasm32", target_feature = "simd128")))]
mod lanes {
    //! No blocks are taken together.

    use super::{AT_ONCE, Block, State};

    pub(super) fn take_blocks(_: &mut [State; AT_ONCE], _: [&[Block]; AT_ONCE]) -> usize {
        0
    }
}

#[cfg(test)]
mod tests {
    #[cfg(target_family = "wasm")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::{AT_ONCE, Digest, digests};

    fn of_each(texts: [&[u8]; AT_ONCE]) -> [Digest; AT_ONCE] {
        let mut buffer = vec![7; 100];
        let digests = digests(&mut buffer, |number, buffer| {
            buffer.extend_from_slice(texts[number]);
            Some(())
        });
        digests.map(Option::unwrap)
    }

    #[test]
    fn digests_of_texts_are_those_of_each() {
        let text = |length: usize| (0_u8..=250).cycle().skip(length % 7).take(length).collect::<Vec<_>>();
        for length in (0..200).chain([571, 1000, 4096]) {
            for others in [[0, 0, 0], [1, 2, 3], [64, 128, 55], [500, 60, 0]] {
                let [b, c, d] = others.map(|more| text(length + more));
                let a = text(length);
                let texts = [&a, &b, &c, &d].map(Vec::as_slice);
                assert_eq!(of_each(texts), texts.map(Digest::of), "{length} and {others:?}");
            }
        }
    }

    /// FIPS 180-4 has these in its examples.
    #[test]
    fn digests_of_texts_are_the_published_ones() {
        let long = b"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq";
        let digests = of_each([b"abc", b"", long, &b"a".repeat(1_000_000)]).map(|digest| digest.to_string());
        assert_eq!(
            digests,
            [
                "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
                "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
                "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1",
                "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0",
            ]
        );
    }
}
