//! Names that differ to us but not to every server: Unicode simple case folding, and control
//! characters left out.
//!
//! A JSON member name is exact, yet some servers read more than one spelling of it as the same
//! member. A filter that looks for `name` alone would miss the `NAME` such a server acts on; with
//! the comparisons here it can notice the look-alike and refuse it.
//!
//! The folding is that of Unicode 16, [CaseFolding.txt], statuses C and S: *simple* folding, one
//! code point to one code point. Full folding (status F) also maps `ß` to `ss`; no server is known
//! to read a member name that way, so calling the two the same would only refuse honest names.
//!
//! [CaseFolding.txt]: https://www.unicode.org/Public/16.0.0/ucd/CaseFolding.txt

mod table;
#[cfg(test)]
mod tests;

use crate::bytes::is_printable_ascii;

/// Folds the case of one code point, as CaseFolding.txt's statuses C and S say.
///
/// Two code points that differ only in case fold to the same one: usually the lower case letter,
/// but the upper case one for Cherokee. A code point without a mapping is returned as it is. Among
/// those are `İ` (U+0130) and `ı` (U+0131): only the Turkic folding (status T) maps them.
///
/// It is for comparing member names the way Go's `encoding/json` matches them to a struct's fields,
/// which also makes `ſ` (U+017F) an `s` and `K` (U+212A, the Kelvin sign) a `k`.
pub fn fold_char(c: char) -> char {
    if c.is_ascii() { c.to_ascii_lowercase() } else { mapping(c).unwrap_or(c) }
}

/// Whether two strings are equal once each code point's case is folded, as by [`fold_char`].
///
/// It finds a JSON member name that some servers would read as another: Go's `encoding/json` takes
/// `NAME` and `paramſ` (U+017F) for `name` and `params` ([GHSA-wvj2-96wp-fq3f]). The folding is
/// simple, not full: `ß` is not `ss`, as no such server says it is.
///
/// [GHSA-wvj2-96wp-fq3f]: https://github.com/advisories/GHSA-wvj2-96wp-fq3f
pub fn same_folded(a: &str, b: &str) -> bool {
    are_equal(a.chars(), b.chars())
}

/// Whether two strings are equal once each code point's case is folded, as by [`fold_char`], and
/// control characters ([`char::is_control`], the general category Cc) are left out of both.
///
/// It finds what [`same_folded`] finds, and the names with something invisible in them: go-sdk
/// 1.3.1 to 1.4.0 read `name\u0000` as `name` ([GHSA-q382-vc8q-7jhj]).
///
/// [GHSA-q382-vc8q-7jhj]: https://github.com/advisories/GHSA-q382-vc8q-7jhj
pub fn same_but_control(a: &str, b: &str) -> bool {
    let visible = |c: &char| !c.is_control();
    are_equal(a.chars().filter(visible), b.chars().filter(visible))
}

/// Whether some client or server reads `name` as `known`.
pub fn is_read_as(name: &str, known: &str) -> bool {
    name == known || is_folded_match(name, known)
}

/// Whether some server reads `name` as `known`, which it is not: they are the same by [`same_but_control`], or by
/// [`same_folded`] once `name` ends at its first NUL, as a text in C does.
pub fn is_folded_match(name: &str, known: &str) -> bool {
    if is_printable_ascii(name.as_bytes()) && is_printable_ascii(known.as_bytes()) {
        return name != known && name.eq_ignore_ascii_case(known);
    }
    let cut = || name.split_once('\0').is_some_and(|(front, _)| same_folded(front, known));
    name != known && (same_but_control(name, known) || cut())
}

/// Appends a text as [`same_but_control`] sees it: two are the same to it exactly when these forms are equal.
pub fn fold_into(text: &str, out: &mut Vec<u8>) {
    if !fold_printable_into(text.as_bytes(), out) {
        fold_any_into(text, out);
    }
}

/// The same for ASCII without control characters, as nearly every text; `false`, and nothing is appended, for others.
pub fn fold_printable_into(text: &[u8], out: &mut Vec<u8>) -> bool {
    let (start, is_printable) = (out.len(), is_printable_ascii(text));
    if is_printable {
        out.extend_from_slice(text);
        out.get_mut(start..).unwrap_or_default().make_ascii_lowercase();
    }
    is_printable
}

/// A hostile text has nothing else, so each character has to be cheap.
fn fold_any_into(text: &str, out: &mut Vec<u8>) {
    out.reserve(text.len());
    for c in text.chars() {
        match c {
            ' '..='~' => out.push(u8::try_from(c).unwrap_or_default().to_ascii_lowercase()),
            '\0'..='\u{9f}' => {}
            _ => out.extend_from_slice(mapping(c).unwrap_or(c).encode_utf8(&mut [0; 4]).as_bytes()),
        }
    }
}

fn are_equal(mut a: impl Iterator<Item = char>, mut b: impl Iterator<Item = char>) -> bool {
    loop {
        match (a.next(), b.next()) {
            (None, None) => return true,
            (Some(x), Some(y)) if x == y || fold_char(x) == fold_char(y) => {}
            _ => return false,
        }
    }
}

/// What the table maps a code point to, if it does. ASCII letters are not in the table.
fn mapping(c: char) -> Option<char> {
    let [_, plane, high, low] = u32::from(c).to_be_bytes();
    let runs = match plane {
        0 => table::PLANE_0,
        1 => table::PLANE_1,
        _ => return None,
    };
    let code = u16::from_be_bytes([high, low]);
    let run = match FIRST_RUNS.get(usize::from(code >> 4)).filter(|_| plane == 0) {
        Some(first) => runs.get(usize::from(*first)..)?.iter().find(|run| run.last >= code)?,
        None => runs.get(runs.partition_point(|run| run.last < code))?,
    };
    let offset = code.checked_sub(run.first)?;
    if offset.checked_rem(run.step)? != 0 {
        return None;
    }
    let [high, low] = run.to.checked_add(offset)?.to_be_bytes();
    char::from_u32(u32::from_be_bytes([0, plane, high, low]))
}

/// For each sixteen code points up to U+05FF, the first run that does not end before them. A text of such characters, of two bytes
/// each, would cost the most for each byte.
const FIRST_RUNS: [u8; 0x60] = first_runs();

#[expect(clippy::indexing_slicing, clippy::arithmetic_side_effects, reason = "it is evaluated when this is compiled")]
const fn first_runs() -> [u8; 0x60] {
    let (mut found, mut block, mut run) = ([0; 0x60], 0, 0_u8);
    while block < found.len() {
        while (table::PLANE_0[run as usize].last as usize) < block << 4 {
            run += 1;
        }
        found[block] = run;
        block += 1;
    }
    found
}
