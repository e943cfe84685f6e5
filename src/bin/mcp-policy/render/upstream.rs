//! Where the MCP server is, from a URL.

use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
    str::FromStr,
};

/// The part of a URL that a cluster needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Upstream {
    /// `https`.
    pub(super) tls: bool,
    /// A DNS name, or an address without brackets.
    pub(super) host: String,
    /// Never 0.
    pub(super) port: u16,
}

impl Upstream {
    /// Whether `host` is an address and no name.
    pub(super) fn is_address(&self) -> bool {
        self.host.parse::<IpAddr>().is_ok()
    }

    /// What clients send as `Host`.
    pub(super) fn authority(&self) -> String {
        let host = if self.host.contains(':') { format!("[{}]", self.host) } else { self.host.clone() };
        if self.port == default_port(self.tls) { host } else { format!("{host}:{}", self.port) }
    }
}

impl FromStr for Upstream {
    type Err = String;

    /// # Errors
    ///
    /// For anything that the gateway could not keep: other schemes, user names, queries, paths.
    fn from_str(url: &str) -> Result<Self, String> {
        let (scheme, rest) = url.split_once("://").ok_or("not a URL; give one like `http://127.0.0.1:10002`")?;
        let tls = match scheme.to_ascii_lowercase().as_str() {
            "http" => false,
            "https" => true,
            _ => return Err(format!("`{scheme}` is not a scheme of MCP servers; give `http` or `https`")),
        };
        let (authority, path) = split_before(rest, &['/', '?', '#', '\\']);
        if path.contains(['?', '#', '\\']) {
            return Err(format!("`{path}`: only a path can follow the port; take the rest out"));
        }
        if !matches!(path, "" | "/" | "/mcp") {
            return Err(format!(
                "`{path}` cannot be kept: the gateway passes each request's path through unchanged; \
                 give `{scheme}://{authority}` and let clients ask the gateway for `{path}`"
            ));
        }
        let (host, port) = split_port(authority)?;
        Ok(Self { tls, host: host_of(host)?, port: port_of(port, tls)? })
    }
}

fn split_before<'a>(text: &'a str, ends: &[char]) -> (&'a str, &'a str) {
    text.find(ends).and_then(|at| text.split_at_checked(at)).unwrap_or((text, ""))
}

/// Host and port as written; an address in brackets has colons of its own.
fn split_port(authority: &str) -> Result<(&str, Option<&str>), String> {
    if authority.contains('@') {
        return Err("a user name or password is not passed on; take it out".to_owned());
    }
    if !authority.starts_with('[') {
        if authority.matches(':').count() > 1 {
            return Err(format!("`{authority}`: put an IPv6 address in brackets, as in `[::1]:80`"));
        }
        return Ok(authority.split_once(':').map_or((authority, None), |(host, port)| (host, Some(port))));
    }
    let (_, after) = split_before(authority, &[']']);
    let host = authority.strip_suffix(after).unwrap_or(authority);
    match after.strip_prefix(']') {
        Some("") => Ok((host, None)),
        Some(port) if port.starts_with(':') => Ok((host, port.strip_prefix(':'))),
        Some(_) => Err(format!("`{authority}`: only a port can follow `]`")),
        None => Err(format!("`{authority}`: `]` is missing")),
    }
}

fn host_of(host: &str) -> Result<String, String> {
    if let Some(address) = host.strip_prefix('[') {
        return match address.parse::<Ipv6Addr>() {
            Ok(address) => Ok(address.to_string()),
            Err(_) => Err(format!("`{address}` is not an IPv6 address")),
        };
    }
    if let Ok(address) = host.parse::<Ipv4Addr>() {
        return Ok(address.to_string());
    }
    let labels_fit = host.split('.').all(|label| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
    });
    // A last label of digits would be an address to some readers and a name to others.
    let ends_in_number = host.rsplit('.').next().is_some_and(|label| label.bytes().all(|byte| byte.is_ascii_digit()));
    if host.len() > 253 || !labels_fit || ends_in_number {
        return Err(format!("`{host}` is neither a host name nor an address"));
    }
    Ok(host.to_ascii_lowercase())
}

fn port_of(port: Option<&str>, tls: bool) -> Result<u16, String> {
    let Some(port) = port else { return Ok(default_port(tls)) };
    match port.parse() {
        Ok(number) if number > 0 && port.bytes().all(|byte| byte.is_ascii_digit()) => Ok(number),
        _ => Err(format!("`{port}` is not a port; give a number from 1 to 65535")),
    }
}

fn default_port(tls: bool) -> u16 {
    if tls { 443 } else { 80 }
}
