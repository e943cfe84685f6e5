//! What `./build.sh run` shows: a tool for every call that a shipped policy permits, one readable line for each call, and
//! commands that fit the policy and the server. (`tests/envoy/run.rs` sends those commands through a real Envoy.)
#![expect(clippy::expect_used, reason = "a test that finds something else than it expects should stop and say so")]

use std::{
    collections::BTreeMap,
    fs,
    io::Write as _,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::Arc,
};

use axum::Router;
use rmcp::{
    ErrorData, ServerHandler,
    model::{ListToolsResult, PaginatedRequestParams, ServerCapabilities, ServerConfig, Tool},
    service::{RequestContext, RoleServer},
    transport::streamable_http_server::{
        StreamableHttpServerConfig, StreamableHttpService, session::local::LocalSessionManager,
    },
};
use serde_json::{Value, json};
use tokio::{net::TcpListener, runtime::Runtime};

fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn scratch(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("run");
    fs::create_dir_all(&folder).expect("a folder");
    folder.join(name)
}

fn read_json(file: &Path) -> Value {
    serde_json::from_str(&fs::read_to_string(file).expect("a file")).expect("JSON")
}

fn shipped_cases() -> Vec<PathBuf> {
    let files = fs::read_dir(repository().join("envoy/policies")).expect("the policies");
    let files = files.map(|entry| entry.expect("an entry").path());
    let cases: Vec<_> = files.filter(|file| file.to_string_lossy().ends_with(".cases.json")).collect();
    assert!(cases.len() >= 10, "{cases:?}");
    cases
}

#[test]
fn the_example_server_has_a_tool_for_every_call_that_a_shipped_policy_permits() {
    let tools = read_json(&repository().join("envoy/run/tools.json"));
    let tools: BTreeMap<&str, &Value> = tools
        .get("tools")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .map(|tool| (tool.get("name").and_then(Value::as_str).expect("a name"), tool))
        .collect();
    for file in shipped_cases() {
        let document = read_json(&file);
        let cases = document.get("cases").and_then(Value::as_array).expect("cases");
        let calls = cases.iter().flat_map(|case| case.get("calls").and_then(Value::as_array).expect("calls"));
        let permitted = calls.filter(|call| {
            let expected = call.get("expect").and_then(Value::as_str);
            matches!(expected, Some("allow" | "approval_required" | "rate_limited"))
        });
        for call in permitted {
            let (Some(name), arguments) = (call.get("tool").and_then(Value::as_str), call.get("args")) else {
                continue;
            };
            let tool = tools.get(name).unwrap_or_else(|| panic!("{}: `{name}` is not served", file.display()));
            let schema = tool.get("inputSchema").expect("a schema");
            // Cases leave out arguments that the rule does not look at.
            if let Some(arguments) = arguments.filter(|_| call.get("expect") == Some(&json!("allow"))) {
                let names = arguments.as_object().expect("an object").keys();
                let known = schema.get("properties").cloned().unwrap_or_default();
                let unknown: Vec<_> = names.filter(|name| known.get(name).is_none()).collect();
                assert_eq!(unknown, Vec::<&String>::new(), "{}: {name}", file.display());
            }
        }
    }
}

/// The lines that records of Envoy's access log become, under a policy.
fn readable(name: &str, policy: &Value, log: &str) -> String {
    let (file, records) = (scratch(&format!("{name}.json")), scratch(&format!("{name}.jsonl")));
    fs::write(&file, policy.to_string()).expect("the policy");
    let mut process = Command::new("python3")
        .arg(repository().join("envoy/run/records.py"))
        .args([Path::new("--policy"), &file, Path::new("--records"), &records])
        .env("TZ", "UTC")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("python3");
    process.stdin.take().expect("a pipe").write_all(log.as_bytes()).expect("it reads");
    let output = process.wait_with_output().expect("it ends");
    assert!(output.status.success());
    assert_eq!(fs::read_to_string(records).expect("the records"), log, "records are kept as they came");
    String::from_utf8(output.stdout).expect("text")
}

fn entry(record: &Value) -> String {
    let entry = json!({
        "time": "2026-11-29T12:04:31.036Z", "method": "POST", "path": "/mcp", "response_code": 200,
        "mcp": record.to_string(),
    });
    format!("{entry}\n")
}

