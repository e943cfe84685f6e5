//! `mcp-policy approvals`, before a console of the test's own that keeps what it is asked.

mod console;

use std::process::Command;

use serde_json::{Value, json};

use super::{Ran, assert_fails, assert_prints, run, scratch::Scratch};
use console::{Console, TOKEN};

/// Runs the verb before a console, with this token in the variable.
fn ask(console: &Console, token: Option<&str>, words: &[&str]) -> Ran {
    let mut command = Command::new(env!("CARGO_BIN_EXE_mcp-policy"));
    command.arg("approvals").args(words).args(["--url", &console.url]).env_remove("MCP_POLICY_TOKEN");
    if let Some(token) = token {
        command.env("MCP_POLICY_TOKEN", token);
    }
    // The console is on loopback: no proxy of the machine may be used.
    command.env("HTTP_PROXY", "http://127.0.0.1:1").env("http_proxy", "http://127.0.0.1:1");
    let output = command.output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    Ran { code: output.status.code().unwrap(), stdout: text(output.stdout), stderr: text(output.stderr) }
}

fn pending() -> Value {
    json!({
        "id": "3f9c0a1b2c3d4e5f6071", "state": "pending", "filter": "mcp-policy", "policy": "default",
        "rule": "/tools/create_charge/require_approval/0", "config": "0123456789abcdef", "grant": "address:127.0.0.1",
        "method": "tools/call", "tool": "create_charge", "params": "{\n  \"amount\": 1e2\n}",
        "reason": "Charges over 100 need a person.", "askedAt": "2026-11-21T05:59:00Z", "expiresAt": "2026-11-21T06:09:01Z",
        "yours": false,
    })
}

fn with(mut approval: Value, other: &Value) -> Value {
    approval.as_object_mut().unwrap().extend(other.as_object().unwrap().clone());
    approval
}

const PENDING: &str = "\
3f9c0a1b2c3d4e5f6071  pending, requested 1m ago, expires in 9m 1s
  tools/call `create_charge` by `address:127.0.0.1`
  rule /tools/create_charge/require_approval/0 of policy `default` in `mcp-policy`
  reason: Charges over 100 need a person.
  | {
  |   \"amount\": 1e2
  | }
";

#[test]
fn calls_that_wait_are_listed() {
    let console = Console::start(vec![pending()]);
    assert_prints(&ask(&console, Some(TOKEN), &["list"]), 0, PENDING);
    let answered = with(pending(), &json!({"id": "a1", "state": "approved", "approver": "jwt:bob", "note": "fine"}));
    let lost = with(pending(), &json!({"id": "a2", "yours": true, "params": null, "tool": null, "reason": null}));
    let console = Console::start(vec![pending(), answered, lost]);
    let listed = format!(
        "{PENDING}\n\
         a1  approved, requested 1m ago, expires in 9m 1s\n  \
           tools/call `create_charge` by `address:127.0.0.1`\n  \
           rule /tools/create_charge/require_approval/0 of policy `default` in `mcp-policy`\n  \
           reason: Charges over 100 need a person.\n  \
           approved by `jwt:bob`: fine\n  \
           | {{\n  |   \"amount\": 1e2\n  | }}\n\n\
         a2  pending, requested 1m ago, expires in 9m 1s\n  \
           tools/call by `address:127.0.0.1`\n  \
           rule /tools/create_charge/require_approval/0 of policy `default` in `mcp-policy`\n  \
           this is your own request: another approver has to decide\n  \
           the gateway has lost the parameters of this call, so it cannot be approved\n"
    );
    assert_prints(&ask(&console, Some(TOKEN), &["list", "--all"]), 0, &listed);
    let (before, from) = listed.split_once("a1  ").unwrap();
    let (_, after) = from.split_once("\n\n").unwrap();
    let pending = format!("{before}{after}\n1 answered call is not listed; `--all` lists it, too\n");
    assert_prints(&ask(&console, Some(TOKEN), &["list"]), 0, &pending);
}

#[test]
fn an_empty_list_is_reported_as_empty() {
    let console = Console::start(vec![]);
    assert_prints(&ask(&console, Some(TOKEN), &["list"]), 0, "no call waits for approval\n");
}

