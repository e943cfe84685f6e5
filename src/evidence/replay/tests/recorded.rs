//! Records that say more than what was decided on the call, or less than what it names.

use super::{Replay, Report, load, quoted};

/// The replay of these records, without their braces.
fn replay(records: &[&str], policy: &str) -> Report {
    let mut replay = Replay::new(load(policy), None);
    for record in records {
        let record = format!(r#"{{{record},"policy":"default","grant":"jwt:a","arguments":[]}}"#);
        replay.add_line(&format!(r#"{{"time":"2026-11-30T00:00:01Z","mcp":{}}}"#, quoted(&record)));
    }
    replay.finish()
}

#[test]
fn a_call_whose_answer_results_refused_had_passed() {
    let record = |rule: &str| format!(r#""decision":"denied","rule":"{rule}","method":"tools/call","tool":"t""#);
    let rules = [
        "/tools/t/results/deny_if/0",
        "/tools/results/results/max_bytes",
        "/all_tools/results/redact/1",
        "/rules/a~1results/results/deny_if/0",
        "(unreadable result)",
        "(no room for the result)",
    ];
    let in_shadow = r#""decision":"allowed","shadow":{"decision":"denied","rule":"/tools/t/results/deny_if/0"},"method":"tools/call","tool":"t""#;
    let records: Vec<String> = rules.map(record).into_iter().chain([in_shadow.to_owned()]).collect();
    let records: Vec<&str> = records.iter().map(String::as_str).collect();
    let same = replay(
        &records,
        r#"{"version":"1","default":"deny","tools":{"t":{"results":{"deny_if":[{"find":"email"}]}}}}"#,
    );
    assert_eq!((same.same, same.changed, same.unknown), (7, 0, 0), "{same:?}");
    let denies = replay(&records, r#"{"version":"1","default":"deny"}"#);
    assert!(denies.changed == 7 && denies.changes().iter().all(|(change, _)| change.is_regression), "{denies:?}");
}

#[test]
fn a_rule_of_a_tool_that_is_named_results_is_not_one_about_answers() {
    let record = r#""decision":"denied","rule":"/tools/results/deny_if/0","method":"tools/call","tool":"results""#;
    let report = replay(&[record], r#"{"version":"1","default":"deny"}"#);
    assert_eq!((report.same, report.changed), (1, 0), "{report:?}");
}

#[test]
fn a_completion_is_of_a_prompt_if_the_policy_has_a_prompt_of_that_name() {
    let completion = |name: &str| format!(r#""decision":"allowed","method":"completion/complete","tool":"{name}""#);
    let names = ["ns:greet", "greet", "file:///a", "urn:a"].map(completion);
    let policy =
        r#"{"version":"1","default":"deny","prompts":{"ns:*":{},"greet":{}},"resources":{"file:///a":{},"urn:a":{}}}"#;
    let report = replay(&names.each_ref().map(String::as_str), policy);
    assert_eq!((report.same, report.changed), (4, 0), "{report:?}");
}
