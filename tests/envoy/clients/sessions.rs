//! What a refusal costs a client: the call, or its session.

use super::{Found, gateway, node, places, python, run_all, table};
use crate::{runtime::run, sdk_servers::Server};
use serde_json::{Value, json};
use std::process::Command;

/// The refusals of a message that was read, or of its answer, and a part of what each says; and what an answer says that passes redacted.
const READ: [(&str, &str); 9] = [
    ("denied", "Policy violation: "),
    ("limited", "rate limit"),
    ("approval", "Approval required: "),
    ("deep", "levels of nesting"),
    ("empty name", "`params.name` is empty"),
    ("long name", "longer than 256 bytes"),
    ("control character", "control character"),
    ("redacted", "write to [redacted] today"),
    ("withheld", "Result refused: accounts stay here"),
];

/// The others: nothing tells which request they answer.
const UNREAD: [&str; 3] = ["unread: 413", "unread: 415", "unread: 400"];

/// The calls that meet them, of a server whose tools have these names; `echo` calls one whose answer has the text that it gets.
fn calls(good: &Value, denied: &Value, limited: &Value, approval: &Value, echo: impl Fn(&str) -> Value) -> String {
    let name = |name: &str| json!([{ "name": name }]);
    let with = |member: &str, value: Value| {
        let mut call = good.clone();
        call[member] = value;
        json!([call])
    };
    let marked = |mark: &str| {
        let mut call = good.clone();
        call["arguments"]["value"] = mark.into();
        json!([call])
    };
    json!({
        "good": [good],
        "denied": [denied],
        "limited": [limited, limited],
        "approval": [approval],
        "deep": with("deep", 70.into()),
        "empty name": name(""),
        "long name": name(&"x".repeat(300)),
        "control character": name("a\u{7}"),
        "redacted": [echo("write to bob@example.com today")],
        "withheld": [echo("DE89 3704 0044 0532 0130 00")],
        "unread: 413": with("large", 5_000_000.into()),
        "unread: 415": marked("make-it-text"),
        "unread: 400": marked("make-it-half"),
    })
    .to_string()
}

#[test]
fn a_refusal_costs_a_client_one_call_and_not_its_session() {
    let Some(places) = places() else { return };
    run(async {
        let everything = Server::start_everything("clients", &places.servers).await;
        let both = Server::start_both_lifecycles("clients", &places.servers).await;
        let gateway = gateway("clients-sessions", [&everything, &both], &["error"]).await;
        let url = |server: &Server| format!("http://{}/mcp", gateway.at(&format!("{}-error", server.name)));
        let (session, stateless) = (url(&everything), url(&both));
        let in_session = calls(
            &json!({ "name": "echo", "arguments": { "message": "yes" } }),
            &json!({ "name": "get-env" }),
            &json!({ "name": "get-tiny-image" }),
            &json!({ "name": "get-sum", "arguments": { "a": 1, "b": 2 } }),
            |text| json!({ "name": "echo", "arguments": { "message": text } }),
        );
        let without = calls(
            &json!({ "name": "ok" }),
            &json!({ "name": "evil" }),
            &json!({ "name": "value_text", "arguments": { "value": "x" } }),
            &json!({ "name": "value_count", "arguments": { "value": 1 } }),
            |text| json!({ "name": "value_any", "arguments": { "value": text } }),
        );
        let in_python = |packages: &str, how: &str, calls: &str, url: &str| {
            let place = [&places.clients, &places.servers].map(|place| place.join(packages));
            let mut command = python(place.iter().find(|place| place.is_dir()).unwrap_or(&place[0]), "client.py");
            command.args([how, calls, url]);
            command
        };
        let bridged = |command: &[&str]| {
            let mut client = python(&places.servers.join("python-1"), "client.py");
            client.args(["stdio", &in_session]).args(command);
            client
        };
        let in_node = |packages: &str, how: &str, calls: &str, url: &str| {
            let place = [&places.clients, &places.servers].map(|place| place.join(packages));
            let mut command = node(place.iter().find(|place| place.is_dir()).unwrap_or(&place[0]));
            command.args([how, calls, url]);
            command
        };
        let program = |path: &str| places.clients.join(path).display().to_string();
        let modules = "bridges/node_modules";
        let remote = program(&format!("{modules}/mcp-remote/dist/proxy.js"));
        let supergateway = program(&format!("{modules}/supergateway/dist/index.js"));
        let clients: Vec<(&str, Command)> = vec![
            // It cannot read the empty first events of the reference server.
            ("Python SDK 1.8.0", in_python("python-oldest", "sdk", &without, &stateless)),
            ("Python SDK 1.30.0", in_python("python-1", "sdk", &in_session, &session)),
            ("Python SDK 2.3.0", in_python("python-2", "sdk-2", &in_session, &session)),
            ("Python SDK 2.3.0, 2026-07-28", in_python("python-2", "sdk-2-stateless", &without, &stateless)),
            ("FastMCP 4.1.6", in_python("fastmcp", "fastmcp", &in_session, &session)),
            ("TypeScript SDK 1.32.2", in_node("typescript-1", "1", &in_session, &session)),
            ("TypeScript SDK 2.4.0", in_node("typescript-2-client", "2", &in_session, &session)),
            ("TypeScript SDK 2.4.0, 2026-07-28", in_node("typescript-2-client", "2-stateless", &without, &stateless)),
            (
                "mcp-proxy 0.13.0",
                bridged(&[&program("python-proxy/bin/mcp-proxy"), "--transport", "streamablehttp", &session]),
            ),
            ("mcp-remote 0.15.1", bridged(&["node", &remote, &session, "--transport", "http-only", "--allow-http"])),
            (
                "supergateway 4.0.0",
                bridged(&["node", &supergateway, "--logLevel", "none", "--streamableHttp", &session]),
            ),
        ];
        let mut wrong = Vec::new();
        let mut measured = Vec::new();
        for (client, found) in run_all(clients).await {
            wrong.extend(READ.iter().filter_map(|(kind, text)| fault(client, kind, text, &found)));
            let cost = |kind: &&str| cost(&found[*kind]).to_owned();
            measured.push([vec![client.to_owned()], UNREAD.iter().map(cost).collect()].concat());
        }
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
        let shown: Vec<String> = measured.iter().map(|row| format!("| {} |", row.join(" | "))).collect();
        assert_eq!(
            table("## What a refusal costs a client"),
            measured,
            "tests/README.md should say:\n{}",
            shown.join("\n")
        );
        assert_eq!(both.evil_runs().await, 0);
    });
}

/// What is wrong with one refusal of a message that was read.
fn fault(client: &str, kind: &str, text: &str, found: &Found) -> Option<String> {
    let (told, then) = (found[kind]["told"].as_str()?, found[kind]["then"].as_str()?);
    (!told.contains(text) || then != "ok").then(|| format!("{client}, {kind}: told {told:?}, and then {then:?}"))
}

/// What the refusal of an unread message costs.
fn cost(outcome: &Value) -> &'static str {
    match (outcome["told"].as_str(), outcome["then"].as_str()) {
        (Some("no answer"), Some("ok")) => "the call, after its timeout",
        (_, Some("ok")) => "the call",
        _ => "the session",
    }
}
