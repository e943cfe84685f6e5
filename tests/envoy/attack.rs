//! The corpus of requests that servers and gateways read differently, and what must become of each.

use crate::{
    answer::{DENIED, not_a_refusal},
    client::{Body, Request, Response, VERSIONS},
    corpus,
    forwarding::MODES,
};
use base64::{Engine, prelude::BASE64_STANDARD};
use serde::Deserialize;
use serde_json::{Map, Value};

/// One request and what must become of it under a policy that allows the tool `ok` only.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Attack {
    /// What it is called.
    pub(crate) name: String,
    method: String,
    path: String,
    headers: Map<String, Value>,
    body: Option<String>,
    body_b64: Option<String>,
    expect: String,
    /// What it is about.
    pub(crate) why: String,
    /// How many servers it once fooled, counted elsewhere; the suite `sdk_servers` finds which servers it fools.
    #[serde(rename = "runs_evil_unprotected")]
    _runs_evil_unprotected: Value,
}

impl Attack {
    /// All of them.
    pub(crate) fn all() -> Vec<Self> {
        let attacks: Vec<Self> = corpus::read(include_str!("../cases/attacks.jsonl"));
        assert_eq!(attacks.len(), 161);
        attacks
    }

    /// The one of a certain name.
    pub(crate) fn named(name: &str) -> Self {
        let found = Self::all().into_iter().find(|attack| attack.name == name);
        found.unwrap_or_else(|| panic!("no attack is called {name}"))
    }

    /// Whether it has to reach the server.
    pub(crate) fn is_forwarded(&self) -> bool {
        self.expect == "forward"
    }

    /// Each header mode with each version of HTTP that can say it: HTTP/2 has no headers about the connection (RFC 9113,
    /// 8.2.2).
    pub(crate) fn ways(&self) -> Vec<(&'static str, &'static str)> {
        let versions = if self.headers.contains_key("connection") { &VERSIONS[..1] } else { &VERSIONS };
        MODES.into_iter().flat_map(|mode| versions.iter().map(move |version| (mode, *version))).collect()
    }

    /// The request as it goes over the wire.
    pub(crate) fn request(&self) -> Request {
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
        request.head_only = self.is_endless();
        if body.is_empty() && self.method != "POST" { request } else { request.body(Body::sized(body)) }
    }

    /// Whether a server may answer with a stream that it never ends.
    fn is_endless(&self) -> bool {
        self.method == "GET" || self.headers.get("mcp-method").is_some_and(|method| method == "subscriptions/listen")
    }

    /// Why an answer is not the one that it must get, if it is not; `from_server` says who gave it.
    pub(crate) fn misjudged(&self, answer: &Response, from_server: bool) -> Option<String> {
        if self.is_forwarded() {
            return (!from_server).then(|| format!("not forwarded: {answer}"));
        }
        if from_server {
            return Some(format!("the server answered: {answer}"));
        }
        match self.expect.split_once(':') {
            None if self.expect == "refuse" => not_a_refusal(answer, &self.method),
            Some(("deny-as-call", tool)) => not_denied_as(answer, tool),
            _ => Some(format!("this suite does not know {:?}", self.expect)),
        }
    }
}

/// Why an answer does not deny a call of `tool`.
fn not_denied_as(answer: &Response, tool: &str) -> Option<String> {
    let body: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
    let error = &body["error"];
    let fits = answer.status == 200 && error["code"] == DENIED && error["data"]["tool"] == tool;
    (!fits).then(|| format!("not denied as a call of {tool:?}: {answer}"))
}
