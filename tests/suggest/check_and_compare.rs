//! `check` and `compare` with the tools of a running server, in both eras of MCP and over more than one page.

use std::{
    io::Write,
    process::{Command, Output, Stdio},
};

use super::{COMMAND, Example, Paged, serve, text};

/// Runs the command with a policy on stdin.
fn run(words: &[&str], stdin: &str) -> Output {
    let mut command = Command::new(COMMAND);
    command.args(words).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command.env("NO_PROXY", "127.0.0.1").env("NO_COLOR", "1");
    let mut child = command.spawn().expect("the command starts");
    // It may have ended without reading.
    let _ = child.stdin.take().expect("a pipe").write_all(stdin.as_bytes());
    child.wait_with_output().expect("the command ends")
}

/// The names and the messages of the warnings.
fn warnings(output: &Output) -> Vec<(String, String)> {
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let problems = report.pointer("/files/0/problems").and_then(serde_json::Value::as_array).expect("a list").iter();
    let member = |problem: &serde_json::Value, name: &str| {
        problem.get(name).and_then(serde_json::Value::as_str).expect("a text").to_owned()
    };
    problems.map(|problem| (member(problem, "name"), member(problem, "message"))).collect()
}

#[test]
fn check_compares_a_policy_with_the_tools_of_a_running_server_in_every_era() {
    let server = Example::start(&[]);
    let policy = r#"{"version":"1","default":"deny","hide":["image_gen"],"tools":{"genrate_image":{},
        "image.generate.gemini":{"require":[{"conditions":[{"path":"args.promt","op":"exists","value":true}]}]}}}"#;
    for era in ["auto", "2025", "2026"] {
        let output = run(&["check", "-", "--url", &server.url, "--era", era, "--format", "json"], policy);
        assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
        let expected = [
            (
                "unnamed-tool",
                "no entry names `generate_image`, so `default` denies it; add it to `tools` if agents need it",
            ),
            ("names-nothing", "the server lists no tool `genrate_image` (did you mean `generate_image`?)"),
            (
                "unknown-argument",
                "`image.generate.gemini` has no argument `args.promt` (did you mean `prompt`?), so this denies every call of the \
                 tool",
            ),
        ];
        let expected = expected.map(|(name, message)| (name.to_owned(), message.to_owned()));
        assert_eq!(warnings(&output), expected, "{era}");
        let denied = run(&["check", "-", "--url", &server.url, "--era", era, "--deny-warnings"], policy);
        assert_eq!(denied.status.code(), Some(1));
    }
}

#[test]
fn check_reads_every_page_of_a_list() {
    let (_runtime, url) = serve(Paged { circle: false });
    let policy = r#"{"version":"1","default":"deny","hide":["delete_c"],"tools":{"get_a":{},"frobnicate":{}}}"#;
    let output = run(&["check", "-", "--url", &url, "--format", "json"], policy);
    assert_eq!(warnings(&output), [], "{}", text(&output.stderr));
}

#[test]
fn compare_is_about_the_tools_of_a_running_server_alone() {
    let server = Example::start(&[]);
    let scratch = std::env::temp_dir().join(format!("mcp-policy-compare-{}.json", std::process::id()));
    let new = r#"{"version":"1","default":"deny","tools":{"generate_image":{},"other":{}}}"#;
    std::fs::write(&scratch, new).expect("a file");
    let file = scratch.to_str().expect("a path");
    for era in ["auto", "2025", "2026"] {
        let compare = |old: &str| run(&["compare", "-", file, "--url", &server.url, "--era", era, "--deny-wider"], old);
        let wider = compare(r#"{"version":"1","default":"deny","tools":{"generate_*":{"rate_limit":"5/minute"}}}"#);
        let expected = "permits more (of the tools, only the 3 listed ones were compared):\n  the tool `generate_image`: is no \
                        longer limited by `/tools/generate_*`\n";
        assert_eq!((wider.status.code(), text(&wider.stdout)), (Some(1), expected), "{}", text(&wider.stderr));
        let alike = compare(r#"{"version":"1","default":"deny","tools":{"generate_*":{},"another":{}}}"#);
        let expected =
            "no difference: both permit the same calls (of the tools, only the 3 listed ones were compared)\n";
        assert_eq!((alike.status.code(), text(&alike.stdout)), (Some(0), expected), "{}", text(&alike.stderr));
    }
    std::fs::remove_file(&scratch).expect("it is there");
}

#[test]
fn a_server_that_does_not_answer_is_an_error_of_both() {
    let policy = r#"{"version":"1","default":"deny"}"#;
    for words in
        [&["check", "-", "--url", "http://127.0.0.1:1/mcp"][..], &["compare", "-", "/dev/null", "--url", "ftp://x"]]
    {
        let output = run(words, policy);
        assert!(output.stdout.is_empty() && !output.status.success(), "{words:?}: {}", text(&output.stdout));
    }
}
