//! A caller's identity, as bindings, counters, approvals and logs use it.

use base16ct::lower;

use super::SourceKind;
#[cfg(not(target_os = "wasi"))]
use super::address;
use crate::digest::Digest;

/// A caller's identity.
///
/// ```
/// # use mcp_policy::identity::Grant;
/// let grant = Grant::from_name("jwt:alice");
/// assert_eq!((grant.id(), grant.is_verified()), ("jwt:alice", true));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grant {
    /// The prefix and the value; of a secret, its digest.
    name: String,
    /// A long name with the digest of its value, for counters and for display.
    digested: Option<String>,
    /// A secret's name with a part of its digest, for display.
    redacted: Option<String>,
    verified: bool,
}

/// Counters and logs use the digest of a longer value, in bytes.
pub(super) const MAX_VALUE: usize = 256;

impl Grant {
    pub(super) fn new(prefix: &str, value: &str, verified: bool) -> Self {
        let name = [prefix, value].concat();
        let digested = (value.len() > MAX_VALUE).then(|| {
            // `~` follows the kind, where every other grant has `:` or `.`: so a value that looks like a digest is another
            // identity.
            let (kind, rest) = prefix.split_at_checked(prefix.find([':', '.']).unwrap_or_default()).unwrap_or_default();
            format!("{kind}~sha256{rest}{}", Digest::of(value.as_bytes()))
        });
        Self { name, digested, redacted: None, verified }
    }

    /// The grant with this name, such as `jwt:alice`, for test cases and `explain`.
    #[cfg(not(target_os = "wasi"))]
    #[must_use]
    pub fn from_name(name: &str) -> Self {
        let (prefix, value) =
            name.split_at_checked(name.find(':').map_or(0, |at| at.saturating_add(1))).unwrap_or_default();
        let verified = match SourceKind::of_grant(name) {
            Some(SourceKind::Address) => !address::is_ipv6(value),
            kind => !kind.is_some_and(SourceKind::is_chosen_by_caller),
        };
        Self::new(prefix, value, verified)
    }

    /// A caller with a secret: counters use its digest, and logs show the first part of that.
    pub(super) fn secret(prefix: &str, value: &str) -> Self {
        Self::of_secret(prefix, Digest::of(value.as_bytes()))
    }

    /// A caller whose secret has this SHA-256 in hexadecimal digits; any other text is used as it is.
    #[cfg(not(target_os = "wasi"))]
    pub(super) fn of_digest(prefix: &str, text: &str) -> Self {
        match Digest::parse(text) {
            Some(digest) => Self::of_secret(prefix, digest),
            None => Self::new(prefix, text, false),
        }
    }

    fn of_secret(prefix: &str, digest: Digest) -> Self {
        let front = lower::encode_string(&digest.first_bytes::<8>());
        let name = [prefix, &digest.to_string()].concat();
        Self { name, digested: None, redacted: Some([prefix, &front].concat()), verified: false }
    }

    /// The identity that counters, approvals and audit records use.
    #[must_use]
    pub fn id(&self) -> &str {
        self.digested.as_deref().unwrap_or(&self.name)
    }

    /// The identity for display: without a secret.
    #[must_use]
    pub fn display(&self) -> &str {
        self.redacted.as_deref().unwrap_or(self.id())
    }

    /// The identity that approvers are compared with: the value as sent, or the whole digest of a secret.
    #[must_use]
    pub fn full_name(&self) -> &str {
        &self.name
    }

    /// The kind of its source; `None` for a name of a test case that begins with no kind.
    #[must_use]
    pub fn source_kind(&self) -> Option<SourceKind> {
        SourceKind::of_grant(&self.name)
    }

    /// All names that a binding can match this caller by: as sent, as counted and as displayed.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        [Some(&self.name), self.digested.as_ref(), self.redacted.as_ref()].into_iter().flatten().map(String::as_str)
    }

    /// Whether Envoy or a certificate authority has verified it, so that a caller cannot make up any number of identities.
    #[must_use]
    pub fn is_verified(&self) -> bool {
        self.verified
    }
}
