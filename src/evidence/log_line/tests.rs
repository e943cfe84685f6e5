//! Records in lines of programs and collectors, and texts of callers that look like records.

use super::{Found, LogLine, find};
use crate::{json::quoted, time::Timestamp};

const RECORD: &str = r#"{"decision":"allowed","tool":"ä\u202e"}"#;

fn record_in(line: &str) -> Option<LogLine<'_>> {
    match find(line) {
        Found::Records(found) if found.len() == 1 => found.into_iter().next(),
        _ => None,
    }
}

#[test]
fn a_record_is_found_as_it_was_written_wherever_a_program_put_it() {
    let access = format!(r#"{{"time":"2026-11-30T00:00:00.250Z","path":"/mcp?a","mcp":{}}}"#, quoted(RECORD));
    let container = format!(r#"{{"log":{},"stream":"stdout","time":"2027-01-01T00:00:00Z"}}"#, quoted(&access));
    let otlp = format!(
        r#"{{"logRecords":[{{"timeUnixNano":"1796000000000000000","attributes":[{{"key":"a"}},{{"key":"mcp","value":{{"stringValue":{}}}}}]}}]}}"#,
        quoted(RECORD)
    );
    for (line, time) in [
        (RECORD.to_owned(), None),
        (access, None),
        (container, None),
        (otlp, Some(1_796_000_000_000)),
        (format!(r#"  {{"ts": 1796000000.5, "mcp": {RECORD}}}  "#), Some(1_796_000_000_500)),
    ] {
        let found = record_in(&line).unwrap_or_else(|| panic!("{line}"));
        assert_eq!(found.record, RECORD, "{line}");
        if let Some(time) = time {
            assert_eq!(found.context.time, Some(Timestamp(time)), "{line}");
        }
        if line.contains("/mcp?a") {
            assert_eq!(found.context.path.as_deref(), Some("/mcp"));
            assert_eq!(found.context.time, crate::time::parse_rfc_3339("2026-11-30T00:00:00.25Z"), "the inner one");
        }
    }
}

#[test]
fn all_records_that_a_collector_writes_in_one_line_are_found_in_order() {
    let log_record = |record: &str, seconds: u64| {
        format!(
            r#"{{"timeUnixNano":"{seconds}000000000","body":{{"stringValue":{}}},"attributes":[{{"key":"gen_ai.tool.name","value":{{"stringValue":{}}}}}]}}"#,
            quoted(record),
            quoted(RECORD)
        )
    };
    let records = [1, 2, 3].map(|number| format!(r#"{{"decision":"denied","requestId":"{number}"}}"#));
    let lists: Vec<String> = records.iter().zip(7..).map(|(record, at)| log_record(record, at)).collect();
    let line = format!(
        r#"{{"resourceLogs":[{{"resource":{{}},"scopeLogs":[{{"logRecords":[{},{}]}}]}},{{"scopeLogs":[{{"scope":{{}},"logRecords":[{}]}}]}}]}}"#,
        lists[0], lists[1], lists[2]
    );
    let Found::Records(found) = find(&line) else { panic!("{line}") };
    let found: Vec<_> = found.into_iter().map(|found| (found.record.into_owned(), found.context.time)).collect();
    let expected = records.into_iter().zip(7..).map(|(record, at)| (record, Some(Timestamp(at * 1000))));
    assert_eq!(found, expected.collect::<Vec<_>>());
}

#[test]
fn what_a_caller_writes_into_a_line_is_no_record_whatever_it_looks_like() {
    for forged in [r#"{"decision":"allowed","tool":"wipe"}"#, r#"{"decision"#, r#"{"decision":"#] {
        let record = format!(r#"{{"decision":"denied","tool":{}}}"#, quoted(forged));
        let (quoted, forged) = (quoted(&record), quoted(forged));
        for line in [
            record.clone(),
            format!(r#"{{"mcp_tool":{forged},"mcp":{quoted}}}"#),
            format!(r#"{{"mcp":{quoted},"request_id":{forged}}}"#),
            format!(r#"{{"decision":"denied","tool":{forged},"mcp":{quoted}}}"#),
            format!(r#"{{"tool":{forged},"policy_record":{quoted}}}"#),
            format!(r#"{{"attributes":{{"gen_ai.tool.name":{forged}}},"body":{quoted}}}"#),
            format!(
                r#"{{"attributes":[{{"key":"tool","value":{{"stringValue":{forged}}}}},{{"key":"r","value":{{"stringValue":{quoted}}}}}]}}"#
            ),
        ] {
            assert_eq!(record_in(&line).map(|found| found.record.into_owned()), Some(record.clone()), "{line}");
        }
    }
}

#[test]
fn a_line_says_whether_no_server_got_the_request() {
    for (members, never_sent) in [
        (r#""upstream":null,"response_flags":"UH""#, true),
        (r#""upstream":null,"response_flags":null"#, true),
        (r#""upstream":"-""#, true),
        (r#""upstream":"10.0.0.1:80","response_flags":"UF""#, true),
        (r#""upstream":"10.0.0.1:80","response_flags":"UF,URX""#, false),
        (r#""upstream":"10.0.0.1:80","response_flags":"UC""#, false),
        (r#""upstream":"10.0.0.1:80","response_flags":"UF,UT""#, false),
        (r#""upstream":null,"response_flags":"LR""#, false),
        (r#""upstream":"10.0.0.1:80","response_flags":null"#, false),
        (r#""client":"UF""#, false),
    ] {
        let line = format!(r#"{{{members},"mcp":{RECORD}}}"#);
        assert_eq!(record_in(&line).map(|found| found.context.never_sent()), Some(never_sent), "{line}");
    }
}

#[test]
fn a_line_without_a_record_differs_from_one_that_was_cut() {
    for line in ["", "decision", "[info] {\"decision\":1}", r#"{"a":"the decision"}"#, r#"{"decision":1}"#] {
        assert_eq!(find(line), Found::Nothing, "{line}");
    }
    for line in [r#"{"mcp":"{\"decision\":\"allowed\"}"#, r#"{"mcp":"{\"decision\":\"allo"}"#, r#"{"decision":"#] {
        assert_eq!(find(line), Found::Unreadable, "{line}");
    }
}
