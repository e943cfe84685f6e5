//! A call that an approval service is asked about: it goes on whole and once when the service says so, and never else.

use std::sync::Arc;

use crate::{
    machine::{
        Fault, How, OwnCall, Part, ROOT, Said, Shared, Stream, Worker,
        fault::{CALLS, STATUSES},
    },
    request::{End, MODES, Request, at_an_address, call, pairs, with_options},
    service::{APPROVE, asking, said, unwilling},
};

fn worker(mode: &str) -> Worker {
    let mut worker = Worker::new(&Arc::new(Shared::prepared()), &asking(mode));
    worker.world().properties = at_an_address();
    worker
}

/// The call, whole and in pieces, with each end that there is.
fn requests() -> Vec<Request> {
    let whole = call("asked");
    let pieces: Vec<Vec<u8>> = whole.body().chunks(10).map(<[u8]>::to_vec).collect();
    let ends = [End::Flag, End::EmptyChunk, End::Trailers].map(|end| (end, whole.chunks.clone()));
    let ends = ends.into_iter().chain([(End::Flag, pieces.clone()), (End::Trailers, pieces)]);
    ends.map(|(end, chunks)| Request { end, chunks, ..whole.clone() }).collect()
}

/// Sends a call, which waits; what is asked about it.
#[track_caller]
fn waiting(worker: &mut Worker, request: &Request) -> (Stream, OwnCall) {
    let stream = request.send(worker);
    assert!(stream.is_open() && stream.went_on.body.is_empty(), "{stream:?}");
    let asked = worker.world().calls.last().cloned().expect("a question");
    assert_eq!((asked.stream, asked.root), (stream.id, ROOT));
    (stream, asked)
}

fn yes() -> Said {
    said("200", APPROVE)
}

/// The codes of its answer, if there was one: of HTTP, and of JSON-RPC.
fn codes(stream: &Stream) -> Option<(u32, Option<i64>)> {
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
            let (mut stream, asked) = waiting(&mut worker, &request);
            assert_eq!(stream.went_on.headers.is_some(), mode == "release");
            stream.hear(&mut worker, asked.number, &yes());
            assert_eq!(
                (&stream.went_on.headers, &stream.went_on.body),
                (&Some(request.headers.clone()), &request.body())
            );
            assert!(stream.went_on.is_whole && stream.replies.is_empty() && stream.notes.len() == 1);
            worker.say_to_nobody(asked.number, &yes());
            stream.answer(&mut worker, Part::Head(&[(":status", "200")]), false);
            stream.answer(&mut worker, Part::Body(b"{}"), true);
            assert!(stream.answer.is_whole);
            worker.say_to_nobody(asked.number, &yes());
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
                let (mut stream, asked) = waiting(&mut worker, &request);
                stream.hear(&mut worker, asked.number, &said);
                let pending = br#"{"decision":"pending","id":"1"}"#;
                let expected = if said.body == pending { Some((200, Some(-31428))) } else { DENIED };
                assert_eq!(codes(&stream), expected, "{said:?}");
                worker.say_to_nobody(asked.number, &yes());
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
        if let Some(asked) = worker.world().calls.pop() {
            stream.hear(worker, asked.number, &yes());
        }
        passed += usize::from(stream.went_on.is_whole);
    }
    passed
}

/// When a call begins to fail: while the request comes, or while it waits.
#[derive(Clone, Copy, Debug)]
enum Since {
    Asking,
    Waiting,
}

