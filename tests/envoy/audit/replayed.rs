//! The log that the shipped gateway writes, replayed.

use crate::{
    client::{Request, call, message},
    command::try_command,
    gateway::Gateway,
    process::fresh_folder,
    runtime::{run, until},
};
use serde_json::{Value, json};
use std::path::Path;

/// A configuration whose records have all that a replay needs.
fn configuration(most: u32, amount: u32) -> String {
    let limit = json!({ "counter": "c", "window": "day", "max": most, "scope": "grant" });
    let small = json!({ "conditions": [{ "path": "args.amount", "op": "lte", "value": amount }] });
    let tools = json!({
        "limited": { "limits": [limit] },
        "pay": { "require": [small] },
        "no": { "deny_if": [{ "conditions": [] }] },
        "approved": { "require_approval": [{ "conditions": [] }] },
    });
    let policy = json!({ "version": "1", "default": "deny", "tools": tools });
    let approvals = json!({ "url": "http://localhost:10001/" });
    json!({ "policy": policy, "audit": { "arguments": "values" }, "approvals": approvals }).to_string()
}

/// One of each decision, and one message that cannot be read.
fn requests() -> Vec<Request> {
    let pay = |amount: u32| call("pay", &json!({ "amount": amount }), "1", &[]);
    let limited = || call("limited", &json!({}), "1", &[]);
    let named = |name: &str| call(name, &json!({}), "1", &[]);
    let mut requests = vec![limited(), pay(5), limited(), named("no"), pay(50), limited(), named("other"), pay(500)];
    requests.extend([named("approved"), message(r#"{"jsonrpc":"2.0","id":1,"method":"tools/list"}"#), message("{")]);
    requests
}

/// What a replay of the log under a configuration says, and its exit code with `--deny-regressions`.
fn replay(log: &str, configuration: &str) -> (i32, Value) {
    let file = fresh_folder("audit-replay").join("policy.json");
    std::fs::write(&file, configuration).expect("the configuration file");
    let file = Path::to_str(&file).expect("a path of letters");
    let arguments = ["replay", "-", "--policy", file, "--deny-regressions", "--format", "json"];
    let (code, stdout, stderr) = try_command(&arguments, log);
    (code, serde_json::from_str(&stdout).unwrap_or_else(|error| panic!("{error}: {stdout}{stderr}")))
}

#[test]
fn a_replay_of_the_gateways_log_changes_nothing_and_under_another_policy_what_that_decides() {
    run(async {
        let gateway = Gateway::start_rendered("audit-replayed", &configuration(2, 100)).await;
        let requests = requests();
        for request in &requests {
            gateway.send("mcp", request).await;
        }
        let log = until("all records are logged", || async {
            let log = gateway.log();
            (log.matches(r#"\"decision\":"#).count() == requests.len()).then_some(log)
        })
        .await;
        let (code, same) = replay(&log, &configuration(2, 100));
        assert_eq!((code, &same["changed"], &same["changes"]), (0, &json!(0), &json!([])), "{same}");
        let (code, other) = replay(&log, &configuration(1, 10));
        let changes: Vec<_> = other["changes"].as_array().into_iter().flatten().map(change).collect();
        let limited = ["limited", "allowed", "rate limited", "/tools/limited/limits/0", "1"];
        let pay = ["pay", "allowed", "denied", "/tools/pay/require/0", "1"];
        assert_eq!((code, changes), (1, vec![limited.map(str::to_owned), pay.map(str::to_owned)]), "{other}");
    });
}

/// Target, decisions, rule and count of a change.
fn change(change: &Value) -> [String; 5] {
    let text = |name: &str| change[name].as_str().unwrap_or_default().to_owned();
    [text("target"), text("from"), text("to"), text("rule"), change["count"].to_string()]
}
