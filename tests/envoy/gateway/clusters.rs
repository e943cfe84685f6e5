//! The clusters of a test's Envoy.

use super::listener::TYPES;
use serde_json::{Value, json};
use std::net::SocketAddr;

/// The cluster of the nodes of etcd; `None` if there are none. A node that does not answer is not asked.
pub(super) fn etcd_cluster(nodes: &[SocketAddr]) -> Option<Value> {
    let mut cluster = cluster("etcd", *nodes.first()?, &json!({ "http2_protocol_options": {} }));
    let endpoint = |node: &SocketAddr| {
        let address = json!({ "address": node.ip().to_string(), "port_value": node.port() });
        json!({ "endpoint": { "address": { "socket_address": address } } })
    };
    cluster["load_assignment"]["endpoints"][0]["lb_endpoints"] = nodes.iter().map(endpoint).collect();
    cluster["connect_timeout"] = "0.25s".into();
    let check = json!({
        "timeout": "0.5s",
        "interval": "0.5s",
        "no_traffic_interval": "0.5s",
        "unhealthy_threshold": 1,
        "healthy_threshold": 1,
        "grpc_health_check": {},
    });
    cluster["health_checks"] = json!([check]);
    Some(cluster)
}

/// A cluster that is one server, spoken to in one protocol.
pub(crate) fn cluster(name: &str, server: SocketAddr, protocol: &Value) -> Value {
    let address = json!({ "address": server.ip().to_string(), "port_value": server.port() });
    json!({
        "name": name,
        "type": "STATIC",
        // A burst of calls must be judged by the filter and by nothing else.
        "circuit_breakers": { "thresholds": [{ "max_connections": 5000, "max_pending_requests": 5000, "max_requests": 5000 }] },
        "load_assignment": { "cluster_name": name, "endpoints": [{ "lb_endpoints": [{
            "endpoint": { "address": { "socket_address": address } },
        }] }] },
        "typed_extension_protocol_options": { "envoy.extensions.upstreams.http.v3.HttpProtocolOptions": {
            "@type": format!("{TYPES}.upstreams.http.v3.HttpProtocolOptions"),
            "explicit_http_config": protocol,
        } },
    })
}
