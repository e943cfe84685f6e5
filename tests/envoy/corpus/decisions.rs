//! Policies and the calls that they decide.
//!
//! Each policy is a listener of one Envoy, which takes them from a file, so that those that must not load are rejected
//! one by one. Cases whose calls lie in more than one window of a limit need a clock that can be moved: another suite
//! runs these, natively. Cases whose policy this version does not support yet are counted, so that the number changes,
//! and with it this test, on the day on which it does.

use super::{assert_none, failures, read};
use crate::{
    answer::{APPROVAL_REQUIRED, DENIED, RATE_LIMITED, not_a_refusal},
    client::{Request, Response, call, message},
    clock,
    forwarding::leak,
    gateway::{Gateway, Listener, json_text},
    runtime::run,
};
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::{BTreeMap, HashMap};

/// One policy, its calls and what must become of each.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    name: String,
    policy: Value,
    calls: Vec<Call>,
    expect: Vec<String>,
    #[serde(default)]
    expect_message_contains: HashMap<usize, String>,
}

/// One call.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Call {
    #[serde(default)]
    tool: String,
    #[serde(default)]
    args: Value,
    raw: Option<String>,
    identity: String,
    at_s: u64,
}

/// What can be said of a case here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    /// All its calls may come now.
    Run,
    /// Its calls lie in several windows.
    NeedsMovedClock,
    /// Its policy must not load.
    Invalid,
}

#[test]
fn every_case_that_time_plays_no_part_in_is_decided_as_the_corpus_says() {
    run(async {
        let cases: Vec<Case> = read(include_str!("../../cases/decisions.jsonl"));
        let listeners: Vec<Listener> = cases.iter().map(Case::listener).collect();
        let gateway = Gateway::start_with_file("corpus-decisions", &listeners).await;
        let rejected = gateway.rejected().await;

        let mut kinds: BTreeMap<Kind, usize> = BTreeMap::new();
        let mut wrong = Vec::new();
        let mut checks = Vec::new();
        for case in cases {
            let kind = case.kind();
            *kinds.entry(kind).or_default() += 1;
            println!("{kind:?}: {}", case.name);
            match (kind, rejected.contains_key(&case.name)) {
                (Kind::Invalid, false) => wrong.push(format!("{} should not have loaded", case.name)),
                (Kind::Run | Kind::NeedsMovedClock, true) => wrong.push(format!("{} should have loaded", case.name)),
                (Kind::Run, false) => checks.push(check(gateway.clone(), case)),
                (Kind::Invalid, true) | (Kind::NeedsMovedClock, false) => {}
            }
        }
        clock::room_in_minute(20).await;
        wrong.extend(failures(checks).await);
        assert_none(&wrong);
        let expected = [(Kind::Run, 75), (Kind::NeedsMovedClock, 8), (Kind::Invalid, 5)];
        assert_eq!(kinds, BTreeMap::from(expected), "how many of the 88 cases are run, and why the others are not");
    });
}

/// Sends the calls of one case in order and says what is wrong with what came of them.
async fn check(gateway: Gateway, case: Case) -> Vec<String> {
    let mut wrong = Vec::new();
    for (at, (call, expected)) in case.calls.iter().zip(&case.expect).enumerate() {
        let request = call.request(at);
        let answer = gateway.send(&case.name, &request).await;
        let seen = gateway.upstream().settled(&request).await;
        let fits = match expected.as_str() {
            "allow" => answer.is_upstreams() && seen.len() == 1 && seen[0].body == request.body.bytes(),
            "deny" if call.raw.is_some() => not_a_refusal(&answer, "POST").is_none() && leak("hold", &seen).is_none(),
            "deny" => refuses(&answer, DENIED) && leak("hold", &seen).is_none(),
            "rate_limited" => refuses(&answer, RATE_LIMITED) && leak("hold", &seen).is_none(),
            "approval" => refuses(&answer, APPROVAL_REQUIRED) && leak("hold", &seen).is_none(),
            other => panic!("this suite does not know {other:?}"),
        };
        let message = case.expect_message_contains.get(&at).map_or("", String::as_str);
        if !fits || !answer.text().contains(message) {
            wrong.push(format!("{} call {at}: expected {expected} {message:?}, got {answer}", case.name));
        }
    }
    wrong
}

/// Whether the gateway has answered with the JSON-RPC error `code`.
fn refuses(answer: &Response, code: i64) -> bool {
    let body: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
    !answer.is_upstreams() && answer.status == 200 && body["error"]["code"] == code
}

impl Case {
    /// A listener of the case's own, whose filter has the case's name. Callers are named by a header.
    fn listener(&self) -> Listener {
        let configuration = json!({
            "policy": self.policy,
            "identity": [{ "header": "x-agent-id" }],
            "protocol": { "headers": "hold" },
        });
        Listener::new(&self.name, json_text(&configuration.to_string()))
    }

    /// What can be said of the case.
    fn kind(&self) -> Kind {
        if self.expect == ["policy_invalid"] {
            Kind::Invalid
        } else if windows(&self.policy).iter().all(|window| self.within_one(*window)) {
            Kind::Run
        } else {
            Kind::NeedsMovedClock
        }
    }

    /// Whether all calls lie in one window of `length` seconds.
    fn within_one(&self, length: u64) -> bool {
        let mut windows = self.calls.iter().map(|call| call.at_s / length);
        let first = windows.next();
        windows.all(|window| Some(window) == first)
    }
}

/// The lengths of all windows that a policy's limits name, in seconds.
fn windows(policy: &Value) -> Vec<u64> {
    match policy {
        Value::Object(members) => members
            .iter()
            .flat_map(|(name, value)| match (name.as_str(), value.as_str()) {
                ("window", Some("second")) => vec![1],
                ("window", Some("minute")) => vec![60],
                ("window", Some("hour")) => vec![3600],
                ("window", Some("day")) => vec![86400],
                ("window", _) => value.as_u64().into_iter().collect(),
                _ => windows(value),
            })
            .collect(),
        Value::Array(elements) => elements.iter().flat_map(windows).collect(),
        _ => Vec::new(),
    }
}

impl Call {
    /// The call as a request.
    fn request(&self, id: usize) -> Request {
        match &self.raw {
            Some(raw) => message(raw.as_bytes()).header("x-agent-id", &self.identity),
            None => call(&self.tool, &self.args, &id.to_string(), &[("x-agent-id", &self.identity)]),
        }
    }
}
