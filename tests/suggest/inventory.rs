//! `mcp-policy inventory`, and `suggest` of several servers: real servers side by side, over HTTP and over their input and
//! output, from a client's configuration whose secrets appear nowhere.

use std::{
    fs,
    path::{Path, PathBuf},
};

use axum::{
    Router,
    http::{HeaderMap, StatusCode},
};
use serde_json::{Value, json};
use tokio::{net::TcpListener, runtime::Runtime};

use super::{Example, run, text};

/// What a client's configuration holds, in each of its places.
const SECRETS: [&str; 7] = ["sk-env", "sk-argument", "sk-query", "sk-header", "sk-user", "sk-command", "sk-fragment"];

/// A server that lists two tools, and repeats its secrets wherever it can.
const TALKING: &str = r#"#!/bin/sh
: >"$0.started"
echo "starting with $TOKEN and $1" >&2
echo "starting with $TOKEN and $1"
read -r line
echo '{"jsonrpc":"2.0","id":0,"result":{"protocolVersion":"2025-06-18","capabilities":{"tools":{}},"serverInfo":{"name":"x","version":"1"}}}'
read -r line
read -r line
echo '{"jsonrpc":"2.0","method":"notifications/message","params":{"data":"'"$TOKEN"'"}}'
echo '{"jsonrpc":"2.0","id":1,"result":{"nextCursor":"2","tools":[{"name":"get_a","inputSchema":{"type":"object"}}]}}'
read -r line
echo '{"jsonrpc":"2.0","id":2,"result":{"tools":[{"name":"delete_b","inputSchema":{"type":"object"}}]}}'
cat >/dev/null
"#;

/// A server that refuses, and says with which credential.
const REFUSING: &str = r#"#!/bin/sh
read -r line
echo '{"jsonrpc":"2.0","id":0,"error":{"code":-32000,"message":"bad token '"$TOKEN"'"}}'
"#;

/// Files of one test, removed at its end.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        fs::create_dir_all(&folder).expect("a folder");
        Self(folder)
    }

    fn file(&self, name: &str, content: &str) -> String {
        let file = self.0.join(name);
        fs::write(&file, content).expect("a file");
        file.to_str().expect("a path").to_owned()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // What is left lies in the build's own folder.
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// A web server that repeats the credential in its refusals.
fn refusing_server() -> (Runtime, String) {
    async fn answer(headers: HeaderMap) -> (StatusCode, String) {
        let header = headers.get("authorization").and_then(|value| value.to_str().ok()).unwrap_or_default();
        (StatusCode::INTERNAL_SERVER_ERROR, format!("not with {header}"))
    }
    let runtime = Runtime::new().expect("a runtime");
    let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).expect("a free port");
    let address = listener.local_addr().expect("an address");
    runtime.spawn(async move { axum::serve(listener, Router::new().fallback(answer)).await });
    (runtime, address.to_string())
}

/// A client's configuration, with comments, of servers that answer and servers that do not.
fn client_config(folder: &Folder, server: &str, refusing: &str) -> String {
    let talking = folder.file("talking.sh", TALKING);
    let refusing_command = folder.file("refusing.sh", REFUSING);
    let environment = json!({"TOKEN": "sk-env"});
    let headers = json!({"Authorization": "Bearer sk-header"});
    let with_query = format!("{server}?key=sk-query#sk-fragment");
    let servers = json!({
        "web": {"url": with_query, "headers": headers},
        "talking": {"command": "sh", "args": [talking, "sk-argument"], "env": environment},
        "refuses": {"command": "sh", "args": [refusing_command], "env": environment},
        "refuses-web": {"url": format!("http://sk-user:sk-user@{refusing}/mcp?key=sk-query"), "headers": headers},
        "gone": {"url": "http://127.0.0.1:1/mcp?key=sk-query", "headers": headers},
        "missing": {"command": "/no/such/sk-command", "args": ["sk-argument"], "env": environment},
        "wrong": {"url": "sk-query", "headers": {"a b": "sk-header"}},
        "odd": {"url": with_query, "headers": {"X-Key": "sk-header\u{1}"}},
    });
    folder.file("client.json", &format!("// a client\n{{ \"mcpServers\": {servers}, /* end */ }}"))
}

