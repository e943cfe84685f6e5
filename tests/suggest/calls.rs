//! Calls from the tests and the documentation of widely used servers, against the schemas that `pin` makes of what these servers list.
//!
//! `calls.jsonl` has a call on each line: the server, the tool, its arguments, and `from`, the file and the line of the server's
//! repository that it was read from; `(computed)` is in place of a text that the server's test computes. `by` is `handler` where
//! the test hands the arguments to the function that handles the call, `documentation` where no test sends them, and missing
//! where the test calls the tool through the protocol. `refused` names the least of `declared` and `strict` that refuses the call,
//! and `why` says why that is right. `schemas.jsonl` has the servers, with the schemas that `mcp-policy pin` keeps of the called
//! tools.

use std::collections::BTreeMap;

use mcp_policy::{
    cases::{self, CallReport},
    config::Config,
    store::InMemory,
};
use serde_json::{Value, json};

/// What the servers' own tests and documentation show, and no more.
const MIN_SERVERS: usize = 17;
const MIN_CALLS: usize = 300;

fn lines(text: &'static str) -> Vec<Value> {
    text.lines().map(|line| serde_json::from_str(line).expect("a line of JSON")).collect()
}

fn text<'v>(value: &'v Value, key: &str) -> &'v str {
    value[key].as_str().unwrap_or_default()
}

/// The decision on a call of a tool whose arguments are compared so with its schema.
fn decide(schema: &Value, call: &Value, arguments: &str) -> CallReport {
    let tool = text(call, "tool");
    let pin = json!({"sha256": "0".repeat(64), "schema": schema});
    let policy = json!({"version": "1", "default": "allow", "arguments": arguments, "definitions": {tool: pin}});
    let config = Config::load(policy.to_string().as_bytes()).expect("the schema is one that a policy can hold");
    let sent = json!({"tool": tool, "args": call["arguments"], "expect": "allow"});
    let cases = cases::read(&json!({"cases": [{"name": "call", "calls": [sent]}]}).to_string()).expect("a case");
    let call = cases.iter().flat_map(|case| &case.calls).next().expect("its call");
    call.decide(&config, &InMemory::new([0; 16]))
}

#[test]
fn servers_calls_pass_but_for_those_that_their_schemas_forbid() {
    let servers: BTreeMap<String, Value> = lines(include_str!("schemas.jsonl"))
        .into_iter()
        .map(|server| (text(&server, "server").to_owned(), server))
        .collect();
    let calls = lines(include_str!("calls.jsonl"));
    let mut wrong = Vec::new();
    for call in &calls {
        let schema = &servers[text(call, "server")]["schemas"][text(call, "tool")];
        let refused = text(call, "refused");
        for arguments in ["declared", "strict"] {
            let report = decide(schema, call, arguments);
            let must_pass = refused.is_empty() || refused == "strict" && arguments == "declared";
            if report.record.rule.starts_with("/definitions/") == must_pass
                || !must_pass && text(call, "why").is_empty()
            {
                wrong.push(format!("{arguments}: {call}: {:?}", report.record.rule));
            }
        }
        // Another reader of JSON Schema says the same, so what is refused is the schema's doing.
        let is_valid = jsonschema::draft202012::new(schema).expect("a schema").is_valid(&call["arguments"]);
        if is_valid == (refused == "declared") {
            wrong.push(format!("the schema says otherwise: {call}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let named: Vec<&str> = servers.keys().map(String::as_str).collect();
    assert!(named.iter().all(|server| calls.iter().any(|call| text(call, "server") == *server)), "{named:?}");
    assert!(
        servers.len() >= MIN_SERVERS && calls.len() >= MIN_CALLS,
        "{} servers, {} calls",
        servers.len(),
        calls.len()
    );
}
