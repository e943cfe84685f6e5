//! An OpenTelemetry collector gets the record of each request, with attributes by the names of the semantic conventions.

use crate::{
    client::{call, message},
    gateway::{self, Gateway},
    prerequisites,
    process::{Process, fresh_folder},
    runtime::{run, until},
};
use mcp_policy::evidence::log_line::{self, Found};
use serde_json::{Value, json};
use std::{
    collections::BTreeMap,
    path::Path,
    process::{Command, Stdio},
};

const TRACE: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
const OTHER_TRACE: &str = "00-5bf92f3577b34da6a3ce929d0e0e4736-10f067aa0ba902b7-01";

/// A running collector, and its port; `None` if `MCP_POLICY_SKIP` names it.
async fn collector() -> Option<(Process, String)> {
    let place = prerequisites::find("rate_limit_service")?;
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/otlp/collector.py");
    let mut command = Command::new(place.join("bin/python"));
    command.arg(script).stdin(Stdio::null());
    let process =
        Process::start(&mut command, fresh_folder("otlp-collector").join("collector.log")).expect("it starts");
    let port = until("the collector listens", || async {
        assert!(process.ended().is_none(), "{}", process.log_tail());
        process.log().split_once('\n').map(|(port, _)| port.to_owned())
    })
    .await;
    Some((process, port))
}

/// The log records so far.
fn records(collector: &Process) -> Vec<Value> {
    let log = collector.log();
    // The last line may not be complete yet.
    let lines = log.split_inclusive('\n').filter(|line| line.ends_with('\n')).skip(1);
    lines.map(|line| serde_json::from_str(line).expect("a record")).collect()
}

/// The attributes of a log record, without those that a request does not have.
fn attributes(record: &Value) -> BTreeMap<String, String> {
    let all = record["attributes"].as_array().into_iter().flatten();
    let pair = |attribute: &Value| {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        (text(&attribute["key"]), text(&attribute["value"]["stringValue"]))
    };
    all.map(pair).filter(|(_, value)| !value.is_empty() && value != "-").collect()
}

#[test]
fn a_collector_gets_the_record_with_attributes_by_name() {
    run(async {
        let Some((collector, port)) = collector().await else { return };
        let policy = json!({ "version": "1", "default": "deny", "tools": { "draw": {} }, "prompts": { "greet": {} } });
        let gateway = Gateway::start_with("otlp", |folder, upstream| {
            let rendered = gateway::render(folder, &policy.to_string(), upstream, &["--otlp", "collector"]);
            let cluster = "address: collector, port_value: 4317";
            assert!(rendered.contains(cluster), "{rendered}");
            rendered.replace(cluster, &format!("address: 127.0.0.1, port_value: {port}"))
        })
        .await;
        let meta = json!({ "name": "draw", "arguments": { "what": "a cat" }, "_meta": { "traceparent": OTHER_TRACE } });
        let body = json!({ "jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": meta });
        gateway.send("mcp", &message(body.to_string()).header("traceparent", TRACE)).await;
        gateway.send("mcp", &call("drop", &json!({}), "1", &[])).await;
        let prompt = r#"{"jsonrpc":"2.0","id":1,"method":"prompts/get","params":{"name":"greet"}}"#;
        gateway.send("mcp", &message(prompt)).await;
        let found = until("the collector has three records", || async {
            let found = records(&collector);
            (found.len() >= 3).then_some(found)
        })
        .await;
        let with = |name: &str, value: &str| {
            let found =
                found.iter().map(attributes).find(|attributes| attributes.get(name).is_some_and(|is| is == value));
            found.unwrap_or_else(|| panic!("no record has `{name}` `{value}`"))
        };
        let allowed = with("gen_ai.tool.name", "draw");
        for (name, value) in [
            ("mcp.method.name", "tools/call"),
            ("mcp_policy.decision", "allowed"),
            ("mcp_policy.policy", "default"),
            ("mcp_policy.grant", "address:127.0.0.1"),
            ("mcp_policy.traceparent", OTHER_TRACE),
            ("http.request.method", "POST"),
            ("http.response.status_code", "200"),
        ] {
            assert_eq!(allowed.get(name).map(String::as_str), Some(value), "{name}: {allowed:?}");
        }
        assert!(!allowed.contains_key("mcp_policy.rule") && !allowed.contains_key("gen_ai.prompt.name"), "{allowed:?}");
        let denied = with("gen_ai.tool.name", "drop");
        assert_eq!(denied["mcp_policy.rule"], "(default deny)");
        assert_eq!(with("gen_ai.prompt.name", "greet")["mcp.method.name"], "prompts/get");
        // The whole record is the body, so the evidence can be read from what the collector writes.
        for record in &found {
            let line = record.to_string();
            let Found::Records(records) = log_line::find(&line) else { panic!("{line}") };
            let read: Value = serde_json::from_str(&records[0].record).expect("a record");
            if read["tool"] == "draw" {
                assert_eq!(read["traceparent"], json!({ "header": TRACE, "meta": OTHER_TRACE }));
            }
        }
        assert!(found[0]["resource"].to_string().contains("mcp-policy"), "{found:?}");
    });
}
