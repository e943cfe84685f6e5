#[cfg(target_family = "wasm")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::{NONE, policy, warnings};

#[test]
fn unreachable_since_it_is_hidden() {
    assert_eq!(
        policy(r#""hide":["a","delete_*"],"tools":{"a":{},"delete_x":{},"delete_*_y":{},"dele*":{}}"#),
        [
            "/tools/a: no call reaches this rule: `a` is hidden at `/hide/0`, and `hide` takes precedence over every \
             entry; remove one of the two [unreachable]",
            "/tools/delete_x: no call reaches this rule: `delete_x` is hidden at `/hide/1`, and `hide` takes \
             precedence over every entry; remove one of the two [unreachable]",
            "/tools/delete_*_y: no call reaches this rule: `delete_*_y` is hidden at `/hide/1`, and `hide` takes \
             precedence over every entry; remove one of the two [unreachable]"
        ]
    );
    assert_eq!(policy(r#""hide":["a"],"resources":{"a":{}},"prompts":{"a":{}}"#), NONE);
}

#[test]
fn unreachable_since_another_pattern_always_decides() {
    assert_eq!(
        policy(r#""tools":{"get*":{"action":"deny"},"get_*":{}}"#),
        ["/tools/get_*: no call reaches this rule: `get*` denies every name that `get_*` matches, at \
          `/tools/get*/action`, and a pattern that denies takes precedence over other patterns; write exact names, \
          which take precedence over every pattern [unreachable]"]
    );
    assert_eq!(
        policy(r#""tools":{"get*":{},"get**":{}}"#),
        ["/tools/get*: no call reaches this rule: `get**` takes precedence on every name that `get*` matches; remove \
          one of the two [unreachable]"]
    );
}

#[test]
fn unreachable_since_no_request_carries_the_name() {
    let long = "x".repeat(257);
    assert_eq!(
        policy(&format!(r#""tools":{{"{long}":{{}}}}"#)),
        [format!(
            "/tools/{long}: no call reaches this rule: the filter refuses names longer than 256 bytes; remove the \
             entry [unreachable]"
        )]
    );
    assert_eq!(
        policy(&format!(r#""prompts":{{"{long}*":{{}}}}"#)),
        [format!(
            "/prompts/{long}*: no call reaches this rule: the filter refuses names longer than 256 bytes; remove the \
             entry [unreachable]"
        )]
    );
    assert_eq!(
        policy(r#""tools":{"a\nb":{}}"#),
        [
            "/tools/a\\u{a}b: no call reaches this rule: the filter refuses names with control characters; write the name \
          without them [unreachable]"
        ]
    );
    let longest = "x".repeat(256);
    assert_eq!(policy(&format!(r#""tools":{{"{longest}":{{}}}},"resources":{{"file:///{long}":{{}}}}"#)), NONE);
}

#[test]
fn unreachable_since_the_uri_is_ambiguous() {
    let keys = [
        "file:///a/../b",
        "file:///a/../*",
        "file:///a%2fb/*",
        r"file:///*\\b",
        "file:///%0a*",
        "a\\u0001",
        "file:///*/../b",
        "file:///a?x/../b",
        "file://host/*",
        "HTTPS://*",
        "https://u@*",
    ];
    for key in keys {
        let found = policy(&format!(r#""resources":{{"{key}":{{}}}}"#));
        assert_eq!(found.len(), 1, "{key}");
        let message = ": no call reaches this rule: servers read such a URI differently, so the filter refuses it; write \
                       the URI in its normal form [unreachable]";
        assert!(found[0].ends_with(message), "{found:?}");
    }
    for key in
        ["file:///a/..*", "file:///a?x=../b", "https://*", "https://*.example:*/*", "file:///a%2*", "file:///%*0a"]
    {
        assert_eq!(policy(&format!(r#""resources":{{"{key}":{{}}}}"#)), NONE, "{key}");
    }
}

#[test]
fn unreachable_since_the_method_is_denied() {
    assert_eq!(
        policy(r#""methods":{"tools/call":"deny"},"tools":{"a":{},"b":{}}"#),
        [
            "/tools: no call reaches these rules: `tools/call` is denied at `/methods/tools~1call`; remove the rules, or \
          allow the method [unreachable]"
        ]
    );
    let methods = r#""methods":{"resources/read":"deny","resources/subscribe":"deny","subscriptions/listen":"deny"}"#;
    assert_eq!(
        policy(&format!(r#"{methods},"resources":{{"a":{{}}}}"#)),
        [
            "/resources: no call reaches these rules: `resources/read`, `resources/subscribe`, `subscriptions/listen` are \
          denied at `/methods/resources~1read`; remove the rules, or allow the method [unreachable]"
        ]
    );
    assert_eq!(policy(r#""methods":{"resources/read":"deny"},"resources":{"a":{}}"#), NONE);
    assert_eq!(policy(r#""methods":{"tools/call":"deny"}"#), NONE);
}

#[test]
fn unreachable_behind_an_unconditional_denial() {
    let more = r#""rate_limit":"1/minute","require":[{"conditions":[{"path":"args.x","op":"eq","value":1}]}]"#;
    assert_eq!(
        policy(&format!(r#""tools":{{"a":{{"action":"deny",{more}}}}}"#)),
        [
            "/tools/a: the rule denies every call at `/tools/a/action`, so its `require` and `limits` have no effect; remove one or \
             the other [unreachable]",
            "/tools/a/rate_limit: no call charges `/tools/a`, because its rule denies every call; remove the limit, or let \
             calls reach its rule [never-charged]"
        ]
    );
    assert_eq!(
        policy(r#""all_tools":{"deny_if":[{"conditions":[]}]},"tools":{"a":{}}"#),
        [
            "/tools: no call reaches these rules: every tool call is denied at `/all_tools/deny_if/0`; remove the rules, \
          or add conditions to the denial [unreachable]"
        ]
    );
    assert_eq!(policy(r#""tools":{"a":{"action":"deny"}}"#), NONE);
}

#[test]
fn unreachable_all_tools() {
    assert_eq!(
        policy(r#""all_tools":{"rate_limit":"1/minute"}"#),
        ["/all_tools: no call reaches this rule: `default` is `deny`, and no entry of `tools` allows a tool; add the \
          tools that agents may call to `tools` [unreachable]"]
    );
    assert_eq!(
        policy(r#""all_tools":{"rate_limit":"1/minute"},"tools":{"a":{"action":"deny"}}"#),
        ["/all_tools: no call reaches this rule: `default` is `deny`, and no entry of `tools` allows a tool; add the \
          tools that agents may call to `tools` [unreachable]"]
    );
    assert_eq!(policy(r#""all_tools":{"rate_limit":"1/minute"},"tools":{"a":{}}"#), NONE);
    let text = r#"{"version":"1","default":"allow","all_tools":{"rate_limit":"1/minute"}}"#;
    assert_eq!(warnings(text), NONE);
}

#[test]
fn shadow_under_deny() {
    assert_eq!(
        policy(r#""tools":{"a":{"mode":"shadow"}}"#),
        [
            "/tools/a/mode: a rule in shadow mode allows nothing, so `\"default\": \"deny\"` denies what it names; to try \
          the rule, set `\"mode\": \"shadow\"` at the top of the policy instead [shadow-under-deny]"
        ]
    );
    assert_eq!(warnings(r#"{"version":"1","default":"allow","tools":{"a":{"mode":"shadow"}}}"#), NONE);
}

#[test]
fn never_charged() {
    let limit = r#"{"limits":[{"counter":"c","window":"minute","max":1,"scope":"grant"}]}"#;
    assert_eq!(
        policy(&format!(r#""hide":["a"],"tools":{{"a":{limit}}}"#)),
        [
            "/tools/a: no call reaches this rule: `a` is hidden at `/hide/0`, and `hide` takes precedence over every \
             entry; remove one of the two [unreachable]",
            "/tools/a/limits/0/counter: no call charges `c`, because `a` is hidden at `/hide/0`, and `hide` takes precedence \
             over every entry; remove the limit, or let calls reach its rule [never-charged]"
        ]
    );
    let denied = limit.replace("{\"limits", "{\"action\":\"deny\",\"limits");
    assert_eq!(
        policy(&format!(r#""tools":{{"a":{denied}}}"#)),
        [
            "/tools/a: the rule denies every call at `/tools/a/action`, so its `limits` has no effect; remove one or \
             the other [unreachable]",
            "/tools/a/limits/0/counter: no call charges `c`, because its rule denies every call; remove the limit, or let \
             calls reach its rule [never-charged]"
        ]
    );
    let shadow = limit.replace("{\"limits", "{\"mode\":\"shadow\",\"limits");
    assert_eq!(
        policy(&format!(r#""tools":{{"a":{shadow}}}"#)),
        [
            "/tools/a/mode: a rule in shadow mode allows nothing, so `\"default\": \"deny\"` denies what it names; to \
             try the rule, set `\"mode\": \"shadow\"` at the top of the policy instead [shadow-under-deny]",
            "/tools/a/limits/0/counter: no call charges `c`, because its rule is in shadow mode, and `\"default\": \"deny\"` \
             denies the call; remove the limit, or let calls reach its rule [never-charged]"
        ]
    );
    // Another rule charges it.
    assert_eq!(
        policy(&format!(r#""hide":["a"],"tools":{{"a":{limit},"b":{limit}}}"#)),
        ["/tools/a: no call reaches this rule: `a` is hidden at `/hide/0`, and `hide` takes precedence over every \
          entry; remove one of the two [unreachable]"]
    );
}
