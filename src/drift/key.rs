//! What a drift belongs to.

use sha2::{Digest as _, Sha256};

use crate::digest::Digest;

/// The lists of one server, as far as one policy judges them.
#[derive(Clone, Copy, Debug)]
pub struct Place<'k> {
    /// The filter's name in Envoy.
    pub filter: &'k str,
    /// The policy's name.
    pub policy: &'k str,
    /// The name of Envoy's route; empty if it has none.
    pub route: &'k str,
    /// The digest of the configuration, in which what an approver accepts counts as pinned.
    pub configuration: Configuration,
}

/// A configuration, by the first bytes of its digest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Configuration([u8; 8]);

/// The route, policy, tool and pin that a drift belongs to, as a digest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DriftKey {
    pub(super) tool: [u8; 16],
    /// The policy alone, for the bounds.
    pub(super) policy: [u8; 8],
}

impl Configuration {
    /// The configuration with this digest.
    #[must_use]
    pub fn new(digest: &str) -> Self {
        Self(front(&[digest]))
    }

    pub(super) fn from_bytes(bytes: [u8; 8]) -> Self {
        Self(bytes)
    }

    pub(super) fn as_bytes(&self) -> &[u8; 8] {
        &self.0
    }
}

impl Place<'_> {
    /// The key of a tool with this pin.
    #[must_use]
    pub fn key(&self, tool: &str, pin: &[Digest]) -> DriftKey {
        let mut hasher = Sha256::new();
        for text in [self.filter, self.policy, self.route, tool] {
            add(&mut hasher, text);
        }
        for digest in pin {
            hasher.update(digest.as_bytes());
        }
        DriftKey { tool: Digest::from(hasher).first_bytes(), policy: front(&[self.filter, self.policy]) }
    }

    /// The key of all tools of the policy, for drifts that have no place of their own.
    #[must_use]
    pub fn overflow_key(&self) -> DriftKey {
        let policy = front(&[self.filter, self.policy]);
        let mut tool = [0; 16];
        // No tool has it: theirs are digests.
        for (byte, of) in tool.iter_mut().zip(policy) {
            *byte = of;
        }
        DriftKey { tool, policy }
    }
}

/// Adds a text with its length, so that no two lists of texts are hashed alike.
fn add(hasher: &mut Sha256, text: &str) {
    hasher.update(u64::try_from(text.len()).unwrap_or(u64::MAX).to_le_bytes());
    hasher.update(text);
}

fn front(texts: &[&str]) -> [u8; 8] {
    let mut hasher = Sha256::new();
    texts.iter().for_each(|text| add(&mut hasher, text));
    Digest::from(hasher).first_bytes()
}
