//! Where people decide on calls; product contract, section 7.

use schemars::JsonSchema;

use super::identity::Source;

/// The listener on which people approve calls. It takes nothing else.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
pub(super) struct ConsoleForm {
    /// Who may approve, and how they reach the page.
    #[schemars(title = "Console")]
    console: Console,
}

/// Who may approve, and how they reach the page.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct Console {
    /// Who may approve: `jwt:…` and `peer:…`, in which `*` is any text, or `bearer:` with the SHA-256 of a token.
    #[schemars(
        title = "Approvers",
        length(min = 1),
        inner(regex(pattern = r"^((jwt(\.[^:]*)?|peer):[\s\S]+|bearer:[0-9a-f]{64})$"))
    )]
    approvers: Vec<String>,
    /// Who is at the page: the first source that yields a value. Default: the URI in the client's certificate, else the
    /// bearer token.
    #[schemars(title = "Identity", length(min = 1))]
    identity: Option<Vec<Source>>,
    /// The hosts that the page is reached by, with their ports. Default: this machine's own names.
    #[schemars(title = "Hosts", length(min = 1), inner(regex(pattern = r"^[!-)+-.0-?A-~]+$")))]
    hosts: Option<Vec<String>>,
}

/// Where people decide on calls that need approval.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
pub(super) struct Approvals {
    /// The console's address, which agents are told.
    #[schemars(
        title = "Address",
        length(max = 1024),
        regex(pattern = r"^https?://[!$-.0-;=@-\[\]-~][!$-;=@-\[\]-~]*$")
    )]
    url: Option<String>,
    /// An HTTP service that decides instead of the console. Where it fails, calls are denied.
    #[schemars(title = "Service")]
    service: Option<Service>,
}

/// An HTTP service that decides.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct Service {
    /// The name of Envoy's cluster.
    #[schemars(title = "Cluster", length(max = 1024), regex(pattern = r"^[!-~]+$"))]
    cluster: String,
    /// Where it is asked.
    #[schemars(title = "Path", length(max = 1024), regex(pattern = r"^/[!-~]*$"))]
    path: String,
    /// The host that it is asked as. Default: the cluster's name.
    #[schemars(title = "Authority", length(max = 1024), regex(pattern = r"^[!-~]+$"))]
    authority: Option<String>,
    /// How long it may take, in milliseconds. Default: 2000.
    #[schemars(title = "Timeout", range(min = 1, max = 60_000), extend("default" = 2000))]
    timeout_ms: Option<u64>,
}
