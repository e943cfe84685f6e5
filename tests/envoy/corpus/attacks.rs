//! Requests that servers and gateways read differently.

use super::{assert_none, failures, read};
use crate::{
    answer::{DENIED, not_a_refusal},
    client::{self, Body, Request, Response},
    forwarding::{MODES, leak, listener},
    gateway::Gateway,
    runtime::run,
    upstream::{End, Seen},
};
use base64::{Engine, prelude::BASE64_STANDARD};
use serde::Deserialize;
use serde_json::{Map, Value, json};

/// One request and what must become of it under a policy that allows the tool `ok` only.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Attack {
    name: String,
    method: String,
    path: String,
    headers: Map<String, Value>,
    body: Option<String>,
    body_b64: Option<String>,
    expect: String,
    why: String,
    /// What unprotected servers do; of no use here.
    #[serde(rename = "runs_evil_unprotected")]
    _runs_evil_unprotected: Value,
}

#[test]
fn every_attack_ends_as_the_corpus_says_in_both_header_modes() {
    run(async {
        let attacks: Vec<Attack> = read(include_str!("../../cases/attacks.jsonl"));
        assert_eq!(attacks.len(), 119);
        let gateway = Gateway::start("corpus-attacks", &MODES.map(|mode| listener(mode, &json!({})))).await;
        let cases = MODES.into_iter().flat_map(|mode| attacks.iter().cloned().map(move |attack| (mode, attack)));
        let cases: Vec<_> = cases.collect();
        assert_eq!(cases.len(), 238);
        let checks = cases.into_iter().map(|(mode, attack)| check(gateway.clone(), mode, attack));
        assert_none(&failures(checks).await);
    });
}

/// Sends one attack and says what is wrong with what came of it.
async fn check(gateway: Gateway, mode: &'static str, attack: Attack) -> Vec<String> {
    let request = attack.request();
    let answer = match client::try_send(gateway.at(mode), &request).await {
        Ok(answer) => answer,
        Err(none) => return vec![format!("{} in mode {mode}: {none}", attack.name)],
    };
    let seen = gateway.upstream().settled(&request).await;
    let wrong = match attack.expect.split_once(':') {
        None if attack.expect == "forward" => not_forwarded(&request, &answer, &seen),
        None if attack.expect == "refuse" => not_a_refusal(&answer, &attack.method).or_else(|| leak(mode, &seen)),
        Some(("deny-as-call", tool)) => not_denied_as(&answer, tool).or_else(|| leak(mode, &seen)),
        _ => Some(format!("this suite does not know {:?}", attack.expect)),
    };
    wrong.map(|wrong| format!("{} in mode {mode}: {wrong} ({})", attack.name, attack.why)).into_iter().collect()
}

impl Attack {
    /// The request as it goes over the wire.
    fn request(&self) -> Request {
        let mut request = Request::new(&self.method, &self.path);
        for (name, value) in &self.headers {
            let one = std::slice::from_ref(value);
            for value in value.as_array().map_or(one, Vec::as_slice) {
                request = request.header(name, value.as_str().expect("a header's value"));
            }
        }
        let body = match (&self.body, &self.body_b64) {
            (Some(text), None) => text.clone().into_bytes(),
            (None, Some(coded)) => BASE64_STANDARD.decode(coded).expect("base64"),
            _ => panic!("{} should have one body", self.name),
        };
        if body.is_empty() && self.method != "POST" { request } else { request.body(Body::sized(body)) }
    }
}

/// Why a request has not reached the server unchanged.
fn not_forwarded(request: &Request, answer: &Response, seen: &[Seen]) -> Option<String> {
    let whole = |one: &Seen| one.end == End::Complete && one.body == request.body.bytes();
    (!(answer.is_upstreams() && seen.len() == 1 && whole(&seen[0])))
        .then(|| format!("not forwarded as it is: {answer}, the upstream saw {seen:?}"))
}

/// Why an answer does not deny a call of `tool`.
fn not_denied_as(answer: &Response, tool: &str) -> Option<String> {
    let body: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
    let error = &body["error"];
    let fits =
        answer.status == 200 && !answer.is_upstreams() && error["code"] == DENIED && error["data"]["tool"] == tool;
    (!fits).then(|| format!("not denied as a call of {tool:?}: {answer}"))
}
