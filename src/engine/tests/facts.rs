//! What conditions read of the time and of the caller.

#[cfg(target_family = "wasm")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::{BoundRequest, Disposition, Gateway, Timestamp, authorize, call};
use crate::{
    engine::facts::{CallerFacts, RequestFacts},
    identity::{Claims, Grant},
    policy::condition::FactSource,
};

/// Whether a condition holds for a caller at a time, of a configuration with these options.
fn holds(options: &str, condition: &str, grant: &str, now: Timestamp) -> bool {
    let rule = format!(r#"{{"require":[{{"conditions":[{condition}]}}]}}"#);
    let gateway =
        Gateway::new(&format!(r#"{{"policy":{{"version":"1","default":"deny","tools":{{"t":{rule}}}}}{options}}}"#));
    let mut info = call("alice");
    info.grant = Ok(Grant::from_name(grant));
    let request = BoundRequest::new(&gateway.config, info);
    let body = r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"t"}}"#;
    let response = authorize(&gateway.config, &request, body.as_bytes(), "filter", now, &gateway.store);
    matches!(response.answer, Disposition::Forward(_))
}

fn equals(path: &str, value: &str) -> String {
    format!(r#"{{"path":"{path}","op":"eq","value":{value}}}"#)
}

#[test]
fn the_time_has_a_weekday_an_hour_minutes_and_a_date_in_the_policys_time_zone() {
    for (seconds, offset, weekday, hour, minutes, date) in [
        (0, "+00:00", "thu", 0, 0, "1970-01-01"),
        (1_767_225_642, "+00:00", "thu", 0, 0, "2026-01-01"),
        (1_767_225_642, "-00:30", "wed", 23, 1410, "2025-12-31"),
        (1_767_225_642, "+05:45", "thu", 5, 345, "2026-01-01"),
        (1_767_225_642 + 86_400 * 3 + 3600 * 13 + 60 * 59, "+00:00", "sun", 13, 839, "2026-01-04"),
        (1_767_225_642 + 86_400 * 4 - 43, "+00:00", "sun", 23, 1439, "2026-01-04"),
        (1_767_225_642 + 86_400 * 4 - 42, "+00:00", "mon", 0, 0, "2026-01-05"),
    ] {
        let options = format!(r#","clock":{{"offset":"{offset}"}}"#);
        for (path, value) in [
            ("now.weekday", format!(r#""{weekday}""#)),
            ("now.hour", hour.to_string()),
            ("now.time", minutes.to_string()),
            ("now.date", format!(r#""{date}""#)),
        ] {
            let at = Timestamp(seconds * 1000 + 999);
            assert!(holds(&options, &equals(path, &value), "jwt:al", at), "{seconds} {offset}: {path} {value}");
        }
    }
}

#[test]
fn a_caller_has_a_name_a_source_and_is_authenticated_by_some_of_them() {
    for (grant, source, is_authenticated) in [
        ("jwt:al", "jwt", true),
        ("peer:al", "peer", true),
        ("token:al", "token", true),
        ("header:al", "header", false),
        ("constant:al", "constant", false),
    ] {
        for (path, value) in [
            ("caller.grant", format!(r#""{grant}""#)),
            ("caller.source", format!(r#""{source}""#)),
            ("caller.authenticated", is_authenticated.to_string()),
        ] {
            assert!(holds("", &equals(path, &value), grant, super::NOW), "{grant}: {path} {value}");
        }
    }
    assert!(!holds("", &equals("caller.source", r#""jwt""#), "peer:al", super::NOW));
}

#[test]
fn claims_take_work_by_their_bytes() {
    let gateway = Gateway::new(r#"{"version":"1","default":"allow"}"#);
    let mut request = gateway.bound("alice");
    request.set_claims(Claims::Encoded(vec![0; 123].into()));
    let grant = Grant::from_name("jwt:al");
    let caller = || CallerFacts { config: &gateway.config, request: &request, grant: &grant, now: super::NOW };
    let policy = &gateway.config.policies[0];
    let whole = RequestFacts { caller: caller(), policy, session: None, filter: "filter", store: &gateway.store };
    assert_eq!([caller().caller_work(), whole.caller_work()], [1230; 2]);
    assert!(caller().used("any").is_none() && whole.used("any").is_none(), "no condition reads a counter");
}

#[test]
fn a_condition_reads_what_its_own_counter_has_counted_for_this_caller() {
    let limit = |counter: &str, cost: u32| {
        format!(r#"{{"counter":"{counter}","window":"day","max":99,"scope":"grant","increment":{cost}}}"#)
    };
    let deny = r#"{"conditions":[{"counter":"a","op":"gte","value":2}]}"#;
    let gateway = Gateway::new(&format!(
        r#"{{"version":"1","default":"deny","tools":{{"t":{{"limits":[{},{}],"deny_if":[{deny}]}}}}}}"#,
        limit("b", 5),
        limit("a", 1)
    ));
    let rule = |grant: &str| {
        let body = r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"t"}}"#;
        gateway.judge(&call(grant), body).record.rule
    };
    assert_eq!([rule("alice"), rule("alice"), rule("alice")], ["", "", "/tools/t/deny_if/0"]);
    assert_eq!(rule("bob"), "");
}
