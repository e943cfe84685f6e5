//! The suite's own tools, shown on an Envoy without the filter: what the other suites assert to be absent would be seen.

use crate::{
    client::{self, Body, Request, call, message},
    gateway::{Gateway, Listener},
    runtime::run,
    upstream::End,
};
use serde_json::json;
use std::time::Duration;

#[test]
fn without_the_filter_everything_reaches_the_upstream_as_it_was_sent() {
    run(async {
        let listeners = [Listener::bare("plain"), Listener::bare("to-http2").upstream_http2()];
        let gateway = Gateway::start("harness", &listeners).await;
        for listener in ["plain", "to-http2"] {
            let whole = call("evil", &json!({"a": [1]}), "7", &[("x-two", "a"), ("x-two", "b")]);
            let body = whole.body.bytes();
            let drip = Body { pause: Duration::from_millis(1), ..Body::chunked(&body, 1) };
            let chunked = message("").body(drip.with_trailer("x-late", "yes"));
            for request in [whole, chunked, message("{garbage")] {
                let answer = gateway.send(listener, &request).await;
                assert!(answer.is_upstreams(), "{answer}");
                let seen = gateway.upstream().seen(&request);
                assert_eq!(seen.len(), 1);
                assert_eq!(seen[0].end, End::Complete);
                assert_eq!(seen[0].body, request.body.bytes());
                assert_eq!(seen[0].trailers, request.body.trailers);
                for header in &request.headers {
                    assert!(seen[0].headers.contains(header), "{header:?} in {:?}", seen[0].headers);
                }

                let again = Request { case: format!("{}-http2", request.case), ..request.clone() };
                let answer = client::send_http2(gateway.at(listener), &again).await;
                assert!(answer.is_upstreams(), "{answer}");
                let seen = gateway.upstream().seen(&again);
                assert_eq!((&seen[0].body, &seen[0].trailers), (&again.body.bytes(), &again.body.trailers));
            }
        }
    });
}

#[test]
fn without_the_filter_a_broken_off_request_is_seen_as_broken_off() {
    run(async {
        let gateway = Gateway::start("harness-broken", &[Listener::bare("plain")]).await;
        let body = Body { length: Some(100), ..Body::sized("half") };
        let request = message("").body(body);
        let address = gateway.at("plain");
        let sending = {
            let request = request.clone();
            tokio::spawn(async move { client::send(address, &request).await })
        };
        crate::runtime::until("the headers arrive", || async { gateway.upstream().seen(&request).pop() }).await;
        sending.abort();
        let seen = gateway.upstream().settled(&request).await;
        assert_eq!((seen[0].end, seen[0].body.as_slice()), (End::Aborted, b"half".as_slice()));
    });
}
