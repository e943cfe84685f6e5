//! The clusters of the services that a configuration names. Without its cluster, a service answers no request, and the filter
//! denies every call that it asks the service about.

use mcp_policy::config::{NoticeFormat, Notify};
use serde::Serialize;

use super::{configuration::Configuration, template::fill};

const TEMPLATE: &str = include_str!("templates/cluster.yaml.jinja");

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
    /// The name in the certificate that it must have, if it is reached by TLS.
    tls: Option<&'c str>,
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
) -> Result<Vec<ClusterText<'c>>, String> {
    let config = configuration.config();
    let limits = config.limits.service.as_ref().map(|service| ServiceCluster {
        comment: "The rate limit service, which counts for this Envoy and others.",
        name: &service.cluster,
        grpc: true,
        host: format!("limitador{domain}"),
        port: 8081,
        edit: "the rate-limit service: Limitador, or Envoy's ratelimit.",
        tls: None,
    });
    let approvals = config.approvals.service.as_ref().map(|service| ServiceCluster {
        comment: "The service that approves calls.",
        name: &service.cluster,
        grpc: false,
        host: format!("approvals{domain}"),
        port: 8080,
        edit: "the approval service; for HTTPS, add a `transport_socket` to the cluster.",
        tls: None,
    });
    let notify = config.approvals.notify.as_ref().map(|webhook| webhook_cluster(webhook, domain));
    if let (Some(limits), Some(approvals)) = (&limits, &approvals)
        && limits.name == approvals.name
    {
        return Err(format!(
            "`/limits/service/cluster` and `/approvals/service/cluster` are both `{}`: the first speaks gRPC and the second \
             HTTP/1.1, so give each its own cluster",
            limits.name
        ));
    }
    if let (Some(limits), Some(notify)) = (&limits, &notify)
        && limits.name == notify.name
    {
        return Err(format!(
            "`/limits/service/cluster` and `/approvals/notify/cluster` are both `{}`: the first speaks gRPC and the second \
             HTTP/1.1, so give each its own cluster",
            limits.name
        ));
    }
    let services = [
        ("/limits/service/cluster", limits),
        ("/approvals/service/cluster", approvals),
        ("/approvals/notify/cluster", notify),
    ];
    let mut clusters = Vec::new();
    for (pointer, cluster) in services {
        let Some(cluster) = cluster else { continue };
        if existing.taken.contains(&cluster.name) {
            return Err(format!(
                "`{pointer}`: the cluster `{}` leads to something else in this gateway; choose another name, and `render` \
                 writes the cluster",
                cluster.name
            ));
        }
        if !existing.of_mesh.iter().any(|start| cluster.name.starts_with(start)) {
            clusters.push(cluster.into_yaml()?);
        }
    }
    Ok(clusters)
}

/// The cluster of a webhook. Those of Slack and of Workflows are on the internet, and have TLS.
fn webhook_cluster<'c>(webhook: &'c Notify, domain: &str) -> ServiceCluster<'c> {
    let comment = "The webhook that hears of each new request for approval.";
    let (name, grpc) = (&*webhook.cluster, false);
    if webhook.format == NoticeFormat::Json {
        let edit = "the webhook; for HTTPS, add a `transport_socket` to the cluster.";
        return ServiceCluster { comment, name, grpc, host: format!("notices{domain}"), port: 8080, edit, tls: None };
    }
    let authority = &*webhook.authority;
    let (host, port) = authority.rsplit_once(':').unwrap_or((authority, "443"));
    let (host, port) = port.parse().map_or((authority, 443), |port| (host, port));
    let edit = "the webhook, if `authority` is not its host.";
    ServiceCluster { comment, name, grpc, host: host.to_owned(), port, edit, tls: Some(host) }
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
        tls: None,
    };
    cluster.into_yaml()
}

impl<'c> ServiceCluster<'c> {
    fn into_yaml(self) -> Result<ClusterText<'c>, String> {
        let yaml = fill(TEMPLATE, &self)?.trim_end().to_owned();
        Ok(ClusterText { comment: self.comment, name: self.name, yaml })
    }
}