#[test]
fn whatever_fails_whenever_nothing_goes_on_unapproved() {
    let ways = |name: &'static str| {
        let others =
            [How::Silence, How::Garbage(b"\xff".to_vec()), How::Garbage(Vec::new()), How::Nowhere(9), How::Unversioned];
        let ways = STATUSES.map(How::Status).into_iter().chain(others);
        // A single failure at each step, and failures from there on.
        ways.flat_map(move |how| {
            (0..6)
                .flat_map(move |after| [1, u32::MAX].map(|times| Fault { call: name, after, times, how: how.clone() }))
        })
    };
    for mode in MODES {
        let mut worker = worker(mode);
        let (mut passed, mut refused) = (0, 0);
        for fault in CALLS.into_iter().chain([""]).flat_map(ways) {
            for (since, said) in [Since::Asking, Since::Waiting]
                .into_iter()
                .flat_map(|since| [(since, yes()), (since, said("403", APPROVE))])
            {
                worker.world().now += 60_000_000_000;
                let before = worker.world().calls.len();
                let goes_on = one(&mut worker, since, &said, &fault);
                assert!(!goes_on || said == yes(), "{fault:?} {since:?}: it goes on unapproved");
                assert_eq!(worker.world().calls.len(), before, "{fault:?} {since:?}");
                *(if goes_on { &mut passed } else { &mut refused }) += 1;
            }
        }
        assert!(passed > 3000 && refused > 3000, "{passed} {refused}");
        assert_eq!(passes(&mut worker), 2, "it works as before");
    }
}

