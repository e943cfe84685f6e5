//! To whom a refusal is addressed, and with which status and code.

#[cfg(target_family = "wasm")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::complete_refusal;
use crate::{
    http::Headers,
    mcp::{Body, Refusal},
};

/// Status, code and id of the refusal of a body; `version` is the header's.
#[track_caller]
fn refused(version: Option<&str>, body: &str) -> (u16, i32, Option<String>) {
    let pairs = version.map(|version| ("mcp-protocol-version".to_owned(), version.as_bytes().to_vec()));
    let headers = Headers::new(pairs.into_iter().collect());
    let read = Body::read(body.as_bytes(), 64, true).and_then(|body| body.lifecycle(&headers).map(drop));
    let Refusal { status, code, id, .. } = complete_refusal(read.expect_err(body), &headers, body.as_bytes());
    (status, code.number(), id)
}

fn call(params: &str) -> String {
    format!(r#"{{"jsonrpc":"2.0","id":"a\u0062","method":"tools/call","params":{{{params}}}}}"#)
}

/// What is refused although it is beyond doubt which request it is.
fn answerable() -> Vec<(String, i32)> {
    let deep = format!(r#""name":"x","arguments":{}{}"#, r#"{"a":["#.repeat(40), "]}".repeat(40));
    let deeper = format!(r#""name":"x","arguments":{{"a":{}{}}}"#, "[".repeat(200_000), "]".repeat(200_000));
    [
        (deep.as_str(), -32600),
        (deeper.as_str(), -32600),
        (r#""name":"""#, -32600),
        (r#""name":"a\u0007""#, -32600),
        (r#""name":"x","name":"y""#, -32600),
        (r#""name":"x","Name":"y""#, -32600),
        (r#""name":"x","arguments":{"a":1,"\u0061":2}"#, -32600),
        (r#""name":"x","arguments":[]"#, -32600),
        (r#""name":"x","arguments":{"text":"cut \ud83d"}"#, -32700),
        (r#""name":"x\udc00""#, -32700),
    ]
    .map(|(params, code)| (call(params), code))
    .into()
}

#[test]
fn a_session_revision_answers_the_call_with_its_id_and_status_200() {
    for version in [None, Some("2025-03-26"), Some("2025-06-18"), Some("2025-11-25"), Some("1999-01-01")] {
        for (body, _) in answerable() {
            assert_eq!(
                refused(version, &body),
                (200, -32600, Some(r#""a\u0062""#.to_owned())),
                "{version:?} {body:.200}"
            );
        }
    }
    for body in [
        r#"{"jsonrpc":"2.0","id":7,"method":7}"#,
        r#"{"jsonrpc":"2.0","id":7,"method":"ping","result":{}}"#,
        r#"{"jsonrpc":"2.0","id":7,"method":"ping","params":null}"#,
        r#"{"jsonrpc":"2.0","id":7,"method":"ping","x":1,"X":2}"#,
        r#"{"jsonrpc":"2.0","id":7,"method":"ping","params":{"_meta":[]}}"#,
        r#"{"jsonrpc":"2.0","id":7,"method":"notifications/initialized"}"#,
    ] {
        assert_eq!(refused(None, body), (200, -32600, Some("7".to_owned())), "{body}");
    }
}

#[test]
fn a_message_without_an_id_beyond_doubt_keeps_its_status() {
    for (body, code) in [
        // Not JSON, or not all of it.
        (r#"{"jsonrpc":"2.0","id":7,"method":"ping"} x"#, -32700),
        (r#"{"jsonrpc":"2.0","id":7,"method":"ping""#, -32700),
        (r#"{"jsonrpc":"2.0","id":7,"method":"ping","params":{"a":1e999}}"#, -32700),
        (r#"{"jsonrpc":"2.0","id":7,"method":"ping","params":{"a":"\ud800","b":01}}"#, -32700),
        // Not one object.
        ("[]", -32600),
        (r#"[{"jsonrpc":"2.0","id":7,"method":"ping","method":"ping"}]"#, -32600),
        // No id, or one that servers read differently.
        (r#"{"jsonrpc":"2.0","method":"ping"}"#, -32600),
        (r#"{"jsonrpc":"2.0","method":"notifications/initialized","params":[]}"#, -32600),
        (r#"{"jsonrpc":"2.0","method":"notifications/initialized","params":{"_meta":[]}}"#, -32600),
        (r#"{"jsonrpc":"2.0","id":null,"method":"ping"}"#, -32600),
        (r#"{"jsonrpc":"2.0","id":1.0,"method":"ping"}"#, -32600),
        (r#"{"jsonrpc":"2.0","id":"\ud800","method":"ping"}"#, -32700),
        (r#"{"jsonrpc":"2.0","id":1,"id":2,"method":"ping"}"#, -32600),
        (r#"{"jsonrpc":"2.0","id":1,"ID":2,"method":"ping"}"#, -32600),
        (r#"{"jsonrpc":"2.0","id":1,"i\u0064\u0000":2,"method":"ping"}"#, -32600),
    ] {
        assert_eq!(refused(None, body), (400, code, None), "{body}");
    }
    // An id, but not one message.
    for body in [
        r#"{"jsonrpc":"1.0","id":1,"method":"ping"}"#,
        r#"{"jsonrpc":"2.0","jsonrpc":"2.0","id":1,"method":"ping"}"#,
        r#"{"jsonrpc":"2.0","id":1,"method":"ping","method":"ping"}"#,
        r#"{"jsonrpc":"2.0","id":1,"method":"ping","Method":"tools/call"}"#,
        r#"{"jsonrpc":"2.0","id":1,"result":{},"params":7}"#,
        r#"{"jsonrpc":"2.0","id":1}"#,
    ] {
        assert_eq!(refused(None, body), (400, -32600, Some("1".to_owned())), "{body}");
    }
}

#[test]
fn the_stateless_revision_keeps_its_status_if_head_or_body_declares_it() {
    let declared = r#","_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28"}"#;
    for (body, code) in answerable() {
        assert_eq!(refused(Some("2026-07-28"), &body), (400, code, Some(r#""a\u0062""#.to_owned())), "{body:.200}");
        let body = format!("{}{declared}}}}}", body.strip_suffix("}}").unwrap());
        assert_eq!(refused(None, &body), (400, code, Some(r#""a\u0062""#.to_owned())), "{body:.200}");
    }
}

#[test]
fn the_stateless_revision_has_codes_for_its_own_faults() {
    let body = |method: &str, params: &str| format!(r#"{{"jsonrpc":"2.0","id":7,"method":"{method}"{params}}}"#);
    let version = Some("2026-07-28");
    for params in [
        "",
        r#","params":{}"#,
        r#","params":{"_meta":{}}"#,
        r#","params":{"_meta":7}"#,
        r#","params":{"_meta":{"io.modelcontextprotocol/protocolVersion":7}}"#,
    ] {
        assert_eq!(refused(version, &body("tools/list", params)), (400, -32602, Some("7".to_owned())), "{params}");
    }
    let other = r#","params":{"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-29"}}"#;
    assert_eq!(refused(version, &body("tools/list", other)), (400, -32020, Some("7".to_owned())));
    // Before anything else is looked at.
    for method in [
        "initialize",
        "ping",
        "resources/subscribe",
        "resources/unsubscribe",
        "logging/setLevel",
        "tasks/result",
        "tasks/list",
    ] {
        for params in ["", r#","params":{"_meta":{}}"#, r#","params":{"name":"x","name":"y"}"#, other] {
            assert_eq!(
                refused(version, &body(method, params)),
                (404, -32601, Some("7".to_owned())),
                "{method}{params}"
            );
        }
    }
}