#[test]
fn each_call_is_one_line_that_says_who_what_and_why() {
    let policy = json!({"version": "1", "default": "deny", "tools": {
        "pay": {
            "require": [{"conditions": [{"path": "args.amount", "op": "lte", "value": 100}], "on_deny": "At most 100"}],
            "limits": [{"counter": "paid", "window": 600, "max": 5, "scope": "grant"}],
        },
        "a/b~c": {"rate_limit": "10/minute", "reason": "Mail is slow"},
        "close": {"action": "deny", "reason": "Closed on Sundays"},
    }});
    let table = [
        (
            json!({"decision": "denied", "rule": "(default deny)", "tool": "drop_table", "grant": "header:agent-7"}),
            "denied drop_table by header:agent-7: not in the policy",
        ),
        (
            json!({"decision": "denied", "rule": "(hidden)", "tool": "x"}),
            "denied x by an unknown caller: hidden by the policy",
        ),
        (
            json!({"decision": "allowed", "method": "tools/call", "tool": "pay", "grant": "jwt:a", "remaining": {"paid": 4}}),
            "allowed pay by jwt:a: 4 left of paid",
        ),
        (
            json!({"decision": "allowed", "tool": "a/b~c", "grant": "jwt:a", "remaining": {"/tools/a~1b~0c": 9}}),
            "allowed a/b~c by jwt:a: 9 left",
        ),
        (json!({"decision": "allowed", "method": "tools/list", "grant": "jwt:a"}), "allowed tools/list by jwt:a"),
        (
            json!({"decision": "denied", "rule": "/tools/pay/require/0", "tool": "pay", "grant": "jwt:a"}),
            "denied pay by jwt:a: At most 100 (/tools/pay/require/0)",
        ),
        (
            json!({"decision": "rate_limited", "rule": "/tools/pay/limits/0", "tool": "pay", "grant": "jwt:a"}),
            "rate limited pay by jwt:a: no more than 5 per 600 s (/tools/pay/limits/0)",
        ),
        (
            json!({"decision": "rate_limited", "rule": "/tools/a~1b~0c/rate_limit", "tool": "a/b~c", "grant": "jwt:a"}),
            "rate limited a/b~c by jwt:a: no more than 10 per minute (/tools/a~1b~0c/rate_limit)",
        ),
        (
            json!({"decision": "denied", "rule": "/tools/close/action", "tool": "close", "grant": "jwt:a"}),
            "denied close by jwt:a: Closed on Sundays (/tools/close/action)",
        ),
        (
            json!({"decision": "denied", "rule": "/tools/gone/require/9", "tool": "gone", "grant": "jwt:a"}),
            "denied gone by jwt:a: /tools/gone/require/9",
        ),
        (
            json!({"decision": "approved", "rule": "/tools/pay/require_approval/0", "tool": "pay", "grant": "jwt:a",
                   "approval": {"id": "1", "approver": "bearer:9f", "note": "ticket 7"}}),
            "approved pay of jwt:a: by bearer:9f; note: ticket 7",
        ),
        (
            json!({"decision": "allowed", "tool": "pay", "grant": "jwt:a", "approval": {"id": "1", "approver": "bearer:9f"}}),
            "allowed pay by jwt:a: approved by bearer:9f",
        ),
        (
            json!({"decision": "allowed", "tool": "pay", "grant": "jwt:a",
                   "shadow": {"decision": "rate_limited", "rule": "/tools/pay/limits/0"}}),
            "allowed pay by jwt:a: shadow: rate limited: no more than 5 per 600 s (/tools/pay/limits/0)",
        ),
        (
            json!({"decision": "refused", "why": "`params.name` is missing", "grant": "jwt:a"}),
            "refused POST /mcp by jwt:a: `params.name` is missing",
        ),
    ];
    let log: String = table.iter().map(|(record, _)| entry(record)).collect();
    let expected: String = table.iter().map(|(_, line)| format!("12:04:31 {line}\n")).collect();
    assert_eq!(readable("lines", &policy, &log), expected);
}

