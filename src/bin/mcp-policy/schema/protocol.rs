//! The option `protocol`; product contract, section 1.5.

use schemars::JsonSchema;

/// How the filter reads requests.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
pub(super) struct Protocol {
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