#[test]
fn a_call_is_approved_with_a_note() {
    let console = Console::start(vec![pending()]);
    let ran = ask(&console, Some(TOKEN), &["approve", "3f9c0a1b2c3d4e5f6071", "--note", "asked \"Ann\""]);
    let said = "approved: tools/call `create_charge` by `address:127.0.0.1` passes once, when the agent repeats it\n";
    assert_prints(&ran, 0, said);
    let body = json!({"decision": "approve", "note": "asked \"Ann\""});
    assert_eq!(console.answers(), [("3f9c0a1b2c3d4e5f6071".to_owned(), body)]);
}

#[test]
fn a_call_is_rejected_with_a_note() {
    let console = Console::start(vec![pending()]);
    let ran = ask(&console, Some(TOKEN), &["reject", "3f9c0a1b2c3d4e5f6071", "--note", "too much"]);
    assert_prints(&ran, 0, "rejected: tools/call `create_charge` by `address:127.0.0.1`\n");
    assert_eq!(
        console.answers(),
        [("3f9c0a1b2c3d4e5f6071".to_owned(), json!({"decision": "reject", "note": "too much"}))]
    );
    for note in [&[][..], &["--note", " "]] {
        let ran = ask(&console, Some(TOKEN), &[&["reject", "3f9c0a1b2c3d4e5f6071"], note].concat());
        assert_fails(&ran, 2, "error: a rejection needs a note; say why with `--note`, since the agent reads it\n");
    }
    assert_eq!(console.answers().len(), 1);
}

#[test]
fn programs_get_the_gateways_answer() {
    let console = Console::start(vec![with(pending(), &json!({"tool": "pay\u{202e}"}))]);
    let ran = ask(&console, Some(TOKEN), &["list", "--format", "json"]);
    assert!(!ran.stdout.contains('\u{202e}'), "{}", ran.stdout);
    let list: Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(list, console.list());
    let ran = ask(&console, Some(TOKEN), &["reject", "3f9c0a1b2c3d4e5f6071", "--note", "no", "--format", "json"]);
    let one: Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!((&one["state"], &one["approver"], ran.code), (&json!("rejected"), &json!("jwt:me"), 0));
}

#[test]
fn no_text_of_a_caller_acts_on_the_terminal() {
    let evil = "\u{1b}[2J\u{1b}]0;x\u{7}\n\r3f9c  approved\u{202e}\u{200b}\u{9b}31m";
    let hostile = json!({
        "tool": evil, "grant": evil, "params": evil, "reason": evil, "rule": evil, "policy": evil, "filter": evil, "method": evil,
        "approver": evil, "note": evil, "state": evil, "askedAt": evil, "id": evil,
    });
    let console = Console::start(vec![with(pending(), &hostile)]);
    let ran = ask(&console, Some(TOKEN), &["list", "--all"]);
    let shown = r"\u{1b}[2J\u{1b}]0;x\u{7}\u{a}\u{d}3f9c  approved\u{202e}\u{200b}\u{9b}31m";
    let (first, second) = shown.split_once(r"\u{a}").unwrap();
    let expected = format!(
        "{shown}  {shown}, requested ? ago, expires in 9m 1s\n  {shown} `{shown}` by `{shown}`\n  rule {shown} of policy `{shown}` in \
         `{shown}`\n  reason: {shown}\n  {shown} by `{shown}`: {shown}\n  | {first}\n  | {second}\n"
    );
    assert_prints(&ran, 0, &expected);
    let ran = ask(&console, Some(TOKEN), &["approve", "00000000000000000000"]);
    assert_fails(&ran, 1, "error: no such id: \\u{1b}[2J `00000000000000000000`\n");
}

