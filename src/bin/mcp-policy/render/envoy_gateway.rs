//! `mcp-policy render envoy-gateway`: a Gateway with the filter, which identifies callers by their tokens.
//!
//! The policy is in one kind of object: in the `EnvoyPatchPolicy`, if the filter holds headers, and the
//! `EnvoyExtensionPolicy` denies every request until a patch fits; otherwise in the `EnvoyExtensionPolicy`.

use mcp_policy::{config::Config, identity::Source};
use serde::Serialize;

use super::{
    clusters::{self, ClusterText, ETCD_TLS_FOLDER, Existing},
    configuration::Configuration,
    cors::Cors,
    credential,
    envoy::marker,
    image::Image,
    kubernetes::{Common, Name},
    template::fill,
    yaml,
};

const TEMPLATE: &str = include_str!("templates/envoy_gateway.yaml.jinja");

/// The identity source of a document that has none: `mcp` is the provider of the SecurityPolicy.
const IDENTITY: &str = r#""identity": [{"jwt_claim": "sub", "payload": "mcp"}],"#;

/// The clusters that the control plane makes of Services and routes.
pub(super) const CLUSTERS: Existing = Existing { taken: &[], of_mesh: &["httproute/", "grpcroute/"] };

/// The arguments of `render envoy-gateway`.
#[derive(clap::Args)]
pub(super) struct EnvoyGateway {
    #[command(flatten)]
    pub(super) common: Common,
    /// The MCP server's Service
    #[arg(long, value_name = "NAME", default_value = "mcp-server")]
    service: Name,
    /// The port of the Service
    #[arg(long, value_name = "PORT", default_value_t = 80, value_parser = clap::value_parser!(u16).range(1..))]
    port: u16,
    /// Close an idle connection to the server after this many seconds; must be less than the server's own timeout
    #[arg(long, value_name = "SECONDS", default_value_t = 4, value_parser = clap::value_parser!(u16).range(1..))]
    upstream_idle_timeout: u16,
    /// A Secret whose key `credential` is the value of `Authorization` that the server expects, such as `Bearer …`: Envoy sends it
    /// instead of the caller's
    #[arg(long, value_name = "SECRET")]
    pub(super) upstream_credential: Option<Name>,
    /// A Secret of type `kubernetes.io/tls` that has `ca.crt`, too, in the namespace of Envoy's pods: mutual TLS with the etcd of
    /// `approvals.store`
    #[arg(long, value_name = "SECRET")]
    pub(super) etcd_tls: Option<Name>,
}

/// The values of the objects.
#[derive(Serialize)]
struct Objects<'a> {
    namespace: &'a Name,
    /// The name of the objects.
    name: Name,
    app: &'a Name,
    port: u16,
    listener_port: u16,
    image: &'a Image,
    /// In seconds.
    idle_timeout: u16,
    /// What Envoy buffers of one stream at most.
    buffer_mib: usize,
    service_clusters: Vec<ClusterText<'a>>,
    /// Whether `identity` reads claims of tokens that the gateway verifies.
    has_jwt: bool,
    /// The Secret with the server's own credential.
    credential: Option<&'a Name>,
    /// Whether a request without `Authorization` has no identity.
    needs_authorization: bool,
    /// The Secret with the certificates for etcd.
    etcd_tls: Option<&'a Name>,
    etcd_tls_folder: &'static str,
    /// What the pages that may read answers may do.
    cors: Option<Cors>,
    /// What tells a request that this gateway has forwarded.
    marker: String,
    filter_path: String,
    /// The two names of the listener, and the name of the object with its patches.
    listeners: [Listener; 2],
    /// Whether the filter holds headers until the decision.
    holds_headers: bool,
    /// The configuration as YAML values, if the filter releases headers.
    plugin_config: Option<String>,
    /// The configuration as JSON.
    configuration: &'a str,
}

/// The listener under one of its names: Envoy Gateway has a scheme of names by Gateway, and one by port, the default since 1.10.
#[derive(Serialize)]
struct Listener {
    /// The name of the object with its patches. No other server's object has a name with a dot, since the names of servers have none.
    object: String,
    name: String,
    /// Where Envoy Gateway uses it, as a comment.
    comment: &'static str,
}