/// Whether a call goes on of which the service says this while something fails.
fn one(worker: &mut Worker, since: Since, said: &Said, fault: &Fault) -> bool {
    if let Since::Asking = since {
        worker.world().faults = vec![fault.clone()];
    }
    let request = call("asked");
    let mut stream = request.send(worker);
    assert!(!stream.went_on.is_whole && stream.went_on.body.is_empty(), "{fault:?}: before anybody has said anything");
    if let Since::Waiting = since {
        worker.world().faults = vec![fault.clone()];
    }
    if let Some(asked) = worker.world().calls.last().cloned() {
        stream.hear(worker, asked.number, said);
        worker.say_to_nobody(asked.number, &yes());
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
fn an_answer_for_a_stream_that_is_gone_reaches_nobody() {
    for mode in MODES {
        let mut worker = worker(mode);
        let (mut gone, asked) = waiting(&mut worker, &call("asked"));
        gone.close(&mut worker);
        let (mut next, other) = waiting(&mut worker, &call("asked"));
        worker.say_to_nobody(asked.number, &yes());
        assert!(next.is_open() && !gone.went_on.is_whole);
        next.hear(&mut worker, other.number, &said("403", ""));
        assert_eq!(codes(&next), DENIED);
        assert_eq!(passes(&mut worker), 2, "neither was charged");
    }
}

#[test]
fn an_answer_to_no_question_reaches_nobody() {
    for mode in MODES {
        let mut worker = worker(mode);
        for number in [0, 1, u32::MAX] {
            worker.say_to_nobody(number, &yes());
        }
        let (mut stream, asked) = waiting(&mut worker, &call("asked"));
        for number in [0, asked.number + 1, u32::MAX] {
            worker.say_to_nobody(number, &yes());
        }
        assert!(stream.is_open());
        stream.hear(&mut worker, asked.number, &yes());
        assert!(stream.went_on.is_whole);
    }
}

#[test]
fn answers_in_any_order_reach_those_they_are_for() {
    for mode in MODES {
        let mut worker = worker(mode);
        let mut waiting: Vec<_> = (0..6).map(|_| waiting(&mut worker, &call("asked"))).collect();
        // The limit has room for two, and its room is looked at again when the answer comes.
        for (index, fate) in [(4, "yes"), (1, "no"), (2, "none"), (1, "yes"), (0, "yes"), (0, "yes")] {
            let (mut stream, asked) = waiting.remove(index);
            match fate {
                "yes" => stream.hear(&mut worker, asked.number, &yes()),
                "no" => stream.hear(&mut worker, asked.number, &said("200", r#"{"decision":"reject"}"#)),
                _ => stream.hear(&mut worker, asked.number, &Said::default()),
            }
            assert!(fate == "yes" || codes(&stream) == DENIED, "{stream:?}");
            let limited = Some((200, Some(-31429)));
            assert!(fate != "yes" || stream.went_on.is_whole || codes(&stream) == limited, "{stream:?}");
        }
        assert_eq!(worker.world().called["proxy_continue_stream"], 2);
    }
}

#[test]
fn a_server_that_answers_early_gets_no_body() {
    for mode in MODES {
        for (status, passes_on) in [("200", false), ("401", true)] {
            let mut worker = worker(mode);
            let (mut stream, asked) = waiting(&mut worker, &call("asked"));
            stream.answer(&mut worker, Part::Head(&[(":status", status), ("content-type", "application/json")]), false);
            if stream.replies.is_empty() {
                stream.answer(&mut worker, Part::Body(b"{}"), true);
            }
            assert_eq!((codes(&stream).is_none(), stream.answer.is_whole), (passes_on, passes_on), "{status}");
            stream.hear(&mut worker, asked.number, &yes());
            assert!(stream.went_on.body.is_empty() && !stream.went_on.is_whole, "{status}");
            stream.close(&mut worker);
            assert_eq!(passes(&mut worker), 2, "it was not charged");
        }
    }
}

#[test]
fn more_that_comes_while_a_call_waits_does_not_go_on_with_it() {
    for mode in MODES {
        let mut worker = worker(mode);
        let (mut stream, asked) = waiting(&mut worker, &call("asked"));
        stream.body(&mut worker, b"", true);
        stream.trailers(&mut worker);
        stream.headers(&mut worker, &pairs(&[]), false);
        assert!(stream.is_open(), "nothing has changed");
        stream.body(&mut worker, b" ", true);
        assert_eq!(codes(&stream), Some((503, Some(-32603))));
        stream.hear(&mut worker, asked.number, &yes());
        assert!(stream.went_on.body.is_empty() && !stream.went_on.is_whole);
    }
}

#[test]
fn of_so_many_that_wait_each_has_its_answer_and_one_more_is_refused() {
    const MOST: usize = 256;
    for mode in MODES {
        let mut worker = worker(mode);
        let mut waiting: Vec<_> = (0..MOST).map(|_| waiting(&mut worker, &call("asked"))).collect();
        let full = call("asked").send(&mut worker);
        assert_eq!((codes(&full), worker.world().calls.len()), (DENIED, MOST));
        // Whoever leaves makes no room before the answer: it is still on its way.
        let (mut gone, asked) = waiting.remove(100);
        gone.close(&mut worker);
        assert_eq!(codes(&call("asked").send(&mut worker)), DENIED);
        worker.say_to_nobody(asked.number, &Said::default());
        waiting.push(self::waiting(&mut worker, &call("asked")));
        for (stream, asked) in waiting.iter_mut().rev() {
            stream.hear(&mut worker, asked.number, &said("503", ""));
            assert_eq!(codes(stream), DENIED);
        }
        assert_eq!(passes(&mut worker), 2, "nothing was charged, and there is room again");
    }
}

#[test]
fn a_question_belongs_to_the_root_of_its_stream() {
    let mut worker = worker("hold");
    let other = worker.add_root(&with_options(&asking_elsewhere()));
    let [first, second] = [worker.open(), worker.context(other)];
    let mut streams = [first, second].map(Stream::of);
    for stream in &mut streams {
        let request = call("asked");
        stream.headers(&mut worker, &request.headers, false);
        stream.body(&mut worker, &request.body(), true);
    }
    let asked = worker.world().calls.clone();
    let clusters: Vec<_> = asked.iter().map(|asked| (asked.root, asked.cluster.as_slice())).collect();
    assert_eq!(clusters, [(ROOT, b"desk".as_slice()), (other, b"elsewhere")]);
    // A root may be gone by then: Envoy calls nobody, and were it to, the call would end as any other.
    worker.callback("proxy_on_delete", &[other]);
    for (stream, asked) in streams.iter_mut().zip(&asked) {
        stream.hear(&mut worker, asked.number, &yes());
        assert!(stream.went_on.is_whole);
    }
}

fn asking_elsewhere() -> String {
    r#""protocol":{"headers":"hold"},"approvals":{"service":{"cluster":"elsewhere","path":"/"}}"#.to_owned()
}
