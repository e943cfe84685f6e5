//! `limits`: how counters are kept.

use crate::walk::{At, Keys};

/// How counters are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Counters that one Envoy keeps at most.
    pub max_counters: u32,
    /// When quota is given back.
    pub refund: Refund,
}

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
pub const LIMITS: Keys = Keys { known: &["max_counters", "refund"], later: &["service"] };

impl Default for Limits {
    fn default() -> Self {
        Self { max_counters: 65_536, refund: Refund::Undelivered }
    }
}

impl Limits {
    pub(super) fn read(at: &At<'_, '_>) -> Option<Self> {
        let fields = at.fields(LIMITS)?;
        let mut limits = Self::default();
        if let Some(counters) = fields.get("max_counters") {
            limits.max_counters = u32::try_from(counters.whole(1, 65_536)?).ok()?;
        }
        if let Some(refund) = fields.get("refund") {
            let choices = [("undelivered", Refund::Undelivered), ("failed", Refund::Failed), ("never", Refund::Never)];
            limits.refund = refund.choice(&choices)?;
        }
        Some(limits)
    }
}