/// The port of the Gateway's listener.
const LISTENER_PORT: u16 = 80;

/// The configuration of a document, whose callers are identified by verified tokens if it does not say otherwise.
///
/// # Errors
/// What is wrong with the document.
pub(super) fn prepare(document: &str) -> Result<Configuration, String> {
    Configuration::prepare(document)?.with_default("identity", IDENTITY).with_audit_fields()
}

/// Whether a source of identity reads the claims of a token that Envoy has verified.
pub(super) fn has_jwt(config: &Config) -> bool {
    config.identity.iter().any(|source| matches!(source, Source::Jwt { .. }))
}

// === impl EnvoyGateway ===

impl EnvoyGateway {
    /// The objects, as one file.
    ///
    /// # Errors
    /// What is wrong with the document.
    pub(super) fn render(&self, document: &str) -> Result<String, String> {
        let configuration = prepare(document)?;
        let name = self.service.for_objects();
        let objects = Objects {
            namespace: &self.common.namespace,
            marker: marker(self.service.as_str(), configuration.json()),
            filter_path: self.filter_path(&name),
            listeners: self.listeners(&name),
            name,
            app: &self.service,
            port: self.port,
            listener_port: LISTENER_PORT,
            image: &self.common.image,
            idle_timeout: self.upstream_idle_timeout,
            buffer_mib: configuration.buffer_mib(),
            service_clusters: clusters::for_services(
                &configuration,
                &CLUSTERS,
                &self.common.domain(),
                self.etcd_tls.as_ref().map(|_| ETCD_TLS_FOLDER),
            )?,
            has_jwt: has_jwt(configuration.config()),
            credential: self.upstream_credential.as_ref(),
            needs_authorization: credential::needs_authorization(configuration.config()),
            etcd_tls: self.etcd_tls.as_ref(),
            etcd_tls_folder: ETCD_TLS_FOLDER,
            cors: Cors::for_envoy_gateway(configuration.config()).0,
            holds_headers: configuration.holds_headers(),
            plugin_config: yaml::write_released(&configuration)?,
            configuration: configuration.json(),
        };
        fill(TEMPLATE, &objects)
    }

    /// What Envoy Gateway cannot do for a document that renders.
    pub(super) fn warnings(document: &str) -> Vec<String> {
        let others =
            Configuration::prepare(document).map(|configuration| Cors::for_envoy_gateway(configuration.config()).1);
        let warning = |origin| {
            format!(
                "Envoy Gateway cannot name the origin `{origin}` in a `cors` policy: its pages can make calls, and cannot read \
                 denials; list exact origins, or patterns such as `https://*.example.com`"
            )
        };
        others.unwrap_or_default().into_iter().map(warning).collect()
    }

    /// The names of the listener (`xdsListenerName` in `internal/xds/translator/listener.go`).
    fn listeners(&self, name: &Name) -> [Listener; 2] {
        [
            Listener {
                object: name.as_str().to_owned(),
                name: format!("{}/{}/mcp", self.common.namespace.as_str(), name.as_str()),
                comment: "The listener's name up to Envoy Gateway 1.9: namespace, Gateway and listener.",
            },
            Listener {
                object: format!("{}.tcp-{LISTENER_PORT}", name.as_str()),
                name: format!("tcp-{LISTENER_PORT}"),
                comment: "The listener's name since Envoy Gateway 1.10, and with the runtime flag `XDSNameSchemeV2`: its port.",
            },
        ]
    }

    /// The JSONPath of the filter's configuration in the listener that Envoy Gateway generates, with or without TLS.
    fn filter_path(&self, name: &Name) -> String {
        format!(
            "$..http_filters[?(@.name=='envoy.filters.http.wasm/envoyextensionpolicy/{}/{}/wasm/0')].typed_config.config",
            self.common.namespace.as_str(),
            name.as_str()
        )
    }
}
