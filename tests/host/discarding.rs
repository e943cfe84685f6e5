//! A body that is too large is thrown away as it comes, and answered at its end: some clients read nothing before they have
//! written all of it. What comes has a bound in bytes and in time, and nothing of it is held or goes on.

use std::sync::Arc;

use crate::{
    proxy::{Fault, Shared, Stream, Worker},
    request::{End, MODES, at_an_address, call, configuration, pairs, with_options},
};

/// More than the 4,096 bytes that a body may have.
const CHUNK: usize = 5000;
const SECOND: u64 = 1_000_000_000;

/// A stream whose head has come, and announces so many bytes or none.
fn opened(mode: &str, length: Option<usize>) -> (Worker, Stream) {
    let mut worker = Worker::new(&Arc::new(Shared::prepared()), &configuration(mode));
    worker.world().properties = at_an_address();
    let mut stream = Stream::open(&mut worker);
    let length = length.map(|length| length.to_string());
    let announced = length.iter().flat_map(|length| pairs(&[("content-length", length)]));
    let headers = call("ok").headers.into_iter().chain(announced).collect();
    stream.headers(&mut worker, &headers, false);
    (worker, stream)
}

#[track_caller]
fn assert_too_large(stream: &Stream) {
    let [reply] = stream.replies.as_slice() else { panic!("{:?}", stream.replies) };
    assert_eq!((reply.code, &*reply.details), (413, "mcp_policy_refused"));
    assert!(String::from_utf8_lossy(&reply.body).contains("the body is larger than 4096 bytes"));
    assert_eq!((&*stream.went_on.body, stream.went_on.is_whole), (&b""[..], false));
    assert_eq!(stream.notes.len(), 1, "one record");
}

#[test]
fn the_answer_comes_at_the_end_of_a_body_that_is_not_held() {
    for (mode, length, end) in MODES.into_iter().flat_map(|mode| {
        let lengths = [Some(3 * CHUNK), None];
        let ends = [End::Flag, End::EmptyChunk, End::Trailers];
        lengths.into_iter().flat_map(move |length| ends.map(|end| (mode, length, end)))
    }) {
        let (mut worker, mut stream) = opened(mode, length);
        for _ in 0..2 {
            stream.body(&mut worker, &[b' '; CHUNK], false);
            assert_eq!((stream.replies.len(), stream.waits()), (0, 0), "{mode} {length:?}");
        }
        match end {
            End::Flag => stream.body(&mut worker, &[b' '; CHUNK], true),
            End::EmptyChunk => stream.body(&mut worker, b"", true),
            End::Trailers => stream.trailers(&mut worker),
        }
        assert_too_large(&stream);
        stream.tick(&mut worker);
        stream.close(&mut worker);
        assert_too_large(&stream);
    }
}

#[test]
fn a_tick_answers_a_client_that_sends_nothing_for_a_second_or_takes_ten() {
    for (mode, seconds, chunk) in MODES.into_iter().flat_map(|mode| [(mode, 1, 0), (mode, 10, 10)]) {
        let (mut worker, mut stream) = opened(mode, Some(CHUNK));
        for _ in 1..4 * seconds {
            assert_eq!(worker.world().tick, 250, "a root ticks four times a second");
            worker.world().now += SECOND / 4;
            stream.body(&mut worker, &vec![b' '; chunk], false);
            stream.tick(&mut worker);
            assert_eq!(stream.replies.len(), 0, "{mode} {seconds}");
        }
        worker.world().now += SECOND / 4;
        stream.tick(&mut worker);
        assert_too_large(&stream);
        stream.body(&mut worker, &[b' '; CHUNK], true);
        stream.tick(&mut worker);
        assert_eq!(worker.world().tick, 5000, "it is the last one");
        stream.close(&mut worker);
        assert_too_large(&stream);
    }
}

#[test]
fn more_than_64_mebibytes_are_answered_at_once() {
    for mode in MODES {
        let (mut worker, mut stream) = opened(mode, Some((64 << 20) + 1));
        assert_too_large(&stream);
        assert_eq!(stream.went_on.headers, None, "announced: not even the head goes on");
        stream.close(&mut worker);
        let (mut worker, mut stream) = opened(mode, None);
        let chunk = vec![b' '; 16 << 20];
        for _ in 0..4 {
            stream.body(&mut worker, &chunk, false);
            assert_eq!(stream.replies.len(), 0);
        }
        stream.body(&mut worker, b" ", false);
        assert_too_large(&stream);
        stream.close(&mut worker);
    }
}

#[test]
fn a_stream_that_ends_before_its_body_leaves_nothing() {
    for mode in MODES {
        let (mut worker, mut stream) = opened(mode, Some(CHUNK));
        stream.close(&mut worker);
        worker.world().now += 20 * SECOND;
        stream.tick(&mut worker);
        assert_eq!((stream.replies.len(), worker.world().tick), (0, 5000));
    }
}

#[test]
fn a_notice_that_waits_does_not_hold_up_the_look_at_bodies_that_are_too_large() {
    let notify = r#"{"cluster":"hook","path":"/x","authority":"hook.example","format":"json"}"#;
    let options = format!(r#""protocol":{{"max_body_bytes":4096}},"approvals":{{"notify":{notify}}}"#);
    let configuration = with_options(&options);
    let mut worker = Worker::new(&Arc::new(Shared::prepared()), &configuration);
    worker.world().properties = at_an_address();
    // Two requests for approval, and so two notices; the webhook cannot be called.
    worker.world().faults = vec![Fault::always("proxy_http_call", 10)];
    for padding in ["", " "] {
        let mut request = call("asked");
        let body = String::from_utf8(request.body()).expect("text");
        let arguments = format!(r#""name":"asked","arguments":{{"a":"{padding}"}}"#);
        request.chunks = vec![body.replace(r#""name":"asked""#, &arguments).into_bytes()];
        assert_eq!(request.send(&mut worker).replies.len(), 1);
    }
    let mut stream = Stream::open(&mut worker);
    let length = pairs(&[("content-length", "5000")]);
    stream.headers(&mut worker, &call("ok").headers.into_iter().chain(length).collect(), false);
    stream.tick(&mut worker);
    assert_eq!((worker.world().counted("notices_failed"), worker.world().tick), (1, 250), "one notice waits a second");
}
