//! `limits`: how counters are kept.

use crate::walk::{At, Keys};

/// When quota is given back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refund {
    /// When no byte of the call can have reached a server.
    Undelivered,
    /// Besides, when the server answers with an error.
    Failed,
    /// Never.
    Never,
}

/// The keys of `limits`.
pub const LIMITS: Keys = Keys { known: &["refund"], later: &["max_counters", "service"] };

impl Refund {
    pub(super) fn read(at: &At<'_, '_>) -> Option<Self> {
        let choices = [("undelivered", Self::Undelivered), ("failed", Self::Failed), ("never", Self::Never)];
        at.fields(LIMITS)?.get("refund").map_or(Some(Self::Undelivered), |refund| refund.choice(&choices))
    }
}
