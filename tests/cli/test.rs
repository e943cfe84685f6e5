//! `mcp-policy test`

use crate::{assert_fails, assert_prints, run, run_with, scratch::Scratch};

const POLICY: &str = r#"{"version":"1","default":"deny","tools":{"draw":{"rate_limit":"1/minute"},"look":{}}}"#;

const CASES: &str = r#"{"cases":[
    {"name":"one a minute","calls":[
        {"tool":"draw","expect":"allow"},
        {"at":"00:00:59","tool":"draw","expect":"rate_limited","rule":"/tools/draw/rate_limit"},
        {"at":60,"tool":"draw","expect":"allow"}]},
    {"name":"looking is free","calls":[{"tool":"look","times":50,"expect":"allow"}]}]}"#;

#[test]
fn the_shipped_cases_pass() {
    let expected = "running 3 cases of `envoy/policies/alya.cases.json` against `envoy/policies/alya.json`
test one tool, as often as you like ... ok
test and nothing else ... ok
test the handshake and the lists pass ... ok

test result: ok. 3 passed; 0 failed
";
    assert_prints(&run(&["test", "envoy/policies/alya.json"]), 0, expected);
    assert_prints(&run(&["test", "envoy/policies/alya.json", "envoy/policies/alya.cases.json"]), 0, expected);
}

#[test]
fn a_case_that_fails_is_explained() {
    let scratch = Scratch::new("test-fails");
    let policy = scratch.file("p.json", &POLICY.replace("1/minute", "2/minute"));
    let cases = scratch.file("p.cases.json", CASES);
    let expected = format!(
        "running 2 cases of `{cases}` against `{policy}`
test one a minute ... FAILED
test looking is free ... ok

failures:

---- one a minute ----
call 2, the tool `draw` as `anybody` at 00:00:59: expected rate_limited, got allowed
  1. /tools/draw: the key `draw` applies to the tool `draw`
  2. /tools/draw/rate_limit: costs 1 of `/tools/draw`, 2 calls a minute for each grant
  3. /tools/draw/rate_limit: charges 1 to `/tools/draw`: 2 of 2 calls a minute used
  decision: allowed

test result: FAILED. 1 passed; 1 failed
"
    );
    assert_prints(&run(&["test", &policy]), 1, &expected);
}

