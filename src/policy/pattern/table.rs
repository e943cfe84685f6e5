//! Entries by name or pattern, and which of them decides.

use std::{cmp::Reverse, collections::HashMap};

use rustc_hash::FxBuildHasher;

use super::Pattern;

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
    places: HashMap<Box<str>, usize, FxBuildHasher>,
    /// Those of names, by their places.
    exact: Vec<T>,
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
        Self { places: HashMap::default(), exact: Vec::new(), patterns: Vec::new() }
    }
}

impl<T> Table<T> {
    /// Sorts entries into a table; `denies` tells those that deny unconditionally.
    pub fn new(entries: impl IntoIterator<Item = (String, T)>, denies: impl Fn(&T) -> bool) -> Self {
        let mut table = Self::default();
        let mut ranks: Vec<Rank> = Vec::new();
        for (key, entry) in entries {
            let Some(pattern) = Pattern::new(&key) else {
                table.places.insert(key.into(), table.exact.len());
                table.exact.push(entry);
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
        self.named(name).or_else(pattern)
    }

    /// The entry whose key is this name.
    fn named(&self, name: &str) -> Option<&T> {
        self.exact.get(*self.places.get(name)?)
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
        self.places.contains_key(name)
    }

    /// The work that [`Self::any_with_prefix`] takes at most, in units of [`crate::budget::Work`].
    #[must_use]
    pub fn prefix_work(&self, front: &str) -> usize {
        self.exact.len().saturating_add(self.patterns.len()).saturating_mul(PATTERN).saturating_add(front.len())
    }

    /// Whether some name that begins with `front` has an entry for which `holds` is true; `None` if one may have no entry
    /// at all, and none is known to have such an entry.
    pub fn any_with_prefix(&self, front: &str, holds: impl Fn(&T) -> bool) -> Option<bool> {
        if self.names().any(|(name, entry)| name.starts_with(front) && holds(entry)) {
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
        self.places.iter().filter_map(|(name, place)| Some((&**name, self.exact.get(*place)?)))
    }

    /// The entries whose key is a pattern; of those that match a name, the first decides.
    pub fn patterns(&self) -> impl Iterator<Item = (&Pattern, &T)> {
        self.patterns.iter().map(|(pattern, entry)| (pattern, entry))
    }

    /// All entries, in no order.
    pub fn entries(&self) -> impl Iterator<Item = &T> {
        self.exact.iter().chain(self.patterns.iter().map(|(_, entry)| entry))
    }

    /// The keys of all entries that fit a name, that of the entry which decides first.
    #[must_use]
    pub fn matching_keys(&self, name: &str) -> Vec<&str> {
        let exact = self.places.get_key_value(name).map(|(key, _)| &**key);
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
        let mut keys: Vec<&str> = self.places.keys().map(|key| &**key).chain(patterns).collect();
        keys.sort_unstable();
        keys.into_iter()
    }

    /// The entry of exactly this key, a name or a pattern.
    #[must_use]
    pub fn entry(&self, key: &str) -> Option<&T> {
        let pattern = || self.patterns.iter().find(|(pattern, _)| *pattern.text == *key).map(|(_, entry)| entry);
        self.named(key).or_else(pattern)
    }
}

#[cfg(test)]
mod tests {
    #[cfg(target_family = "wasm")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::Table;

    #[track_caller]
    fn winner(keys: &[&str], name: &str) -> Option<String> {
        let entries = keys.iter().map(|key| (key.trim_start_matches('!').to_owned(), (*key).to_owned()));
        Table::new(entries, |key| key.starts_with('!')).get(name).cloned()
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
