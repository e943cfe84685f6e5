//! Where people approve calls; product contract, section 7.

use schemars::JsonSchema;
use serde_json::json;

use super::identity::Source;

/// A listener on which people approve calls, and which serves nothing else.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
pub(super) struct ConsoleForm {
    /// The JSON Schema of this document, for editors. The filter ignores it.
    #[schemars(title = "Schema", rename = "$schema")]
    schema: Option<String>,
    /// Who may approve, and where the page is.
    #[schemars(title = "Console")]
    console: Console,
}

/// Who may approve, and where the page is.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct Console {
    /// The grants that may approve: `jwt:…`, `peer:…` and `token:…`, in which `*` matches any text, or `bearer:` with the SHA-256
    /// of a token.
    #[schemars(title = "Approvers", length(min = 1))]
    approvers: Vec<Approver>,
    /// The sources of the approver's identity: the first that yields a value counts. Default: the URI in the client's
    /// certificate, else the bearer token.
    #[schemars(title = "Identity", length(min = 1))]
    identity: Option<Vec<Source>>,
    /// The hosts of the page's address, with their ports. Default: this machine's own names.
    #[schemars(title = "Hosts", length(min = 1), inner(regex(pattern = r"^[!-)+-.0-?A-~]+$")))]
    hosts: Option<Vec<String>>,
    /// Where a fleet keeps its approvals: the same as `approvals.store` of the gateways. Default: in this Envoy.
    #[schemars(title = "Store")]
    store: Option<Store>,
}

/// Who may approve.
#[derive(JsonSchema)]
#[schemars(untagged)]
enum Approver {
    /// A grant, in which `*` matches any text.
    Grant(#[schemars(regex(pattern = r"^((jwt(\.[^:]*)?|peer|token):[\s\S]+|bearer:[0-9a-f]{64})$"))] String),
    /// One grant, and the name by which the page and records show it.
    Named(NamedApprover),
}

/// An approver with a name.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct NamedApprover {
    /// The grant, without `*`.
    #[schemars(title = "Grant", regex(pattern = r"^((jwt(\.[^:*]*)?|peer|token):[^*]+|bearer:[0-9a-f]{64})$"))]
    grant: String,
    /// The name, of up to 64 visible characters.
    #[schemars(title = "Name", length(min = 1, max = 64))]
    name: String,
}

/// Where people approve calls.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields, extend("not" = json!({"required": ["service", "store"]})))]
pub(super) struct Approvals {
    /// The console's address, for the answers to agents.
    #[schemars(
        title = "Address",
        length(max = 1024),
        regex(pattern = r"^https?://[!$-.0-;=@-\[\]-~][!$-;=@-\[\]-~]*$")
    )]
    url: Option<String>,
    /// An HTTP service that decides instead of the console. If it fails, calls are denied.
    #[schemars(title = "Service")]
    service: Option<Service>,
    /// Where a fleet keeps its approvals, so that every Envoy and every console sees the same ones. Default: in each Envoy.
    #[schemars(title = "Store")]
    store: Option<Store>,
    /// Whether a client that shows pages to its user is sent to the console by MCP's URL mode elicitation. Needs `url` or `service`.
    /// Default: false.
    #[schemars(title = "Elicit", extend("default" = false))]
    elicit: Option<bool>,
    /// A webhook to which each new request for approval is announced. Not beside `service`.
    #[schemars(title = "Notify")]
    notify: Option<Notify>,
}

/// A webhook to which each new request for approval is announced once. A failed notice holds no call up.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct Notify {
    /// The name of its cluster in Envoy.
    #[schemars(title = "Cluster", length(max = 1024), regex(pattern = r"^[!-~]+$"))]
    cluster: String,
    /// The path of the request to it. It may be a credential: Envoy's configuration dump shows it.
    #[schemars(title = "Path", length(max = 1024), regex(pattern = r"^/[!-~]*$"))]
    path: String,
    /// The host of the request to it. Default: the cluster's name.
    #[schemars(title = "Authority", length(max = 1024), regex(pattern = r"^[!-~]+$"))]
    authority: Option<String>,
    /// What it understands. Default: `json`.
    #[schemars(title = "Format", extend("default" = "json"))]
    format: Option<NoticeFormat>,
}

/// What a webhook understands.
#[derive(JsonSchema)]
#[schemars(rename_all = "lowercase")]
enum NoticeFormat {
    /// An object with `method`, `tool`, `grant`, `reason`, `policy`, `rule`, `expiresAt`, `id` and `url`.
    Json,
    /// A message of Slack's incoming webhooks.
    Slack,
    /// A card for a flow of Power Automate that posts to Microsoft Teams.
    Workflows,
}

/// Where a fleet keeps its approvals.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct Store {
    /// An etcd, version 3.4 or later.
    #[schemars(title = "etcd")]
    etcd: Etcd,
}

/// An etcd that keeps approvals.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct Etcd {
    /// The name of its cluster in Envoy, which has the certificates for it.
    #[schemars(title = "Cluster", length(max = 125), regex(pattern = r"^[!-~]+$"))]
    cluster: String,
    /// What every key begins with. Default: `mcp-policy/`.
    #[schemars(title = "Prefix", length(max = 256), regex(pattern = r"^[!-~]+/$"), extend("default" = "mcp-policy/"))]
    prefix: Option<String>,
    /// How long the filter waits for each answer, in milliseconds. Default: 250.
    #[schemars(title = "Timeout", range(min = 1, max = 60_000), extend("default" = 250))]
    timeout_ms: Option<u64>,
}

/// An HTTP service that decides.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct Service {
    /// The name of its cluster in Envoy.
    #[schemars(title = "Cluster", length(max = 1024), regex(pattern = r"^[!-~]+$"))]
    cluster: String,
    /// The path of the request to it.
    #[schemars(title = "Path", length(max = 1024), regex(pattern = r"^/[!-~]*$"))]
    path: String,
    /// The host of the request to it. Default: the cluster's name.
    #[schemars(title = "Authority", length(max = 1024), regex(pattern = r"^[!-~]+$"))]
    authority: Option<String>,
    /// How long the filter waits for it, in milliseconds. Default: 2000.
    #[schemars(title = "Timeout", range(min = 1, max = 60_000), extend("default" = 2000))]
    timeout_ms: Option<u64>,
}
