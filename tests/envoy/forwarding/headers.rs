//! What the headers say about a message, and messages without a response.

use super::{MODES, assert_forwarded, assert_kept_back, listener, send_over};
use crate::{
    answer::{assert_error, assert_unreadable, not_a_refusal},
    client::{Request, call, message},
    gateway::Gateway,
    runtime::run,
};
use serde_json::json;

/// An allowed call that says `headers` instead of the usual content type.
fn call_with(headers: &[(&str, &str)]) -> Request {
    let whole = Request { headers: Vec::new(), ..call("ok", &json!({}), "1", &[]) };
    headers.iter().fold(whole, |request, (name, value)| request.header(name, value))
}

#[test]
fn a_body_that_might_be_read_differently_is_refused_by_its_headers() {
    let json = ("content-type", "application/json");
    let refused: [(&[(&str, &str)], u16); 13] = [
        (&[], 415),
        (&[("content-type", "")], 415),
        (&[("content-type", "text/plain")], 415),
        (&[("content-type", "application/jsonx")], 415),
        (&[("content-type", "application/json; charset=utf-16")], 415),
        (&[("content-type", "application/json, text/plain")], 415),
        (&[json, ("content-encoding", "gzip")], 415),
        (&[json, ("content-encoding", "identity, br")], 415),
        (&[json, ("mcp-session-id", "a"), ("mcp-session-id", "a")], 400),
        (&[json, ("mcp-method", "tools/call"), ("mcp-method", "ping")], 400),
        (&[json, ("mcp-name", "ok"), ("mcp-name", "evil")], 400),
        (&[json, ("mcp-protocol-version", "2025-06-18"), ("mcp-protocol-version", "2025-11-25")], 400),
        // Envoy joins these two into one header before any filter sees them.
        (&[json, ("content-encoding", "identity"), ("content-encoding", "identity")], 415),
    ];
    let forwarded: [&[(&str, &str)]; 5] = [
        &[json],
        &[("content-type", "APPLICATION/JSON")],
        &[("content-type", "application/json;charset=UTF-8")],
        &[("content-type", "application/json ; charset=\"utf-8\"")],
        &[json, ("content-encoding", "identity")],
    ];
    run(async {
        let gateway = Gateway::start("forwarding-heads", &MODES.map(|mode| listener(mode, &json!({})))).await;
        for mode in MODES {
            for version in ["HTTP/1.1", "HTTP/2"] {
                for (headers, status) in refused {
                    println!("{mode}, {version}: {headers:?}");
                    let request = call_with(headers);
                    assert_unreadable(&send_over(version, &gateway, mode, &request).await, status);
                    assert_kept_back(&gateway, mode, &request).await;
                }
                for headers in forwarded {
                    let request = call_with(headers);
                    assert_forwarded(&gateway, &request, &send_over(version, &gateway, mode, &request).await);
                }
                for name in ["x-http-method-override", "x-http-method", "x-method-override"] {
                    let request = call_with(&[json, (name, "DELETE")]);
                    let answer = send_over(version, &gateway, mode, &request).await;
                    assert_eq!(not_a_refusal(&answer, "POST"), None, "{name}");
                    assert_kept_back(&gateway, mode, &request).await;
                }
            }
        }
    });
}

#[test]
fn two_authorizations_are_refused() {
    run(async {
        let gateway = Gateway::start("forwarding-twice", &MODES.map(|mode| listener(mode, &json!({})))).await;
        for mode in MODES {
            for version in ["HTTP/1.1", "HTTP/2"] {
                let twice = [("authorization", "Bearer a"), ("authorization", "Bearer b")];
                let request = call("ok", &json!({}), "1", &twice);
                assert_unreadable(&send_over(version, &gateway, mode, &request).await, 400);
                assert_kept_back(&gateway, mode, &request).await;
            }
        }
    });
}

#[test]
fn headers_that_contradict_the_body_are_refused_where_servers_compare_them() {
    run(async {
        let gateway = Gateway::start("forwarding-eras", &MODES.map(|mode| listener(mode, &json!({})))).await;
        let version = ("mcp-protocol-version", "2026-07-28");
        let meta = json!({
            "io.modelcontextprotocol/protocolVersion": "2026-07-28",
            "io.modelcontextprotocol/clientInfo": {"name": "test", "version": "1"},
            "io.modelcontextprotocol/clientCapabilities": {},
        });
        let body = json!({
            "jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": "ok", "arguments": {}, "_meta": meta},
        });
        let with = |headers: &[(&str, &str)]| {
            let whole = message(body.to_string());
            headers.iter().fold(whole, |request, (name, value)| request.header(name, value))
        };
        for mode in MODES {
            let good = with(&[version, ("mcp-method", "tools/call"), ("mcp-name", "ok")]);
            assert_forwarded(&gateway, &good, &gateway.send(mode, &good).await);
            for bad in [
                with(&[version, ("mcp-method", "tools/call"), ("mcp-name", "other")]),
                with(&[version, ("mcp-method", "tools/list"), ("mcp-name", "ok")]),
                with(&[version, ("mcp-method", "tools/call")]),
                with(&[version, ("mcp-name", "ok")]),
                with(&[("mcp-method", "tools/call"), ("mcp-name", "ok")]),
            ] {
                let answer = gateway.send(mode, &bad).await;
                assert_error(&answer, 400, -32020, "1");
                assert_kept_back(&gateway, mode, &bad).await;
            }
        }
    });
}

#[test]
fn a_denied_notification_is_dropped_without_an_error() {
    run(async {
        let gateway = Gateway::start("forwarding-dropped", &MODES.map(|mode| listener(mode, &json!({})))).await;
        for mode in MODES {
            for version in ["HTTP/1.1", "HTTP/2"] {
                let unknown = json!({"jsonrpc": "2.0", "method": "notifications/of-nothing-known"});
                let request = message(unknown.to_string());
                let answer = send_over(version, &gateway, mode, &request).await;
                assert!(!answer.is_upstreams(), "{answer}");
                assert_eq!((answer.status, answer.text().as_str()), (202, ""), "{answer}");
                assert_kept_back(&gateway, mode, &request).await;
                let known = message(json!({"jsonrpc": "2.0", "method": "notifications/initialized"}).to_string());
                assert_forwarded(&gateway, &known, &send_over(version, &gateway, mode, &known).await);
            }
        }
    });
}
