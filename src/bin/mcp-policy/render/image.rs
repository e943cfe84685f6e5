//! The image that holds the module, as an OCI reference.

use std::str::FromStr;

use mcp_policy::bytes::read_port;
use serde::Serialize;

/// An image, pinned by the digest of its manifest.
///
/// Invariant: every YAML reader takes `reference` for a string without quotes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Image {
    /// `registry/name@sha256:…`, perhaps with a tag before `@`.
    reference: String,
    /// The 64 digits of its digest.
    digest: String,
}

/// The longest name, in bytes (`NameTotalLengthMax` of the reference grammar).
const MAX_NAME: usize = 255;
/// The longest tag, in bytes.
const MAX_TAG: usize = 128;

impl FromStr for Image {
    type Err = String;

    /// # Errors
    /// For what is not a reference by the grammar of the OCI distribution specification, or has no digest.
    fn from_str(text: &str) -> Result<Self, String> {
        let reference = text.strip_prefix("oci://").unwrap_or(text);
        let refused =
            |fault: String| format!("{fault}; give `registry/name@sha256:…`, as `./build.sh image --push` prints it");
        let (name, digest) =
            reference.split_once('@').ok_or_else(|| refused(format!("`{reference}` is not pinned by a digest")))?;
        check_name(name).map_err(refused)?;
        Ok(Self { reference: reference.to_owned(), digest: digits(digest).map_err(refused)?.to_owned() })
    }
}

/// The digits of a digest.
///
/// # Errors
/// What is wrong with it.
fn digits(digest: &str) -> Result<&str, String> {
    let digits = digest.strip_prefix("sha256:").unwrap_or_default();
    let is_digit = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    if digits.len() == 64 && digits.bytes().all(is_digit) {
        return Ok(digits);
    }
    Err(format!("`{digest}` is not a SHA-256 digest: after `sha256:`, it has 64 of `0` to `9` and `a` to `f`"))
}

/// Checks a name with its registry, and a tag if it has one.
///
/// # Errors
/// The part that is wrong, and of what it may consist.
fn check_name(name: &str) -> Result<(), String> {
    let (path, tag) = match name.rsplit_once(':') {
        Some((path, tag)) if path.contains('/') && !tag.contains('/') => (path, Some(tag)),
        _ => (name, None),
    };
    if let Some(tag) = tag.filter(|tag| !is_tag(tag)) {
        return Err(format!(
            "`{tag}` is not a tag: it has 1 to {MAX_TAG} letters, digits, `_`, `.` and `-`, and starts with neither `.` nor `-`"
        ));
    }
    if path.len() > MAX_NAME {
        return Err(format!("`{path}` has {} bytes, and an image name has at most {MAX_NAME}", path.len()));
    }
    let (registry, rest) = path.split_once('/').ok_or_else(|| format!("`{path}` names no registry"))?;
    // As clients tell a registry from the first part of a name on Docker Hub.
    let has_registry = registry.contains(['.', ':']) || registry == "localhost";
    if has_registry && !is_registry(registry) {
        return Err(format!(
            "`{registry}` is not a registry: it is a DNS name or an IPv4 address, perhaps with a port"
        ));
    }
    let parts = if has_registry { rest } else { path };
    match parts.split('/').find(|part| !is_part(part)) {
        None => Ok(()),
        Some(part) => Err(format!(
            "`{part}` in `{path}` is not a part of an image name: it has `a` to `z` and `0` to `9` and, between them, `.`, `_`, \
             `__` or any number of `-`"
        )),
    }
}

fn is_tag(tag: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'-');
    (1..=MAX_TAG).contains(&tag.len()) && tag.bytes().all(fits) && !tag.starts_with(['.', '-'])
}

fn is_registry(registry: &str) -> bool {
    let (host, port) = registry.split_once(':').unwrap_or((registry, "443"));
    let is_label = |label: &str| {
        let fits = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
        !label.is_empty() && label.bytes().all(fits) && !label.starts_with('-') && !label.ends_with('-')
    };
    host.split('.').all(is_label) && read_port(port).is_some_and(|port| port > 0)
}

/// A part of a name: runs of letters and digits, with a separator between two of them.
fn is_part(part: &str) -> bool {
    let is_word = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let mut separators = part.split(|character: char| u8::try_from(character).is_ok_and(is_word));
    // The first and the last piece are what precedes and follows the part's own letters: nothing.
    let ends = [separators.next(), separators.next_back()];
    let is_separator = |piece: &str| matches!(piece, "" | "." | "_" | "__") || piece.bytes().all(|byte| byte == b'-');
    ends == [Some(""), Some("")] && separators.all(is_separator)
}
