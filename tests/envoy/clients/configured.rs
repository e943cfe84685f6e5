//! Real clients with the configuration that `./build.sh run` prints: each is the caller whose token it has.

use super::{Places, places};
use crate::{
    command::command,
    gateway::{Gateway, render},
    runtime::{run, until},
    sdk_servers::Server,
};
use serde_json::{Value, json};
use std::{
    fs,
    io::Write as _,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

const NAME: &str = "my-agent";

fn repository(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// Runs a program with this text on stdin; what it prints on stdout.
#[track_caller]
fn output(mut program: Command, stdin: &str) -> String {
    program.env("NO_PROXY", "127.0.0.1,localhost").stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = program.spawn().unwrap_or_else(|error| panic!("{program:?} does not start: {error}"));
    // A program that reads a file need not read this.
    let _ = child.stdin.take().expect("a pipe").write_all(stdin.as_bytes());
    let output = child.wait_with_output().expect("it ends");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert!(output.status.success(), "{program:?}: {}{}", text(&output.stdout), text(&output.stderr));
    text(&output.stdout)
}

/// The configurations that are printed for this gateway, by the start of their titles.
fn printed(gateway: &Gateway, token: &str) -> impl Fn(&str) -> Value + use<> {
    let mut program = Command::new("python3");
    program.arg(repository("envoy/run/clients.py")).args(["mcp-policy", &format!("http://{}/mcp", gateway.at("mcp"))]);
    let text = output(program, token);
    move |client| {
        let mut sections = text.trim().split("\n\n").skip_while(|section| !section.starts_with(client));
        let configuration = sections.nth(1).unwrap_or_else(|| panic!("nothing for {client}: {text}"));
        serde_json::from_str(configuration).expect("JSON")
    }
}

/// A program of `tests/clients/python/` with these packages.
fn python(packages: &Path, how: &str) -> Command {
    let mut program = Command::new(packages.join("bin/python"));
    program.args(["-W", "ignore"]).arg(repository("tests/clients/python/configured.py")).arg(how);
    program
}

/// The clients that read the configuration: what each prints.
fn run_clients(places: &Places, folder: &Path, remote: &Value, bridge: &Value) -> Vec<(&'static str, Value)> {
    let servers = |name: &str| places.servers.join(name);
    let file = folder.join("mcp.json");
    fs::write(&file, remote.to_string()).expect("a file");
    let node = |packages: PathBuf, how: &str| {
        let mut program = Command::new("node");
        program.args(["--input-type=module", "-", how]).arg(&file).current_dir(packages);
        (program, fs::read_to_string(repository("tests/clients/configured.mjs")).expect("the program"))
    };
    // `npx -y mcp-remote` would fetch the newest one.
    let mut installed = bridge.clone();
    let server = &mut installed["mcpServers"]["mcp-policy"];
    assert_eq!([&server["command"], &server["args"][0], &server["args"][1]], ["npx", "-y", "mcp-remote"]);
    server["command"] = "node".into();
    let arguments = server["args"].as_array_mut().expect("arguments");
    let program = places.clients.join("bridges/node_modules/mcp-remote/dist/proxy.js");
    arguments.splice(0..2, [program.to_str().expect("text").into()]);
    // The Python SDK starts programs without the variables of this process.
    server["env"]["PATH"] = std::env::var("PATH").expect("a path").into();
    server["env"]["HOME"] = folder.to_str().expect("text").into();

    let remote = || remote.to_string();
    let clients: [(&str, (Command, String)); 6] = [
        ("Python SDK 1", (python(&servers("python-1"), "sdk"), remote())),
        ("Python SDK 2", (python(&servers("python-2"), "sdk-2"), remote())),
        ("FastMCP", (python(&servers("fastmcp"), "fastmcp"), remote())),
        ("TypeScript SDK 1", node(servers("typescript-1"), "1")),
        ("TypeScript SDK 2", node(places.clients.join("typescript-2-client"), "2")),
        ("mcp-remote", (python(&servers("python-1"), "stdio"), installed.to_string())),
    ];
    let last_line = |text: String| {
        let line = text.lines().rfind(|line| line.starts_with('{')).unwrap_or_else(|| panic!("{text}"));
        serde_json::from_str(line).expect("JSON")
    };
    clients.map(|(name, (program, stdin))| (name, last_line(output(program, &stdin)))).into()
}

/// What the command-line client of MCP Inspector prints for the same file.
fn inspect(places: &Places, folder: &Path, arguments: &[&str]) -> Value {
    let program = "inspector/node_modules/@modelcontextprotocol/inspector/clients/launcher/build/index.js";
    let mut inspector = Command::new("node");
    inspector.arg(places.clients.join(program)).arg("--cli").arg("--config").arg(folder.join("mcp.json"));
    inspector.args(["--server", "mcp-policy"]).args(arguments).env("HOME", folder);
    serde_json::from_str(&output(inspector, "")).expect("JSON")
}

/// The audit records in the access log.
fn records(log: &str) -> impl Iterator<Item = Value> {
    let entries = log.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    entries.filter_map(|entry| serde_json::from_str(entry["mcp"].as_str()?).ok())
}

#[test]
fn clients_with_the_printed_configuration_call_with_the_token() {
    let Some(places) = places() else { return };
    run(async {
        let everything = Server::start_everything("configured", &places.servers).await;
        let configuration = json!({
            "policy": { "version": "1", "default": "deny", "tools": { "echo": {} } },
            "identity": [{ "tokens": {} }],
            "audit": { "log": "all" },
        });
        let (mut folder, mut token) = (PathBuf::new(), String::new());
        let gateway = Gateway::start_with("clients-configured", |place, _| {
            let file = place.join("gateway.json");
            fs::write(&file, configuration.to_string()).expect("a file");
            token = command(&["grant", "new", NAME, file.to_str().expect("text")], "");
            place.clone_into(&mut folder);
            render(place, &fs::read_to_string(&file).expect("the configuration"), everything.address, &[])
        });
        let gateway = gateway.await;
        let printed = printed(&gateway, &token);
        let (remote, bridge) = (printed("Claude Code"), printed("Claude Desktop"));
        // The same server, under another key.
        assert_eq!(printed("VS Code")["servers"], remote["mcpServers"]);

        let found = {
            let (folder, remote) = (folder.clone(), remote.clone());
            tokio::task::spawn_blocking(move || {
                let found = run_clients(&places, &folder, &remote, &bridge);
                let listed = inspect(&places, &folder, &["--method", "tools/list"]);
                assert_eq!(listed["tools"].as_array().map(Vec::len), Some(1), "{listed}");
                let called = ["--method", "tools/call", "--tool-name", "echo", "--tool-arg", "message=yes"];
                let called = inspect(&places, &folder, &called);
                assert_eq!(called["content"][0]["text"], "Echo: yes", "{called}");
                found
            })
        };
        for (client, found) in found.await.expect("the clients") {
            assert_eq!(found["tools"], json!(["echo"]), "{client}: {found}");
            assert_eq!(found["allowed"], "Echo: yes", "{client}");
            let denied = found["denied"].as_str().expect("text");
            assert!(denied.contains("Policy violation: the policy denies the tool `get-env`"), "{client}: {denied}");
        }
        // Every call was that caller's, and no log has its token.
        let records = until("every call is in the access log", || async {
            let calls: Vec<Value> = records(&gateway.log()).filter(|record| record["method"] == "tools/call").collect();
            (calls.iter().filter(|record| record["tool"] == "echo").count() == 7).then_some(calls)
        });
        let grant = format!("token:{NAME}");
        assert!(records.await.iter().all(|record| record["grant"] == *grant));
        assert!(!gateway.log().contains(token.trim()));
    });
}
