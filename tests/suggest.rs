//! `mcp-policy suggest` as people run it: against running servers, in both eras of MCP, and by its exit codes.
//!
//! The server is an example target of this package, which `cargo test` builds.
#![expect(clippy::expect_used, reason = "a test that finds something else than it expects should stop and say so")]

#[path = "suggest/https.rs"]
mod https;
#[path = "suggest/inventory.rs"]
mod inventory;

use std::{
    io::{BufRead, BufReader, Write},
    path::Path,
    process::{Child, Command, Output, Stdio},
    sync::Arc,
};

use axum::Router;
use rmcp::{
    ErrorData, ServerHandler,
    model::{
        JsonObject, ListToolsResult, PaginatedRequestParams, ServerCapabilities, ServerConfig, Tool, ToolAnnotations,
    },
    service::{RequestContext, RoleServer},
    transport::streamable_http_server::{
        StreamableHttpServerConfig, StreamableHttpService, session::local::LocalSessionManager,
    },
};
use serde_json::{Value, json};
use tokio::{net::TcpListener, runtime::Runtime};

const COMMAND: &str = env!("CARGO_BIN_EXE_mcp-policy");

fn suggest(words: &[&str], stdin: &str) -> Output {
    run("suggest", words, stdin)
}

fn run(verb: &str, words: &[&str], stdin: &str) -> Output {
    let mut command = Command::new(COMMAND);
    command.arg(verb).args(words).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    // The servers are on loopback: no proxy of the machine may be used.
    command.env("NO_PROXY", "127.0.0.1");
    let mut child = command.spawn().expect("the command starts");
    // It may have ended without reading.
    let _ = child.stdin.take().expect("a pipe").write_all(stdin.as_bytes());
    child.wait_with_output().expect("the command ends")
}

/// What a policy decides on a call of `run_query`: whether it passes.
fn permits_query(policy: &Value, query: &str) -> bool {
    let mut command = Command::new(COMMAND);
    command.args(["explain", "-", "--tool", "run_query", "--args", &json!({ "query": query }).to_string()]);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("the command starts");
    child.stdin.take().expect("a pipe").write_all(policy.to_string().as_bytes()).expect("it reads the policy");
    let output = child.wait_with_output().expect("the command ends");
    let decision = text(&output.stdout).lines().find_map(|line| line.trim().strip_prefix("decision: "));
    decision.expect("a decision") == "allowed"
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).expect("UTF-8")
}

#[track_caller]
fn policy(output: &Output) -> Value {
    assert!(output.status.success(), "{}", text(&output.stderr));
    serde_json::from_slice(&output.stdout).expect("stdout holds the policy and nothing else")
}

/// The example server, in a process of its own.
struct Example {
    process: Child,
    url: String,
}

impl Example {
    fn start(options: &[&str]) -> Self {
        let folder = Path::new(COMMAND).parent().expect("a folder");
        let file = folder.join("examples").join(format!("mcp-server{}", std::env::consts::EXE_SUFFIX));
        let mut command = Command::new(file);
        command.args(["--listen", "127.0.0.1:0"]).args(options).stdout(Stdio::piped());
        let mut process = command.spawn().expect("run `cargo build --example mcp-server` first");
        let mut line = String::new();
        let stdout = process.stdout.take().expect("a pipe");
        BufReader::new(stdout).read_line(&mut line).expect("the server says where it listens");
        let url = line.trim().strip_prefix("listening on ").expect("an address").to_owned();
        Self { process, url }
    }
}

