//! `mcp-policy render istio`: a `WasmPlugin` that enforces, and an `EnvoyFilter` for what it cannot say.

use super::{
    configuration, document,
    kubernetes::{Common, Name},
    template::{fill, scalar},
};

pub(super) const ISTIO: &str = include_str!("templates/istio.yaml.in");

/// What the objects are made of.
#[derive(clap::Args)]
pub(super) struct Istio {
    #[command(flatten)]
    pub(super) common: Common,
    /// The label `app` of the MCP server's pods
    #[arg(long, value_name = "NAME", default_value = "mcp-server")]
    app: Name,
}

// === impl Istio ===

impl Istio {
    /// The objects, one after the other.
    ///
    /// # Errors
    /// What keeps the document from being a configuration.
    pub(super) fn render(&self, document: &str) -> Result<String, String> {
        let configuration = configuration::of(document)?;
        Ok(fill(
            ISTIO,
            &[
                ("namespace", self.common.namespace.as_str().to_owned()),
                ("app", self.app.as_str().to_owned()),
                ("image", self.common.image.reference().to_owned()),
                ("image_digest", self.common.image.digest().to_owned()),
                ("plugin_config", document::released(&configuration)?),
                ("configuration", scalar(&configuration)),
            ],
        ))
    }
}
