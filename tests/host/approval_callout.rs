//! Calls with an approval callout: each is forwarded once, unchanged, if the service approves it, and otherwise never.

mod stray;

use std::sync::Arc;

use crate::{
    proxy::{
        CallResponse, Fault, How, OwnCall, Part, ROOT, Shared, Stream, Worker,
        fault::{CALLS, STATUSES},
    },
    request::{End, MODES, Request, at_an_address, call, pairs, with_many_streams},
    service::{APPROVE, asking, said, unwilling},
};

fn worker(mode: &str) -> Worker {
    configured(&asking(mode))
}

fn worker_with_many_streams(mode: &str) -> Worker {
    configured(&with_many_streams(&asking(mode)))
}

fn configured(configuration: &str) -> Worker {
    let mut worker = Worker::new(&Arc::new(Shared::prepared()), configuration);
    worker.world().properties = at_an_address();
    worker
}

/// The call, whole and in pieces, with each end that there is.
pub(crate) fn requests() -> Vec<Request> {
    let whole = call("asked");
    let pieces: Vec<Vec<u8>> = whole.body().chunks(10).map(<[u8]>::to_vec).collect();
    let ends = [End::Flag, End::EmptyChunk, End::Trailers].map(|end| (end, whole.chunks.clone()));
    let ends = ends.into_iter().chain([(End::Flag, pieces.clone()), (End::Trailers, pieces)]);
    ends.map(|(end, chunks)| Request { end, chunks, ..whole.clone() }).collect()
}

/// Sends a call, which waits; what is asked about it.
#[track_caller]
pub(crate) fn waiting(worker: &mut Worker, request: &Request) -> (Stream, OwnCall) {
    let stream = request.send(worker);
    assert!(stream.is_open() && stream.went_on.body.is_empty(), "{stream:?}");
    let callout = worker.world().calls.last().cloned().expect("a callout");
    assert_eq!((callout.stream, callout.root), (stream.id, ROOT));
    (stream, callout)
}

/// Asserts that a call went on as it came, noted once, and without a word to its caller.
#[track_caller]
pub(crate) fn assert_went_on(stream: &Stream, request: &Request) {
    assert_eq!((&stream.went_on.headers, &stream.went_on.body), (&Some(request.headers.clone()), &request.body()));
    assert!(stream.went_on.is_whole && stream.replies.is_empty() && stream.notes.len() == 1);
}

/// Asserts that a server which answers a waiting call early gets no body, though the service then says `yes`.
#[track_caller]
pub(crate) fn assert_early_answer_gets_no_body(
    worker: &mut Worker,
    tool: &str,
    yes: &CallResponse,
    (status, passes_on): (&str, bool),
) -> Stream {
    let (mut stream, callout) = waiting(worker, &call(tool));
    stream.answer(worker, Part::Head(&[(":status", status), ("content-type", "application/json")]), false);
    if stream.replies.is_empty() {
        stream.answer(worker, Part::Body(b"{}"), true);
    }
    assert_eq!((codes(&stream).is_none(), stream.answer.is_whole), (passes_on, passes_on), "{status}");
    stream.receive(worker, callout.number, yes);
    assert!(stream.went_on.body.is_empty() && !stream.went_on.is_whole, "{status}");
    stream
}

/// Asserts that what comes while a call waits changes nothing, or ends it; the service then says `yes`.
#[track_caller]
pub(crate) fn assert_more_does_not_go_on(worker: &mut Worker, tool: &str, yes: &CallResponse) {
    let (mut stream, callout) = waiting(worker, &call(tool));
    stream.body(worker, b"", true);
    stream.trailers(worker);
    stream.headers(worker, &pairs(&[]), false);
    assert!(stream.is_open(), "nothing has changed");
    stream.body(worker, b" ", true);
    assert_eq!(codes(&stream), Some((503, Some(-32603))));
    stream.receive(worker, callout.number, yes);
    assert!(stream.went_on.body.is_empty() && !stream.went_on.is_whole);
}

/// Two calls that wait, one of the first root and one of another; what is asked about each.
pub(crate) fn waiting_at_two_roots(worker: &mut Worker, other: u32, tool: &str) -> ([Stream; 2], Vec<OwnCall>) {
    let mut streams = [worker.open(), worker.context(other)].map(Stream::of);
    for stream in &mut streams {
        let request = call(tool);
        stream.headers(worker, &request.headers, false);
        stream.body(worker, &request.body(), true);
    }
    let callouts = worker.world().calls.clone();
    (streams, callouts)
}

pub(crate) fn yes() -> CallResponse {
    said("200", APPROVE)
}

/// The codes of its answer, if there was one: of HTTP, and of JSON-RPC.
pub(crate) fn codes(stream: &Stream) -> Option<(u32, Option<i64>)> {
    stream.replies.first().map(|reply| {
        let body: serde_json::Value = serde_json::from_slice(&reply.body).expect("an answer is JSON");
        (reply.code, body["error"]["code"].as_i64())
    })
}

const DENIED: Option<(u32, Option<i64>)> = Some((200, Some(-31403)));

#[test]
fn an_approved_call_goes_on_whole_and_once() {
    for mode in MODES {
        let mut worker = worker(mode);
        for request in requests() {
            // Two a minute.
            worker.world().now += 60_000_000_000;
            let (mut stream, callout) = waiting(&mut worker, &request);
            assert_eq!(stream.went_on.headers.is_some(), mode == "release");
            stream.receive(&mut worker, callout.number, &yes());
            assert_went_on(&stream, &request);
            worker.respond_stray(callout.number, &yes());
            stream.answer(&mut worker, Part::Head(&[(":status", "200")]), false);
            stream.answer(&mut worker, Part::Body(b"{}"), true);
            assert!(stream.answer.is_whole);
            worker.respond_stray(callout.number, &yes());
            stream.close(&mut worker);
        }
        assert_eq!(worker.world().called["proxy_continue_stream"], requests().len());
    }
}

