//! `mcp-policy render envoy`: a static configuration file for one Envoy. The sidecar has such a file, too.

use mcp_policy::config::{Config, LoadedConfig};
use serde::Serialize;
use sha2::{Digest, Sha256};

use super::{
    bypass::BypassPath,
    clusters::{self, ClusterText, Existing},
    configuration::{self, Configuration},
    cors::Cors,
    credential::Credential,
    dynamic,
    ports::{self, Port},
    replicas::Replicas,
    template::fill,
    upstream::Upstream,
    watched::{WatchedFile, WatchedFolder},
};

const TEMPLATE: &str = include_str!("templates/envoy.yaml.jinja");

/// The arguments of `render envoy`.
#[derive(clap::Args)]
pub(super) struct Envoy {
    /// A policy, or a configuration that holds policies; `-` reads stdin
    pub(super) file: String,
    /// The port on which agents reach the gateway, on 127.0.0.1; with 0, a free one that Envoy takes and its admin interface names
    #[arg(long, value_name = "PORT", default_value_t = 10000)]
    port: u16,
    /// The MCP server
    #[arg(long, value_name = "URL", default_value = "http://127.0.0.1:10002")]
    upstream: Upstream,
    /// Close an idle connection to the server after this many seconds; must be less than the server's own timeout
    #[arg(long, value_name = "SECONDS", default_value_t = 4, value_parser = clap::value_parser!(u16).range(1..))]
    upstream_idle_timeout: u16,
    /// The filter's module; a relative path is of this folder
    #[arg(long, value_name = "PATH", default_value = "target/wasm32-wasip1/release/mcp_policy.wasm", value_parser = absolute)]
    module: String,
    /// The port of Envoy's admin interface, on 127.0.0.1; with 0, a free one that `envoy --admin-address-path FILE` writes down
    #[arg(long, value_name = "PORT", default_value_t = 9901)]
    admin_port: u16,
    /// The port of the console, on 127.0.0.1; with 0, a free one, which the addresses in answers to agents do not name
    #[arg(long, value_name = "PORT", default_value_t = 10001)]
    console_port: u16,
    /// A path that the filter does not inspect, such as one of OAuth, `/token`; the server must not run tools there; repeatable
    #[arg(long, value_name = "PATH")]
    bypass: Vec<BypassPath>,
    /// A grant that may approve calls: `jwt:…`, `peer:…`, `token:…` or `bearer:` and the SHA-256 of a token; repeatable
    #[arg(long = "approver", value_name = "GRANT")]
    approvers: Vec<String>,
    /// Let Envoy find the filter in the file `mcp-policy.json` of this folder, which this command writes, too: `mcp-policy apply` then
    /// changes the policy without a restart
    #[arg(long, value_name = "DIR")]
    pub(super) dynamic: Option<WatchedFolder>,
    /// Send the access log to an OpenTelemetry collector, too, through a cluster of this name, which this command writes
    #[arg(long, value_name = "CLUSTER", value_parser = read_cluster)]
    otlp: Option<String>,
    /// A file with the server's credential, as `mcp-policy credential` writes it: Envoy sends it instead of the caller's
    #[arg(long, value_name = "FILE")]
    pub(super) upstream_credential: Option<WatchedFile>,
    /// A folder with `ca.crt`, `tls.crt` and `tls.key`: mutual TLS with the etcd of `approvals.store`
    #[arg(long, value_name = "DIR")]
    pub(super) etcd_tls: Option<WatchedFolder>,
    #[command(flatten)]
    pub(super) replicas: Replicas,
}

/// The path from the root: Envoy may start in another folder.
///
/// # Errors
/// If `path` is empty, or this folder has no name.
fn absolute(path: &str) -> Result<String, String> {
    let absolute = std::path::absolute(path).map_err(|error| error.to_string())?;
    absolute.into_os_string().into_string().map_err(|_| "the path is not text".to_owned())
}

/// The digest of no known token: without `--approver`, every sign-in fails.
const NO_TOKEN: &str = "bearer:0000000000000000000000000000000000000000000000000000000000000000";

