//! Diagnostics of a document: each with a JSON pointer and an offset, and how many there may be.

use std::{
    cell::{Cell, RefCell},
    fmt,
};

use crate::{
    json::{
        Node, Value,
        pointer::{Pointer, PointerToken, Pointers},
    },
    text::excerpt,
};

/// Problems that are listed; the others are counted.
pub const MAX_LISTED: usize = 100;
/// Words that a message lists.
const MAX_WORDS: usize = 32;

/// A mistake.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Where: a JSON pointer; empty for the document itself.
    pub pointer: String,
    /// The offset in the text, in bytes; 0 if there is no text.
    pub at: usize,
    /// What was found, and what is allowed.
    pub message: String,
}

/// The mistakes found so far. A document of mistakes costs what a sound one costs: only the first in the text are kept, and
/// no message is written for another.
#[derive(Debug, Default)]
pub struct Problems<'w> {
    places: Pointers<'w>,
    found: RefCell<Found>,
    /// What has been compiled from the document so far, in units of those who compile.
    compiled: Cell<usize>,
}

#[derive(Debug, Default)]
struct Found {
    /// The first ones, in the order of the text.
    listed: Vec<Problem>,
    others: usize,
    /// Where the first of the others is.
    others_at: usize,
}

impl<'w> Problems<'w> {
    /// Takes out the first [`MAX_LISTED`], in the order of the text, and one that counts the others, if there are any.
    #[must_use]
    pub fn take(&self) -> Vec<Problem> {
        let Found { mut listed, others, others_at } = self.found.take();
        if others > 0 {
            let message = format!("{others} more problems are not listed; correct these first");
            listed.push(Problem { pointer: String::new(), at: others_at, message });
        }
        listed
    }

    /// Adds a problem. Its message is built only if the problem is listed.
    pub(super) fn add(&self, place: Pointer, at: usize, message: &dyn Fn() -> String) {
        let mut found = self.found.borrow_mut();
        let index = found.listed.partition_point(|other| other.at <= at);
        if index == MAX_LISTED {
            found.count_other(at);
            return;
        }
        let problem = Problem { pointer: self.places.excerpt(place), at, message: message() };
        found.listed.insert(index, problem);
        if found.listed.len() > MAX_LISTED
            && let Some(last) = found.listed.pop()
        {
            found.count_other(last.at);
        }
    }

    /// Counts something that was compiled from the document. Returns the sum without it and with it.
    pub(super) fn add_compiled(&self, size: usize) -> [usize; 2] {
        let sum = self.compiled.get().saturating_add(size);
        [self.compiled.replace(sum), sum]
    }

    pub(super) fn place(&self, above: Pointer, segment: PointerToken<'w>) -> Pointer {
        self.places.add(above, segment)
    }

    pub(super) fn pointer(&self, place: Pointer) -> String {
        self.places.pointer(place)
    }
}

impl Found {
    fn count_other(&mut self, at: usize) {
        self.others_at = if self.others == 0 { at } else { self.others_at.min(at) };
        self.others = self.others.saturating_add(1);
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let pointer = if self.pointer.is_empty() { "(top level)" } else { &self.pointer };
        write!(f, "{pointer}: {}", self.message)
    }
}

/// A value, in words.
pub(super) fn describe(node: &Node<'_>) -> String {
    match &node.value {
        Value::Null => "`null`".to_owned(),
        Value::Bool(flag) => format!("`{flag}`"),
        Value::Number(number) => format!("the number `{number}`"),
        Value::String(text) => format!("the string `{}`", excerpt(text)),
        Value::Array(_) => "a list".to_owned(),
        Value::Object(_) => "an object".to_owned(),
    }
}

/// Words as a list: `` `a`, `b` or `c` ``; of many only the first ones.
pub(super) fn join_words<'n>(words: impl ExactSizeIterator<Item = &'n str>) -> String {
    let others = words.len().saturating_sub(MAX_WORDS);
    let mut words: Vec<String> = words.take(MAX_WORDS).map(|word| format!("`{}`", excerpt(word))).collect();
    let last = if others > 0 { Some(format!("one of {others} others")) } else { words.pop() };
    match last {
        None => "nothing".to_owned(),
        Some(last) if words.is_empty() => last,
        Some(last) => format!("{} or {last}", words.join(", ")),
    }
}

/// ` (did you mean …?)` if a known word is near.
#[must_use]
pub fn suggest_nearest(word: &str, known: &[&str]) -> String {
    nearest_word(word, known).map(|known| format!(" (did you mean `{}`?)", excerpt(known))).unwrap_or_default()
}

/// Words that other products use, and what they are called here. Of several meanings the first that is known counts.
const SYNONYMS: [(&str, &[&str]); 12] = [
    ("deny", &["block", "forbid", "reject", "refuse", "disallow", "drop", "prohibit"]),
    ("allow", &["permit", "accept", "pass", "open", "yes"]),
    ("shadow", &["audit", "dry-run", "dry_run", "dryrun", "monitor", "report", "log", "warn", "observe", "permissive"]),
    ("enforce", &["on", "active", "enforcing", "block", "strict"]),
    ("require_approval", &["approve", "approval", "ask", "confirm", "prompt", "human", "review"]),
    ("second", &["s", "sec", "secs", "seconds", "1s", "per_second"]),
    ("minute", &["m", "min", "mins", "minutes", "1m", "per_minute"]),
    ("hour", &["h", "hr", "hrs", "hours", "1h", "per_hour", "hourly"]),
    ("day", &["d", "days", "1d", "24h", "per_day", "daily"]),
    ("grant", &["user", "caller", "client", "identity", "agent", "per_user", "key", "token"]),
    ("global", &["all", "total", "shared", "everyone"]),
    ("sliding", &["rolling", "sliding_window"]),
];

/// The known word that is nearest, or that says here what `word` says elsewhere.
#[must_use]
pub fn nearest_word<'n>(word: &str, known: &[&'n str]) -> Option<&'n str> {
    const MAX_DISTANCE: usize = 2;
    let lower = excerpt(word).to_ascii_lowercase();
    // Only words of nearly this length can be near.
    let candidates = known.iter().filter(|known| known.len().abs_diff(lower.len()) <= 4 * MAX_DISTANCE);
    let distance = |known: &str| strsim::osa_distance(&lower, &known.to_ascii_lowercase());
    let means = |known: &str| SYNONYMS.iter().any(|(name, words)| *name == known && words.contains(&lower.as_str()));
    if let Some(known) = known.iter().find(|known| means(known)) {
        return Some(known);
    }
    let (distance, known) = candidates.map(|known| (distance(known), *known)).min()?;
    (distance <= MAX_DISTANCE && distance < known.len().min(lower.len().max(1))).then_some(known)
}
