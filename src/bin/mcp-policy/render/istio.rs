//! `mcp-policy render istio`: a `WasmPlugin`, and an `EnvoyFilter` for what a `WasmPlugin` cannot set.
//!
//! The policy is in one of them, so that no half of a change is ever in force: in the `EnvoyFilter`, if the filter holds
//! headers, and the `WasmPlugin` denies every request until the other is there; otherwise in the `WasmPlugin`.

use serde::Serialize;
use serde_json::json;

use super::{
    clusters::{self, ClusterText, ETCD_TLS_FOLDER, Existing},
    configuration::Configuration,
    cors::Cors,
    credential::{self, Credential},
    image::Image,
    kubernetes::{Common, Name},
    template::fill,
    yaml,
};

const TEMPLATE: &str = include_str!("templates/istio.yaml.jinja");

/// The clusters that the control plane makes of Services and routes.
pub(super) const CLUSTERS: Existing = Existing { taken: &[], of_mesh: &["outbound|"] };

/// The arguments of `render istio`.
#[derive(clap::Args)]
pub(super) struct Istio {
    #[command(flatten)]
    pub(super) common: Common,
    /// The label `app` of the MCP server's pods
    #[arg(long, value_name = "NAME", default_value = "mcp-server")]
    app: Name,
    /// Inspect calls only on this container port [default: every port]
    #[arg(long, value_name = "PORT", value_parser = clap::value_parser!(u16).range(1..))]
    port: Option<u16>,
    /// Close an idle connection to the server after this many seconds; must be less than the server's own timeout
    #[arg(long, value_name = "SECONDS", default_value_t = 4, value_parser = clap::value_parser!(u16).range(1..))]
    upstream_idle_timeout: u16,
    /// A Secret whose key `credential.json` is a file of `mcp-policy credential`: Envoy sends the server's credential instead of
    /// the caller's
    #[arg(long, value_name = "SECRET")]
    pub(super) upstream_credential: Option<Name>,
    /// A Secret of type `kubernetes.io/tls` that has `ca.crt`, too: mutual TLS with the etcd of `approvals.store`
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
    /// The only port on which the filter inspects calls.
    port: Option<u16>,
    image: &'a Image,
    /// In seconds.
    idle_timeout: u16,
    /// What Envoy buffers of one stream at most.
    buffer_mib: usize,
    service_clusters: Vec<ClusterText<'a>>,
    /// The server's own credential.
    credential: Option<Credential>,
    /// Whether Envoy and etcd know each other by certificates.
    etcd_tls: bool,
    /// The Secrets that the proxy reads.
    mounts: Option<Mounts>,
    /// Envoy's `CorsPolicy` for the pages that may read answers, as YAML.
    cors: Option<String>,
    /// Whether the filter holds headers until the decision.
    holds_headers: bool,
    /// The configuration as YAML values, if the filter releases headers.
    plugin_config: Option<String>,
    /// The configuration as JSON.
    configuration: &'a str,
}

/// Secrets that the proxy of a pod reads, as values of the pod's annotations.
#[derive(Serialize)]
struct Mounts {
    volumes: String,
    places: String,
}

// === impl Istio ===

impl Istio {
    /// The objects, as one file.
    ///
    /// # Errors
    /// What is wrong with the document.
    pub(super) fn render(&self, document: &str) -> Result<String, String> {
        let configuration = Configuration::prepare(document)?;
        let objects = Objects {
            namespace: &self.common.namespace,
            name: self.app.for_objects(),
            app: &self.app,
            port: self.port,
            image: &self.common.image,
            idle_timeout: self.upstream_idle_timeout,
            buffer_mib: configuration.buffer_mib(),
            service_clusters: clusters::for_services(
                &configuration,
                &CLUSTERS,
                &self.common.domain(),
                self.etcd_tls.as_ref().map(|_| ETCD_TLS_FOLDER),
            )?,
            credential: self
                .upstream_credential
                .as_ref()
                .map(|_| Credential::mounted(configuration.config()))
                .transpose()?,
            etcd_tls: self.etcd_tls.is_some(),
            mounts: Mounts::new(&[
                ("mcp-policy-credential", self.upstream_credential.as_ref(), credential::MOUNTED_FOLDER),
                ("mcp-policy-etcd", self.etcd_tls.as_ref(), ETCD_TLS_FOLDER),
            ]),
            cors: Cors::policy(configuration.config())?,
            holds_headers: configuration.holds_headers(),
            plugin_config: yaml::write_released(&configuration)?,
            configuration: configuration.json(),
        };
        fill(TEMPLATE, &objects)
    }
}

// === impl Mounts ===

impl Mounts {
    /// The annotations for these: the volume, the Secret if one is needed, and the folder. `None` if none is needed.
    fn new(secrets: &[(&str, Option<&Name>, &str)]) -> Option<Self> {
        let needed = secrets.iter().filter_map(|(volume, secret, folder)| Some((*volume, (*secret)?, *folder)));
        let (mut volumes, mut places) = (serde_json::Map::new(), serde_json::Map::new());
        for (volume, secret, folder) in needed {
            volumes.insert(volume.to_owned(), json!({ "secret": { "secretName": secret.as_str() } }));
            places.insert(volume.to_owned(), json!({ "mountPath": folder, "readOnly": true }));
        }
        let text = |members| serde_json::Value::Object(members).to_string();
        (!volumes.is_empty()).then(|| Self { volumes: text(volumes), places: text(places) })
    }
}
