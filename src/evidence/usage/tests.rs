//! A day of traffic, and the policy for it.

use super::{Options, Usage};
use crate::{
    cases::{CaseCall, Expected, MIDNIGHT, RequestOrigin},
    config::Config,
    evidence::replay::Replay,
    identity::Claims,
    json::{Writer, quoted},
    store::InMemory,
    time::{self, Timestamp},
};

/// A line of an access log; `more` are further members of the record.
fn line(at: Timestamp, decision: &str, grant: &str, method: &str, tool: &str, more: &str) -> String {
    let mut record = Writer::default();
    record
        .add_string("decision", decision)
        .add_string("policy", "default")
        .add_string("grant", grant)
        .add_string("method", method)
        .add_nonempty_string("tool", tool);
    let record = record.finish().strip_suffix('}').unwrap().to_owned() + more + "}";
    format!(r#"{{"time":"{}","mcp":{}}}"#, time::rfc_3339(at).unwrap(), quoted(&record))
}

/// Twenty-four hours: busy by day, quiet by night, with a burst, probes and unverified callers.
fn day() -> Vec<String> {
    let mut random = fastrand::Rng::with_seed(24);
    let mut lines = Vec::new();
    for minute in 0..24 * 60_u64 {
        let start = MIDNIGHT.0 + minute * 60_000;
        let mut calls: Vec<(u64, String)> = Vec::new();
        let mut add = |second: u64, decision: &str, grant: &str, method: &str, tool: &str, more: &str| {
            let at = Timestamp(start + second * 1000);
            calls.push((at.0, line(at, decision, grant, method, tool, more)));
        };
        let busy = if (480..1080).contains(&minute) { 6 } else { 1 };
        for caller in ["jwt:anna", "jwt:ben", "peer:spiffe://x/agent"] {
            for _ in 0..random.usize(0..=busy) {
                add(random.u64(0..60), "allowed", caller, "tools/call", "search", "");
            }
            if minute % 7 == 0 {
                add(random.u64(0..60), "allowed", caller, "tools/list", "", "");
                add(random.u64(0..60), "allowed", caller, "resources/read", "file:///docs/a.md", "");
            }
        }
        if minute % 90 == 0 {
            add(5, "approval_required", "jwt:anna", "tools/call", "pay", r#","rule":"/tools/pay/action""#);
            add(50, "allowed", "jwt:anna", "tools/call", "pay", r#","approval":{"id":"x","approver":"jwt:boss"}"#);
            add(9, "denied", "jwt:anna", "tools/call", "drop_table", r#","rule":"(default deny)""#);
            add(10, "allowed", "header:anyone", "tools/call", "guess", "");
            add(
                11,
                "allowed",
                "jwt:ben",
                "tools/call",
                "wipe",
                r#","shadow":{"decision":"denied","rule":"/tools/wipe"}"#,
            );
            add(12, "allowed", "jwt:ben", "prompts/get", "greet", "");
            add(13, "allowed", "jwt:ben", "x/custom", "", "");
        }
        if minute == 700 {
            (0..55).for_each(|second| add(second, "allowed", "jwt:ben", "tools/call", "search", ""));
        }
        calls.sort_by_key(|(at, _)| *at);
        lines.extend(calls.into_iter().map(|(_, line)| line));
    }
    lines
}

fn usage(lines: &[String], options: Options) -> Usage {
    let mut usage = Usage::new(options);
    lines.iter().for_each(|line| usage.add_line(line));
    usage.finish();
    usage
}

#[test]
fn the_policy_lets_the_same_traffic_through_and_refuses_what_was_not_used_or_was_refused() {
    let lines = day();
    let usage = usage(&lines, Options::default());
    let policy = usage.policy();
    let config = Config::load(policy.as_bytes()).unwrap_or_else(|errors| panic!("{errors}\n{policy}"));
    let mut replay = Replay::new(config.clone(), None);
    lines.iter().for_each(|line| replay.add_line(line));
    let report = replay.finish();
    let changes: Vec<_> = report.changes().into_iter().map(|(change, _)| (&*change.target, &*change.to)).collect();
    assert_eq!(changes, [("guess", "denied"), ("wipe", "denied")], "{policy}");
    assert!(report.same > 5000 && report.unknown == 0, "{report:?}");
    for (tool, decision) in
        [("search", "allowed"), ("drop_table", "denied"), ("never_seen", "denied"), ("guess", "denied")]
    {
        let call = CaseCall {
            listed: Vec::new(),
            answer: None,
            title: String::new(),
            body: CaseCall::tool(tool, "{}"),
            grant: "jwt:new".to_owned(),
            claims: Claims::default(),
            session: None,
            origin: RequestOrigin::default(),
            at: MIDNIGHT,
            times: 1,
            expected: Expected::Allow.into(),
        };
        assert_eq!(call.decide(&config, &InMemory::new([1; 16])).record.decision.name(), decision, "{tool}");
    }
}

#[test]
fn a_limit_has_headroom_over_the_99th_percentile_and_admits_a_burst_that_a_remark_names() {
    let mut lines = Vec::new();
    for minute in 0..200 {
        let count = if minute == 150 { 40 } else { 4 };
        for second in 0..count {
            let at = Timestamp(MIDNIGHT.0 + minute * 60_000 + second * 1000);
            lines.push(line(at, "allowed", "jwt:a", "tools/call", "burst", ""));
            if second < 4 {
                lines.push(line(at, "allowed", "jwt:a", "tools/call", "even", ""));
            }
        }
    }
    let usage = usage(&lines, Options::default());
    let limits: Vec<_> = usage.rows().into_iter().map(|row| (row.name, row.percentile_99, row.limit)).collect();
    assert_eq!(limits, [("burst".to_owned(), 4, 40), ("even".to_owned(), 4, 8)]);
    assert_eq!(
        usage.remarks(),
        [
            "tool `burst`: jwt:a called it 40 times in the minute from 2026-01-01T02:30:00Z, others at most 4 times in 99 of 100 \
          minutes; lower the limit if that was a fault"
        ]
    );
}

#[test]
fn the_policy_is_written_for_people() {
    let lines = [
        line(MIDNIGHT, "allowed", "jwt:a", "tools/call", "search", ""),
        line(MIDNIGHT, "allowed", "jwt:a", "tools/call", "pay", r#","approval":{"id":"x","approver":"jwt:boss"}"#),
        line(MIDNIGHT, "allowed", "jwt:a", "tools/call", "a*", ""),
        line(MIDNIGHT, "allowed", "jwt:a", "tools/list", "", ""),
        line(MIDNIGHT, "allowed", "jwt:a", "tasks/list", "", ""),
        line(MIDNIGHT, "denied", "jwt:b", "tools/call", "search", ""),
        line(MIDNIGHT, "allowed", "header:b", "tools/call", "other", ""),
        line(MIDNIGHT, "refused", "jwt:a", "", "", ""),
    ];
    let usage = usage(&lines, Options::default());
    let expected = r#"{
  "version": "1",
  "default": "deny",
  "description": "Suggested by mcp-policy from 5 calls of 1 caller that passed from 2026-01-01T00:00:00Z to 2026-01-01T00:00:00Z; review it before use.",
  "tools": {
    "pay": {"require_approval": [{"conditions": [], "on_deny": "approvers approved it so far"}], "rate_limit": "5/minute"},
    "search": {"rate_limit": "5/minute"}
  },
  "methods": {
    "tasks/list": "allow"
  }
}
"#;
    assert_eq!(usage.policy(), expected);
    assert_eq!(
        usage.remarks(),
        [
            "1 call was refused, which permits nothing",
            "1 call is of callers whose identity is not verified; `--all-callers` counts them, too",
            "1 call names something that no key of a policy can name exactly; it stays denied"
        ]
    );
    assert!(self::usage(&lines, Options { all_callers: true, policy: None }).policy().contains("\"other\""));
    let none = self::usage(&lines, Options { policy: Some("other".to_owned()), ..Options::default() });
    assert_eq!(none.passed(), 0);
}

#[test]
fn many_resources_are_named_by_their_folders() {
    let lines: Vec<String> = (0..150)
        .map(|n| line(MIDNIGHT, "allowed", "jwt:a", "resources/read", &format!("file:///{}/{n}.md", n % 2), ""))
        .collect();
    let usage = usage(&lines, Options::default());
    let rows: Vec<_> = usage.rows().into_iter().map(|row| (row.name, row.calls)).collect();
    assert_eq!(rows, [("file:///0/*".to_owned(), 75), ("file:///1/*".to_owned(), 75)]);
    assert!(Config::load(usage.policy().as_bytes()).is_ok());
}

#[test]
fn calls_of_callers_by_address_count_and_a_remark_says_who_may_have_chosen_it() {
    let lines = [
        line(MIDNIGHT, "allowed", "address:10.0.0.7", "tools/call", "search", ""),
        line(MIDNIGHT, "allowed", "address:10.0.0.8", "tools/call", "search", ""),
        line(MIDNIGHT, "allowed", "address:2001:db8::/64", "tools/call", "search", ""),
        line(MIDNIGHT, "allowed", "jwt:a", "tools/call", "search", ""),
    ];
    let usage = usage(&lines, Options::default());
    assert_eq!(usage.passed(), 3);
    assert_eq!(
        usage.remarks(),
        [
            "1 call is of callers whose identity is not verified; `--all-callers` counts them, too",
            "2 calls are of callers that only an address names; if the log's gateway reads it from a header \
             (`{\"address\": \"forwarded\"}`), clients choose it"
        ]
    );
}

#[test]
fn a_method_that_no_policy_can_name_stays_denied_and_hides_nothing_else() {
    let long = "x".repeat(256);
    let mut lines: Vec<String> =
        ["x/*", "Tools/Call", &long].map(|method| line(MIDNIGHT, "allowed", "jwt:a", method, "", "")).into();
    lines.push(line(MIDNIGHT, "allowed", "jwt:a", "x/y", "", ""));
    let usage = usage(&lines, Options::default());
    let policy = usage.policy();
    assert!(policy.contains("\"methods\": {\n    \"x/y\": \"allow\"\n  }"), "{policy}");
    assert!(Config::load(policy.as_bytes()).is_ok(), "{policy}");
    let expected = "3 calls name something that no key of a policy can name exactly; it stays denied";
    assert_eq!(usage.remarks(), [expected]);
}

#[test]
fn resources_in_no_folder_or_in_more_folders_than_a_policy_has_patterns_are_named_one_by_one() {
    for (count, folder) in [(150, false), (1000, true), (1001, true)] {
        let uri = |n: usize| if folder { format!("file:///{n}/a.md") } else { format!("note:{n}") };
        let lines: Vec<String> =
            (0..count).map(|n| line(MIDNIGHT, "allowed", "jwt:a", "resources/read", &uri(n), "")).collect();
        let usage = usage(&lines, Options::default());
        let config = Config::load(usage.policy().as_bytes()).unwrap_or_else(|errors| panic!("{count}: {errors}"));
        let mut replay = Replay::new(config, None);
        lines.iter().for_each(|line| replay.add_line(line));
        assert_eq!(replay.finish().changed, 0, "{count}");
        assert_eq!(usage.rows().iter().any(|row| row.name.ends_with("/*")), count == 1000, "{count}");
    }
}
