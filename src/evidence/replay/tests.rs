//! The calls of the shipped policies' cases, as records of a log, replayed.

mod recorded;

use std::{
    collections::BTreeMap,
    fs,
    path::Path,
    time::{Duration, SystemTime},
};

use super::{Missing, Replay, Report};
use crate::{
    audit::AuditRecord,
    cases::{self, Case, CaseCall},
    config::{Arguments, Config},
    json::{Writer, quoted},
    store::InMemory,
    time::Timestamp,
};

/// A line of an access log.
pub(in crate::evidence) fn line(record: &AuditRecord, call: &CaseCall) -> String {
    let time = SystemTime::UNIX_EPOCH + Duration::from_millis(call.at.0);
    let mut line = Writer::default();
    line.add_string("time", &humantime::format_rfc3339_millis(time).to_string())
        .add_optional_string("host", call.origin.host.as_deref())
        .add_optional_string("path", call.origin.path.as_deref())
        .add_optional_string("route", call.origin.route.as_deref())
        .add_json("mcp", quoted(&record.to_json()));
    line.finish()
}

fn load(policy: &str) -> Config {
    let config = Config::load(policy.as_bytes()).unwrap_or_else(|errors| panic!("{errors}"));
    with_values(config)
}

/// The records have the values of the arguments.
fn with_values(mut config: Config) -> Config {
    config.audit.arguments = Arguments::Values;
    config
}

/// The shipped policies with their cases, by the policies' names.
fn shipped() -> Vec<(String, Config, Vec<Case>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("envoy/policies");
    let mut found = Vec::new();
    for entry in fs::read_dir(&folder).unwrap() {
        let file = entry.unwrap().file_name().into_string().unwrap();
        let Some(name) = file.strip_suffix(".cases.json") else { continue };
        let text = fs::read_to_string(folder.join(&file)).unwrap();
        let Ok(policy) = fs::read_to_string(folder.join(format!("{name}.json"))) else { continue };
        found.push((name.to_owned(), load(&policy), cases::read(&text).unwrap()));
    }
    found.sort_by(|one, other| one.0.cmp(&other.0));
    assert!(found.len() > 10);
    found
}

/// What a policy decides on the calls of a case.
fn decide(config: &Config, case: &Case) -> Vec<(AuditRecord, CaseCall)> {
    let store = InMemory::new([7; 16]);
    let calls = case.calls.iter().flat_map(|call| std::iter::repeat_n(call, call.times as usize));
    calls.map(|call| (call.decide(config, &store).record, call.clone())).collect()
}

fn replay(decided: &[(AuditRecord, CaseCall)], new: Config, old: Option<Config>) -> Report {
    let mut replay = Replay::new(new, old);
    for (record, call) in decided {
        replay.add_line(&line(record, call));
    }
    replay.finish()
}

#[test]
fn the_same_policy_changes_nothing() {
    let (mut same, mut unknown) = (0, 0);
    for (name, config, cases) in shipped() {
        for case in cases {
            let decided = decide(&config, &case);
            let report = replay(&decided, config.clone(), None);
            assert_eq!(report.changes(), [], "{name}: {}", case.name);
            (same, unknown) = (same + report.same, unknown + report.unknown);
        }
    }
    assert!(same > 300 && unknown * 10 < same, "{same} were replayed, {unknown} were not");
}

#[test]
fn another_policy_changes_exactly_what_the_engine_decides_otherwise() {
    let shipped = shipped();
    let mut compared = 0;
    for ((_, old, cases), (name, new, _)) in shipped.iter().zip(shipped.iter().cycle().skip(1)) {
        for case in cases {
            let decided = decide(old, case);
            let report = replay(&decided, new.clone(), None);
            let expected = decide(new, case);
            let is_refused = |(record, _): &(AuditRecord, CaseCall)| record.decision.name() == "refused";
            let lists = case
                .calls
                .iter()
                .any(|call| !call.listed.is_empty() || call.claims != crate::identity::Claims::default());
            if lists || report.unknown + report.skipped > 0 || decided.iter().chain(&expected).any(is_refused) {
                continue;
            }
            let mut changes: BTreeMap<(String, String, String), u64> = BTreeMap::new();
            let shadow = |record: &AuditRecord| record.shadow.as_ref().map(|shadow| shadow.decision);
            for ((before, _), (now, _)) in decided.iter().zip(&expected) {
                if (before.decision, shadow(before)) != (now.decision, shadow(now)) {
                    let [from, to] = [before, now].map(|record| record.decision.name().replace('_', " "));
                    *changes.entry((before.target.clone(), from, to)).or_default() += 1;
                }
            }
            let mut found: BTreeMap<(String, String, String), u64> = BTreeMap::new();
            for (change, tally) in report.changes() {
                let word = |text: &str| text.split(',').next().unwrap_or_default().to_owned();
                let target =
                    if change.target.contains('/') && !change.target.contains(':') { "" } else { &change.target };
                *found.entry((target.to_owned(), word(&change.from), word(&change.to))).or_default() += tally.count;
            }
            assert_eq!(found, changes, "{}, under {name}", case.name);
            compared += decided.len();
        }
    }
    assert!(compared > 150, "{compared}");
}

