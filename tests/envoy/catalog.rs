//! The policies of the catalogue in a real Envoy: every case decides as it does natively.
//!
//! A case begins with empty counters, so each has callers of its own, and a policy with a limit for all callers has a listener
//! for each case. Cases that move the clock by a minute or more are shown natively only.

use crate::{
    answer::{APPROVAL_REQUIRED, DENIED, RATE_LIMITED},
    client::{Response, message},
    clock,
    gateway::{Gateway, Listener, json_text},
    runtime::run,
};
use mcp_policy::cases::{self, Case, CaseCall, Expected, MIDNIGHT};
use serde_json::{Value, json};
use std::{fs, path::Path};

/// A server of the catalogue.
struct Server {
    name: String,
    policy: Value,
    cases: Vec<Case>,
}

/// Within what a minute holds; each case sends fewer calls than one limit of a minute lets through, or runs into it at once.
const SECONDS_A_CASE: u64 = 8;

fn servers() -> Vec<Server> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("envoy/catalog");
    let files = fs::read_dir(&folder).expect("the catalogue").map(|file| file.expect("a file").file_name());
    let names = files.filter_map(|file| Some(file.to_str()?.strip_suffix(".policy.json")?.to_owned()));
    let read = |file: String| fs::read_to_string(folder.join(file)).expect("a file");
    let each = names.map(|name| Server {
        policy: serde_json::from_str(&read(format!("{name}.policy.json"))).expect("a policy"),
        cases: cases::read(&read(format!("{name}.cases.json"))).expect("cases"),
        name,
    });
    let mut servers: Vec<Server> = each.collect();
    servers.sort_by(|one, other| one.name.cmp(&other.name));
    servers
}

impl Server {
    fn has_limit_for_all(&self) -> bool {
        self.policy.to_string().contains("\"global\"")
    }

    /// The listener of a case.
    fn listener(&self, case: usize) -> String {
        if self.has_limit_for_all() { format!("{}-{case}", self.name) } else { self.name.clone() }
    }

    fn listeners(&self) -> Vec<Listener> {
        // Named, since approvals that wait are counted by the policy's name.
        let policies = json!({(&self.name): self.policy});
        let bindings = json!([{"policy": self.name}]);
        let identity = json!([{"header": "x-agent"}]);
        let configuration = json!({"policies": policies, "bindings": bindings, "identity": identity}).to_string();
        let count = if self.has_limit_for_all() { self.cases.len() } else { 1 };
        (0..count).map(|case| Listener::new(&self.listener(case), json_text(&configuration))).collect()
    }
}

/// Whether a case happens within one minute.
fn is_short(case: &Case) -> bool {
    case.calls.iter().all(|call| call.at.seconds() < MIDNIGHT.seconds() + 59)
}

#[test]
fn every_case_of_the_catalogue_decides_in_envoy_as_it_does_natively() {
    run(async {
        let servers = servers();
        let listeners: Vec<Listener> = servers.iter().flat_map(Server::listeners).collect();
        let gateway = Gateway::start("catalog", &listeners).await;
        let (mut sent, mut wrong) = (0, Vec::new());
        for server in &servers {
            for (index, case) in server.cases.iter().enumerate().filter(|(_, case)| is_short(case)) {
                clock::room_in_minute(SECONDS_A_CASE).await;
                for call in &case.calls {
                    for _ in 0..call.times {
                        let mut request = message(call.body.clone());
                        request.headers.push(("x-agent".into(), format!("{}-{index}-{}", server.name, call.grant)));
                        request.headers.extend(call.session.iter().map(|id| ("mcp-session-id".to_owned(), id.clone())));
                        let answer = gateway.send(&server.listener(index), &request).await;
                        sent += 1;
                        wrong.extend(fault(call, &answer).map(|why| format!("{}, {}: {why}", server.name, case.name)));
                    }
                }
            }
        }
        assert!(wrong.is_empty(), "{} of {sent} calls:\n{}", wrong.len(), wrong.join("\n"));
        assert!(servers.len() >= 15 && sent > 600, "{} servers, {sent} calls", servers.len());
    });
}

/// What is wrong with an answer.
fn fault(call: &CaseCall, answer: &Response) -> Option<String> {
    if call.expected.decision == Expected::Allow {
        return (!answer.is_upstreams()).then(|| format!("{} should pass: {answer}", call.title));
    }
    let code = match call.expected.decision {
        Expected::Deny => DENIED,
        Expected::RateLimited => RATE_LIMITED,
        Expected::ApprovalRequired => APPROVAL_REQUIRED,
        Expected::Refused | Expected::Allow => -32600,
    };
    if answer.is_upstreams() {
        return Some(format!("{} should not pass", call.title));
    }
    let error = answer.json()["error"].clone();
    let rule = call.expected.rule.as_deref();
    let is_rule = rule.is_none_or(|rule| error["data"]["rule"] == rule);
    (error["code"] != code || !is_rule).then(|| format!("{}: expected {code} by {rule:?}: {answer}", call.title))
}
