//! The options beside a policy; product contract, sections 1.4 and 1.5.

use std::collections::BTreeMap;

use schemars::JsonSchema;

use super::{
    approvals::Approvals,
    identity::{Source, True},
    policy::{Mode, Policy},
};

/// A policy and options.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
pub(super) struct Options {
    /// The JSON Schema of this document, for editors. The filter ignores it.
    #[schemars(title = "Schema", rename = "$schema")]
    schema: Option<String>,
    /// The policy for every call.
    #[schemars(title = "Policy")]
    policy: Option<Policy>,
    /// The policies, by name. `bindings` select the policy for a call.
    #[schemars(title = "Policies", length(min = 1, max = 256))]
    policies: Option<BTreeMap<String, Policy>>,
    /// The first binding that matches selects the policy for a call. A call that none matches is denied.
    #[schemars(title = "Bindings")]
    bindings: Option<Vec<Binding>>,
    /// The sources of the caller's identity: the first that yields a value counts. Default: the URI in the client's
    /// certificate, else its address.
    #[schemars(title = "Identity", length(min = 1))]
    identity: Option<Vec<Source>>,
    /// Whether denials are enforced, for all policies. Default: `enforce`.
    #[schemars(title = "Mode", extend("default" = "enforce"))]
    mode: Option<Mode>,
    /// How the filter reads requests.
    #[schemars(title = "Protocol")]
    protocol: Option<Protocol>,
    /// How the filter answers denied calls.
    #[schemars(title = "Answers")]
    answers: Option<Answers>,
    /// How counters are kept.
    #[schemars(title = "Limits")]
    limits: Option<Limits>,
    /// What callers see in the server's lists.
    #[schemars(title = "Lists")]
    lists: Option<Lists>,
    /// What the audit record and Envoy's log contain.
    #[schemars(title = "Audit")]
    audit: Option<Audit>,
    /// Where people approve calls. Default: on the console of this Envoy.
    #[schemars(title = "Approvals")]
    approvals: Option<Approvals>,
    /// The clock by which conditions on `now` read the time. Default: UTC.
    #[schemars(title = "Clock")]
    clock: Option<Clock>,
    /// The payload in Envoy's metadata (`payload_in_metadata` of `jwt_authn`) whose claims conditions read of a caller whom no token
    /// names.
    #[schemars(title = "Claims", length(min = 1, max = 256))]
    claims: Option<String>,
    /// Who may ask for the tasks of the server.
    #[schemars(title = "Tasks")]
    tasks: Option<Tasks>,
}

/// The clock by which conditions on `now` read the time.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct Clock {
    /// How far it is ahead of UTC, such as `+01:00` or `-05:30`. Daylight saving time is not followed.
    #[schemars(title = "Offset", regex(pattern = r"^[+-](0[0-9]|1[0-4]):[0-5][0-9]$"))]
    offset: String,
}

/// Who may ask for the tasks of the server.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct Tasks {
    /// Only the caller whose call was answered with a task may get, cancel or update it. Default: `false`.
    #[schemars(title = "Owner", extend("default" = false))]
    owner: Option<bool>,
}

/// Selects a policy for the requests that match every key. A value is exact or a pattern with `*`.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct Binding {
    /// The name of Envoy's route.
    #[schemars(title = "Route", length(min = 1))]
    route: Option<String>,
    /// The host of the request, with or without port. Clients choose it.
    #[schemars(title = "Host", length(min = 1))]
    host: Option<String>,
    /// The path of the request, without query. Clients choose it.
    #[schemars(title = "Path", length(min = 1))]
    path: Option<String>,
    /// The path of the request, or a folder above it. Clients choose it.
    #[schemars(title = "Path prefix", length(min = 1))]
    path_prefix: Option<String>,
    /// The caller's identity, such as `jwt:alice`.
    #[schemars(title = "Caller", length(min = 1))]
    grant: Option<String>,
    /// The policy, by its name.
    #[schemars(title = "Policy")]
    policy: Option<String>,
    /// The filter does not inspect the request: for OAuth and health pages. Only with `route`, and never on a route to
    /// an MCP server.
    #[schemars(title = "Bypass")]
    bypass: Option<True>,
}

/// How the filter reads requests.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct Protocol {
    /// What happens to a request's headers before the decision. Default: `release`.
    #[schemars(title = "Headers", extend("default" = "release"))]
    headers: Option<HeaderMode>,
    /// The filter refuses larger bodies, in bytes. Default: 4194304.
    #[schemars(title = "Largest body", range(min = 1, max = 67_108_864), extend("default" = 4_194_304))]
    max_body_bytes: Option<u64>,
    /// What the open requests of one of Envoy's workers may hold together, in bytes: bodies that are not judged yet, headers,
    /// lists that are read, calls that wait for a service. One caller may hold an eighth of it, unverified callers a half,
    /// servers' answers a half. Default: 67108864.
    #[schemars(title = "Memory of open requests", range(min = 1_048_576, max = 1_073_741_824), extend("default" = 67_108_864))]
    max_held_bytes: Option<u64>,
    /// The web pages whose requests the filter accepts, by their origin, such as `https://app.example.com`, or by a pattern such as
    /// `http://localhost:*`. `null` only if it is listed. Default: all.
    #[schemars(title = "Origins")]
    origins: Option<Vec<String>>,
    /// The MCP revisions that the filter accepts, against downgrades. Default: all.
    #[schemars(title = "Revisions", length(min = 1))]
    revisions: Option<Vec<Revision>>,
    /// The filter refuses deeper JSON, in levels. Default: 64.
    #[schemars(title = "Deepest nesting", range(min = 4, max = 256), extend("default" = 64))]
    max_depth: Option<u64>,
    /// What happens to several messages in one body, in revision 2025-03-26. Default: `refuse`.
    #[schemars(title = "Batches", extend("default" = "refuse"))]
    batches: Option<Batches>,
    /// Whether the transport of revision 2024-11-05 works. Default: `refuse`.
    #[schemars(title = "Legacy SSE", extend("default" = "refuse"))]
    legacy_sse: Option<LegacySse>,
}

