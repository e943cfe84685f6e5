//! Sentences about `require` and `deny_if`.

use std::fmt;

use super::{ASK_OWNER, TargetName};
use crate::policy::{Predicate, condition::Condition, path::Root};

/// A predicate of `deny_if` holds.
pub(in crate::engine) fn denied_by(predicate: &Predicate, target: &TargetName<'_>) -> String {
    match (&predicate.reason, predicate.conditions.is_empty()) {
        (Some(text), _) => format!("the policy denies {target}: {text}"),
        (None, true) => format!("the policy denies {target}; {ASK_OWNER}"),
        (None, false) => {
            let conditions = describe_conditions(predicate, "rejects");
            format!("the policy denies {target} if {conditions}; {}", what_to_change(predicate))
        }
    }
}

/// A predicate of `require` does not hold.
pub(in crate::engine) fn requirement_failed(predicate: &Predicate, target: &TargetName<'_>) -> String {
    match &predicate.reason {
        Some(text) => format!("the policy denies {target}: {text}"),
        None => {
            let conditions = describe_conditions(predicate, "accepts");
            format!("the policy allows {target} only if {conditions}; {}", what_to_change(predicate))
        }
    }
}

/// Servers may read a name in the arguments as one that a rule reads.
pub(in crate::engine) fn ambiguous_arguments(target: &TargetName<'_>, why: &impl fmt::Display) -> String {
    format!("the policy denies {target}: {why}")
}

/// The conditions of a predicate. Of one on the caller no more than what it looks at: the value beside it may be the caller's, which
/// answers do not repeat. `verb` says what holding means for the rule.
pub(super) fn describe_conditions(predicate: &Predicate, verb: &str) -> String {
    let describe = |condition: &Condition| match condition.operand().root() {
        Some(Root::Caller) => format!("the rule {verb} {}", condition.operand()),
        Some(Root::Args | Root::Now) | None => condition.to_string(),
    };
    let conditions: Vec<String> = predicate.conditions.iter().map(describe).collect();
    conditions.join(" and ")
}

/// What the agent can change so that another call passes.
fn what_to_change(predicate: &Predicate) -> &'static str {
    let has = |root| predicate.conditions.iter().any(|condition| condition.operand().root() == Some(root));
    if has(Root::Args) {
        "correct the arguments"
    } else if has(Root::Now) && !has(Root::Caller) {
        "repeat the call when the policy allows it"
    } else {
        ASK_OWNER
    }
}
