//! `limits`: how counters are kept, and which service counts in place of this Envoy.

use std::sync::Arc;

use super::{NamedPolicy, service};
use crate::{
    json::cursor::{Cursor, Keys},
    limit::rate_limit_service,
    policy::{Cost, Limit},
    text::excerpt,
    window::Algorithm,
};

/// How counters are kept, and by whom.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The largest number of counters that one Envoy keeps.
    pub max_counters: u32,
    /// When quota is given back.
    pub refund: Refund,
    /// The service that counts in place of this Envoy.
    pub service: Option<LimitService>,
}

/// A service that counts for several Envoys, by Envoy's rate-limit protocol.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LimitService {
    /// The name of Envoy's cluster.
    pub cluster: Box<str>,
    /// The domain, by which the service separates these limits from others.
    pub domain: Box<str>,
    /// The timeout, in milliseconds.
    pub timeout_ms: u32,
    /// What happens if it fails.
    pub on_failure: OnFailure,
}

/// What happens if the service fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnFailure {
    /// Calls with limits are denied.
    Deny,
    /// This Envoy counts them itself.
    Local,
}

/// When quota is given back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refund {
    /// If no byte of the call can have reached a server.
    Undelivered,
    /// Also if the server responds with an error.
    Failed,
    /// Never.
    Never,
}

/// The keys of `limits`.
pub const LIMITS_KEYS: Keys = Keys { known: &["max_counters", "refund", "service"] };
/// The keys of `limits.service`.
pub const LIMIT_SERVICE_KEYS: Keys = Keys { known: &["cluster", "domain", "timeout_ms", "on_failure"] };

impl Default for Limits {
    fn default() -> Self {
        Self { max_counters: 65_536, refund: Refund::Undelivered, service: None }
    }
}

impl Limits {
    pub(super) fn read(at: &Cursor<'_, '_>) -> Option<Self> {
        let fields = at.fields(LIMITS_KEYS)?;
        let mut limits = Self::default();
        if let Some(counters) = fields.read("max_counters", |at| at.integer(1, 65_536)) {
            limits.max_counters = u32::try_from(counters).ok()?;
        }
        let choices = [("undelivered", Refund::Undelivered), ("failed", Refund::Failed), ("never", Refund::Never)];
        if let Some(refund) = fields.read("refund", |at| at.choice(&choices)) {
            limits.refund = refund;
        }
        limits.service = fields.read("service", LimitService::read);
        Some(limits)
    }
}

impl LimitService {
    fn read(at: &Cursor<'_, '_>) -> Option<Self> {
        let fields = at.fields(LIMIT_SERVICE_KEYS)?;
        let cluster = fields.required("cluster").and_then(|cluster| service::grpc_cluster(&cluster));
        let domain =
            fields.get("domain").map(|domain| service::read_ascii(&domain, "", "a name, such as `mcp-policy`"));
        let timeout_ms = service::timeout(fields.get("timeout_ms"), 100);
        let choices = [("deny", OnFailure::Deny), ("local", OnFailure::Local)];
        let on_failure = fields.get("on_failure").map_or(Some(OnFailure::Deny), |at| at.choice(&choices));
        Some(Self {
            cluster: cluster?,
            domain: domain.unwrap_or_else(|| Some("mcp-policy".into()))?,
            timeout_ms: timeout_ms?,
            on_failure: on_failure?,
        })
    }
}

/// Reports the limits of a configuration's policies that the rate-limit protocol cannot express.
pub(super) fn check_countable(config: &Cursor<'_, '_>, policies: &[Arc<NamedPolicy>]) {
    for (name, policy) in policies.iter().map(|named| (&named.name, &named.policy)) {
        let Some(at) = config.get("policy").or_else(|| config.get("policies")?.get(name)) else { continue };
        for limit in policy.limits() {
            let place = at.at_pointer(&limit.pointer).unwrap_or(at);
            for (key, what) in uncountable(limit) {
                // The short form has other keys, or none.
                place.get(key).unwrap_or(place).report(what);
            }
        }
        for counter in policy.observed() {
            at.report(format!(
                "a condition reads the counter `{}`, which `limits.service` counts elsewhere; remove the condition",
                excerpt(&counter.name)
            ));
        }
    }
}

/// What the rate-limit protocol cannot express of a limit: the key, and what to write there.
fn uncountable(limit: &Limit) -> impl Iterator<Item = (&'static str, String)> {
    let is_calendar = rate_limit_service::is_supported_window(limit.window);
    let is_whole = limit.max.is_none_or(|max| max.units().is_some_and(|max| max <= rate_limit_service::MAX_PER_UNIT));
    let costs_whole = match &limit.cost {
        Cost::Fixed(amount) => amount.units().is_some(),
        Cost::Argument(_) => true,
    };
    let by = "`limits.service` counts by";
    [
        (!is_calendar, "window", format!("{by} `second`, `minute`, `hour` or `day`; take one of them")),
        (limit.algorithm == Algorithm::Sliding, "algorithm", format!("{by} fixed windows; remove `algorithm`")),
        (limit.max.is_none(), "", format!("{by} a `max`, and this limit has none; add one, or remove the limit")),
        (limit.key.is_some(), "key", format!("{by} callers only; remove `key`")),
        (!is_whole, "max", format!("{by} whole numbers up to {}; take one", rate_limit_service::MAX_PER_UNIT)),
        (!costs_whole, "increment", format!("{by} whole numbers; take one")),
    ]
    .into_iter()
    .filter_map(|(is_wrong, key, what)| is_wrong.then_some((key, what)))
}