/// An MCP revision.
#[derive(JsonSchema)]
enum Revision {
    /// HTTP with SSE.
    #[schemars(rename = "2024-11-05")]
    V2024_11_05,
    /// Streamable HTTP with batches.
    #[schemars(rename = "2025-03-26")]
    V2025_03_26,
    /// Streamable HTTP.
    #[schemars(rename = "2025-06-18")]
    V2025_06_18,
    /// Streamable HTTP with tasks.
    #[schemars(rename = "2025-11-25")]
    V2025_11_25,
    /// Without sessions.
    #[schemars(rename = "2026-07-28")]
    V2026_07_28,
}

/// What happens to several messages in one body.
#[derive(JsonSchema)]
#[schemars(rename_all = "snake_case")]
enum Batches {
    /// They are refused.
    Refuse,
    /// They are allowed together or not at all.
    Judge,
}

/// Whether the transport of revision 2024-11-05 works.
#[derive(JsonSchema)]
#[schemars(rename_all = "snake_case")]
enum LegacySse {
    /// The filter ends its streams.
    Refuse,
    /// It works. The answer to a denied POST has status 403.
    Allow,
}

/// What happens to a request's headers before the decision.
#[derive(JsonSchema)]
#[schemars(rename_all = "snake_case")]
enum HeaderMode {
    /// They go on to the server, which sees a denied call as a reset request without a body.
    Release,
    /// They wait, so that the server never sees a denied call. This needs `allow_on_headers_stop_iteration: true` in
    /// Envoy; without it every POST hangs.
    Hold,
}

/// How the filter answers denied calls.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct Answers {
    /// The answer to a denied tool call. Default: `error`.
    #[schemars(title = "Deny as", extend("default" = "error"))]
    deny_as: Option<DenyAs>,
    /// Whether a call of a tool that is always denied is answered as a call of an unknown tool. Default: `false`.
    #[schemars(title = "Unknown tool", extend("default" = false))]
    unknown_tool: Option<bool>,
}

/// The answer to a denied tool call.
#[derive(JsonSchema)]
#[schemars(rename_all = "snake_case")]
enum DenyAs {
    /// A JSON-RPC error.
    Error,
    /// A result with `isError`.
    ToolResult,
}

/// How counters are kept.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct Limits {
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

/// What callers see in the server's lists.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct Lists {
    /// Which entries stay in lists of tools, prompts, resources and resource templates. Default: `permitted`.
    #[schemars(title = "Show", extend("default" = "permitted"))]
    show: Option<Show>,
    /// A longer list becomes an error, in bytes. Default: 8388608.
    #[schemars(title = "Longest list", range(min = 1, max = 67_108_864), extend("default" = 8_388_608))]
    max_bytes: Option<u64>,
}

/// Which entries stay in lists.
#[derive(JsonSchema)]
#[schemars(rename_all = "snake_case")]
enum Show {
    /// Those that some call can reach.
    Permitted,
    /// All but the tools that `hide` names.
    HiddenOnly,
    /// All.
    Full,
}

/// What the audit record and Envoy's log contain.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct Audit {
    /// Which requests get a line in Envoy's log, at most ten a second. Default: `denied`.
    #[schemars(title = "Log", extend("default" = "denied"))]
    log: Option<Logged>,
    /// What the audit record contains of a call's arguments. Default: `names`.
    #[schemars(title = "Arguments", extend("default" = "names"))]
    arguments: Option<Arguments>,
    /// Whether decision, rule, policy, method, tool, grant and request id are filter states of their own, too, such as
    /// `wasm.mcp_policy.decision`, for access logs that name fields one by one. Default: `false`.
    #[schemars(title = "Fields", extend("default" = false))]
    fields: Option<bool>,
    /// Whether each record names the one before it by its digest, so that `mcp-policy verify-log` finds records that are missing,
    /// changed or out of order. Default: `false`.
    #[schemars(title = "Chain", extend("default" = false))]
    chain: Option<bool>,
}

/// Which requests get a line in Envoy's log.
#[derive(JsonSchema)]
#[schemars(rename_all = "snake_case")]
enum Logged {
    /// Those that are denied, and those that would be without shadow mode.
    Denied,
    /// All.
    All,
    /// None.
    None,
}

/// What the audit record contains of a call's arguments.
#[derive(JsonSchema)]
#[schemars(rename_all = "snake_case")]
enum Arguments {
    /// Their names.
    Names,
    /// Nothing.
    None,
    /// Their names, and a digest of all of them as sent.
    Digest,
    /// All of them, as sent.
    Values,
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
