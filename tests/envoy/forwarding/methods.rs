//! Methods and headers, before any body is read.

use super::{MODES, assert_forwarded, assert_kept_back, listener, send_over};
use crate::{
    answer::{assert_unreadable, not_a_refusal},
    client::{Body, Request, call},
    gateway::Gateway,
    runtime::run,
    upstream::End,
};
use serde_json::json;

#[test]
fn get_head_options_and_delete_pass_without_a_body() {
    run(async {
        let gateway = Gateway::start("forwarding-bodiless", &MODES.map(|mode| listener(mode, &json!({})))).await;
        for mode in MODES {
            for method in ["GET", "HEAD", "OPTIONS", "DELETE"] {
                // A length of nothing is no body either: some clients send it.
                let bodies = [Body::default(), Body { length: Some(0), ..Body::default() }];
                for (version, body) in ["HTTP/1.1", "HTTP/2"].into_iter().flat_map(|v| bodies.clone().map(|b| (v, b))) {
                    let request = Request::new(method, "/mcp").header("accept", "text/event-stream").body(body);
                    let answer = send_over(version, &gateway, mode, &request).await;
                    assert_forwarded(&gateway, &request, &answer);
                    assert_eq!(gateway.upstream().seen(&request)[0].method, method);
                }
            }
        }
    });
}

#[test]
fn an_empty_last_frame_is_no_body() {
    run(async {
        let gateway = Gateway::start("forwarding-empty-frame", &MODES.map(|mode| listener(mode, &json!({})))).await;
        for mode in MODES {
            for method in ["GET", "DELETE"] {
                let request = Request::new(method, "/mcp").body(Body { empty_end: true, ..Body::default() });
                assert_forwarded(&gateway, &request, &send_over("HTTP/2", &gateway, mode, &request).await);
            }
        }
    });
}

#[test]
fn other_methods_and_bodies_where_none_belong_are_refused() {
    run(async {
        let gateway = Gateway::start("forwarding-methods", &MODES.map(|mode| listener(mode, &json!({})))).await;
        let with_body = |method: &str| Request { method: method.into(), ..call("ok", &json!({}), "1", &[]) };
        let chunked = |method: &str| {
            let request = with_body(method);
            let body = Body::chunked(&request.body.bytes(), 30).with_trailer("x", "y");
            request.body(body)
        };
        for mode in MODES {
            for version in ["HTTP/1.1", "HTTP/2"] {
                for method in ["PUT", "PATCH", "TRACE", "PROPFIND"] {
                    for request in [with_body(method), chunked(method), Request::new(method, "/mcp")] {
                        let answer = send_over(version, &gateway, mode, &request).await;
                        assert_unreadable(&answer, 405);
                        assert_kept_back(&gateway, mode, &request).await;
                    }
                }
                for method in ["GET", "OPTIONS", "DELETE"] {
                    for request in [with_body(method), chunked(method)] {
                        let answer = send_over(version, &gateway, mode, &request).await;
                        assert_eq!(not_a_refusal(&answer, method), None, "{request:?}");
                        assert_kept_back(&gateway, mode, &request).await;
                    }
                }
            }
        }
    });
}

#[test]
fn a_post_without_a_body_is_refused() {
    run(async {
        let gateway = Gateway::start("forwarding-no-body", &MODES.map(|mode| listener(mode, &json!({})))).await;
        for mode in MODES {
            for version in ["HTTP/1.1", "HTTP/2"] {
                // Several times each: headers that say `Content-Length: 0` are a whole request to a server, so where they
                // are released it is a race whether the server or the refusal is first.
                let bodies = [Body::default(), Body::sized(""), Body::default().with_trailer("x", "y")];
                for body in bodies.into_iter().cycle().take(30) {
                    let request = call("ok", &json!({}), "1", &[]).body(body);
                    let answer = send_over(version, &gateway, mode, &request).await;
                    assert!(!answer.is_upstreams(), "{mode}, {version}: {request:?}: {answer}");
                    assert_unreadable(&answer, 400);
                    assert_kept_back(&gateway, mode, &request).await;
                }
            }
        }
    });
}

#[test]
fn headers_that_would_repeat_a_request_are_removed() {
    run(async {
        let gateway =
            Gateway::start("forwarding-retries", &MODES.map(|mode| listener(mode, &json!({})).with_internal_callers()))
                .await;
        let retries = [
            ("x-envoy-retry-on", "5xx"),
            ("x-envoy-retry-grpc-on", "cancelled"),
            ("x-envoy-max-retries", "5"),
            ("x-envoy-hedge-on-per-try-timeout", "true"),
            ("x-kept", "yes"),
        ];
        for mode in MODES {
            let request = call("ok", &json!({}), "1", &retries);
            assert_forwarded(&gateway, &request, &gateway.send(mode, &request).await);
            let seen = gateway.upstream().seen(&request).remove(0);
            assert_eq!(seen.end, End::Complete);
            let left: Vec<&str> = seen.headers.iter().map(|(name, _)| name.as_str()).collect();
            for (name, _) in retries {
                assert_eq!(left.contains(&name), name == "x-kept", "{name} in {left:?}");
            }
        }
    });
}
