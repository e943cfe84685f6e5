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
//! `Rank` is this order as an `Ord`; a [`Table`] holds its patterns in it, so the first that matches decides.

use std::{cmp::Reverse, collections::HashMap};

use rustc_hash::FxBuildHasher;

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

/// How strongly a pattern decides; the greatest wins.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Rank {
    denies: bool,
    prefix: usize,
    length: usize,
    first: Reverse<Box<str>>,
}

/// Entries by name.
#[derive(Clone, Debug)]
pub struct Table<T> {
    /// Only the configuration chooses keys, so callers cannot make many of them meet: a hash made for speed will do.
    exact: HashMap<Box<str>, T, FxBuildHasher>,
    patterns: Vec<(Pattern, T)>,
}

/// Units of [`crate::budget::Work`] for a pattern, and for each byte of the name that it searches.
const PATTERN: usize = 12;
const PATTERN_BYTE: usize = 3;
/// So little work is not counted more exactly for one name.
const FEW_UNITS: usize = 20_000;

/// The work that one pattern takes at most to search a name.
pub(crate) fn most_work(name: &str) -> usize {
    name.len().saturating_mul(PATTERN_BYTE).saturating_add(PATTERN)
}

/// How exactly work is counted, which takes time itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Precision {
    /// Little work is taken for a little more.
    Rough,
    /// For one of many names, whose work adds up.
    Exact,
}

impl<T> Default for Table<T> {
    fn default() -> Self {
        Self { exact: HashMap::default(), patterns: Vec::new() }
    }
}

impl<T> Table<T> {
    /// Sorts entries into a table; `denies` tells those that deny unconditionally.
    pub fn new(entries: impl IntoIterator<Item = (String, T)>, denies: impl Fn(&T) -> bool) -> Self {
        let mut table = Self::default();
        let mut ranks: Vec<Rank> = Vec::new();
        for (key, entry) in entries {
            let Some(pattern) = Pattern::new(&key) else {
                table.exact.insert(key.into(), entry);
                continue;
            };
            let rank = Rank {
                denies: denies(&entry),
                prefix: pattern.prefix_length(),
                length: pattern.text.chars().count(),
                first: Reverse(pattern.text.clone()),
            };
            let index = ranks.partition_point(|other| *other > rank);
            ranks.insert(index, rank);
            table.patterns.insert(index, (pattern, entry));
        }
        table
    }

    /// The entry that decides on a name. Its time does not depend on how many names are written out.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&T> {
        let pattern = || self.patterns.iter().find(|(pattern, _)| pattern.matches(name)).map(|(_, entry)| entry);
        self.exact.get(name).or_else(pattern)
    }

    /// The work that [`Self::get`] takes at most, in units of [`crate::budget::Work`]. Only patterns that begin like the name
    /// search it; to find them out takes a small part of that.
    #[must_use]
    pub fn search_work(&self, name: &str, precision: Precision) -> usize {
        let whole = most_work(name);
        let most = self.patterns.len().saturating_mul(whole);
        if precision == Precision::Rough && most < FEW_UNITS {
            return most;
        }
        if self.has_name(name) {
            return name.len();
        }
        let begins = |pattern: &Pattern| {
            let [first, _] = pattern.literal_ends();
            name.as_bytes().starts_with(first)
        };
        let units = self.patterns.iter().map(|(pattern, _)| if begins(pattern) { whole } else { PATTERN });
        units.fold(name.len(), usize::saturating_add)
    }

    /// Whether an entry has this name for its key.
    #[must_use]
    pub fn has_name(&self, name: &str) -> bool {
        self.exact.contains_key(name)
    }

    /// The work that [`Self::any_with_prefix`] takes at most, in units of [`crate::budget::Work`].
    #[must_use]
    pub fn prefix_work(&self, front: &str) -> usize {
        self.exact.len().saturating_add(self.patterns.len()).saturating_mul(PATTERN).saturating_add(front.len())
    }

    /// Whether some name that begins with `front` has an entry for which `holds` is true; `None` if one may have no entry
    /// at all, and none is known to have such an entry.
    pub fn any_with_prefix(&self, front: &str, holds: impl Fn(&T) -> bool) -> Option<bool> {
        if self.exact.iter().any(|(name, entry)| name.starts_with(front) && holds(entry)) {
            return Some(true);
        }
        // In the order in which they decide: behind one that fits every such name, no other counts.
        for (pattern, entry) in self.patterns.iter().filter(|(pattern, _)| pattern.overlaps_prefix(front)) {
            let holds = holds(entry);
            if holds || pattern.covers_prefix(front) {
                return Some(holds);
            }
        }
        None
    }

    /// The entries whose key is a name, in no order.
    pub fn names(&self) -> impl Iterator<Item = (&str, &T)> {
        self.exact.iter().map(|(name, entry)| (&**name, entry))
    }

    /// The entries whose key is a pattern; of those that match a name, the first decides.
    pub fn patterns(&self) -> impl Iterator<Item = (&Pattern, &T)> {
        self.patterns.iter().map(|(pattern, entry)| (pattern, entry))
    }

    /// All entries, in no order.
    pub fn entries(&self) -> impl Iterator<Item = &T> {
        self.exact.values().chain(self.patterns.iter().map(|(_, entry)| entry))
    }

    /// The keys of all entries that fit a name, that of the entry which decides first.
    #[must_use]
    pub fn matching_keys(&self, name: &str) -> Vec<&str> {
        let exact = self.exact.get_key_value(name).map(|(key, _)| &**key);
        let patterns = self.patterns.iter().map(|(pattern, _)| pattern).filter(|pattern| pattern.matches(name));
        exact.into_iter().chain(patterns.map(|pattern| &*pattern.text)).collect()
    }

    /// Whether it has no entry.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.exact.is_empty() && self.patterns.is_empty()
    }
}

