//! Rules and predicates; product contract, section 1.2.

use schemars::JsonSchema;
use serde_json::json;

use super::{
    condition::Condition,
    limit::{Limit, RateLimit},
    policy::Mode,
};

/// What one entry asks of a call. `{}` lets it through as it is.
#[derive(JsonSchema)]
#[schemars(
    deny_unknown_fields,
    extend("not" = json!({"required": ["limits", "rate_limit"]})),
    extend("if" = json!({"required": ["reason"]})),
    extend("then" = json!({"anyOf": [{"required": ["action"]}, {"required": ["rate_limit"]}]}))
)]
pub(super) struct Rule {
    /// Each of these has to hold, else the call is denied.
    #[schemars(title = "Require")]
    require: Option<Vec<Requirement>>,
    /// One of these that holds denies the call. Without conditions it always holds.
    #[schemars(title = "Deny if")]
    deny_if: Option<Vec<Refusal>>,
    /// One of these that holds asks a person for approval. One approval satisfies all.
    #[schemars(title = "Require approval")]
    require_approval: Option<Vec<Approval>>,
    /// How much is let through; all of them must have room.
    #[schemars(title = "Limits")]
    limits: Option<Vec<Limit>>,
    /// Whether this rule's refusals are carried out. `shadow` only reports them, and permits nothing that `default`
    /// denies. Default: `enforce`.
    #[schemars(title = "Mode", extend("default" = "enforce"))]
    mode: Option<Mode>,
    /// The short form: what happens to every call.
    #[schemars(title = "Action")]
    action: Option<Action>,
    /// The short form of one limit for each caller (scope `grant`): `"10/minute"`, or `{"max": 10, "window": 60}`.
    #[schemars(title = "Rate limit")]
    rate_limit: Option<RateLimit>,
    /// What the agent is told; the text of `action` and `rate_limit`.
    #[schemars(title = "Reason")]
    reason: Option<String>,
}

/// What happens to every call.
#[derive(JsonSchema)]
#[schemars(rename_all = "snake_case")]
enum Action {
    /// It goes through.
    Allow,
    /// It is denied.
    Deny,
    /// A person is asked first; the approval lives 10 minutes.
    RequireApproval,
}

/// Conditions that have to hold.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct Requirement {
    /// All of them have to hold.
    #[schemars(title = "Conditions", length(min = 1))]
    conditions: Vec<Condition>,
    /// What the agent is told when they do not hold.
    #[schemars(title = "Text for the agent")]
    on_deny: Option<String>,
}

/// Conditions that deny.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct Refusal {
    /// The call is denied when all of them hold. An empty list always holds.
    #[schemars(title = "Conditions")]
    conditions: Vec<Condition>,
    /// What the agent is told when they hold.
    #[schemars(title = "Text for the agent")]
    on_deny: Option<String>,
}

/// Conditions under which a person is asked.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct Approval {
    /// Approval is needed when all of them hold. An empty list always holds.
    #[schemars(title = "Conditions")]
    conditions: Vec<Condition>,
    /// What the agent is told when approval is needed.
    #[schemars(title = "Text for the agent")]
    on_deny: Option<String>,
    /// How long a request for approval lives, and again the approval: `1m` to `24h`, such as `90s`, `10m` or `2h`.
    /// Default: `10m`.
    #[schemars(title = "Expires", regex(pattern = EXPIRES), extend("default" = "10m"))]
    expires: Option<String>,
}

/// From 60 to 86,400 seconds, 1 to 1,440 minutes, 1 to 24 hours.
const EXPIRES: &str = "^0*(([6-9][0-9]|[1-9][0-9]{2,3}|[1-7][0-9]{4}|8[0-5][0-9]{3}|86[0-3][0-9]{2}|86400)s\
                       |([1-9][0-9]{0,2}|1[0-3][0-9]{2}|14[0-3][0-9]|1440)m|([1-9]|1[0-9]|2[0-4])h)$";
