//! The options beside a policy; product contract, sections 1.4 and 1.5.

use std::collections::BTreeMap;

use schemars::JsonSchema;

use super::{
    approvals::Approvals,
    counters::Limits,
    identity::{Source, True},
    policy::{Mode, Policy},
    protocol::Protocol,
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
