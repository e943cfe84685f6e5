//! `mcp-policy render envoy`: a static file for an Envoy by itself, which the sidecar has inside, too.

use mcp_policy::config::{Config, LoadedConfig};

use super::{
    configuration,
    template::{fill, quoted, scalar},
    upstream::Upstream,
};

pub(super) const ENVOY: &str = include_str!("templates/envoy.yaml.in");
pub(super) const CONSOLE: &str = include_str!("templates/console_listener.yaml.in");
pub(super) const LIMITS_CLUSTER: &str = include_str!("templates/limits_cluster.yaml.in");
pub(super) const UPSTREAM_TLS: &str = include_str!("templates/upstream_tls.yaml.in");

/// What an Envoy configuration is made of.
#[derive(clap::Args)]
pub(super) struct Envoy {
    /// A policy, or a configuration with `policy` or `policies` in it; `-` reads stdin
    pub(super) file: String,
    /// Where the gateway listens, on 127.0.0.1
    #[arg(long, value_name = "PORT", default_value_t = 10000)]
    port: u16,
    /// The MCP server
    #[arg(long, value_name = "URL", default_value = "http://127.0.0.1:10002")]
    upstream: Upstream,
    /// The filter's module
    #[arg(long, value_name = "PATH", default_value = "target/wasm32-wasip1/release/mcp_policy.wasm")]
    module: String,
    /// Where Envoy's admin interface listens, on 127.0.0.1
    #[arg(long, value_name = "PORT", default_value_t = 9901)]
    admin_port: u16,
    /// Where the console listens, on 127.0.0.1
    #[arg(long, value_name = "PORT", default_value_t = 10001)]
    console_port: u16,
    /// Who may approve calls at the console: `jwt:…`, `peer:…` or `bearer:` with the SHA-256 of a token; several times if need be
    #[arg(long = "approver", value_name = "GRANT")]
    approvers: Vec<String>,
}

/// A digest that no token is known to have: nobody can approve until it is changed.
const NOBODY: &str = "bearer:0000000000000000000000000000000000000000000000000000000000000000";

/// The file itself, wherever its Envoy stands.
pub(super) struct File<'a> {
    /// The word after `render` that wrote it.
    pub(super) gateway: &'static str,
    pub(super) address: &'static str,
    pub(super) port: u16,
    pub(super) admin_port: u16,
    pub(super) module: &'a str,
    pub(super) upstream: &'a Upstream,
    pub(super) configuration: &'a str,
    /// Further listeners and clusters, as items of lists.
    pub(super) listeners: String,
    pub(super) clusters: String,
}

// === impl Envoy ===

impl Envoy {
    /// The whole file.
    ///
    /// # Errors
    /// What keeps the document from being a configuration.
    pub(super) fn render(&self, document: &str) -> Result<String, String> {
        let configuration = configuration::asking(configuration::of(document)?, self.console_port)?;
        let file = File {
            gateway: "envoy",
            address: "127.0.0.1",
            port: self.port,
            admin_port: self.admin_port,
            module: &self.module,
            upstream: &self.upstream,
            configuration: &configuration,
            listeners: console(self.console_port, &self.module, &self.approvers)?,
            clusters: limits_cluster(&configuration),
        };
        Ok(file.write())
    }
}

/// The listener of the console: on which port, and who may approve; nobody, if nobody is named.
///
/// # Errors
/// What is wrong with the approvers.
pub(super) fn console(port: u16, module: &str, approvers: &[String]) -> Result<String, String> {
    let nobody = [NOBODY.to_owned()];
    let approvers = if approvers.is_empty() { &nobody[..] } else { approvers };
    let console = serde_json::json!({ "console": { "approvers": approvers } }).to_string();
    if let Err(invalid) = LoadedConfig::load(console.as_bytes()) {
        let mistakes: Vec<String> = invalid.problems.iter().map(|problem| format!("\n  {problem}")).collect();
        return Err(format!("the console would refuse `--approver`:{}", mistakes.concat()));
    }
    let values = [("console_port", port.to_string()), ("module", quoted(module)), ("console", scalar(&console))];
    Ok(fill(CONSOLE, &values))
}

/// The cluster of the service that counts a configuration's limits, if one does and its cluster is not there already.
pub(super) fn limits_cluster(configuration: &str) -> String {
    let service = Config::load(configuration.as_bytes()).ok().and_then(|config| config.limits.service);
    let cluster = service.map(|service| service.cluster).filter(|cluster| !CLUSTERS.contains(&&**cluster));
    cluster.map_or_else(String::new, |cluster| fill(LIMITS_CLUSTER, &[("cluster", quoted(&cluster))]))
}

/// The clusters that are there whatever the configuration.
const CLUSTERS: [&str; 2] = ["mcp_server", "admin"];

// === impl File ===

impl File<'_> {
    /// The file as YAML.
    pub(super) fn write(&self) -> String {
        let upstream = self.upstream;
        fill(
            ENVOY,
            &[
                ("gateway", self.gateway.to_owned()),
                ("address", self.address.to_owned()),
                ("port", self.port.to_string()),
                ("module", quoted(self.module)),
                ("configuration", scalar(self.configuration)),
                ("host_rewrite", host_rewrite(upstream)),
                ("listeners", self.listeners.clone()),
                ("discovery", discovery(upstream).to_owned()),
                ("upstream_host", quoted(&upstream.host)),
                ("upstream_port", upstream.port.to_string()),
                ("transport_socket", transport_socket(upstream)),
                ("clusters", self.clusters.clone()),
                ("admin_port", self.admin_port.to_string()),
            ],
        )
    }
}

fn discovery(upstream: &Upstream) -> &'static str {
    if upstream.is_address() { "STATIC" } else { "STRICT_DNS" }
}

/// A server behind TLS answers to its own name only. Plain ones see the client's `Host`: a server on
/// loopback tells web pages that rebind a name (DNS rebinding) from agents by it.
fn host_rewrite(upstream: &Upstream) -> String {
    if upstream.tls { format!("host_rewrite_literal: {}", quoted(&upstream.authority())) } else { String::new() }
}

fn transport_socket(upstream: &Upstream) -> String {
    if !upstream.tls {
        return String::new();
    }
    // TLS has no server names for addresses.
    let (sni, san_type) = if upstream.is_address() {
        (String::new(), "IP_ADDRESS")
    } else {
        (format!("sni: {}", quoted(&upstream.host)), "DNS")
    };
    let host = quoted(&upstream.host);
    fill(UPSTREAM_TLS, &[("sni", sni), ("san_type", san_type.to_owned()), ("host", host)])
}
