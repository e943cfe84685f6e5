//! `mcp-policy suggest` as people run it: against running servers, in both eras of MCP, and by its exit codes.
//!
//! The server is an example target of this package, which `cargo test` builds.
#![expect(clippy::expect_used, reason = "a test that finds something else than it expects should stop and say so")]

#[path = "suggest/arguments.rs"]
mod arguments;
#[path = "suggest/calls.rs"]
mod calls;
#[path = "suggest/check_and_compare.rs"]
mod check_and_compare;
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
