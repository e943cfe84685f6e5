//! Servers that answer before the end of a request, or after something has failed.

use super::{has_mark, sent};
use crate::{
    machine::{Fault, Part, Shared, Stream, Worker},
    request::{Request, at_an_address, configuration, get, list},
};

const EVENTS: Part<'_> = Part::Head(&[(":status", "200"), ("content-type", "text/event-stream")]);
const LIST: &[u8] = b"data: {\"id\":7,\"result\":{\"tools\":[{\"name\":\"evil\",\"m\":987654321}]}}\n\n";

/// A worker, and a stream of which no more than the head has come.
fn begun(request: &Request) -> (Worker, Stream) {
    let mut worker = Worker::new(&std::sync::Arc::new(Shared::prepared()), &configuration("release"));
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
