//! What Envoy knows of a request and of its caller.

use std::cell::Cell;

use crate::{
    engine::RequestInfo,
    http::{Header, Headers},
    identity::{self, ConnectionAttributes, Peer, Source},
};

use super::{host, root::Filter};

/// Everything about a request but its body. Headers and properties are in reach only now; `None` if they are not: a
/// caller would be taken for another.
pub(super) fn call(filter: &Filter) -> Option<RequestInfo> {
    visit(&filter.config.identity, filter.config.reads_route())
}

/// The same of whoever calls by one of these sources of identity.
pub(super) fn visit(identity: &[Source], reads_route: bool) -> Option<RequestInfo> {
    let headers = host::request_headers()?;
    let short = |id: &str| id.get(..id.floor_char_boundary(128)).unwrap_or_default().into();
    let request_id = headers.text("x-request-id").map(short);
    let seen = Seen { headers: &headers, failed: Cell::new(false) };
    let grant = identity::identify(identity, &seen);
    let route = reads_route.then(|| seen.route()).flatten();
    if seen.failed.get() {
        return None;
    }
    Some(RequestInfo { request_id, route, ..RequestInfo::new(headers, grant) })
}

/// What Envoy knows of the caller.
struct Seen<'h> {
    headers: &'h Headers,
    /// Whether it failed to say something.
    failed: Cell<bool>,
}

impl Seen<'_> {
    fn property(&self, path: &'static str) -> Option<Vec<u8>> {
        host::property(path).unwrap_or_else(|_| {
            self.failed.set(true);
            None
        })
    }
}

impl Seen<'_> {
    /// The name of Envoy's route. A name that is no text is bound by nothing.
    fn route(&self) -> Option<String> {
        self.property("xds\0route_name").and_then(|name| String::from_utf8(name).ok())
    }
}

impl ConnectionAttributes for Seen<'_> {
    fn header(&self, name: &str) -> Header<'_> {
        self.headers.get(name)
    }

    fn peer(&self, name: Peer) -> Option<Vec<u8>> {
        self.property(match name {
            Peer::UriSan => "connection\0uri_san_peer_certificate",
            Peer::DnsSan => "connection\0dns_san_peer_certificate",
            Peer::Subject => "connection\0subject_peer_certificate",
        })
    }

    fn metadata(&self) -> Option<Vec<u8>> {
        self.property("metadata")
    }

    fn address(&self) -> Option<Vec<u8>> {
        self.property("source\0address")
    }
}
