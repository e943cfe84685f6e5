//! Hosts and paths, as far as everybody reads them alike.

use super::Matcher;

/// Whether a host is meant, with its port or without. Hosts know no case; RFC 9110, section 4.2.3.
pub(super) fn is_host(matcher: &Matcher, host: &str) -> bool {
    let host = host.to_ascii_lowercase();
    let is_port = |port: &str| !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit());
    let bare = host.rsplit_once(':').filter(|(_, port)| is_port(port)).map(|(bare, _)| bare);
    matcher.matches(&host) || bare.is_some_and(|bare| matcher.matches(bare))
}

/// Whether a path is meant, without its query.
pub(super) fn is_path(matcher: &Matcher, path: &str) -> bool {
    plain(path).is_some_and(|path| matcher.matches(path))
}

/// Whether a path is meant or lies below it: `/a` has `/a/b` below it, and not `/ab`.
pub(super) fn has_prefix(matcher: &Matcher, path: &str) -> bool {
    let Some(path) = plain(path) else { return false };
    let fronts = path.match_indices('/').flat_map(|(at, _)| [path.get(..at), path.get(..at.saturating_add(1))]);
    matcher.matches(path) || fronts.flatten().any(|front| matcher.matches(front))
}

/// The path without its query, if servers cannot find another one in it: some merge slashes, resolve dots, decode, or
/// cut at `;`.
fn plain(path: &str) -> Option<&str> {
    let path = path.split(['?', '#']).next().unwrap_or_default();
    let lower = path.to_ascii_lowercase();
    let odd = ["//", "\\", ";", "%2e", "%2f", "%5c"].iter().any(|odd| lower.contains(odd));
    let dots = path.split('/').any(|segment| segment == "." || segment == "..");
    (!odd && !dots).then_some(path)
}
