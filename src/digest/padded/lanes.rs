//! The blocks of four texts at once: each vector holds a word of each text, so a step is taken for all of them. FIPS 180-4, section
//! 6.2.

use std::arch::wasm32::{
    i8x16_shuffle, i32x4_add, i32x4_shuffle, i64x2, i64x2_shuffle, u32x4_extract_lane, u32x4_shl, u32x4_shr,
    u32x4_splat, v128, v128_and, v128_bitselect, v128_or, v128_xor,
};

use super::{AT_ONCE, Block, State};

/// The constants of the rounds; section 4.2.2.
const ROUNDS: [u32; 64] = [
    0x428A2F98, 0x71374491, 0xB5C0FBCF, 0xE9B5DBA5, 0x3956C25B, 0x59F111F1, 0x923F82A4, 0xAB1C5ED5, 0xD807AA98,
    0x12835B01, 0x243185BE, 0x550C7DC3, 0x72BE5D74, 0x80DEB1FE, 0x9BDC06A7, 0xC19BF174, 0xE49B69C1, 0xEFBE4786,
    0x0FC19DC6, 0x240CA1CC, 0x2DE92C6F, 0x4A7484AA, 0x5CB0A9DC, 0x76F988DA, 0x983E5152, 0xA831C66D, 0xB00327C8,
    0xBF597FC7, 0xC6E00BF3, 0xD5A79147, 0x06CA6351, 0x14292967, 0x27B70A85, 0x2E1B2138, 0x4D2C6DFC, 0x53380D13,
    0x650A7354, 0x766A0ABB, 0x81C2C92E, 0x92722C85, 0xA2BFE8A1, 0xA81A664B, 0xC24B8B70, 0xC76C51A3, 0xD192E819,
    0xD6990624, 0xF40E3585, 0x106AA070, 0x19A4C116, 0x1E376C08, 0x2748774C, 0x34B0BCB5, 0x391C0CB3, 0x4ED8AA4A,
    0x5B9CCA4F, 0x682E6FF3, 0x748F82EE, 0x78A5636F, 0x84C87814, 0x8CC70208, 0x90BEFFFA, 0xA4506CEB, 0xBEF9A3F7,
    0xC67178F2,
];

/// Takes so many blocks of each text as the shortest one has, and returns how many they are. The states are alike before.
#[inline(never)]
pub(super) fn take_blocks(states: &mut [State; AT_ONCE], texts: [&[Block]; AT_ONCE]) -> usize {
    let [start, ..] = states;
    let mut vectors = start.map(|word| u32x4_splat(word));
    let mut taken = 0_usize;
    while let [Some(one), Some(two), Some(three), Some(four)] = texts.map(|text| text.get(taken)) {
        take_block(&mut vectors, [one, two, three, four]);
        taken = taken.wrapping_add(1);
    }
    for (number, words) in vectors.iter().enumerate() {
        let words = [
            u32x4_extract_lane::<0>(*words),
            u32x4_extract_lane::<1>(*words),
            u32x4_extract_lane::<2>(*words),
            u32x4_extract_lane::<3>(*words),
        ];
        for (state, word) in states.iter_mut().zip(words) {
            state.get_mut(number).into_iter().for_each(|place| *place = word);
        }
    }
    taken
}

/// Takes one block of each text; section 6.2.2.
#[inline(never)]
fn take_block(state: &mut [v128; 8], blocks: [&Block; 4]) {
    let mut words = words_of(blocks);
    let mut now = *state;
    let [_, b, c, ..] = now;
    let mut differed = v128_xor(b, c);
    for (number, constant) in ROUNDS.iter().enumerate() {
        let word = |back: usize| words.get(number.wrapping_sub(back) % 16).copied().unwrap_or(i64x2(0, 0));
        let mut next = word(0);
        if number >= 16 {
            let (before, recent) = (word(15), word(2));
            let before = xor([rotate::<7>(before), rotate::<18>(before), u32x4_shr(before, 3)]);
            let recent = xor([rotate::<17>(recent), rotate::<19>(recent), u32x4_shr(recent, 10)]);
            next = i32x4_add(i32x4_add(next, before), i32x4_add(word(7), recent));
            words.get_mut(number % 16).into_iter().for_each(|word| *word = next);
        }
        let [a, b, c, d, e, f, g, h] = now;
        let mixed = xor([rotate::<6>(e), rotate::<11>(e), rotate::<25>(e)]);
        let chosen = v128_bitselect(f, g, e);
        let one = i32x4_add(i32x4_add(h, mixed), i32x4_add(chosen, i32x4_add(next, u32x4_splat(*constant))));
        let mixed = xor([rotate::<2>(a), rotate::<13>(a), rotate::<22>(a)]);
        // The last round's `a` and `b` are the `b` and `c` of this one.
        let differing = v128_xor(a, b);
        let majority = v128_xor(b, v128_and(differing, differed));
        differed = differing;
        let two = i32x4_add(mixed, majority);
        now = [i32x4_add(one, two), a, b, c, i32x4_add(d, one), e, f, g];
    }
    state.iter_mut().zip(now).for_each(|(word, now)| *word = i32x4_add(*word, now));
}

/// The sixteen words of each block, a vector for each number.
#[inline(always)]
fn words_of(blocks: [&Block; 4]) -> [v128; 16] {
    let mut words = [i64x2(0, 0); 16];
    let mut quarters = blocks.map(|block| block.as_chunks().0.iter());
    for words in words.as_chunks_mut().0 {
        let [a, b, c, d] = quarters.each_mut().map(|quarter| quarter.next().map_or(i64x2(0, 0), load));
        let (front, back) = (i32x4_shuffle::<0, 4, 1, 5>(a, b), i32x4_shuffle::<0, 4, 1, 5>(c, d));
        let (front_end, back_end) = (i32x4_shuffle::<2, 6, 3, 7>(a, b), i32x4_shuffle::<2, 6, 3, 7>(c, d));
        *words = [
            i64x2_shuffle::<0, 2>(front, back),
            i64x2_shuffle::<1, 3>(front, back),
            i64x2_shuffle::<0, 2>(front_end, back_end),
            i64x2_shuffle::<1, 3>(front_end, back_end),
        ];
    }
    words
}

/// Four words of a block.
#[inline(always)]
fn load(bytes: &[u8; 16]) -> v128 {
    let half = |bytes: Option<&[u8; 8]>| bytes.copied().map_or(0, i64::from_le_bytes);
    let all = i64x2(half(bytes.first_chunk()), half(bytes.last_chunk()));
    i8x16_shuffle::<3, 2, 1, 0, 7, 6, 5, 4, 11, 10, 9, 8, 15, 14, 13, 12>(all, all)
}

#[inline(always)]
fn rotate<const BITS: u32>(words: v128) -> v128 {
    v128_or(u32x4_shr(words, BITS), u32x4_shl(words, 32_u32.wrapping_sub(BITS)))
}

#[inline(always)]
fn xor([one, two, three]: [v128; 3]) -> v128 {
    v128_xor(v128_xor(one, two), three)
}
