//! What Envoy knows of a request and of its caller: its attributes, as engine and identity ask for them.

use std::cell::Cell;

use proxy_wasm::types::Status;

use crate::{
    engine::RequestInfo,
    http::{Header, Headers},
    identity::{self, ConnectionAttributes, Peer, Source},
};

use super::{host, root::Filter};

/// Everything about a request but its body. Call it in the request-headers callback only: later, Envoy returns neither headers
/// nor attributes. `None` if it does not return them: one caller could be taken for another.
pub(super) fn request_info(filter: &Filter) -> Option<RequestInfo> {
    request_info_by(&filter.config.identity, filter.config.reads_route())
}

/// The same for a request whose caller is identified by these sources.
pub(super) fn request_info_by(identity: &[Source], reads_route: bool) -> Option<RequestInfo> {
    let headers = host::request_headers()?;
    let short = |id: &str| id.get(..id.floor_char_boundary(128)).unwrap_or_default().into();
    let request_id = headers.text("x-request-id").map(short);
    let attributes = EnvoyAttributes { headers: &headers, failed: Cell::new(false) };
    let grant = identity::identify(identity, &attributes);
    let route = if reads_route { route_name().ok()? } else { None };
    if attributes.failed.get() {
        return None;
    }
    Some(RequestInfo { request_id, route, ..RequestInfo::new(headers, grant) })
}

/// The name of Envoy's route, as it is now. No binding matches a name that is not UTF-8.
///
/// # Errors
/// If Envoy does not return it.
pub(super) fn route_name() -> Result<Option<String>, Status> {
    Ok(host::property(&["xds", "route_name"])?.and_then(|name| String::from_utf8(name).ok()))
}

/// Attributes of one request, read when they are asked for.
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
}
