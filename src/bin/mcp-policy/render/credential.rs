//! `--upstream-credential`: Envoy's own filter replaces the caller's `Authorization` by the server's credential, so that no
//! agent holds the credential and no token of an agent reaches the server.
//!
//! A request without a body, such as a GET, passes the policy without an identity (product contract, section 3), because the server
//! checks the caller's credential. A server that gets its own credential checks no caller, so Envoy refuses such a request.

use mcp_policy::{config::Config, identity::Source, policy::Mode};
use serde::Serialize;

use super::{template::fill, watched::WatchedFile};
use crate::credential::SECRET;

const TEMPLATE: &str = include_str!("templates/credential.yaml.jinja");

/// Where Kubernetes mounts the Secret.
pub(super) const MOUNTED_FOLDER: &str = "/etc/mcp-policy-credential";
/// The file in the Secret.
const MOUNTED_FILE: &str = "/etc/mcp-policy-credential/credential.json";

/// How a gateway sends the credential.
#[derive(Debug, Serialize)]
pub(super) struct Credential {
    /// Envoy's filter, as a YAML mapping.
    filter: String,
    /// Whether a request without `Authorization` has no identity.
    needs_authorization: bool,
}

/// The values of the filter.
#[derive(Serialize)]
struct Filter<'f> {
    secret: &'static str,
    #[serde(flatten)]
    file: &'f WatchedFile,
}

impl Credential {
    /// The filter for a file, before a server with this configuration.
    ///
    /// # Errors
    /// A fault of the template.
    pub(super) fn new(file: &WatchedFile, config: &Config) -> Result<Self, String> {
        let filter = fill(TEMPLATE, Filter { secret: SECRET, file })?.trim_end().to_owned();
        Ok(Self { filter, needs_authorization: needs_authorization(config) })
    }

    /// The filter for the file of a mounted Secret.
    ///
    /// # Errors
    /// A fault of the template.
    pub(super) fn mounted(config: &Config) -> Result<Self, String> {
        Self::new(&MOUNTED_FILE.parse()?, config)
    }
}

/// Whether every identity comes from `Authorization`.
pub(super) fn needs_authorization(config: &Config) -> bool {
    config.identity.iter().all(|source| matches!(source, Source::Tokens(_) | Source::Bearer))
}

/// What the user should know of a gateway that sends its own credential. `checks_tokens`: Envoy itself refuses requests without a
/// valid JWT.
pub(super) fn warnings(config: &Config, checks_tokens: bool) -> Vec<String> {
    let mut warnings = Vec::new();
    if !config.identity.iter().all(|source| source.kind().is_authenticated()) {
        warnings.push(
            "with `--upstream-credential`, the server trusts the gateway, and `identity` has a source that verifies no caller: \
             any client that reaches the gateway may use the server's credential for all that the policy permits; use `tokens`, \
             `jwt_claim` or `peer` alone"
                .to_owned(),
        );
    }
    let always = |source: &Source| matches!(source, Source::Address { .. } | Source::Constant(_));
    if !needs_authorization(config) && !config.identity.iter().any(always) && !checks_tokens {
        warnings.push(
            "a GET or DELETE without an identity passes the policy, and with `--upstream-credential` it reaches the server with \
             the server's credential; let Envoy require a certificate or a token of every request"
                .to_owned(),
        );
    }
    if config.policies.iter().any(|named| config.mode_of(&named.policy) == Mode::Shadow) {
        warnings.push(
            "in shadow, a call without an identity passes, and with `--upstream-credential` it reaches the server with the \
             server's credential"
                .to_owned(),
        );
    }
    if config.bindings.iter().any(|binding| binding.policy().is_none()) {
        warnings.push(
            "a binding has `bypass`, and with `--upstream-credential` Envoy adds the server's credential to the requests of that \
             route, too; disable the filter `envoy.filters.http.credential_injector` in the route"
                .to_owned(),
        );
    }
    warnings
}
