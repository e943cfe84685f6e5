//! The MCP server behind the gateway, as a URL.

use std::str::FromStr;

use serde::Serialize;
use url::{Host, ParseError, Url};

/// The parts of a URL that a cluster needs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Upstream {
    /// `https`.
    pub(super) tls: bool,
    /// A DNS name, or an address without brackets.
    pub(super) host: String,
    /// Whether `host` is an address.
    pub(super) is_address: bool,
    /// Never 0.
    pub(super) port: u16,
    /// The value of `Host`: the host, with its port if that is not the scheme's own.
    pub(super) authority: String,
}

impl Upstream {
    /// The URL of the server, without a path.
    pub(super) fn url(&self) -> String {
        format!("{}://{}", if self.tls { "https" } else { "http" }, self.authority)
    }
}

impl FromStr for Upstream {
    type Err = String;

    /// # Errors
    /// For whatever the gateway would not pass on: other schemes, user names, queries, paths.
    fn from_str(text: &str) -> Result<Self, String> {
        let url = Url::parse(text).map_err(|error| match error {
            ParseError::RelativeUrlWithoutBase => "not a URL; give one like `http://127.0.0.1:10002`".to_owned(),
            error => format!("{error}; give a URL like `http://127.0.0.1:10002`"),
        })?;
        let tls = match url.scheme() {
            "http" => false,
            "https" => true,
            scheme => return Err(format!("`{scheme}` is not a scheme of MCP servers; give `http` or `https`")),
        };
        if !url.username().is_empty() || url.password().is_some() {
            return Err("the gateway does not pass on a user name or password; remove it".to_owned());
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err("`--upstream` cannot have a query or a fragment; give `http://HOST:PORT`".to_owned());
        }
        if !matches!(url.path(), "/" | "/mcp") {
            return Err(format!(
                "the gateway passes each request's path through unchanged, so it cannot add `{path}`; give `{origin}`, and \
                 let clients request `{path}` from the gateway",
                path = url.path(),
                origin = url.origin().ascii_serialization()
            ));
        }
        let (host, is_address) = match url.host() {
            Some(Host::Ipv4(address)) => (address.to_string(), true),
            Some(Host::Ipv6(address)) => (address.to_string(), true),
            Some(Host::Domain(name)) if is_dns_name(name) => (name.to_owned(), false),
            host => {
                let host = host.map(|host| host.to_string()).unwrap_or_default();
                return Err(format!("`{host}` is neither a DNS name nor an address"));
            }
        };
        let port = url.port_or_known_default().filter(|port| *port > 0);
        let port = port.ok_or("`0` is not a port; give a number from 1 to 65535")?;
        let bracketed = url.host_str().unwrap_or_default();
        let authority = url.port().map_or_else(|| bracketed.to_owned(), |port| format!("{bracketed}:{port}"));
        Ok(Self { tls, host, is_address, port, authority })
    }
}

/// `Url` accepts more characters, empty labels, and labels of any length.
fn is_dns_name(name: &str) -> bool {
    let is_label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
    };
    name.len() <= 253 && name.split('.').all(is_label)
}
