//! `mcp-policy render envoy-gateway`: a Gateway with the filter in it, and callers known by their tokens.

use super::{
    configuration, document,
    kubernetes::{Common, Name},
    template::{fill, quoted, scalar},
};

pub(super) const ENVOY_GATEWAY: &str = include_str!("templates/envoy_gateway.yaml.in");

/// Who calls, where the document does not say it: `mcp` is the provider in the SecurityPolicy.
const IDENTITY: &str = r#""identity": [{"jwt_claim": "sub", "payload": "mcp"}],"#;

/// What the objects are made of.
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
}

// === impl EnvoyGateway ===

impl EnvoyGateway {
    /// The objects, one after the other.
    ///
    /// # Errors
    /// What keeps the document from being a configuration.
    pub(super) fn render(&self, document: &str) -> Result<String, String> {
        let configuration = configuration::with_default(configuration::of(document)?, "identity", IDENTITY)?;
        Ok(fill(
            ENVOY_GATEWAY,
            &[
                ("namespace", self.common.namespace.as_str().to_owned()),
                ("app", self.service.as_str().to_owned()),
                ("port", self.port.to_string()),
                ("image", self.common.image.reference().to_owned()),
                ("filter_path", quoted(&self.filter_path())),
                ("plugin_config", document::released(&configuration)?),
                ("configuration", scalar(&configuration)),
            ],
        ))
    }

    /// Where the filter's configuration is in the listener that Envoy Gateway makes, whether with TLS or without.
    fn filter_path(&self) -> String {
        format!(
            "$..http_filters[?(@.name=='envoy.filters.http.wasm/envoyextensionpolicy/{}/mcp-policy/wasm/0')].typed_config.config",
            self.common.namespace.as_str()
        )
    }
}
