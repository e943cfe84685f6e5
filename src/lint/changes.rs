//! What happens to counts when one configuration replaces another.

use std::{collections::BTreeMap, fmt};

use crate::{
    amount::Amount,
    config::Config,
    policy::{Limit, LimitKey, Rule, Scope},
    window::{Algorithm, Window},
};

use super::quoted;

/// What a change does to one counter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// The counter; `None` if the change is about `identity`.
    pub counter: Option<String>,
    /// What happens to its counts.
    pub fate: CounterChange,
    /// A JSON pointer into the new configuration, or into the old one for a counter that is gone.
    pub pointer: String,
    /// What differs, and what that means.
    pub message: String,
}

/// What happens to the counts of a counter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum CounterChange {
    /// They restart at zero.
    Restarts,
    /// No rule reads them any more.
    Gone,
    /// The counter is new.
    New,
    /// They continue.
    Kept,
}

/// What all limits on one counter have in common.
struct Counter<'p> {
    pointer: &'p str,
    window: Window,
    scope: Scope,
    algorithm: Algorithm,
    key: Option<&'p LimitKey>,
    /// In order. The limits on one counter may have different maxima.
    max: Vec<Option<Amount>>,
}

/// What replacing `old` with `new` does to counters: restarts first, each group by name. Unchanged counters are not
/// listed.
#[must_use]
pub fn compare_counters(old: &Config, new: &Config) -> Vec<Change> {
    let (before, after) = (counters(old), counters(new));
    let mut changes = Vec::new();
    if old.identity != new.identity {
        let message = "`identity` has changed, so callers may get other grants; counts of scope `grant` and `session` \
                       continue only for callers whose grant stays the same";
        let pointer = "/identity".to_owned();
        changes.push(Change { counter: None, fate: CounterChange::Restarts, pointer, message: message.to_owned() });
    }
    for (name, counter) in &before {
        changes.extend(match after.get(name) {
            Some(now) => counter.compare(*name, now),
            None => {
                let message = format!("the new configuration does not count {}", display(*name));
                Some(counter.change(*name, CounterChange::Gone, message))
            }
        });
    }
    for (name, counter) in after.iter().filter(|(name, _)| !before.contains_key(*name)) {
        changes.push(counter.change(*name, CounterChange::New, format!("{} starts at zero", display(*name))));
    }
    changes.sort_by_key(|change| change.fate);
    changes
}

/// The names of a policy and of a counter.
type Name<'p> = (&'p str, &'p str);

fn counters(config: &Config) -> BTreeMap<Name<'_>, Counter<'_>> {
    let mut counters = BTreeMap::new();
    for (name, policy) in config.policies.iter().map(|named| (&named.name, &named.policy)) {
        let tables = [policy.tools(), policy.resources(), policy.prompts()];
        let exact = tables.into_iter().flat_map(|table| table.names().map(|(_, rule)| rule));
        let patterns = tables.into_iter().flat_map(|table| table.patterns().map(|(_, rule)| rule));
        for limit in [policy.all_tools()].into_iter().chain(exact).chain(patterns).flat_map(Rule::limits) {
            counters.entry((&**name, &*limit.counter)).or_insert_with(|| Counter::new(limit)).add(limit);
        }
    }
    counters
}

/// A counter in a message. The only policy of a configuration has no name of its own.
fn display((policy, counter): Name<'_>) -> String {
    if policy == "default" { quoted(counter) } else { format!("{} of {}", quoted(counter), quoted(policy)) }
}

impl<'p> Counter<'p> {
    fn new(limit: &'p Limit) -> Self {
        let Limit { pointer, window, scope, algorithm, key, .. } = limit;
        Self { pointer, window: *window, scope: *scope, algorithm: *algorithm, key: key.as_ref(), max: Vec::new() }
    }

    fn add(&mut self, limit: &'p Limit) {
        // Rules have no order, so the pointer that sorts first represents them.
        self.pointer = self.pointer.min(&limit.pointer);
        let index = self.max.partition_point(|max| *max < limit.max);
        if self.max.get(index) != Some(&limit.max) {
            self.max.insert(index, limit.max);
        }
    }

    fn change(&self, (_, name): Name<'_>, fate: CounterChange, message: String) -> Change {
        Change { counter: Some(name.to_owned()), fate, pointer: self.pointer.to_owned(), message }
    }

    /// What happens to its counts if `now` replaces it. The store keeps counts by name, window, scope, algorithm and key.
    fn compare(&self, name: Name<'_>, now: &Self) -> Option<Change> {
        let differences = [
            differs("window", self.window != now.window, [self, now].map(Self::window)),
            differs("key", self.key != now.key, [self, now].map(Self::key)),
            differs("scope", self.scope != now.scope, [self, now].map(|counter| counter.scope.name().to_owned())),
            differs(
                "algorithm",
                self.algorithm != now.algorithm,
                [self, now].map(|counter| counter.algorithm.name().to_owned()),
            ),
        ];
        let differences: Vec<String> = differences.into_iter().flatten().collect();
        if !differences.is_empty() {
            let message = format!("{} restarts at zero: {}", display(name), differences.join(", "));
            return Some(now.change(name, CounterChange::Restarts, message));
        }
        let max = differs("max", self.max != now.max, [self, now].map(Self::max))?;
        let message = format!("{} keeps its count: {max}", display(name));
        Some(now.change(name, CounterChange::Kept, message))
    }

    fn window(&self) -> String {
        self.window.name().map_or_else(|| self.window.seconds().to_string(), str::to_owned)
    }

    fn key(&self) -> String {
        match self.key {
            None => "none".to_owned(),
            Some(LimitKey::Call) => "call".to_owned(),
            Some(LimitKey::Arguments(paths)) => paths.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "),
        }
    }

    fn max(&self) -> String {
        self.max
            .iter()
            .map(|max| max.map_or_else(|| "none".to_owned(), |max| max.to_string()))
            .collect::<Vec<_>>()
            .join("` and `")
    }
}

fn differs(key: &str, differs: bool, [old, new]: [String; 2]) -> Option<String> {
    differs.then(|| format!("`{key}` was `{old}` and is `{new}`"))
}

impl CounterChange {
    /// The word for it in reports.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Restarts => "restarts",
            Self::Gone => "gone",
            Self::New => "new",
            Self::Kept => "kept",
        }
    }
}

impl fmt::Display for CounterChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}
