//! `protocol`: how requests are read.

use crate::{
    budget,
    json::cursor::{Cursor, Keys},
};

use super::{origins::Origins, revisions::Revisions};

/// How requests are read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Protocol {
    /// What happens to a request's headers before the decision.
    pub headers: HeaderMode,
    /// A larger body is refused, in bytes.
    pub max_body_bytes: usize,
    /// What all open streams of one worker may hold, in bytes, and with it how many may be open; [`crate::budget`] has the shares.
    pub max_held_bytes: usize,
    /// The origins whose pages may send requests; `None` for all.
    pub origins: Option<Origins>,
    /// The revisions that are accepted; `None` for all.
    pub revisions: Option<Revisions>,
    /// JSON that nests deeper is refused, in levels.
    pub max_depth: u32,
    /// Whether batches are decided on, in the one revision that has them, or refused.
    pub batches: bool,
    /// Whether the transport of revision 2024-11-05 is allowed, or its streams are reset.
    pub legacy_sse: bool,
}

/// What happens to a request's headers before the decision.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HeaderMode {
    /// They are forwarded at once; the server sees a denied call as a request without a body that is reset.
    Release,
    /// They are held, so the server never sees a denied call. Needs `allow_on_headers_stop_iteration` in Envoy, without
    /// which every POST hangs.
    Hold,
}

/// What the open streams of one worker may hold unless the configuration says otherwise, in bytes.
pub const DEFAULT_MAX_HELD_BYTES: usize = 64 << 20;

/// The keys of `protocol`.
pub const PROTOCOL_KEYS: Keys = Keys {
    known: &[
        "headers",
        "max_body_bytes",
        "max_held_bytes",
        "origins",
        "revisions",
        "max_depth",
        "batches",
        "legacy_sse",
    ],
};

impl Default for Protocol {
    fn default() -> Self {
        Self {
            headers: HeaderMode::Release,
            max_body_bytes: 4 << 20,
            max_held_bytes: DEFAULT_MAX_HELD_BYTES,
            origins: None,
            revisions: None,
            max_depth: 64,
            batches: false,
            legacy_sse: false,
        }
    }
}

impl Protocol {
    /// The largest body that is read, in bytes: one caller cannot hold more.
    #[must_use]
    pub fn largest_body(&self) -> usize {
        self.max_body_bytes.min(budget::max_bytes_per_caller(self.max_held_bytes))
    }

    pub(super) fn read(at: &Cursor<'_, '_>) -> Option<Self> {
        let fields = at.fields(PROTOCOL_KEYS)?;
        let mut protocol = Self::default();
        if let Some(mode) =
            fields.read("headers", |at| at.choice(&[("release", HeaderMode::Release), ("hold", HeaderMode::Hold)]))
        {
            protocol.headers = mode;
        }
        if let Some(bytes) = fields.read("max_body_bytes", |at| at.integer(1, 64 << 20)) {
            protocol.max_body_bytes = usize::try_from(bytes).ok()?;
        }
        if let Some(bytes) = fields.read("max_held_bytes", |at| at.integer(1 << 20, 1 << 30)) {
            protocol.max_held_bytes = usize::try_from(bytes).ok()?;
        }
        protocol.origins = fields.read("origins", Origins::read);
        protocol.revisions = fields.read("revisions", Revisions::read);
        if let Some(depth) = fields.read("max_depth", |at| at.integer(4, 256)) {
            protocol.max_depth = u32::try_from(depth).ok()?;
        }
        if let Some(batches) = fields.read("batches", |at| at.choice(&[("refuse", false), ("judge", true)])) {
            protocol.batches = batches;
        }
        if let Some(legacy_sse) = fields.read("legacy_sse", |at| at.choice(&[("refuse", false), ("allow", true)])) {
            protocol.legacy_sse = legacy_sse;
        }
        Some(protocol)
    }
}
