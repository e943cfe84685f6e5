//! Every sentence about a decision that an agent reads. Each names what was denied, says why, and what the agent may do; none
//! suggests a way around the policy. (Sentences about requests that are refused before a decision: [`crate::mcp`].)

mod approvals;
mod definitions;
mod limits;
mod predicates;

use crate::{identity::IdentityError, text::front};

use super::target::TargetName;

pub(super) use self::{
    approvals::{
        approval_required, approval_service_failed, approvals_unavailable, reason_for_approver, rejected,
        too_long_to_approve, too_many_approvals,
    },
    definitions::{drifted, invalid_arguments, no_schema, unpinned},
    limits::{describe_quota, not_an_amount, not_an_integer, too_much},
    predicates::{ambiguous_arguments, denied_by, requirement_failed},
};
pub(in crate::engine) use self::{
    approvals::{how_to_get_approval, reason_for_notice},
    limits::{rate_limited, when_to_retry},
};

/// The gateway failed.
pub(in crate::engine) const INTERNAL: &str =
    "the gateway could not complete its checks, so it did not forward the call; repeat it later";

/// Another message of the batch was denied. The text does not name the rule: it may name what is hidden from this reader.
pub(in crate::engine) const BATCH: &str = "the gateway does not forward this batch, because it does not allow all of its messages; send each message by itself";

const ASK_OWNER: &str = "if you need it, ask the policy's owner";

/// No binding matches the request.
pub(super) fn no_policy() -> String {
    "no policy applies to this route and caller; ask the gateway's operator to bind one".to_owned()
}

/// The caller has no identity, or a malformed one.
pub(super) fn no_identity(error: &IdentityError) -> String {
    match error {
        IdentityError::NoIdentity => {
            "the gateway cannot identify the caller; send the credential that it expects".to_owned()
        }
        IdentityError::UnknownToken => {
            "the gateway cannot identify the caller, because it does not list the bearer token; ask the gateway's owner for a \
             new one"
                .to_owned()
        }
        IdentityError::Invalid(why) => format!("the gateway cannot identify the caller: {why}"),
    }
}

/// `methods` denies the method.
pub(super) fn method_denied(method: &str) -> String {
    format!("the policy denies the method `{}`; {ASK_OWNER}", front(method))
}

/// The caller does not own the task.
pub(super) fn unknown_task(task: &str) -> String {
    format!("Unknown task: {}", front(task))
}

/// The default denies the method.
pub(super) fn method_not_allowed(method: &str) -> String {
    format!("the policy denies the method `{}`, because no rule allows it; {ASK_OWNER}", front(method))
}

/// Lenient servers would read the method as the `known` one.
pub(super) fn folded_method(method: &str, known: &str) -> String {
    let method = front(method);
    format!(
        "the method `{method}` equals `{known}` only if case and white space are ignored; send the method's exact name"
    )
}

/// No entry names the target, and the default denies it.
pub(super) fn default_deny(target: &TargetName<'_>) -> String {
    ["the policy denies ", &target.describe(), ", because no rule allows it; ", ASK_OWNER].concat()
}

/// `hide` names the tool.
pub(super) fn hidden(target: &TargetName<'_>) -> String {
    format!("the policy denies {target}, because it is hidden; {ASK_OWNER}")
}

/// Servers may read the URI in more than one way.
pub(super) fn ambiguous_uri(target: &TargetName<'_>) -> String {
    format!(
        "the policy denies {target}, because a server may read it as another one; write the URI without dot segments, white \
         space, `\\` and escapes that are not needed, with scheme and host in lower case, and without user information or a \
         default port"
    )
}

/// The rules take more work than one request may.
pub(super) fn too_much_work(target: &TargetName<'_>) -> String {
    format!(
        "the gateway denies {target}, because checking these arguments takes too much work; send fewer or shorter values, or \
         split the call"
    )
}

/// A text of the policy's author without its full stop, since the sentence goes on.
fn without_full_stop(text: &str) -> &str {
    text.trim_end_matches('.')
}
