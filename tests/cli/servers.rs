//! `suggest`, `inventory` and `check` of an address without an MCP server: the same words for the same fault.

use crate::{answer_all, assert_fails, run, run_with};

const CHECK: &str = "check that the server runs and that this is its MCP endpoint";

const LOGIN: &str = "it requires a login; give a token with `--header 'Authorization: Bearer …'`, or save its answer to `tools/list` and \
                     name that file";

#[test]
fn a_server_that_does_not_answer_is_described_in_plain_words() {
    let policy = "envoy/policies/krea.json";
    for (url, why, both) in [
        ("http://127.0.0.1:1/mcp".to_owned(), "Connection refused (os error 111)", true),
        (answer_all("404 Not Found", "no such page"), "it answers with status 404", true),
        (answer_all("401 Unauthorized", ""), LOGIN, true),
        (answer_all("500 Internal Server Error", "oh"), "it answers with status 500", true),
        (answer_all("200 OK", "hello"), "it does not answer as an MCP server", false),
    ] {
        let why = if why == LOGIN { LOGIN.to_owned() } else { format!("{why}; {CHECK}") };
        let expected = format!("error: cannot list the tools of `{url}`: {why}\n");
        assert_fails(&run(&["suggest", "--url", &url]), 2, &expected);
        let inventory = run(&["inventory", "--url", &url]);
        assert_eq!((inventory.code, inventory.stderr.as_str()), (1, ""));
        assert!(inventory.stdout.contains(&format!("{why}\n")), "{inventory:?}");
        if both {
            assert_fails(&run(&["check", policy, "--url", &url]), 2, &expected);
        }
    }
}

#[test]
fn a_client_config_without_a_server_that_answers_gets_no_advice_on_routes() {
    let scratch = crate::scratch::Scratch::new("suggest-nothing");
    let config = scratch.file("mcp.json", r#"{"mcpServers":{"one":{"command":"true"}}}"#);
    let expected = "error: no server lists a tool that a policy can name\n\
                    note: left out the server `one`: it is a command, which `--run-commands` would start\n";
    assert_fails(&run(&["suggest", "--client-config", &config]), 1, expected);
}

#[test]
fn options_for_a_running_server_are_refused_beside_files() {
    let scratch = crate::scratch::Scratch::new("server-options");
    let tools = scratch.file("tools.json", r#"{"tools":[{"name":"get"}]}"#);
    let policy = scratch.file("policy.json", r#"{"version":"1","default":"deny"}"#);
    let expected = "error: `--header` and `--era` are for a running server; leave them out, or name it with `--url` instead of a file\n";
    for option in [["--header", "A: b"], ["--era", "2025"]] {
        for verb in [
            &["check", &policy, "--tools", &tools][..],
            &["compare", &policy, &policy, "--tools", &tools],
            &["pin", &policy, &tools],
        ] {
            assert_fails(&run(&[verb, &option].concat()), 2, expected);
        }
    }
    let only_era = "error: `--era` is for running servers; leave it out, or name one with `--url`\n";
    assert_fails(&run(&["suggest", &tools, "--era", "2025"]), 2, expected);
    assert_fails(&run(&["suggest", "--tools", &tools, "--tools", &tools, "--era", "2025"]), 2, only_era);
    assert_fails(&run(&["inventory", "--tools", &tools, "--era", "2025"]), 2, only_era);
}

#[test]
fn stdin_is_for_one_file_in_every_verb() {
    let scratch = crate::scratch::Scratch::new("stdin-once");
    let policy = r#"{"version":"1","default":"deny","tools":{"get":{}}}"#;
    let file = scratch.file("policy.json", policy);
    for verb in [
        &["check", "-", "-"][..],
        &["check", "-", "--against", "-"],
        &["compare", "-", "-"],
        &["explain", "-", "--request", "-"],
        &["test", "-", "-"],
        &["replay", "-", "--policy", "-"],
        &["replay", &file, "--policy", "-", "--against", "-"],
        &["verify-log", "-", "--heads", "-"],
        &["inventory", "--tools", "-", "--policy", "-"],
    ] {
        assert_fails(&run_with(verb, policy), 2, "error: stdin can be read only once; give one `-`\n");
    }
}
