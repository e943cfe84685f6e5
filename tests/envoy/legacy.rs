//! The transport of revision 2024-11-05, whose answers come on another stream than the calls, works by option only.

use crate::{
    client::{Request, Stream, call},
    gateway::{Gateway, Listener, json_text},
    runtime::run,
    upstream::ASK,
};
use serde_json::{Value, json};

/// A filter that allows one tool, and the old transport or not.
fn listener(legacy: &str) -> Listener {
    let configuration = json!({
        "policy": { "version": "1", "default": "deny", "tools": { "ok": {} } },
        "protocol": { "headers": "hold", "legacy_sse": legacy },
    });
    Listener::new(legacy, json_text(&configuration.to_string())).access_log()
}

/// A request for an event stream.
fn open(answer: &str) -> Request {
    let mut request = Request::new("GET", "/sse");
    request.headers.push((ASK.into(), answer.into()));
    request
}

#[test]
fn a_stream_that_opens_the_old_transport_ends_with_an_event_that_says_why() {
    run(async {
        let gateway = Gateway::start("legacy-refuse", &[listener("refuse")]).await;
        let request = open("endpoint");
        let said = Stream::open(gateway.at("refuse"), &request).await.until_broken().await;
        assert!(!said.contains("event: endpoint") && !said.contains("/messages"), "{said}");
        let (_, last) = said.split_once("event: error\ndata: ").unwrap_or_else(|| panic!("no last event: {said}"));
        let error: Value = serde_json::from_str(last.lines().next().unwrap_or_default()).expect("JSON");
        let why = "Request refused: the stream opens the transport of revision 2024-11-05, which the gateway does not accept; \
                   use streamable HTTP, or ask its operator for `protocol.legacy_sse`";
        assert_eq!((error["error"]["code"].as_i64(), error["error"]["message"].as_str()), (Some(-32600), Some(why)));
        let record = gateway.record(&request).await;
        assert!(record.contains(r#""decision":"refused""#) && record.contains("2024-11-05"), "{record}");
        let answer = gateway.send("refuse", &open("messages")).await;
        assert_eq!(answer.text(), "event: message\ndata: {}\n\nevent: endpoint\ndata: /late\n\n");
    });
}

#[test]
fn by_option_it_works_and_a_refused_post_is_a_status() {
    run(async {
        let gateway = Gateway::start("legacy-allow", &[listener("allow")]).await;
        let answer = gateway.send("allow", &open("endpoint")).await;
        assert!(answer.text().contains("event: endpoint\ndata: /messages?session_id=1"), "{answer}");
        let mut denied = call("evil", &json!({}), "1", &[]);
        denied.path = "/messages?session_id=1".into();
        let answer = gateway.send("allow", &denied).await;
        assert_eq!((answer.status, answer.json()["error"]["code"].as_i64()), (403, Some(-31403)), "{answer}");
        let mut allowed = call("ok", &json!({}), "1", &[]);
        allowed.path = "/messages?session_id=1".into();
        assert!(gateway.send("allow", &allowed).await.is_upstreams());
    });
}
