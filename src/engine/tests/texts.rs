//! Every sentence of a denial, whole; those that other files assert are not repeated.

#[cfg(target_family = "wasm")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::{Disposition, Gateway, RequestInfo, call};
use crate::identity::IdentityError;

/// The reason of a denial, without what each message begins with.
fn reason(gateway: &Gateway, info: &RequestInfo, body: &str) -> String {
    let Disposition::Reply(reply) = gateway.judge(info, body).answer else { return "it passes".to_owned() };
    let json: serde_json::Value = serde_json::from_str(&reply.body).unwrap();
    let message = json["error"]["message"].as_str().unwrap();
    message.strip_prefix("Policy violation: ").unwrap_or(message).to_owned()
}

fn request(method: &str, params: &str) -> String {
    format!(r#"{{"jsonrpc":"2.0","id":1,"method":"{method}","params":{params}}}"#)
}

/// The reason why a call of the tool `t`, which has this rule, is denied.
fn of_rule(rule: &str, arguments: &str) -> String {
    let gateway = Gateway::new(&format!(r#"{{"version":"1","default":"deny","tools":{{"t":{rule}}}}}"#));
    let body = request("tools/call", &format!(r#"{{"name":"t","arguments":{arguments}}}"#));
    reason(&gateway, &call("alice"), &body)
}

#[test]
fn the_answer_to_an_unknown_caller_says_what_to_send() {
    let gateway = Gateway::new(r#"{"version":"1","default":"allow"}"#);
    let of =
        |error: IdentityError| reason(&gateway, &RequestInfo { grant: Err(error), ..call("") }, &request("ping", "{}"));
    assert_eq!(
        of(IdentityError::UnknownToken),
        "the gateway cannot identify the caller, because it does not list the bearer token; ask the gateway's owner for a new one"
    );
    assert_eq!(of(IdentityError::Invalid("it is odd".into())), "the gateway cannot identify the caller: it is odd");
    let unbound = Gateway::new(r#"{"policies":{"p":{"version":"1","default":"allow"}},"bindings":[]}"#);
    assert_eq!(
        reason(&unbound, &call("alice"), &request("ping", "{}")),
        "no policy applies to this route and caller; ask the gateway's operator to bind one"
    );
}

#[test]
fn a_method_is_denied_by_its_exact_name() {
    let gateway = Gateway::new(r#"{"version":"1","default":"allow","methods":{"x/shut":"deny"}}"#);
    let of = |method: &str| reason(&gateway, &call("alice"), &request(method, "{}"));
    assert_eq!(of("x/shut"), "the policy denies the method `x/shut`; if you need it, ask the policy's owner");
    assert_eq!(
        of("X/Shut"),
        "the method `X/Shut` equals `x/shut` only if case and white space are ignored; send the method's exact name"
    );
    assert_eq!(
        of("Tools/Call"),
        "the method `Tools/Call` equals `tools/call` only if case and white space are ignored; send the method's exact name"
    );
}

#[test]
fn a_uri_that_servers_may_read_in_two_ways_is_to_be_written_plainly() {
    let gateway = Gateway::new(r#"{"version":"1","default":"allow"}"#);
    assert_eq!(
        reason(&gateway, &call("alice"), &request("resources/read", r#"{"uri":"file:///a/../b"}"#)),
        "the policy denies the resource `file:///a/../b`, because a server may read it as another one; write the URI without dot \
         segments, white space, `\\` and escapes that are not needed, with scheme and host in lower case, and without user \
         information or a default port"
    );
}

#[test]
fn a_denial_by_conditions_says_what_they_are_and_what_can_be_changed() {
    let args = r#"{"path":"args.n","op":"gt","value":10}"#;
    let caller = r#"{"path":"caller.source","op":"eq","value":"constant"}"#;
    let now = r#"{"path":"now.hour","op":"gte","value":0}"#;
    let owner = "if you need it, ask the policy's owner";
    for (conditions, what) in [
        (args.to_owned(), "if `args.n` `gt` `10`; correct the arguments".to_owned()),
        (caller.to_owned(), format!("if the rule rejects `caller.source`; {owner}")),
        (now.to_owned(), "if `now.hour` `gte` `0`; repeat the call when the policy allows it".to_owned()),
        (format!("{now},{caller}"), format!("if `now.hour` `gte` `0` and the rule rejects `caller.source`; {owner}")),
        (
            format!("{caller},{args}"),
            "if the rule rejects `caller.source` and `args.n` `gt` `10`; correct the arguments".to_owned(),
        ),
    ] {
        let rule = format!(r#"{{"deny_if":[{{"conditions":[{conditions}]}}]}}"#);
        assert_eq!(of_rule(&rule, r#"{"n":25}"#), format!("the policy denies the tool `t` {what}"));
    }
    let required = |more: &str| format!(r#"{{"require":[{{"conditions":[{args}]{more}}}]}}"#);
    assert_eq!(
        of_rule(&required(""), r#"{"n":5}"#),
        "the policy allows the tool `t` only if `args.n` `gt` `10`; correct the arguments"
    );
    assert_eq!(
        of_rule(&required(r#","on_deny":"Send more.""#), r#"{"n":5}"#),
        "the policy denies the tool `t`: Send more."
    );
    let other = r#"{"require":[{"conditions":[{"path":"caller.source","op":"eq","value":"jwt"}]}]}"#;
    assert_eq!(
        of_rule(other, "{}"),
        format!("the policy allows the tool `t` only if the rule accepts `caller.source`; {owner}")
    );
}

#[test]
fn an_argument_that_is_not_an_amount_or_too_large_a_one_is_named() {
    let spend = r#"{"limits":[{"counter":"c","window":"day","max":10,"scope":"grant","increment_from":"args.n"}]}"#;
    let amount = "the policy denies the tool `t`: it counts `args.n`, which must be a number from 0 to below 9e12 with at most six \
                  decimals";
    for arguments in ["{}", r#"{"n":"5"}"#, r#"{"n":-1}"#, r#"{"n":null}"#, r#"{"n":[1]}"#, r#"{"n":1e13}"#] {
        assert_eq!(of_rule(spend, arguments), amount, "{arguments}");
    }
    assert_eq!(
        of_rule(spend, r#"{"n":10.5}"#),
        "the policy denies the tool `t`: the request costs 10.5, and the limit is 10 a day; send a smaller amount"
    );
    assert_eq!(of_rule(spend, r#"{"n":10}"#), "it passes");
    assert_eq!(
        of_rule(spend, r#"{"n":1,"N":2}"#),
        "the policy denies the tool `t`: the argument name `N` resembles another one; send each name once, spelled as the tool declares \
         it"
    );
}

#[test]
fn a_full_limit_is_described_by_what_it_counts() {
    let limit = |members: &str| {
        let rule = format!(r#"{{"limits":[{{"counter":"c","scope":"grant",{members}}}]}}"#);
        let policy = format!(r#"{{"version":"1","default":"deny","tools":{{"t":{rule}}}}}"#);
        let gateway = Gateway::new(&policy);
        let of = |n: &str| {
            let body = request("tools/call", &format!(r#"{{"name":"t","arguments":{{"n":{n}}}}}"#));
            reason(&gateway, &call("alice"), &body)
        };
        let _first = of("4");
        of("4")
    };
    for (members, expected) in [
        (
            r#""window":"hour","max":1"#,
            "the tool `t` has reached the rate limit of 1 call an hour; retry in 60 minutes",
        ),
        (
            r#""window":"day","max":5,"increment_from":"args.n""#,
            "this request costs 4, and 1 is left of the limit of the tool `t`, 5 a day; retry in 24 hours",
        ),
        (
            r#""window":"day","max":5,"increment":4.5"#,
            "this request costs 4.5, and 0.5 is left of the limit of the tool `t`, 5 a day; retry in 24 hours",
        ),
        (
            r#""window":"day","max":4,"increment_from":"args.n""#,
            "the limit of the tool `t`, 4 a day, is used up; retry in 24 hours",
        ),
        (
            r#""window":"day","max":1,"key":["args.n"]"#,
            "the tool `t` has reached the rate limit of 1 call a day with the same `args.n`; retry in 24 hours",
        ),
    ] {
        assert_eq!(limit(members), expected, "{members}");
    }
}

#[test]
fn a_tool_that_its_pins_do_not_admit_is_denied_with_what_its_owner_may_do() {
    let pin =
        r#"{"sha256":"b0a2f6de2bfec3d9ac0bcdd3e6c4f46b9e6f4d26e5b44a8ab0f17f0b4a9b2f11","schema":{"properties":{}}}"#;
    let gateway = Gateway::new(&format!(
        r#"{{"version":"1","default":"allow","unpinned":"deny","arguments":"strict","definitions":{{"pay":{pin}}}}}"#
    ));
    let of = |tool: &str| {
        let body = request("tools/call", &format!(r#"{{"name":"{tool}","arguments":{{"x":1}}}}"#));
        reason(&gateway, &call("alice"), &body)
    };
    assert_eq!(
        of("other"),
        "the policy denies the tool `other`, because its definition is not pinned; if you need it, ask the policy's owner"
    );
    assert_eq!(
        of("pay"),
        "the policy denies the tool `pay`, because its schema names no argument `args.x`; leave it out"
    );
}
