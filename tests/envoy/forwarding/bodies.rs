//! How a body is cut, framed and ended makes no difference to the verdict.

use super::{MODES, again, assert_forwarded, assert_kept_back, assert_kept_back_from_http2, listener, send_over};
use crate::{
    answer::{assert_denied, assert_unreadable},
    client::{self, Body, Connection, Request, call, message},
    gateway::Gateway,
    runtime::{PATIENCE, run, until},
};
use serde_json::json;
use std::time::Duration;

/// Each way to send the same bytes, by name.
fn ways(bytes: &[u8]) -> Vec<(&'static str, Body)> {
    let drip = Duration::from_millis(1);
    let one_piece = || Body::chunked(bytes, bytes.len());
    vec![
        ("with a length", Body::sized(bytes)),
        ("with a length, byte by byte", Body { length: Some(bytes.len()), pause: drip, ..Body::chunked(bytes, 1) }),
        ("in one chunk", one_piece()),
        ("in chunks of 7 bytes", Body::chunked(bytes, 7)),
        ("in one-byte chunks with pauses", Body { pause: drip, ..Body::chunked(bytes, 1) }),
        ("ending in an empty frame", Body { empty_end: true, ..one_piece() }),
        ("ending in trailers", one_piece().with_trailer("x-checksum", "1")),
        (
            "in pieces and ending in trailers",
            Body { pause: drip, ..Body::chunked(bytes, 40) }.with_trailer("x-late", "2"),
        ),
    ]
}

#[test]
fn however_a_body_is_sent_the_verdict_is_the_same_and_nothing_refused_gets_through() {
    run(async {
        let listeners = MODES.map(|mode| listener(mode, &json!({})));
        let gateway = Gateway::start("forwarding-bodies", &listeners).await;
        let allowed = call("ok", &json!({"text": "x".repeat(50)}), "1", &[]);
        let denied = call("evil", &json!({"text": "x".repeat(50)}), "1", &[]);
        let mut refused: Vec<(&str, Request)> = Vec::new();
        for mode in MODES {
            for version in ["HTTP/1.1", "HTTP/2"] {
                for ((way, good), (_, bad)) in ways(&allowed.body.bytes()).into_iter().zip(ways(&denied.body.bytes())) {
                    println!("{mode}, {version}, {way}");
                    let good = again(&allowed).body(good);
                    assert_forwarded(&gateway, &good, &send_over(version, &gateway, mode, &good).await);
                    let bad = again(&denied).body(bad);
                    let answer = send_over(version, &gateway, mode, &bad).await;
                    assert_denied(&answer, "1", "evil", "(default deny)");
                    refused.push((mode, bad));
                }
            }
        }
        // At the end, so that whatever leaked late has had its time.
        for (mode, request) in refused {
            assert_kept_back(&gateway, mode, &request).await;
        }
    });
}

#[test]
fn a_server_that_speaks_http2_gets_the_same() {
    run(async {
        let listeners = MODES.map(|mode| listener(mode, &json!({})).upstream_http2());
        let gateway = Gateway::start("forwarding-http2", &listeners).await;
        for mode in MODES {
            for version in ["HTTP/1.1", "HTTP/2"] {
                let good = call("ok", &json!({}), "1", &[]);
                let body = Body::chunked(&good.body.bytes(), 20).with_trailer("x-checksum", "1");
                for good in [again(&good).body(body), good] {
                    assert_forwarded(&gateway, &good, &send_over(version, &gateway, mode, &good).await);
                }
                let bad = call("evil", &json!({}), "1", &[]);
                let body = Body::chunked(&bad.body.bytes(), 20).with_trailer("x-checksum", "1");
                for bad in [again(&bad).body(body), bad] {
                    let answer = send_over(version, &gateway, mode, &bad).await;
                    assert_denied(&answer, "1", "evil", "(default deny)");
                    assert_kept_back_from_http2(&gateway, mode, &bad).await;
                }
            }
        }
    });
}