/// The values of the file.
#[derive(Serialize)]
pub(super) struct EnvoyFile<'a> {
    /// The word after `render`.
    pub(super) gateway: &'static str,
    /// The address and port on which agents reach the gateway.
    pub(super) address: &'static str,
    pub(super) port: u16,
    pub(super) admin_port: u16,
    pub(super) console_port: u16,
    /// The port for the kubelet and Prometheus, on every address.
    pub(super) health_port: Option<u16>,
    pub(super) module: &'a str,
    pub(super) upstream: &'a Upstream,
    /// Of connections to the MCP server, in seconds.
    pub(super) idle_timeout: u16,
    /// What tells a request that this gateway has forwarded.
    pub(super) marker: String,
    /// What Envoy buffers of one stream at most.
    pub(super) buffer_mib: usize,
    /// Whether only this machine reaches the gateway, so that it has no other names than this machine's own.
    pub(super) is_loopback: bool,
    /// Envoy's `CorsPolicy` for the pages that may read its answers, as YAML.
    pub(super) cors: Option<String>,
    /// The paths that the filter does not inspect.
    pub(super) bypass: &'a [BypassPath],
    /// The file in which Envoy finds the filter.
    pub(super) dynamic: Option<WatchedFile>,
    /// The server's own credential.
    pub(super) credential: Option<Credential>,
    /// The gateway's configuration, as JSON.
    pub(super) configuration: &'a str,
    /// The console's configuration, as JSON.
    pub(super) console: String,
    pub(super) service_clusters: Vec<ClusterText<'a>>,
    /// The cluster of the collector that gets the access log.
    pub(super) otlp: Option<&'a str>,
    /// What the overload manager gives to connections, in MiB.
    pub(super) heap_mib: u32,
    /// What Envoy takes at most, in MiB.
    pub(super) memory_mib: u32,
}

/// What the overload manager gives to connections, in MiB.
///
/// It counts neither Envoy's program nor the filter's VMs, and looks only every 50 ms, so the container has more: see
/// [`MEMORY_MIB`] and `tests/envoy/kubernetes/overload.rs`.
pub(super) const HEAP_MIB: u32 = 256;
/// The memory limit of Envoy's container, in MiB.
pub(super) const MEMORY_MIB: u32 = 512;

// === impl Envoy ===

impl Envoy {
    /// The file.
    ///
    /// # Errors
    /// What is wrong with the document, the approvers or the ports.
    pub(super) fn render(&self, document: &str) -> Result<String, String> {
        let configuration = self.configuration(document)?;
        let dynamic = self.dynamic.as_ref().map(|folder| folder.file(dynamic::FILE)).transpose()?;
        let file = EnvoyFile {
            gateway: "envoy",
            address: "127.0.0.1",
            port: self.port,
            admin_port: self.admin_port,
            console_port: self.console_port,
            health_port: None,
            module: &self.module,
            upstream: &self.upstream,
            idle_timeout: self.upstream_idle_timeout,
            marker: match &dynamic {
                // A change of the policy changes nothing in this file.
                Some(file) => marker(&self.upstream.authority, file.path()),
                None => marker(&self.upstream.authority, configuration.json()),
            },
            buffer_mib: configuration.buffer_mib(),
            is_loopback: true,
            cors: Cors::policy(configuration.config())?,
            bypass: &self.bypass,
            dynamic,
            credential: self.credential(configuration.config())?,
            configuration: configuration.json(),
            console: console(&self.approvers, &configuration)?,
            service_clusters: self.clusters(&configuration)?,
            otlp: self.otlp.as_deref(),
            heap_mib: HEAP_MIB,
            memory_mib: MEMORY_MIB,
        };
        file.render()
    }

    /// The filter's configuration.
    ///
    /// # Errors
    /// What is wrong with the document or the ports.
    pub(super) fn configuration(&self, document: &str) -> Result<Configuration, String> {
        let ports = [
            Port { of: "`--port`", number: self.port },
            Port { of: "`--console-port`", number: self.console_port },
            Port { of: "`--admin-port`", number: self.admin_port },
        ];
        ports::compare(&ports, &self.upstream, &[])?;
        Ok(Configuration::prepare(document)?
            .with_bypass(&self.bypass)?
            .with_loopback_origins()?
            .with_audit_fields()?
            .with_approval_url(self.console_port))
    }

    /// What the user should know of the document.
    pub(super) fn warnings(&self, document: &str) -> Vec<String> {
        Configuration::prepare(document).ok().and_then(|it| no_approver(&it, &self.approvers)).into_iter().collect()
    }

    /// The module's path.
    pub(super) fn module(&self) -> &str {
        &self.module
    }

