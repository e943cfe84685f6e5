//! The arguments that all objects for Kubernetes share: the image that holds the module, and names.

use std::str::FromStr;

use serde::Serialize;
use sha2::{Digest, Sha256};

use super::{image::Image, replicas::Replicas};

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
    #[command(flatten)]
    pub(super) replicas: Replicas,
}

impl Common {
    /// What follows the name of a Service of the namespace: `.agents.svc`.
    pub(super) fn domain(&self) -> String {
        format!(".{}.svc", self.namespace.as_str())
    }
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

// === impl Name ===

impl Name {
    pub(super) fn as_str(&self) -> &str {
        &self.0
    }

    /// The name of the objects that are made for the server of this name: objects of two servers never replace each other.
    pub(super) fn for_objects(&self) -> Self {
        let name = format!("mcp-policy-{}", self.0);
        if name.len() <= MAX_NAME { Self(name) } else { Self::with_digest(&name, &self.0) }
    }

    /// The name of an object that holds `content` for the server of this name: another content has another name.
    pub(super) fn for_content(&self, content: &str) -> Self {
        // With the whole name, whose end may be cut off.
        Self::with_digest(&self.for_objects().0, &format!("{}\n{content}", self.0))
    }

    /// The name of the object that holds the policy beside [`Self::for_content`] of the same content.
    pub(super) fn for_policy_of(&self, content: &str) -> Self {
        const PART: &str = "-policy";
        let Self(name) = self.for_content(content);
        let (front, digest) = name.rsplit_once('-').unwrap_or((&name, ""));
        let kept: String = front.chars().take(MAX_NAME.saturating_sub(DIGEST + 1 + PART.len())).collect();
        Self(format!("{}{PART}-{digest}", kept.trim_end_matches('-')))
    }

    /// `name` and the first digits of the SHA-256 of `content`, which replace the end of a long name.
    fn with_digest(name: &str, content: &str) -> Self {
        let digest: String =
            Sha256::digest(content).iter().take(DIGEST / 2).map(|byte| format!("{byte:02x}")).collect();
        let kept: String = name.chars().take(MAX_NAME.saturating_sub(DIGEST + 1)).collect();
        Self(format!("{}-{digest}", kept.trim_end_matches('-')))
    }
}

/// The longest DNS label (RFC 1035, section 2.3.4), in bytes.
const MAX_NAME: usize = 63;
/// The digits of a digest in a name.
const DIGEST: usize = 10;

impl FromStr for Name {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        let fits = name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
        if !fits || !(1..=MAX_NAME).contains(&name.len()) || name.starts_with('-') || name.ends_with('-') {
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
