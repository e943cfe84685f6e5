//! The option `limits`: how counters are kept; product contract, section 1.5.

use schemars::JsonSchema;

/// How counters are kept.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
pub(super) struct Limits {
    /// The largest number of counters in one Envoy, half of them for unverified callers and for sessions. Beyond that,
    /// callers share one counter for each limit. Default: 65536.
    #[schemars(title = "Most counters", range(min = 1, max = 65_536), extend("default" = 65_536))]
    max_counters: Option<u64>,
    /// When quota is refunded. Default: `undelivered`.
    #[schemars(title = "Refund", extend("default" = "undelivered"))]
    refund: Option<Refund>,
    /// A service that counts for several Envoys. Default: each Envoy counts on its own.
    #[schemars(title = "Service")]
    service: Option<LimitService>,
}

/// A service that speaks Envoy's rate-limit protocol, such as Envoy's own or Limitador. It counts whole numbers in
/// windows of a second, minute, hour or day, aligned to the calendar.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct LimitService {
    /// The name of its cluster in Envoy, with HTTP/2.
    #[schemars(title = "Cluster", length(max = 125), regex(pattern = r"^[!-~]+$"))]
    cluster: String,
    /// The domain of the limits, or Limitador's namespace. Default: `mcp-policy`.
    #[schemars(title = "Domain", length(max = 1024), regex(pattern = r"^[!-~]+$"), extend("default" = "mcp-policy"))]
    domain: Option<String>,
    /// How long the filter waits for it, in milliseconds. Default: 100.
    #[schemars(title = "Timeout", range(min = 1, max = 60_000), extend("default" = 100))]
    timeout_ms: Option<u64>,
    /// What happens if it does not answer. Default: `deny`.
    #[schemars(title = "On failure", extend("default" = "deny"))]
    on_failure: Option<OnFailure>,
}

/// What happens if the service does not answer.
#[derive(JsonSchema)]
#[schemars(rename_all = "snake_case")]
enum OnFailure {
    /// Calls with limits are denied.
    Deny,
    /// This Envoy counts them on its own.
    Local,
}

/// When quota is refunded.
#[derive(JsonSchema)]
#[schemars(rename_all = "snake_case")]
enum Refund {
    /// If no byte of the call can have reached a server.
    Undelivered,
    /// Also if the server answers the call with an error.
    Failed,
    /// Never.
    Never,
}
