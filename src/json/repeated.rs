//! Finds a name that repeats an earlier one, as it is or as readers see it that confuse names.

use std::{
    collections::HashSet,
    hash::{Hash, Hasher},
};

use super::{fold, string};
use crate::bytes::ends;

/// Up to this many names are compared each with each; above, they are hashed under a random key, so that an object of a
/// hundred thousand names takes no quadratic time.
const FEW: usize = 16;
/// Of up to this many names, sketches are compared each with each first: nearly always all of them differ.
const SKETCHED: usize = 64;

/// The index of the first name that repeats an earlier one. Spans are of `bytes`, or of `decoded` if they are escaped.
pub(super) fn find_repeated(bytes: &[u8], decoded: &[u8], spans: &[string::Span]) -> Option<usize> {
    let mut names = spans.iter().map(|span| name_bytes(bytes, decoded, *span));
    if spans.len() <= SKETCHED && have_different_sketches(names.clone()) {
        return None;
    }
    if spans.len() > FEW {
        let mut seen = HashSet::with_capacity(spans.len());
        return names.position(|name| !seen.insert(HashedName(name)));
    }
    let before = |count| spans.iter().take(count).map(|span| name_bytes(bytes, decoded, *span));
    names.enumerate().position(|(index, name)| before(index).any(|other| other == name))
}

/// The index of the first name that some reader takes for an earlier one: it equals that after Unicode simple case folding and but for
/// control characters. The names have about `size` bytes together.
pub fn find_folded_twin<'n>(names: impl ExactSizeIterator<Item = &'n str>, size: usize) -> Option<usize> {
    let (mut folded, mut spans) = (Vec::with_capacity(size), Vec::with_capacity(names.len()));
    for name in names {
        let start = folded.len();
        fold::fold_into(name, &mut folded);
        spans.push(string::Span { start, end: folded.len(), escaped: true });
    }
    find_repeated(&[], &folded, &spans)
}

/// The bytes of a name.
pub(super) fn name_bytes<'t>(bytes: &'t [u8], decoded: &'t [u8], span: string::Span) -> &'t [u8] {
    let source = if span.escaped { decoded } else { bytes };
    source.get(span.start..span.end).unwrap_or_default()
}

/// Whether no two of up to [`SKETCHED`] names have one sketch, so that all differ. Clients may choose names whose sketches are equal:
/// then this was in vain.
fn have_different_sketches<'n>(names: impl Iterator<Item = &'n [u8]>) -> bool {
    let mut sketches = [0_u64; SKETCHED];
    for (count, name) in names.enumerate() {
        let new = sketch(name);
        let Some((before, [free, ..])) = sketches.split_at_mut_checked(count) else { return false };
        if before.contains(&new) {
            return false;
        }
        *free = new;
    }
    true
}

/// A number that equal names share, and few others: by the length and both ends.
fn sketch(name: &[u8]) -> u64 {
    let [front, back] = ends(name);
    let length = u64::try_from(name.len()).unwrap_or(u64::MAX);
    front.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ back.rotate_left(17) ^ length
}

/// A name in a set. Its length needs no hash of its own, since the hash of its bytes has it.
#[derive(PartialEq, Eq)]
struct HashedName<'t>(&'t [u8]);

impl Hash for HashedName<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write(self.0);
    }
}

#[cfg(test)]
mod tests {
    #[cfg(target_family = "wasm")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::{find_folded_twin, find_repeated, sketch, string::Span};

    /// The first name that repeats an earlier one, by comparing each with each.
    fn expected(names: &[&str]) -> Option<usize> {
        (0..names.len()).find(|index| names[..*index].contains(&names[*index]))
    }

    fn found(names: &[&str]) -> Option<usize> {
        let (mut text, mut spans) = (String::new(), Vec::new());
        for name in names {
            spans.push(Span { start: text.len(), end: text.len() + name.len(), escaped: false });
            text.push_str(name);
        }
        find_repeated(text.as_bytes(), &[], &spans)
    }

    #[test]
    fn the_first_name_that_repeats_an_earlier_one_is_found_among_any_number() {
        for count in (0..80).chain([500]) {
            let names: Vec<String> = (0..count)
                .map(|number| "n".repeat(number % 23) + &number.to_string() + &"é".repeat(number % 5))
                .collect();
            let mut names: Vec<&str> = names.iter().map(String::as_str).collect();
            assert_eq!(found(&names), None, "{count}");
            for (one, other) in [(0, 1), (0, count / 2), (count / 3, count.saturating_sub(1))] {
                if one < other && other < count {
                    let before = std::mem::take(&mut names[other]);
                    names[other] = names[one];
                    assert_eq!(found(&names), expected(&names), "{one} and {other} of {count}");
                    assert_eq!(found(&names), Some(other));
                    names[other] = before;
                }
            }
        }
    }

    #[test]
    fn names_with_one_sketch_are_compared_as_they_are() {
        let names: Vec<String> = (10..99).map(|number| format!("beginning{number}the end of it")).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        assert_eq!(sketch(names[0].as_bytes()), sketch(names[1].as_bytes()));
        for count in [2, 16, 17, 64, 65] {
            assert_eq!(found(&names[..count]), None, "{count}");
            let repeated = [&names[..count], &names[..1]].concat();
            assert_eq!(found(&repeated), Some(count), "{count}");
        }
    }

    #[test]
    fn short_names_have_sketches_of_their_own() {
        let letters =
            ["", "a", "b", "ab", "ba", "aab", "aba", "aaab", "baaa", "aaaaa", "aaaab", "aaaaaaaa", "aaaaaaaab"];
        for (index, one) in letters.iter().enumerate() {
            for other in &letters[..index] {
                assert_ne!(sketch(one.as_bytes()), sketch(other.as_bytes()), "{one} and {other}");
            }
        }
    }

    #[test]
    fn a_name_that_some_reader_takes_for_an_earlier_one_is_found() {
        for (names, twin) in [
            (&["amount", "to"][..], None),
            (&["amount", "to", "Amount"], Some(2)),
            (&["amount", "a\u{0}mount"], Some(1)),
            (&["straße", "STRASSE"], None),
            (&["K", "\u{212a}"], Some(1)),
            (&[], None),
        ] {
            assert_eq!(find_folded_twin(names.iter().copied(), 8), twin, "{names:?}");
        }
    }
}