#[cfg(not(target_os = "wasi"))]
impl<T> Table<T> {
    /// All keys, in code-point order.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        let patterns = self.patterns.iter().map(|(pattern, _)| &*pattern.text);
        let mut keys: Vec<&str> = self.exact.keys().map(|key| &**key).chain(patterns).collect();
        keys.sort_unstable();
        keys.into_iter()
    }

    /// The entry of exactly this key, a name or a pattern.
    #[must_use]
    pub fn entry(&self, key: &str) -> Option<&T> {
        let pattern = || self.patterns.iter().find(|(pattern, _)| *pattern.text == *key).map(|(_, entry)| entry);
        self.exact.get(key).or_else(pattern)
    }
}

#[cfg(test)]
mod tests {
    #[cfg(target_family = "wasm")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::{Pattern, Table};

    #[track_caller]
    fn winner(keys: &[&str], name: &str) -> Option<String> {
        let entries = keys.iter().map(|key| (key.trim_start_matches('!').to_owned(), (*key).to_owned()));
        Table::new(entries, |key| key.starts_with('!')).get(name).cloned()
    }

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

    #[test]
    fn an_exact_key_beats_any_pattern() {
        assert_eq!(winner(&["!*", "get_*", "get_pods"], "get_pods").as_deref(), Some("get_pods"));
    }

    #[test]
    fn a_pattern_that_denies_unconditionally_beats_the_others() {
        assert_eq!(winner(&["get_pods_*", "!*"], "get_pods_all").as_deref(), Some("!*"));
    }

    #[test]
    fn then_the_longest_literal_prefix() {
        assert_eq!(winner(&["get_*_long_pattern", "get_pods*"], "get_pods_long_pattern").as_deref(), Some("get_pods*"));
    }

    #[test]
    fn then_the_longest_pattern() {
        assert_eq!(winner(&["get_*", "get_*s"], "get_pods").as_deref(), Some("get_*s"));
    }

    #[test]
    fn then_the_first_in_code_point_order() {
        assert_eq!(winner(&["*s", "*d*"], "pods").as_deref(), Some("*d*"));
        assert_eq!(winner(&["p*s", "p*d"], "pods").as_deref(), Some("p*s"));
        assert_eq!(winner(&["*b*", "*a*"], "ab").as_deref(), Some("*a*"));
    }

    #[test]
    fn matching_keys_come_in_order_of_precedence() {
        let entries = ["*", "get_*", "get_pods", "put*"].map(|key| (key.to_owned(), ()));
        assert_eq!(Table::new(entries, |()| false).matching_keys("get_pods"), ["get_pods", "get_*", "*"]);
    }

    #[test]
    fn no_entry_decides_on_other_names() {
        assert_eq!(winner(&["get_*", "put"], "set"), None);
    }
}
