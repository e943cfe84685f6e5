//! The ports on which Envoy listens: each has its own, and none is that of the MCP server.

use std::net::IpAddr;

use super::upstream::Upstream;

/// A port on which Envoy listens.
pub(super) struct Port {
    /// Who set it: an option, or a listener whose port is fixed.
    pub(super) of: &'static str,
    /// 0 is a port of the system's choice.
    pub(super) number: u16,
}

/// Compares the ports with each other and with the MCP server's. `own_names` are host names that lead to this Envoy.
///
/// # Errors
/// If two ports are one, or if Envoy would forward calls to itself.
pub(super) fn compare(ports: &[Port], upstream: &Upstream, own_names: &[String]) -> Result<(), String> {
    let mut rest = ports;
    while let [port, others @ ..] = rest {
        if let Some(same) = others.iter().find(|other| other.number == port.number && port.number != 0) {
            return Err(format!("{} and {} are both {}: choose another port for one", port.of, same.of, port.number));
        }
        rest = others;
    }
    let leads_here = leads_to_this_host(upstream) || own_names.contains(&upstream.host);
    match ports.iter().find(|port| leads_here && port.number == upstream.port) {
        None => Ok(()),
        Some(port) => Err(format!(
            "`--upstream` is `{}`, where Envoy itself listens ({} is {}): a call would come back to Envoy again and again; \
             give the MCP server's own address",
            upstream.authority, port.of, port.number
        )),
    }
}

fn leads_to_this_host(upstream: &Upstream) -> bool {
    match upstream.host.parse::<IpAddr>() {
        Ok(address) => {
            let address = address.to_canonical();
            address.is_loopback() || address.is_unspecified()
        }
        // RFC 6761, section 6.3.
        Err(_) => upstream.host == "localhost" || upstream.host.ends_with(".localhost"),
    }
}
