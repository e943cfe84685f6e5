//! The blocks of four texts at once: each vector holds a word of each text, so a step is taken for all of them. FIPS 180-4, section
//! 6.2.

use std::arch::wasm32::{
    i8x16_shuffle, i32x4_add, i32x4_shuffle, i64x2, i64x2_shuffle, u32x4_extract_lane, u32x4_shl, u32x4_shr,
    u32x4_splat, v128, v128_bitselect, v128_or, v128_xor,
};

use super::{AT_ONCE, Block, State};

/// The constants of the rounds; section 4.2.2.
const ROUNDS: [u32; 64] = [
    0x428A_2F98,
    0x7137_4491,
    0xB5C0_FBCF,
    0xE9B5_DBA5,
    0x3956_C25B,
    0x59F1_11F1,
    0x923F_82A4,
    0xAB1C_5ED5,
    0xD807_AA98,
    0x1283_5B01,
    0x2431_85BE,
    0x550C_7DC3,
    0x72BE_5D74,
    0x80DE_B1FE,
    0x9BDC_06A7,
    0xC19B_F174,
    0xE49B_69C1,
    0xEFBE_4786,
    0x0FC1_9DC6,
    0x240C_A1CC,
    0x2DE9_2C6F,
    0x4A74_84AA,
    0x5CB0_A9DC,
    0x76F9_88DA,
    0x983E_5152,
    0xA831_C66D,
    0xB003_27C8,
    0xBF59_7FC7,
    0xC6E0_0BF3,
    0xD5A7_9147,
    0x06CA_6351,
    0x1429_2967,
    0x27B7_0A85,
    0x2E1B_2138,
    0x4D2C_6DFC,
    0x5338_0D13,
    0x650A_7354,
    0x766A_0ABB,
    0x81C2_C92E,
    0x9272_2C85,
    0xA2BF_E8A1,
    0xA81A_664B,
    0xC24B_8B70,
    0xC76C_51A3,
    0xD192_E819,
    0xD699_0624,
    0xF40E_3585,
    0x106A_A070,
    0x19A4_C116,
    0x1E37_6C08,
    0x2748_774C,
    0x34B0_BCB5,
    0x391C_0CB3,
    0x4ED8_AA4A,
    0x5B9C_CA4F,
    0x682E_6FF3,
    0x748F_82EE,
    0x78A5_636F,
    0x84C8_7814,
    0x8CC7_0208,
    0x90BE_FFFA,
    0xA450_6CEB,
    0xBEF9_A3F7,
    0xC671_78F2,
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
        let majority = v128_bitselect(c, b, v128_xor(a, b));
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
