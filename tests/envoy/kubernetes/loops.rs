//! A gateway whose MCP server is the gateway itself: `render` refuses the addresses that it can compare; a name that leads
//! there, or another proxy, it cannot. Then the request comes back once.

use super::policy;
use crate::{
    answer::assert_allowed,
    client::{Request, call},
    gateway::{Gateway, render},
    runtime::run,
};
use serde_json::json;
use std::{net::TcpListener, path::Path};

/// The value of the header by which a gateway knows its own requests.
fn marker(rendered: &str) -> String {
    let (_, rest) = rendered.split_once("key: x-mcp-policy-gateway, value: \"").expect("a marker");
    rest.split('"').next().expect("its end").to_owned()
}

#[test]
fn a_request_that_comes_back_is_refused_and_no_call_runs_twice() {
    run(async {
        // Free a moment ago.
        let port = TcpListener::bind("127.0.0.1:0").and_then(|free| free.local_addr()).expect("a free port").port();
        let gateway = Gateway::start_with("loop-itself", |folder, upstream| {
            let rendered = render(folder, &policy().to_string(), upstream, &[]);
            let server = format!("port_value: {} }}", upstream.port());
            assert_eq!(rendered.matches(&server).count(), 1);
            let listener = "{ address: 127.0.0.1, port_value: 0 }";
            rendered.replace(&server, &format!("port_value: {port} }}")).replacen(
                listener,
                &format!("{{ address: 127.0.0.1, port_value: {port} }}"),
                1,
            )
        });
        let gateway = gateway.await;
        assert_eq!(gateway.at("mcp").port(), port);
        for request in [call("ok", &json!({}), "1", &[]), Request::new("GET", "/mcp")] {
            let before = gateway.stat("http.mcp.downstream_rq_total").await;
            let answer = gateway.send("mcp", &request).await;
            assert_eq!(answer.status, 508, "{answer}");
            assert!(answer.text().contains("leads back to this gateway"), "{answer}");
            // The request itself, and the one that came back.
            assert_eq!(gateway.stat("http.mcp.downstream_rq_total").await - before, 2);
        }
    });
}

#[test]
fn gateways_may_follow_each_other() {
    run(async {
        let mut own = String::new();
        let gateway = Gateway::start_with("loop-chain", |folder: &Path, upstream| {
            let rendered = render(folder, &policy().to_string(), upstream, &[]);
            own = marker(&rendered);
            rendered
        });
        let gateway = gateway.await;
        let request = call("ok", &json!({}), "1", &[("x-mcp-policy-gateway", "0123456789abcdef")]);
        assert_allowed(&gateway.send("mcp", &request).await);
        let seen = gateway.upstream().settled(&request).await;
        let markers = seen[0].headers.iter().filter(|(name, _)| name == "x-mcp-policy-gateway");
        assert_eq!(markers.map(|(_, value)| value.as_str()).collect::<Vec<_>>(), ["0123456789abcdef", &own]);
        // A caller that sends the gateway's own marker loses only that request.
        let request = call("ok", &json!({}), "1", &[("x-mcp-policy-gateway", &own)]);
        assert_eq!(gateway.send("mcp", &request).await.status, 508);
        assert_allowed(&gateway.send("mcp", &call("ok", &json!({}), "1", &[])).await);
    });
}
