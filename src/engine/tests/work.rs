//! Calls whose rules take more work than one request may.

#[cfg(target_family = "wasm")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::{Disposition, Gateway, call};

/// A rule for `find` that a text of 16 KiB exhausts, with further members.
fn gateway(default: &str, members: &str) -> Gateway {
    let regex = r#"{"conditions":[{"path":"args.text","op":"regex","value":"(?:(?:a{0,9}){0,9}){0,9}$"}]}"#;
    Gateway::new(&format!(
        r#"{{"version":"1","default":"{default}","tools":{{"find":{{"require":[{regex}]{members}}}}}}}"#
    ))
}

fn find(text: &str) -> String {
    format!(
        r#"{{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{{"name":"find","arguments":{{"text":"{text}","n":0}}}}}}"#
    )
}

#[test]
fn a_call_whose_rules_take_too_much_work_is_denied() {
    let gateway = gateway("deny", "");
    assert_eq!(gateway.answer(&find("aaa")), None, "a short text takes little");
    let (status, body) = gateway.answer(&find(&"a".repeat(16_000))).unwrap();
    let reason = "the gateway denies the tool `find`, because checking these arguments takes too much work; send fewer or \
                  shorter values, or split the call";
    assert_eq!(
        (status, body),
        (
            200,
            format!(
                r#"{{"jsonrpc":"2.0","id":7,"error":{{"code":-31403,"message":"Policy violation: {reason}","data":{{"kind":"denied","rule":"(too much to check)","policy":"default","tool":"find","reason":"{reason}","requestId":"r-1"}}}}}}"#
            )
        )
    );
}

#[test]
fn where_only_a_rule_in_shadow_takes_too_much_work_the_call_passes_and_that_is_reported() {
    let gateway = gateway("allow", r#","mode":"shadow""#);
    let response = gateway.judge(&call("alice"), &find(&"a".repeat(16_000)));
    assert!(matches!(response.answer, Disposition::Forward(_)));
    assert_eq!(response.record.shadow.unwrap().rule, "(too much to check)");
}

#[test]
fn arguments_of_too_many_values_are_denied_only_where_a_rule_reads_them() {
    let policy = r#"{"policy":{"version":"1","default":"deny","tools":{
        "read":{"deny_if":[{"conditions":[{"path":"args.n","op":"eq","value":1}]}]},"unread":{}}}}"#;
    let gateway = Gateway::new(policy);
    let body = |tool: &str, count: usize| {
        format!(
            r#"{{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{{"name":"{tool}","arguments":{{"n":0,"x":[{}0]}}}}}}"#,
            "0,".repeat(count)
        )
    };
    assert_eq!(gateway.answer(&body("read", 200_000)), None);
    let (_, denied) = gateway.answer(&body("read", 260_000)).unwrap();
    assert!(denied.contains(r#""rule":"(too much to check)""#), "{denied}");
    assert_eq!(gateway.answer(&body("unread", 260_000)), None);
}

#[test]
fn names_that_take_too_much_work_to_look_up_are_denied() {
    let patterns: Vec<String> = (0..500).map(|number| format!(r#""note:*{number}*x":{{}}"#)).collect();
    let gateway =
        Gateway::new(&format!(r#"{{"version":"1","default":"allow","resources":{{{}}}}}"#, patterns.join(",")));
    let listen = |count: usize| {
        let uris = vec![format!(r#""note:{}""#, "a".repeat(2000)); count].join(",");
        let params = format!(r#"{{"notifications":{{"resourceSubscriptions":[{uris}]}}}}"#);
        let body = format!(r#"{{"jsonrpc":"2.0","id":7,"method":"subscriptions/listen","params":{params}}}"#);
        gateway.judge(&call("alice"), &body).record.rule
    };
    assert_eq!([listen(1), listen(100)], ["", "(too much to check)"]);
}

#[test]
fn a_request_that_is_charged_to_too_many_counters_is_denied() {
    let limit = |number: usize| {
        format!(r#"{{"counter":"c{number}","window":"day","max":2000,"scope":"grant","algorithm":"fixed"}}"#)
    };
    let limits = |count: usize| (0..count).map(limit).collect::<Vec<_>>().join(",");
    let rule = |count: usize, mode: &str| format!(r#"{{"limits":[{}]{mode}}}"#, limits(count));
    let policy = |rule: &str| {
        Gateway::new(&format!(
            r#"{{"version":"1","default":"allow","tools":{{"t":{rule}}},"resources":{{"note:*":{rule}}}}}"#
        ))
    };
    let reason = "the gateway denies the tool `t`, because checking these arguments takes too much work; send fewer or shorter \
                  values, or split the call";
    let data = format!(
        r#"{{"kind":"denied","rule":"(too much to check)","policy":"default","tool":"t","reason":"{reason}","requestId":"r-1"}}"#
    );
    let error = format!(r#"{{"code":-31403,"message":"Policy violation: {reason}","data":{data}}}"#);
    let denied = format!(r#"{{"jsonrpc":"2.0","id":"\u0061","error":{error}}}"#);
    assert_eq!(policy(&rule(1000, "")).tool("t"), None);
    assert_eq!(policy(&rule(2000, "")).tool("t"), Some((200, denied)));
    assert_eq!(policy(&rule(2000, r#","mode":"shadow""#)).tool("t"), None, "that is reported only");
    let uris = (0..1000).map(|number| format!(r#""note:{number}""#)).collect::<Vec<_>>().join(",");
    let params = format!(r#"{{"notifications":{{"resourceSubscriptions":[{uris}]}}}}"#);
    let body = format!(r#"{{"jsonrpc":"2.0","id":7,"method":"subscriptions/listen","params":{params}}}"#);
    assert_eq!(policy(&rule(20, "")).answer(&body), None, "many names are charged to few counters");
}