#[test]
fn programs_get_one_list() {
    let scratch = Scratch::new("test-json");
    let policy = scratch.file("p.json", POLICY);
    let text = CASES.replace(r#""tool":"look","times":50"#, r#""tool":"loot""#);
    let cases = scratch.file("c.json", &text);
    let expected = format!(
        r#"[{{"file":"{cases}","name":"one a minute","ok":true}},{{"file":"{cases}","name":"looking is free","ok":false,"failure":"call 1, the tool `loot` as `anybody` at 00:00:00: expected allowed, got denied by (default deny)","explanation":{{"steps":[{{"rule":"(default deny)","text":"no entry matches the tool `loot`; `default` is `deny`"}}],"decision":"denied","rule":"(default deny)","message":"Policy violation: the policy denies the tool `loot`, because no rule allows it; if you need it, ask the policy's owner"}}}}]"#
    );
    assert_prints(&run(&["test", &policy, &cases, "--format", "json"]), 1, &format!("{expected}\n"));
}

#[test]
fn several_files_run_one_after_the_other() {
    let scratch = Scratch::new("test-several");
    let policy = scratch.file("p.json", POLICY);
    let one = scratch.file("one.json", CASES);
    let two = scratch.file("two.json", r#"{"cases":[{"name":"more","calls":[{"tool":"look","expect":"allow"}]}]}"#);
    let expected = format!(
        "running 2 cases of `{one}` against `{policy}`
test one a minute ... ok
test looking is free ... ok

running 1 case of `{two}` against `{policy}`
test more ... ok

test result: ok. 3 passed; 0 failed
"
    );
    assert_prints(&run(&["test", &policy, &one, &two]), 0, &expected);
}

#[test]
fn a_case_file_with_its_own_policy_cannot_test_another() {
    let scratch = Scratch::new("test-own");
    let policy = scratch.file("p.json", POLICY);
    let own = r#"{"policy":{"version":"1","default":"allow"},"cases":[{"name":"own","calls":[{"tool":"x","expect":"allow"}]}]}"#;
    let own = scratch.file("own.json", own);
    let expected = format!(
        "running 1 case of `{own}` against its own policy\ntest own ... ok\n\ntest result: ok. 1 passed; 0 failed\n"
    );
    assert_prints(&run(&["test", &own]), 0, &expected);
    let expected = format!(
        "error: `{own}` holds its own `policy`, so its cases would not test `{policy}`; remove `policy` from `{own}`, or \
         run `mcp-policy test {own}`\n"
    );
    assert_fails(&run(&["test", &policy, &own]), 2, &expected);
}

#[test]
fn what_cannot_run_is_an_error() {
    let scratch = Scratch::new("test-faults");
    let policy = scratch.file("p.json", POLICY);
    let wrong = scratch.file("wrong.json", r#"{"version":"1"}"#);
    let cases = scratch
        .file("c.json", "{\"cases\": [\n  {\"name\": \"n\", \"calls\": [{\"tool\": \"a\", \"expects\": \"deny\"}]}]}");
    let expected = format!("error: the policy does not load\n{wrong}:1:1: (top level): the key `default` is missing\n");
    assert_fails(&run(&["test", &wrong, &cases]), 1, &expected);
    let console = "tests/cli/check.in/console.json";
    let expected = format!(
        "error: the policy does not load
{console}:1:1: (top level): this is the configuration of a console, which has no policy; name a gateway's\n"
    );
    assert_fails(&run(&["test", console, &cases]), 1, &expected);
    let expected = format!(
        "error: the case file cannot be read
{cases}:2:27: /cases/0/calls/0: the key `expect` is missing
{cases}:2:41: /cases/0/calls/0/expects: unknown key `expects` (did you mean `expect`?); allowed: `as`, `claims`, `session`, `route`, `host`, `path`, `at`, `times`, `tool`, `args`, `method`, `params`, `request`, `expect`, `rule`, `message_contains`, `shadow`, `listed`, `answer`, `expect_answer`, `answer_rule` or `answer_contains`\n"
    );
    assert_fails(&run(&["test", &policy, &cases]), 2, &expected);
    let beside = policy.replace("p.json", "p.cases.json");
    let expected = format!(
        "error: cannot read `{beside}`: No such file or directory (os error 2); if the cases are in another file, name it: \
         `mcp-policy test {policy} CASES`\n"
    );
    assert_fails(&run(&["test", &policy]), 2, &expected);
    assert_eq!(run(&["test"]).code, 2);
}

#[test]
fn cases_without_a_policy_do_not_run_and_the_command_that_runs_them_is_named() {
    let scratch = Scratch::new("test-missing");
    let alone = scratch.file("alone.json", CASES);
    let expected = format!(
        "error: `{alone}` holds cases and no policy; run `mcp-policy test POLICY {alone}`, or add `policy` to `{alone}`\n"
    );
    assert_fails(&run(&["test", &alone]), 2, &expected);
    let beside = scratch.file("p.cases.json", CASES);
    let expected = |command: &str| {
        format!(
            "error: `{beside}` holds cases and no policy; run `mcp-policy test {command}`, or add `policy` to `{beside}`\n"
        )
    };
    assert_fails(&run(&["test", &beside]), 2, &expected(&format!("POLICY {beside}")));
    let policy = scratch.file("p.json", POLICY);
    assert_fails(&run(&["test", &beside]), 2, &expected(&policy));
    assert_eq!(run(&["test", &policy]).code, 0);
}

#[test]
fn a_policy_on_stdin_needs_a_named_case_file() {
    let scratch = Scratch::new("test-stdin");
    let cases = scratch.file("c.json", CASES);
    let expected = "error: no case file is beside stdin; name one: `mcp-policy test - CASES`\n";
    assert_fails(&run_with(&["test", "-"], POLICY), 2, expected);
    assert_eq!(run_with(&["test", "-", &cases], POLICY).code, 0);
}
