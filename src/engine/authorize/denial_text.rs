//! Every sentence about a decision that an agent reads. Each names what was denied, says why, and what the agent may do; none
//! suggests a way around the policy. (Sentences about requests that are refused before a decision: [`crate::mcp`].)

use std::fmt;

use crate::{
    amount::Amount,
    approval::{ApproverNote, MAX_PARAMS},
    audit::record,
    engine::approval_service::Pending,
    identity::IdentityError,
    json,
    policy::{
        Cost, Limit, Predicate,
        condition::Condition,
        path::{Path, Root},
        schema::{Sent, Violation},
    },
};

use super::target::TargetName;

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
    format!("the policy denies the method `{}`; {ASK_OWNER}", record::truncate(method))
}

/// The caller does not own the task.
pub(super) fn unknown_task(task: &str) -> String {
    format!("Unknown task: {}", record::truncate(task))
}

/// The default denies the method.
pub(super) fn method_not_allowed(method: &str) -> String {
    format!("the policy denies the method `{}`, because no rule allows it; {ASK_OWNER}", record::truncate(method))
}

/// Lenient servers would read the method as the `known` one.
pub(super) fn folded_method(method: &str, known: &str) -> String {
    let method = record::truncate(method);
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

/// A list has shown another definition than the pinned one.
pub(super) fn drifted(target: &TargetName<'_>) -> String {
    format!(
        "the policy denies {target}, because the server has changed its definition since it was approved; use another tool, and \
         ask the gateway's operator to review the change"
    )
}

/// The tool has no pinned definition, and needs one.
pub(super) fn unpinned(target: &TargetName<'_>) -> String {
    format!("the policy denies {target}, because its definition is not pinned; {ASK_OWNER}")
}

/// The tool's arguments are to be compared with a pinned schema, which it does not have.
pub(super) fn no_schema(target: &TargetName<'_>) -> String {
    format!(
        "the policy denies {target}, because its arguments cannot be checked: no schema of it is pinned; {ASK_OWNER}"
    )
}

/// An argument does not fit the pinned schema.
pub(super) fn invalid_arguments(target: &TargetName<'_>, violation: &Violation) -> String {
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

/// Servers may read the URI in more than one way.
pub(super) fn ambiguous_uri(target: &TargetName<'_>) -> String {
    format!(
        "the policy denies {target}, because a server may read it as another one; write the URI without dot segments, white \
         space, `\\` and escapes that are not needed, with scheme and host in lower case, and without user information or a \
         default port"
    )
}

/// Servers may read a name in the arguments as one that a rule reads.
pub(super) fn ambiguous_arguments(target: &TargetName<'_>, why: &impl fmt::Display) -> String {
    format!("the policy denies {target}: {why}")
}

/// The rules take more work than one request may.
pub(super) fn too_much_work(target: &TargetName<'_>) -> String {
    format!(
        "the gateway denies {target}, because checking these arguments takes too much work; send fewer or shorter values, or \
         split the call"
    )
}

/// A predicate of `deny_if` holds.
pub(super) fn denied_by(predicate: &Predicate, target: &TargetName<'_>) -> String {
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
pub(super) fn requirement_failed(predicate: &Predicate, target: &TargetName<'_>) -> String {
    match &predicate.reason {
        Some(text) => format!("the policy denies {target}: {text}"),
        None => {
            let conditions = describe_conditions(predicate, "accepts");
            format!("the policy allows {target} only if {conditions}; {}", what_to_change(predicate))
        }
    }
}

/// The conditions of a predicate. Of one on the caller no more than what it looks at: the value beside it may be the caller's, which
/// answers do not repeat. `verb` says what holding means for the rule.
fn describe_conditions(predicate: &Predicate, verb: &str) -> String {
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

/// A limit has no room for a request that costs `cost`. `target` is what was called; `None` if that is not one named thing;
/// `remaining` is what is left, if that is known.
pub(in crate::engine) fn rate_limited(
    limit: &Limit,
    target: Option<&TargetName<'_>>,
    cost: Amount,
    remaining: Option<Amount>,
) -> String {
    let target = target.map_or_else(|| "this request".to_owned(), TargetName::describe);
    let all_tools = limit.pointer.starts_with("/all_tools");
    let subject = if all_tools { "all tools together" } else { &target };
    let quota = describe_quota(limit);
    let text = match (limit.max == Some(Amount::ZERO), counts_calls(limit), remaining) {
        (true, ..) => format!("the policy allows no calls of {target}"),
        (false, false, Some(Amount::ZERO)) => format!("the limit of {subject}, {quota}, is used up"),
        (false, is_calls, Some(left)) if !is_calls || left >= Amount::ONE => {
            format!("this request costs {cost}, and {left} is left of the limit of {subject}, {quota}")
        }
        (false, true, _) => {
            let verb = if all_tools { "have" } else { "has" };
            [subject, " ", verb, " reached the rate limit of ", &quota].concat()
        }
        (false, false, _) => format!("this call exceeds what is left of the limit of {subject}, {quota}"),
    };
    match &limit.reason {
        Some(reason) => format!("{text}: {}", without_full_stop(reason)),
        None => text,
    }
}

/// `retry in 18 hours`, or that waiting does not help. `seconds` is rounded up, never down: an earlier call would be limited again.
pub(in crate::engine) fn when_to_retry(seconds: Option<u64>) -> String {
    let Some(seconds) = seconds else { return "do not retry".to_owned() };
    let (number, unit) = match seconds {
        ..120 => (seconds, "second"),
        120..7200 => (seconds.div_ceil(60), "minute"),
        7200..172_800 => (seconds.div_ceil(3600), "hour"),
        _ => (seconds.div_ceil(86_400), "day"),
    };
    ["retry in ", &json::decimal_digits(number), " ", unit, if number == 1 { "" } else { "s" }].concat()
}

/// `10 calls a minute`, or `50000 a day` of what calls cost; `any number of calls a minute` if they are only counted.
pub(super) fn describe_quota(limit: &Limit) -> String {
    let max = limit.max.map(|max| max.units().map_or_else(|| max.to_string(), json::decimal_digits));
    let what = match (counts_calls(limit), limit.max) {
        (true, Some(Amount::ONE)) => " call",
        (true, Some(_)) => " calls",
        (true, None) => " of calls",
        (false, _) => "",
    };
    let window = match limit.window.name_with_article() {
        Some(name) => [" ", name].concat(),
        None => format!(" in {} seconds", limit.window.seconds()),
    };
    let key = limit.key.as_ref().map(|key| format!(" with the same {key}"));
    [max.as_deref().unwrap_or("any number"), what, &window, key.as_deref().unwrap_or_default()].concat()
}

/// A text of the policy's author without its full stop, since the sentence goes on.
fn without_full_stop(text: &str) -> &str {
    text.trim_end_matches('.')
}

/// Whether each call counts as one.
fn counts_calls(limit: &Limit) -> bool {
    limit.cost == Cost::Fixed(Amount::ONE)
}

/// A limit counts an argument that is not an amount.
pub(super) fn not_an_amount(target: &TargetName<'_>, path: &Path) -> String {
    format!(
        "the policy denies {target}: it counts `{path}`, which must be a number from 0 to below 9e12 with at most six decimals"
    )
}

/// A request costs more than a limit of its target ever allows, so that waiting does not help.
pub(super) fn too_much(target: &TargetName<'_>, limit: &Limit, amount: Amount) -> String {
    let quota = describe_quota(limit);
    format!("the policy denies {target}: the request costs {amount}, and the limit is {quota}; send a smaller amount")
}

/// A call costs a part of a unit, and the rate-limit service counts whole ones.
pub(super) fn not_an_integer(amount: Amount) -> String {
    format!("this call costs {amount}, and its limit counts only whole numbers; send a whole amount")
}

/// A person has to approve a call of `target`.
pub(super) fn approval_required(predicate: &Predicate, target: &str) -> String {
    match &predicate.reason {
        Some(text) => format!("a person must approve this call of {target}: {}", without_full_stop(text)),
        None => format!("a person must approve this call of {target}"),
    }
}

/// Why a person has to approve a call of `target`, for that person.
pub(super) fn reason_for_approver(predicate: &Predicate, target: &str) -> String {
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
pub(super) fn rejected(target: &str, note: &ApproverNote) -> String {
    match &*note.note {
        "" => format!("a person rejected this call of {target}; do not repeat it"),
        note => format!("a person rejected this call of {target}: {note}; do not repeat it"),
    }
}

/// No further approval can be requested.
pub(super) fn too_many_approvals(target: &str) -> String {
    format!("{target} needs approval, and too many calls wait for approval already; repeat the call later")
}

/// The approval service gave no usable answer.
pub(super) fn approval_service_failed(target: &str) -> String {
    format!("{target} needs approval, and the approval service gave no usable answer; repeat the call later")
}

/// The fleet's approvals cannot be read or written.
pub(super) fn approvals_unavailable(target: &str) -> String {
    format!("{target} needs approval, and the gateway cannot read the approvals; repeat the call later")
}

/// The parameters are longer than [`MAX_PARAMS`].
pub(super) fn too_long_to_approve(target: &str) -> String {
    format!("{target} needs approval, and parameters of over {MAX_PARAMS} bytes cannot be approved; send shorter ones")
}
