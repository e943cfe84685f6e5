#[cfg(target_family = "wasm")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::{NONE, advice, policy};

#[test]
fn unreachable_since_it_is_hidden() {
    assert_eq!(
        policy(r#""hide":["a","delete_*"],"tools":{"a":{},"delete_x":{},"delete_*_y":{},"dele*":{}}"#),
        [
            "/tools/a: no call gets to this rule: `a` is hidden at `/hide/0`, and `hide` beats every entry; take it \
             out of one of the two [unreachable]",
            "/tools/delete_x: no call gets to this rule: `delete_x` is hidden at `/hide/1`, and `hide` beats every \
             entry; take it out of one of the two [unreachable]",
            "/tools/delete_*_y: no call gets to this rule: `delete_*_y` is hidden at `/hide/1`, and `hide` beats \
             every entry; take it out of one of the two [unreachable]"
        ]
    );
    assert_eq!(policy(r#""hide":["a"],"resources":{"a":{}},"prompts":{"a":{}}"#), NONE);
}

#[test]
fn unreachable_since_another_pattern_always_decides() {
    assert_eq!(
        policy(r#""tools":{"get*":{"action":"deny"},"get_*":{}}"#),
        ["/tools/get_*: no call gets to this rule: `get*` denies whatever `get_*` names, at \
             `/tools/get*/action`, and such a pattern beats the others; write names out, which beat every pattern \
             [unreachable]"]
    );
    assert_eq!(
        policy(r#""tools":{"get*":{},"get**":{}}"#),
        ["/tools/get*: no call gets to this rule: `get**` decides on whatever `get*` names; leave one of the two \
             [unreachable]"]
    );
}

#[test]
fn unreachable_since_no_request_carries_the_name() {
    let long = "x".repeat(257);
    assert_eq!(
        policy(&format!(r#""tools":{{"{long}":{{}}}}"#)),
        [format!(
            "/tools/{long}: no call gets to this rule: a name longer than 256 bytes is refused; take it out \
             [unreachable]"
        )]
    );
    assert_eq!(
        policy(&format!(r#""prompts":{{"{long}*":{{}}}}"#)),
        [format!(
            "/prompts/{long}*: no call gets to this rule: a name longer than 256 bytes is refused; take it out \
             [unreachable]"
        )]
    );
    assert_eq!(
        policy(r#""tools":{"a\nb":{}}"#),
        ["/tools/a�b: no call gets to this rule: a name with control characters is refused; write the name \
             without them [unreachable]"]
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
        let message = ": no call gets to this rule: a server may read such a URI as another one, so it is refused; \
                       write the URI as every parser writes it [unreachable]";
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
        ["/tools: no call gets to these rules: `tools/call` is denied, at `/methods/tools~1call`; leave the \
             rules out, or let the method pass [unreachable]"]
    );
    let methods = r#""methods":{"resources/read":"deny","resources/subscribe":"deny","subscriptions/listen":"deny"}"#;
    assert_eq!(
        policy(&format!(r#"{methods},"resources":{{"a":{{}}}}"#)),
        ["/resources: no call gets to these rules: `resources/read`, `resources/subscribe`, \
             `subscriptions/listen` are denied, at `/methods/resources~1read`; leave the rules out, or let the \
             method pass [unreachable]"]
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
            "/tools/a: every call is denied at `/tools/a/action`, so nothing comes of `require` and `limits` beside \
             it; leave one of the two [unreachable]",
            "/tools/a/rate_limit: no call is ever charged to `/tools/a`: its rule denies every call; take the limit \
             out, or mend that [never-charged]"
        ]
    );
    assert_eq!(
        policy(r#""all_tools":{"deny_if":[{"conditions":[]}]},"tools":{"a":{}}"#),
        ["/tools: no call gets to these rules: every tool call is denied, at `/all_tools/deny_if/0`; leave the \
             rules out, or give the denial conditions [unreachable]"]
    );
    assert_eq!(policy(r#""tools":{"a":{"action":"deny"}}"#), NONE);
}

#[test]
fn unreachable_all_tools() {
    assert_eq!(
        policy(r#""all_tools":{"rate_limit":"1/minute"}"#),
        ["/all_tools: no call gets to this rule: `default` is `deny`, and no entry of `tools` lets a tool \
             through; name the tools that may be called [unreachable]"]
    );
    assert_eq!(
        policy(r#""all_tools":{"rate_limit":"1/minute"},"tools":{"a":{"action":"deny"}}"#),
        ["/all_tools: no call gets to this rule: `default` is `deny`, and no entry of `tools` lets a tool \
             through; name the tools that may be called [unreachable]"]
    );
    assert_eq!(policy(r#""all_tools":{"rate_limit":"1/minute"},"tools":{"a":{}}"#), NONE);
    let text = r#"{"version":"1","default":"allow","all_tools":{"rate_limit":"1/minute"}}"#;
    assert_eq!(advice(text), NONE);
}

#[test]
fn shadow_under_deny() {
    assert_eq!(
        policy(r#""tools":{"a":{"mode":"shadow"}}"#),
        ["/tools/a/mode: a rule in shadow permits nothing, so `default` `deny` refuses whatever this names; to \
             try it out, put `\"mode\": \"shadow\"` at the top of the policy instead [shadow-under-deny]"]
    );
    assert_eq!(advice(r#"{"version":"1","default":"allow","tools":{"a":{"mode":"shadow"}}}"#), NONE);
}

#[test]
fn never_charged() {
    let limit = r#"{"limits":[{"counter":"c","window":"minute","max":1,"scope":"grant"}]}"#;
    assert_eq!(
        policy(&format!(r#""hide":["a"],"tools":{{"a":{limit}}}"#)),
        [
            "/tools/a: no call gets to this rule: `a` is hidden at `/hide/0`, and `hide` beats every entry; take it \
             out of one of the two [unreachable]",
            "/tools/a/limits/0/counter: no call is ever charged to `c`: `a` is hidden at `/hide/0`, and `hide` \
             beats every entry; take the limit out, or mend that [never-charged]"
        ]
    );
    let denied = limit.replace("{\"limits", "{\"action\":\"deny\",\"limits");
    assert_eq!(
        policy(&format!(r#""tools":{{"a":{denied}}}"#)),
        [
            "/tools/a: every call is denied at `/tools/a/action`, so nothing comes of `limits` beside it; leave one \
             of the two [unreachable]",
            "/tools/a/limits/0/counter: no call is ever charged to `c`: its rule denies every call; take the limit \
             out, or mend that [never-charged]"
        ]
    );
    let shadow = limit.replace("{\"limits", "{\"mode\":\"shadow\",\"limits");
    assert_eq!(
        policy(&format!(r#""tools":{{"a":{shadow}}}"#)),
        [
            "/tools/a/mode: a rule in shadow permits nothing, so `default` `deny` refuses whatever this names; to \
             try it out, put `\"mode\": \"shadow\"` at the top of the policy instead [shadow-under-deny]",
            "/tools/a/limits/0/counter: no call is ever charged to `c`: its rule is in shadow, and `default` `deny` \
             refuses the call; take the limit out, or mend that [never-charged]"
        ]
    );
    // Another rule charges it.
    assert_eq!(
        policy(&format!(r#""hide":["a"],"tools":{{"a":{limit},"b":{limit}}}"#)),
        ["/tools/a: no call gets to this rule: `a` is hidden at `/hide/0`, and `hide` beats every entry; take it \
             out of one of the two [unreachable]"]
    );
}
