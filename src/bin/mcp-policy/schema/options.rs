//! What stands beside a policy; product contract, sections 1.4 and 1.5.

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
    /// The policy that judges every call.
    #[schemars(title = "Policy")]
    policy: Option<Policy>,
    /// The policies, by name; `bindings` tell which of them judges a call.
    #[schemars(title = "Policies", length(min = 1, max = 256))]
    policies: Option<BTreeMap<String, Policy>>,
    /// Which policy judges a call: the first binding that fits. A call that none fits is denied.
    #[schemars(title = "Bindings")]
    bindings: Option<Vec<Binding>>,
    /// Who calls: the first source that yields a value names the caller. Default: the URI in the client's certificate,
    /// else its address.
    #[schemars(title = "Identity", length(min = 1))]
    identity: Option<Vec<Source>>,
    /// Whether refusals are carried out, for everything. Default: `enforce`.
    #[schemars(title = "Mode", extend("default" = "enforce"))]
    mode: Option<Mode>,
    /// How requests are read.
    #[schemars(title = "Protocol")]
    protocol: Option<Protocol>,
    /// How refused calls are told.
    #[schemars(title = "Answers")]
    answers: Option<Answers>,
    /// How limits are kept.
    #[schemars(title = "Limits")]
    limits: Option<Limits>,
    /// What callers see of what the server offers.
    #[schemars(title = "Lists")]
    lists: Option<Lists>,
    /// What is written down of requests.
    #[schemars(title = "Audit")]
    audit: Option<Audit>,
    /// Where people decide on calls that need approval. Default: at the console of this Envoy.
    #[schemars(title = "Approvals")]
    approvals: Option<Approvals>,
}

/// What calls of a kind are bound to. All that is named has to fit; each is exact or has `*`.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct Binding {
    /// The name of Envoy's route.
    #[schemars(title = "Route", length(min = 1))]
    route: Option<String>,
    /// The host that the client names, with its port or without. Clients choose it.
    #[schemars(title = "Host", length(min = 1))]
    host: Option<String>,
    /// The path that the client names, without its query. Clients choose it.
    #[schemars(title = "Path", length(min = 1))]
    path: Option<String>,
    /// A path that the client's is or lies below. Clients choose it.
    #[schemars(title = "Path prefix", length(min = 1))]
    path_prefix: Option<String>,
    /// Who calls, such as `jwt:alice`.
    #[schemars(title = "Caller", length(min = 1))]
    grant: Option<String>,
    /// The policy, by its name.
    #[schemars(title = "Policy")]
    policy: Option<String>,
    /// Calls pass without a look: for OAuth endpoints and the like. Takes `route` and nothing else, and that route must not
    /// lead to an MCP server.
    #[schemars(title = "Bypass")]
    bypass: Option<True>,
}

/// How requests are read.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct Protocol {
    /// What happens to a request's headers before the verdict. Default: `release`.
    #[schemars(title = "Headers", extend("default" = "release"))]
    headers: Option<HeaderMode>,
    /// Larger bodies are refused, in bytes. Default: 1048576.
    #[schemars(title = "Largest body", range(min = 1, max = 67_108_864), extend("default" = 1_048_576))]
    max_body_bytes: Option<u64>,
    /// JSON that nests deeper is refused, in levels. Default: 64.
    #[schemars(title = "Deepest nesting", range(min = 4, max = 256), extend("default" = 64))]
    max_depth: Option<u64>,
    /// Whether several messages in one body are judged, in revision 2025-03-26, or refused. Default: `refuse`.
    #[schemars(title = "Batches", extend("default" = "refuse"))]
    batches: Option<Batches>,
    /// Whether the transport of revision 2024-11-05 works, or its streams are ended. Default: `refuse`.
    #[schemars(title = "Legacy SSE", extend("default" = "refuse"))]
    legacy_sse: Option<LegacySse>,
}

/// Whether several messages in one body are judged.
#[derive(JsonSchema)]
#[schemars(rename_all = "snake_case")]
enum Batches {
    /// They are refused.
    Refuse,
    /// They pass together or not at all.
    Judge,
}

/// Whether the transport of revision 2024-11-05 works.
#[derive(JsonSchema)]
#[schemars(rename_all = "snake_case")]
enum LegacySse {
    /// Its streams are ended.
    Refuse,
    /// It works; a refused POST is answered with status 403.
    Allow,
}

/// What happens to a request's headers before the verdict.
#[derive(JsonSchema)]
#[schemars(rename_all = "snake_case")]
enum HeaderMode {
    /// They go on to the server; a refused call is a reset request without a body.
    Release,
    /// They wait, so that the server never sees a refused call. Needs `allow_on_headers_stop_iteration: true` in
    /// Envoy, without which every POST would hang.
    Hold,
}

