//! Names with `*`, and which of several entries decides.
//!
//! Exactly one entry decides; entries never merge. The order, best first:
//!
//! 1. the key that equals the name
//! 2. a pattern that denies unconditionally
//! 3. the pattern with the longest text before its first `*`
//! 4. the longest pattern
//! 5. the first in code-point order
//!
//! `table` has this order as an `Ord`; a [`Table`] holds its patterns in it, so the first that matches decides.

mod table;

pub(crate) use self::table::most_work;
pub use self::table::{Precision, Table};

/// A key that contains `*`, which matches any run of characters, also none.
///
/// ```
/// # use mcp_policy::policy::pattern::Pattern;
/// let pattern = Pattern::new("github.*_issue").ok_or("no pattern")?;
/// assert!(pattern.matches("github.create_issue"));
/// assert!(!pattern.matches("github.create_issues"));
/// assert!(Pattern::new("github.create_issue").is_none(), "a name without `*`");
/// # Ok::<(), &str>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pattern {
    text: Box<str>,
    /// Where its first star is, and its last one.
    stars: [usize; 2],
}

impl Pattern {
    /// The pattern, if the key is one.
    #[must_use]
    pub fn new(key: &str) -> Option<Self> {
        Some(Self { text: key.into(), stars: [key.find('*')?, key.rfind('*')?] })
    }

    /// Whether the whole name fits. Names are compared code point by code point. Each piece between two stars is
    /// searched once, from left to right, in time that is linear in both lengths.
    #[must_use]
    pub fn matches(&self, name: &str) -> bool {
        let [first, last] = self.literal_ends();
        if !name.as_bytes().starts_with(first) {
            return false;
        }
        let (mut at, [first_star, last_star]) = (first.len(), self.stars);
        let middle = self.text.get(first_star.saturating_add(1)..last_star).unwrap_or_default();
        if !middle.is_empty() {
            for piece in middle.split('*') {
                let Some(behind) = find_behind(name, at, piece) else { return false };
                at = behind;
            }
        }
        name.as_bytes().get(at..).is_some_and(|left| left.ends_with(last))
    }

    /// As it is written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether some name fits both. The parts between the stars can follow one after the other, so only the ends
    /// count.
    #[must_use]
    pub fn overlaps(&self, other: &Self) -> bool {
        let ([first, last], [other_first, other_last]) = (self.literal_ends(), other.literal_ends());
        (first.starts_with(other_first) || other_first.starts_with(first))
            && (last.ends_with(other_last) || other_last.ends_with(last))
    }

    /// Whether some name that begins with `front` fits.
    #[must_use]
    pub fn overlaps_prefix(&self, front: &str) -> bool {
        let [first, _] = self.literal_ends();
        first.starts_with(front.as_bytes()) || front.as_bytes().starts_with(first)
    }

    /// Whether every name that begins with `front` fits.
    fn covers_prefix(&self, front: &str) -> bool {
        let [first, _] = self.literal_ends();
        front.as_bytes().starts_with(first) && self.text.trim_end_matches('*').as_bytes() == first
    }

    /// The text before the first star, and behind the last one, as bytes: a name in UTF-8 begins and ends with the same.
    #[inline]
    fn literal_ends(&self) -> [&[u8]; 2] {
        let ([first, last], text) = (self.stars, self.text.as_bytes());
        [text.get(..first).unwrap_or_default(), text.get(last.saturating_add(1)..).unwrap_or_default()]
    }

    fn prefix_length(&self) -> usize {
        self.text.chars().take_while(|c| *c != '*').count()
    }
}

/// Where a piece ends that occurs first at `from` or behind it.
fn find_behind(name: &str, from: usize, piece: &str) -> Option<usize> {
    let at = match piece.len() {
        0 => 0,
        // For so few bytes, the search of the standard library takes longer to prepare.
        length @ 1..=16 => {
            let (first, piece) = (piece.as_bytes().first(), piece.as_bytes());
            let mut windows = name.as_bytes().get(from..)?.windows(length);
            windows.position(|window| window.first() == first && window == piece)?
        }
        _ => name.get(from..)?.find(piece)?,
    };
    Some(from.saturating_add(at).saturating_add(piece.len()))
}

#[cfg(test)]
mod tests {
    #[cfg(target_family = "wasm")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::Pattern;

    #[test]
    fn a_star_is_any_run_of_characters() {
        for (pattern, names) in [
            ("*", &["", "a", "a.b"][..]),
            ("get_*", &["get_", "get_pods"]),
            ("*_read", &["_read", "file_read"]),
            ("a*b*c", &["abc", "axbyc", "abbbc", "ab*c", "abcbc"]),
            ("a**c", &["ac", "abc"]),
            ("*é*", &["é", "caféx"]),
            ("*one_long_literal_piece*z", &["one_long_literal_piecez", "a_one_long_literal_piece_z"]),
        ] {
            for name in names {
                assert!(Pattern::new(pattern).unwrap().matches(name), "{pattern} {name}");
            }
        }
        for (pattern, name) in [("get_*", "Get_pods"), ("a*b*c", "acb"), ("a*a", "a"), ("*ab*ba*", "aba"), ("a*", "ba")]
        {
            assert!(!Pattern::new(pattern).unwrap().matches(name), "{pattern} {name}");
        }
        assert_eq!(Pattern::new("image.generate.gemini"), None);
    }

    #[test]
    fn patterns_meet_where_a_name_fits_both() {
        let meet = |one: &str, other: &str| Pattern::new(one).unwrap().overlaps(&Pattern::new(other).unwrap());
        for (one, other) in [("get_*", "*_secret"), ("a*", "ab*"), ("*", "x*y"), ("a*b*c", "a*x*c"), ("*a*", "*b*")] {
            assert!(meet(one, other) && meet(other, one), "{one} {other}");
        }
        for (one, other) in [("get_*", "put_*"), ("*_a", "*_b"), ("a*b", "a*c")] {
            assert!(!meet(one, other) && !meet(other, one), "{one} {other}");
        }
    }
}
