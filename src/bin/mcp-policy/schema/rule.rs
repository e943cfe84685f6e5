//! Rules and predicates; product contract, section 1.2.

use schemars::JsonSchema;
use serde_json::json;

use super::{
    arguments::ArgumentCheck,
    condition::Condition,
    limit::{Limit, RateLimit},
    policy::Mode,
    results::Results,
};

/// The restrictions of one entry. `{}` allows every call.
#[derive(JsonSchema)]
#[schemars(
    deny_unknown_fields,
    extend("not" = json!({"required": ["limits", "rate_limit"]})),
    extend("if" = json!({"required": ["reason"]})),
    extend("then" = json!({"anyOf": [{"required": ["action"]}, {"required": ["rate_limit"]}]}))
)]
pub(super) struct Rule {
    /// The call is denied unless each of these holds.
    #[schemars(title = "Require")]
    require: Option<Vec<Requirement>>,
    /// The call is denied if one of these holds. Without conditions it always holds.
    #[schemars(title = "Deny if")]
    deny_if: Option<Vec<Refusal>>,
    /// The call needs approval if one of these holds. One approval satisfies all.
    #[schemars(title = "Require approval")]
    require_approval: Option<Vec<Approval>>,
    /// The call is denied if one of these limits is used up.
    #[schemars(title = "Limits")]
    limits: Option<Vec<Limit>>,
    /// What the answers to the calls may hold.
    #[schemars(title = "Results")]
    results: Option<Results>,
    /// How the arguments of calls are compared with the pinned schema; of several that apply, the strictest. Only for tools.
    #[schemars(title = "Arguments")]
    arguments: Option<ArgumentCheck>,
    /// Names of `rules`. Their lists come before this rule's own.
    #[schemars(title = "Use", length(max = 16), extend("uniqueItems" = true))]
    r#use: Option<Vec<String>>,
    /// Whether this rule's denials are enforced. `shadow` only reports them, and allows nothing that `default` denies.
    /// Default: `enforce`.
    #[schemars(title = "Mode", extend("default" = "enforce"))]
    mode: Option<Mode>,
    /// Short form: what happens to every call.
    #[schemars(title = "Action")]
    action: Option<Action>,
    /// Short form of one limit for each caller (scope `grant`): `"10/minute"`, or `{"max": 10, "window": 60}`.
    #[schemars(title = "Rate limit")]
    rate_limit: Option<RateLimit>,
    /// The message to the agent, for `action` and `rate_limit`.
    #[schemars(title = "Reason")]
    reason: Option<String>,
}

/// Restrictions that several entries share.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
pub(super) struct SharedRule {
    /// The call is denied unless each of these holds.
    #[schemars(title = "Require")]
    require: Option<Vec<Requirement>>,
    /// The call is denied if one of these holds. Without conditions it always holds.
    #[schemars(title = "Deny if")]
    deny_if: Option<Vec<Refusal>>,
    /// The call needs approval if one of these holds. One approval satisfies all.
    #[schemars(title = "Require approval")]
    require_approval: Option<Vec<Approval>>,
    /// The call is denied if one of these limits is used up.
    #[schemars(title = "Limits")]
    limits: Option<Vec<Limit>>,
    /// What the answers to the calls may hold.
    #[schemars(title = "Results")]
    results: Option<Results>,
    /// How the arguments of calls are compared with the pinned schema; of several that apply, the strictest. Only for tools.
    #[schemars(title = "Arguments")]
    arguments: Option<ArgumentCheck>,
}

/// What happens to every call.
#[derive(JsonSchema)]
#[schemars(rename_all = "snake_case")]
enum Action {
    /// It is allowed.
    Allow,
    /// It is denied.
    Deny,
    /// It needs approval, which expires after 10 minutes.
    RequireApproval,
}

/// Conditions that a call has to satisfy.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct Requirement {
    /// The requirement holds if all of them hold.
    #[schemars(title = "Conditions", length(min = 1))]
    conditions: Vec<Condition>,
    /// The message to the agent if they do not hold.
    #[schemars(title = "Text for the agent")]
    on_deny: Option<String>,
}

/// Conditions that deny a call.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct Refusal {
    /// The call is denied if all of them hold. An empty list always holds.
    #[schemars(title = "Conditions")]
    conditions: Vec<Condition>,
    /// The message to the agent if they hold.
    #[schemars(title = "Text for the agent")]
    on_deny: Option<String>,
}

/// Conditions under which a call needs approval.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct Approval {
    /// The call needs approval if all of them hold. An empty list always holds.
    #[schemars(title = "Conditions")]
    conditions: Vec<Condition>,
    /// The message to the agent if the call needs approval.
    #[schemars(title = "Text for the agent")]
    on_deny: Option<String>,
    /// After how long a request for approval expires, and again the approval: `1m` to `24h`, such as `90s`, `10m` or
    /// `2h`. Default: `10m`.
    #[schemars(title = "Expires", regex(pattern = EXPIRES), extend("default" = "10m"))]
    expires: Option<String>,
}

/// From 60 to 86,400 seconds, 1 to 1,440 minutes, 1 to 24 hours.
const EXPIRES: &str = "^0*(([6-9][0-9]|[1-9][0-9]{2,3}|[1-7][0-9]{4}|8[0-5][0-9]{3}|86[0-3][0-9]{2}|86400)s\
                       |([1-9][0-9]{0,2}|1[0-3][0-9]{2}|14[0-3][0-9]|1440)m|([1-9]|1[0-9]|2[0-4])h)$";
