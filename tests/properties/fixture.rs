//! A policy with its counters, and what it decides.

use mcp_policy::{
    audit::{AuditRecord, Decision},
    config::Config,
    engine::{self, AuthorizationResponse, BoundRequest, Disposition, RequestInfo, trace::Step},
    http::Headers,
    identity::{Claims, Grant},
    json,
    store::InMemory,
};

use crate::requests::Sent;

/// A policy with its counters.
pub(crate) struct World {
    config: Config,
    store: InMemory,
}

/// What can be compared between worlds: all of a response but the configuration's digest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Seen {
    pub(crate) record: AuditRecord,
    pub(crate) reply: Option<(u16, Option<u64>, String)>,
}

/// What was decided, and by which rule; the words may differ.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Outline {
    pub(crate) decision: Decision,
    pub(crate) rule: String,
    pub(crate) shadow: Option<(Decision, String)>,
    pub(crate) status: Option<u16>,
}

impl World {
    pub(crate) fn new(policy: &str) -> Result<Self, String> {
        let config = Config::load(policy.as_bytes()).map_err(|invalid| invalid.to_string())?;
        Ok(Self { config, store: InMemory::new([9; 16]) })
    }

    /// The same counters under another policy.
    pub(crate) fn under(self, policy: &str) -> Result<Self, String> {
        Ok(Self { store: self.store, ..Self::new(policy)? })
    }

    pub(crate) fn config(&self) -> &Config {
        &self.config
    }

    /// Judges a request as the filter does.
    pub(crate) fn judge(&self, sent: &Sent) -> Seen {
        self.judge_text(sent, &sent.body.to_string())
    }

    /// As [`World::judge`], with the body written otherwise.
    pub(crate) fn judge_text(&self, sent: &Sent, body: &str) -> Seen {
        engine::authorize(&self.config, &call(&self.config, sent), body.as_bytes(), "f", sent.at, &self.store).into()
    }

    /// Judges a request as `explain` does.
    pub(crate) fn explain(&self, sent: &Sent) -> (Seen, Vec<Step>) {
        let (mut steps, body) = (Vec::new(), sent.body.to_string());
        let judged = engine::explain(
            &self.config,
            &call(&self.config, sent),
            body.as_bytes(),
            "f",
            sent.at,
            &self.store,
            &mut steps,
        );
        (judged.into(), steps)
    }
}

fn call(config: &Config, sent: &Sent) -> BoundRequest {
    let session = sent.session.map(|session| ("mcp-session-id", session));
    let pairs = [(":method", "POST"), ("content-type", "application/json")].into_iter().chain(session);
    let pairs = pairs.map(|(name, value)| (name.to_owned(), value.as_bytes().to_vec()));
    let claims = sent.claims.map(|claims| Claims::from_json(&json::parse(claims.as_bytes(), 8).expect("claims")));
    let info = RequestInfo::new(Headers::new(pairs.collect()), Ok(Grant::from_name(sent.grant)));
    BoundRequest::new(config, RequestInfo { claims: claims.unwrap_or_default(), ..info })
}

impl From<AuthorizationResponse> for Seen {
    fn from(response: AuthorizationResponse) -> Self {
        let reply = match response.answer {
            Disposition::Forward(_) => None,
            Disposition::Reply(reply) => Some((reply.status, reply.retry_after, reply.body)),
            Disposition::Callout(inquiry) => panic!("{inquiry:?}"),
        };
        Self { record: AuditRecord { config: String::new().into(), ..*response.record }, reply }
    }
}

impl Seen {
    pub(crate) fn outline(&self) -> Outline {
        Outline {
            decision: self.record.decision,
            rule: self.record.rule.clone(),
            shadow: self.record.shadow.as_ref().map(|shadow| (shadow.decision, shadow.rule.clone())),
            status: self.reply.as_ref().map(|(status, ..)| *status),
        }
    }
}
