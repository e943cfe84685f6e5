//! `mcp-policy render istio`: a `WasmPlugin` that enforces the policy, and an `EnvoyFilter` for what a `WasmPlugin` cannot
//! set.

use serde::Serialize;

use super::{
    clusters::{self, ClusterText, Existing},
    configuration::Configuration,
    kubernetes::{Common, Image, Name},
    template::fill,
    yaml,
};

const TEMPLATE: &str = include_str!("templates/istio.yaml.jinja");

/// The clusters that the control plane makes of Services and routes.
const CLUSTERS: Existing = Existing { taken: &[], of_mesh: &["outbound|"] };

/// The arguments of `render istio`.
#[derive(clap::Args)]
pub(super) struct Istio {
    #[command(flatten)]
    pub(super) common: Common,
    /// The label `app` of the MCP server's pods
    #[arg(long, value_name = "NAME", default_value = "mcp-server")]
    app: Name,
    /// After how many seconds Envoy closes an idle connection to the server: less than the server waits
    #[arg(long, value_name = "SECONDS", default_value_t = 4, value_parser = clap::value_parser!(u16).range(1..))]
    upstream_idle_timeout: u16,
}

/// The values of the objects.
#[derive(Serialize)]
struct Objects<'a> {
    namespace: &'a Name,
    /// The name of the objects.
    name: Name,
    app: &'a Name,
    image: &'a Image,
    /// In seconds.
    idle_timeout: u16,
    service_clusters: Vec<ClusterText<'a>>,
    /// The configuration as YAML values; it releases headers.
    plugin_config: &'a str,
    /// The configuration as JSON; it holds headers.
    configuration: &'a str,
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
            image: &self.common.image,
            idle_timeout: self.upstream_idle_timeout,
            service_clusters: clusters::for_services(&configuration, &CLUSTERS, &self.common.domain())?,
            plugin_config: &yaml::with_released_headers(configuration.json())?,
            configuration: configuration.json(),
        };
        fill(TEMPLATE, &objects)
    }
}
