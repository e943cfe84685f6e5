//! The corpus that all suites share: one JSON object a line.
//!
//! * `policy`: a policy document; `calls`: what is called, in order; `expect`: `allow`, `deny`, `rate_limited` or
//!   `approval` for each call, or `["policy_invalid"]`
//! * a call: `tool` with `args`, or `raw` (a body as it is sent); `identity`, the grant; `at_s`, seconds after a UTC
//!   midnight
//! * `expect_message_contains`: by the call's index, text that the agent must be told

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::{Case, CaseCall, Expectation, Expected, RequestOrigin, clock, message};
use crate::json::diagnostic::Problem;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    name: String,
    policy: Box<RawValue>,
    #[serde(default)]
    calls: Vec<LineCall>,
    expect: Vec<Word>,
    #[serde(default)]
    expect_message_contains: BTreeMap<usize, String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LineCall {
    tool: Option<String>,
    args: Option<Box<RawValue>>,
    raw: Option<String>,
    #[serde(default)]
    identity: String,
    #[serde(default)]
    at_s: u64,
}

#[derive(Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Word {
    Allow,
    Deny,
    RateLimited,
    Approval,
    PolicyInvalid,
}

/// Reads a corpus.
///
/// # Errors
/// The lines that are no cases.
pub(super) fn read(text: &str) -> Result<Vec<Case>, Vec<Problem>> {
    let (mut cases, mut problems) = (Vec::new(), Vec::new());
    let mut start = 0_usize;
    for line in text.split_inclusive('\n') {
        if !line.trim().is_empty() {
            match serde_json::from_str::<Line>(line).map_err(|error| problem(start, &error)).and_then(|case| {
                let lacks = |message| Problem { pointer: String::new(), at: start, message };
                case.case().map_err(lacks)
            }) {
                Ok(case) => cases.push(case),
                Err(problem) => problems.push(problem),
            }
        }
        start = start.saturating_add(line.len());
    }
    if problems.is_empty() { Ok(cases) } else { Err(problems) }
}

/// An error in the line that starts at `start`, without the place that serde counts from there.
fn problem(start: usize, error: &serde_json::Error) -> Problem {
    let text = error.to_string();
    let message = text.rsplit_once(" at line ").map_or(text.as_str(), |(message, _)| message).to_owned();
    Problem { pointer: String::new(), at: start.saturating_add(error.column().saturating_sub(1)), message }
}

impl Line {
    fn case(mut self) -> Result<Case, String> {
        let loads = !self.expect.contains(&Word::PolicyInvalid);
        if loads && self.expect.len() != self.calls.len() {
            let (calls, expected) = (self.calls.len(), self.expect.len());
            return Err(format!("{calls} calls and {expected} expectations; write one for each"));
        }
        let calls = self.calls.into_iter().zip(&self.expect).enumerate();
        let calls = calls.map(|(index, (call, word))| call.call(*word, self.expect_message_contains.remove(&index)));
        Ok(Case { name: self.name, policy: Some(self.policy.get().to_owned()), loads, calls: calls.collect() })
    }
}

impl LineCall {
    fn call(self, word: Word, message_contains: Option<String>) -> CaseCall {
        let name = self.tool.unwrap_or_default();
        let (title, body) = match self.raw {
            Some(raw) => ("the request".to_owned(), raw),
            None => (format!("the tool `{name}`"), message::tool(&name, self.args.as_ref().map(|args| args.get()))),
        };
        let decision = match word {
            Word::Allow => Expected::Allow,
            Word::Deny | Word::PolicyInvalid => Expected::DenyOrRefused,
            Word::RateLimited => Expected::RateLimited,
            Word::Approval => Expected::ApprovalRequired,
        };
        CaseCall {
            title,
            body,
            grant: self.identity,
            session: None,
            place: RequestOrigin::default(),
            at: clock::after_midnight(self.at_s.saturating_mul(1000)),
            times: 1,
            expected: Expectation { message_contains, ..decision.into() },
        }
    }
}
