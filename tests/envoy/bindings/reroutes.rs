//! A policy that is bound to a route is the policy of the route that forwards: removing a header makes Envoy choose again.

use super::allowing;
use crate::{
    answer::assert_allowed,
    client::{Request, call, message},
    forwarding::MODES,
    gateway::{Gateway, Listener, json_text},
    runtime::run,
};
use serde_json::{Value, json};

/// Requests with `header` go to a server for which anything is permitted, all others to one where nothing is.
async fn gateway(name: &str, header: &str) -> Gateway {
    let listeners = MODES.map(|mode| {
        let configuration = json!({
            "policies": { "open": allowing("*"), "closed": { "version": "1", "default": "deny" } },
            "bindings": [{ "route": "open", "policy": "open" }, { "route": "closed", "policy": "closed" }],
            "protocol": { "headers": mode },
        });
        let listener = Listener::new(mode, json_text(&configuration.to_string()));
        listener.in_mode(mode).with_internal_callers().routed_by(header, ["open", "closed"])
    });
    Gateway::start(name, &listeners).await
}

fn list(headers: &[(&str, &str)]) -> Request {
    let list = message(r#"{"jsonrpc":"2.0","id":7,"method":"tools/list"}"#);
    headers.iter().fold(list, |request, (name, value)| request.header(name, value))
}

#[test]
fn a_header_that_repeats_a_request_is_refused_where_a_binding_names_a_route() {
    run(async {
        let gateway = gateway("bindings-repeating", "x-envoy-retry-on").await;
        for mode in MODES {
            let request = call("pay", &json!({}), "1", &[("x-envoy-retry-on", "5xx")]);
            let answer = gateway.send(mode, &request).await;
            let error: Value = answer.json()["error"].clone();
            let message = "the header `x-envoy-retry-on` makes Envoy send the request twice; remove it";
            assert_eq!((answer.status, error["code"].as_i64()), (400, Some(-32600)), "{answer}");
            assert!(error["message"].as_str().is_some_and(|text| text.contains(message)), "{answer}");
            assert!(gateway.upstream().seen(&request).is_empty(), "the server of the other route saw it");
        }
    });
}

#[test]
fn a_call_keeps_its_accept_encoding_and_so_its_route() {
    run(async {
        let gateway = gateway("bindings-encoding", "accept-encoding").await;
        for mode in MODES {
            let request = call("pay", &json!({}), "1", &[("accept-encoding", "gzip")]);
            assert_allowed(&gateway.send(mode, &request).await);
            let seen = gateway.upstream().seen(&request);
            assert!(seen[0].headers.contains(&("accept-encoding".to_owned(), "gzip".to_owned())), "{seen:?}");
        }
    });
}

#[test]
fn a_list_whose_request_took_another_route_is_not_passed_on() {
    run(async {
        let gateway = gateway("bindings-lists", "accept-encoding").await;
        let answered = async |mode, request: &Request| {
            let mut script = gateway.upstream().script(request, 200, &[("content-type", "application/json")]);
            let tools = r#"{"jsonrpc":"2.0","id":7,"result":{"tools":[{"name":"closed"}]}}"#;
            tokio::spawn(async move { script.send_data(tools.into()).await });
            gateway.send(mode, request).await
        };
        // The head is held until the body says that this is a list, so the header goes, and with it the route.
        let held = answered("hold", &list(&[("accept-encoding", "gzip")])).await;
        assert!(!held.text().contains("closed") && held.json()["error"]["code"] == -32603, "{held}");
        // The head has gone on as it was, by the route that was judged.
        let released = answered("release", &list(&[("accept-encoding", "gzip")])).await;
        assert!(released.text().contains("closed"), "{released}");
        // It says by itself that this is a list: the route of the body is another one than that of the head.
        let modern = message(
            r#"{"jsonrpc":"2.0","id":7,"method":"tools/list","params":{"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28"}}}"#,
        );
        let modern =
            [("accept-encoding", "gzip"), ("mcp-protocol-version", "2026-07-28"), ("mcp-method", "tools/list")]
                .into_iter()
                .fold(modern, |request, (name, value)| request.header(name, value));
        let denied = answered("release", &modern).await;
        assert_eq!(denied.json()["error"]["data"]["rule"], "(no policy)", "{denied}");
        // Without the header nothing is removed, and the policy of the route filters the list.
        for mode in MODES {
            let empty = answered(mode, &list(&[])).await;
            assert_eq!(empty.json()["result"]["tools"], json!([]), "{empty}");
        }
    });
}
