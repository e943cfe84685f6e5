//! The definitions that were pinned, in a file beside the policy: a digest says that something has changed, and not what. Each is
//! kept under its digest and believed only if it has it, so the file grants nothing.

use std::collections::BTreeMap;

use mcp_policy::{digest::Digest, mcp::list::definition};
use serde_json::value::RawValue;

use super::Definition;
use crate::file;

/// Definitions by their digests.
#[derive(Debug, Default)]
pub(super) struct Kept(BTreeMap<String, Box<RawValue>>);

impl Kept {
    /// Reads the file beside a policy; nothing is kept if there is none, or it is damaged.
    pub(super) fn read(policy: &str) -> Self {
        let text = std::fs::read_to_string(path(policy)).unwrap_or_default();
        let mut kept: BTreeMap<String, Box<RawValue>> = serde_json::from_str(&text).unwrap_or_default();
        kept.retain(|digest, text| {
            Digest::parse(digest).is_some_and(|digest| definition::digest(text.get().as_bytes()) == Some(digest))
        });
        Self(kept)
    }

    /// The definition with this digest.
    pub(super) fn get(&self, digest: Digest) -> Option<&str> {
        self.0.get(&digest.to_string()).map(|text| text.get())
    }

    /// Keeps further definitions, and those of the ones before that some pin still names.
    ///
    /// # Errors
    /// A sentence on why the file cannot be written.
    pub(super) fn replace(mut self, policy: &str, more: &[Definition], pinned: &[Digest]) -> Result<(), String> {
        self.0.retain(|digest, _| pinned.iter().any(|pin| pin.to_string() == *digest));
        for Definition { digest, text, .. } in more {
            if let Ok(text) = RawValue::from_string(text.clone()) {
                self.0.insert(digest.to_string(), text);
            }
        }
        // Texts always serialise.
        let text = serde_json::to_string_pretty(&self.0).unwrap_or_default();
        let held = file::Locked::open_or_create(&path(policy), 0o644)?;
        held.replace(&format!("{text}\n"))
    }
}

fn path(policy: &str) -> String {
    format!("{policy}.pinned")
}
