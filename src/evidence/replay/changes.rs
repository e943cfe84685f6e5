//! What a replay found: the calls that are decided otherwise, alike ones together.

use std::collections::BTreeMap;

use crate::{
    evidence::record::{ALLOWED, Record},
    time::Timestamp,
};

use super::{Decided, Missing, Outcome};

/// What a replay found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// Calls that are decided as before.
    pub same: u64,
    /// Calls that are decided otherwise.
    pub changed: u64,
    /// Calls whose records say too little.
    pub unknown: u64,
    /// Records that are not of a decision of a policy.
    pub skipped: u64,
    /// Records without a time; they are decided at the time of the one before.
    pub untimed: u64,
    /// The time of the first call and that of the last one.
    pub span: Option<(Timestamp, Timestamp)>,
    /// How calls are decided otherwise, alike ones together.
    changes: BTreeMap<Change, Tally>,
    /// What the records lack.
    doubts: BTreeMap<Doubt, Tally>,
}

/// Calls that are decided otherwise in the same way.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Change {
    /// The tool, prompt or resource, or the method.
    pub target: String,
    /// The caller's grant.
    pub caller: String,
    /// What was decided.
    pub from: String,
    /// What is decided now.
    pub to: String,
    /// The rule that denies, or denied.
    pub rule: String,
    /// Whether the calls passed and do not any more.
    pub is_regression: bool,
}

/// Calls whose records say too little.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Doubt {
    /// The tool, prompt or resource, or the method.
    pub target: String,
    /// What the record lacks.
    pub missing: Missing,
}

/// How often, and when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tally {
    /// How many calls.
    pub count: u64,
    /// The time of the first one.
    pub first: Timestamp,
    /// The time of the last one.
    pub last: Timestamp,
}

/// Rows of a table; further callers and targets share rows, since callers choose both.
const MAX_ROWS: usize = 10_000;

impl Tally {
    fn add<K: Ord>(rows: &mut BTreeMap<K, Self>, key: K, at: Timestamp) {
        let tally = rows.entry(key).or_insert(Self { count: 0, first: at, last: at });
        tally.count = tally.count.saturating_add(1);
        (tally.first, tally.last) = (tally.first.min(at), tally.last.max(at));
    }
}

impl Report {
    pub(super) fn skip(&mut self) {
        self.skipped = self.skipped.saturating_add(1);
    }

    pub(super) fn add_untimed(&mut self) {
        self.untimed = self.untimed.saturating_add(1);
    }

    /// Takes what both policies made of a call.
    pub(super) fn add(&mut self, record: &Record, at: Timestamp, old: Outcome, new: Outcome) {
        let (first, last) = self.span.unwrap_or((at, at));
        self.span = Some((first.min(at), last.max(at)));
        match (old, new) {
            (Outcome::Decided(old), Outcome::Decided(new)) if old.is_same(&new) => {
                self.same = self.same.saturating_add(1);
            }
            (Outcome::Decided(old), Outcome::Decided(new)) => {
                self.changed = self.changed.saturating_add(1);
                let change = self.bounded(Change::new(record, &old, &new));
                Tally::add(&mut self.changes, change, at);
            }
            (Outcome::CannotTell(missing), _) | (_, Outcome::CannotTell(missing)) => {
                self.unknown = self.unknown.saturating_add(1);
                let mut doubt = Doubt { target: record.target().to_owned(), missing };
                if self.doubts.len() >= MAX_ROWS && !self.doubts.contains_key(&doubt) {
                    doubt.target = FURTHER_TARGETS.to_owned();
                }
                Tally::add(&mut self.doubts, doubt, at);
            }
        }
    }

    fn bounded(&self, change: Change) -> Change {
        if self.changes.len() < MAX_ROWS || self.changes.contains_key(&change) {
            return change;
        }
        Change { target: FURTHER_TARGETS.to_owned(), caller: "(further callers)".to_owned(), ..change }
    }

    /// How calls are decided otherwise: regressions first, then what occurs most.
    #[must_use]
    pub fn changes(&self) -> Vec<(&Change, Tally)> {
        let mut rows: Vec<_> = self.changes.iter().map(|(change, tally)| (change, *tally)).collect();
        rows.sort_by_key(|(change, tally)| (!change.is_regression, u64::MAX.saturating_sub(tally.count)));
        rows
    }

    /// What the records lack, what occurs most first.
    #[must_use]
    pub fn doubts(&self) -> Vec<(&Doubt, Tally)> {
        let mut rows: Vec<_> = self.doubts.iter().map(|(doubt, tally)| (doubt, *tally)).collect();
        rows.sort_by_key(|(_, tally)| u64::MAX.saturating_sub(tally.count));
        rows
    }

    /// Whether a call that passed does not any more.
    #[must_use]
    pub fn has_regressions(&self) -> bool {
        self.changes.keys().any(|change| change.is_regression)
    }
}

const FURTHER_TARGETS: &str = "(further names)";

impl Change {
    fn new(record: &Record, old: &Decided, new: &Decided) -> Self {
        let (passed, passes) = (old.decision == ALLOWED, new.decision == ALLOWED);
        Self {
            target: record.target().to_owned(),
            caller: record.grant.clone(),
            from: old.describe(),
            to: new.describe(),
            rule: if new.rule.is_empty() { old.rule.clone() } else { new.rule.clone() },
            is_regression: passed && !passes,
        }
    }
}

impl Decided {
    /// In words.
    fn describe(&self) -> String {
        let decision = self.decision.replace('_', " ");
        match &self.shadow {
            Some(shadow) => format!("{decision}, in shadow {}", shadow.replace('_', " ")),
            None => decision,
        }
    }
}
