//! `mcp-policy render sidecar`: Envoy in the pod of an MCP server, without a mesh.

use serde::Serialize;

use super::{
    bypass::BypassPath,
    clusters::{self, ETCD_TLS_FOLDER},
    configuration::Configuration,
    cors::Cors,
    credential::{self, Credential},
    dynamic,
    envoy::{self, EnvoyFile},
    image::Image,
    kubernetes::{Common, Name},
    ports::{self, Port},
    template::fill,
    upstream::Upstream,
};

const TEMPLATE: &str = include_str!("templates/sidecar.yaml.jinja");

const ADMIN_PORT: u16 = 9901;
const CONSOLE_PORT: u16 = 10001;
const HEALTH_PORT: u16 = 15021;
/// Where the image is mounted.
const MODULE_FOLDER: &str = "/etc/mcp-policy";

/// Where the ConfigMap with the policy is mounted. The kubelet replaces what is in it in one step.
const POLICY_FOLDER: &str = "/etc/mcp-policy-filter";

/// The arguments of `render sidecar`.
#[derive(clap::Args)]
pub(super) struct Sidecar {
    #[command(flatten)]
    pub(super) common: Common,
    /// The name of the Deployment and the Service, and the label `app` of the pods
    #[arg(long, value_name = "NAME", default_value = "mcp-server")]
    app: Name,
    /// The port on which agents reach the pod
    #[arg(long, value_name = "PORT", default_value_t = 8080)]
    port: u16,
    /// The MCP server in the pod
    #[arg(long, value_name = "URL", default_value = "http://127.0.0.1:3000")]
    upstream: Upstream,
    /// Close an idle connection to the server after this many seconds; must be less than the server's own timeout
    #[arg(long, value_name = "SECONDS", default_value_t = 4, value_parser = clap::value_parser!(u16).range(1..))]
    upstream_idle_timeout: u16,
    /// A path that the filter does not inspect, such as one of OAuth, `/token`; the server must not run tools there; repeatable
    #[arg(long, value_name = "PATH")]
    bypass: Vec<BypassPath>,
    /// A grant that may approve calls: `jwt:…`, `peer:…`, `token:…` or `bearer:` and the SHA-256 of a token; repeatable
    #[arg(long = "approver", value_name = "GRANT")]
    approvers: Vec<String>,
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
    /// The name of the ConfigMap with Envoy's own configuration.
    name: Name,
    /// The name of the ConfigMap with the policy.
    policy_name: Name,
    app: &'a Name,
    port: u16,
    admin_port: u16,
    health_port: u16,
    module_folder: &'static str,
    policy_folder: &'static str,
    /// The name of the file that Envoy watches there, and the file.
    policy_file: &'static str,
    filter: &'a str,
    /// The Secret with the server's credential.
    credential: Option<&'a Name>,
    credential_folder: &'static str,
    /// The Secret with the certificates for etcd.
    etcd_tls: Option<&'a Name>,
    etcd_tls_folder: &'static str,
    /// How many pods there are.
    replicas: u32,
    /// The memory limit of Envoy's container, in MiB.
    memory_mib: u32,
    image: &'a Image,
    /// Whether a rate limit service counts for all pods.
    limits_service: bool,
    /// The digest of the configuration. The filter's statistics have it as a label, too.
    digest: &'a str,
    /// Envoy's configuration file.
    envoy: &'a str,
}

// === impl Sidecar ===

impl Sidecar {
    /// The objects, as one file.
    ///
    /// # Errors
    /// What is wrong with the document, the approvers or the ports.
    pub(super) fn render(&self, document: &str) -> Result<String, String> {
        ports::compare(&self.ports(), &self.upstream, &self.own_names())?;
        let configuration = Configuration::prepare(document)?
            .with_bypass(&self.bypass)?
            .with_audit_fields()?
            .with_approval_url(CONSOLE_PORT);
        let module = format!("{MODULE_FOLDER}/plugin.wasm");
        let envoy = EnvoyFile {
            gateway: "sidecar",
            address: "0.0.0.0",
            port: self.port,
            admin_port: ADMIN_PORT,
            // On the pod's own loopback, which `kubectl port-forward` reaches.
            console_port: CONSOLE_PORT,
            health_port: Some(HEALTH_PORT),
            module: &module,
            upstream: &self.upstream,
            idle_timeout: self.upstream_idle_timeout,
            // A change of the policy changes nothing in this file.
            marker: envoy::marker(&self.upstream.authority, &format!("{}.{}", self.app.as_str(), self.common.domain())),
            buffer_mib: configuration.buffer_mib(),
            is_loopback: false,
            cors: Cors::policy(configuration.config())?,
            bypass: &self.bypass,
            dynamic: Some(format!("{POLICY_FOLDER}/{}", dynamic::FILE).parse()?),
            credential: self
                .upstream_credential
                .as_ref()
                .map(|_| Credential::mounted(configuration.config()))
                .transpose()?,
            configuration: configuration.json(),
            console: envoy::console(&self.approvers, &configuration)?,
            service_clusters: clusters::for_services(
                &configuration,
                &envoy::CLUSTERS,
                &self.common.domain(),
                self.etcd_tls.as_ref().map(|_| ETCD_TLS_FOLDER),
            )?,
            otlp: None,
            heap_mib: envoy::HEAP_MIB,
            memory_mib: envoy::MEMORY_MIB,
        };
        let envoy = envoy.render()?;
        let filter = dynamic::discovery(&module, configuration.json(), None)?;
        let objects = Objects {
            namespace: &self.common.namespace,
            name: self.app.for_content(&envoy),
            policy_name: self.app.for_policy_of(&envoy),
            app: &self.app,
            port: self.port,
            admin_port: ADMIN_PORT,
            health_port: HEALTH_PORT,
            module_folder: MODULE_FOLDER,
            policy_folder: POLICY_FOLDER,
            policy_file: dynamic::FILE,
            filter: filter.text.trim_end(),
            credential: self.upstream_credential.as_ref(),
            credential_folder: credential::MOUNTED_FOLDER,
            etcd_tls: self.etcd_tls.as_ref(),
            etcd_tls_folder: ETCD_TLS_FOLDER,
            replicas: self.common.replicas.count(),
            memory_mib: envoy::MEMORY_MIB,
            image: &self.common.image,
            limits_service: configuration.config().limits.service.is_some(),
            digest: &filter.digest,
            envoy: envoy.trim_end(),
        };
        fill(TEMPLATE, &objects)
    }

    /// What the user should know of the document.
    pub(super) fn warnings(&self, document: &str) -> Vec<String> {
        let configuration = Configuration::prepare(document).ok();
        configuration.and_then(|it| envoy::no_approver(&it, &self.approvers)).into_iter().collect()
    }

    fn ports(&self) -> [Port; 4] {
        [
            Port { of: "`--port`", number: self.port },
            Port { of: "the console's port", number: CONSOLE_PORT },
            Port { of: "the port of the probes", number: HEALTH_PORT },
            Port { of: "the admin interface's port", number: ADMIN_PORT },
        ]
    }

    /// The names of the Service.
    fn own_names(&self) -> [String; 4] {
        let (app, domain) = (self.app.as_str(), self.common.domain());
        [
            app.to_owned(),
            format!("{app}.{}", self.common.namespace.as_str()),
            format!("{app}{domain}"),
            format!("{app}{domain}.cluster.local"),
        ]
    }
}
