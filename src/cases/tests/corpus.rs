//! The corpus that all suites share: one JSON object a line.
//!
//! * `policy`: a policy document; `calls`: the calls, in order; `expect`: `allow`, `deny`, `rate_limited` or `approval` for
//!   each call, or `["policy_invalid"]`
//! * a call: `tool` with `args`, or `raw` (the body); `identity`, the grant; `at_s`, seconds after midnight UTC
//! * `expect_message_contains`: by the call's index, a part of the message to the agent

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::value::RawValue;

#[cfg(target_family = "wasm")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use crate::{
    audit::Decision,
    cases::{CallReport, CaseCall, Expected, RequestOrigin, clock, message},
    config::Config,
    identity::Claims,
    store::InMemory,
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    name: String,
    policy: Box<RawValue>,
    #[serde(default)]
    calls: Vec<Call>,
    expect: Vec<Word>,
    #[serde(default)]
    expect_message_contains: BTreeMap<usize, String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Call {
    tool: Option<String>,
    args: Option<Box<RawValue>>,
    raw: Option<String>,
    #[serde(default)]
    identity: String,
    #[serde(default)]
    at_s: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Word {
    Allow,
    /// The policy denies it, or the reader refuses it.
    Deny,
    RateLimited,
    Approval,
    PolicyInvalid,
}

impl Word {
    fn matches(self, decision: Decision) -> bool {
        match self {
            Self::Allow => decision == Decision::Allowed,
            Self::Deny => matches!(decision, Decision::Denied | Decision::Refused),
            Self::RateLimited => decision == Decision::RateLimited,
            Self::Approval => decision == Decision::ApprovalRequired,
            Self::PolicyInvalid => false,
        }
    }
}

impl Case {
    /// What is wrong with its outcome.
    fn failures(&self) -> Vec<String> {
        let config = match Config::load(self.policy.get().as_bytes()) {
            Ok(_) if self.expect == [Word::PolicyInvalid] => return vec!["the policy loads".to_owned()],
            Err(_) if self.expect == [Word::PolicyInvalid] => return Vec::new(),
            Err(invalid) => return vec![invalid.to_string()],
            Ok(config) => config,
        };
        assert_eq!(self.calls.len(), self.expect.len(), "{}: one expectation for each call", self.name);
        let store = InMemory::new(*b"a seed for cases");
        let calls = self.calls.iter().zip(&self.expect).enumerate();
        let failure = |(index, (call, word)): (usize, (&Call, &Word))| {
            let report = call.to_call().decide(&config, &store);
            let part = self.expect_message_contains.get(&index);
            let fails =
                !word.matches(report.record.decision) || part.is_some_and(|part| !report.message.contains(part));
            fails.then(|| describe(index, *word, part, &report))
        };
        calls.filter_map(failure).collect()
    }
}

impl Call {
    fn to_call(&self) -> CaseCall {
        let name = self.tool.as_deref().unwrap_or_default();
        let tool = || message::tool_call_body(name, self.args.as_ref().map(|args| args.get()));
        CaseCall {
            title: String::new(),
            body: self.raw.clone().unwrap_or_else(tool),
            grant: self.identity.clone(),
            claims: Claims::Absent,
            session: None,
            origin: RequestOrigin::default(),
            at: clock::after_midnight(self.at_s.saturating_mul(1000)),
            times: 1,
            listed: vec![],
            answer: None,
            expected: Expected::Allow.into(),
        }
    }
}

fn describe(index: usize, word: Word, part: Option<&String>, report: &CallReport) -> String {
    let part = part.map(|part| format!(" with `{part}`")).unwrap_or_default();
    format!("call {index}: expected {word:?}{part}\n    {}", report.lines().join("\n    "))
}

#[test]
fn decisions_are_as_the_corpus_says() {
    let lines = include_str!("../../../tests/cases/decisions.jsonl").lines();
    let cases: Vec<Case> = lines.map(|line| serde_json::from_str(line).unwrap()).collect();
    let failed: Vec<String> = cases
        .iter()
        .flat_map(|case| case.failures().into_iter().map(|failure| format!("{}: {failure}", case.name)))
        .collect();
    assert!(failed.is_empty(), "{} of {}:\n{}", failed.len(), cases.len(), failed.join("\n"));
    assert_eq!(cases.len(), 88);
}
