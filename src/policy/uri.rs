//! Resource URIs that are refused whatever an entry says.

use crate::uri;

/// Whether servers may find different resources under a URI: they decode and normalise it at different times.
/// RFC 3986, sections 3.3 and 6.2.2.
#[must_use]
pub fn is_ambiguous(uri: &str) -> bool {
    let path = uri.split(['?', '#']).next().unwrap_or_default();
    let has_odd_character = uri.contains(|c: char| c == '\\' || c.is_control());
    has_odd_character || uri::has_ambiguous_escape(uri) || uri::has_dot_segment(path)
}