    /// The options as they are written, to be read again; without the document.
    pub(super) fn arguments(&self) -> Vec<String> {
        let mut arguments = vec![
            format!("--port={}", self.port),
            format!("--upstream={}", self.upstream.url()),
            format!("--upstream-idle-timeout={}", self.upstream_idle_timeout),
            format!("--module={}", self.module),
            format!("--admin-port={}", self.admin_port),
            format!("--console-port={}", self.console_port),
        ];
        arguments.extend(self.bypass.iter().map(|path| format!("--bypass={}", path.as_str())));
        arguments.extend(self.approvers.iter().map(|approver| format!("--approver={approver}")));
        arguments.extend(self.otlp.iter().map(|cluster| format!("--otlp={cluster}")));
        arguments.extend(self.dynamic.iter().map(|folder| format!("--dynamic={}", folder.as_str())));
        arguments.extend(self.etcd_tls.iter().map(|folder| format!("--etcd-tls={}", folder.as_str())));
        arguments.extend(self.upstream_credential.iter().map(|file| format!("--upstream-credential={}", file.path())));
        arguments.extend(self.replicas.argument());
        arguments
    }

    fn clusters<'c>(&'c self, configuration: &'c Configuration) -> Result<Vec<ClusterText<'c>>, String> {
        let mut clusters =
            clusters::for_services(configuration, &CLUSTERS, "", self.etcd_tls.as_ref().map(WatchedFolder::as_str))?;
        let collector =
            self.otlp.as_deref().map(|name| clusters::for_collector(name, &CLUSTERS, &clusters)).transpose()?;
        clusters.extend(collector);
        Ok(clusters)
    }

    fn credential(&self, config: &Config) -> Result<Option<Credential>, String> {
        self.upstream_credential.as_ref().map(|file| Credential::new(file, config)).transpose()
    }
}

// === impl EnvoyFile ===

impl EnvoyFile<'_> {
    /// The file as YAML.
    pub(super) fn render(&self) -> Result<String, String> {
        fill(TEMPLATE, self)
    }
}

/// A warning if a rule requires approval and no approver is named.
pub(super) fn no_approver(configuration: &Configuration, approvers: &[String]) -> Option<String> {
    const ADVICE: &str = "a rule of this policy requires approval, but no approver is named: name one with `--approver`, \
                          such as `--approver \"bearer:$(printf %s \"$TOKEN\" | sha256sum | cut -c 1-64)\"`; \
                          `openssl rand -hex 24` makes a token";
    let config = configuration.config();
    let is_left_out = approvers.is_empty() && config.asks_for_approval() && config.approvals.service.is_none();
    is_left_out.then(|| ADVICE.to_owned())
}

/// Reads the name of a cluster.
///
/// # Errors
/// It is not one.
fn read_cluster(name: &str) -> Result<String, String> {
    let is_name = !name.is_empty() && name.len() <= 125 && name.bytes().all(|byte| byte.is_ascii_graphic());
    is_name
        .then(|| name.to_owned())
        .ok_or_else(|| "a cluster has a name of 1 to 125 visible ASCII characters".to_owned())
}

/// The console's configuration: who may approve, and where the approvals are.
///
/// # Errors
/// What is wrong with the approvers.
pub(super) fn console(approvers: &[String], configuration: &Configuration) -> Result<String, String> {
    let no_approver = [NO_TOKEN.to_owned()];
    let approvers = if approvers.is_empty() { &no_approver[..] } else { approvers };
    let mut console = serde_json::json!({ "console": { "approvers": approvers } });
    if let (Some(console), Some(store)) =
        (console.get_mut("console").and_then(serde_json::Value::as_object_mut), configuration.approval_store())
    {
        console.insert("store".to_owned(), store);
    }
    let console = console.to_string();
    match LoadedConfig::load(console.as_bytes()) {
        Ok(_) => Ok(console),
        Err(errors) => Err(configuration::list_problems("the console refuses `--approver`", &errors)),
    }
}

/// What tells a request that the gateway before `server` has forwarded from one of another gateway: gateways may follow
/// each other, but not themselves.
pub(super) fn marker(server: &str, configuration: &str) -> String {
    let digest = Sha256::digest(format!("{server}\n{configuration}"));
    digest.iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}

/// The clusters of every file, and of no service.
pub(super) const CLUSTERS: Existing = Existing { taken: &["mcp_server", "admin"], of_mesh: &[] };
