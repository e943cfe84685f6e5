//! Contexts come and go, several configurations share a worker, and hosts name contexts that nobody made.

use std::sync::Arc;

use crate::{
    machine::{Fault, How, ROOT, Shared, Stream, Worker},
    request::{at_an_address, call, configuration},
};

const PAUSE: u32 = 1;

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

/// All that can be said to a context that is no stream.
fn is_refused(worker: &mut Worker, context: u32) {
    for (name, rest) in PHASES {
        let args = [&[context], rest].concat();
        assert_eq!(worker.callback(name, &args), PAUSE, "{name} of {context}");
    }
    worker.callback("proxy_on_log", &[context]);
    assert!(worker.world().replies.is_empty());
}

#[test]
fn a_context_that_nobody_made_is_refused() {
    let mut worker = worker();
    for context in [0, 2, 17, u32::MAX] {
        is_refused(&mut worker, context);
        assert_eq!(worker.callback("proxy_on_configure", &[context, 0]), 0, "{context}");
        worker.callback("proxy_on_delete", &[context]);
    }
    is_refused(&mut worker, ROOT);
    let stream = worker.open();
    assert_eq!(worker.callback("proxy_on_configure", &[stream, 0]), 0, "a stream is not configured");
    assert!(goes_on(&mut worker, stream, "ok"), "nor disturbed by that");
}

#[test]
fn a_context_that_was_deleted_is_refused() {
    let mut worker = worker();
    let stream = worker.open();
    assert!(goes_on(&mut worker, stream, "ok"));
    worker.callback("proxy_on_delete", &[stream]);
    is_refused(&mut worker, stream);
}

#[test]
fn a_stream_of_no_root_is_answered_and_refused() {
    let mut worker = worker();
    let other = worker.open();
    let unconfigured = worker.context(0);
    for parent in [4711, other, unconfigured] {
        let stream = worker.context(parent);
        let stream = send(&mut worker, stream, "ok");
        assert!(!stream.went_on.is_whole && stream.replies.len() == 1, "of {parent}: {stream:?}");
    }
}

#[test]
fn a_number_that_comes_again_is_a_new_context() {
    let mut worker = worker();
    let stream = worker.open();
    assert!(goes_on(&mut worker, stream, "ok"));
    worker.callback("proxy_on_context_create", &[stream, ROOT]);
    assert!(!goes_on(&mut worker, stream, "evil"));
    worker.callback("proxy_on_context_create", &[ROOT, 0]);
    let stream = worker.open();
    assert!(!goes_on(&mut worker, stream, "ok"), "it is not configured yet");
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
    let [fifth, sixth] = [worker.open(), worker.context(other)];
    assert!(!goes_on(&mut worker, fifth, "evil"));
    assert!(!goes_on(&mut worker, sixth, "evil"), "the root is no more");
}

/// No Envoy does this. The callback that comes between is refused, the one that it comes into is not disturbed.
#[test]
fn a_callback_within_a_callback_of_one_stream_is_refused() {
    for (name, rest) in PHASES {
        let mut worker = worker();
        let stream = worker.open();
        let how = How::Reentrant(name, [&[stream], rest].concat());
        worker.world().faults = vec![Fault { call: "proxy_get_header_map_pairs", after: 0, times: 1, how }];
        assert!(goes_on(&mut worker, stream, "ok"), "{name}");
        assert_eq!(worker.world().reentered, [PAUSE], "{name}");
    }
}

#[test]
fn contexts_come_and_go_within_a_callback() {
    let (next, root) = (100, ROOT);
    for (name, args) in [
        ("proxy_on_context_create", vec![next, root]),
        ("proxy_on_context_create", vec![2, root]),
        ("proxy_on_delete", vec![2]),
        ("proxy_on_delete", vec![root]),
        ("proxy_on_log", vec![2]),
    ] {
        let mut worker = worker();
        let stream = worker.open();
        assert_eq!(stream, 2);
        let how = How::Reentrant(name, args.clone());
        worker.world().faults = vec![Fault { call: "proxy_get_property", after: 0, times: 1, how }];
        let went_on = goes_on(&mut worker, stream, "evil");
        assert!(!went_on, "{name} {args:?}");
    }
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