impl Drop for Example {
    fn drop(&mut self) {
        // One that has ended already is no matter.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

#[test]
fn the_example_server_is_read_in_every_era() {
    for options in [&[][..], &["--sse"]] {
        let server = Example::start(options);
        for era in ["auto", "2025", "2026"] {
            let output = suggest(&["--url", &server.url, "--era", era], "");
            let write = json!({"rate_limit": "30/minute"});
            let expected = json!({"generate_image": write, "image.generate.gemini": write, "image_gen": write});
            assert_eq!(policy(&output).get("tools"), Some(&expected), "{era}");
            assert_eq!(text(&output.stderr).lines().count(), 3, "{era}");
        }
    }
}

/// A server whose list has pages, one tool on each.
#[derive(Clone, Copy)]
struct Paged {
    /// Whether the last page names the first as the next.
    circle: bool,
}

const PAGES: [(&str, bool); 3] = [("get_a", false), ("frobnicate", true), ("delete_c", true)];

impl ServerHandler for Paged {
    fn get_info(&self) -> ServerConfig {
        ServerConfig::new(ServerCapabilities::builder().enable_tools().build())
    }

    async fn list_tools(
        &self,
        request: Option<PaginatedRequestParams>,
        _: RequestContext<RoleServer>,
    ) -> Result<ListToolsResult, ErrorData> {
        let page = request.and_then(|request| request.cursor).map_or(0, |cursor| cursor.parse().unwrap_or(0));
        let (name, read_only) = PAGES.get(page).copied().unwrap_or_default();
        let annotations = ToolAnnotations::new().read_only(read_only);
        let tool = Tool::new(name, "", Arc::new(JsonObject::new())).annotate(annotations);
        let last = page == PAGES.len() - 1;
        let next_cursor = if last { self.circle.then(|| "0".to_owned()) } else { Some((page + 1).to_string()) };
        Ok(ListToolsResult { next_cursor, ..ListToolsResult::with_all_items(vec![tool]) })
    }
}

/// Serves until the runtime is dropped, with sessions, as most servers of 2025 do.
fn serve(server: Paged) -> (Runtime, String) {
    let runtime = Runtime::new().expect("a runtime");
    let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).expect("a free port");
    let address = listener.local_addr().expect("an address");
    let service = StreamableHttpService::new(
        move || Ok(server),
        Arc::new(LocalSessionManager::default()),
        StreamableHttpServerConfig::default(),
    );
    let app = Router::new().route_service("/mcp", service);
    runtime.spawn(async move { axum::serve(listener, app).await });
    (runtime, format!("http://{address}/mcp"))
}

#[test]
fn all_pages_are_read_in_every_era() {
    let (_runtime, url) = serve(Paged { circle: false });
    for era in ["auto", "2025", "2026"] {
        let policy = policy(&suggest(&["--url", &url, "--era", era], ""));
        // `readOnlyHint: false` makes a reader write, `true` opens what no word explains but not what deletes.
        let expected = json!({"get_a": {"rate_limit": "30/minute"}, "frobnicate": {}});
        assert_eq!(policy.get("tools"), Some(&expected), "{era}");
        assert_eq!(policy.get("hide"), Some(&json!(["delete_c"])), "{era}");
    }
}

#[test]
fn a_list_whose_pages_repeat_ends() {
    let (_runtime, url) = serve(Paged { circle: true });
    let output = suggest(&["--url", &url], "");
    assert_eq!(output.status.code(), Some(2));
    let expected =
        format!("error: cannot list the tools of `{url}`: its pages repeat: two have the same `nextCursor`\n");
    assert_eq!(text(&output.stderr), expected);
}

#[test]
fn the_policy_goes_to_stdout_alone() {
    let tools = json!({"tools": [{"name": "get_a"}, {"name": "pay_b"}]}).to_string();
    let output = suggest(&["-"], &tools);
    let tools = json!({"get_a": {}, "pay_b": {"action": "require_approval", "reason": "it may move money"}});
    assert_eq!(policy(&output).get("tools"), Some(&tools));
    let table = "get_a  read         open            `get` in its name\n\
                 pay_b  financial    needs approval  `pay` in its name\n";
    assert_eq!(text(&output.stderr), table);
}

#[test]
fn programs_get_one_object() {
    let output = suggest(&["-", "--format", "json"], r#"[{"name":"get_a"},{"name":"b*"}]"#);
    let found = policy(&output);
    assert_eq!(found.pointer("/policy/tools"), Some(&json!({"get_a": {}})));
    assert_eq!(found.get("tools"), Some(&json!([{"name": "get_a", "class": "read", "why": "`get` in its name"}])));
    assert_eq!(found.get("remarks").and_then(Value::as_array).map(Vec::len), Some(1));
    assert_eq!(text(&output.stderr), "");
}

#[test]
fn exit_codes_say_how_it_ended() {
    for (words, stdin, code, message) in [
        (&["-"][..], "[]", 1, "error: stdin: it lists no tool that a policy can name\n"),
        (&["-"], "{", 1, "error: stdin: not JSON: the text ends too early (byte 1)\n"),
        (
            &["--url", "ftp://x"],
            "",
            2,
            "error: `ftp://x` is not a server's address; expected `http://HOST:PORT/PATH` or `https://…`\n",
        ),
    ] {
        let output = suggest(words, stdin);
        assert_eq!((output.status.code(), text(&output.stderr)), (Some(code), message), "{words:?}");
        assert!(output.stdout.is_empty());
    }
    for words in [&[][..], &["--url", "http://127.0.0.1:1/mcp"], &["no-such-file"]] {
        assert_eq!(suggest(words, "").status.code(), Some(2), "{words:?}");
    }
}

/// `./build.sh suggest` measures with these; it needs the registries of npm and PyPI, and is not a part of the tests.
#[test]
fn the_tools_of_servers_are_classed_by_hand_with_a_reason() {
    let rows =
        |text: &'static str| text.lines().filter(|line| !line.starts_with('#')).map(|line| line.split('\t').collect());
    let servers: Vec<Vec<&str>> = rows(include_str!("suggest/servers.tsv")).collect();
    let classes: Vec<Vec<&str>> = rows(include_str!("suggest/classes.tsv")).collect();
    assert!(servers.len() >= 25, "{} servers", servers.len());
    for row in &classes {
        let [server, _, class, why] = row[..] else { panic!("{row:?}") };
        assert!(servers.iter().any(|known| known[0] == server), "{row:?}");
        assert!(
            ["read", "write", "execute", "financial", "destructive"].contains(&class) && !why.is_empty(),
            "{row:?}"
        );
    }
    for server in &servers {
        let [name, registry, _, version, _] = server[..] else { panic!("{server:?}") };
        assert!(["npm", "pypi"].contains(&registry) && !version.is_empty(), "{server:?}");
        assert!(classes.iter().any(|row| row[0] == name), "{name}");
    }
}

#[test]
fn an_event_stream_that_was_saved_is_read() {
    let stream = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\nid: 1\r\ndata: \r\n\r\nevent: message\n\
                  data: {\"jsonrpc\":\"2.0\",\"id\":2,\n\
                  data: \"result\":{\"tools\":[{\"name\":\"get_a\"}]}}\n\n";
    assert_eq!(policy(&suggest(&["-"], stream)).get("tools"), Some(&json!({"get_a": {}})));
    let output = suggest(&["-"], "data: {\"jsonrpc\":\"2.0\",\"method\":\"notifications/message\"}\n\n");
    let expected = "error: stdin: no event of the stream is an answer with `tools`; expected an answer to `tools/list`, its \
                    `result`, or a list of tools\n";
    assert_eq!((output.status.code(), text(&output.stderr)), (Some(1), expected));
}

#[test]
fn the_rule_on_sql_permits_statements_that_only_read() {
    let schema = json!({"type": "object", "properties": {"query": {"type": "string"}}, "required": ["query"]});
    let tools = json!({"tools": [{"name": "run_query", "description": "Runs SQL.", "inputSchema": schema}]});
    let policy = policy(&suggest(&["-"], &tools.to_string()));
    for query in ["select name from users", " SELECT\n*\nFROM a WHERE b = 'x'", "show tables", "DESCRIBE intoxicated"] {
        assert!(permits_query(&policy, query), "{query}: {policy}");
    }
    for query in [
        "delete from users",
        "select 1; delete from users",
        "explain analyze delete from users",
        "SELECT * INTO copied FROM users",
        "select a from b into outfile '/tmp/a'",
        "with gone as (delete from users returning *) select * from gone",
        "selectx",
    ] {
        assert!(!permits_query(&policy, query), "{query}: {policy}");
    }
}

#[test]
fn rules_on_arguments_are_shared_and_closed_until_they_are_filled_in() {
    let path = json!({"type": "string"});
    let schema =
        |properties: Value, required: Value| json!({"type": "object", "properties": properties, "required": required});
    let tools = json!({"tools": [
        {"name": "read_file", "description": "Reads a file.", "inputSchema": schema(json!({"path": path}), json!(["path"]))},
        {"name": "write_file", "description": "Writes a file.", "inputSchema": schema(
            json!({"path": path, "mode": {"type": "string", "enum": ["append", "new"]}}), json!(["path"]))},
        {"name": "fetch", "description": "Gets a page.", "inputSchema": schema(json!({"url": path}), json!(["url"]))},
        {"name": "get_page", "description": "Gets a page.", "inputSchema": schema(json!({"url": path}), json!([]))},
        {"name": "run_query", "description": "Runs SQL.", "inputSchema": schema(json!({"query": path}), json!(["query"]))},
        {"name": "send_mail", "description": "Sends mail.", "inputSchema": schema(
            json!({"to": {"type": "array", "items": path}}), json!(["to"]))},
        {"name": "pay", "description": "Pays.", "inputSchema": schema(json!({"amount": {"type": "number"}}), json!(["amount"]))},
    ]});
    let output = suggest(&["-"], &tools.to_string());
    let policy = policy(&output);
    let uses = |tool: &str| policy["tools"][tool]["use"].clone();
    assert_eq!((uses("read_file"), uses("write_file")), (json!(["path"]), json!(["values-mode", "path"])));
    assert_eq!((uses("fetch"), uses("get_page")), (json!(["url"]), Value::Null));
    assert_eq!((uses("run_query"), uses("pay")), (json!(["sql-query"]), json!(["amount"])));
    assert_eq!(uses("send_mail"), json!(["recipient-to"]));
    let condition = |rule: &str| policy["rules"][rule]["require"][0]["conditions"][0].clone();
    assert_eq!(condition("path"), json!({"path": "args.path", "op": "path_within", "value": ["/fill-in"]}));
    assert_eq!(condition("url"), json!({"path": "args.url", "op": "url_host_in", "value": ["fill-in.invalid"]}));
    assert_eq!(condition("recipient-to")["path"], "args.to[*]");
    let there = json!({"path": "args.mode", "op": "exists", "value": true});
    let other = json!({"path": "args.mode", "op": "not_in", "value": ["append", "new"]});
    assert_eq!(policy["rules"]["values-mode"], json!({"deny_if": [{"conditions": [there, other]}]}));
    let notes: Vec<&str> = text(&output.stderr).lines().filter(|line| line.starts_with("note: ")).collect();
    let expected = [
        "note: fill in `/rules/path`: the folders that agents may use; with `base` for relative paths; until then it denies every call",
        "note: fill in `/rules/url`: the hosts that agents may reach; until then it denies every call",
        "note: fill in `/rules/recipient-to`: who may receive it; until then it denies every call",
        "note: fill in `/rules/amount`: the largest amount that agents may move; until then it denies every call",
        "note: callers may leave out `args.url`, so no rule requires it; add one if these tools need it: get_page",
    ];
    assert_eq!(notes, expected);
}
