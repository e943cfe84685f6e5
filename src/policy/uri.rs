//! Resource URIs: the form in which they are compared, and those that are refused whatever an entry says.
//!
//! Servers decode and normalise a URI at different times and to different degrees. A URI that one of them may read as
//! another one is *ambiguous*. Source of the rules: the product contract, section 1.1; RFC 3986, sections 3 and 6.2;
//! the WHATWG URL standard; `path.resolve` of Node and `os.path.abspath` of Python, which take what follows `file://`
//! for a path.

#[cfg(test)]
mod tests;

use std::borrow::Cow;

use super::condition::is_plain_host;
use crate::{
    bytes::read_port,
    uri::{escape, has_ambiguous_escape, has_dot_segment},
};

/// Schemes whose URIs have a host that every parser normalises, with the default port.
const WITH_HOST: [(&str, &str); 5] = [("http", "80"), ("https", "443"), ("ws", "80"), ("wss", "443"), ("ftp", "21")];

/// What may follow the beginning of a URI: if none of these makes it plain, nothing does.
const CONTINUATIONS: [&str; 6] = ["x", "x/", "1/", "/x", "//x/", "///x"];

/// The form in which URIs and keys are compared: characters that RFC 3986 does not permit in a URI are percent-encoded
/// (`é` becomes `%C3%A9`), and the digits of each escape are in upper case.
#[must_use]
pub fn normalize(uri: &str) -> Cow<'_, str> {
    if !uri.bytes().any(|byte| byte == b'%' || must_be_encoded(byte)) {
        return Cow::Borrowed(uri);
    }
    let mut out = String::with_capacity(uri.len());
    for (index, piece) in uri.split('%').enumerate() {
        let digits = if index > 0 && escape(piece.as_bytes()).is_some() { piece.get(..2) } else { None };
        if index > 0 {
            out.push('%');
        }
        out.push_str(&digits.unwrap_or_default().to_ascii_uppercase());
        for byte in piece.bytes().skip(digits.map_or(0, str::len)) {
            match must_be_encoded(byte) {
                true => out.extend(['%', hex_digit(byte >> 4), hex_digit(byte & 15)]),
                false => out.push(char::from(byte)),
            }
        }
    }
    Cow::Owned(out)
}

/// Whether a server may read a URI as another one.
#[must_use]
pub fn is_ambiguous(uri: &str) -> bool {
    let scheme = scheme(uri);
    // The first segment of a path begins behind the scheme: `repo:../a` is `repo:a` to readers that resolve it.
    let behind_scheme = scheme.map_or(uri, |(_, rest)| rest);
    uri.chars().any(|c| c == '\\' || c.is_control() || c.is_whitespace())
        || behind_scheme.split(['?', '#']).any(has_dot_segment)
        || has_ambiguous_escape(uri)
        || scheme.is_some_and(|(scheme, rest)| has_ambiguous_authority(scheme, rest))
}

/// The part of a URI that some servers read alone, if that is not all of it: they drop a fragment, and of a `file:` URI also
/// the query and slashes at the end.
#[must_use]
pub fn part_read_alone(uri: &str) -> Option<&str> {
    let mut part = uri.split('#').next().unwrap_or_default();
    if part.starts_with("file:///") {
        part = part.split('?').next().unwrap_or_default();
        part = part.strip_suffix('/').filter(|part| *part != "file://").unwrap_or(part);
    }
    (part != uri).then_some(part)
}

/// Whether every URI that begins with `front` is ambiguous.
#[must_use]
pub fn is_ambiguous_prefix(front: &str) -> bool {
    CONTINUATIONS.iter().all(|rest| is_ambiguous(&format!("{front}{rest}")))
}

/// Whether every URI that matches a pattern is ambiguous; for `check`, which may not see a rare one that is plain.
#[cfg(not(target_os = "wasi"))]
#[must_use]
pub fn is_ambiguous_pattern(pattern: &str) -> bool {
    let mut texts = CONTINUATIONS.iter().chain(&[""]);
    let pattern = pattern.replace(":*/", ":1/");
    texts.all(|text| is_ambiguous(&pattern.replace('*', text)))
}

fn must_be_encoded(byte: u8) -> bool {
    !byte.is_ascii() || b"\"<>^`{|}".contains(&byte)
}

fn hex_digit(digit: u8) -> char {
    char::from_digit(u32::from(digit), 16).unwrap_or_default().to_ascii_uppercase()
}

/// The scheme of a URI, and what follows its colon; RFC 3986, section 3.1.
fn scheme(uri: &str) -> Option<(&str, &str)> {
    let (scheme, rest) = uri.split_once(':')?;
    let mut bytes = scheme.bytes();
    let begins = bytes.next().is_some_and(|byte| byte.is_ascii_alphabetic());
    let fits = begins && bytes.all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte));
    fits.then_some((scheme, rest))
}

/// Whether parsers find different hosts, ports or paths behind a scheme, or the same in several spellings.
fn has_ambiguous_authority(scheme: &str, rest: &str) -> bool {
    if scheme.bytes().any(|byte| byte.is_ascii_uppercase()) {
        return true;
    }
    if scheme == "file" {
        // No host; and a file system reads `//` as `/`.
        return rest.strip_prefix("///").is_none_or(|path| path.starts_with('/') || path.contains("//"));
    }
    let Some((_, default_port)) = WITH_HOST.iter().find(|(known, _)| *known == scheme) else { return false };
    let Some((authority, _)) = rest.strip_prefix("//").and_then(|rest| rest.split_once('/')) else { return true };
    let host_end = match authority.starts_with('[') {
        true => authority.find(']').map_or(0, |end| end.saturating_add(1)),
        false => authority.find(':').unwrap_or(authority.len()),
    };
    let (host, port) = authority.split_at_checked(host_end).unwrap_or_default();
    !is_plain_host(host) || !(port.is_empty() || is_plain_port(port, default_port))
}

/// Whether `:` and a port are written in the one way that names this port, and it is not the default.
fn is_plain_port(text: &str, default: &str) -> bool {
    let Some(digits) = text.strip_prefix(':') else { return false };
    let has_one_spelling = digits == "0" || !digits.starts_with('0');
    has_one_spelling && read_port(digits).is_some() && digits != default
}
