//! The facts about one request that conditions read: its caller, its time and what was counted before. Product contract,
//! section 11.

use crate::{
    amount::Amount,
    config::{Config, NamedPolicy},
    identity::{Grant, SourceKind},
    json::{Member, Node, Value, decimal_digits},
    limit::{Charge, Counters, Key, Part, Quota, totals::Capacity},
    policy::condition::{FactSource, WEEKDAYS},
    store::Store,
    time::{Timestamp, rfc_3339},
};

use super::{BoundRequest, authorize::callers};

/// What [`FactSource::caller`] takes for a byte of claims, in units of [`crate::budget::Work`].
const CLAIM_BYTE: usize = 10;

/// The facts about a caller and a time. Counters are not known.
pub(super) struct CallerFacts<'p> {
    pub(super) config: &'p Config,
    pub(super) request: &'p BoundRequest,
    pub(super) grant: &'p Grant,
    pub(super) now: Timestamp,
}

/// The same, and what the counters of a policy have counted.
pub(super) struct RequestFacts<'p, S> {
    pub(super) caller: CallerFacts<'p>,
    pub(super) policy: &'p NamedPolicy,
    /// The MCP session, if the protocol revision has sessions.
    pub(super) session: Option<&'p [u8]>,
    /// The filter's name in Envoy.
    pub(super) filter: &'p str,
    pub(super) store: &'p S,
}

impl FactSource for CallerFacts<'_> {
    fn caller(&self) -> Node<'_> {
        let source = self.grant.source_kind();
        let claims = match self.request.info.claims.read() {
            Ok(claims) => claims.map_or(Value::Null, |claims| claims.value),
            // Every path into a text is of the wrong type, which is never in the caller's favor.
            Err(_) => Value::String("unreadable".into()),
        };
        object([
            ("grant", Value::String(self.grant.full_name().into())),
            ("source", source.map_or(Value::Null, |source| Value::String(source.name().into()))),
            ("authenticated", Value::Bool(source.is_some_and(SourceKind::is_authenticated))),
            ("claims", claims),
        ])
    }

    fn caller_work(&self) -> usize {
        self.request.info.claims.size().saturating_mul(CLAIM_BYTE)
    }

    fn now(&self) -> Node<'_> {
        let shift = i64::from(self.config.clock.offset_minutes).saturating_mul(60_000);
        let local = Timestamp(self.now.0.saturating_add_signed(shift));
        let minutes = local.seconds() / 60 % 1440;
        // 1970-01-01 was a Thursday.
        let weekday = usize::try_from((local.seconds() / 86_400).saturating_add(3) % 7).unwrap_or_default();
        let weekday = WEEKDAYS.get(weekday).copied().unwrap_or_default();
        let date = rfc_3339(local).and_then(|text| text.get(..10).map(str::to_owned));
        object([
            ("weekday", Value::String(weekday.into())),
            ("hour", number(minutes / 60)),
            ("time", number(minutes)),
            ("date", date.map_or(Value::Null, |date| Value::String(date.into()))),
        ])
    }

    fn used(&self, _: &str) -> Option<Node<'_>> {
        None
    }
}

impl<S: Store> FactSource for RequestFacts<'_, S> {
    fn caller(&self) -> Node<'_> {
        self.caller.caller()
    }

    fn caller_work(&self) -> usize {
        self.caller.caller_work()
    }

    fn now(&self) -> Node<'_> {
        self.caller.now()
    }

    fn used(&self, counter: &str) -> Option<Node<'_>> {
        let observed = self.policy.policy.observed().iter().find(|observed| *observed.name == *counter)?;
        let grant = self.caller.grant;
        let charge = Charge {
            key: Key {
                filter: self.filter,
                policy: &self.policy.name,
                counter,
                callers: callers(observed.scope, grant, self.session),
                part: Part::Whole,
            },
            quota: Quota { window: observed.window, algorithm: observed.algorithm, max: None },
            amount: Amount::ZERO,
            verified: grant.is_verified(),
        };
        let used = Counters::new(self.store, Capacity::NONE).used(&charge, self.caller.now).ok()??;
        Some(Node { at: 0, value: Value::Number(used.to_string().into()) })
    }
}

fn object<'a>(members: [(&'static str, Value<'a>); 4]) -> Node<'a> {
    let member =
        |(name, value): (&'static str, Value<'a>)| Member { at: 0, name: name.into(), node: Node { at: 0, value } };
    Node { at: 0, value: Value::Object(members.into_iter().map(member).collect()) }
}

fn number<'a>(number: u64) -> Value<'a> {
    Value::Number(decimal_digits(number).into())
}
