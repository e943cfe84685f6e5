//! Resource URIs that are refused whatever an entry says.

/// Whether servers may find different resources under a URI: they decode and normalise it at different times.
/// RFC 3986, sections 3.3 and 6.2.2.
#[must_use]
pub fn is_ambiguous(uri: &str) -> bool {
    let lower = uri.to_ascii_lowercase();
    let coded = ["%2e", "%2f", "%5c", "\\"].iter().any(|coded| lower.contains(coded));
    let path = uri.split(['?', '#']).next().unwrap_or_default();
    let dots = path.split('/').any(|segment| segment == "." || segment == "..");
    coded || dots || uri.chars().any(char::is_control) || encodes_control(&lower)
}

/// Whether a percent-encoded control character stands in a URI in lower case.
fn encodes_control(lower: &str) -> bool {
    let codes = lower.split('%').skip(1).filter_map(|rest| rest.get(..2));
    codes.filter_map(|code| u8::from_str_radix(code, 16).ok()).any(|byte| byte.is_ascii_control())
}
