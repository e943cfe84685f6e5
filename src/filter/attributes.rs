//! What Envoy knows of a request and of its caller: its attributes, as engine and identity ask for them.

use std::cell::Cell;

use proxy_wasm::types::Status;

use crate::{
    engine::{BoundRequest, RequestInfo},
    http::{Header, Headers},
    identity::{self, ConnectionAttributes, Peer, Source},
    time::Timestamp,
};

use super::{host, root::Filter};

/// Everything about a request but its body, and the policy that applies to it. Call it in the request-headers callback only:
/// later, Envoy returns neither headers nor attributes. `None` if it does not return them: one caller could be taken for
/// another.
pub(super) fn bound_request(filter: &Filter) -> Option<BoundRequest> {
    let config = &filter.config;
    // An approval holds for one route and cluster, a drift for one route.
    let cluster = config.asks_for_approval();
    let needed = Needed { route: cluster || config.reads_route() || config.pins_definitions(), cluster };
    Some(BoundRequest::new(config, request_info(&config.identity, needed)?))
}

/// The attributes of a request that are not always needed: each costs a host call.
#[derive(Clone, Copy, Default)]
pub(super) struct Needed {
    route: bool,
    cluster: bool,
}

/// Everything about a request but its body; these sources identify the caller.
pub(super) fn request_info(identity: &[Source], needed: Needed) -> Option<RequestInfo> {
    let headers = host::request_headers()?;
    let short = |id: &str| id.get(..id.floor_char_boundary(128)).unwrap_or_default().into();
    let request_id = headers.str_value("x-request-id").map(short);
    let attributes = EnvoyAttributes { headers: &headers, failed: Cell::new(false) };
    let grant = identity::identify(identity, &attributes);
    let route = if needed.route { route_name().ok()? } else { None };
    let cluster = needed.cluster.then(|| attributes.cluster_name()).flatten();
    if attributes.failed.get() {
        return None;
    }
    Some(RequestInfo { request_id, route, cluster, ..RequestInfo::new(headers, grant) })
}

/// The name of Envoy's route, as it is now. No binding matches a name that is not UTF-8.
///
/// # Errors
/// If Envoy does not return it.
pub(super) fn route_name() -> Result<Option<String>, Status> {
    Ok(host::property(&["xds", "route_name"])?.and_then(|name| String::from_utf8(name).ok()))
}

/// Attributes of one request, read on demand.
struct EnvoyAttributes<'h> {
    headers: &'h Headers,
    /// Whether Envoy failed to return one.
    failed: Cell<bool>,
}

impl EnvoyAttributes<'_> {
    fn property(&self, path: &[&'static str]) -> Option<Vec<u8>> {
        host::property(path).unwrap_or_else(|_| {
            self.failed.set(true);
            None
        })
    }

    /// The name of Envoy's cluster.
    fn cluster_name(&self) -> Option<String> {
        self.property(&["xds", "cluster_name"]).and_then(|name| String::from_utf8(name).ok())
    }
}

impl ConnectionAttributes for EnvoyAttributes<'_> {
    fn header(&self, name: &str) -> Header<'_> {
        self.headers.get(name)
    }

    fn peer(&self, name: Peer) -> Option<Vec<u8>> {
        let attribute = match name {
            Peer::UriSan => "uri_san_peer_certificate",
            Peer::DnsSan => "dns_san_peer_certificate",
            Peer::Subject => "subject_peer_certificate",
        };
        self.property(&["connection", attribute])
    }

    fn metadata(&self) -> Option<Vec<u8>> {
        self.property(&["metadata"])
    }

    fn address(&self) -> Option<Vec<u8>> {
        self.property(&["source", "address"])
    }

    fn now(&self) -> Timestamp {
        host::current_time().unwrap_or_else(|| {
            self.failed.set(true);
            Timestamp(u64::MAX)
        })
    }
}
