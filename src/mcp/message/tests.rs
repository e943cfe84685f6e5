//! Bodies that are messages, and bodies that only look like some.

#[cfg(target_family = "wasm")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::{Message, Refusal, Request, Target};
use crate::mcp::Code;

fn read(body: &str) -> Result<Message<'_>, Refusal> {
    Message::read(body.as_bytes(), 64)
}

#[track_caller]
fn request(body: &str) -> Request<'_> {
    match read(body) {
        Ok(Message::Request(request)) => request,
        other => panic!("{other:?}"),
    }
}

#[track_caller]
fn assert_invalid(cases: &[(&str, &str)]) {
    for (body, why) in cases {
        let refusal = read(body).expect_err(body);
        assert_eq!((refusal.status, refusal.code, refusal.message.as_str()), (400, Code::Invalid, *why), "{body}");
    }
}

#[test]
fn a_call_is_read_in_any_order_and_spelling() {
    let body = r#" { "params" : { "arguments" : {"name":"x"}, "_meta":{"progressToken":1}, "na\u006de" : "o\u006b" },
        "extra": [1,{"id":2}], "method":"tools\/call", "id":-0, "jsonrpc":"2.0"} "#;
    let request = request(body);
    assert_eq!(request.id.token(), "-0");
    assert_eq!(request.method, "tools/call");
    assert_eq!(request.target, Target::Tool("ok".into()));
    assert_eq!(request.arguments, Some(&br#"{"name":"x"}"#[..]));
    assert_eq!(request.version, None);
}

#[test]
fn each_method_is_about_what_it_names() {
    let target = |method: &str, params: &str| {
        let body = format!(r#"{{"jsonrpc":"2.0","id":1,"method":"{method}","params":{params}}}"#);
        match read(&body) {
            Ok(Message::Request(request)) => format!("{:?}", request.target),
            other => format!("{other:?}"),
        }
    };
    assert_eq!(target("prompts/get", r#"{"name":"p","uri":"u"}"#), r#"Prompt("p")"#);
    assert_eq!(target("resources/read", r#"{"name":"p","uri":"u"}"#), r#"Resource("u")"#);
    assert_eq!(target("resources/unsubscribe", r#"{"uri":"u"}"#), r#"Resource("u")"#);
    assert_eq!(target("tasks/cancel", r#"{"taskId":"t"}"#), r#"Task("t")"#);
    assert_eq!(target("tools/list", r#"{"name":5}"#), "Nothing");
    assert_eq!(target("vendor/x", r#"{"name":"n"}"#), "Nothing");
    assert_eq!(target("completion/complete", r#"{"ref":{"type":"ref/prompt","name":"p"}}"#), r#"Prompt("p")"#);
    assert_eq!(target("completion/complete", r#"{"ref":{"type":"ref/resource","uri":"u"}}"#), r#"Resource("u")"#);
    let listen = r#"{"notifications":{"toolsListChanged":true,"resourceSubscriptions":["a","b"],"taskIds":["t"]}}"#;
    let subscriptions = r#"Subscriptions { resources: ["a", "b"], tasks: ["t"] }"#;
    assert_eq!(target("subscriptions/listen", listen), subscriptions);
}

#[test]
fn the_id_is_a_string_or_a_safe_integer() {
    let long = format!("\"{}\"", "x".repeat(256));
    for id in ["0", "-7", "9007199254740991", "-9007199254740991", r#""""#, r#""p-1""#, &long] {
        let body = format!(r#"{{"jsonrpc":"2.0","id":{id},"method":"ping"}}"#);
        assert_eq!(request(&body).id.token(), id);
    }
    let longer = format!("\"{}\"", "x".repeat(257));
    for id in ["null", "true", "1.0", "1e0", "9007199254740992", "-9007199254740992", "[1]", "{}", &longer] {
        let body = format!(r#"{{"jsonrpc":"2.0","id":{id},"method":"ping"}}"#);
        assert!(read(&body).unwrap_err().message.starts_with("`id` is not valid"), "{id}");
    }
}

#[test]
fn what_is_no_message_is_refused_with_the_reason() {
    let id = "`id` is not valid; send a string of at most 256 bytes, or an integer within 2^53-1 in plain digits";
    assert_invalid(&[
        ("[]", "the body is not a JSON object; send one message per request, not a batch"),
        ("\"{}\"", "the body is not a JSON object; send one message per request, not a batch"),
        (r#"{"id":1,"method":"ping"}"#, "`jsonrpc` is not \"2.0\"; send \"2.0\""),
        (r#"{"jsonrpc":"1.0","id":1,"method":"ping"}"#, "`jsonrpc` is not \"2.0\"; send \"2.0\""),
        (r#"{"jsonrpc":2.0,"id":1,"method":"ping"}"#, "`jsonrpc` is not \"2.0\"; send \"2.0\""),
        (r#"{"jsonrpc":"2.0","id":1}"#, "the message has no `method`; send one"),
        (r#"{"jsonrpc":"2.0","id":1,"method":7}"#, "`method` is not a string; send the name of a method"),
        (r#"{"jsonrpc":"2.0","id":1,"method":"ping\u0000x"}"#, "`method` has a control character; remove it"),
        (r#"{"jsonrpc":"2.0","method":"\tnotifications/x"}"#, "`method` has a control character; remove it"),
        (r#"{"jsonrpc":"2.0","id":null,"method":"ping"}"#, id),
        (
            r#"{"jsonrpc":"2.0","id":1,"method":"ping","params":[1]}"#,
            "`params` is not an object; send an object or leave it out",
        ),
        (
            r#"{"jsonrpc":"2.0","id":1,"method":"ping","params":null}"#,
            "`params` is not an object; send an object or leave it out",
        ),
        (
            r#"{"jsonrpc":"2.0","id":1,"method":"ping","result":{}}"#,
            "the message has a `method` and also a `result` or `error`; send one of them",
        ),
        (
            r#"{"jsonrpc":"2.0","id":1,"result":{},"error":{"code":1,"message":"x"}}"#,
            "the response has both a `result` and an `error`; send one of them",
        ),
        (r#"{"jsonrpc":"2.0","result":{}}"#, "the response has no `id`; send the id of the request that it answers"),
        (r#"{"jsonrpc":"2.0","method":"tools/call","params":{"name":"x"}}"#, "the request has no `id`; send one"),
        (r#"{"jsonrpc":"2.0","id":1,"method":"notifications/initialized"}"#, "the notification has an `id`; remove it"),
    ]);
}

#[test]
fn uris_are_bounded_in_length_and_number() {
    let uri = |length: usize| format!(r#""{}""#, "x".repeat(length));
    let listen = |count: usize, length: usize| {
        let uris = vec![uri(length); count].join(",");
        format!(r#"{{"notifications":{{"resourceSubscriptions":[{uris}]}}}}"#)
    };
    let list = "params.notifications.resourceSubscriptions";
    for (method, fits, params, why) in [
        (
            "resources/read",
            format!(r#"{{"uri":{}}}"#, uri(8192)),
            format!(r#"{{"uri":{}}}"#, uri(8193)),
            "`params.uri` is longer than 8192 bytes; send a shorter one".to_owned(),
        ),
        (
            "completion/complete",
            format!(r#"{{"ref":{{"uri":{}}}}}"#, uri(8192)),
            format!(r#"{{"ref":{{"uri":{}}}}}"#, uri(8193)),
            "`params.ref.uri` is longer than 8192 bytes; send a shorter one".to_owned(),
        ),
        (
            "subscriptions/listen",
            listen(1, 8192),
            listen(1, 8193),
            format!("a URI of `{list}` is longer than 8192 bytes; send a shorter one"),
        ),
        (
            "subscriptions/listen",
            listen(1000, 1),
            listen(1001, 1),
            format!("`{list}` has more than 1000 URIs; send several requests"),
        ),
    ] {
        let body = |params: &str| format!(r#"{{"jsonrpc":"2.0","id":1,"method":"{method}","params":{params}}}"#);
        request(&body(&fits));
        assert_invalid(&[(&body(&params), &why)]);
    }
}

#[test]
fn what_a_method_needs_must_be_there_and_of_its_type() {
    let long = format!(r#"{{"name":"{}"}}"#, "x".repeat(257));
    for (params, why) in [
        ("{}", "`params.name` is missing; the method needs it"),
        (r#"{"name":1}"#, "`params.name` is not a string; send a string"),
        (r#"{"name":["x"]}"#, "`params.name` is not a string; send a string"),
        (r#"{"name":""}"#, "`params.name` is empty; send a non-empty string"),
        (r#"{"name":"a\u0000"}"#, "`params.name` has a control character; remove it"),
        (r#"{"name":"a\u0085"}"#, "`params.name` has a control character; remove it"),
        (long.as_str(), "`params.name` is longer than 256 bytes; send the exact name"),
        (r#"{"name":"a","arguments":[]}"#, "`params.arguments` is not an object; send an object or leave it out"),
        (r#"{"name":"a","arguments":"{}"}"#, "`params.arguments` is not an object; send an object or leave it out"),
    ] {
        let body = format!(r#"{{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{params}}}"#);
        assert_invalid(&[(&body, why)]);
    }
    let null = r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"a","arguments":null}}"#;
    assert_eq!(request(null).arguments, None);
}

#[test]
fn a_duplicate_name_is_refused_at_any_depth() {
    for params in [
        r#"{"name":"ok","name":"evil"}"#,
        r#"{"name":"ok","na\u006de":"evil"}"#,
        r#"{"name":"ok","Name":"evil"}"#,
        r#"{"name":"ok","name\u0000":"evil"}"#,
        r#"{"name":"ok","tas\u212aId":"x"}"#,
        r#"{"name":"ok","arguments":{"o":[{"p":1,"p":2}]}}"#,
        r#"{"name":"ok","_meta":{"a":1,"A":2}}"#,
        r#"{"name":"ok","unknown":{"a":1,"a":2}}"#,
    ] {
        let body = format!(r#"{{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{params}}}"#);
        let refusal = read(&body).expect_err(&body);
        assert_eq!(refusal.code, Code::Invalid, "{body}");
    }
    let folded_argument =
        r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"a","arguments":{"x":1,"X":2}}}"#;
    assert!(read(folded_argument).is_ok(), "arguments are the tool's own; a rule that reads them looks closer");
}

#[test]
fn notifications_and_answers_are_messages() {
    let initialized = Message::Notification { method: "notifications/initialized".into(), version: None };
    assert_eq!(read(r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#), Ok(initialized));
    assert_eq!(read(r#"{"jsonrpc":"2.0","id":5,"result":{"action":"accept"}}"#), Ok(Message::Response));
    assert_eq!(read(r#"{"jsonrpc":"2.0","id":"5","error":{"code":1,"message":"x"}}"#), Ok(Message::Response));
}
