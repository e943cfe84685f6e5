//! Headers that repeat the body, and headers that lie.

#[cfg(target_family = "wasm")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::{check_headers, check_routing_headers};
use crate::{
    http::Headers,
    mcp::{Code, Message},
};

const VERSION: (&str, &str) = ("mcp-protocol-version", "2026-07-28");

/// The reason of the refusal; `None` where head and body agree.
fn refusal(headers: &[(&str, &str)], body: &str) -> Option<String> {
    let pairs = headers.iter().map(|(name, value)| ((*name).to_owned(), value.as_bytes().to_vec()));
    let message = Message::read(body.as_bytes(), 64).unwrap();
    check_headers(&Headers::new(pairs.collect()), &message).err().map(|refusal| {
        let is_meta = refusal.message.starts_with("`params._meta`");
        let code = if is_meta { Code::InvalidParams } else { Code::HeaderMismatch };
        assert_eq!((refusal.status, refusal.code), (400, code));
        refusal.message
    })
}

fn call(name: &str, version: Option<&str>) -> String {
    let meta = version.map(|version| format!(r#","_meta":{{"io.modelcontextprotocol/protocolVersion":"{version}"}}"#));
    let meta = meta.unwrap_or_default();
    format!(r#"{{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{{"name":"{name}"{meta}}}}}"#)
}

/// The reason for which a request of a session revision is refused, by headers that it need not have.
fn routing_refusal(headers: &[(&str, &str)], body: &str) -> Option<String> {
    let pairs = headers.iter().map(|(name, value)| ((*name).to_owned(), value.as_bytes().to_vec()));
    let message = Message::read(body.as_bytes(), 64).unwrap();
    let refused = check_routing_headers(&Headers::new(pairs.collect()), &[message]).err()?;
    assert_eq!((refused.status, refused.code), (400, Code::HeaderMismatch));
    Some(refused.message)
}

#[test]
fn a_session_revision_needs_no_mirrored_header_but_refuses_one_that_lies() {
    let body = call("evil", None);
    for version in [&[][..], &[("mcp-protocol-version", "2025-11-25")], &[("mcp-protocol-version", "1900-01-01")]] {
        assert_eq!(refusal(version, &body), None);
        assert_eq!(routing_refusal(version, &body), None);
    }
    for header in [("mcp-method", "tools/call"), ("mcp-name", "evil"), ("mcp-name", "=?base64?ZXZpbA==?=")] {
        assert_eq!(routing_refusal(&[header], &body), None, "{header:?}");
    }
    let method = "the header `mcp-method` differs from `method`; send the same value in both";
    assert_eq!(routing_refusal(&[("mcp-method", "tools/list"), ("mcp-name", "ok")], &body).as_deref(), Some(method));
    let name = "the header `mcp-name` differs from `params.name`; send the same value in both";
    for value in ["ok", "Evil", "", "=?base64?ZXZpbA=?="] {
        assert_eq!(routing_refusal(&[("mcp-name", value)], &body).as_deref(), Some(name), "{value}");
    }
    let request =
        |method: &str, params: &str| format!(r#"{{"jsonrpc":"2.0","id":1,"method":"{method}","params":{params}}}"#);
    for (body, place) in [
        (request("resources/subscribe", r#"{"uri":"a:b"}"#), "params.uri"),
        (request("tasks/result", r#"{"taskId":"1"}"#), "params.taskId"),
        (request("completion/complete", r#"{"ref":{"name":"p"}}"#), "params.ref.name"),
    ] {
        let why = format!("the header `mcp-name` differs from `{place}`; send the same value in both");
        assert_eq!(routing_refusal(&[("mcp-name", "other")], &body), Some(why));
    }
    assert_eq!(
        routing_refusal(&[("mcp-name", "anything")], &request("tools/list", "{}")),
        None,
        "the body has no name"
    );
    for body in [r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#, r#"{"jsonrpc":"2.0","id":1,"result":{}}"#]
    {
        assert_eq!(routing_refusal(&[("mcp-method", "tools/list")], body).as_deref(), Some(method));
        assert_eq!(routing_refusal(&[], body), None);
    }
}

#[test]
fn the_2026_era_says_everything_twice() {
    let modern = call("ok", Some("2026-07-28"));
    let full = [VERSION, ("mcp-method", "tools/call"), ("mcp-name", "ok")];
    assert_eq!(refusal(&full, &modern), None);
    let without = |index: usize| {
        let headers: Vec<_> = full.iter().enumerate().filter(|(at, _)| *at != index).map(|(_, pair)| *pair).collect();
        refusal(&headers, &modern).unwrap()
    };
    assert_eq!(without(0), "the header `MCP-Protocol-Version` is missing; send the version of `params._meta`");
    assert_eq!(without(1), "the header `mcp-method` is missing; send the value of `method`");
    assert_eq!(without(2), "the header `mcp-name` is missing; send the value of `params.name`");
    let claimless = refusal(&full, &call("ok", None)).unwrap();
    assert_eq!(claimless, "`params._meta` has no protocol version; send that of the header `MCP-Protocol-Version`");
    let other = refusal(&full, &call("ok", Some("2026-07-29"))).unwrap();
    assert_eq!(
        other,
        "the header `MCP-Protocol-Version` and `params._meta` have different versions; send the same in both"
    );
    let lie = [VERSION, ("mcp-method", "tools/list"), ("mcp-name", "ok")];
    assert_eq!(
        refusal(&lie, &modern).unwrap(),
        "the header `mcp-method` differs from `method`; send the same value in both"
    );
}

#[test]
fn an_unknown_version_is_taken_for_the_newest() {
    for version in ["2027-01-01", "DRAFT-2026-v1", "", "20250618", "2025-06-18x", "2025-6-18"] {
        assert!(refusal(&[("mcp-protocol-version", version)], &call("ok", None)).is_some(), "{version}");
    }
    let old = call("ok", Some("2025-06-18"));
    assert_eq!(refusal(&[("mcp-protocol-version", "2025-06-18")], &old), None);
}

#[test]
fn a_name_may_be_coded_but_in_one_way_only() {
    let with = |name: &str, header: &str| {
        refusal(&[VERSION, ("mcp-method", "tools/call"), ("mcp-name", header)], &call(name, Some("2026-07-28")))
    };
    assert_eq!(with("ok", "=?base64?b2s=?="), None);
    assert_eq!(with("ok", "  ok "), None);
    assert_eq!(with("é", "=?base64?w6k=?="), None);
    for (name, header) in [
        ("ok", "=?base64?ZXZpbA==?="),
        ("ok", "=?base64?b2s?="),
        ("ok", "=?base64?b2t=?="),
        ("ok", "=?BASE64?b2s=?="),
        ("ok", "=?base64?b2s=\t?="),
        ("ok", "OK"),
        ("é", "é"),
    ] {
        let why = "the header `mcp-name` differs from `params.name`; send the same value in both";
        assert_eq!(with(name, header).as_deref(), Some(why), "{name} {header}");
    }
}

#[test]
fn each_method_mirrors_its_own_name() {
    let meta = r#""_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28"}"#;
    let with = |method: &str, params: &str, name: &str| {
        let body = format!(r#"{{"jsonrpc":"2.0","id":1,"method":"{method}","params":{{{params}{meta}}}}}"#);
        refusal(&[VERSION, ("mcp-method", method), ("mcp-name", name)], &body)
    };
    assert_eq!(with("resources/read", r#""uri":"a:b","#, "a:b"), None);
    assert!(with("resources/read", r#""uri":"a:b","#, "a:c").is_some());
    assert!(with("prompts/get", r#""name":"p","#, "q").is_some());
    assert!(with("tasks/cancel", r#""taskId":"yours","#, "mine").is_some());
    assert_eq!(with("tools/list", "", "anything"), None);
    let reference = r#""ref":{"type":"ref/prompt","name":"p"},"#;
    assert_eq!(with("completion/complete", reference, "p"), None);
    let why = "the header `mcp-name` differs from `params.ref.name`; send the same value in both";
    assert_eq!(with("completion/complete", reference, "q").as_deref(), Some(why));
    let body = format!(r#"{{"jsonrpc":"2.0","id":1,"method":"completion/complete","params":{{{reference}{meta}}}}}"#);
    assert_eq!(refusal(&[VERSION, ("mcp-method", "completion/complete")], &body), None, "it need not have the header");
}

#[test]
fn the_2026_era_has_no_answers_and_its_notifications_name_their_method() {
    let answer = Message::read(br#"{"jsonrpc":"2.0","id":1,"result":{}}"#, 64).unwrap();
    let headers = Headers::new(vec![("mcp-protocol-version".to_owned(), b"2026-07-28".to_vec())]);
    assert_eq!(check_headers(&headers, &answer).unwrap_err().code, Code::Invalid);
    let notification = r#"{"jsonrpc":"2.0","method":"notifications/cancelled"}"#;
    assert!(refusal(&[VERSION], notification).is_some());
    assert_eq!(refusal(&[VERSION, ("mcp-method", "notifications/cancelled")], notification), None);
}
