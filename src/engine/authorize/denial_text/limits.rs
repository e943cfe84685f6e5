//! Sentences about `limits`.

use super::{TargetName, without_full_stop};
use crate::{
    amount::Amount,
    json,
    policy::{Cost, Limit, path::Path},
};

/// A limit has no room for a request that costs `cost`. `target` is what was called; `None` if that is not one named thing;
/// `remaining` is what is left, if that is known.
pub(in crate::engine) fn rate_limited(
    limit: &Limit,
    target: Option<&TargetName<'_>>,
    cost: Amount,
    remaining: Option<Amount>,
) -> String {
    let target = target.map_or_else(|| "this request".to_owned(), TargetName::describe);
    let subject = if limit.is_of_all_tools { "all tools together" } else { &target };
    let quota = describe_quota(limit);
    let text = match (limit.max == Some(Amount::ZERO), counts_calls(limit), remaining) {
        (true, ..) => no_calls(&target),
        (false, false, Some(Amount::ZERO)) => format!("the limit of {subject}, {quota}, is used up"),
        (false, is_calls, Some(left)) if !is_calls || left >= Amount::ONE => {
            format!("this request costs {cost}, and {left} is left of the limit of {subject}, {quota}")
        }
        (false, true, _) => {
            let verb = if limit.is_of_all_tools { "have" } else { "has" };
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

/// A limit counts an argument that is not an amount.
pub(in crate::engine) fn not_an_amount(target: &TargetName<'_>, path: &Path) -> String {
    format!(
        "the policy denies {target}: it counts `{path}`, which must be a number from 0 to below 9e12 with at most six decimals"
    )
}

/// A request costs more than a limit of its target ever allows, so that waiting does not help.
pub(in crate::engine) fn too_much(target: &TargetName<'_>, limit: &Limit, amount: Amount) -> String {
    if limit.max == Some(Amount::ZERO) {
        return no_calls(&target.describe());
    }
    let quota = describe_quota(limit);
    format!("the policy denies {target}: the request costs {amount}, and the limit is {quota}; send a smaller amount")
}

/// The `max` of a limit is 0.
fn no_calls(target: &str) -> String {
    ["the policy allows no calls of ", target].concat()
}

/// A call costs a part of a unit, and the rate-limit service counts whole ones.
pub(in crate::engine) fn not_an_integer(amount: Amount) -> String {
    format!("this call costs {amount}, and its limit counts only whole numbers; send a whole amount")
}

/// `10 calls a minute`, or `50000 a day` of what calls cost; `any number of calls a minute` if they are only counted.
pub(in crate::engine) fn describe_quota(limit: &Limit) -> String {
    let max = limit.max.map(Amount::digits);
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

/// Whether each call counts as one.
fn counts_calls(limit: &Limit) -> bool {
    limit.cost == Cost::Fixed(Amount::ONE)
}
