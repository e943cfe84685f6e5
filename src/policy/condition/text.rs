//! `regex`: expressions, and the bounds on their size and on the strings they run against.

mod states;

use std::{fmt, ops::Range};

use regex_lite::{Regex, RegexBuilder};

#[cfg(not(target_os = "wasi"))]
use crate::budget::MAX_WORK;
use crate::json::cursor::Cursor;

/// Longest pattern as written, and largest compiled, in bytes.
const MAX_PATTERN_BYTES: usize = 64 * 1024;

/// The states that all patterns of one configuration may have: as many as take 16 MiB in the module, at 20 bytes each. The heap
/// of a worker holds them for as long as the configuration is there.
const MAX_STATES: usize = (16 << 20) / 20;

/// Longest string that a pattern is run against, in bytes: the time it takes is at most pattern times string.
const MAX_STRING_BYTES: usize = 16 * 1024;

/// The bytes of a code point at most.
#[cfg(not(target_os = "wasi"))]
const MAX_CHAR_BYTES: usize = 4;

/// Most capture groups: the engine keeps two slots for each of them beside every state, although we never read one.
const MAX_GROUPS: usize = 64;

/// The work of one byte of a text in one state, in units of [`crate::budget::Work`]: what the worst expressions that were found take in V8
/// (`tests/bench/README.md`).
const BYTE_IN_STATE: usize = 11;

/// Deepest nesting: the engine's parser calls itself once for each level, and the module's stack is small.
const MAX_DEPTH: u32 = 64;

/// A compiled regular expression, unanchored.
///
/// The engine is `regex-lite`: linear in the string, and small. Bytes each engine adds to a `wasm32-wasip1` module of
/// 91,196 (release profile of this crate, before `wasm-opt`):
///
/// | engine | bytes |
/// |---|---:|
/// | `regex-lite` 0.1.9 | 83,762 |
/// | `regex-automata` 0.4.18, `syntax` and `nfa-pikevm`, no Unicode tables | 294,269 |
/// | the same with the tables for `\d`, `\w`, `\s` and `(?i)` | 378,765 |
/// | `regex` 1.13.1, `std` only | 391,529 |
///
/// The price, for authors of policies: `\d`, `\w`, `\s`, `\b` and `(?i)` know ASCII only, and
/// `\p{…}` does not exist. A character is a code point, so `.` and `[^x]` match `é` as one. As in RE2, `.` does not
/// match a line feed without `(?s)`, `^` and `$` mean the ends of the whole string without `(?m)`, and there are neither
/// back-references nor look-around.
///
/// Measured in V8, which Envoy embeds: the patterns of the policy pages take 0.8 to 1.9 ms for a string of 16 KiB; the
/// worst found that compiles, hundreds of nested repetitions, would take 280 ms. So the work is charged before a search.
#[derive(Clone)]
pub struct RegexMatcher {
    regex: Regex,
    /// How many states it has at most: the engine may be in all of them at each character.
    states: usize,
}

/// How a pattern fares against a string.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Search {
    Found,
    NotFound,
    TooLong,
}

impl RegexMatcher {
    /// Compiles a pattern. The engine counts 20 bytes for a state in the module and 32 natively, so whatever
    /// `mcp-policy check` accepts the module accepts.
    ///
    /// # Errors
    /// Why it is refused.
    pub(crate) fn new(text: &str) -> Result<Self, String> {
        if text.is_empty() {
            return Err("it matches every string".to_owned());
        }
        if text.len() > MAX_PATTERN_BYTES {
            return Err("longer than 64 KiB".to_owned());
        }
        let built = RegexBuilder::new(text).size_limit(MAX_PATTERN_BYTES).nest_limit(MAX_DEPTH).build();
        let regex = built.map_err(|error| error.to_string())?;
        // The whole match counts as a group, too.
        if regex.captures_len() > MAX_GROUPS.saturating_add(1) {
            return Err(format!("more than {MAX_GROUPS} groups; write `(?:…)`"));
        }
        Ok(Self { regex, states: states::count(text, |_, _| {}) })
    }

    /// Counts the pattern, which is written at `at`, among those of its document. `None` if they are too large together: the first
    /// that is too much is reported, so that the document is refused, and none of the others is kept.
    #[inline(never)]
    pub(crate) fn count(&self, at: &Cursor<'_, '_>) -> Option<()> {
        // The first search of an expression makes a table that stays: places for each group beside each state. With three groups it is
        // as large as the states are.
        let weight = self.regex.captures_len().saturating_add(3) / 4;
        let [before, states] = at.add_compiled(self.states.saturating_mul(weight));
        if states <= MAX_STATES {
            return Some(());
        }
        if before <= MAX_STATES {
            at.report(
                "with this expression, those of the configuration take more than 16 MiB compiled; share rules by `use`, write \
                 fewer expressions, or repeat less in them: `{0,64}` is 64 copies",
            );
        }
        None
    }

    /// The part of the expression that makes the search in one text, of at most `longest` code points if that is given, take more
    /// work than a whole request may: the shortest repetition that has nearly all states, or the whole expression. `None` if no
    /// text takes so much.
    #[cfg(not(target_os = "wasi"))]
    #[must_use]
    pub fn exhausting_part(&self, longest: Option<u64>) -> Option<&str> {
        let longest = longest.and_then(|chars| usize::try_from(chars).ok()).unwrap_or(usize::MAX);
        if self.search_work(longest.saturating_mul(MAX_CHAR_BYTES).min(MAX_STRING_BYTES)) <= MAX_WORK {
            return None;
        }
        let (text, mut part) = (self.as_str(), self.as_str());
        states::count(text, |range, states| {
            let is_most = states.saturating_mul(4) >= self.states.saturating_mul(3);
            part = text.get(range).filter(|shorter| is_most && shorter.len() < part.len()).unwrap_or(part);
        });
        Some(part)
    }

    /// The longest text, in code points, whose search takes no more work than a whole request may.
    #[cfg(not(target_os = "wasi"))]
    #[must_use]
    pub fn longest_affordable(&self) -> usize {
        let of_a_byte = self.states.saturating_mul(BYTE_IN_STATE).max(1);
        (MAX_WORK / of_a_byte).saturating_sub(1) / MAX_CHAR_BYTES
    }

    /// The work that a search in a text of so many bytes takes at most, in units of [`crate::budget::Work`].
    #[must_use]
    pub(super) fn work(&self, bytes: usize) -> usize {
        // A longer text is not searched.
        if bytes > MAX_STRING_BYTES { 0 } else { self.search_work(bytes) }
    }

    /// The same, in a text that is searched whatever its length.
    #[must_use]
    pub(crate) fn search_work(&self, bytes: usize) -> usize {
        bytes.saturating_add(1).saturating_mul(self.states).saturating_mul(BYTE_IN_STATE)
    }

    /// Where a text matches, in order and apart from each other.
    pub(crate) fn ranges<'t>(&'t self, text: &'t str) -> impl Iterator<Item = Range<usize>> + 't {
        self.regex.find_iter(text).map(|found| found.range())
    }

    /// The expression as the policy has it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.regex.as_str()
    }

    pub(super) fn search(&self, text: &str) -> Search {
        if text.len() > MAX_STRING_BYTES {
            return Search::TooLong;
        }
        if self.regex.is_match(text) { Search::Found } else { Search::NotFound }
    }
}

impl fmt::Debug for RegexMatcher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("RegexMatcher").field(&self.regex.as_str()).finish()
    }
}
