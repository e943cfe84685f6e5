//! What conditions read besides a call's arguments: who calls, when, and what was counted before.

use std::cell::OnceCell;

use crate::json::{Node, Value};

/// For reading one counter in the store, in units of [`crate::budget::Work`].
pub(super) const READ_COUNTER: usize = 3_000;

/// Where the facts about one request come from. Each is asked for once a request at most, and only if a condition needs it.
pub trait FactSource {
    /// The object `caller`: `grant`, `source`, `authenticated` and `claims`.
    fn caller(&self) -> Node<'_>;
    /// The work that [`Self::caller`] takes at most, in units of [`crate::budget::Work`].
    fn caller_work(&self) -> usize;
    /// The object `now`: `weekday`, `hour`, `time` and `date`.
    fn now(&self) -> Node<'_>;
    /// What the caller has used of a counter, a number; `None` if it cannot be known.
    fn used(&self, counter: &str) -> Option<Node<'_>>;
}

/// The facts about one request, as far as conditions have asked for them.
pub struct Facts<'a> {
    source: &'a dyn FactSource,
    caller: OnceCell<Node<'a>>,
    now: OnceCell<Node<'a>>,
    /// The counters that conditions of the policy read, by name.
    counters: Vec<(&'a str, OnceCell<Node<'a>>)>,
}

/// In place of a count that cannot be known: a text, since every operator of counters finds that of the wrong type.
const UNKNOWN_COUNT: Node<'static> = Node { at: 0, value: Value::String(std::borrow::Cow::Borrowed("unknown")) };

impl<'a> Facts<'a> {
    /// Facts that come from `source`; `counters` are the names of all counters that conditions of the policy read.
    #[must_use]
    pub fn new(source: &'a dyn FactSource, counters: impl Iterator<Item = &'a str>) -> Self {
        let counters = counters.map(|name| (name, OnceCell::new())).collect();
        Self { source, caller: OnceCell::new(), now: OnceCell::new(), counters }
    }

    pub(super) fn caller(&self) -> &Node<'a> {
        self.caller.get_or_init(|| self.source.caller())
    }

    /// What [`Self::caller`] takes at most now.
    pub(super) fn caller_work(&self) -> usize {
        if self.caller.get().is_none() { self.source.caller_work() } else { 0 }
    }

    pub(super) fn now(&self) -> &Node<'a> {
        self.now.get_or_init(|| self.source.now())
    }

    /// What was used of a counter; a text if that is not known.
    pub(super) fn counter(&self, name: &str) -> &Node<'a> {
        let slot = self.counters.iter().find(|(known, _)| *known == name);
        slot.map_or(&UNKNOWN_COUNT, |(name, used)| used.get_or_init(|| self.source.used(name).unwrap_or(UNKNOWN_COUNT)))
    }
}

/// A source that knows nothing: conditions on arguments alone do not ask it.
#[cfg(not(target_os = "wasi"))]
#[derive(Clone, Copy, Debug)]
pub struct NoFacts;

#[cfg(not(target_os = "wasi"))]
impl FactSource for NoFacts {
    fn caller(&self) -> Node<'_> {
        Node { at: 0, value: Value::Null }
    }

    fn caller_work(&self) -> usize {
        0
    }

    fn now(&self) -> Node<'_> {
        Node { at: 0, value: Value::Null }
    }

    fn used(&self, _: &str) -> Option<Node<'_>> {
        None
    }
}
