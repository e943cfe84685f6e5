//! `mcp-policy render envoy-gateway`: a Gateway with the filter, which identifies callers by their tokens.

use serde::Serialize;

use super::{
    clusters::{self, ClusterText, Existing},
    configuration::Configuration,
    kubernetes::{Common, Image, Name},
    template::fill,
    yaml,
};

const TEMPLATE: &str = include_str!("templates/envoy_gateway.yaml.jinja");

/// The identity source of a document that has none: `mcp` is the provider of the SecurityPolicy.
const IDENTITY: &str = r#""identity": [{"jwt_claim": "sub", "payload": "mcp"}],"#;

/// The clusters that the control plane makes of Services and routes.
const CLUSTERS: Existing = Existing { taken: &[], of_mesh: &["httproute/", "grpcroute/"] };

/// The arguments of `render envoy-gateway`.
#[derive(clap::Args)]
pub(super) struct EnvoyGateway {
    #[command(flatten)]
    pub(super) common: Common,
    /// The MCP server's Service
    #[arg(long, value_name = "NAME", default_value = "mcp-server")]
    service: Name,
    /// The port of the Service
    #[arg(long, value_name = "PORT", default_value_t = 80)]
    port: u16,
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
    port: u16,
    image: &'a Image,
    /// In seconds.
    idle_timeout: u16,
    service_clusters: Vec<ClusterText<'a>>,
    filter_path: String,
    /// The configuration as YAML values; it releases headers.
    plugin_config: &'a str,
    /// The configuration as JSON; it holds headers.
    configuration: &'a str,
}

// === impl EnvoyGateway ===

impl EnvoyGateway {
    /// The objects, as one file.
    ///
    /// # Errors
    /// What is wrong with the document.
    pub(super) fn render(&self, document: &str) -> Result<String, String> {
        let configuration = Configuration::prepare(document)?.with_default("identity", IDENTITY);
        let name = self.service.for_objects();
        let objects = Objects {
            namespace: &self.common.namespace,
            filter_path: self.filter_path(&name),
            name,
            app: &self.service,
            port: self.port,
            image: &self.common.image,
            idle_timeout: self.upstream_idle_timeout,
            service_clusters: clusters::for_services(&configuration, &CLUSTERS, &self.common.domain())?,
            plugin_config: &yaml::with_released_headers(configuration.json())?,
            configuration: configuration.json(),
        };
        fill(TEMPLATE, &objects)
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