#[test]
fn calls_that_share_a_connection_are_judged_each_by_itself() {
    run(async {
        let listeners = MODES.map(|mode| listener(mode, &json!({})));
        let gateway = Gateway::start("forwarding-shared", &listeners).await;
        for mode in MODES {
            // All bodies arrive at the same time, a few bytes of each in turn.
            let requests: Vec<Request> = (0..40)
                .map(|id| {
                    let tool = if id % 2 == 0 { "ok" } else { "evil" };
                    let whole = call(tool, &json!({"id": id}), &id.to_string(), &[]);
                    let body = Body { pause: Duration::from_millis(2), ..Body::chunked(&whole.body.bytes(), 5) };
                    let body = if id % 3 == 0 { body.with_trailer("x-late", "1") } else { body };
                    whole.body(body)
                })
                .collect();
            let answers = client::send_all_http2(gateway.at(mode), &requests).await;
            for (id, (request, answer)) in requests.iter().zip(&answers).enumerate() {
                if id % 2 == 0 {
                    assert_forwarded(&gateway, request, answer);
                    assert_eq!(answer.json()["id"], id);
                } else {
                    assert_denied(answer, &id.to_string(), "evil", "(default deny)");
                    assert_kept_back(&gateway, mode, request).await;
                }
            }
        }
    });
}

#[test]
fn a_request_that_breaks_off_is_not_forwarded_however_good_it_looks() {
    run(async {
        let listeners = MODES.map(|mode| listener(mode, &json!({})));
        let gateway = Gateway::start("forwarding-broken", &listeners).await;
        for mode in MODES {
            let whole = call("ok", &json!({}), "1", &[]).body.bytes();
            let length = Some(whole.len() + 1);
            let endless = Body { pieces: vec![whole.clone(), b" ".to_vec()], pause: PATIENCE, ..Body::default() };
            for body in [Body { length, ..Body::sized(whole) }, endless] {
                let request = message("").body(body);
                let (address, sent) = (gateway.at(mode), request.clone());
                let sending = tokio::spawn(async move { client::try_send(address, &sent).await });
                let active = format!("http.{mode}.downstream_rq_active");
                let reached = |requests: u64| {
                    let (gateway, active) = (&gateway, &active);
                    move || async move { (gateway.stat(active).await == requests).then_some(()) }
                };
                until("Envoy reads the request", reached(1)).await;
                sending.abort();
                until("Envoy sees that the client is gone", reached(0)).await;
                assert_kept_back(&gateway, mode, &request).await;
            }
            let good = call("ok", &json!({}), "1", &[("expect", "100-continue")]);
            assert_forwarded(&gateway, &good, &gateway.send(mode, &good).await);
        }
    });
}

#[test]
fn the_next_caller_is_served_whatever_was_refused_before() {
    run(async {
        let listeners = MODES.map(|mode| listener(mode, &json!({})));
        let gateway = Gateway::start("forwarding-garbage", &listeners).await;
        let garbage: [&[u8]; 12] = [
            b"{",
            b"]",
            b"\0",
            b"\xff\xfe{\0}\0",
            b"\xef\xbb\xbf{}",
            b"null",
            b"\"",
            b"{\"jsonrpc\":\"2.0\"",
            b"[[[[[[[[[[[[[[",
            b"{\"a\":\"\\ud800\"}",
            b"{\"a\":1e999999999}",
            b"\x1f\x8b\x08\0\0\0\0\0",
        ];
        let deep = [b"[".repeat(100_000), b"{\"a\":".repeat(50_000), b"\\".repeat(1000), b"9".repeat(100_000)];
        let garbage = garbage.map(<[u8]>::to_vec).into_iter().chain(deep);
        for bytes in garbage {
            for mode in MODES {
                let mut connection = Connection::open(gateway.at(mode)).await;
                for body in [Body::sized(bytes.clone()), Body::chunked(&bytes, 1000).with_trailer("x", "y")] {
                    let bad = message("").body(body);
                    let answer = connection.send(&bad).await;
                    assert_unreadable(&answer, 400);
                    if !Connection::stays_open(&answer) {
                        connection = Connection::open(gateway.at(mode)).await;
                    }
                    let good = call("ok", &json!({}), "1", &[]);
                    assert_forwarded(&gateway, &good, &connection.send(&good).await);
                    assert_kept_back(&gateway, mode, &bad).await;
                }
            }
        }
        let log = gateway.log();
        assert!(!log.contains("panicked") && !log.contains("trap"), "no worker's VM may have failed:\n{log}");
    });
}