#[test]
fn what_is_no_record_and_what_a_terminal_would_obey_is_shown_by_its_characters() {
    let hostile =
        entry(&json!({"decision": "denied", "rule": "(hidden)", "tool": "\u{1b}[2J\u{202e}x", "grant": "a\nb"}));
    let bypassed = "{\"time\":\"2026-11-29T12:04:31Z\",\"method\":\"GET\",\"path\":\"/health\",\"response_code\":204,\"mcp\":null}\n";
    let log = format!("{hostile}{bypassed}not JSON \u{7}\n[1]\n");
    let expected = "12:04:31 denied \\u{1b}[2J\\u{202e}x by a\\u{a}b: hidden by the policy\n\
                    12:04:31 204 GET /health\n\
                    not JSON \\u{7}\n\
                    [1]\n";
    assert_eq!(readable("hostile", &json!({"version": "1", "default": "deny"}), &log), expected);
}

/// A server with one tool.
#[derive(Clone, Copy)]
struct OneTool;

impl ServerHandler for OneTool {
    fn get_info(&self) -> ServerConfig {
        ServerConfig::new(ServerCapabilities::builder().enable_tools().build())
    }

    async fn list_tools(
        &self,
        _: Option<PaginatedRequestParams>,
        _: RequestContext<RoleServer>,
    ) -> Result<ListToolsResult, ErrorData> {
        let schema = json!({"type": "object", "properties": {"n": {"type": "integer"}, "unit": {"enum": ["m", "s"]}},
                            "required": ["n", "unit"]});
        let tool = Tool::new("measure", "", Arc::new(schema.as_object().cloned().expect("an object")));
        Ok(ListToolsResult::with_all_items(vec![tool]))
    }
}

/// The titles and commands that are printed for a policy and a server, in turn.
fn printed(name: &str, policy: &Value, server: &str) -> Vec<String> {
    let file = scratch(&format!("{name}.json"));
    fs::write(&file, policy.to_string()).expect("the policy");
    let output = Command::new("python3")
        .arg(repository().join("envoy/run/calls"))
        .args(["--command", env!("CARGO_BIN_EXE_mcp-policy"), "--gateway", "http://127.0.0.1:10000/mcp"])
        .args(["--server", server])
        .arg("--policy")
        .arg(file)
        .env("NO_PROXY", "127.0.0.1")
        .output()
        .expect("python3");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).expect("text");
    text.trim().split("\n\n").map(str::to_owned).collect()
}

const HEADERS: &str = "-H 'Content-Type: application/json' -H 'Accept: application/json, text/event-stream'";

