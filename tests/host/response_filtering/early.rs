//! Servers that answer before the end of a request, or after something has failed.

use super::{has_mark, sent};
use crate::{
    proxy::{Fault, Part, Shared, Stream, Worker},
    request::{MODES, Request, at_an_address, call, configuration, get, list, with_options},
};

const EVENTS: Part<'_> = Part::Head(&[(":status", "200"), ("content-type", "text/event-stream")]);
const LIST: &[u8] = b"data: {\"id\":7,\"result\":{\"tools\":[{\"name\":\"evil\",\"m\":987654321}]}}\n\n";

/// A worker, and a stream that has received its head only.
fn begun(request: &Request) -> (Worker, Stream) {
    begun_under(&configuration("release"), request)
}

/// The same under this configuration.
fn begun_under(configuration: &str, request: &Request) -> (Worker, Stream) {
    let mut worker = Worker::new(&std::sync::Arc::new(Shared::prepared()), configuration);
    worker.world().properties = at_an_address();
    let mut stream = Stream::open(&mut worker);
    stream.headers(&mut worker, &request.headers, false);
    (worker, stream)
}

#[test]
fn an_answer_to_a_message_that_has_not_come_is_not_passed_on() {
    let (mut worker, mut stream) = begun(&list());
    stream.answer(&mut worker, EVENTS, false);
    assert_eq!(stream.replies.iter().map(|reply| reply.code).collect::<Vec<_>>(), [503]);
    // A refusal is.
    let (mut worker, mut stream) = begun(&list());
    stream.answer(&mut worker, Part::Head(&[(":status", "401")]), false);
    stream.answer(&mut worker, Part::Body(b"no"), true);
    assert_eq!((&*stream.answer.body, stream.answer.is_whole), (&b"no"[..], true));
}

#[test]
fn an_error_that_a_server_gives_to_the_head_of_a_call_arrives_whole_and_no_body_goes_on() {
    for tool in ["evil", "ok", "limited"] {
        let request = call(tool);
        let (mut worker, mut stream) = begun(&request);
        stream.answer(&mut worker, Part::Head(&[(":status", "404")]), false);
        stream.body(&mut worker, &request.body(), true);
        stream.answer(&mut worker, Part::Body(b"not found"), true);
        assert_eq!((&*stream.answer.body, stream.answer.is_whole), (&b"not found"[..], true), "{tool}");
        assert!(stream.replies.is_empty() && stream.went_on.body.is_empty() && !stream.went_on.is_whole, "{tool}");
        stream.close(&mut worker);
        assert_eq!(stream.notes, Vec::<Vec<u8>>::new(), "{tool}: nothing was decided");
    }
}

