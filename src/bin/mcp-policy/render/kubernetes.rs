//! What the objects for Kubernetes have in common: names, and the image that holds the module.

use std::str::FromStr;

/// What all of them are made of.
#[derive(clap::Args)]
pub(super) struct Common {
    /// A policy, or a configuration with `policy` or `policies` in it; `-` reads stdin
    pub(super) file: String,
    /// The image with the module, pinned
    #[arg(long, value_name = "IMAGE", default_value = NO_IMAGE)]
    pub(super) image: Image,
    /// The namespace of all objects, and of the MCP server
    #[arg(long, value_name = "NAME", default_value = "default")]
    pub(super) namespace: Name,
}

/// Where the module is until the user says: nothing is there, and no digest is all zeros.
const NO_IMAGE: &str =
    "registry.example.com/mcp-policy@sha256:0000000000000000000000000000000000000000000000000000000000000000";

/// The name of an object, a namespace or a label.
///
/// Invariant: a DNS label that every reader of YAML takes for text without quotes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Name(String);

/// An image, pinned by the digest of its manifest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Image {
    reference: String,
    digest: String,
}

// === impl Name ===

impl Name {
    /// The name, to be written without quotes.
    pub(super) fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Name {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        let fits = name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
        if !fits || !(1..=63).contains(&name.len()) || name.starts_with('-') || name.ends_with('-') {
            return Err(format!("`{name}` is no name: give up to 63 of `a` to `z`, `0` to `9` and, within, `-`"));
        }
        // YAML 1.1 reads these, and `1e3`, as something else than text.
        if name.starts_with(|first: char| first.is_ascii_digit()) || WORDS.contains(&name) {
            return Err(format!("`{name}` is taken for something else than a name by readers of YAML: choose another"));
        }
        Ok(Self(name.to_owned()))
    }
}

/// What YAML has other plans for.
const WORDS: [&str; 9] = ["true", "false", "yes", "no", "on", "off", "null", "y", "n"];

// === impl Image ===

impl Image {
    /// `registry/name@sha256:…`
    pub(super) fn reference(&self) -> &str {
        &self.reference
    }

    /// The 64 digits of its digest.
    pub(super) fn digest(&self) -> &str {
        &self.digest
    }
}

impl FromStr for Image {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let reference = text.strip_prefix("oci://").unwrap_or(text);
        let (name, digest) = reference.split_once("@sha256:").ok_or_else(|| {
            format!("`{text}` is not pinned: give `registry/name@sha256:…`, as `./build.sh image --push` prints it")
        })?;
        let hex = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
        if digest.len() != 64 || !digest.bytes().all(hex) {
            return Err(format!("`{digest}` is no digest: give the 64 digits, `0` to `9` and `a` to `f`"));
        }
        let known = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_' | b'/' | b':');
        if !name.contains('/') || !name.bytes().all(known) || name.ends_with('/') || name.starts_with('/') {
            return Err(format!("`{name}` is no image: give `registry/name`"));
        }
        Ok(Self { reference: reference.to_owned(), digest: digest.to_owned() })
    }
}
