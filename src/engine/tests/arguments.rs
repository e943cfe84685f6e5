//! Arguments that do not fit the pinned schema; product contract, section 12.

#[cfg(target_family = "wasm")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::{Disposition, Gateway, call};
use crate::engine::{self, trace::Step};

const DIGEST: &str = "b0a2f6de2bfec3d9ac0bcdd3e6c4f46b9e6f4d26e5b44a8ab0f17f0b4a9b2f11";

/// A policy with a pin of `pay`, and further members.
fn policy(more: &str) -> String {
    let schema =
        r#"{"type":"object","properties":{"amount":{"type":"number","maximum":500},"to":{}},"required":["amount"]}"#;
    format!(
        r#"{{"version":"1","default":"deny","definitions":{{"pay":{{"sha256":"{DIGEST}","schema":{schema}}},"get":{{"sha256":"{DIGEST}"}}}},{more}}}"#
    )
}

fn body(tool: &str, arguments: &str) -> String {
    format!(r#"{{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{{"name":"{tool}","arguments":{arguments}}}}}"#)
}

/// The rule that denies a call; empty if it passes.
fn rule(gateway: &Gateway, body: &str) -> String {
    gateway.judge(&call("alice"), body).record.rule
}

#[test]
fn a_denial_says_which_argument_does_not_fit_and_what_its_schema_says() {
    let gateway = Gateway::new(&policy(r#""arguments":"strict","tools":{"pay":{}}"#));
    let denied = |reason: &str, rule: &str, argument: &str| {
        let data = format!(
            r#"{{"kind":"denied","rule":"/definitions/pay/schema{rule}","policy":"default","tool":"pay","reason":"{reason}","requestId":"r-1","argument":{argument}}}"#
        );
        let error = format!(r#"{{"code":-31403,"message":"Policy violation: {reason}","data":{data}}}"#);
        Some((200, format!(r#"{{"jsonrpc":"2.0","id":1,"error":{error}}}"#)))
    };
    assert_eq!(
        gateway.answer(&body("pay", r#"{"amount":"secret"}"#)),
        denied(
            "the policy denies the tool `pay`, because `args.amount` is of the type string and does not fit what its schema says: type number; correct the arguments",
            "/properties/amount/type",
            r#"{"pointer":"/amount","sent":"string","expected":"type number"}"#
        )
    );
    assert_eq!(
        gateway.answer(&body("pay", "{}")),
        denied(
            "the policy denies the tool `pay`, because its schema requires `args.amount`; add it to the arguments",
            "/required",
            r#"{"pointer":"/amount","sent":"missing","expected":"`amount`, `to`"}"#
        )
    );
    assert_eq!(
        gateway.answer(&body("pay", r#"{"amount":1,"Amount":900}"#)),
        denied(
            "the policy denies the tool `pay`, because its schema names no argument `args.Amount`; leave it out, or use one of `amount`, `to`",
            "/properties",
            r#"{"pointer":"/Amount","sent":"unnamed","expected":"`amount`, `to`"}"#
        )
    );
    assert_eq!(gateway.answer(&body("pay", r#"{"amount":1,"to":"x"}"#)), None);
    let none = r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"pay"}}"#;
    assert_eq!(rule(&gateway, none), "/definitions/pay/schema/required");
    assert_eq!(rule(&gateway, &body("pay", "null")), "/definitions/pay/schema/required");
}

#[test]
fn the_record_names_the_argument_that_does_not_fit_and_never_its_value() {
    let record = |how: &str, arguments: &str| {
        let policy = policy(r#""arguments":"strict","tools":{"pay":{}}"#);
        let gateway = Gateway::new(&format!(r#"{{"policy":{policy},"audit":{{"arguments":"{how}"}}}}"#));
        let record = gateway.judge(&call("alice"), &body("pay", arguments)).record;
        assert!(!record.to_json().contains("secret"), "{record:?}");
        record.unfit_argument
    };
    assert_eq!(record("names", r#"{"amount":"secret"}"#), "/amount");
    assert_eq!(record("names", r#"{"amount":1,"a/b~":"secret"}"#), "/a~1b~0");
    assert_eq!(record("digest", "{}"), "/amount");
    assert_eq!(record("names", r#"{"amount":1}"#), "");
    assert_eq!(record("none", r#"{"amount":"secret"}"#), "");
}

/// `mcp_policy_invalid_arguments` counts what is marked so.
#[test]
fn a_record_is_marked_as_of_a_violation_even_if_its_rule_is_cut_before_the_schema() {
    let name = "n".repeat(256);
    let policy = |more: &str| policy(more).replace("pay", &name);
    let strict = policy(r#""arguments":"strict","tools":{"pay":{},"get":{}}"#);
    let judge = |policy: &str, body: &str| Gateway::new(policy).judge(&call("alice"), body).record;
    let record = judge(&strict, &body(&name, r#"{"amount":"secret"}"#));
    assert!(record.violates_schema, "{record:?}");
    let rule = format!("/definitions/{}", "n".repeat(243));
    let json = format!(
        r#"{{"decision":"denied","rule":"{rule}","policy":"default","config":"{}","grant":"constant:alice","method":"tools/call","tool":"{name}","requestId":"r-1","arguments":["amount"],"argument":"/amount"}}"#,
        record.config
    );
    assert_eq!(record.to_json(), json);
    assert!(!judge(&strict, &body(&name, r#"{"amount":1}"#)).violates_schema);
    // No schema is violated that is not there, nor by a call that passes in shadow.
    assert!(!judge(&strict, &body("get", r#"{"amount":"secret"}"#)).violates_schema);
    let shadow = policy(r#""mode":"shadow","arguments":"strict","tools":{"pay":{}}"#);
    assert!(!judge(&shadow, &body(&name, r#"{"amount":"secret"}"#)).violates_schema);
}

#[test]
fn an_answer_repeats_256_characters_of_a_name_and_never_a_value() {
    let gateway = Gateway::new(&policy(r#""arguments":"strict","tools":{"pay":{}}"#));
    let long = "n".repeat(100_000);
    let (_, text) = gateway.answer(&body("pay", &format!(r#"{{"amount":1,"{long}":"secret"}}"#))).unwrap();
    assert!(text.len() < 2000 && !text.contains("secret"), "{text}");
    let (_, text) = gateway.answer(&body("pay", r#"{"amount":"secret"}"#)).unwrap();
    assert!(!text.contains("secret"), "{text}");
}

#[test]
fn a_model_reads_the_same_in_a_result() {
    let policy = policy(r#""arguments":"declared","tools":{"pay":{}}"#);
    let gateway = Gateway::new(&format!(r#"{{"policy":{policy},"answers":{{"deny_as":"tool_result"}}}}"#));
    let (_, text) = gateway.answer(&body("pay", r#"{"amount":501}"#)).unwrap();
    assert!(
        text.contains(r#""isError":true"#) && text.contains("does not fit what its schema says: maximum 500"),
        "{text}"
    );
    assert!(text.contains(r#""argument":{"pointer":"/amount","sent":"number","expected":"maximum 500"}"#), "{text}");
}

#[test]
fn a_tool_without_a_pinned_schema_is_denied_by_the_key_that_asks_for_one() {
    let rules =
        r#""arguments":"declared","tools":{"get":{},"other":{"arguments":"strict"},"free":{"arguments":"any"}}"#;
    let gateway = Gateway::new(&policy(rules));
    assert_eq!(rule(&gateway, &body("get", "{}")), "/arguments");
    assert_eq!(rule(&gateway, &body("other", "{}")), "/tools/other/arguments");
    assert_eq!(rule(&gateway, &body("free", r#"{"x":1}"#)), "");
    let (_, text) = gateway.answer(&body("get", "{}")).unwrap();
    let reason = "the policy denies the tool `get`, because its arguments cannot be checked: no schema of it is pinned; if you need it, ask the policy's owner";
    assert!(text.contains(reason), "{text}");
}

#[test]
fn arguments_come_before_require_and_limits_and_are_steps_of_an_explanation() {
    let rules = r#""tools":{"pay":{"arguments":"declared","require":[{"conditions":[{"path":"args.amount","op":"gt","value":0}]}],"rate_limit":"1/minute"}}"#;
    let gateway = Gateway::new(&policy(rules));
    assert_eq!(rule(&gateway, &body("pay", r#"{"amount":"0"}"#)), "/definitions/pay/schema/properties/amount/type");
    assert_eq!(rule(&gateway, &body("pay", r#"{"amount":0}"#)), "/tools/pay/require/0");
    assert_eq!(rule(&gateway, &body("pay", r#"{"amount":1}"#)), "");
    assert_eq!(rule(&gateway, &body("pay", r#"{"amount":501}"#)), "/definitions/pay/schema/properties/amount/maximum");
    assert_eq!(rule(&gateway, &body("pay", r#"{"amount":1}"#)), "/tools/pay/rate_limit");
    let mut steps: Vec<Step> = Vec::new();
    let bound = gateway.bound("alice");
    let text = body("pay", r#"{"amount":1}"#);
    let _response =
        engine::explain(&gateway.config, &bound, text.as_bytes(), "filter", super::NOW, &gateway.store, &mut steps);
    let step = Step::new("/tools/pay/arguments", "the arguments fit the pinned schema (`declared`)");
    assert!(steps.contains(&step), "{steps:?}");
}

#[test]
fn in_shadow_a_violation_is_recorded_and_the_call_passes() {
    let gateway = Gateway::new(&policy(r#""mode":"shadow","arguments":"strict","tools":{"pay":{}}"#));
    let response = gateway.judge(&call("alice"), &body("pay", r#"{"amount":"5"}"#));
    assert!(matches!(response.answer, Disposition::Forward(_)));
    assert_eq!(response.record.shadow.unwrap().rule, "/definitions/pay/schema/properties/amount/type");
    // A rule in shadow adds to what the policy enforces.
    let more = r#""arguments":"declared","all_tools":{"mode":"shadow","arguments":"strict"},"tools":{"pay":{}}"#;
    let gateway = Gateway::new(&policy(more));
    let response = gateway.judge(&call("alice"), &body("pay", r#"{"amount":5,"x":1}"#));
    assert!(matches!(response.answer, Disposition::Forward(_)));
    assert_eq!(response.record.shadow.unwrap().rule, "/definitions/pay/schema/properties");
    assert_eq!(rule(&gateway, &body("pay", r#"{"amount":"5"}"#)), "/definitions/pay/schema/properties/amount/type");
}

#[test]
fn arguments_that_take_too_much_work_are_denied() {
    let schema = r#"{"properties":{"x":{"items":{"pattern":"^(?:(?:a{0,9}){0,9}){0,9}$"}}}}"#;
    let gateway = Gateway::new(&format!(
        r#"{{"version":"1","default":"allow","arguments":"declared","definitions":{{"pay":{{"sha256":"{DIGEST}","schema":{schema}}}}}}}"#
    ));
    let texts = vec![format!(r#""{}""#, "a".repeat(16_000)); 60].join(",");
    assert_eq!(rule(&gateway, &body("pay", &format!(r#"{{"x":[{texts}]}}"#))), "(too much to check)");
    let many = vec!["1"; 260_000].join(",");
    assert_eq!(rule(&gateway, &body("pay", &format!(r#"{{"y":[{many}]}}"#))), "(too much to check)");
}
