//! What Envoy knows of a request and of its caller: its attributes, as engine and identity ask for them.

use std::cell::{Cell, RefCell};

use proxy_wasm::types::Status;

use crate::{
    engine::{BoundRequest, RequestInfo},
    http::{Header, Headers},
    identity::{self, Claims, ConnectionAttributes, Peer, Source},
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
    let route = cluster || config.reads_route() || config.pins_definitions();
    let needed = Needed { route, cluster, metadata: config.reads_claims() };
    let mut metadata = None;
    let mut request = BoundRequest::new(config, read_request(&config.identity, needed, &mut metadata)?);
    let claims = match (request.needed_claims(), &request.info().grant) {
        ([], _) | (_, Err(_)) => return Some(request),
        (names, Ok(grant)) => {
            let payload = identity::claims_payload(&config.identity, grant, config.claims.as_deref());
            payload.zip(metadata).map(|(payload, metadata)| Claims::select(&metadata, payload, names))
        }
    };
    request.set_claims(claims.unwrap_or_default());
    Some(request)
}

/// The attributes of a request that are not always needed: each costs a host call.
#[derive(Clone, Copy, Default)]
pub(super) struct Needed {
    route: bool,
    cluster: bool,
    metadata: bool,
}

/// Everything about a request but its body; these sources identify the caller.
pub(super) fn request_info(identity: &[Source], needed: Needed) -> Option<Box<RequestInfo>> {
    read_request(identity, needed, &mut None)
}

/// The same; the request's dynamic metadata goes to `metadata` if it is needed and there is some.
fn read_request(identity: &[Source], needed: Needed, metadata: &mut Option<Vec<u8>>) -> Option<Box<RequestInfo>> {
    let headers = host::request_headers()?;
    let short = |id: &str| id.get(..id.floor_char_boundary(128)).unwrap_or_default().into();
    let request_id = headers.str_value("x-request-id").map(short);
    let attributes = EnvoyAttributes {
        headers: &headers,
        failed: Cell::new(false),
        metadata: needed.metadata.then(RefCell::default),
    };
    let grant = identity::identify(identity, &attributes);
    let route = if needed.route { route_name().ok()? } else { None };
    let cluster = needed.cluster.then(|| attributes.cluster_name()).flatten();
    if needed.metadata {
        *metadata = attributes.metadata();
    }
    if attributes.failed.get() {
        return None;
    }
    let mut info = Box::new(RequestInfo::new(headers, grant));
    info.request_id = request_id;
    info.route = route;
    info.cluster = cluster;
    Some(info)
}

/// The name of Envoy's route, as it is now. No binding matches a name that is not UTF-8.
///
/// # Errors
/// If Envoy does not return it.
pub(super) fn route_name() -> Result<Option<String>, Status> {
    Ok(host::property("xds\0route_name")?.and_then(|name| String::from_utf8(name).ok()))
}

/// Attributes of one request, read on demand.
struct EnvoyAttributes<'h> {
    headers: &'h Headers,
    /// Whether Envoy failed to return one.
    failed: Cell<bool>,
    /// The dynamic metadata once it was asked for, if rules read it after the identity.
    metadata: Option<RefCell<Option<Option<Vec<u8>>>>>,
}

impl EnvoyAttributes<'_> {
    fn property(&self, path: &str) -> Option<Vec<u8>> {
        host::property(path).unwrap_or_else(|_| {
            self.failed.set(true);
            None
        })
    }

    /// The name of Envoy's cluster.
    fn cluster_name(&self) -> Option<String> {
        self.property("xds\0cluster_name").and_then(|name| String::from_utf8(name).ok())
    }
}

impl ConnectionAttributes for EnvoyAttributes<'_> {
    fn header(&self, name: &str) -> Header<'_> {
        self.headers.get(name)
    }

    fn peer(&self, name: Peer) -> Option<Vec<u8>> {
        let attribute = match name {
            Peer::UriSan => "connection\0uri_san_peer_certificate",
            Peer::DnsSan => "connection\0dns_san_peer_certificate",
            Peer::Subject => "connection\0subject_peer_certificate",
        };
        self.property(attribute)
    }

    fn metadata(&self) -> Option<Vec<u8>> {
        let Some(kept) = &self.metadata else { return self.property("metadata") };
        kept.borrow_mut().get_or_insert_with(|| self.property("metadata")).clone()
    }

    fn address(&self) -> Option<Vec<u8>> {
        self.property("source\0address")
    }

    fn now(&self) -> Timestamp {
        host::current_time().unwrap_or_else(|| {
            self.failed.set(true);
            Timestamp(u64::MAX)
        })
    }
}
