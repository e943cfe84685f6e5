//! Real clients, bridges and agent frameworks before the gateway: what a refusal costs them, and what their model is given. The
//! tables are in `tests/README.md`, and each test asserts that they say what it measures.
//!
//! | suite | shows |
//! |---|---|
//! | `sessions` | after each refusal of a message that was read, the same session makes a good call; what an unread one costs |
//! | `configured` | with the configuration that `./build.sh run` prints, each client calls as the caller whose token it has |
//! | `conformance` | no check of the published conformance suites is worse through a gateway |
//! | `dialogue` | a call that needs approval: asked, at the page, repeated, passed once, whether the client shows pages or not |
//! | `inspector` | the page of MCP Inspector, in a browser, when a call needs approval |
//! | `models` | what agent frameworks give to their model for a denial, a limit and an approval |
//!
//! The programs are in `tests/clients/`; `./build.sh test` installs what they need.

mod configured;
mod conformance;
mod dialogue;
mod inspector;
mod models;
mod sessions;

use crate::{
    gateway::{Gateway, Listener, extension, json_text},
    prerequisites::find,
    sdk_servers::Server,
};
use serde_json::{Value, json};
use std::{
    collections::BTreeMap,
    fs::File,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::Arc,
};
use tokio::{sync::Semaphore, task::spawn_blocking};

/// Where the packages of clients and of servers are.
struct Places {
    clients: PathBuf,
    servers: PathBuf,
}

/// What a client prints: for each kind of refusal, what came of it.
type Found = BTreeMap<String, Value>;

/// The places, unless the caller has said to leave the clients or the servers out.
#[track_caller]
fn places() -> Option<Places> {
    Some(Places { clients: find("clients")?, servers: find("servers")? })
}

/// A gateway before the reference server, which has sessions, and before a server of both lifecycles.
async fn gateway(test: &str, servers: [&Server; 2], deny_as: &[&str]) -> Gateway {
    let listeners = servers.iter().flat_map(|server| {
        deny_as.iter().map(|deny_as| {
            let configuration = json!({
                "policy": policy(),
                "protocol": { "headers": "hold" },
                "answers": { "deny_as": deny_as },
                "approvals": { "url": "http://localhost:10001/" },
            });
            // The script reads whole bodies, also those that are too large for the filter.
            Listener::new(deny_as, json_text(&configuration.to_string()))
                .behind(spoil())
                .buffer_limit(16 << 20)
                .in_front_of(server.name, server.address)
        })
    });
    Gateway::start(test, &listeners.collect::<Vec<_>>()).await
}

/// A policy that denies, limits or holds for approval some calls of either server.
fn policy() -> Value {
    let says = |text: &str| json!([{ "path": "args.message", "op": "eq", "value": text }]);
    let asks = json!({ "require_approval": [{ "conditions": [], "on_deny": "Sums need a person" }] });
    let results =
        json!({ "redact": [{ "find": "email" }], "deny_if": [{ "find": "iban" }], "on_deny": "accounts stay here" });
    json!({
        "version": "1",
        "default": "deny",
        "tools": {
            "echo": { "deny_if": [{ "conditions": says("no"), "on_deny": "Never say no" }], "results": results },
            "value_any": { "results": results },
            "get-tiny-image": { "rate_limit": "1/day" },
            "get-sum": asks,
            "ok": {},
            "value_text": { "rate_limit": "1/day" },
            "value_count": asks,
        },
    })
}

/// A filter that makes of a call with a mark what no client of an SDK sends: another media type, half a message.
fn spoil() -> Value {
    let script = r#"
        function envoy_on_request(request)
          if request:headers():get(":method") ~= "POST" then return end
          local body = request:body()
          if body == nil then return end
          local text = body:getBytes(0, body:length())
          if text:find("make-it-text", 1, true) then
            request:headers():replace("content-type", "text/plain")
          elseif text:find("make-it-half", 1, true) then
            body:setBytes(text:sub(1, 20))
          end
        end"#;
    let script = json!({ "default_source_code": { "inline_string": script } });
    extension("envoy.filters.http.lua", "filters.http.lua.v3.Lua", script)
}

/// A Python program of `tests/clients/` with its own packages.
fn python(packages: &Path, program: &str) -> Command {
    let mut command = Command::new(packages.join("bin/python"));
    command
        .arg("-W")
        .arg("ignore")
        .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/clients/python").join(program));
    command.stdin(Stdio::null());
    command
}

/// The program for Node. From its standard input, since Node looks for the packages of such a program in the current folder.
fn node(packages: &Path) -> Command {
    node_program(packages, "typescript.mjs")
}

/// Another program of `tests/clients/` for Node.
fn node_program(packages: &Path, name: &str) -> Command {
    let program = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/clients").join(name);
    let mut command = Command::new("node");
    command.args(["--input-type=module", "-"]).current_dir(packages).stdin(File::open(program).expect("the program"));
    command
}

/// Programs at the same time: most of their time is start-up, on few cores.
const AT_ONCE: usize = 3;

/// Runs clients side by side, and reads what they print.
async fn run_all(clients: Vec<(&'static str, Command)>) -> Vec<(&'static str, Found)> {
    let turns = Arc::new(Semaphore::new(AT_ONCE));
    let running: Vec<_> = clients
        .into_iter()
        .map(|(name, command)| (name, tokio::spawn(run_one(name, command, turns.clone()))))
        .collect();
    let mut all = Vec::new();
    for (name, client) in running {
        all.push((name, client.await.expect("a client that ends")));
    }
    all
}

async fn run_one(name: &'static str, mut command: Command, turns: Arc<Semaphore>) -> Found {
    let _turn = turns.acquire_owned().await.expect("open");
    let output = spawn_blocking(move || command.stderr(Stdio::piped()).output()).await.expect("no panic");
    let output = output
        .unwrap_or_else(|error| panic!("{name} does not start ({error}): run `./build.sh test`, which installs it"));
    let (told, said) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    let line = told
        .lines()
        .rfind(|line| line.starts_with('{'))
        .unwrap_or_else(|| panic!("{name} prints nothing: {told}{said}"));
    serde_json::from_str(line).unwrap_or_else(|error| panic!("{name}: {error} in {line}"))
}

/// The rows of the table in `tests/README.md` that comes after a heading, without its head: the cells of each.
fn table(heading: &str) -> Vec<Vec<String>> {
    table_in(include_str!("../README.md"), heading)
}

/// The same of another document.
fn table_in(readme: &str, heading: &str) -> Vec<Vec<String>> {
    let (_, after) = readme.split_once(&format!("\n{heading}\n")).unwrap_or_else(|| panic!("no {heading:?}"));
    let rows = after.lines().skip_while(|line| !line.starts_with('|')).take_while(|line| line.starts_with('|'));
    let cells = |row: &str| row.trim_matches('|').split('|').map(|cell| cell.trim().to_owned()).collect();
    rows.skip(2).map(cells).collect()
}
