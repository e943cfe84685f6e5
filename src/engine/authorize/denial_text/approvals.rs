//! Sentences about `require_approval`, for agents and for approvers.

use super::{predicates::describe_conditions, without_full_stop};
use crate::{
    approval::{ApproverNote, MAX_PARAMS},
    engine::approval_service::Pending,
    policy::Predicate,
};

/// A person has to approve a call of `target`.
pub(in crate::engine) fn approval_required(predicate: &Predicate, target: &str) -> String {
    match &predicate.reason {
        Some(text) => format!("a person must approve this call of {target}: {}", without_full_stop(text)),
        None => format!("a person must approve this call of {target}"),
    }
}

/// Why a person has to approve a call of `target`, for that person.
pub(in crate::engine) fn reason_for_approver(predicate: &Predicate, target: &str) -> String {
    match (&predicate.reason, predicate.conditions.is_empty()) {
        (Some(text), _) => text.to_string(),
        (None, true) => format!("the policy requires an approval for each call of {target}"),
        (None, false) => {
            let conditions = describe_conditions(predicate, "rejects");
            format!("the policy requires an approval for a call of {target} if {conditions}")
        }
    }
}

/// The same for approvers who hear of it elsewhere: without the target, whose name may hold a secret.
pub(in crate::engine) fn reason_for_notice(predicate: &Predicate) -> String {
    match (&predicate.reason, predicate.conditions.is_empty()) {
        (Some(text), _) => text.to_string(),
        (None, true) => String::new(),
        (None, false) => describe_conditions(predicate, "rejects"),
    }
}

/// What an agent does to get an approval.
pub(in crate::engine) fn how_to_get_approval(pending: Option<&Pending>, url: Option<&str>) -> String {
    match (pending, url) {
        (Some(_), Some(url)) => format!("ask for approval at {url}, then repeat the same call"),
        (Some(pending), None) => format!("ask for approval of request `{}`, then repeat the same call", pending.id),
        (None, _) => "send the call by itself, not in a batch".to_owned(),
    }
}

/// An approver rejected the call.
pub(in crate::engine) fn rejected(target: &str, note: &ApproverNote) -> String {
    match &*note.note {
        "" => format!("a person rejected this call of {target}; do not repeat it"),
        note => format!("a person rejected this call of {target}: {note}; do not repeat it"),
    }
}

/// No further approval can be requested.
pub(in crate::engine) fn too_many_approvals(target: &str) -> String {
    format!("{target} needs approval, and too many calls wait for approval already; repeat the call later")
}

/// The approval service gave no usable answer.
pub(in crate::engine) fn approval_service_failed(target: &str) -> String {
    format!("{target} needs approval, and the approval service gave no usable answer; repeat the call later")
}

/// The fleet's approvals cannot be read or written.
pub(in crate::engine) fn approvals_unavailable(target: &str) -> String {
    format!("{target} needs approval, and the gateway cannot read the approvals; repeat the call later")
}

/// The parameters are longer than [`MAX_PARAMS`].
pub(in crate::engine) fn too_long_to_approve(target: &str) -> String {
    format!("{target} needs approval, and parameters of over {MAX_PARAMS} bytes cannot be approved; send shorter ones")
}
