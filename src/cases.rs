//! Cases as data: a policy, calls on a moved clock, and what is expected of each.
//!
//! The same cases run natively, compiled to WebAssembly, and inside a real Envoy; all of them go through
//! [`engine::judge`]. One JSON object a line:
//!
//! * `policy`: a policy document; `calls`: what is called, in order; `expect`: `allow`, `deny` or `rate_limited` for
//!   each call, or `["policy_invalid"]`
//! * a call: `tool` with `args`, or `raw` (a body as it is sent); `identity`, the grant; `at_s`, seconds after a UTC
//!   midnight
//! * `expect_message_contains`: by the call's index, text that the agent must be told

#[cfg(test)]
mod tests;

use std::{collections::BTreeMap, fmt};

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::{
    caller::{self, Source},
    config::{Config, Invalid},
    engine::{self, Answer, Call, Decision},
    http::{Header, Headers},
    limit::{Moment, store::InMemory},
    walk::Problem,
};

/// One case.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Case {
    /// What is shown, in a few words.
    pub name: String,
    /// The policy document.
    pub policy: Box<RawValue>,
    /// The calls, in order.
    #[serde(default)]
    pub calls: Vec<CaseCall>,
    /// What is expected of each.
    pub expect: Vec<Expected>,
    /// Text that the message to the agent contains, by the call's index.
    #[serde(default)]
    pub expect_message_contains: BTreeMap<usize, String>,
}

/// A call in a case.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CaseCall {
    /// The tool.
    pub tool: Option<String>,
    /// Its arguments.
    pub args: Option<Box<RawValue>>,
    /// A whole body instead.
    pub raw: Option<String>,
    /// Who calls.
    #[serde(default)]
    pub identity: String,
    /// When, in seconds after a UTC midnight.
    #[serde(default)]
    pub at_s: u64,
}

/// What is expected of a call, or of the whole policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Expected {
    /// It reaches the server.
    Allow,
    /// It does not.
    Deny,
    /// It does not, and the agent is told when to come back.
    RateLimited,
    /// The policy does not load.
    PolicyInvalid,
}

/// How a case went otherwise than expected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Failure {
    /// The policy does not load, though it should.
    Invalid(Vec<Problem>),
    /// The policy loads, though it should not.
    Valid,
    /// A call went another way.
    Call {
        /// Its index.
        index: usize,
        /// What was expected.
        expected: Expected,
        /// What happened.
        got: Expected,
        /// What the agent was told.
        body: String,
    },
    /// The agent was told something else.
    Message {
        /// The call's index.
        index: usize,
        /// What it should have been told.
        expected: String,
        /// What it was told.
        body: String,
    },
}

/// A UTC midnight, in milliseconds since the epoch: 2026-01-01.
const MIDNIGHT: u64 = 1_767_225_600_000;

impl Case {
    /// The configuration of the case's policy.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn load(&self) -> Result<Config, Invalid> {
        Config::load(self.policy.get().as_bytes())
    }

    /// Runs the case on counters of its own.
    ///
    /// # Errors
    /// The first difference from what is expected.
    pub fn run(&self) -> Result<(), Failure> {
        let invalid = self.expect.contains(&Expected::PolicyInvalid);
        let config = match (self.load(), invalid) {
            (Err(_), true) => return Ok(()),
            (Ok(_), true) => return Err(Failure::Valid),
            (Err(invalid), false) => return Err(Failure::Invalid(invalid.problems)),
            (Ok(config), false) => config,
        };
        let store = InMemory::new(*b"a seed for cases");
        for (index, (call, expected)) in self.calls.iter().zip(&self.expect).enumerate() {
            let (got, body) = call.judge(&config, &store);
            // A body that cannot be read never reaches the server: that is all that `deny` says of it.
            if got != *expected {
                return Err(Failure::Call { index, expected: *expected, got, body });
            }
            if let Some(text) = self.expect_message_contains.get(&index)
                && !body.contains(text.as_str())
            {
                return Err(Failure::Message { index, expected: text.clone(), body });
            }
        }
        Ok(())
    }
}

impl CaseCall {
    /// The body that the call sends.
    #[must_use]
    pub fn body(&self) -> String {
        if let Some(raw) = &self.raw {
            return raw.clone();
        }
        let name = serde_json::to_string(&self.tool).unwrap_or_default();
        let args = self.args.as_ref().map_or("{}", |args| args.get());
        format!(r#"{{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{{"name":{name},"arguments":{args}}}}}"#)
    }

    fn judge(&self, config: &Config, store: &InMemory) -> (Expected, String) {
        let call = Call { headers: json_post(), grant: caller::identify(&self.source(), &Nobody), request_id: None };
        let now = Moment(MIDNIGHT.saturating_add(self.at_s.saturating_mul(1000)));
        let judgement = engine::judge(config, &call, self.body().as_bytes(), "cases", now, store);
        let got = match judgement.record.decision {
            Decision::Allowed => Expected::Allow,
            Decision::RateLimited => Expected::RateLimited,
            Decision::Denied | Decision::Refused | Decision::Failed => Expected::Deny,
        };
        match judgement.answer {
            Answer::Forward(_) => (got, String::new()),
            Answer::Reply(reply) => (got, reply.body),
        }
    }

    fn source(&self) -> [Source; 1] {
        [Source::Constant(self.identity.as_str().into())]
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Invalid(problems) => {
                let problems: Vec<String> = problems.iter().map(ToString::to_string).collect();
                write!(f, "the policy does not load: {}", problems.join("; "))
            }
            Self::Valid => f.write_str("the policy loads, and should not"),
            Self::Call { index, expected, got, body } => {
                write!(f, "call {index}: expected {expected:?}, got {got:?} {body}")
            }
            Self::Message { index, expected, body } => {
                write!(f, "call {index}: the agent should be told `{expected}`, and was told {body}")
            }
        }
    }
}

/// The head of a plain request.
fn json_post() -> Headers {
    let pairs = [(":method", "POST"), (":path", "/mcp"), ("content-type", "application/json")];
    Headers::new(pairs.map(|(name, value)| (name.to_owned(), value.as_bytes().to_vec())).into())
}

/// A request that says nothing of its caller: cases name the grant themselves.
struct Nobody;

impl caller::Facts for Nobody {
    fn header(&self, _: &str) -> Header<'_> {
        Header::Absent
    }

    fn peer(&self, _: caller::Peer) -> Option<Vec<u8>> {
        None
    }

    fn address(&self) -> Option<Vec<u8>> {
        None
    }
}
