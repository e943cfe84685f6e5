//! `verify-log`, `replay` and `suggest --from`: whole outputs and exit codes.

use mcp_policy::{audit::chain::Chain, json::quoted, time::Timestamp};

use super::{assert_fails, run, scratch::Scratch};

/// A log with so many calls of a tool, a second apart, in one chain.
fn log(calls: u64) -> Vec<String> {
    let mut chain = Chain::new([0xab; 8], Timestamp(0));
    let record = r#"{"decision":"allowed","policy":"default","grant":"jwt:alice","method":"tools/call","tool":"draw","arguments":["what"]}"#;
    let line =
        |second| format!(r#"{{"time":"2026-01-01T00:00:{second:02}.000Z","mcp":{}}}"#, quoted(&chain.link(record)));
    (0..calls).map(line).collect()
}

fn file(scratch: &Scratch, name: &str, lines: &[String]) -> String {
    scratch.file(name, &(lines.join("\n") + "\n"))
}

#[test]
fn verify_log_says_what_is_whole_and_what_is_not() {
    let scratch = Scratch::new("verify-log");
    let mut lines = log(5);
    let whole = file(&scratch, "whole.log", &lines);
    let ran = run(&["verify-log", &whole]);
    let expected = format!(
        "chain abababababababab: 5 records: whole; records 1 to 4 (lines 1 to 4) can be trusted; nothing confirms record 5 yet\n\
         `{whole}`: 1 chain is whole; 5 lines\n"
    );
    assert_eq!((ran.code, ran.stdout, ran.stderr), (0, expected, String::new()), "no progress bar without a terminal");
    lines.remove(2);
    let broken = file(&scratch, "broken.log", &lines);
    let ran = run(&["verify-log", &broken]);
    let expected = format!(
        "chain abababababababab: 4 records: BROKEN: record 3 is missing before line 3 (record 4); record 1 (line 1) can be \
         trusted\n`{broken}`: 1 of 1 chain is broken; 4 lines\n"
    );
    assert_eq!((ran.code, ran.stdout), (1, expected));
    let ran = run(&["verify-log", &broken, "--format", "json"]);
    let json: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(json["whole"], false);
    assert_eq!(
        json["chains"][0],
        serde_json::json!({
            "worker": "abababababababab", "records": 4, "first": {"seq": 1, "line": 1}, "last": {"seq": 5, "line": 4},
            "trusted": {"seq": 1, "line": 1}, "laterFaults": 0,
            "fault": {"kind": "gap", "seq": 4, "line": 3, "message": "record 3 is missing before line 3 (record 4)"},
        })
    );
    let none = scratch.file("none.log", "[info] a line\n");
    let ran = run(&["verify-log", &none]);
    assert_eq!(
        (ran.code, ran.stdout.as_str()),
        (1, "no record has a link; set `audit.chain` in the gateway's configuration\n")
    );
    let missing = run(&["verify-log", "missing.log"]);
    assert!(missing.code == 2 && missing.stderr.starts_with("error: cannot read `missing.log`: "), "{missing:?}");
}

#[test]
fn replay_prints_what_another_policy_decides_otherwise() {
    let scratch = Scratch::new("replay");
    let records = file(&scratch, "access.log", &log(5));
    let policy =
        scratch.file("new.json", r#"{"version":"1","default":"deny","tools":{"draw":{"rate_limit":"3/minute"}}}"#);
    let ran = run(&["replay", &records, "--policy", &policy]);
    let expected = "\
TOOL  CALLER     FROM     TO            RULE                    CALLS  FIRST                 LAST
draw  jwt:alice  allowed  rate limited  /tools/draw/rate_limit  2      2026-01-01T00:00:03Z  2026-01-01T00:00:04Z
3 calls are decided as before, 2 otherwise; some of these passed before; 0 records lack what a decision needs
";
    assert_eq!((ran.code, ran.stdout.as_str(), ran.stderr.as_str()), (0, expected, ""));
    assert_eq!(run(&["replay", &records, "--policy", &policy, "--deny-regressions"]).code, 1);
    let same = run(&["replay", &records, "--policy", &policy, "--against", &policy, "--deny-regressions"]);
    assert_eq!((same.code, same.stdout.lines().count()), (0, 1), "{}", same.stdout);
    let ran = run(&["replay", &records, "--policy", &policy, "--format", "json"]);
    let json: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!((&json["same"], &json["changes"][0]["count"]), (&3.into(), &2.into()));
    let asks = r#"{"version":"1","default":"deny","tools":{"draw":{"deny_if":[{"conditions":[{"path":"args.what","op":"eq","value":"x"}]}]}}}"#;
    let ran = run(&["replay", &records, "--policy", &scratch.file("asks.json", asks), "--deny-regressions"]);
    assert!(ran.code == 0 && ran.stdout.contains("cannot tell  lacks the values of the arguments"), "{}", ran.stdout);
    let bad = scratch.file("bad.json", "{}");
    let ran = run(&["replay", &records, "--policy", &bad]);
    assert!(ran.code == 1 && ran.stderr.starts_with(&format!("error: `{bad}` does not load\n")), "{ran:?}");
}

#[test]
fn a_file_without_a_call_is_no_log_that_a_policy_passes() {
    let scratch = Scratch::new("replay-nothing");
    let policy = scratch.file("new.json", r#"{"version":"1","default":"deny"}"#);
    let end = "name a log with audit records, such as Envoy's access log";
    let latin_1 = scratch.folder().join("latin-1.log");
    std::fs::write(&latin_1, b"caf\xe9\ncaf\xe9\n").unwrap();
    let latin_1 = latin_1.to_str().unwrap().to_owned();
    for (file, why) in [
        (scratch.file("empty.log", ""), "the file is empty"),
        (scratch.file("tools.json", "{\"tools\":\n[]}\n"), "none of its 2 lines has an audit record"),
        (latin_1, "none of its 2 lines has an audit record; 2 lines are too long or not UTF-8"),
    ] {
        let expected = format!("error: `{file}`: no call in it can be replayed: {why}; {end}\n");
        assert_fails(&run(&["replay", &file, "--policy", &policy]), 1, &expected);
        let ran = run(&["replay", &file, "--policy", &policy, "--format", "json"]);
        assert_eq!((ran.code, ran.stderr), (1, expected));
        assert!(ran.stdout.starts_with(r#"{"same":0,"changed":0,"unknown":0,"#), "{}", ran.stdout);
    }
}

#[test]
fn options_for_a_log_need_one() {
    let scratch = Scratch::new("suggest-without-log");
    let tools = scratch.file("tools.json", r#"[{"name":"get_a"}]"#);
    for option in [&["--all-callers"][..], &["--of-policy", "x"]] {
        let expected =
            format!("error: `{}` is for the calls of a log; name the log with `--from RECORDS`\n", option[0]);
        assert_fails(&run(&[&["suggest", &tools], option].concat()), 2, &expected);
    }
}

#[test]
fn one_record_and_one_line_are_counted_as_one() {
    let scratch = Scratch::new("one-record");
    let records = file(&scratch, "access.log", &log(1));
    let policy = scratch.file("new.json", r#"{"version":"1","default":"deny","tools":{"draw":{}}}"#);
    let ran = run(&["replay", &records, "--policy", &policy]);
    let expected = "1 call is decided as before, 0 otherwise; 0 records lack what a decision needs\n";
    assert_eq!((ran.code, ran.stdout.as_str(), ran.stderr.as_str()), (0, expected, ""));
    let ran = run(&["suggest", "--from", &records]);
    let reasons = "draw  tool      1 call; in a minute of one caller 1 (99 %), 1 (most): 5/minute\n";
    assert_eq!((ran.code, ran.stderr.as_str()), (0, reasons));
    let ran = run(&["verify-log", &records]);
    let expected = format!(
        "chain abababababababab: 1 record: whole; no record of it is confirmed by another; nothing confirms record 1 yet\n\
         `{records}`: 1 chain is whole; 1 line\n"
    );
    assert_eq!((ran.code, ran.stdout), (0, expected));
}

#[test]
fn suggest_from_records_prints_a_policy_and_its_reasons() {
    let scratch = Scratch::new("suggest-from");
    let records = file(&scratch, "access.log", &log(5));
    let ran = run(&["suggest", "--from", &records]);
    let policy = r#"{
  "version": "1",
  "default": "deny",
  "description": "Suggested by mcp-policy from 5 calls of 1 caller that passed from 2026-01-01T00:00:00Z to 2026-01-01T00:00:04Z; review it before use.",
  "tools": {
    "draw": {"rate_limit": "10/minute"}
  }
}
"#;
    let reasons = "draw  tool      5 calls; in a minute of one caller 5 (99 %), 5 (most): 10/minute\n";
    assert_eq!((ran.code, ran.stdout.as_str(), ran.stderr.as_str()), (0, policy, reasons));
    let ran = run(&["suggest", "--from", &records, "--of-policy", "other"]);
    assert_fails(
        &ran,
        1,
        &format!("error: `{records}`: no call in it counts; 5 calls were decided by another policy\n"),
    );
    let other = scratch.file("policy.json", "{}");
    let next = "name a log with audit records of calls that passed, such as Envoy's access log";
    let ran = run(&["suggest", "--from", &other]);
    assert_fails(&ran, 1, &format!("error: `{other}`: no call in it counts; {next}\n"));
    assert_eq!(run(&["suggest", "--all-callers", "--url", "http://127.0.0.1:1/"]).code, 2);
}
