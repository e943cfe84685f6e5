//! Bindings by Envoy's route.

use super::{allowing, judge_of, refusal};
use crate::{
    answer::{assert_allowed, assert_denied_by},
    client::{Body, Request, call},
    gateway::{Gateway, Listener, json_text},
    runtime::run,
};
use serde_json::json;

/// Routes to two MCP servers, one to a sign-in page, and one that nothing is bound to.
async fn gateway(name: &str) -> Gateway {
    let configuration = json!({
        "policies": { "billing": allowing("pay"), "images": allowing("draw") },
        "bindings": [
            { "route": "sign-in", "bypass": true },
            { "route": "billing", "policy": "billing" },
            { "route": "images-*", "policy": "images" },
        ],
        "protocol": { "headers": "hold" },
    });
    let routes =
        [("sign-in", "/oauth/"), ("billing", "/billing/"), ("images-eu", "/eu/"), ("images-us", "/us/"), ("rest", "/")];
    let listener = Listener::new("mcp", json_text(&configuration.to_string())).routes(&routes).access_log();
    Gateway::start(name, &[listener]).await
}

#[test]
fn each_route_has_the_policy_that_is_bound_to_it() {
    run(async {
        let gateway = gateway("bindings-routes").await;
        let ask = |tool, path| {
            let request = call(tool, &json!({}), "1", &[]).path(path);
            let gateway = gateway.clone();
            async move { gateway.send("mcp", &request).await }
        };
        for (tool, path) in [("pay", "/billing/mcp"), ("draw", "/eu/mcp"), ("draw", "/us/mcp")] {
            assert_allowed(&ask(tool, path).await);
        }
        assert_denied_by("billing", &ask("draw", "/billing/mcp").await, "1", "draw", "(default deny)");
        assert_denied_by("images", &ask("pay", "/us/mcp").await, "1", "pay", "(default deny)");
        // The route is Envoy's, whatever path and host look like.
        assert_eq!(judge_of(&gateway, "billing", "/us/billing/").await.as_deref(), Some("images"));
    });
}

#[test]
fn where_nothing_is_bound_no_message_passes_and_no_stream_opens() {
    run(async {
        let gateway = gateway("bindings-none").await;
        let request = call("pay", &json!({}), "1", &[]);
        let answer = gateway.send("mcp", &request).await;
        let data = refusal(&answer);
        assert_eq!([&data["kind"], &data["rule"], &data["tool"]], ["denied", "(no policy)", "pay"]);
        assert_eq!(data["policy"], json!(null));
        assert!(gateway.upstream().seen(&request).is_empty());

        let request = Request::new("GET", "/mcp").header("accept", "text/event-stream");
        let answer = gateway.send("mcp", &request).await;
        assert_eq!((answer.status, answer.text().as_str(), answer.is_upstreams()), (403, "", false));
        assert!(gateway.upstream().seen(&request).is_empty());
        let metrics = gateway.metrics().await;
        assert_eq!(metrics.get("policy=.=none;.;tool=.=other;.;decision=.=denied;.;mcp_policy_decisions"), Some(&1));
        assert_eq!(metrics.get("policy=.=none;.;tool=.=none;.;decision=.=denied;.;mcp_policy_decisions"), Some(&1));
    });
}

#[test]
fn what_is_not_inspected_passes_byte_for_byte() {
    run(async {
        let gateway = gateway("bindings-bypass").await;
        let form = b"grant_type=authorization_code&code=\xff\x00{\"jsonrpc\":".to_vec();
        let bodies = [
            Body::sized(form.clone()),
            Body::chunked(&form, 1).with_trailer("x-late", "yes"),
            Body::sized(vec![b'{'; 3 << 20]),
        ];
        for body in bodies {
            let request = Request::new("PUT", "/oauth/token").header("content-encoding", "br").body(body);
            let answer = gateway.send("mcp", &request).await;
            assert!(answer.is_upstreams(), "{answer}");
            let seen = gateway.upstream().seen(&request);
            assert_eq!((seen.len(), &seen[0].body), (1, &request.body.bytes()));
            assert_eq!(seen[0].trailers, request.body.trailers);
            assert!(seen[0].headers.contains(&("content-encoding".to_owned(), "br".to_owned())));
            assert_eq!(gateway.record(&request).await, "", "the request was not inspected");
        }
    });
}