#[test]
fn the_secrets_of_a_client_configuration_appear_nowhere() {
    let folder = Folder::new("inventory-secrets");
    let server = Example::start(&[]);
    let (_runtime, refusing) = refusing_server();
    let config = client_config(&folder, &server.url, &refusing);
    let marker = folder.0.join("talking.sh.started");
    let without = run("inventory", &["--client-config", &config], "");
    assert!(
        text(&without.stdout).contains("talking: tools not known: it is a command, which `--run-commands` would start")
    );
    assert!(!marker.exists(), "a command was started without `--run-commands`");
    for words in [
        &["inventory", "--format", "text"][..],
        &["inventory", "--format", "json"],
        &["inventory", "--format", "markdown"],
        &["inventory", "--format", "html"],
        &["suggest", "--format", "text"],
        &["suggest", "--format", "json"],
    ] {
        let [verb, rest @ ..] = words else { panic!("a verb") };
        let output = run(verb, &[rest, &["--client-config", &config, "--run-commands"]].concat(), "");
        let shown = format!("{}{}", text(&output.stdout), text(&output.stderr));
        for secret in SECRETS {
            assert!(!shown.contains(secret), "{secret} in {words:?}:\n{shown}");
        }
        let plain = shown.replace('\\', "");
        assert!(plain.contains("delete_b") && plain.contains("image_gen"), "{words:?}:\n{shown}");
    }
    assert!(marker.exists());
    let output = run("inventory", &["--client-config", &config, "--run-commands"], "");
    assert_eq!(output.status.code(), Some(1), "some servers did not answer");
    let unknown: Vec<&str> = text(&output.stdout).lines().filter(|line| line.contains("not known")).collect();
    let expected = [
        "gone: tools not known: nothing listens at its address",
        "missing: tools not known: its command cannot be started",
        "odd: tools not known: a header of its entry is not one that HTTP can carry",
        "refuses: tools not known: it answered with an error",
        "refuses-web: tools not known: it did not answer as an MCP server",
        "wrong: tools not known: a header of its entry is not one that HTTP can carry",
    ];
    assert_eq!(unknown, expected);
    let broken = folder.file("broken.json", "{\"mcpServers\": {\"a\": {\"url\": \"sk-query\", }");
    let output = run("inventory", &["--client-config", &broken], "");
    assert!(!text(&output.stderr).contains("sk-query") && output.status.code() == Some(2), "{}", text(&output.stderr));
}

#[test]
fn five_servers_side_by_side_are_listed_classed_and_marked() {
    let folder = Folder::new("inventory-five");
    let servers = [Example::start(&[]), Example::start(&["--sse"]), Example::start(&[])];
    let talking = folder.file("talking.sh", TALKING);
    let entry = json!({"command": "sh", "args": [talking], "env": {"TOKEN": "x"}});
    let config = folder.file("client.json", &json!({"servers": {"one": entry, "two": entry}}).to_string());
    let policy = folder.file(
        "policy.json",
        r#"{"version": "1", "default": "deny", "tools": {"get_*": {}, "image_gen": {"rate_limit": "10/minute"}}}"#,
    );
    let urls = servers.iter().flat_map(|server| ["--url", server.url.as_str()]);
    let words: Vec<&str> = urls.chain(["--client-config", &config, "--run-commands", "--policy", &policy]).collect();
    let output = run("inventory", &[&words[..], &["--format", "json"]].concat(), "");
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let report: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let totals = json!({
        "servers": 5, "tools": 13, "read": 2, "write": 9, "execute": 0, "financial": 0, "destructive": 2, "unnamed": 8,
    });
    assert_eq!(report["totals"], totals, "{report}");
    let output = run("inventory", &words, "");
    let shown = text(&output.stdout);
    assert!(shown.contains("one: 2 tools\n  get_a     read         low       open\n! delete_b  destructive  critical  denied by default\n"), "{shown}");
    assert!(shown.ends_with("`!` marks 8 tools that no rule of the policy names\n"), "{shown}");
}

#[test]
fn several_servers_get_a_configuration_with_a_policy_for_each() {
    let folder = Folder::new("suggest-several");
    let lists = ["one", "two"].map(|name| {
        fs::create_dir_all(folder.0.join(name)).expect("a folder");
        folder
            .file(&format!("{name}/tools.json"), &format!(r#"[{{"name": "get_{name}"}}, {{"name": "delete_{name}"}}]"#))
    });
    let output = run("suggest", &[&lists[0], "--tools", &lists[1]], "");
    let configuration: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(configuration["policies"]["tools"]["tools"], json!({"get_one": {}}));
    assert_eq!(configuration["policies"]["tools-2"]["hide"], json!(["delete_two"]));
    let bindings = json!([{"route": "tools", "policy": "tools"}, {"route": "tools-2", "policy": "tools-2"}]);
    assert_eq!(configuration["bindings"], bindings);
    assert!(text(&output.stderr).contains("tools-2:\nget_two"), "{}", text(&output.stderr));
    let file = folder.file("gateway.json", text(&output.stdout));
    let decide = |route: &str, tool: &str| {
        let output = run("explain", &[&file, "--tool", tool, "--route", route, "--as", "jwt:a"], "");
        let decision = text(&output.stdout).lines().find_map(|line| line.trim().strip_prefix("decision: "));
        decision.expect("a decision").to_owned()
    };
    assert_eq!(decide("tools", "get_one"), "allowed");
    assert_eq!(decide("tools-2", "get_one"), "denied by (default deny)");
    assert_eq!(decide("other", "get_one"), "denied by (no policy)");
}
