//! Blocks of bytes that are looked at together: what in them ends a string, and what backslashes escape.

#[cfg(not(all(target_family = "wasm", target_feature = "simd128")))]
mod bytewise;
#[cfg(all(target_family = "wasm", target_feature = "simd128"))]
mod simd;

#[cfg(not(all(target_family = "wasm", target_feature = "simd128")))]
pub(super) use self::bytewise::{Ascii, Before, Block, Constants, look, look_closely};
#[cfg(all(target_family = "wasm", target_feature = "simd128"))]
pub(in crate::json) use self::simd::load;
#[cfg(all(target_family = "wasm", target_feature = "simd128"))]
pub(super) use self::simd::{Ascii, Before, Block, Constants, look, look_closely};

/// What a block of [`MANY`] bytes has of a string's escapes and end, the first byte in the lowest bit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::json::string) struct Marks {
    /// Quotes and control characters that no backslash escapes: the string ends at the first, or may not have it.
    pub(in crate::json::string) ends: u64,
    /// What a backslash escapes and is no letter of an escape of two bytes: a `u`, or a fault.
    pub(in crate::json::string) units: u64,
    /// Whether all that a backslash escapes is one of ``"/bfnrt``: then the next block is likely to be the same.
    pub(in crate::json::string) is_usual: bool,
    /// What a backslash escapes.
    pub(in crate::json::string) escaped: u64,
    /// Whether the block ends with a backslash that escapes the byte behind it.
    pub(in crate::json::string) goes_on: bool,
}

impl Block {
    /// What this block has of escapes, all of them found at once: a branch for each would be mispredicted. `goes_on` is that of the block
    /// before.
    #[inline(always)]
    pub(super) fn marks(&self, goes_on: bool, constants: Constants) -> Marks {
        let ([quotes_and_controls, backslashes], carried) = (self.special(constants), u64::from(goes_on));
        if backslashes | carried == 0 {
            return Marks { ends: quotes_and_controls, units: 0, is_usual: false, escaped: 0, goes_on: false };
        }
        let (escaped, goes_on) = escaped_bytes(backslashes, carried);
        let units = escaped & !(self.usual_letters(constants) | backslashes);
        let is_usual = units | escaped & backslashes == 0;
        Marks { ends: quotes_and_controls & !escaped, units, is_usual, escaped, goes_on }
    }
}

/// Which bytes the backslashes of a block escape, and whether its last byte escapes the next; `carried` is one if the block before escapes
/// the first byte. In a run of backslashes each second byte is escaped, and so is the byte behind a run of odd length. To add the beginnings
/// of the runs that begin at odd places carries these runs away: behind a bit that is left odd places are escaped, elsewhere even ones.
#[inline(always)]
pub(in crate::json) fn escaped_bytes(backslashes: u64, carried: u64) -> (u64, bool) {
    const EVEN: u64 = u64::MAX / 3;
    let backslashes = backslashes & !carried;
    let behind = backslashes << 1 | carried;
    let odd_starts = backslashes & !EVEN & !behind;
    let (ends_of_odd, goes_on) = odd_starts.overflowing_add(backslashes);
    ((EVEN ^ ends_of_odd << 1) & behind, goes_on)
}
