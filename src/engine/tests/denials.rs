//! What a denial says, and to whom; product contract, section 4.

#[cfg(target_family = "wasm")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::{Disposition, Gateway, RequestInfo, call};
use crate::{engine::authorize::denial_text, http::Headers};

fn post(version: &str, method: &str) -> RequestInfo {
    let pairs = [
        (":method", "POST"),
        ("content-type", "application/json"),
        ("mcp-protocol-version", version),
        ("mcp-method", method),
    ];
    let pairs = pairs.map(|(name, value)| (name.to_owned(), value.as_bytes().to_vec()));
    RequestInfo { headers: Headers::new(pairs.into()), ..call("alice") }
}

#[test]
fn the_answer_to_one_message_of_a_batch_does_not_name_the_other() {
    let policy = r#"{"version":"1","default":"deny","hide":["secret"],"tools":{"ok":{}}}"#;
    let options = r#""protocol":{"batches":"judge"},"answers":{"unknown_tool":true}"#;
    let gateway = Gateway::new(&format!(r#"{{"policy":{policy},{options}}}"#));
    let call = r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"secret"}}"#;
    let ping = r#"{"jsonrpc":"2.0","id":2,"method":"ping"}"#;
    let unknown = r#"{"jsonrpc":"2.0","id":1,"error":{"code":-32602,"message":"Unknown tool: secret"}}"#;
    let why = "the gateway does not forward this batch, because it does not allow all of its messages; send each message by itself";
    let data = format!(r#"{{"kind":"refused","policy":"default","reason":"{why}","requestId":"r-1"}}"#);
    let refused = format!(
        r#"{{"jsonrpc":"2.0","id":2,"error":{{"code":-32600,"message":"Request refused: {why}","data":{data}}}}}"#
    );
    assert_eq!(gateway.answer(&format!("[{call},{ping}]")), Some((200, format!("[{unknown},{refused}]"))));
    assert_eq!(gateway.answer(&format!("[{ping},{call}]")), Some((200, format!("[{refused},{unknown}]"))));
}

#[test]
fn a_uri_whose_path_begins_with_a_dot_segment_reaches_no_entry() {
    let policy = r#"{"version":"1","default":"deny","resources":{"repo:*":{},"repo:secret":{"action":"deny"}}}"#;
    let gateway = Gateway::new(policy);
    let read = |uri: &str| {
        gateway.answer(&format!(r#"{{"jsonrpc":"2.0","id":1,"method":"resources/read","params":{{"uri":"{uri}"}}}}"#))
    };
    assert_eq!(read("repo:open"), None);
    for uri in ["repo:./secret", "repo:../secret"] {
        let reason = format!(
            "the policy denies the resource `{uri}`, because a server may read it as another one; write the URI without dot \
             segments, white space, `\\` and escapes that are not needed, with scheme and host in lower case, and without user \
             information or a default port"
        );
        let json = reason.replace('\\', "\\\\");
        let data = format!(
            r#"{{"kind":"denied","rule":"(ambiguous uri)","policy":"default","resource":"{uri}","reason":"{json}","requestId":"r-1"}}"#
        );
        let error = format!(r#"{{"code":-31403,"message":"Policy violation: {json}","data":{data}}}"#);
        assert_eq!(read(uri), Some((200, format!(r#"{{"jsonrpc":"2.0","id":1,"error":{error}}}"#))));
    }
}

#[test]
fn a_method_that_methods_names_is_denied_in_any_spelling_that_servers_may_fold() {
    let gateway =
        Gateway::new(r#"{"version":"1","default":"allow","methods":{"skills/list":"deny","x/open":"allow"}}"#);
    for (method, rule) in [
        ("skills/list", "/methods/skills~1list"),
        ("Skills/List", "(folded name)"),
        (" skills/list", "(folded name)"),
        ("skills/list\\u00a0", "(folded name)"),
        ("\u{17f}kills/list", "(folded name)"),
        ("X/open", "(folded name)"),
    ] {
        let (_, body) = gateway.answer(&format!(r#"{{"jsonrpc":"2.0","id":1,"method":"{method}"}}"#)).expect(method);
        assert!(body.contains(&format!(r#""rule":"{rule}""#)), "{method}: {body}");
    }
    for method in ["x/open", "skills/lists"] {
        assert_eq!(gateway.answer(&format!(r#"{{"jsonrpc":"2.0","id":1,"method":"{method}"}}"#)), None, "{method}");
    }
}

#[test]
fn an_unknown_method_is_one_that_is_not_supported() {
    let gateway = Gateway::new(r#"{"version":"1","default":"deny"}"#);
    let body = r#"{"jsonrpc":"2.0","id":1,"method":"skills/list","params":{"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28"}}}"#;
    let why =
        "the policy denies the method `skills/list`, because no rule allows it; if you need it, ask the policy's owner";
    let data =
        format!(r#"{{"kind":"denied","rule":"(method)","policy":"default","reason":"{why}","requestId":"r-1"}}"#);
    let expected = format!(
        r#"{{"jsonrpc":"2.0","id":1,"error":{{"code":-32601,"message":"Policy violation: {why}","data":{data}}}}}"#
    );
    let session = r#"{"jsonrpc":"2.0","id":1,"method":"skills/list"}"#;
    assert_eq!(gateway.answer(session), Some((200, expected.clone())));
    let Disposition::Reply(reply) = gateway.judge(&post("2026-07-28", "skills/list"), body).answer else { panic!() };
    assert_eq!((reply.status, reply.body), (404, expected));
}

#[test]
fn a_denied_notification_of_a_stateless_revision_is_an_error() {
    let gateway = Gateway::new(r#"{"version":"1","default":"deny"}"#);
    let body = r#"{"jsonrpc":"2.0","method":"notifications/x"}"#;
    let Disposition::Reply(reply) = gateway.judge(&post("2026-07-28", "notifications/x"), body).answer else {
        panic!()
    };
    let why = "the policy denies the method `notifications/x`, because no rule allows it; if you need it, ask the policy's owner";
    let data =
        format!(r#"{{"kind":"denied","rule":"(method)","policy":"default","reason":"{why}","requestId":"r-1"}}"#);
    let error = format!(r#"{{"code":-31403,"message":"Policy violation: {why}","data":{data}}}"#);
    assert_eq!((reply.status, reply.body), (400, format!(r#"{{"jsonrpc":"2.0","id":null,"error":{error}}}"#)));
    assert_eq!(gateway.answer(body), Some((202, String::new())), "clients of sessions end at a 4xx");
}

#[test]
fn a_prompt_and_a_resource_are_named_as_such() {
    let gateway = Gateway::new(r#"{"version":"1","default":"deny"}"#);
    let read = r#"{"jsonrpc":"2.0","id":1,"method":"resources/read","params":{"uri":"note:a"}}"#;
    let (_, body) = gateway.answer(read).expect("denied");
    let why =
        "the policy denies the resource `note:a`, because no rule allows it; if you need it, ask the policy's owner";
    assert!(body.contains(&format!(r#""resource":"note:a","reason":"{why}""#)), "{body}");
    let get = r#"{"jsonrpc":"2.0","id":1,"method":"prompts/get","params":{"name":"p"}}"#;
    let (_, body) = gateway.answer(get).expect("denied");
    assert!(body.contains(r#""prompt":"p","reason":"the policy denies the prompt `p`"#), "{body}");
}

#[test]
fn an_answer_repeats_no_more_than_256_characters_of_a_name() {
    let gateway = Gateway::new(r#"{"version":"1","default":"deny"}"#);
    let uri = format!("note:{}", "é".repeat(2000));
    let read = format!(r#"{{"jsonrpc":"2.0","id":1,"method":"resources/read","params":{{"uri":"{uri}"}}}}"#);
    let (_, body) = gateway.answer(&read).expect("denied");
    let cut: String = uri.chars().take(256).collect();
    assert!(body.contains(&format!(r#""resource":"{cut}""#)) && body.len() < 3000, "{body}");
}

#[test]
fn a_message_names_the_waiting_time_in_words_rounded_up() {
    for (seconds, text) in [
        (Some(1), "retry in 1 second"),
        (Some(119), "retry in 119 seconds"),
        (Some(121), "retry in 3 minutes"),
        (Some(64_770), "retry in 18 hours"),
        (Some(172_801), "retry in 3 days"),
        (None, "do not retry"),
    ] {
        assert_eq!(denial_text::when_to_retry(seconds), text);
    }
}

#[test]
fn a_message_names_a_limit_of_money_as_an_amount() {
    let limit = r#"{"counter":"spend","window":"hour","max":10,"scope":"grant","increment":6}"#;
    let limits = format!(r#"{{"limits":[{limit}]}}"#);
    let gateway = Gateway::new(&format!(r#"{{"version":"1","default":"allow","tools":{{"pay":{limits}}}}}"#));
    assert_eq!(gateway.tool("pay"), None);
    let (_, body) = gateway.tool("pay").expect("limited");
    let why = "this request costs 6, and 4 is left of the limit of the tool `pay`, 10 an hour; retry in 60 minutes";
    assert!(body.contains(why) && body.contains(r#""cost":6,"remaining":4}"#), "{body}");
    let gateway = Gateway::new(&format!(
        r#"{{"version":"1","default":"allow","tools":{{"pay":{}}}}}"#,
        limits.replace(r#""max":10"#, r#""max":6"#)
    ));
    assert_eq!(gateway.tool("pay"), None);
    let (_, body) = gateway.tool("pay").expect("limited");
    assert!(body.contains("the limit of the tool `pay`, 6 an hour, is used up; retry in 60 minutes"), "{body}");
    let gateway = Gateway::new(r#"{"version":"1","default":"allow","all_tools":{"rate_limit":"1/day"}}"#);
    assert_eq!(gateway.tool("pay"), None);
    let why = "Policy violation: all tools together have reached the rate limit of 1 call a day; retry in 24 hours";
    assert!(gateway.tool("pay").unwrap().1.contains(why));
    // A tool of this name is one of all.
    let gateway = Gateway::new(r#"{"version":"1","default":"allow","tools":{"all_tools":{"rate_limit":"1/day"}}}"#);
    assert_eq!(gateway.tool("all_tools"), None);
    let why = "Policy violation: the tool `all_tools` has reached the rate limit of 1 call a day; retry in 24 hours";
    assert!(gateway.tool("all_tools").unwrap().1.contains(why));
}

#[test]
fn a_message_names_a_counter_of_all_tools_as_that_of_all_tools_whichever_rule_has_the_limit() {
    let limit = |max: u32| format!(r#""limits":[{{"counter":"c","window":"day","max":{max},"scope":"grant"}}]"#);
    let why = "Policy violation: all tools together have reached the rate limit of 1 call a day; retry in 24 hours";
    for rules in [
        // By `use`, also where the tool uses the rule, too.
        format!(r#""rules":{{"r":{{{}}}}},"all_tools":{{"use":["r"]}}"#, limit(1)),
        format!(r#""rules":{{"r":{{{}}}}},"all_tools":{{"use":["r"]}},"tools":{{"b":{{"use":["r"]}}}}"#, limit(1)),
        // By a limit of the tool, which lets less through.
        format!(r#""all_tools":{{{}}},"tools":{{"b":{{{}}}}}"#, limit(9), limit(1)),
        format!(r#""rules":{{"r":{{{}}}}},"all_tools":{{"use":["r"]}},"tools":{{"b":{{{}}}}}"#, limit(9), limit(1)),
    ] {
        let gateway = Gateway::new(&format!(r#"{{"version":"1","default":"allow",{rules}}}"#));
        assert_eq!(gateway.tool("a"), None, "{rules}");
        let (_, body) = gateway.tool("b").expect("limited");
        assert!(body.contains(why), "{rules}: {body}");
    }
    // What only some tools use up is the tool's.
    let rules = format!(r#""rules":{{"r":{{{}}}}},"tools":{{"b":{{"use":["r"]}}}}"#, limit(1));
    let gateway = Gateway::new(&format!(r#"{{"version":"1","default":"allow",{rules}}}"#));
    assert_eq!(gateway.tool("b"), None);
    let why = "Policy violation: the tool `b` has reached the rate limit of 1 call a day; retry in 24 hours";
    assert!(gateway.tool("b").unwrap().1.contains(why));
}

#[test]
fn a_session_call_whose_headers_name_another_is_denied_by_its_name_or_refused_and_charges_nothing() {
    let policy = r#"{"version":"1","default":"deny","tools":{"once":{"rate_limit":"1/day"}}}"#;
    let lying = |gateway: &Gateway, tool: &str, name: &str| {
        let pairs = [(":method", "POST"), ("content-type", "application/json"), ("mcp-name", name)];
        let pairs = pairs.map(|(name, value)| (name.to_owned(), value.as_bytes().to_vec()));
        let info = RequestInfo { headers: Headers::new(pairs.into()), ..call("alice") };
        let body = format!(r#"{{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{{"name":"{tool}"}}}}"#);
        match gateway.judge(&info, &body).answer {
            Disposition::Reply(reply) => Some((reply.status, reply.body)),
            Disposition::Forward(_) => None,
            Disposition::Callout(callout) => panic!("{callout:?}"),
        }
    };
    let gateway = Gateway::new(policy);
    let why = "the header `mcp-name` differs from `params.name`; send the same value in both";
    let data = format!(r#"{{"kind":"refused","reason":"{why}","requestId":"r-1"}}"#);
    let error = format!(r#"{{"code":-32600,"message":"Request refused: {why}","data":{data}}}"#);
    let refused = Some((200, format!(r#"{{"jsonrpc":"2.0","id":1,"error":{error}}}"#)));
    assert_eq!(lying(&gateway, "once", "other"), refused);
    let (_, denied) = lying(&gateway, "evil", "once").unwrap();
    assert!(denied.contains(r#""code":-31403"#) && denied.contains(r#""tool":"evil""#), "{denied}");
    assert_eq!(lying(&gateway, "once", "once"), None, "nothing has been charged");
    let shadow = Gateway::new(&format!(r#"{{"policy":{policy},"mode":"shadow"}}"#));
    assert_eq!(lying(&shadow, "evil", "once"), refused, "shadow does not cover what is refused");
}

#[test]
fn a_reference_is_denied_only_where_every_use_of_its_target_is() {
    let gateway = Gateway::new(
        r#"{"version":"1","default":"deny","prompts":{"open":{},"shut":{"action":"deny","reason":"Not this one."},
            "some":{"deny_if":[{"conditions":[{"path":"args.x","op":"eq","value":1}]}]}},
            "resources":{"note:*":{},"note:shut":{"action":"deny"}}}"#,
    );
    let rule = |reference: &str| {
        let body = format!(
            r#"{{"jsonrpc":"2.0","id":1,"method":"completion/complete","params":{{"ref":{reference},"argument":{{"name":"x","value":"1"}}}}}}"#
        );
        gateway.judge(&call("alice"), &body).record.rule
    };
    let prompt = |name: &str| rule(&format!(r#"{{"type":"ref/prompt","name":"{name}"}}"#));
    let resource = |uri: &str| rule(&format!(r#"{{"type":"ref/resource","uri":"{uri}"}}"#));
    assert_eq!([prompt("open"), prompt("some")], [""; 2]);
    assert_eq!([prompt("shut"), prompt("other")], ["/prompts/shut/action", "(default deny)"]);
    assert_eq!(
        [resource("note:a"), resource("note:shut"), resource("file:///a")],
        ["", "/resources/note:shut/action", "(default deny)"]
    );
    let body = r#"{"jsonrpc":"2.0","id":1,"method":"completion/complete","params":{"ref":{"type":"ref/prompt","name":"shut"},"argument":{"name":"x","value":"1"}}}"#;
    let (_, text) = gateway.answer(body).unwrap();
    assert!(
        text.contains(r#""message":"Policy violation: the policy denies the prompt `shut`: Not this one.""#),
        "{text}"
    );
    let unsubscribe = r#"{"jsonrpc":"2.0","id":1,"method":"resources/unsubscribe","params":{"uri":"note:shut"}}"#;
    assert_eq!(gateway.judge(&call("alice"), unsubscribe).record.rule, "/resources/note:shut/action");
}

#[test]
fn an_entry_in_shadow_permits_nothing_that_the_default_denies() {
    let policy = |default: &str| {
        Gateway::new(&format!(
            r#"{{"version":"1","default":"{default}","tools":{{"t":{{"mode":"shadow"}}}},"prompts":{{"p":{{"mode":"shadow"}}}},
                "resources":{{"note:a":{{"mode":"shadow"}}}}}}"#
        ))
    };
    for (method, params) in [
        ("tools/call", r#"{"name":"t"}"#),
        ("prompts/get", r#"{"name":"p"}"#),
        ("resources/read", r#"{"uri":"note:a"}"#),
        ("resources/unsubscribe", r#"{"uri":"note:a"}"#),
        ("completion/complete", r#"{"ref":{"type":"ref/prompt","name":"p"},"argument":{"name":"x","value":"1"}}"#),
        (
            "completion/complete",
            r#"{"ref":{"type":"ref/resource","uri":"note:a"},"argument":{"name":"x","value":"1"}}"#,
        ),
    ] {
        let body = format!(r#"{{"jsonrpc":"2.0","id":1,"method":"{method}","params":{params}}}"#);
        let rule = |default: &str| policy(default).judge(&call("alice"), &body).record.rule;
        assert_eq!([rule("deny"), rule("allow")], ["(default deny)", ""], "{method}");
    }
}
