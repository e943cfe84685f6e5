//! The options of a test's listener, and its Envoy configuration.

use super::{
    clusters::{cluster, etcd_cluster},
    programs,
};
use serde_json::{Map, Value, json};
use std::{
    fs,
    net::SocketAddr,
    path::{Path, PathBuf},
};

/// The file of an Envoy's folder that access logs are in.
pub(super) const ACCESS_LOG: &str = "access.log";

/// Where Envoy's extension types live.
pub(super) const TYPES: &str = "type.googleapis.com/envoy.extensions";

/// A listener with the module under test in front of the recording upstream.
#[derive(Clone, Debug)]
pub(crate) struct Listener {
    name: String,
    plugin: String,
    configuration: Option<Value>,
    holds_headers: bool,
    remote_address: bool,
    proxy_protocol: bool,
    buffer_limit: u32,
    body_limit: Option<u32>,
    cluster: String,
    server: Option<SocketAddr>,
    service: Option<SocketAddr>,
    counts: Option<SocketAddr>,
    etcd: Vec<SocketAddr>,
    filters_before: Vec<Value>,
    denied_later: bool,
    routes: Option<Value>,
    internal_callers: bool,
    transport: Option<Value>,
    access_log: bool,
    http2_streams: Option<u32>,
    discovery: Option<PathBuf>,
}

/// A configuration given as text, the way a policy file is pasted.
pub(crate) fn json_text(text: &str) -> Value {
    json!({ "@type": "type.googleapis.com/google.protobuf.StringValue", "value": text })
}

/// A configuration given as a protobuf `Struct`.
pub(crate) fn structure(value: &Value) -> Value {
    json!({ "@type": "type.googleapis.com/google.protobuf.Struct", "value": value })
}

impl Listener {
    /// A listener whose filter is named like itself, set up as the project's own `envoy.yaml` has it.
    pub(crate) fn new(name: &str, configuration: Value) -> Self {
        Self { configuration: Some(configuration), ..Self::bare(name) }
    }

    /// A listener without the module.
    pub(crate) fn bare(name: &str) -> Self {
        Self {
            name: name.into(),
            plugin: name.into(),
            configuration: None,
            holds_headers: true,
            remote_address: true,
            proxy_protocol: false,
            buffer_limit: 1 << 20,
            body_limit: None,
            cluster: "http1".into(),
            server: None,
            service: None,
            counts: None,
            etcd: Vec::new(),
            filters_before: Vec::new(),
            denied_later: false,
            routes: None,
            internal_callers: false,
            transport: None,
            access_log: false,
            http2_streams: None,
            discovery: None,
        }
    }

    /// Its name.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// The filter's name, which separates its counters from those of others.
    pub(crate) fn plugin(mut self, name: &str) -> Self {
        self.plugin = name.into();
        self
    }

    /// Without `allow_on_headers_stop_iteration`: a filter cannot hold the headers until it has read the body.
    pub(crate) fn without_stop_iteration(mut self) -> Self {
        self.holds_headers = false;
        self
    }

    /// As `protocol.headers` of its configuration wants it.
    pub(crate) fn in_mode(self, mode: &str) -> Self {
        if mode == "hold" { self } else { self.without_stop_iteration() }
    }

    /// Envoy believes `X-Forwarded-For`, as it does by default.
    pub(crate) fn believes_forwarding_headers(mut self) -> Self {
        self.remote_address = false;
        self
    }

    /// A PROXY protocol line says where a connection comes from, so that a test can come from anywhere.
    pub(crate) fn proxy_protocol(mut self) -> Self {
        self.proxy_protocol = true;
        self
    }

    /// How many bytes Envoy itself buffers for the filter.
    pub(crate) fn buffer_limit(mut self, bytes: u32) -> Self {
        self.buffer_limit = bytes;
        self
    }

    /// How many bytes of one request Envoy buffers, if that is more; as `render` has it.
    pub(crate) fn body_limit(mut self, bytes: u32) -> Self {
        self.body_limit = Some(bytes);
        self
    }

    /// Speaks HTTP/2 to the upstream.
    pub(crate) fn upstream_http2(mut self) -> Self {
        self.cluster = "http2".into();
        self
    }

    /// How many streams one connection of HTTP/2 may have.
    pub(crate) fn http2_streams(mut self, count: u32) -> Self {
        self.http2_streams = Some(count);
        self
    }

    /// Envoy discovers the filter in a file of this folder, as [`Self::push`] writes it: a new configuration leaves the listener and
    /// its connections alone.
    pub(crate) fn discovered_in(mut self, folder: &Path) -> Self {
        self.discovery = Some(folder.join(format!("{}.json", self.name)));
        self
    }

