//! SHA-256 digests, as policies and answers write them.

pub mod padded;

use std::fmt;

use base16ct::lower;
use sha2::{Digest as _, Sha256};

/// A SHA-256 digest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Digest([u8; 32]);

impl Digest {
    /// The digest of some bytes.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        Self::from(Sha256::new().chain_update(bytes))
    }

    /// The digest of several byte strings, one right after the other.
    #[must_use]
    pub fn of_all(parts: &[&[u8]]) -> Self {
        Self::from(parts.iter().fold(Sha256::new(), |hasher, part| hasher.chain_update(part)))
    }

    /// A digest with these bytes.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// Reads 64 lower-case hexadecimal digits; `None` for any other text, so that a digest has one spelling.
    ///
    /// ```
    /// # use mcp_policy::digest::Digest;
    /// let text = Digest::of(b"").to_string();
    /// assert_eq!(text, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    /// assert_eq!(Digest::parse(&text), Some(Digest::of(b"")));
    /// assert_eq!(Digest::parse(&text.to_uppercase()), None);
    /// ```
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let mut bytes = [0; 32];
        let length = lower::decode(text, &mut bytes).ok()?.len();
        (length == bytes.len()).then_some(Self(bytes))
    }

    /// Its bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// Its first bytes, for a place that has no room for all of them.
    ///
    /// ```
    /// # use mcp_policy::digest::Digest;
    /// assert_eq!(Digest::of(b"").first_bytes(), [0xe3, 0xb0, 0xc4, 0x42]);
    /// ```
    #[must_use]
    pub fn first_bytes<const N: usize>(&self) -> [u8; N] {
        const { assert!(N <= 32, "a digest has 32 bytes") };
        self.0.first_chunk().copied().unwrap_or([0; N])
    }
}

impl From<Sha256> for Digest {
    fn from(hasher: Sha256) -> Self {
        Self(hasher.finalize().into())
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&lower::encode_string(&self.0))
    }
}
