//! The clusters of the services that a configuration names. Without its cluster, a service answers no request, and the filter
//! denies every call that it asks the service about.

use mcp_policy::config::{Config, NoticeFormat, Notify};
use serde::Serialize;

use super::{configuration::Configuration, template::fill};

const TEMPLATE: &str = include_str!("templates/cluster.yaml.jinja");

/// Where Kubernetes mounts the Secret with the certificates for etcd.
pub(super) const ETCD_TLS_FOLDER: &str = "/etc/mcp-policy-etcd";

/// The cluster of a service.
#[derive(Debug, Serialize)]
pub(super) struct ServiceCluster<'c> {
    /// What the service does, as a comment.
    comment: &'static str,
    name: &'c str,
    /// Whether the service speaks gRPC, which needs HTTP/2; otherwise it speaks HTTP/1.1.
    grpc: bool,
    host: String,
    port: u16,
    /// What to put there, as a comment.
    edit: &'static str,
    /// Whether Envoy asks each node whether it is well, and asks only those that are.
    checks_nodes: bool,
    /// The folder with the certificates by which Envoy and the service know each other.
    tls: Option<&'c str>,
    /// The name in the certificate that it must have, if it is on the internet.
    public_name: Option<&'c str>,
}

/// A cluster as a template of a gateway shows it.
#[derive(Debug, Serialize)]
pub(super) struct ClusterText<'c> {
    comment: &'static str,
    name: &'c str,
    /// Envoy's cluster, as a YAML mapping.
    yaml: String,
}

/// The clusters that a gateway has anyway.
pub(super) struct Existing {
    /// Those that serve something else, by name.
    pub(super) taken: &'static [&'static str],
    /// How the names of clusters begin that the mesh itself defines for its services.
    pub(super) of_mesh: &'static [&'static str],
}

/// The clusters that a gateway has to define for `configuration`. `domain` completes the host names: `.agents.svc`, or nothing.
///
/// # Errors
/// If a service names a cluster that serves something else.
pub(super) fn for_services<'c>(
    configuration: &'c Configuration,
    existing: &Existing,
    domain: &str,
    etcd_tls: Option<&'c str>,
) -> Result<Vec<ClusterText<'c>>, String> {
    let config = configuration.config();
    let limits = config.limits.service.as_ref().map(|service| ServiceCluster {
        comment: "The rate limit service, which counts for this Envoy and others.",
        name: &service.cluster,
        grpc: true,
        host: format!("limitador{domain}"),
        port: 8081,
        edit: "the rate-limit service: Limitador, or Envoy's ratelimit.",
        checks_nodes: false,
        tls: None,
        public_name: None,
    });
    let approvals = config.approvals.service.as_ref().map(|service| ServiceCluster {
        comment: "The service that approves calls.",
        name: &service.cluster,
        grpc: false,
        host: format!("approvals{domain}"),
        port: 8080,
        edit: "the approval service; for HTTPS, add a `transport_socket` to the cluster.",
        checks_nodes: false,
        tls: None,
        public_name: None,
    });
    let store = config.approvals.store.as_ref().map(|store| ServiceCluster {
        comment: "etcd, which keeps the approvals of this Envoy and others.",
        name: &store.cluster,
        grpc: true,
        host: format!("etcd{domain}"),
        port: 2379,
        edit: "the nodes of etcd: a name that resolves to all of them, or an endpoint for each.",
        checks_nodes: true,
        tls: etcd_tls,
        public_name: None,
    });
    let notify = config.approvals.notify.as_ref().map(|webhook| webhook_cluster(webhook, domain));
    let services = [
        ("/limits/service/cluster", limits),
        ("/approvals/service/cluster", approvals),
        ("/approvals/store/etcd/cluster", store),
        ("/approvals/notify/cluster", notify),
    ];
    let services: Vec<_> = services.into_iter().filter_map(|(pointer, cluster)| Some((pointer, cluster?))).collect();
    check_names(&services)?;
    let mut clusters = Vec::new();
    for (pointer, cluster) in services {
        if existing.taken.contains(&cluster.name) {
            return Err(format!(
                "`{pointer}`: the cluster `{}` leads to something else in this gateway; choose another name, and `render` \
                 writes the cluster",
                cluster.name
            ));
        }
        if !existing.is_of_mesh(cluster.name) {
            clusters.push(cluster.into_yaml()?);
        }
    }
    Ok(clusters)
}

