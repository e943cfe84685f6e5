//! What `./build.sh run` prints, sent through a real Envoy to its example server: for every shipped policy each command
//! ends as its title says, an approved call reaches the server, and the access log becomes readable lines.

use crate::{
    clock::room_in_minute,
    gateway::{Gateway, render},
    prerequisites::find,
    process::{Process, fresh_folder},
    runtime::{run, until},
};
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use std::{
    fs,
    net::SocketAddr,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

const COMMAND: &str = env!("CARGO_BIN_EXE_mcp-policy");
const TOKEN: &str = "a-token-for-tests";

fn file_of_run(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("envoy/run").join(name)
}

/// The shipped policies, without their cases.
fn policies() -> Vec<PathBuf> {
    let files = fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("envoy/policies")).expect("the policies");
    let files = files.map(|entry| entry.expect("an entry").path());
    let is_policy = |file: &PathBuf| {
        let name = file.to_string_lossy();
        name.ends_with(".json") && !name.ends_with(".cases.json")
    };
    // Commands cannot bring a token that `jwt_authn` verifies, nor the time that a rule asks for.
    let can_be_tried = |file: &PathBuf| {
        let text = fs::read_to_string(file).expect("a policy");
        !text.contains("\"identity\"") && !text.contains("\"now.")
    };
    let mut policies: Vec<_> = files.filter(is_policy).filter(can_be_tried).collect();
    policies.sort();
    assert!(policies.len() >= 10, "{policies:?}");
    policies
}

/// The example server, with the packages that the attacked Python server has, too.
async fn start_example(servers: &Path, folder: &Path, policy: &Path) -> (Process, SocketAddr) {
    let mut command = Command::new(servers.join("python-2/bin/python"));
    command.arg(file_of_run("example_server.py")).args(["--port", "0"]).arg("--policy").arg(policy);
    let process = Process::start(command.stdin(Stdio::null()), folder.join("example.log")).expect("Python");
    let address = until("the example server listens", || async {
        assert_eq!(process.ended(), None, "{}", process.log_tail());
        let log = process.log();
        log.lines().find_map(|line| line.strip_prefix("listening on http://")?.strip_suffix("/mcp")?.parse().ok())
    });
    let address = address.await;
    (process, address)
}

/// Runs a command to its end; its output.
fn output(command: &mut Command) -> String {
    let output = command.env("NO_PROXY", "127.0.0.1,localhost").output().expect("it starts");
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("text")
}

fn shell(line: &str) -> String {
    output(Command::new("sh").args(["-c", line]))
}

/// Sends what is printed under one title, and holds the answer against the title.
fn try_out(gateway: &Gateway, title: &str, command: &str) {
    let answers = shell(command);
    let last: Value = serde_json::from_str(answers.trim().lines().last().expect("an answer")).expect("JSON");
    let code = last.pointer("/error/code").and_then(Value::as_i64);
    let reached = |answer: &Value| answer.pointer("/result/isError") == Some(&Value::Bool(false));
    match title {
        "The tools that an agent sees:" => assert!(last.pointer("/result/tools").is_some(), "{title}: {last}"),
        _ if title.starts_with("A call that passes") => assert!(reached(&last), "{title}: {last}"),
        _ if title.starts_with("A call that is denied") => assert_eq!(code, Some(-31403), "{title}: {last}"),
        // On a busy machine a window may end meanwhile.
        _ if title.ends_with("the next one is rate limited:") && code != Some(-31429) => {
            let again = shell(command);
            assert!(again.trim().lines().last().is_some_and(|last| last.contains("-31429")), "{title}: {again}");
        }
        _ if title.ends_with("the next one is rate limited:") => {}
        _ if title.starts_with("A call that needs approval") => {
            assert_eq!(code, Some(-31428), "{title}: {last}");
            let id = last.pointer("/error/data/approval/id").and_then(Value::as_str).expect("an id");
            let console = format!("http://localhost:{}", gateway.at("console").port());
            let arguments = ["approvals", "--url", &console, "approve", id];
            output(Command::new(COMMAND).args(arguments).env("MCP_POLICY_TOKEN", TOKEN));
            let repeated = serde_json::from_str(&shell(command)).expect("JSON");
            assert!(reached(&repeated), "{title}: {repeated}");
        }
        _ => panic!("what does `{title}` promise?"),
    }
}

#[test]
fn every_shipped_policy_can_be_tried_to_the_end_by_the_commands_that_are_printed() {
    let Some(servers) = find("servers") else { return };
    let digest: String = Sha256::digest(TOKEN).iter().map(|byte| format!("{byte:02x}")).collect();
    let approver = ["--approver", &format!("bearer:{digest}")];
    let mut kinds = Vec::new();
    for policy in policies() {
        run(async {
            let name = format!("run-{}", policy.file_stem().expect("a name").to_string_lossy());
            let text = fs::read_to_string(&policy).expect("the policy");
            let logs = fresh_folder(&format!("{name}-example"));
            let (_example, server) = start_example(&servers, &logs, &policy).await;
            let gateway = Gateway::start_with(&name, |folder, _| render(folder, &text, server, &approver)).await;
            let mut calls = Command::new("python3");
            calls.arg(file_of_run("calls")).args(["--command", COMMAND]).arg("--policy").arg(&policy);
            calls.args(["--gateway", &format!("http://{}/mcp", gateway.at("mcp"))]);
            calls.args(["--server", &format!("http://{server}")]);
            let printed = output(&mut calls);
            room_in_minute(15).await;
            let sections: Vec<&str> = printed.trim().split("\n\n").collect();
            for section in sections.chunks(2) {
                let [title, command] = section else { panic!("{section:?}") };
                try_out(&gateway, title, command);
                kinds.push(title.split([' ', ':']).take(4).collect::<Vec<_>>().join(" "));
            }
            assert_readable(&gateway, &policy, sections.len() / 2).await;
        });
    }
    kinds.sort();
    kinds.dedup();
    let expected =
        ["A call that is", "A call that needs", "A call that passes", "A call that passes,", "At most 10 such"];
    for kind in expected {
        assert!(kinds.iter().any(|found| found == kind), "no policy shows `{kind}`: {kinds:?}");
    }
}

