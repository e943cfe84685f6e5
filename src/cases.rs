//! Cases as data: a policy, calls on a moved clock, and what is expected of each.
//!
//! The same cases run natively, compiled to WebAssembly, and inside a real Envoy; here all of them go through
//! [`engine::explain`](crate::engine::explain), so that a failing one shows what the engine saw. [`read`] takes two
//! formats, and both end in [`Case`]:
//!
//! * `document`: the format of `mcp-policy test`, described there; kept beside a policy
//! * `lines`: the corpus that all suites share, one case a line, each with a policy of its own
//!
//! Nothing here reads a file or a clock.

mod clock;
mod corpus;
mod document;
mod failure;
mod message;
mod report;

#[cfg(test)]
mod tests;

use crate::{
    config::{Config, ConfigErrors},
    engine::Decision,
    json::{
        self, Reason,
        cursor::Cursor,
        diagnostic::{Problem, Problems},
    },
    store::InMemory,
    time::Timestamp,
};

pub use self::{
    clock::{MIDNIGHT, shown},
    failure::{FailedCall, Failure},
    report::CallReport,
};

/// One case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Case {
    /// What is shown, in a few words.
    pub name: String,
    /// The policy or configuration it brings along.
    pub policy: Option<String>,
    /// Whether the policy has to load.
    pub loads: bool,
    /// The calls, in order.
    pub calls: Vec<CaseCall>,
}

/// A call in a case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CaseCall {
    /// What it is, for people.
    pub title: String,
    /// The body that is sent.
    pub body: String,
    /// Who calls: the whole grant.
    pub grant: String,
    /// The MCP session.
    pub session: Option<String>,
    /// Where it comes in.
    pub place: RequestOrigin,
    /// When.
    pub at: Timestamp,
    /// How often, one after the other; what is expected is expected each time.
    pub times: u32,
    /// What has to become of it.
    pub expected: Expectation,
}

/// Where a call comes in, for bindings.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RequestOrigin {
    /// The name of Envoy's route.
    pub route: Option<String>,
    /// The host it names.
    pub host: Option<String>,
    /// The path it names; `/mcp` where nothing is said.
    pub path: Option<String>,
}

/// What is expected of a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expectation {
    /// The decision.
    pub decision: Expected,
    /// The rule that refuses it.
    pub rule: Option<String>,
    /// A part of the message to the agent.
    pub message_contains: Option<String>,
    /// The rule in shadow that would refuse it; `Some(None)` if there must be none.
    pub shadow: Option<Option<String>>,
}

/// The decision that is expected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expected {
    /// It reaches the server.
    Allow,
    /// The policy denies it.
    Deny,
    /// A limit has no room.
    RateLimited,
    /// Somebody has to approve it.
    ApprovalRequired,
    /// It cannot be read, or not by every server alike.
    Refused,
    /// It never reaches the server, denied or refused: all that the corpus says of it.
    DenyOrRefused,
}

impl Expected {
    /// The expectations as a case file writes them.
    pub const NAMED: [(&'static str, Self); 5] = [
        ("allow", Self::Allow),
        ("deny", Self::Deny),
        ("rate_limited", Self::RateLimited),
        ("approval_required", Self::ApprovalRequired),
        ("refused", Self::Refused),
    ];

    /// Whether a decision is the expected one. Our own failure never is.
    #[must_use]
    pub fn matches(self, decision: Decision) -> bool {
        match self {
            Self::Allow => decision == Decision::Allowed,
            Self::Deny => decision == Decision::Denied,
            Self::RateLimited => decision == Decision::RateLimited,
            Self::ApprovalRequired => decision == Decision::ApprovalRequired,
            Self::Refused => decision == Decision::Refused,
            Self::DenyOrRefused => matches!(decision, Decision::Denied | Decision::Refused),
        }
    }

    /// The decision, as records name it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Allow => "allowed",
            Self::Deny => "denied",
            Self::RateLimited => "rate_limited",
            Self::ApprovalRequired => "approval_required",
            Self::Refused => "refused",
            Self::DenyOrRefused => "denied or refused",
        }
    }
}

/// Deeper JSON than this is no case file.
const MAX_DEPTH: u32 = 256;

/// Reads a case file of either format.
///
/// # Errors
/// Everything that is wrong with it.
pub fn read(text: &str) -> Result<Vec<Case>, Vec<Problem>> {
    let node = match json::parse(text.as_bytes(), MAX_DEPTH) {
        Ok(node) => node,
        Err(fault) if fault.reason == Reason::Trailing => return corpus::read(text),
        Err(fault) => {
            let message = format!("not JSON: {fault}");
            return Err(vec![Problem { pointer: String::new(), at: fault.at, message }]);
        }
    };
    let problems = Problems::default();
    let at = Cursor::top(&node, &problems);
    // A corpus of one line.
    if at.has(&["calls"]) && !at.has(&["cases"]) {
        return corpus::read(text);
    }
    let cases = document::read(&at, text);
    match problems.take() {
        none if none.is_empty() => Ok(cases),
        problems => Err(problems),
    }
}

impl CaseCall {
    /// The body of a tool call; `args` is JSON.
    #[must_use]
    pub fn tool(name: &str, args: &str) -> String {
        message::tool(name, Some(args))
    }
}

impl Case {
    /// The configuration of the policy that the case brings along, if it does.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn load(&self) -> Option<Result<Config, ConfigErrors>> {
        self.policy.as_ref().map(|policy| Config::load(policy.as_bytes()))
    }

    /// Runs the case on counters of its own, against its own policy or else against `config`.
    ///
    /// # Errors
    /// The first difference from what is expected.
    pub fn run(&self, config: Option<&Config>) -> Result<(), Failure> {
        match (self.load(), config, self.loads) {
            (Some(Err(_)), _, false) => Ok(()),
            (Some(Ok(_)), _, false) => Err(Failure::Loads),
            (Some(Err(invalid)), _, true) => Err(Failure::Invalid(invalid.problems)),
            (Some(Ok(own)), _, true) => self.calls(&own),
            (None, Some(config), _) => self.calls(config),
            (None, None, _) => Err(Failure::NoPolicy),
        }
    }

    fn calls(&self, config: &Config) -> Result<(), Failure> {
        let store = InMemory::new(*b"a seed for cases");
        for (index, call) in self.calls.iter().enumerate() {
            for time in 0..call.times {
                let outcome = call.judge(config, &store);
                let wrong = call.expected.differences(&outcome);
                if !wrong.is_empty() {
                    let call = call.clone();
                    return Err(Failure::Call(Box::new(FailedCall { index, time, call, wrong, outcome })));
                }
            }
        }
        Ok(())
    }
}
