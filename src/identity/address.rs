//! Reads the caller's address from the form that Envoy gives: `10.0.0.7:52144` or `[2001:db8::1]:443`.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};

/// Whether an address from [`read`] is an IPv6 network.
pub(super) fn is_ipv6(address: &str) -> bool {
    address.contains(':')
}

/// The peer's address without its port; of an IPv6 address the /64 network, since one host can use all of its addresses.
///
/// Port 0 means that Envoy took the address from a forwarding header, which callers can set. `None` then, unless
/// `forwarded` accepts it.
pub(super) fn read(address: &[u8], forwarded: bool) -> Option<String> {
    let text = std::str::from_utf8(address).ok()?;
    let address: SocketAddr = text.parse().ok()?;
    if address.port() == 0 && !forwarded {
        return None;
    }
    if address.is_ipv4() {
        // The parser accepts one spelling of an IPv4 address only, so the text need not be normalized.
        return Some(text.get(..text.bytes().position(|byte| byte == b':')?)?.to_owned());
    }
    Some(match address.ip().to_canonical() {
        IpAddr::V4(ip) => ip.to_string(),
        IpAddr::V6(ip) => {
            let [a, b, c, d, ..] = ip.segments();
            format!("{}/64", Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
        }
    })
}

/// The address, without its port, of the peer of a connection, or what a forwarding header calls so: it tells callers apart who
/// have no identity, and is none itself.
#[must_use]
pub fn peer_address(address: &[u8]) -> Option<String> {
    read(address, true)
}
