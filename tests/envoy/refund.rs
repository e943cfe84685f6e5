//! Quota comes back when no byte of a call can have reached a server, by option also when the server says that it
//! failed, and never twice.

use crate::{
    answer::{assert_allowed, assert_limited},
    client::{Response, call},
    gateway::{Gateway, Listener, json_text},
    runtime::run,
    upstream::ASK,
};
use serde_json::json;

/// A filter that lets one call a day through, with `refund` as it is.
fn once(name: &str, refund: Option<&str>) -> Listener {
    let mut configuration = json!({
        "policy": { "version": "1", "default": "deny", "tools": { "t": { "rate_limit": "1/day" } } },
        "protocol": { "headers": "hold" },
    });
    if let Some(refund) = refund {
        configuration["limits"] = json!({ "refund": refund });
    }
    Listener::new(name, json_text(&configuration.to_string()))
}

/// Calls the tool, asking the upstream for a certain answer.
async fn ask(gateway: &Gateway, listener: &str, answer: &str) -> Response {
    gateway.send(listener, &call("t", &json!({}), "1", &[(ASK, answer)])).await
}

/// Asserts that an answer came from Envoy because the request found no server.
#[track_caller]
fn assert_not_delivered(answer: &Response, status: u16) {
    assert!(!answer.is_upstreams() && answer.status == status, "should have found no server: {answer}");
}

#[test]
fn what_cannot_have_reached_a_server_is_given_back() {
    run(async {
        let listeners = [
            once("refusing", None).cluster("refusing"),
            once("empty", None).cluster("empty"),
            once("missing", None).cluster("missing"),
            once("denied", None).denied_later(),
        ];
        let gateway = Gateway::start("refund-undelivered", &listeners).await;
        for (listener, status) in [("refusing", 503), ("empty", 503), ("missing", 503), ("denied", 403)] {
            for _ in 0..3 {
                assert_not_delivered(&ask(&gateway, listener, "fine").await, status);
            }
        }
    });
}

#[test]
fn by_option_nothing_is_ever_given_back() {
    run(async {
        let gateway = Gateway::start("refund-never", &[once("refusing", Some("never")).cluster("refusing")]).await;
        assert_not_delivered(&ask(&gateway, "refusing", "fine").await, 503);
        assert_limited(&ask(&gateway, "refusing", "fine").await, "1", "t", "/tools/t/rate_limit");
    });
}

#[test]
fn what_reached_a_server_is_kept_whatever_it_says() {
    run(async {
        let answers = ["fine", "error", "is_error", "status"];
        let listeners: Vec<Listener> = answers.iter().map(|answer| once(answer, None)).collect();
        let gateway = Gateway::start("refund-delivered", &listeners).await;
        for answer in answers {
            assert!(ask(&gateway, answer, answer).await.is_upstreams(), "{answer}");
            assert_limited(&ask(&gateway, answer, answer).await, "1", "t", "/tools/t/rate_limit");
        }
    });
}

#[test]
fn by_option_a_call_that_the_server_calls_failed_is_given_back() {
    run(async {
        let failures = ["error", "is_error", "error-events", "is_error-events"];
        let successes = ["fine", "fine-events", "status"];
        let listeners: Vec<Listener> =
            failures.iter().chain(&successes).map(|answer| once(answer, Some("failed"))).collect();
        let gateway = Gateway::start("refund-failed", &listeners).await;
        for answer in failures {
            for _ in 0..3 {
                assert_allowed(&ask(&gateway, answer, answer).await);
            }
            assert_allowed(&ask(&gateway, answer, "fine").await);
            assert_limited(&ask(&gateway, answer, "fine").await, "1", "t", "/tools/t/rate_limit");
        }
        for answer in successes {
            assert!(ask(&gateway, answer, answer).await.is_upstreams(), "{answer}");
            assert_limited(&ask(&gateway, answer, answer).await, "1", "t", "/tools/t/rate_limit");
        }
    });
}