/// Each request left a line that begins with the time, and names a decision and the caller.
async fn assert_readable(gateway: &Gateway, policy: &Path, least: usize) {
    let lines = until("every request is logged", || async {
        let log = gateway.log();
        let lines: Vec<&str> = log.lines().filter(|line| line.starts_with('{')).collect();
        (lines.len() >= least).then(|| lines.join("\n") + "\n")
    });
    let records = fresh_folder("run-records").join("log.jsonl");
    fs::write(&records, lines.await).expect("a file");
    let mut command = Command::new("python3");
    command.arg(file_of_run("records.py")).arg("--policy").arg(policy).args(["--records", "/dev/null"]);
    let readable = output(command.stdin(fs::File::open(records).expect("a file")));
    for line in readable.lines() {
        let (time, rest) = line.split_once(' ').expect("a time");
        assert_eq!(time.len(), 8, "{line}");
        let words = ["allowed", "denied", "rate limited", "needs approval", "approved"];
        assert!(words.iter().any(|word| rest.starts_with(word)), "{line}");
        assert!(rest.contains(" address:127.0.0.1"), "{line}");
    }
}

/// `apply_policy` of `run.sh`, for this policy, in a folder in which it finds what it names; what it prints.
fn apply_policy(folder: &Path, policy: &Path, admin: SocketAddr, before: &str) -> String {
    let script = fs::read_to_string(file_of_run("run.sh")).expect("the script");
    let script = script.replace("readonly ADMIN_PORT=9901", &format!("readonly ADMIN_PORT={}", admin.port()));
    let mut bash = Command::new("bash");
    bash.args([
        "-euo",
        "pipefail",
        "-c",
        &format!("{script}\npolicy=$1 grant=$2 applied=$3\napply_policy 2>&1"),
        "run",
    ]);
    output(bash.arg(policy).args([TOKEN, before]).current_dir(folder))
}

#[test]
fn an_edited_policy_is_soon_in_force_and_one_with_mistakes_is_reported() {
    run(async {
        let mut folder = PathBuf::new();
        let gateway = Gateway::start_with("run-edited", |place, upstream| {
            place.clone_into(&mut folder);
            // What `run` prepares: the command, its programs, and the folder in which Envoy finds the filter.
            fs::create_dir_all(place.join("target/command")).expect("a folder");
            fs::create_dir_all(place.join("target/run")).expect("a folder");
            fs::create_dir(place.join("envoy")).expect("a folder");
            std::os::unix::fs::symlink(COMMAND, place.join("target/command/mcp-policy")).expect("a link");
            let programs = file_of_run("run.sh");
            std::os::unix::fs::symlink(programs.parent().expect("a folder"), place.join("envoy/run")).expect("a link");
            let dynamic = place.join("target/run/gateway.d");
            render(place, &edited("one"), upstream, &["--dynamic", dynamic.to_str().expect("text")])
        });
        let gateway = gateway.await;
        let policy = folder.join("edited.json");
        let ask = |tool: &str| {
            crate::client::call(tool, &serde_json::json!({}), "1", &[("authorization", &format!("Bearer {TOKEN}"))])
        };
        fs::write(&policy, edited("two")).expect("a file");
        let start = std::time::Instant::now();
        let said = apply_policy(&folder, &policy, gateway.admin(), "");
        assert!(said.contains("== the edited policy is in force"), "{said}");
        crate::answer::assert_allowed(&gateway.send("mcp", &ask("two")).await);
        // Two seconds, unless the machine has much else to do.
        assert!(start.elapsed() < std::time::Duration::from_secs(10), "{:?}", start.elapsed());
        // The token of the run still names its agent, and stays the only one.
        let configuration = fs::read_to_string(folder.join("target/run/gateway.json")).expect("the configuration");
        assert_eq!(configuration.matches("my-agent").count(), 1, "{configuration}");

        fs::write(&policy, edited("three").replace("deny", "maybe")).expect("a file");
        let said = apply_policy(&folder, &policy, gateway.admin(), "");
        assert!(said.contains("/default") && said.contains("is not in force: see above"), "{said}");
        crate::answer::assert_allowed(&gateway.send("mcp", &ask("two")).await);
        // The same file is not applied twice.
        let sum = output(Command::new("sh").args(["-c", "cksum <\"$0\""]).arg(&policy));
        assert_eq!(apply_policy(&folder, &policy, gateway.admin(), sum.trim()), "");
    });
}

/// A policy that allows one tool.
fn edited(tool: &str) -> String {
    format!(r#"{{"version":"1","default":"deny","tools":{{"{tool}":{{}}}}}}"#)
}
