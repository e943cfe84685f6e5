//! A body that is too large.

use super::{MODES, assert_forwarded, assert_kept_back, listener, send_over};
use crate::{
    answer::assert_unreadable,
    client::{Body, Request, call, message},
    gateway::Gateway,
    runtime::run,
};
use serde_json::json;

/// The limit that the listeners are set to.
const LIMIT: usize = 4096;

/// An allowed call whose body has exactly `size` bytes.
fn call_of(size: usize) -> Request {
    let empty = call("ok", &json!({"text": ""}), "1", &[]).body.bytes().len();
    call("ok", &json!({"text": "x".repeat(size - empty)}), "1", &[])
}

#[test]
fn a_body_of_the_largest_size_passes_and_one_byte_more_does_not() {
    run(async {
        let listeners = MODES.map(|mode| listener(mode, &json!({ "max_body_bytes": LIMIT })));
        let gateway = Gateway::start("forwarding-sizes", &listeners).await;
        for mode in MODES {
            for version in ["HTTP/1.1", "HTTP/2"] {
                let chunked = |request: Request| {
                    let body = Body::chunked(&request.body.bytes(), 1000);
                    request.body(body)
                };
                for good in [call_of(LIMIT), chunked(call_of(LIMIT))] {
                    assert_forwarded(&gateway, &good, &send_over(version, &gateway, mode, &good).await);
                }
                for bad in [call_of(LIMIT + 1), chunked(call_of(LIMIT + 1)), chunked(call_of(20 * LIMIT))] {
                    let answer = send_over(version, &gateway, mode, &bad).await;
                    assert_unreadable(&answer, 413);
                    assert_kept_back(&gateway, mode, &bad).await;
                }
            }
        }
    });
}

#[test]
fn an_announced_length_over_the_limit_is_refused_before_the_body_comes() {
    run(async {
        let listeners = MODES.map(|mode| listener(mode, &json!({ "max_body_bytes": LIMIT })));
        let gateway = Gateway::start("forwarding-announced", &listeners).await;
        for mode in MODES {
            for length in [LIMIT + 1, 5 << 30] {
                let announced = message("").body(Body { length: Some(length), ..Body::default() });
                assert_unreadable(&gateway.send(mode, &announced).await, 413);
                assert_kept_back(&gateway, mode, &announced).await;
            }
        }
    });
}

#[test]
fn the_body_limit_is_four_mebibytes_by_default() {
    run(async {
        let listeners = MODES.map(|mode| listener(mode, &json!({})).buffer_limit(5 << 20));
        let gateway = Gateway::start("forwarding-default-size", &listeners).await;
        for mode in MODES {
            let good = call_of(4 << 20);
            assert_forwarded(&gateway, &good, &gateway.send(mode, &good).await);
            let whole = call_of((4 << 20) + 1).body.bytes();
            let bad = message("").body(Body::chunked(&whole, 1 << 16));
            assert_unreadable(&gateway.send(mode, &bad).await, 413);
            assert_kept_back(&gateway, mode, &bad).await;
        }
    });
}
