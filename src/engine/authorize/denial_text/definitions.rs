//! Sentences about pinned definitions, and arguments that do not fit them.

use super::{ASK_OWNER, TargetName};
use crate::policy::schema::{Sent, Violation};

/// A list has shown another definition than the pinned one.
pub(in crate::engine) fn drifted(target: &TargetName<'_>) -> String {
    format!(
        "the policy denies {target}, because the server has changed its definition since it was approved; use another tool, and \
         ask the gateway's operator to review the change"
    )
}

/// The tool has no pinned definition, and needs one.
pub(in crate::engine) fn unpinned(target: &TargetName<'_>) -> String {
    format!("the policy denies {target}, because its definition is not pinned; {ASK_OWNER}")
}

/// The tool's arguments are to be compared with a pinned schema, which it does not have.
pub(in crate::engine) fn no_schema(target: &TargetName<'_>) -> String {
    format!(
        "the policy denies {target}, because its arguments cannot be checked: no schema of it is pinned; {ASK_OWNER}"
    )
}

/// An argument does not fit the pinned schema.
pub(in crate::engine) fn invalid_arguments(target: &TargetName<'_>, violation: &Violation) -> String {
    let (argument, expected) = (violation.path(), violation.expected());
    match violation.sent {
        Sent::Type(sent) => format!(
            "the policy denies {target}, because `{argument}` is of the type {sent} and does not fit what its schema says: {expected}; correct the arguments"
        ),
        Sent::Missing => {
            format!("the policy denies {target}, because its schema requires `{argument}`; add it to the arguments")
        }
        Sent::Unnamed if expected.is_empty() => {
            format!("the policy denies {target}, because its schema names no argument `{argument}`; leave it out")
        }
        Sent::Unnamed => format!(
            "the policy denies {target}, because its schema names no argument `{argument}`; leave it out, or use one of {expected}"
        ),
    }
}