/// A warning if the certificates of `--etcd-tls` are of no use, because this gateway does not define etcd's cluster.
pub(super) fn unused_etcd_tls(config: &Config, existing: &Existing) -> Option<String> {
    let cluster = config.approvals.store.as_ref().map(|store| &*store.cluster);
    match cluster {
        None => Some(
            "`--etcd-tls` has no effect, since no approvals are in an etcd: add `approvals.store`, or leave the option out"
                .to_owned(),
        ),
        Some(name) if existing.is_of_mesh(name) => Some(format!(
            "`--etcd-tls` has no effect on the cluster `{name}`, which the control plane defines: set its TLS there, or name another \
             cluster, which `render` then writes"
        )),
        Some(_) => None,
    }
}

impl Existing {
    fn is_of_mesh(&self, name: &str) -> bool {
        self.of_mesh.iter().any(|start| name.starts_with(start))
    }
}

/// Two services with one name would be one cluster.
fn check_names(services: &[(&str, ServiceCluster<'_>)]) -> Result<(), String> {
    for (index, (pointer, cluster)) in services.iter().enumerate() {
        let Some((other_pointer, other)) =
            services.iter().skip(index + 1).find(|(_, other)| other.name == cluster.name)
        else {
            continue;
        };
        let why = if cluster.grpc == other.grpc {
            "they lead to different servers"
        } else {
            "the first speaks gRPC and the second HTTP/1.1"
        };
        return Err(format!(
            "`{pointer}` and `{other_pointer}` are both `{}`: {why}, so give each its own cluster",
            cluster.name
        ));
    }
    Ok(())
}

/// The cluster of a webhook. Those of Slack and of Workflows are on the internet, and have TLS.
fn webhook_cluster<'c>(webhook: &'c Notify, domain: &str) -> ServiceCluster<'c> {
    let authority = &*webhook.authority;
    let (host, port) = authority.rsplit_once(':').unwrap_or((authority, "443"));
    let (host, port) = port.parse().map_or((authority, 443), |port| (host, port));
    let is_public = webhook.format != NoticeFormat::Json;
    let (host, port, edit) = if is_public {
        (host.to_owned(), port, "the webhook, if `authority` is not its host.")
    } else {
        (format!("notices{domain}"), 8080, "the webhook; for HTTPS, add a `transport_socket` to the cluster.")
    };
    ServiceCluster {
        comment: "The webhook that hears of each new request for approval.",
        name: &webhook.cluster,
        grpc: false,
        host,
        port,
        edit,
        checks_nodes: false,
        tls: None,
        public_name: is_public.then(|| authority.rsplit_once(':').map_or(authority, |(host, _)| host)),
    }
}

/// The cluster of the collector that gets the access log.
///
/// # Errors
/// If the gateway has another cluster of this name.
pub(super) fn for_collector<'c>(
    name: &'c str,
    existing: &Existing,
    others: &[ClusterText<'_>],
) -> Result<ClusterText<'c>, String> {
    if existing.taken.contains(&name) || others.iter().any(|other| other.name == name) {
        return Err(format!(
            "`--otlp`: the cluster `{name}` leads to something else in this gateway; choose another name"
        ));
    }
    let cluster = ServiceCluster {
        comment: "The OpenTelemetry collector, which gets the access log.",
        name,
        grpc: true,
        host: "collector".to_owned(),
        port: 4317,
        edit: "the collector; for TLS, add a `transport_socket` to the cluster.",
        checks_nodes: false,
        tls: None,
        public_name: None,
    };
    cluster.into_yaml()
}

impl<'c> ServiceCluster<'c> {
    fn into_yaml(self) -> Result<ClusterText<'c>, String> {
        let yaml = fill(TEMPLATE, &self)?.trim_end().to_owned();
        Ok(ClusterText { comment: self.comment, name: self.name, yaml })
    }
}
