//! `mcp-policy render sidecar`: Envoy in the pod of an MCP server, without a mesh.

use mcp_policy::config::Config;

use super::{
    configuration,
    envoy::{self, File},
    kubernetes::{Common, Name},
    template::{fill, quoted, scalar},
    upstream::Upstream,
};

pub(super) const SIDECAR: &str = include_str!("templates/sidecar.yaml.in");
pub(super) const HEALTH_LISTENER: &str = include_str!("templates/health_listener.yaml.in");
pub(super) const ADMIN_CLUSTER: &str = include_str!("templates/admin_cluster.yaml.in");

const ADMIN_PORT: u16 = 9901;
const CONSOLE_PORT: u16 = 10001;
const HEALTH_PORT: u16 = 15021;
/// Where the image is mounted.
const MODULE_FOLDER: &str = "/etc/mcp-policy";

/// What the objects are made of.
#[derive(clap::Args)]
pub(super) struct Sidecar {
    #[command(flatten)]
    pub(super) common: Common,
    /// The name of Deployment and Service, and the label `app` of the pods
    #[arg(long, value_name = "NAME", default_value = "mcp-server")]
    app: Name,
    /// Where agents reach the pod
    #[arg(long, value_name = "PORT", default_value_t = 8080)]
    port: u16,
    /// Where the MCP server listens in the pod
    #[arg(long, value_name = "URL", default_value = "http://127.0.0.1:3000")]
    upstream: Upstream,
    /// Who may approve calls at the console: `jwt:…`, `peer:…` or `bearer:` with the SHA-256 of a token; several times if need be
    #[arg(long = "approver", value_name = "GRANT")]
    approvers: Vec<String>,
}

// === impl Sidecar ===

impl Sidecar {
    /// The objects, one after the other.
    ///
    /// # Errors
    /// What keeps the document from being a configuration.
    pub(super) fn render(&self, document: &str) -> Result<String, String> {
        let configuration = configuration::asking(configuration::of(document)?, CONSOLE_PORT)?;
        let module = format!("{MODULE_FOLDER}/plugin.wasm");
        // On the pod's own loopback: `kubectl port-forward` leads there.
        let console = envoy::console(CONSOLE_PORT, &module, &self.approvers)?;
        // Also a label of the filter's statistics.
        let config = Config::load(configuration.as_bytes()).ok();
        let digest = config.as_ref().map(|config| config.digest.clone()).unwrap_or_default();
        let counting = match config.and_then(|config| config.limits.service) {
            Some(_) => "# All pods share one count, which the service in `limits.service` keeps.",
            None => "# Each pod counts alone: with n of them, a caller may have n times what the policy says.",
        };
        let envoy = File {
            gateway: "sidecar",
            address: "0.0.0.0",
            port: self.port,
            admin_port: ADMIN_PORT,
            module: &module,
            upstream: &self.upstream,
            configuration: &configuration,
            listeners: console + &fill(HEALTH_LISTENER, &[("health_port", HEALTH_PORT.to_string())]),
            clusters: fill(ADMIN_CLUSTER, &[("admin_port", ADMIN_PORT.to_string())])
                + &envoy::limits_cluster(&configuration),
        };
        Ok(fill(
            SIDECAR,
            &[
                ("namespace", self.common.namespace.as_str().to_owned()),
                ("app", self.app.as_str().to_owned()),
                ("port", self.port.to_string()),
                ("health_port", HEALTH_PORT.to_string()),
                ("module_folder", MODULE_FOLDER.to_owned()),
                ("image", self.common.image.reference().to_owned()),
                ("counting", counting.to_owned()),
                ("digest", quoted(&digest)),
                ("envoy", scalar(envoy.write().trim_end())),
            ],
        ))
    }
}