/// How refused calls are told.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct Answers {
    /// How a refused tool call is answered. Default: `error`.
    #[schemars(title = "Deny as", extend("default" = "error"))]
    deny_as: Option<DenyAs>,
    /// Whether a tool that may never be called is answered as if there were none of that name. Default: `false`.
    #[schemars(title = "Unknown tool", extend("default" = false))]
    unknown_tool: Option<bool>,
}

/// How a refused tool call is answered.
#[derive(JsonSchema)]
#[schemars(rename_all = "snake_case")]
enum DenyAs {
    /// By a JSON-RPC error.
    Error,
    /// By a result with `isError`.
    ToolResult,
}

/// How limits are kept.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct Limits {
    /// Counters that one Envoy keeps at most, half of them for callers whose identity nobody has verified and for
    /// sessions; beyond, callers share one for each limit. Default: 65536.
    #[schemars(title = "Most counters", range(min = 1, max = 65_536), extend("default" = 65_536))]
    max_counters: Option<u64>,
    /// When quota is given back. Default: `undelivered`.
    #[schemars(title = "Refund", extend("default" = "undelivered"))]
    refund: Option<Refund>,
    /// A service that counts for several Envoys. Default: each Envoy counts alone.
    #[schemars(title = "Service")]
    service: Option<LimitService>,
}

/// A service that speaks Envoy's rate-limit protocol, such as Envoy's own or Limitador. It counts whole amounts by the
/// calendar: windows of a second, a minute, an hour or a day.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct LimitService {
    /// The name of Envoy's cluster, which speaks HTTP/2.
    #[schemars(title = "Cluster", length(max = 125), regex(pattern = r"^[!-~]+$"))]
    cluster: String,
    /// The name under which the service keeps these limits apart from others. Default: `mcp-policy`.
    #[schemars(title = "Domain", length(max = 1024), regex(pattern = r"^[!-~]+$"), extend("default" = "mcp-policy"))]
    domain: Option<String>,
    /// How long it may take, in milliseconds. Default: 100.
    #[schemars(title = "Timeout", range(min = 1, max = 60_000), extend("default" = 100))]
    timeout_ms: Option<u64>,
    /// What happens where it does not count. Default: `deny`.
    #[schemars(title = "On failure", extend("default" = "deny"))]
    on_failure: Option<OnFailure>,
}

/// What happens where a service does not count.
#[derive(JsonSchema)]
#[schemars(rename_all = "snake_case")]
enum OnFailure {
    /// Calls with limits are refused.
    Deny,
    /// This Envoy counts them alone.
    Local,
}

/// What callers see of what the server offers.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct Lists {
    /// Which entries stay in lists of tools, prompts, resources and resource templates. Default: `permitted`.
    #[schemars(title = "Show", extend("default" = "permitted"))]
    show: Option<Show>,
    /// Longer answers that list something become an error, in bytes. Default: 8388608.
    #[schemars(title = "Longest list", range(min = 1, max = 67_108_864), extend("default" = 8_388_608))]
    max_bytes: Option<u64>,
}

/// Which entries stay in lists.
#[derive(JsonSchema)]
#[schemars(rename_all = "snake_case")]
enum Show {
    /// Those that some call could get through to.
    Permitted,
    /// All but the tools that `hide` names.
    HiddenOnly,
    /// All.
    Full,
}

/// What is written down of requests.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct Audit {
    /// Which requests get a line in Envoy's log, at most ten a second. Default: `denied`.
    #[schemars(title = "Log", extend("default" = "denied"))]
    log: Option<Logged>,
    /// What records say of a call's arguments. Default: `names`.
    #[schemars(title = "Arguments", extend("default" = "names"))]
    arguments: Option<Arguments>,
}

/// Which requests get a line in Envoy's log.
#[derive(JsonSchema)]
#[schemars(rename_all = "snake_case")]
enum Logged {
    /// Those that do not pass, and those that would not, were it not for shadow.
    Denied,
    /// All.
    All,
    /// None.
    None,
}

/// What records say of a call's arguments.
#[derive(JsonSchema)]
#[schemars(rename_all = "snake_case")]
enum Arguments {
    /// Their names.
    Names,
    /// Nothing.
    None,
    /// Their names, and a digest of all of them as they were sent.
    Digest,
    /// All of them, as they were sent.
    Values,
}

/// When quota is given back.
#[derive(JsonSchema)]
#[schemars(rename_all = "snake_case")]
enum Refund {
    /// When no byte of the call can have reached a server.
    Undelivered,
    /// Besides, when the server answers with an error.
    Failed,
    /// Never.
    Never,
}
