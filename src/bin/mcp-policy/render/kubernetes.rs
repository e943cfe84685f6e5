//! The arguments that all objects for Kubernetes share: names, and the image that holds the module.

use std::str::FromStr;

use serde::Serialize;

/// The arguments of every Kubernetes gateway.
#[derive(clap::Args)]
pub(super) struct Common {
    /// A policy, or a configuration that holds policies; `-` reads stdin
    pub(super) file: String,
    /// The image that holds the module, pinned by digest
    #[arg(long, value_name = "IMAGE", default_value = NO_IMAGE)]
    pub(super) image: Image,
    /// The namespace of the objects and of the MCP server
    #[arg(long, value_name = "NAME", default_value = "default")]
    pub(super) namespace: Name,
}

/// The image if the user names none: it does not exist, and no digest is all zeros.
const NO_IMAGE: &str =
    "registry.example.com/mcp-policy@sha256:0000000000000000000000000000000000000000000000000000000000000000";

/// The name of an object, a namespace or a label.
///
/// Invariant: a DNS label that every YAML reader takes for a string without quotes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub(super) struct Name(String);

/// An image, pinned by the digest of its manifest.
///
/// Invariant: every YAML reader takes `reference` for a string without quotes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Image {
    /// `registry/name@sha256:…`
    reference: String,
    /// The 64 digits of its digest.
    digest: String,
}

// === impl Name ===

impl Name {
    pub(super) fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Name {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        let fits = name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
        if !fits || !(1..=63).contains(&name.len()) || name.starts_with('-') || name.ends_with('-') {
            return Err(format!(
                "`{name}` is not a DNS label: use 1 to 63 of `a` to `z`, `0` to `9` and, between them, `-`"
            ));
        }
        // YAML 1.1 reads these, and `1e3`, as other types than strings.
        if name.starts_with(|first: char| first.is_ascii_digit()) || WORDS.contains(&name) {
            return Err(format!("some YAML readers take `{name}` for a number or a boolean: choose another name"));
        }
        Ok(Self(name.to_owned()))
    }
}

/// Words that YAML 1.1 reads as booleans or null.
const WORDS: [&str; 9] = ["true", "false", "yes", "no", "on", "off", "null", "y", "n"];

// === impl Image ===

impl FromStr for Image {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let reference = text.strip_prefix("oci://").unwrap_or(text);
        let (name, digest) = reference.split_once("@sha256:").ok_or_else(|| {
            format!("`{text}` is not pinned: give `registry/name@sha256:…`, as `./build.sh image --push` prints it")
        })?;
        let hex = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
        if digest.len() != 64 || !digest.bytes().all(hex) {
            return Err(format!("`{digest}` is not a SHA-256 digest: give its 64 digits, `0` to `9` and `a` to `f`"));
        }
        let known = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_' | b'/' | b':');
        if !name.contains('/') || !name.bytes().all(known) || name.ends_with('/') || name.starts_with('/') {
            return Err(format!("`{name}` is not an image name: give `registry/name`"));
        }
        Ok(Self { reference: reference.to_owned(), digest: digest.to_owned() })
    }
}
