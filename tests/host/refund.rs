//! Quota comes back only where Envoy says that nothing can have reached a server.

use std::sync::Arc;

use crate::{
    proxy::{Fault, How, Part, Shared, Worker, fault::STATUSES},
    request::{Properties, Request, at_an_address, call, configuration, with_options},
};

#[test]
fn a_call_that_found_no_server_costs_nothing() {
    assert_eq!(passes(&at_an_address(), None, true), 5);
    assert_eq!(passes(&at_an_address(), None, false), 5, "nor one that was never answered");
}

#[test]
fn a_call_that_reached_a_server_costs() {
    assert_eq!(passes(&delivered(), None, true), 2);
    assert_eq!(passes(&delivered(), None, false), 2);
}

#[test]
fn where_envoy_cannot_tell_a_call_costs() {
    for status in STATUSES.into_iter().filter(|status| ![1, 3].contains(status)) {
        for has_answer in [true, false] {
            let fault = Fault::always("proxy_get_property", status);
            assert_eq!(passes(&delivered(), Some(fault), has_answer), 2, "{status}: also if the VM fails");
        }
    }
    for garbage in [&b"x"[..], b"123456789"] {
        for path in ["upstream\0request_attempt_count", "response\0flags"] {
            let mut properties = at_an_address();
            properties.insert(path.as_bytes().to_vec(), Some(garbage.to_vec()));
            assert_eq!(passes(&properties, None, true), 2, "{path}");
        }
    }
}

#[test]
fn an_answer_that_cannot_be_read_passes_and_gives_nothing_back() {
    let error = r#"{"jsonrpc":"2.0","id":7,"error":{"code":-32603,"message":"no"}}"#.as_bytes();
    assert_eq!(passes_where_failures_are_free(error, None), 5, "without a fault");
    for name in ["proxy_get_header_map_value", "proxy_get_buffer_bytes"] {
        for status in STATUSES {
            // A status can say that there is no such header, and then there is nothing to understand either.
            assert_eq!(passes_where_failures_are_free(error, Some(Fault::always(name, status))), 2, "{name} {status}");
        }
        for how in [How::Silence, How::Garbage(b"\xff".to_vec())] {
            let fault = Fault { call: name, after: 0, times: u32::MAX, how };
            assert_eq!(passes_where_failures_are_free(error, Some(fault)), 2, "{name}");
        }
    }
}

#[test]
fn another_request_s_answer_on_the_stream_gives_nothing_back() {
    let [error, fine] = [r#""error":{"code":-1,"message":"x"}"#, r#""result":{"content":[]}"#]
        .map(|outcome| move |id: &str| format!("data: {{\"jsonrpc\":\"2.0\",\"id\":{id},{outcome}}}\n\n"));
    let events =
        |answers: String| passes_where_the_answer_is(&call("limited"), "text/event-stream", answers.as_bytes(), None);
    assert_eq!(events(error("7")), 5);
    assert_eq!(events(error("8") + &fine("7")), 2, "an answer to another request");
    assert_eq!(events(error("\"7\"") + &fine("7")), 2, "an id that resembles it");
    let request = "data: {\"jsonrpc\":\"2.0\",\"id\":7,\"method\":\"ping\",\"error\":{}}\n\n".to_owned();
    assert_eq!(events(request + &fine("7")), 2, "a request of the server's");
}

#[test]
fn calls_of_one_request_are_given_back_only_if_each_of_them_failed() {
    let body =
        |id: u32| format!(r#"{{"jsonrpc":"2.0","id":{id},"method":"tools/call","params":{{"name":"limited"}}}}"#);
    let batch = Request { chunks: vec![format!("[{},{}]", body(1), body(2)).into_bytes()], ..call("limited") };
    let answers = |first: bool, second: bool| {
        let one = |id: u32, failed: bool| format!(r#"{{"jsonrpc":"2.0","id":{id},"result":{{"isError":{failed}}}}}"#);
        let text = format!("[{},{}]", one(1, first), one(2, second));
        passes_where_the_answer_is(&batch, "application/json", text.as_bytes(), None)
    };
    assert_eq!(answers(true, true), 5);
    assert_eq!([answers(true, false), answers(false, true), answers(false, false)], [1; 3]);
}

/// How many of five calls go on under a limit of two, where each gets this answer.
fn passes_where_failures_are_free(answer: &[u8], fault: Option<Fault>) -> usize {
    passes_where_the_answer_is(&call("limited"), "application/json", answer, fault)
}

/// How many of five requests go on under a limit of two calls, where each gets this answer.
fn passes_where_the_answer_is(request: &Request, media: &str, answer: &[u8], fault: Option<Fault>) -> usize {
    let shared = Arc::new(Shared::prepared());
    let options = r#""limits":{"refund":"failed"},"protocol":{"batches":"judge"}"#;
    let mut worker = Worker::new(&shared, &with_options(options));
    let mut passed = 0;
    for _ in 0..5 {
        worker.world().properties = delivered();
        let mut stream = request.send(&mut worker);
        if stream.replies.is_empty() {
            passed += 1;
            worker.world().faults = fault.clone().into_iter().collect();
            let head = [(":status", "200"), ("content-type", media)];
            stream.answer(&mut worker, Part::Head(&head), false);
            for chunk in answer.chunks(10) {
                stream.answer(&mut worker, Part::Body(chunk), false);
            }
            stream.answer(&mut worker, Part::Body(b""), true);
            worker.world().faults.clear();
        }
        stream.close(&mut worker);
        worker.reload_if_failed();
    }
    passed
}

/// How many of five calls go on under a limit of two, where this is known when the answer comes.
fn passes(properties: &Properties, fault: Option<Fault>, has_answer: bool) -> usize {
    let mut worker = Worker::new(&Arc::new(Shared::prepared()), &configuration("hold"));
    let mut passed = 0;
    for _ in 0..5 {
        worker.world().properties = at_an_address();
        let mut stream = call("limited").send(&mut worker);
        passed += usize::from(stream.replies.is_empty());
        worker.world().properties.clone_from(properties);
        worker.world().faults = fault.clone().into_iter().collect();
        if has_answer && stream.replies.is_empty() {
            stream.answer(&mut worker, Part::Head(&[(":status", "200")]), true);
        }
        stream.close(&mut worker);
        worker.world().faults.clear();
        worker.reload_if_failed();
    }
    passed
}

/// What Envoy knows of a call that a server got.
fn delivered() -> Properties {
    let mut properties = at_an_address();
    properties.insert(b"upstream\0address".to_vec(), Some(b"10.1.1.1:80".to_vec()));
    properties.insert(b"upstream\0request_attempt_count".to_vec(), Some(1_u64.to_le_bytes().to_vec()));
    properties
}
