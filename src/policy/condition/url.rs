//! `url_host_in`: the host of an http or https URL.
//!
//! The server fetches the URL with a parser we do not know, so a URL counts only where the parsers of RFC 3986 and of
//! the WHATWG URL standard find the same host, and it is written plainly. Everything else is of the wrong type. Names
//! are not resolved and redirects not followed.

use std::{
    collections::HashSet,
    net::{Ipv4Addr, Ipv6Addr},
};

use crate::bytes::read_port;

/// The hosts of a policy in the one spelling in which they are compared: a name in lower case, `.x` for `*.x`, and an IPv6
/// address as the hexadecimal digits of its 128 bits, in brackets.
#[derive(Clone, Debug, Default)]
pub struct AllowedHosts(HashSet<Box<str>>);

impl AllowedHosts {
    /// Adds a host as a policy writes it, or `*.` and a name; `None` for any other text.
    pub(super) fn add(&mut self, text: &str) -> Option<()> {
        let host = match text.strip_prefix("*.") {
            Some(name) if is_address(name) => return None,
            Some(name) => format!(".{}", read_host(name)?),
            None => read_host(text)?,
        };
        self.0.insert(host.into());
        Some(())
    }

    /// All hosts, in no order.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|host| &**host)
    }

    /// Whether the host of a URL is listed or lies under a listed name; `None` if the text is not a plain URL.
    pub(super) fn contains_host_of(&self, url: &str) -> Option<bool> {
        let host = host_of(url)?;
        // Addresses need no exception: nothing that is listed as `*.x` is a part of one.
        let mut above = host.match_indices('.').filter_map(|(dot, _)| host.get(dot..));
        Some(self.0.contains(&*host) || above.any(|above| self.0.contains(above)))
    }
}

/// The host of a plain URL.
fn host_of(url: &str) -> Option<String> {
    // WHATWG parsers drop tabs, line ends and outer white space and read `\` as `/`; others do not.
    if url.contains(|c: char| c == '\\' || c.is_whitespace() || c.is_control()) {
        return None;
    }
    let (scheme, rest) = url.split_once("://")?;
    if !["http", "https"].iter().any(|known| scheme.eq_ignore_ascii_case(known)) {
        return None;
    }
    // Userinfo. Also an `@` behind `?` or `#`: parsers that end the authority only at `/` took it for userinfo
    // (curl before 7.51.0, CVE-2016-8624).
    if rest.split('/').next()?.contains('@') {
        return None;
    }
    let authority = rest.split(['/', '?', '#']).next()?;
    let end = match authority.strip_prefix('[') {
        Some(_) => authority.find(']')?.checked_add(1)?,
        None => authority.find(':').unwrap_or(authority.len()),
    };
    let port = authority.get(end..)?;
    if !port.is_empty() {
        // `:` alone is an error to some parsers.
        read_port(port.strip_prefix(':')?)?;
    }
    read_host(authority.get(..end)?)
}

/// Whether a host is in the one spelling that all parsers give it.
pub(in crate::policy) fn is_plain_host(text: &str) -> bool {
    match text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        // RFC 5952 has one text for each address.
        Some(inner) => read_host(text).is_some() && inner.parse::<Ipv6Addr>().is_ok_and(|ip| ip.to_string() == inner),
        None => read_host(text).is_some_and(|host| host == text),
    }
}

/// A host in its plain spelling, a name in lower case, an IPv6 address by its value; `None` for any other spelling.
fn read_host(text: &str) -> Option<String> {
    if let Some(inner) = text.strip_prefix('[') {
        let address: Ipv6Addr = inner.strip_suffix(']')?.parse().ok()?;
        // `[::ffff:127.0.0.1]` reaches 127.0.0.1.
        return address.to_ipv4_mapped().is_none().then(|| format!("[{:x}]", address.to_bits()));
    }
    let plain = |label: &str| {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
        // No empty label either: `a..b`, and the dot at the end of `a.`, which names the same host as `a`.
        (1..=63).contains(&label.len()) && label.bytes().all(allowed)
    };
    if text.len() > 253 || !text.split('.').all(plain) {
        return None;
    }
    // Strict: four decimal parts without leading zeros. `127.1`, `0x7f.1` and `2130706433` reach 127.0.0.1, too.
    if is_address(text) && text.parse::<Ipv4Addr>().is_err() {
        return None;
    }
    Some(text.to_ascii_lowercase())
}

/// Whether a host is an address or none at all: IPv6, or what the WHATWG URL standard's *ends in a number checker* finds.
fn is_address(host: &str) -> bool {
    if host.starts_with('[') {
        return true;
    }
    let last = host.rsplit('.').next().unwrap_or_default();
    let hex = last.get(..2).filter(|prefix| prefix.eq_ignore_ascii_case("0x")).and_then(|_| last.get(2..));
    last.bytes().all(|byte| byte.is_ascii_digit())
        || hex.is_some_and(|digits| digits.bytes().all(|byte| byte.is_ascii_hexdigit()))
}
