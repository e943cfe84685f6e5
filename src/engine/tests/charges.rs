//! What a request with several calls, or several URIs, is charged.

#[cfg(target_family = "wasm")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::{Disposition, Gateway, RequestInfo, batch, call};
use crate::{engine::callout::Callout, http::Headers};

/// Three rules name the counter `spend`, and all of them speak of `charge`.
const POLICY: &str = r#"{"policy":{"version":"1","default":"deny",
    "all_tools":{"limits":[{"counter":"spend","window":"day","max":900,"scope":"grant","increment":100}]},
    "tools":{"charge":{"limits":[{"counter":"spend","window":"day","max":1000,"scope":"grant","increment":500}]},
             "refund":{"limits":[{"counter":"spend","window":"day","max":500,"scope":"grant","increment":300}]},
             "look":{}},
    "resources":{"note:a":{"limits":[{"counter":"notes","window":"day","max":2,"scope":"grant"}]},
                 "note:*":{"limits":[{"counter":"notes","window":"day","max":2,"scope":"grant"}]}}},
    "protocol":{"batches":"judge"}}"#;

fn left(gateway: &Gateway, body: &str) -> Vec<(String, String)> {
    let response = gateway.judge(&call("alice"), body);
    assert!(matches!(response.answer, Disposition::Forward(_)), "{response:?}");
    response.record.remaining.into_iter().map(|(counter, left)| (counter.to_string(), left.to_string())).collect()
}

#[test]
fn a_counter_that_two_rules_of_one_call_name_is_charged_once() {
    let one = |left: &str| vec![("spend".to_owned(), left.to_owned())];
    let gateway = Gateway::new(POLICY);
    assert_eq!(left(&gateway, &batch(&["charge"])), one("400"), "the larger amount, against the smaller maximum");
    assert_eq!(left(&gateway, &batch(&["look"])), one("300"));
}

