//! Two rules side by side: what the new one permits that the old one does not, and the reverse.

mod limits;

use std::cmp::Ordering;

use crate::policy::{
    ArgumentCheck, Predicate,
    condition::{Clause, Condition},
    policy_json,
};

use super::{
    Direction, Kind,
    effective::Effective,
    implication::implies,
    methods, results,
    witness::{self, Stop},
};

/// A difference between two rules.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Finding {
    pub(super) direction: Direction,
    pub(super) is_certain: bool,
    pub(super) what: String,
}

impl Finding {
    pub(super) fn new(direction: Direction, what: impl Into<String>) -> Self {
        Self { direction, is_certain: true, what: what.into() }
    }
}

/// All differences; none means that both decide alike.
pub(super) fn compare(kind: Kind, old: &Effective<'_>, new: &Effective<'_>) -> Vec<Finding> {
    match (&old.denied, &new.denied) {
        (Some(_), Some(_)) => {
            let references = methods::references_to(kind);
            let (direction, verb) = match (old.denies_references, new.denies_references) {
                (true, false) => (Direction::Wider, "allowed"),
                (false, true) => (Direction::Narrower, "denied"),
                _ => return Vec::new(),
            };
            let what = format!("is denied in both, but `{}` with it is {verb} now", references.join("`, `"));
            return vec![Finding::new(direction, what)];
        }
        (Some(why), None) => return vec![Finding::new(Direction::Wider, format!("is {}; it was {why}", allowed(new)))],
        (None, Some(why)) => {
            return vec![Finding::new(Direction::Narrower, format!("is {why}; it was {}", allowed(old)))];
        }
        (None, None) => {}
    }
    let mut findings = Vec::new();
    requirements(old, new, &mut findings);
    refusals(old, new, &mut findings);
    expiry(old, new, &mut findings);
    limits::compare(old, new, &mut findings);
    look_alikes(old, new, &mut findings);
    results::compare(&old.results, &new.results, &mut findings);
    arguments(old, new, &mut findings);
    findings
}

/// What a rule that denies nothing outright asks of a call, in a word.
fn allowed(rule: &Effective<'_>) -> &'static str {
    let asks = rule.approval.iter().any(|predicate| predicate.conditions.is_empty());
    let is_open =
        rule.require.is_empty() && rule.deny_if.is_empty() && rule.approval.is_empty() && rule.limits.is_empty();
    let is_open = is_open && rule.arguments.is_none();
    match (asks, is_open) {
        (true, _) => "allowed with approval",
        (false, true) => "allowed",
        (false, false) => "allowed under conditions",
    }
}

// === require ===

/// `require`: every condition of every predicate must hold.
fn requirements(old: &Effective<'_>, new: &Effective<'_>, findings: &mut Vec<Finding>) {
    for (direction, verb, lost, kept) in [
        (Direction::Wider, "no longer requires", &old.require, &new.require),
        (Direction::Narrower, "requires", &new.require, &old.require),
    ] {
        for condition in lost {
            if kept.iter().any(|other| implies(other, condition, Clause::Require)) {
                continue;
            }
            let mut beside = kept.iter().filter(|other| other.operand() == condition.operand());
            let weaker = beside.clone().find(|other| implies(condition, other, Clause::Require));
            let (is_certain, what) = match weaker {
                Some(other) => (true, format!("{verb} {condition}, {} {other}", beside_word(direction))),
                None => (beside.next().is_none(), format!("{verb} {condition}")),
            };
            findings.push(Finding { direction, is_certain, what });
        }
    }
}

fn beside_word(direction: Direction) -> &'static str {
    if direction == Direction::Wider { "only" } else { "not only" }
}

// === deny_if and require_approval ===

/// Predicates: one that holds refuses the call, or asks for approval.
fn refusals(old: &Effective<'_>, new: &Effective<'_>, findings: &mut Vec<Finding>) {
    for (direction, before, after) in [(Direction::Wider, old, new), (Direction::Narrower, new, old)] {
        let denials = before.deny_if.iter().filter(|predicate| !is_covered(predicate, &after.deny_if));
        findings.extend(denials.map(|predicate| lost(direction, Stop::Denial(predicate), after)));
        let is_asked =
            |predicate: &Predicate| is_covered(predicate, &after.approval) || is_covered(predicate, &after.deny_if);
        let approvals = before.approval.iter().filter(|predicate| !is_asked(predicate));
        findings.extend(approvals.map(|predicate| lost(direction, Stop::Approval(predicate), after)));
    }
}

