//! Limits; product contract, section 1.3.

use mcp_policy::{amount, window};
use schemars::JsonSchema;
use serde_json::json;

use super::condition::ARGS_PATH;

/// How much one counter allows in a window of time.
#[derive(JsonSchema)]
#[schemars(
    deny_unknown_fields,
    extend("if" = json!({"required": ["increment_from"]})),
    extend("then" = json!({"not": {"required": ["increment"]}})),
    extend("else" = json!({"properties": {"max": {"type": "integer"}}}))
)]
pub(super) struct Limit {
    /// The counter's name. One name is one counter in the whole policy, shared by all rules that name it; they must
    /// agree on window, scope and algorithm, and may differ in `max`.
    #[schemars(title = "Counter", length(min = 1), extend("examples" = ["calls"]))]
    counter: String,
    /// How long a window lasts: by name, or in seconds.
    #[schemars(title = "Window", extend("examples" = ["minute"]))]
    window: Window,
    /// How much one window allows: calls, or the sum of `increment` or `increment_from`. A whole number without
    /// `increment_from`. 0 allows nothing. Without it, the limit only counts, for conditions on its counter.
    #[schemars(title = "Maximum", extend("examples" = [10]))]
    max: Option<Amount>,
    /// Whose calls count together.
    #[schemars(title = "Scope")]
    scope: Scope,
    /// How windows follow each other. Default: `fixed`.
    #[schemars(title = "Algorithm", extend("default" = "fixed"))]
    algorithm: Option<Algorithm>,
    /// What one call costs; more than 0. Default: 1.
    #[schemars(title = "Increment", extend("default" = 1, "exclusiveMinimum" = 0))]
    increment: Option<Amount>,
    /// The argument that says what the call costs, such as `args.amount`: a number of at least 0 with up to six
    /// decimals; anything else denies the call. Without `[*]`.
    #[schemars(title = "Increment from an argument", regex(pattern = ARGS_PATH), extend("not" = json!({"pattern": ONE_PLACE})))]
    increment_from: Option<String>,
    /// Counts each combination of values apart: one to four arguments, or `call` for the whole call. A caller has at most 256 live
    /// keys; all further ones share one count.
    #[schemars(title = "Key")]
    key: Option<Key>,
}

/// The values that are counted apart.
#[derive(JsonSchema)]
#[schemars(untagged)]
enum Key {
    /// The whole call, but for `_meta`.
    Call(WholeCall),
    /// Arguments, such as `args.repo`. Without `[*]`.
    Arguments(#[schemars(length(min = 1, max = 4), inner(regex(pattern = ARGS_PATH)))] Vec<String>),
}

/// The whole call.
#[derive(JsonSchema)]
#[schemars(rename_all = "snake_case")]
enum WholeCall {
    Call,
}

/// A step `[*]`, behind any quoted keys.
const ONE_PLACE: &str = r#"^([^"]|"([^"\\]|\\.)*")*\[\*\]"#;

/// The short form of a limit: `"10/minute"`, or `{"max": 10, "window": 60}`.
#[derive(JsonSchema)]
#[schemars(untagged)]
pub(super) enum RateLimit {
    /// Calls in a second, minute, hour or day.
    Text(#[schemars(regex(pattern = r"^[0-9]+/(second|minute|hour|day)$"), extend("examples" = ["10/minute"]))] String),
    /// Calls in a window.
    Parts(Rate),
}

/// Calls in a window.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
pub(super) struct Rate {
    /// The calls that one window allows. 0 allows none.
    #[schemars(title = "Maximum", range(max = amount::Amount::MAX_UNITS))]
    max: u64,
    /// How long a window lasts: by name, or in seconds.
    #[schemars(title = "Window")]
    window: Window,
}

/// How long a window lasts.
#[derive(JsonSchema)]
#[schemars(untagged)]
enum Window {
    /// By name.
    Named(NamedWindow),
    /// In seconds, up to 31 days.
    Seconds(#[schemars(range(min = 1, max = window::Window::MAX_SECONDS))] u32),
}

/// A window by name; aligned to UTC.
#[derive(JsonSchema)]
#[schemars(rename_all = "snake_case")]
enum NamedWindow {
    Second,
    Minute,
    Hour,
    Day,
}

/// A number of at least 0, below 9e12, with up to six decimals.
#[derive(JsonSchema)]
#[schemars(extend("minimum" = 0, "exclusiveMaximum" = amount::Amount::MAX_UNITS.saturating_add(1)))]
struct Amount(f64);

/// Whose calls count together.
#[derive(JsonSchema)]
#[schemars(rename_all = "snake_case")]
enum Scope {
    /// Those of one caller identity.
    Grant,
    /// Those of one caller identity in one MCP session. It is not a security limit: callers can open any number of
    /// sessions.
    Session,
    /// Those of all callers of the policy.
    Global,
}

/// How windows follow each other.
#[derive(JsonSchema)]
#[schemars(rename_all = "snake_case")]
enum Algorithm {
    /// Windows are aligned to UTC. The count restarts at each boundary, so calls around a boundary can use two windows.
    Fixed,
    /// The previous window counts in part, so no span of one window's length allows much more than `max`.
    Sliding,
}
