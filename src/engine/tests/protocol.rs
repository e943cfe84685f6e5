//! `protocol.origins` and `protocol.revisions`; product contract, section 1.5.

#[cfg(target_family = "wasm")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::{BoundRequest, Disposition, Gateway, HeadersVerdict, RequestInfo, call, check_headers};
use crate::http::Headers;

fn info(method: &str, extra: &[(&str, &str)]) -> RequestInfo {
    let pairs = [&[(":method", method), ("content-type", "application/json")], extra].concat();
    let pairs = pairs.into_iter().map(|(name, value)| (name.to_owned(), value.as_bytes().to_vec()));
    RequestInfo { headers: Headers::new(pairs.collect()), ..call("alice") }
}

fn gateway(protocol: &str) -> Gateway {
    Gateway::new(&format!(r#"{{"policy":{{"version":"1","default":"allow"}},"protocol":{{{protocol}}}}}"#))
}

/// Status and body of the reply to the head of a request; `None` if it passes or the body decides.
fn head(gateway: &Gateway, info: RequestInfo, has_body: bool) -> Option<(u16, String)> {
    match check_headers(&gateway.config, &BoundRequest::new(&gateway.config, info), has_body) {
        HeadersVerdict::Reply(response) => match response.answer {
            Disposition::Reply(reply) => Some((reply.status, reply.body)),
            other => panic!("{other:?}"),
        },
        _ => None,
    }
}

/// The same of a whole request.
fn whole(gateway: &Gateway, info: RequestInfo, body: &str) -> Option<(u16, String)> {
    match gateway.judge(&info, body).answer {
        Disposition::Reply(reply) => Some((reply.status, reply.body)),
        Disposition::Forward(_) => None,
        Disposition::Callout(callout) => panic!("{callout:?}"),
    }
}

#[test]
fn a_page_of_another_origin_is_refused_on_every_method_and_on_bypassed_routes() {
    let policies = r#""policies":{"a":{"version":"1","default":"allow"}}"#;
    let bindings = r#""bindings":[{"route":"oauth","bypass":true},{"policy":"a"}]"#;
    let gateway =
        Gateway::new(&format!(r#"{{{policies},{bindings},"protocol":{{"origins":["https://app.example"]}}}}"#));
    let why = "the gateway does not accept requests from pages of this origin; ask its operator to list the origin in \
               `protocol.origins`";
    let data = format!(r#"{{"kind":"refused","reason":"{why}","requestId":"r-1"}}"#);
    let error = format!(r#"{{"code":-32600,"message":"Request refused: {why}","data":{data}}}"#);
    let refused = Some((403, format!(r#"{{"jsonrpc":"2.0","id":null,"error":{error}}}"#)));
    for method in ["POST", "GET", "HEAD", "OPTIONS", "DELETE", "PUT"] {
        for route in [None, Some("oauth".to_owned())] {
            let from = |origins: &[(&str, &str)]| RequestInfo { route: route.clone(), ..info(method, origins) };
            let has_body = method == "POST";
            assert_eq!(head(&gateway, from(&[("origin", "https://evil.example")]), has_body), refused, "{method}");
            assert_eq!(head(&gateway, from(&[("origin", "null")]), has_body), refused, "{method}");
            let twice = [("origin", "https://app.example"), ("origin", "https://app.example")];
            assert_eq!(head(&gateway, from(&twice), has_body), refused, "{method}");
            if method != "PUT" {
                assert_eq!(head(&gateway, from(&[("origin", "https://App.example")]), has_body), None, "{method}");
                assert_eq!(head(&gateway, from(&[]), has_body), None, "{method}");
            }
        }
    }
}

#[test]
fn only_listed_revisions_are_accepted() {
    let gateway = gateway(r#""revisions":["2025-11-25","2026-07-28"]"#);
    let list = "use one of 2025-11-25, 2026-07-28";
    let refused = |status: u16, code: i32, id: &str, revision: &str| {
        let why = format!("the gateway does not accept the protocol revision `{revision}`; {list}");
        let data = format!(
            r#"{{"kind":"refused","reason":"{why}","requestId":"r-1","supported":["2025-11-25","2026-07-28"]}}"#
        );
        let error = format!(r#"{{"code":{code},"message":"Request refused: {why}","data":{data}}}"#);
        Some((status, format!(r#"{{"jsonrpc":"2.0","id":{id},"error":{error}}}"#)))
    };
    let version = |version: &'static str| info("POST", &[("mcp-protocol-version", version)]);
    let ping = r#"{"jsonrpc":"2.0","id":7,"method":"ping"}"#;
    assert_eq!(whole(&gateway, version("2025-11-25"), ping), None);
    assert_eq!(whole(&gateway, version("2025-06-18"), ping), refused(200, -32600, "7", "2025-06-18"));
    // Without the header it is a message of 2025-03-26.
    assert_eq!(whole(&gateway, info("POST", &[]), ping), refused(200, -32600, "7", "2025-03-26"));
    let initialized = r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#;
    assert_eq!(whole(&gateway, info("POST", &[]), initialized), refused(400, -32600, "null", "2025-03-26"));

    let initialize = |asks: &str| format!(r#"{{"jsonrpc":"2.0","id":7,"method":"initialize","params":{{{asks}}}}}"#);
    let asks = |revision: &str| initialize(&format!(r#""protocolVersion":"{revision}""#));
    assert_eq!(whole(&gateway, info("POST", &[]), &asks("2025-11-25")), None);
    assert_eq!(whole(&gateway, info("POST", &[]), &asks("2024-11-05")), refused(200, -32600, "7", "2024-11-05"));
    assert_eq!(whole(&gateway, info("POST", &[]), &initialize("")), refused(200, -32600, "7", "(unreadable)"));
    assert_eq!(whole(&gateway, version("2025-06-18"), &asks("2025-11-25")), refused(200, -32600, "7", "2025-06-18"));

    let later = |revision: &'static str| {
        let body = format!(
            r#"{{"jsonrpc":"2.0","id":7,"method":"tools/list","params":{{"_meta":{{"io.modelcontextprotocol/protocolVersion":"{revision}"}}}}}}"#
        );
        whole(&gateway, info("POST", &[("mcp-protocol-version", revision), ("mcp-method", "tools/list")]), &body)
    };
    assert_eq!(later("2026-07-28"), None);
    assert_eq!(later("2027-01-01"), refused(400, -32022, "7", "2027-01-01"));

    assert_eq!(
        head(&gateway, info("GET", &[("mcp-protocol-version", "2025-03-26")]), false).map(|(status, _)| status),
        Some(400)
    );
    assert_eq!(head(&gateway, info("DELETE", &[("mcp-protocol-version", "2025-11-25")]), false), None);
    assert_eq!(head(&gateway, info("GET", &[]), false), None);
}

#[test]
fn a_message_without_the_header_is_accepted_where_the_revision_that_lacks_it_is_listed() {
    let gateway = gateway(r#""revisions":["2024-11-05","2026-07-28"],"legacy_sse":"allow""#);
    let body = |method: &str, more: &str| format!(r#"{{"jsonrpc":"2.0","method":"{method}"{more}}}"#);
    let asks = |revision: &str| {
        let params = format!(r#","id":7,"params":{{"protocolVersion":"{revision}"}}"#);
        whole(&gateway, info("POST", &[]), &body("initialize", &params))
    };
    assert_eq!(asks("2024-11-05"), None);
    assert_eq!(whole(&gateway, info("POST", &[]), &body("notifications/initialized", "")), None);
    assert_eq!(whole(&gateway, info("POST", &[]), &body("ping", r#","id":7"#)), None);
    let why = "the gateway does not accept the protocol revision `2025-03-26`; use one of 2024-11-05, 2026-07-28";
    let data =
        format!(r#"{{"kind":"refused","reason":"{why}","requestId":"r-1","supported":["2024-11-05","2026-07-28"]}}"#);
    let error = format!(r#"{{"code":-32600,"message":"Request refused: {why}","data":{data}}}"#);
    let refused = Some((200, format!(r#"{{"jsonrpc":"2.0","id":7,"error":{error}}}"#)));
    assert_eq!(asks("2025-03-26"), refused);
    let version = info("POST", &[("mcp-protocol-version", "2025-03-26")]);
    assert_eq!(whole(&gateway, version, &body("ping", r#","id":7"#)), refused);
}

#[test]
fn without_the_options_every_origin_and_revision_is_accepted() {
    let gateway = gateway("");
    let info = info("POST", &[("origin", "https://evil.example"), ("mcp-protocol-version", "2025-01-01")]);
    assert_eq!(head(&gateway, info.clone(), true), None);
    assert_eq!(whole(&gateway, info, r#"{"jsonrpc":"2.0","id":7,"method":"ping"}"#), None);
}