/// A predicate that stops calls under one rule, where the other rule has none that stops them all.
fn lost(direction: Direction, stop: Stop<'_>, after: &Effective<'_>) -> Finding {
    let (predicate, verb) = match (stop, direction) {
        (Stop::Denial(predicate), Direction::Wider) => (predicate, "no longer denies"),
        (Stop::Denial(predicate), Direction::Narrower) => (predicate, "denies"),
        (Stop::Approval(predicate), Direction::Wider) => (predicate, "no longer asks for approval of"),
        (Stop::Approval(predicate), Direction::Narrower) => (predicate, "asks for approval of"),
    };
    let kept = match stop {
        Stop::Denial(_) => &after.deny_if,
        Stop::Approval(_) => &after.approval,
    };
    let narrower = kept.iter().find(|other| is_covered(other, &[predicate]));
    let beside = match narrower {
        Some(other) => format!(", {} {}", beside_word(direction), calls(other)),
        None if is_covered(predicate, &after.approval) && direction == Direction::Wider => {
            ", but asks for approval of them".to_owned()
        }
        None if is_covered(predicate, &after.approval) => ", but asked for approval of them before".to_owned(),
        None => String::new(),
    };
    let witness = witness::find(stop, after);
    // Whether such a call fits a pinned schema is not tried.
    let is_certain = (witness.is_some() || is_apart(predicate, after)) && after.arguments.is_none();
    let such = witness.filter(|_| !predicate.conditions.is_empty());
    let such = such.map(|call| format!(", such as `{call}`")).unwrap_or_default();
    Finding { direction, is_certain, what: format!("{verb} {}{beside}{such}", calls(predicate)) }
}

/// Whether every call for which a predicate holds is refused by one of some others.
fn is_covered(predicate: &Predicate, others: &[&Predicate]) -> bool {
    let implied = |condition: &Condition| predicate.conditions.iter().any(|own| implies(own, condition, Clause::Deny));
    others.iter().any(|other| other.conditions.iter().all(implied))
}

/// Whether a predicate compares nothing that a rule compares.
fn is_apart(predicate: &Predicate, rule: &Effective<'_>) -> bool {
    let paths = rule.paths();
    let is_fact = |condition: &Condition| condition.args_path().is_none();
    // Facts depend on each other, and counters on limits.
    if predicate.conditions.iter().any(is_fact) && (!rule.limits.is_empty() || rule.conditions().any(is_fact)) {
        return false;
    }
    !predicate.conditions.iter().filter_map(Condition::args_path).any(|own| paths.contains(&own))
}

fn calls(predicate: &Predicate) -> String {
    match predicate.conditions.iter().map(ToString::to_string).collect::<Vec<_>>() {
        conditions if conditions.is_empty() => "every call".to_owned(),
        conditions => format!("calls with {}", conditions.join(" and ")),
    }
}

/// How long an approval can be used: the shortest `expires` of the predicates that ask.
fn expiry(old: &Effective<'_>, new: &Effective<'_>, findings: &mut Vec<Finding>) {
    let (before, after) = (lives(old), lives(new));
    let range = |lives: &[(String, u32)]| {
        let lives = || lives.iter().map(|(_, seconds)| *seconds);
        lives().min().zip(lives().max())
    };
    let (Some((before_min, before_max)), Some((after_min, after_max))) = (range(&before), range(&after)) else {
        return;
    };
    let is_one = before_min == before_max && after_min == after_max;
    if before == after || is_one && before_min == after_min {
        return;
    }
    for (direction, is_so) in
        [(Direction::Wider, after_max > before_min), (Direction::Narrower, after_min < before_max)]
    {
        if is_so {
            let (now, before) = (seconds(after_min, after_max), seconds(before_min, before_max));
            let what = format!("approvals expire after {now}; it was {before}");
            findings.push(Finding { direction, is_certain: is_one, what });
        }
    }
}

/// A number of seconds, or the range of several.
fn seconds(min: u32, max: u32) -> String {
    if min == max { format!("{min} s") } else { format!("{min} to {max} s") }
}

/// The predicates that ask for approval, and how long it lives.
fn lives(rule: &Effective<'_>) -> Vec<(String, u32)> {
    let written = |predicate: &Predicate| {
        let conditions: Vec<String> = predicate.conditions.iter().map(policy_json::condition).collect();
        conditions.join(",")
    };
    let mut lives: Vec<(String, u32)> =
        rule.approval.iter().map(|predicate| (written(predicate), predicate.expires)).collect();
    lives.sort_unstable();
    lives.dedup();
    lives
}

// === arguments ===

/// How strictly arguments are compared with the pinned schema. Which calls that denies depends on the schema.
fn arguments(old: &Effective<'_>, new: &Effective<'_>, findings: &mut Vec<Finding>) {
    let direction = match new.arguments.cmp(&old.arguments) {
        Ordering::Less => Direction::Wider,
        Ordering::Greater => Direction::Narrower,
        Ordering::Equal => return,
    };
    let name = |check: Option<ArgumentCheck>| check.unwrap_or(ArgumentCheck::Any).name();
    let what = format!(
        "compares arguments with the pinned schema as `{}`; it was `{}`",
        name(new.arguments),
        name(old.arguments)
    );
    findings.push(Finding { direction, is_certain: false, what });
}

// === names that resemble others ===

/// A rule denies arguments whose names resemble a key of a path that it looks at.
fn look_alikes(old: &Effective<'_>, new: &Effective<'_>, findings: &mut Vec<Finding>) {
    for (direction, one, other) in [(Direction::Wider, old, new), (Direction::Narrower, new, old)] {
        let kept = other.paths();
        let lost = one.paths().into_iter().find(|path| !kept.contains(path));
        let is_reported = findings.iter().any(|finding| finding.direction == direction);
        if let Some(path) = lost.filter(|_| !is_reported) {
            let what = match direction {
                Direction::Wider => format!("no longer looks at `{path}`, so names like it pass"),
                Direction::Narrower => format!("looks at `{path}`, so names like it are denied"),
            };
            findings.push(Finding { direction, is_certain: false, what });
        }
    }
}