#[test]
fn a_server_with_sessions_is_shown_with_its_handshake() {
    let runtime = Runtime::new().expect("a runtime");
    let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).expect("a free port");
    let address = listener.local_addr().expect("an address");
    let service = StreamableHttpService::new(
        || Ok(OneTool),
        Arc::new(LocalSessionManager::default()),
        StreamableHttpServerConfig::default(),
    );
    let app = Router::new().route_service("/mcp", service);
    runtime.spawn(async move { axum::serve(listener, app).await });

    let policy = json!({"version": "1", "default": "deny", "tools": {"measure": {"rate_limit": "3/hour"}}});
    let printed = printed("sessions", &policy, &format!("http://{address}"));
    let call = format!(
        "curl -sS -w '\\n' http://127.0.0.1:10000/mcp {HEADERS} -H \"Mcp-Session-Id: $session\" -d \
         '{{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/call\",\"params\":{{\"name\":\"measure\",\"arguments\":{{\"n\":1,\"unit\":\"m\"}}}}}}'"
    );
    let [start, handshake, look, list, passes, passing, denied, _, limited, limit] = &printed[..] else {
        panic!("{printed:?}")
    };
    assert_eq!([start, look], ["The server keeps sessions. Start one:", "The tools that an agent sees:"]);
    assert_eq!([passes, passing], ["A call that passes:", &call]);
    assert!(denied.starts_with("A call that is denied (") && denied.contains("`drop_table`"), "{denied}");
    assert_eq!(limited, "At most 3 such calls pass in a window; the next one is rate limited:");
    assert_eq!(limit, &format!("for call in $(seq 4); do {call}; done"));
    // The handshake itself works: `sh` runs it against the server.
    let script = format!("{handshake}\n{list}").replace("127.0.0.1:10000", &address.to_string());
    let output = Command::new("sh").args(["-c", &script]).env("NO_PROXY", "127.0.0.1").output().expect("sh");
    let answer = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(answer.contains("\"name\":\"measure\""), "{answer}{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn without_an_answer_of_the_server_the_policy_alone_says_what_to_call() {
    let policy = json!({"policy": {"version": "1", "default": "deny", "tools": {
        "get_*": {},
        "pay": {
            "require": [{"conditions": [{"path": "args.to.name", "op": "in", "value": ["ann"]}]}],
            "require_approval": [{"conditions": [{"path": "args.amount", "op": "gt", "value": 5}]}],
        },
    }}});
    // Nothing listens on the discard port.
    let printed = printed("unreachable", &policy, "http://127.0.0.1:9");
    let note = "Note: http://127.0.0.1:9 does not list its tools (";
    assert!(printed.first().is_some_and(|first| first.starts_with(note)), "{printed:?}");
    let after = |title: &str| {
        let index = printed.iter().position(|text| text.starts_with(title));
        index.and_then(|index| printed.get(index + 1)).unwrap_or_else(|| panic!("{title}: {printed:?}"))
    };
    assert!(after("A call that passes:").contains(r#"{"name":"get_example","arguments":{}}"#), "{printed:?}");
    let approval = r#"{"name":"pay","arguments":{"to":{"name":"ann"},"amount":6}}"#;
    assert!(after("A call that needs approval").contains(approval), "{printed:?}");
    let denied = r#"{"name":"pay","arguments":{"to":{"name":"example"}}}"#;
    assert!(after("A call that is denied by `/tools/pay/require/0`").contains(denied), "{printed:?}");
}

/// What a program of `envoy/run/` prints, with this text on stdin.
fn script(name: &str, arguments: &[&str], stdin: &str) -> String {
    let mut process = Command::new("python3")
        .arg(repository().join("envoy/run").join(name))
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("Python");
    process.stdin.take().expect("a pipe").write_all(stdin.as_bytes()).expect("it reads");
    let output = process.wait_with_output().expect("it ends");
    assert!(output.status.success());
    String::from_utf8(output.stdout).expect("text")
}

#[test]
fn each_kind_of_client_gets_a_configuration_with_the_token() {
    let printed = script("clients.py", &["mcp-policy", "http://127.0.0.1:10000/mcp"], "mcpg_1\n");
    let sections: Vec<&str> = printed.trim().split("\n\n").collect();
    let clients: Vec<&str> = sections.iter().step_by(2).filter_map(|title| title.split(" (`").next()).collect();
    assert_eq!(clients, ["Claude Code", "VS Code", "Claude Desktop"]);
    let configurations: Vec<Value> =
        sections.iter().skip(1).step_by(2).map(|text| serde_json::from_str(text).expect("JSON")).collect();
    let remote = json!({
        "type": "http", "url": "http://127.0.0.1:10000/mcp", "headers": { "Authorization": "Bearer mcpg_1" },
    });
    let bridge = json!({
        "command": "npx",
        "args": [
            "-y", "mcp-remote", "http://127.0.0.1:10000/mcp", "--transport", "http-only",
            "--header", "Authorization:${MCP_POLICY_AUTHORIZATION}",
        ],
        "env": { "MCP_POLICY_AUTHORIZATION": "Bearer mcpg_1" },
    });
    assert_eq!(
        configurations,
        [
            json!({ "mcpServers": { "mcp-policy": remote } }),
            json!({ "servers": { "mcp-policy": remote } }),
            json!({ "mcpServers": { "mcp-policy": bridge } }),
        ]
    );
}

#[test]
fn a_policy_becomes_a_configuration_that_takes_tokens_and_identifies_other_callers_as_before() {
    let policy = "{ \"version\": \"1\",\n  \"default\": \"deny\" }";
    let default = r#""identity": [{"peer": "uri_san"}, {"address": true}]"#;
    for (given, expected) in [
        (format!("{policy}\n"), format!("{{\"policy\": {policy}, {default}}}\n")),
        (format!("{{\"policy\": {policy}}}"), format!("{{{default}, \"policy\": {policy}}}\n")),
        (
            format!("{{\"policy\": {policy}, \"identity\": [{{\"constant\": \"x\"}}]}}"),
            format!("{{\"policy\": {policy}, \"identity\": [{{\"constant\": \"x\"}}]}}\n"),
        ),
    ] {
        let file = scratch("with_tokens.json");
        fs::write(&file, &given).expect("a file");
        let made = script("with_tokens.py", &[file.to_str().expect("text")], "");
        assert_eq!(made, expected);
        let config = mcp_policy::config::Config::load(made.as_bytes()).expect("a configuration");
        let before = mcp_policy::config::Config::load(given.as_bytes()).expect("a configuration");
        assert_eq!(config.identity, before.identity);
    }
}
