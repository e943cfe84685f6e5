//! Contexts come and go, and several configurations share a worker.

use std::sync::Arc;

use crate::{
    proxy::{ROOT, Shared, Stream, Worker},
    request::{at_an_address, call, configuration},
};

/// The callbacks that have an answer, with arguments behind the context.
const PHASES: [(&str, &[u32]); 6] = [
    ("proxy_on_request_headers", &[3, 1]),
    ("proxy_on_request_body", &[0, 1]),
    ("proxy_on_request_trailers", &[1]),
    ("proxy_on_response_headers", &[1, 1]),
    ("proxy_on_response_body", &[0, 1]),
    ("proxy_on_response_trailers", &[1]),
];

fn worker() -> Worker {
    let mut worker = Worker::new(&Arc::new(Shared::default()), &configuration("release"));
    worker.world().properties = at_an_address();
    worker
}

/// Sends a call through a context.
fn send(worker: &mut Worker, context: u32, tool: &str) -> Stream {
    let request = call(tool);
    let mut stream = Stream::of(context);
    stream.headers(worker, &request.headers, false);
    if stream.is_open() {
        stream.body(worker, &request.body(), true);
    }
    stream
}

fn goes_on(worker: &mut Worker, context: u32, tool: &str) -> bool {
    send(worker, context, tool).went_on.is_whole
}

/// The SDK knows only contexts and callouts that Envoy has announced, and Envoy makes no other callback: see `src/filter.rs`.
#[test]
fn a_callback_that_envoy_never_makes_traps() {
    let callbacks = PHASES.into_iter().map(|(name, rest)| (name, [&[17], rest].concat()));
    let others = [
        ("proxy_on_log", vec![17]),
        ("proxy_on_delete", vec![17]),
        ("proxy_on_tick", vec![17]),
        ("proxy_on_configure", vec![17, 0]),
        ("proxy_on_context_create", vec![17, 16]),
        ("proxy_on_context_create", vec![ROOT, 0]),
        ("proxy_on_http_call_response", vec![ROOT, 4, 0, 0, 0]),
    ];
    for (name, args) in callbacks.chain(others) {
        let trap = worker().attempt(name, &args).expect_err(name);
        assert!(trap.contains("proxy-wasm-0.2.5"), "{name}: {trap}");
    }
}

#[test]
fn a_stream_of_an_unconfigured_root_is_refused() {
    let mut worker = worker();
    let unconfigured = worker.context(0);
    let stream = worker.context(unconfigured);
    let stream = send(&mut worker, stream, "ok");
    assert!(!stream.went_on.is_whole && stream.replies.len() == 1, "{stream:?}");
}

#[test]
fn each_stream_has_the_policy_of_its_root() {
    let mut worker = worker();
    let first = worker.open();
    let other = worker.add_root(r#"{"policy":{"version":"1","default":"deny","tools":{"evil":{}}}}"#);
    let second = worker.context(other);
    let third = worker.open();
    let fourth = worker.context(other);
    // A root goes when a configuration was replaced; the streams that it has stay with it.
    worker.callback("proxy_on_delete", &[other]);
    for (stream, ok) in [(first, true), (second, false), (third, true), (fourth, false)] {
        assert!(goes_on(&mut worker, stream, if ok { "ok" } else { "evil" }), "{stream}");
    }
    let fifth = worker.open();
    assert!(!goes_on(&mut worker, fifth, "evil"));
}

#[test]
fn what_is_over_leaves_no_memory_behind() {
    let mut worker = worker();
    let mut before = 0;
    for round in 0..500 {
        let open: Vec<u32> = (0..8).map(|_| worker.open()).collect();
        let request = call("ok");
        for context in open {
            let mut stream = Stream::of(context);
            stream.headers(&mut worker, &request.headers, false);
            stream.close(&mut worker);
        }
        if round == 100 {
            before = worker.memory();
        }
    }
    assert_eq!(worker.memory(), before);
}
