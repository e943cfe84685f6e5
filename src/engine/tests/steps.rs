//! The steps of an explanation, whole.

#[cfg(target_family = "wasm")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::{Gateway, NOW};
use crate::{
    approval::{ApprovalStore, ApproverDecision, GrantDigest},
    engine::{self, trace::Step},
    identity::Grant,
};

/// The steps of the decision on a request, each as its rule and its text.
fn steps(gateway: &Gateway, method: &str, params: &str) -> Vec<(String, String)> {
    let body = format!(r#"{{"jsonrpc":"2.0","id":1,"method":"{method}","params":{params}}}"#);
    let mut steps: Vec<Step> = Vec::new();
    let request = gateway.bound("alice");
    let _response =
        engine::explain(&gateway.config, &request, body.as_bytes(), "filter", NOW, &gateway.store, &mut steps);
    steps.into_iter().map(|step| (step.rule, step.text)).collect()
}

#[track_caller]
fn assert_steps(found: Vec<(String, String)>, expected: &[(&str, &str)]) {
    let found: Vec<(&str, &str)> = found.iter().map(|(rule, text)| (&**rule, &**text)).collect();
    assert_eq!(found, expected);
}

const POLICY: &str = r#"{"policy":{"version":"1","default":"deny","hide":["secret*"],"methods":{"x/open":"allow"},
    "tools":{"get_a":{},"get_*":{},"g*":{},"*a":{},
        "pay":{"action":"require_approval","limits":[{"counter":"c","window":"day","max":5,"scope":"grant"}]},
        "tried":{"mode":"shadow","deny_if":[{"conditions":[]}]}},
    "prompts":{"p":{}},"resources":{"note:*":{}}},"approvals":{"url":"http://c/"}}"#;

#[test]
fn an_explanation_names_the_entry_that_decides_and_those_that_do_not_apply() {
    let gateway = Gateway::new(POLICY);
    let tool = |name: &str| steps(&gateway, "tools/call", &format!(r#"{{"name":"{name}"}}"#));
    assert_steps(
        tool("get_a"),
        &[("/tools/get_a", "the key `get_a` applies to the tool `get_a`; `get_*` and `g*` and `*a` do not apply")],
    );
    assert_steps(
        tool("get_b"),
        &[("/tools/get_*", "the pattern `get_*` applies to the tool `get_b`; `g*` does not apply")],
    );
    assert_steps(tool("gone"), &[("/tools/g*", "the pattern `g*` applies to the tool `gone`")]);
    assert_steps(tool("secret_x"), &[("(hidden)", "`secret*` in `hide` matches the tool `secret_x`")]);
    let none = "no entry matches the tool `x`; `default` is `deny`";
    assert_steps(tool("x"), &[("(default deny)", none)]);
    assert_steps(
        steps(&Gateway::new(r#"{"version":"1","default":"allow"}"#), "tools/call", r#"{"name":"x"}"#),
        &[("/default", "no entry matches the tool `x`; `default` is `allow`")],
    );
    assert_steps(
        steps(&gateway, "prompts/get", r#"{"name":"p"}"#),
        &[("/prompts/p", "the key `p` applies to the prompt `p`")],
    );
    assert_steps(
        steps(&gateway, "resources/read", r#"{"uri":"note:a"}"#),
        &[("/resources/note:*", "the pattern `note:*` applies to the resource `note:a`")],
    );
}

#[test]
fn an_explanation_says_by_what_a_method_passes() {
    let gateway = Gateway::new(POLICY);
    let passes = |method: &str| format!("`{method}` passes whatever `default` says");
    assert_steps(steps(&gateway, "ping", "{}"), &[("(method)", &passes("ping"))]);
    assert_steps(steps(&gateway, "subscriptions/listen", "{}"), &[("(method)", &passes("subscriptions/listen"))]);
    assert_steps(steps(&gateway, "x/open", "{}"), &[("/methods/x~1open", "`methods` says `allow` for `x/open`")]);
    assert_steps(
        steps(&gateway, "x/other", "{}"),
        &[("(method)", "`methods` does not name `x/other`; `default` is `deny`")],
    );
}

#[test]
fn a_rule_in_shadow_is_explained_as_such() {
    let gateway = Gateway::new(&POLICY.replace("\"default\":\"deny\"", "\"default\":\"allow\""));
    assert_steps(
        steps(&gateway, "tools/call", r#"{"name":"tried"}"#),
        &[
            ("/tools/tried", "the key `tried` applies to the tool `tried`"),
            ("/tools/tried/deny_if/0", "in shadow: holds: there is no condition"),
        ],
    );
}

#[test]
fn an_explanation_says_whether_an_approval_was_given_and_what_was_charged() {
    let gateway = Gateway::new(POLICY);
    let pay = || steps(&gateway, "tools/call", r#"{"name":"pay"}"#);
    let before = [
        ("/tools/pay", "the key `pay` applies to the tool `pay`"),
        ("/tools/pay/limits/0", "costs 1 of `c`, 5 calls a day for each grant"),
        ("/tools/pay/action", "holds: there is no condition"),
    ];
    let waits = [("/tools/pay/action", "needs approval, so nothing is charged yet")];
    assert_steps(pay(), &[&before[..], &waits].concat());
    assert_steps(pay(), &[&before[..], &waits].concat());
    let approvals = ApprovalStore(&gateway.store);
    let id = approvals.entries(NOW).unwrap()[0].id;
    let decision = ApproverDecision {
        approved: true,
        grant: GrantDigest::of(&Grant::from_name("jwt:boss")),
        approver: "jwt:boss",
        note: "",
    };
    approvals.decide(id, &decision, NOW).unwrap();
    let passes = [
        ("/tools/pay/action", "needs approval, which was given"),
        ("/tools/pay/limits/0", "charges 1 to `c`: 1 of 5 calls a day used"),
    ];
    assert_steps(pay(), &[&before[..], &passes].concat());
}