#[test]
fn a_success_that_a_server_gives_to_the_head_of_a_call_is_reset_if_the_call_is_refused() {
    // Else an answer to what may be a list is not passed on.
    let lists_are_whole = with_options(r#""lists":{"show":"full"}"#);
    for (tool, is_refused) in [("evil", true), ("ok", false)] {
        let request = call(tool);
        let (mut worker, mut stream) = begun_under(&lists_are_whole, &request);
        stream.answer(&mut worker, EVENTS, false);
        stream.body(&mut worker, &request.body(), true);
        assert_eq!((stream.is_reset, stream.went_on.is_whole), (is_refused, !is_refused), "{tool}");
    }
}

#[test]
fn a_success_that_a_server_gives_to_the_head_of_a_request_passes_where_nothing_is_enforced() {
    let digest = "0".repeat(64);
    let pins = format!(r#""definitions":{{"ok":{{"sha256":"{digest}"}}}}"#);
    let results = r#""all_tools":{"results":{"redact":[{"find":"email"}]}}"#;
    let in_shadow = r#""all_tools":{"mode":"shadow","results":{"redact":[{"find":"email"}]}}"#;
    let body: &[u8] = br#"{"jsonrpc":"2.0","id":7,"result":{"tools":[{"name":"ok"}],"x":"bob@example.com"}}"#;
    for (policy, options, request, passes) in [
        (&*pins, r#","mode":"shadow""#, list(), true),
        (results, r#","mode":"shadow""#, call("ok"), true),
        (in_shadow, r#","lists":{"show":"full"}"#, call("ok"), true),
        ("\"description\":\"\"", r#","lists":{"show":"full"},"tasks":{"owner":true}"#, call("ok"), true),
        (results, r#","lists":{"show":"full"}"#, call("ok"), false),
    ] {
        let policy = format!(r#"{{"policy":{{"version":"1","default":"allow",{policy}}}{options}}}"#);
        let (mut worker, mut stream) = begun_under(&policy, &request);
        stream.answer(&mut worker, Part::Head(&[(":status", "200"), ("content-type", "application/json")]), false);
        if stream.replies.is_empty() {
            stream.body(&mut worker, &request.body(), true);
            stream.answer(&mut worker, Part::Body(body), true);
        }
        assert_eq!((stream.answer.body == body, stream.answer.is_whole), (passes, passes), "{policy}");
        assert_eq!(stream.replies.len(), usize::from(!passes), "{policy}");
    }
}

#[test]
fn a_stream_that_opens_before_the_end_of_its_request_is_trimmed_and_ends_with_more_of_it() {
    let (mut worker, mut stream) = begun(&get());
    stream.answer(&mut worker, EVENTS, false);
    stream.answer(&mut worker, Part::Body(LIST), false);
    assert_eq!(stream.answer.body, b"data: {\"id\":7,\"result\":{\"tools\":[]}}\n\n");
    stream.body(&mut worker, b"", true);
    assert!(stream.went_on.is_whole && !stream.answer.is_ended);
    stream.body(&mut worker, b"x", false);
    assert!(stream.answer.is_ended);
    stream.answer(&mut worker, Part::Body(LIST), true);
    assert!(!has_mark(&stream));
}

/// Envoy then holds no chunk, and the SDK panics upon a write to none.
#[test]
fn an_answer_that_has_trailers_and_no_body_passes_without_a_write_to_it() {
    for mode in MODES {
        let (mut worker, mut stream) = sent(&configuration(mode), &list());
        let head = Part::Head(&[(":status", "200"), ("content-type", "application/json")]);
        stream.answer(&mut worker, head, false);
        stream.answer(&mut worker, Part::Trailers, true);
        assert!(stream.answer.is_whole && stream.answer.body.is_empty(), "{stream:?}");
        assert_eq!(worker.world().called.get("proxy_set_buffer_bytes"), None);
    }
}

#[test]
fn the_head_and_each_chunk_of_an_answer_are_read_once_whatever_needs_them() {
    let options = r#""protocol":{"batches":"judge"},"limits":{"refund":"failed"}"#;
    let batch = r#"[{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"limited"}},
        {"jsonrpc":"2.0","id":2,"method":"tools/list"}]"#;
    let mut request = list();
    request.headers.push((b"mcp-protocol-version".to_vec(), b"2025-03-26".to_vec()));
    request.chunks = vec![batch.as_bytes().to_vec()];
    let (mut worker, mut stream) = sent(&with_options(options), &request);
    worker.world().called.clear();
    let head = [(":status", "200"), ("content-type", "application/json"), ("x-envoy-upstream-service-time", "1")];
    stream.answer(&mut worker, Part::Head(&head), false);
    let answer = br#"[{"jsonrpc":"2.0","id":1,"error":{"code":-32603,"message":"no"}},
        {"jsonrpc":"2.0","id":2,"result":{"tools":[{"name":"evil"},{"name":"ok"}]}}]"#;
    for chunk in answer.chunks(60) {
        stream.answer(&mut worker, Part::Body(chunk), false);
    }
    stream.answer(&mut worker, Part::Body(b""), true);
    let body = String::from_utf8_lossy(&stream.answer.body).into_owned();
    assert!(body.contains(r#"{"tools":[{"name":"ok"}]}"#) && body.contains("-32603"), "{body}");
    let called = &worker.world().called;
    let of = |name: &str| called.get(name).copied().unwrap_or_default();
    assert_eq!(of("proxy_get_header_map_value"), 4, "who answers, and three headers that say how: {called:?}");
    assert_eq!(of("proxy_get_buffer_bytes"), answer.chunks(60).count(), "{called:?}");
    assert_eq!(of("proxy_set_shared_data"), 1, "the quota came back: {called:?}");
}

#[test]
fn where_the_head_cannot_be_read_or_no_refusal_be_sent_nothing_goes_on() {
    for (name, status) in
        [("proxy_get_header_map_value", 1), ("proxy_get_header_map_value", 2), ("proxy_remove_header_map_value", 2)]
    {
        let fault = Fault::always(name, status);
        let (mut worker, mut stream) = sent(&configuration("release"), &list());
        worker.world().faults = vec![fault.clone()];
        stream.answer(&mut worker, EVENTS, false);
        assert_eq!((stream.replies.len(), worker.has_failed()), if fault.may_trap() { (0, true) } else { (1, false) });
        let (mut worker, mut stream) = sent(&configuration("hold"), &list());
        worker.world().faults = vec![fault.clone(), Fault::always("proxy_send_local_response", 2)];
        stream.answer(&mut worker, EVENTS, false);
        stream.answer(&mut worker, Part::Body(LIST), true);
        assert!(stream.answer.head.is_none() && stream.answer.body.is_empty(), "{fault:?}");
        assert!(stream.answer.is_ended || worker.has_failed(), "{fault:?}");
    }
}