    /// Puts the filter into the file in which Envoy discovers it, in one step.
    pub(crate) fn push(&self) {
        let (Some(file), Some(filter)) = (&self.discovery, self.filter()) else {
            panic!("{} is discovered", self.name)
        };
        let resource = json!({
            "@type": "type.googleapis.com/envoy.config.core.v3.TypedExtensionConfig",
            "name": self.name,
            "typed_config": filter["typed_config"],
        });
        let draft = file.with_extension("new");
        fs::write(&draft, json!({ "resources": [resource] }).to_string()).expect("a file");
        fs::rename(draft, file).expect("the file in its place");
    }

    /// Sends requests to another cluster than the upstream: `refusing` accepts no connection, `empty` has no server,
    /// `missing` is not there.
    pub(crate) fn cluster(mut self, name: &str) -> Self {
        self.cluster = name.into();
        self
    }

    /// In front of another server than the recording upstream, and named after both: there may be one for each server.
    pub(crate) fn in_front_of(mut self, server: &str, address: SocketAddr) -> Self {
        self.name = format!("{server}-{}", self.name);
        self.cluster.clone_from(&self.name);
        self.server = Some(address);
        self
    }

    /// The filter may call a server of its own, by the cluster `service`.
    pub(crate) fn service(mut self, address: SocketAddr) -> Self {
        self.service = Some(address);
        self
    }

    /// The filter may have a server count its limits, by the cluster `counts`.
    pub(crate) fn counted_by(mut self, address: SocketAddr) -> Self {
        self.counts = Some(address);
        self
    }

    /// The filter may keep its approvals in these nodes of etcd, by the cluster `etcd`.
    pub(crate) fn approvals_in(mut self, nodes: &[SocketAddr]) -> Self {
        self.etcd = nodes.to_vec();
        self
    }

    /// A filter behind the one under test denies every request.
    pub(crate) fn denied_later(mut self) -> Self {
        self.denied_later = true;
        self
    }

    /// A filter before the one under test, such as one that checks tokens.
    pub(crate) fn behind(mut self, filter: Value) -> Self {
        self.filters_before.push(filter);
        self
    }

    /// Routes by path prefix, the first that fits: name and prefix of each.
    pub(crate) fn routes(mut self, routes: &[(&str, &str)]) -> Self {
        let cluster = &self.cluster;
        let route = |(name, prefix): &(&str, &str)| json!({ "name": name, "match": { "prefix": prefix }, "route": { "cluster": cluster } });
        self.routes = Some(routes.iter().map(route).collect());
        self
    }

    /// Envoy takes the callers for internal ones, whose `x-envoy-` headers it obeys; those of others it removes itself.
    pub(crate) fn with_internal_callers(mut self) -> Self {
        self.internal_callers = true;
        self
    }

    /// Two routes: the first for requests with this header, the second for all others.
    pub(crate) fn routed_by(mut self, header: &str, [with, without]: [&str; 2]) -> Self {
        let to = json!({ "cluster": self.cluster });
        let has_header = json!({ "prefix": "/", "headers": [{ "name": header, "present_match": true }] });
        self.routes = Some(json!([
            { "name": with, "match": has_header, "route": to },
            { "name": without, "match": { "prefix": "/" }, "route": to },
        ]));
        self
    }

    /// Envoy answers by itself what the filter lets through.
    pub(crate) fn without_server(mut self) -> Self {
        let answer = json!({ "status": 200, "body": { "inline_string": "passed" } });
        self.routes = Some(json!([{ "name": "mcp", "match": { "prefix": "/" }, "direct_response": answer }]));
        self
    }

    /// TLS, or whatever else the connections are made of.
    pub(crate) fn transport(mut self, kind: &str, configuration: Value) -> Self {
        self.transport = Some(extension("envoy.transport_sockets.tls", kind, configuration));
        self
    }

    /// Writes each request's case and audit record into a file of the Envoy's folder.
    pub(crate) fn access_log(mut self) -> Self {
        self.access_log = true;
        self
    }