#[test]
fn the_calls_of_a_batch_are_summed_whichever_rules_name_the_counter() {
    let gateway = Gateway::new(POLICY);
    let (_, body) = gateway.answer(&batch(&["charge", "refund"])).unwrap();
    assert!(body.contains("the policy denies the tool `refund`: the request costs 800, and the limit is 500 a day; send a smaller amount"), "{body}");
    assert_eq!(left(&gateway, &batch(&["charge", "look", "look"])), [("spend".to_owned(), "200".to_owned())]);
    let (_, body) = gateway.answer(&batch(&["look", "look", "look"])).unwrap();
    assert!(body.contains(r#""code":-31429"#), "{body}");
}

#[test]
fn the_uris_of_a_subscription_are_summed_whichever_rules_name_the_counter() {
    let gateway = Gateway::new(POLICY);
    let listen = |uris: &str| {
        format!(
            r#"{{"jsonrpc":"2.0","id":1,"method":"subscriptions/listen","params":{{"notifications":{{"resourceSubscriptions":[{uris}]}}}}}}"#
        )
    };
    let (_, body) = gateway.answer(&listen(r#""note:a","note:b","note:c""#)).unwrap();
    assert!(body.contains("the policy denies the resource `note:c`: the request costs 3, and the limit is 2 calls a day; send a smaller amount"), "{body}");
    assert_eq!(left(&gateway, &listen(r#""note:a","note:b""#)), [("notes".to_owned(), "0".to_owned())]);
}

#[test]
fn the_rate_limit_service_is_asked_for_the_sum() {
    let gateway =
        Gateway::new(&POLICY.replace(r#""protocol""#, r#""limits":{"service":{"cluster":"rls"}},"protocol""#));
    let Disposition::Callout(Callout::Charge { message, .. }) =
        gateway.judge(&call("alice"), &batch(&["charge", "look", "look"])).answer
    else {
        panic!("nothing was asked")
    };
    // `hits_addend` of the request, field 3: 700 as a varint.
    assert!(message.ends_with(b"\x18\xbc\x05"), "{}", message.escape_ascii());
}

/// A gateway that allows one call a day for each value of a key.
fn keyed(key: &str) -> Gateway {
    let limits = format!(r#"{{"limits":[{{"counter":"c","window":"day","max":1,"scope":"grant","key":{key}}}]}}"#);
    Gateway::new(&format!(
        r#"{{"version":"1","default":"deny","tools":{{"t":{limits}}},"prompts":{{"*":{limits}}},"resources":{{"note:*":{limits}}}}}"#
    ))
}

fn passes(gateway: &Gateway, method: &str, params: &str) -> bool {
    let body = format!(r#"{{"jsonrpc":"2.0","id":1,"method":"{method}","params":{params}}}"#);
    let response = gateway.judge(&call("alice"), &body);
    assert!(
        ["", "/tools/t/limits/0", "/prompts/*/limits/0", "/resources/note:*/limits/0"]
            .contains(&&*response.record.rule)
    );
    matches!(response.answer, Disposition::Forward(_))
}

#[test]
fn a_limit_by_call_counts_calls_that_servers_read_alike() {
    let gateway = keyed(r#""call""#);
    for (method, params, expected) in [
        ("tools/call", r#"{"name":"t"}"#, true),
        ("tools/call", r#"{"name":"t","_meta":{"progressToken":1}}"#, false),
        ("tools/call", r#"{"name":"t","arguments":{"a":1}}"#, true),
        ("tools/call", r#"{"arguments":{"a":1.0},"name":"t"}"#, false),
        ("tools/call", r#"{"name":"t","arguments":{"a":2}}"#, true),
        ("prompts/get", r#"{"name":"t"}"#, true),
        ("prompts/get", r#"{"name":"u"}"#, true),
        ("prompts/get", r#"{"name":"t"}"#, false),
        ("resources/read", r#"{"uri":"note:a"}"#, true),
        ("resources/read", r#"{"uri":"note:b"}"#, true),
        ("resources/read", r#"{"uri":"note:a","more":1}"#, false),
        ("resources/subscribe", r#"{"uri":"note:a"}"#, true),
    ] {
        assert_eq!(passes(&gateway, method, params), expected, "{method} {params}");
    }
}

#[test]
fn a_limit_by_arguments_counts_each_of_their_values() {
    let gateway = keyed(r#"["args.a","args.b.c"]"#);
    for (arguments, expected) in [
        (r#"{"a":1}"#, true),
        (r#"{"a":1.0,"other":2}"#, false),
        (r#"{"a":2}"#, true),
        ("{}", true),
        (r#"{"a":null}"#, false),
        (r#"{"b":{"c":1}}"#, true),
        (r#"{"b":1}"#, true),
        (r#"{"b":"x"}"#, false),
        (r#"{"a":{"x":1,"y":2}}"#, true),
        (r#"{"a":{"y":2,"x":1}}"#, false),
    ] {
        let params = format!(r#"{{"name":"t","arguments":{arguments}}}"#);
        assert_eq!(passes(&gateway, "tools/call", &params), expected, "{arguments}");
    }
}

#[test]
fn parameters_of_more_than_64_kib_count_as_one_value() {
    let gateway = keyed(r#""call""#);
    let of_size = |first: char, bytes: usize| {
        let start = r#"{"name":"t","arguments":{"a":""#;
        let params = format!("{start}{first}{}\"}}}}", "x".repeat(bytes - start.len() - 4));
        assert_eq!(params.len(), bytes);
        passes(&gateway, "tools/call", &params)
    };
    assert_eq!(['a', 'b'].map(|first| of_size(first, 65_536)), [true, true]);
    assert_eq!(['a', 'b'].map(|first| of_size(first, 65_537)), [true, false]);
}

#[test]
fn a_limit_of_a_session_counts_each_session_of_a_caller_and_calls_without_one_together() {
    let gateway = Gateway::new(
        r#"{"version":"1","default":"deny","tools":{"t":{"limits":[{"counter":"c","window":"day","max":1,"scope":"session"}]}}}"#,
    );
    let plain = r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"t"}}"#;
    let stateless = r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"t","_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28"}}}"#;
    let in_session = |session| [("mcp-session-id", session)];
    let of_2026 = |session| {
        [
            ("mcp-protocol-version", "2026-07-28"),
            ("mcp-method", "tools/call"),
            ("mcp-name", "t"),
            ("mcp-session-id", session),
        ]
    };
    for (grant, headers, body, expected) in [
        ("alice", &in_session("s-1")[..], plain, ""),
        ("alice", &in_session("s-1"), plain, "/tools/t/limits/0"),
        ("alice", &in_session("s-2"), plain, ""),
        ("bob", &in_session("s-1"), plain, ""),
        ("alice", &[], plain, ""),
        ("alice", &[], plain, "/tools/t/limits/0"),
        ("bob", &of_2026("s-3"), stateless, ""),
        ("bob", &of_2026("s-4"), stateless, "/tools/t/limits/0"),
    ] {
        let pairs = [&[(":method", "POST"), ("content-type", "application/json")], headers].concat();
        let pairs = pairs.into_iter().map(|(name, value)| (name.to_owned(), value.as_bytes().to_vec()));
        let info = RequestInfo { headers: Headers::new(pairs.collect()), ..call(grant) };
        assert_eq!(gateway.judge(&info, body).record.rule, expected, "{grant} {headers:?}");
    }
}

#[test]
fn a_max_of_0_lets_no_call_through_whatever_it_costs() {
    let limit = r#"{"counter":"c","window":"minute","max":0,"scope":"grant","increment_from":"args.amount"}"#;
    let policy = format!(r#"{{"version":"1","default":"deny","tools":{{"pay":{{"limits":[{limit}]}}}}}}"#);
    let reason = "the policy allows no calls of the tool `pay`";
    let common = r#""rule":"/tools/pay/limits/0","policy":"default","tool":"pay""#;
    let pay = |amount: u8, options: &str| {
        let gateway = Gateway::new(&format!(r#"{{"policy":{policy}{options}}}"#));
        let params = format!(r#"{{"name":"pay","arguments":{{"amount":{amount}}}}}"#);
        gateway.answer(&format!(r#"{{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{params}}}"#))
    };
    let limit = r#"{"counter":"c","window":"minute","max":0,"scope":"grant","cost":0}"#;
    let data = format!(r#"{{"kind":"rate_limited",{common},"reason":"{reason}","requestId":"r-1","limit":{limit}}}"#);
    let message = format!(r#""message":"Policy violation: {reason}; do not retry""#);
    let free = format!(r#"{{"jsonrpc":"2.0","id":1,"error":{{"code":-31429,{message},"data":{data}}}}}"#);
    assert_eq!(pay(0, ""), Some((200, free.clone())));
    assert_eq!(pay(0, r#","limits":{"service":{"cluster":"rls"}}"#), Some((200, free)), "and no service is asked");
    let data = format!(r#"{{"kind":"denied",{common},"reason":"{reason}","requestId":"r-1"}}"#);
    let message = format!(r#""message":"Policy violation: {reason}""#);
    let dear = format!(r#"{{"jsonrpc":"2.0","id":1,"error":{{"code":-31403,{message},"data":{data}}}}}"#);
    assert_eq!(pay(1, ""), Some((200, dear)));
}

#[test]
fn a_retry_that_answers_a_servers_question_is_charged_like_any_call() {
    let gateway = Gateway::new(r#"{"version":"1","default":"deny","tools":{"t":{"rate_limit":"2/day"}}}"#);
    let retry = r#"{"name":"t","inputResponses":{"q":{"action":"accept"}},"requestState":"s"}"#;
    let rules = [r#"{"name":"t"}"#, retry, retry].map(|params| {
        let body = format!(r#"{{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{params}}}"#);
        gateway.judge(&call("alice"), &body).record.rule.to_string()
    });
    assert_eq!(rules, ["", "", "/tools/t/rate_limit"]);
}
