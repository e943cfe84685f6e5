//! Test cases for policies: calls at given times, and the expected decision on each.
//!
//! * `document`: the format of a case file
//! * `clock`, `message`: the time and the request of a call
//! * `report`, `failure`: a call's decision, and how it differs from what the case expects
//!
//! All calls go through [`engine::explain`](crate::engine::explain), so that a failed case shows each step of the
//! decision. Nothing here reads a file or a clock.

mod clock;
mod document;
mod failure;
mod message;
mod report;
mod result;

#[cfg(test)]
mod tests;

use crate::{
    audit::Decision,
    config::{Config, ConfigErrors},
    identity::Claims,
    json::{
        self,
        cursor::Cursor,
        diagnostic::{Problem, Problems},
    },
    store::InMemory,
    time::Timestamp,
};

pub(crate) use self::message::{reference_body, request_body};
pub use self::{
    clock::{MIDNIGHT, format_time},
    failure::{FailedCall, Failure},
    report::CallReport,
    result::{AnswerOutcome, AnswerReport},
};

/// One case.
///
/// ```
/// # use mcp_policy::{cases, config::Config};
/// let config = Config::load(br#"{"version": "1", "default": "deny", "tools": {"get_*": {}}}"#);
/// let config = config.map_err(|errors| errors.to_string())?;
/// let cases = r#"{"cases": [{"name": "reads", "calls": [{"tool": "get_order", "expect": "deny"}]}]}"#;
/// let cases = cases::read(cases).map_err(|problems| format!("{problems:?}"))?;
/// let failure = cases[0].run(Some(&config)).unwrap_err();
/// assert!(failure.to_string().starts_with("call 1, "), "{failure}");
/// # Ok::<(), String>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Case {
    /// Its name, in a few words.
    pub name: String,
    /// The policy or configuration in its file.
    pub policy: Option<String>,
    /// The calls, in order.
    pub calls: Vec<CaseCall>,
}

/// A call in a case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CaseCall {
    /// Its name in reports.
    pub title: String,
    /// The body of the request.
    pub body: String,
    /// The grant: the caller's identity.
    pub grant: String,
    /// The claims of the token that names the caller.
    pub claims: Claims,
    /// The MCP session.
    pub session: Option<String>,
    /// Where the request arrives.
    pub origin: RequestOrigin,
    /// The time of the call.
    pub at: Timestamp,
    /// How many times to send it. The expectation holds for each.
    pub times: u32,
    /// The tools that the server lists before it, JSON.
    pub listed: Vec<String>,
    /// The server's answer, or the result in it, if the case says what becomes of it.
    pub answer: Option<String>,
    /// The expected outcome.
    pub expected: Expectation,
}

/// Where a request arrives, for bindings.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RequestOrigin {
    /// The name of Envoy's route.
    pub route: Option<String>,
    /// The host of the request.
    pub host: Option<String>,
    /// The path of the request; `/mcp` if `None`.
    pub path: Option<String>,
}

/// The expected outcome of a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expectation {
    /// The decision.
    pub decision: Expected,
    /// The rule that denies it.
    pub rule: Option<String>,
    /// A part of the message to the agent.
    pub message_contains: Option<String>,
    /// The rule in shadow mode that would deny it; `Some(None)` if there must be none.
    pub shadow: Option<Option<String>>,
    /// What becomes of the answer.
    pub answer: Option<AnswerOutcome>,
    /// The rule that refuses the answer, or that would, in shadow mode.
    pub answer_rule: Option<String>,
    /// A part of the message that the client gets.
    pub answer_contains: Option<String>,
}

/// An expected decision.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expected {
    /// It reaches the server.
    Allow,
    /// The policy denies it.
    Deny,
    /// A limit is used up.
    RateLimited,
    /// It needs approval.
    ApprovalRequired,
    /// It is unreadable or ambiguous.
    Refused,
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

    /// Whether a decision is the expected one. An internal error never is.
    #[must_use]
    pub fn matches(self, decision: Decision) -> bool {
        match self {
            Self::Allow => decision == Decision::Allowed,
            Self::Deny => decision == Decision::Denied,
            Self::RateLimited => decision == Decision::RateLimited,
            Self::ApprovalRequired => decision == Decision::ApprovalRequired,
            Self::Refused => decision == Decision::Refused,
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
        }
    }
}

/// A case file is less deep.
const MAX_DEPTH: u32 = 256;

/// Reads a case file.
///
/// # Errors
/// All problems of the file.
pub fn read(text: &str) -> Result<Vec<Case>, Vec<Problem>> {
    let mut node = match json::parse(text.as_bytes(), MAX_DEPTH) {
        Ok(node) => node,
        Err(fault) => {
            let message = match text.trim() {
                "" => "the case file is empty; write `{\"cases\": […]}`".to_owned(),
                _ => format!("not JSON: {fault}"),
            };
            return Err(vec![Problem { pointer: String::new(), at: fault.at, message }]);
        }
    };
    node.remove_schema();
    let problems = Problems::default();
    let cases = document::read(&Cursor::top(&node, &problems), text);
    match problems.take() {
        none if none.is_empty() => Ok(cases),
        problems => Err(problems),
    }
}

impl CaseCall {
    /// The body of a tool call; `args` is JSON.
    #[must_use]
    pub fn tool(name: &str, args: &str) -> String {
        message::tool_call_body(name, Some(args))
    }
}

impl Case {
    /// The configuration in the case's file, if there is one.
    ///
    /// # Errors
    /// All problems of it.
    pub fn load(&self) -> Option<Result<Config, ConfigErrors>> {
        self.policy.as_ref().map(|policy| Config::load(policy.as_bytes()))
    }

    /// Runs the case with empty counters, against its own policy or else against `config`.
    ///
    /// # Errors
    /// The first difference from the expectation.
    pub fn run(&self, config: Option<&Config>) -> Result<(), Failure> {
        match (self.load(), config) {
            (Some(Err(invalid)), _) => Err(Failure::Invalid(invalid.problems)),
            (Some(Ok(own)), _) => self.run_calls(&own),
            (None, Some(config)) => self.run_calls(config),
            (None, None) => Err(Failure::NoPolicy),
        }
    }

    fn run_calls(&self, config: &Config) -> Result<(), Failure> {
        let store = InMemory::new(*b"a seed for cases");
        for (index, call) in self.calls.iter().enumerate() {
            for time in 0..call.times {
                let outcome = call.decide(config, &store);
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