#[test]
fn an_error_of_the_gateway_is_printed() {
    let console = Console::start(vec![with(pending(), &json!({"state": "rejected"}))]);
    let ran = ask(&console, Some(TOKEN), &["approve", "3f9c0a1b2c3d4e5f6071"]);
    assert_fails(&ran, 1, "error: it was rejected already\n");
    assert_fails(&ask(&console, Some("wrong"), &["list"]), 1, "error: not signed in: send an approver's token\n");
    let advice = "; give a token with `--token-file` or in the variable `MCP_POLICY_TOKEN`";
    assert_fails(
        &ask(&console, None, &["list"]),
        1,
        &format!("error: not signed in: send an approver's token{advice}\n"),
    );
}

#[test]
fn a_token_comes_from_a_file_first() {
    let console = Console::start(vec![]);
    let scratch = Scratch::new("approvals-token");
    let file = scratch.file("token", &format!("{TOKEN}\n"));
    let ran = ask(&console, Some("wrong"), &["list", "--token-file", &file]);
    assert_prints(&ran, 0, "no call waits for approval\n");
    let why = "holds no token: it has spaces or characters that are not ASCII";
    let broken = scratch.file("broken", "s3cret words");
    let ran = ask(&console, None, &["list", "--token-file", &broken]);
    assert_fails(&ran, 2, &format!("error: `{broken}` {why}\n"));
    assert_fails(&ask(&console, Some(" "), &["list"]), 2, "error: the variable `MCP_POLICY_TOKEN` holds no token\n");
    let ran = ask(&console, None, &["list", "--token-file", "no/such"]);
    assert_fails(&ran, 2, "error: cannot read `no/such`: No such file or directory (os error 2)\n");
}

#[test]
fn no_token_follows_a_redirect() {
    let console = Console::start(vec![]);
    let ran = ask(&console, Some(TOKEN), &["approve", console::MOVED]);
    let expected =
        format!("error: `{}` answers with status 307, and not as a console does; check `--url`\n", console.url);
    assert_fails(&ran, 1, &expected);
    assert_eq!(console.answers(), []);
}

#[test]
fn an_address_that_is_not_a_consoles_is_a_usage_error() {
    for (url, why) in [
        ("127.0.0.1:10001", "is not a console's address; expected `http://HOST:PORT` or `https://HOST`"),
        ("ftp://127.0.0.1", "is not a console's address; expected `http://HOST:PORT` or `https://HOST`"),
        ("http://127.0.0.1:1/approvals", "is not a console's address; expected `http://HOST:PORT` or `https://HOST`"),
        ("http://me:secret@127.0.0.1:1", "is not a console's address; expected `http://HOST:PORT` or `https://HOST`"),
    ] {
        assert_fails(&run(&["approvals", "list", "--url", url]), 2, &format!("error: `{url}` {why}\n"));
    }
    let help = run(&["approvals", "list", "--help"]).stdout;
    assert!(help.contains("[default: http://127.0.0.1:10001]"), "{help}");
    for id in ["", "..", "a/b", "a?b", "a\u{202e}", "zzz", "3f9c0a1b2c3d4e5f607", "3F9C0A1B2C3D4E5F6071"] {
        let shown = id.replace('\u{202e}', r"\u{202e}");
        let why = format!("error: `{shown}` is not the id of an approval; `mcp-policy approvals list` shows the ids\n");
        assert_fails(&run(&["approvals", "approve", id, "--url", "http://127.0.0.1:1"]), 2, &why);
    }
}

#[test]
fn an_unreachable_gateway_is_an_error() {
    // No server listens on port 1.
    let ran = run(&["approvals", "list", "--url", "http://127.0.0.1:1/#3f9c"]);
    let why = "Connection refused (os error 111)";
    assert_fails(&ran, 1, &format!("error: cannot reach `http://127.0.0.1:1/`: {why}\n"));
}

#[test]
fn an_answer_that_is_not_a_consoles_is_an_error() {
    let console = Console::start(vec![json!({"id": 1})]);
    let expected = format!("error: `{}` does not answer as a console does; check `--url`\n", console.url);
    assert_fails(&ask(&console, Some(TOKEN), &["list"]), 1, &expected);
    let ran = ask(&console, Some(TOKEN), &["approve", console::PAGE]);
    let expected =
        format!("error: `{}` answers with status 500, and not as a console does; check `--url`\n", console.url);
    assert_fails(&ran, 1, &expected);
}