    /// The listener as Envoy reads it, of an Envoy that has this folder.
    pub(super) fn to_json(&self, folder: &Path) -> Value {
        let mut filters = self.filters_before.clone();
        filters.extend(self.wasm());
        if self.denied_later {
            let no_rules = json!({ "rules": { "action": "ALLOW", "policies": {} } });
            filters.push(extension("envoy.filters.http.rbac", "filters.http.rbac.v3.RBAC", no_rules));
        }
        filters.push(extension("envoy.filters.http.router", "filters.http.router.v3.Router", json!({})));
        let routes = self.routes.clone().unwrap_or_else(|| {
            // Envoy would end an event stream after 15 s otherwise.
            let route = json!({ "cluster": self.cluster, "timeout": "0s" });
            json!([{ "name": "mcp", "match": { "prefix": "/" }, "route": route }])
        });
        let mut manager = json!({
            "stat_prefix": self.name,
            "use_remote_address": self.remote_address,
            "http_protocol_options": { "enable_trailers": true },
            "http_filters": filters,
            "route_config": { "validate_clusters": false, "virtual_hosts": [{
                "name": "all",
                "domains": ["*"],
                "routes": routes,
            }] },
        });
        if let Some(bytes) = self.body_limit {
            manager["route_config"]["virtual_hosts"][0]["request_body_buffer_limit"] = bytes.into();
        }
        if let Some(streams) = self.http2_streams {
            manager["http2_protocol_options"] = json!({ "max_concurrent_streams": streams });
        }
        if self.internal_callers {
            let loopback = json!({ "address_prefix": "127.0.0.0", "prefix_len": 8 });
            manager["internal_address_config"] = json!({ "cidr_ranges": [loopback] });
        }
        if self.access_log {
            let format = json!({
                "case": "%REQ(X-CASE)%",
                "record": "%FILTER_STATE(wasm.mcp_policy:PLAIN)%",
                "details": "%RESPONSE_CODE_DETAILS%",
            });
            let file = json!({ "path": folder.join(ACCESS_LOG), "log_format": { "json_format": format } });
            let log = extension("envoy.access_loggers.file", "access_loggers.file.v3.FileAccessLog", file);
            manager["access_log"] = json!([log]);
        }
        let kind = "filters.network.http_connection_manager.v3.HttpConnectionManager";
        let manager = extension("envoy.filters.network.http_connection_manager", kind, manager);
        let mut listener = json!({
            "name": self.name,
            "address": { "socket_address": { "address": "127.0.0.1", "port_value": 0 } },
            "per_connection_buffer_limit_bytes": self.buffer_limit,
            "filter_chains": [{ "filters": [manager] }],
        });
        if let Some(transport) = &self.transport {
            listener["filter_chains"][0]["transport_socket"] = transport.clone();
        }
        if self.proxy_protocol {
            let kind = "filters.listener.proxy_protocol.v3.ProxyProtocol";
            listener["listener_filters"] = json!([extension("envoy.filters.listener.proxy_protocol", kind, json!({}))]);
            // Envoy would close a connection whose line comes after 15 s, which is possible on a machine with too much to do.
            listener["listener_filters_timeout"] = json!("0s");
        }
        listener
    }

    /// The clusters that no other listener has.
    pub(super) fn own_clusters(&self) -> impl Iterator<Item = Value> {
        let protocol = json!({ "http_protocol_options": {} });
        let server = self.server.map(|address| cluster(&self.cluster, address, &protocol));
        let service = self.service.map(|address| cluster("service", address, &protocol));
        let counts = self.counts.map(|address| cluster("counts", address, &json!({ "http2_protocol_options": {} })));
        server.into_iter().chain(service).chain(counts).chain(etcd_cluster(&self.etcd))
    }

    /// The filter under test, or where Envoy discovers it.
    fn wasm(&self) -> Option<Value> {
        let Some(file) = &self.discovery else { return self.filter() };
        let source = json!({ "resource_api_version": "V3", "path_config_source": { "path": file } });
        let kinds = [format!("{TYPES}.filters.http.wasm.v3.Wasm")];
        Some(json!({ "name": self.name, "config_discovery": { "config_source": source, "type_urls": kinds } }))
    }

    /// The filter under test. All of them share one `vm_id`, so one VM for each worker and one shared data.
    fn filter(&self) -> Option<Value> {
        let configuration = self.configuration.as_ref()?;
        let plugin = json!({
            "name": self.plugin,
            "root_id": "mcp_policy",
            "vm_config": {
                "vm_id": "mcp-policy",
                "runtime": "envoy.wasm.runtime.v8",
                "code": { "local": { "filename": programs::module() } },
            },
            "configuration": configuration,
            "failure_policy": "FAIL_RELOAD",
            "allow_on_headers_stop_iteration": self.holds_headers,
        });
        Some(extension("envoy.filters.http.wasm", "filters.http.wasm.v3.Wasm", json!({ "config": plugin })))
    }
}

/// An extension with its configuration.
pub(crate) fn extension(name: &str, kind: &str, configuration: Value) -> Value {
    let mut typed = Map::from_iter([("@type".to_owned(), Value::from(format!("{TYPES}.{kind}")))]);
    if let Value::Object(members) = configuration {
        typed.extend(members);
    }
    json!({ "name": name, "typed_config": typed })
}