const LIMITED: &str = r#"{"version":"1","default":"deny","tools":{"draw":{"rate_limit":"RATE/minute"}}}"#;

/// So many calls, a second apart.
fn calls(count: u64) -> Case {
    let call = |n: u64| CaseCall {
        listed: Vec::new(),
        answer: None,
        title: String::new(),
        body: CaseCall::tool("draw", r#"{"what":"a cat"}"#),
        grant: "jwt:alice".to_owned(),
        claims: crate::identity::Claims::default(),
        session: None,
        origin: cases::RequestOrigin::default(),
        at: Timestamp(cases::MIDNIGHT.0 + n * 1000),
        times: 1,
        expected: cases::Expected::Allow.into(),
    };
    Case { name: String::new(), policy: None, calls: (0..count).map(call).collect() }
}

#[test]
fn a_new_limit_shows_what_it_would_have_refused_and_when() {
    let decided = decide(&load(&LIMITED.replace("RATE", "100")), &calls(90));
    let report = replay(&decided, load(&LIMITED.replace("RATE", "10")), None);
    let changes = report.changes();
    let [(change, tally)] = &*changes else { panic!("{changes:?}") };
    let texts = [&*change.target, &*change.caller, &*change.from, &*change.to, &*change.rule];
    assert_eq!(texts, ["draw", "jwt:alice", "allowed", "rate limited", "/tools/draw/rate_limit"]);
    // 50 of the first minute, and 20 of the half minute after it.
    assert_eq!((tally.count, report.same, report.has_regressions()), (70, 20, true));
    let seconds = [tally.first, tally.last].map(|at| (at.0 - cases::MIDNIGHT.0) / 1000);
    assert_eq!(seconds, [10, 89]);
}

#[test]
fn a_log_in_the_order_of_the_ends_of_streams_is_replayed_in_the_order_of_their_beginnings() {
    let mut decided = decide(&load(&LIMITED.replace("RATE", "10")), &calls(60));
    decided.reverse();
    assert_eq!(replay(&decided, load(&LIMITED.replace("RATE", "10")), None).changes(), []);
}

#[test]
fn two_policies_are_compared_whatever_was_recorded() {
    let decided = decide(&load(&LIMITED.replace("RATE", "1")), &calls(5));
    let [loose, strict] = ["3", "2"].map(|rate| load(&LIMITED.replace("RATE", rate)));
    let report = replay(&decided, strict, Some(loose));
    assert_eq!((report.changed, report.same), (1, 4));
}

#[test]
fn what_a_record_lacks_is_named() {
    let open = Config::load(br#"{"version":"1","default":"allow"}"#).unwrap_or_else(|errors| panic!("{errors}"));
    let decided = decide(&open, &calls(1));
    for (rule, missing) in [
        (r#"{"deny_if":[{"conditions":[{"path":"args.what","op":"eq","value":"a dog"}]}]}"#, Some(Missing::Arguments)),
        (
            r#"{"require":[{"conditions":[{"path":"caller.claims.role","op":"eq","value":"a"}]}]}"#,
            Some(Missing::Claims),
        ),
        (r#"{"limits":[{"counter":"c","window":"minute","max":1,"scope":"session"}]}"#, Some(Missing::Session)),
        (
            r#"{"limits":[{"counter":"c","window":"minute","max":1,"scope":"grant","key":"call"}]}"#,
            Some(Missing::Arguments),
        ),
        (r#"{"action":"deny"}"#, None),
        (r#"{"require":[{"conditions":[{"path":"caller.grant","op":"eq","value":"jwt:alice"}]}]}"#, None),
    ] {
        let policy = format!(r#"{{"version":"1","default":"deny","tools":{{"draw":{rule}}}}}"#);
        let report = replay(&decided, load(&policy), None);
        let doubts: Vec<_> = report.doubts().into_iter().map(|(doubt, _)| doubt.missing).collect();
        assert_eq!(doubts, Vec::from_iter(missing), "{rule}");
    }
}

#[test]
fn what_a_record_lacks_of_a_session_or_a_task_is_named() {
    let replayed = |new: &str, methods: &[(&str, &str)]| {
        let mut replay = Replay::new(load(new), None);
        for (method, tool) in methods {
            let mut record = Writer::default();
            record.add_string("decision", "allowed").add_string("grant", "token:a").add_string("method", method);
            record.add_nonempty_string("tool", tool).add_json("arguments", "[]");
            replay.add_line(&record.finish());
        }
        let report = replay.finish();
        let doubts = report.doubts().iter().map(|(doubt, tally)| (doubt.missing, tally.count)).collect::<Vec<_>>();
        (report.same, report.changed, doubts)
    };
    let observed = |scope: &str| {
        format!(
            r#"{{"version":"1","default":"allow","tools":{{"read":{{"limits":[{{"counter":"c","window":60,"scope":"{scope}"}}]}},
                "send":{{"deny_if":[{{"conditions":[{{"counter":"c","op":"gt","value":0}}]}}]}}}}}}"#
        )
    };
    let calls = [("tools/call", "read"), ("tools/call", "send")];
    let (first, second) = ([(Missing::Session, 1)], [(Missing::Session, 1)]);
    assert_eq!(replayed(&observed("session"), &calls), (0, 0, [first, second].concat()));
    assert_eq!(replayed(&observed("grant"), &calls), (1, 1, vec![]));
    let owned = |owner| {
        let policy = r#"{"version":"1","default":"allow"}"#;
        replayed(
            &format!(r#"{{"policy":{policy},"tasks":{{"owner":{owner}}}}}"#),
            &[("tasks/get", ""), ("tasks/list", "")],
        )
    };
    assert_eq!((owned(true), owned(false)), ((1, 0, vec![(Missing::Task, 1)]), (2, 0, vec![])));
}

#[test]
fn a_log_that_does_not_say_what_bindings_read_is_replayed_by_the_names_of_policies() {
    for (binding, missing) in [
        (r#""route":"r""#, Some(Missing::Route)),
        (r#""host":"a.example""#, Some(Missing::Host)),
        (r#""path":"/x""#, Some(Missing::Path)),
        (r#""path_prefix":"/x""#, Some(Missing::Path)),
        (r#""grant":"token:a""#, None),
    ] {
        let new = format!(
            r#"{{"policies":{{"p":{{"version":"1","default":"allow"}}}},"bindings":[{{{binding},"policy":"p"}}],
                "identity":[{{"tokens":{{"a":{{"sha256":"{}"}}}}}}]}}"#,
            "0".repeat(64)
        );
        let mut replay = Replay::new(load(&new), None);
        for policy in ["p", "renamed"] {
            let mut record = Writer::default();
            record.add_string("decision", "allowed").add_string("policy", policy).add_string("grant", "token:a");
            record.add_string("method", "tools/call").add_string("tool", "draw").add_json("arguments", "[]");
            replay.add_line(&record.finish());
        }
        let report = replay.finish();
        let doubts: Vec<_> = report.doubts().into_iter().map(|(doubt, _)| doubt.missing).collect();
        assert_eq!((doubts, report.changed), (Vec::from_iter(missing), 0), "{binding}");
    }
}

#[test]
fn records_have_no_query_so_a_resource_whose_query_decides_is_unknown() {
    for (key, uri, missing) in [
        ("db://a/q?x=1", "db://a/q", Some(Missing::Name)),
        ("db://a/*?x=*", "db://a/q", Some(Missing::Name)),
        ("db://a/q?x=1", "db://a/other", None),
        ("db://a/*", "db://a/q", None),
    ] {
        let new = format!(r#"{{"version":"1","default":"deny","resources":{{"{key}":{{}}}}}}"#);
        let mut replay = Replay::new(load(&new), None);
        let mut record = Writer::default();
        record.add_string("decision", "allowed").add_string("grant", "token:a");
        record.add_string("method", "resources/read").add_string("tool", uri);
        replay.add_line(&record.finish());
        let doubts: Vec<_> = replay.finish().doubts().into_iter().map(|(doubt, _)| doubt.missing).collect();
        assert_eq!(doubts, Vec::from_iter(missing), "{key} {uri}");
    }
}

#[test]
fn a_call_that_no_server_got_is_given_back_what_it_was_charged() {
    let line = |second: u32, upstream: &str, flags: &str| {
        let record = r#"{"decision":"allowed","policy":"default","grant":"jwt:alice","method":"tools/call","tool":"draw","arguments":[]}"#;
        format!(
            r#"{{"time":"2026-01-01T00:00:{second:02}Z","upstream":{upstream},"response_flags":{flags},"mcp":{}}}"#,
            quoted(record)
        )
    };
    let refund = |refund: &str| {
        load(&format!(r#"{{"policy":{},"limits":{{"refund":"{refund}"}}}}"#, LIMITED.replace("RATE", "2")))
    };
    for (config, refused) in [(refund("undelivered"), 1), (refund("failed"), 1), (refund("never"), 3)] {
        let mut replay = Replay::new(config, None);
        let server = r#""10.0.0.1:80""#;
        for line in [
            line(0, "null", r#""UH""#),
            line(1, server, r#""UF""#),
            line(2, server, "null"),
            line(3, server, r#""UC""#),
            line(4, server, "null"),
        ] {
            replay.add_line(&line);
        }
        assert_eq!(replay.finish().changed, refused);
    }
}

#[test]
fn a_call_that_a_drift_denied_is_decided_again_if_the_new_policy_denies_no_drift() {
    let record = r#"{"decision":"denied","rule":"/definitions/draw","policy":"default","grant":"jwt:alice","method":"tools/call","tool":"draw","arguments":[]}"#;
    let pinned = format!(r#""definitions":{{"draw":{{"sha256":"{}"}}}}"#, "0".repeat(64));
    for (more, changed, doubts) in [
        (String::new(), 1, vec![]),
        (format!(r#",{pinned},"on_drift":"report""#), 1, vec![]),
        (format!(",{}", pinned.replace("draw", "other")), 1, vec![]),
        (format!(",{pinned}"), 0, vec![Missing::Listing]),
    ] {
        let policy = format!(r#"{{"version":"1","default":"deny","tools":{{"draw":{{}}}}{more}}}"#);
        let mut replay = Replay::new(load(&policy), None);
        replay.add_line(&format!(r#"{{"time":"2026-01-01T00:00:00Z","mcp":{}}}"#, quoted(record)));
        let report = replay.finish();
        let found: Vec<_> = report.doubts().into_iter().map(|(doubt, _)| doubt.missing).collect();
        assert_eq!((report.changed, found), (changed, doubts), "{policy}");
    }
}

#[test]
fn a_rule_that_is_cut_at_the_name_of_a_tool_is_of_a_drift_only_if_no_argument_is_named() {
    // Of the longest name the record's rule has 243 characters, of the next one the `/` behind it besides.
    let [longest, next] = [250, 242].map(|length| "n".repeat(length));
    let cut = |rule: &str| rule.chars().take(256).collect::<String>();
    for (tool, rule, more, doubts) in [
        (&longest, format!("/definitions/{longest}"), "", vec![Missing::Listing]),
        (&longest, format!("/definitions/{longest}/schema/required"), r#","argument":"/amount""#, vec![]),
        (&next, format!("/definitions/{next}"), "", vec![Missing::Listing]),
        (&next, format!("/definitions/{next}/schema/required"), "", vec![]),
        // A rule below another tool's pin.
        (&next, "/definitions/draw".to_owned(), "", vec![]),
    ] {
        let pin = format!(r#""definitions":{{"{tool}":{{"sha256":"{}"}}}}"#, "0".repeat(64));
        let policy = format!(r#"{{"version":"1","default":"deny","tools":{{"{tool}":{{}}}},{pin}}}"#);
        let record = format!(
            r#"{{"decision":"denied","rule":"{}","policy":"default","grant":"jwt:alice","method":"tools/call","tool":"{tool}","arguments":[]{more}}}"#,
            cut(&rule)
        );
        let mut replay = Replay::new(load(&policy), None);
        replay.add_line(&format!(r#"{{"time":"2026-01-01T00:00:00Z","mcp":{}}}"#, quoted(&record)));
        let report = replay.finish();
        let found: Vec<_> = report.doubts().into_iter().map(|(doubt, _)| doubt.missing).collect();
        assert_eq!((report.changed, found), (u64::from(doubts.is_empty()), doubts), "{record}");
    }
}

#[test]
fn what_a_person_approved_is_approved_again() {
    let policy = r#"{"version":"1","default":"deny","tools":{"pay":{"action":"require_approval"}}}"#;
    let record = |decision: &str, more: &str| {
        let record = format!(
            r#"{{"decision":"{decision}","policy":"default","grant":"jwt:alice","method":"tools/call","tool":"pay","arguments":[]{more}}}"#
        );
        format!(r#"{{"time":"2026-01-01T00:00:00Z","mcp":{}}}"#, quoted(&record))
    };
    let rule = r#","rule":"/tools/pay/action""#;
    let mut replay = Replay::new(load(policy), None);
    for line in [
        record("approval_required", &format!(r#"{rule},"approval":{{"id":"x"}}"#)),
        record("allowed", r#","approval":{"id":"x","approver":"jwt:boss"}"#),
        record("approval_required", &format!(r#"{rule},"approval":{{"id":"y"}}"#)),
        record("denied", rule),
    ] {
        replay.add_line(&line);
    }
    let report = replay.finish();
    assert_eq!((report.changes(), report.same), (Vec::new(), 4));
}