#[test]
fn a_call_that_is_not_approved_never_goes_on_and_is_answered_once() {
    for mode in MODES {
        let mut worker = worker(mode);
        for said in unwilling() {
            for request in requests() {
                let (mut stream, callout) = waiting(&mut worker, &request);
                stream.receive(&mut worker, callout.number, &said);
                let pending = br#"{"decision":"pending","id":"1"}"#;
                let expected = if said.body == pending { Some((200, Some(-31428))) } else { DENIED };
                assert_eq!(codes(&stream), expected, "{said:?}");
                worker.respond_stray(callout.number, &yes());
                assert!(!stream.went_on.is_whole && stream.went_on.body.is_empty());
                stream.close(&mut worker);
            }
        }
        assert_eq!(worker.world().called.get("proxy_continue_stream"), None);
        assert_eq!(passes(&mut worker), 2, "nothing was charged");
    }
}

/// How many of three calls pass that the service approves.
fn passes(worker: &mut Worker) -> usize {
    let mut passed = 0;
    for _ in 0..3 {
        let mut stream = call("asked").send(worker);
        if let Some(callout) = worker.world().calls.last().cloned() {
            stream.receive(worker, callout.number, &yes());
        }
        passed += usize::from(stream.went_on.is_whole);
    }
    passed
}

/// When a call begins to fail: while the request comes, or while it waits.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Since {
    Asking,
    Waiting,
}

/// Every call that can fail, in every way; a single failure at each step, and failures from there on.
pub(crate) fn faults() -> impl Iterator<Item = Fault> {
    let ways = |name: &'static str| {
        let others =
            [How::Silence, How::Garbage(b"\xff".to_vec()), How::Garbage(Vec::new()), How::Nowhere(9), How::Unversioned];
        let ways = STATUSES.map(How::Status).into_iter().chain(others);
        ways.flat_map(move |how| {
            (0..6)
                .flat_map(move |after| [1, u32::MAX].map(|times| Fault { call: name, after, times, how: how.clone() }))
        })
    };
    CALLS.into_iter().chain([""]).flat_map(ways)
}

#[test]
fn whatever_fails_whenever_nothing_goes_on_unapproved() {
    for mode in MODES {
        let mut worker = worker(mode);
        let (mut passed, mut refused) = (0, 0);
        for fault in faults() {
            for (since, said) in [Since::Asking, Since::Waiting]
                .into_iter()
                .flat_map(|since| [(since, yes()), (since, said("403", APPROVE))])
            {
                worker.world().now += 60_000_000_000;
                let before = worker.world().calls.len();
                let goes_on = goes_on(&mut worker, "asked", since, [&said, &yes()], &fault);
                assert!(!goes_on || said == yes(), "{fault:?} {since:?}: it goes on unapproved");
                worker.reload_if_failed();
                assert_eq!(worker.world().calls.len(), before, "{fault:?} {since:?}");
                *(if goes_on { &mut passed } else { &mut refused }) += 1;
            }
        }
        assert!(passed > 3000 && refused > 3000, "{passed} {refused}");
        assert_eq!(passes(&mut worker), 2, "it works as before");
    }
}

/// Whether a call is forwarded if the service responds `said`, and then `then` to no call, while a host call fails.
pub(crate) fn goes_on(
    worker: &mut Worker,
    tool: &str,
    since: Since,
    [said, then]: [&CallResponse; 2],
    fault: &Fault,
) -> bool {
    if let Since::Asking = since {
        worker.world().faults = vec![fault.clone()];
    }
    let request = call(tool);
    let mut stream = request.send(worker);
    assert!(!stream.went_on.is_whole && stream.went_on.body.is_empty(), "{fault:?}: before anybody has said anything");
    if let Since::Waiting = since {
        worker.world().faults = vec![fault.clone()];
    }
    if let Some(callout) = worker.world().calls.last().cloned() {
        stream.receive(worker, callout.number, said);
        worker.respond_stray(callout.number, then);
    }
    if stream.went_on.is_whole {
        assert_eq!(stream.went_on.body, request.body(), "{fault:?}");
        assert_eq!(stream.replies, [], "{fault:?}");
    } else {
        assert!(stream.went_on.body.is_empty(), "{fault:?}");
    }
    worker.world().faults.clear();
    stream.close(worker);
    stream.went_on.is_whole
}

#[test]
fn a_call_whose_stream_is_out_of_reach_is_not_charged_though_the_vm_fails() {
    for status in STATUSES {
        let mut worker = worker("hold");
        let (mut stream, callout) = waiting(&mut worker, &call("asked"));
        worker.world().faults = vec![Fault::always("proxy_set_effective_context", status)];
        stream.receive(&mut worker, callout.number, &yes());
        assert!(worker.has_failed() && stream.is_open() && stream.notes.is_empty(), "{status}: {stream:?}");
        worker.reload_if_failed();
        assert_eq!(passes(&mut worker), 2, "{status}");
    }
}

#[test]
fn of_a_long_answer_no_more_is_copied_than_is_read() {
    let mut worker = worker("hold");
    let (mut stream, callout) = waiting(&mut worker, &call("asked"));
    let before = worker.memory();
    stream.receive(&mut worker, callout.number, &said("200", &format!("{APPROVE}{}", " ".repeat(32 << 20))));
    assert_eq!(codes(&stream), DENIED);
    let grown = worker.memory() - before;
    assert!(grown < 4 << 20, "{grown} bytes");
}
