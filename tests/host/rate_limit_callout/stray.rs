//! Responses for streams that are gone, in any order, or to unknown callouts; and how many streams may wait.

use super::{LIMITED, UNANSWERED, UNCOUNTED, charged, closed, codes, counting, full, waiting, worker};
use crate::{
    approval_callout::{assert_early_answer_gets_no_body, assert_more_does_not_go_on, waiting_at_two_roots},
    proxy::{ROOT, Worker},
    rate_limit_service::service,
    request::{MODES, Request, call, with_many_streams, with_options},
};

#[test]
fn a_response_for_a_stream_that_is_gone_changes_nothing() {
    for (mode, late) in MODES.into_iter().flat_map(|mode| [(mode, charged()), (mode, full(1)), (mode, closed(4))]) {
        let mut worker = worker(&counting(mode, "deny"));
        let (mut gone, callout) = waiting(&mut worker, &call("limited"));
        gone.close(&mut worker);
        let (mut next, other) = waiting(&mut worker, &call("limited"));
        worker.respond_stray(callout.number, &late);
        assert!(next.is_open() && !gone.went_on.is_whole && gone.replies.is_empty());
        next.receive(&mut worker, other.number, &full(1));
        assert_eq!(codes(&next), LIMITED);
    }
}

#[test]
fn a_response_to_an_unknown_callout_changes_nothing() {
    for mode in MODES {
        let mut worker = worker(&counting(mode, "local"));
        for number in [0, 1, 5, u32::MAX] {
            worker.respond_stray(number, &charged());
            worker.respond_stray(number, &closed(0));
        }
        let (mut stream, callout) = waiting(&mut worker, &call("limited"));
        for number in [0, callout.number + 1, u32::MAX] {
            worker.respond_stray(number, &charged());
            worker.respond_stray(number, &closed(14));
        }
        assert!(stream.is_open());
        stream.receive(&mut worker, callout.number, &charged());
        assert!(stream.went_on.is_whole);
        assert_eq!(worker.world().counted(UNANSWERED), 0);
    }
}

#[test]
fn answers_in_any_order_reach_those_they_are_for() {
    for mode in MODES {
        let mut worker = worker(&counting(mode, "deny"));
        let mut waiting: Vec<_> = (0..6).map(|_| waiting(&mut worker, &call("limited"))).collect();
        for (index, said, fate) in [
            (4, charged(), None),
            (1, full(1), LIMITED),
            (2, closed(14), UNCOUNTED),
            (1, charged(), None),
            (1, full(2), LIMITED),
            (0, charged(), None),
        ] {
            let (mut stream, callout) = waiting.remove(index);
            stream.receive(&mut worker, callout.number, &said);
            assert_eq!((codes(&stream), stream.went_on.is_whole), (fate, fate.is_none()), "{said:?}");
        }
        assert_eq!(worker.world().called["proxy_continue_stream"], 3);
    }
}

#[test]
fn a_server_that_answers_early_gets_no_body() {
    for mode in MODES {
        for early in [("200", false), ("401", true)] {
            let mut worker = worker(&counting(mode, "deny"));
            assert_early_answer_gets_no_body(&mut worker, "limited", &charged(), early);
        }
    }
}

#[test]
fn more_that_comes_while_a_call_waits_does_not_go_on_with_it() {
    for mode in MODES {
        assert_more_does_not_go_on(&mut worker(&counting(mode, "local")), "limited", &charged());
    }
}

/// What becomes of one more than may wait: it is refused, or counted here.
#[track_caller]
fn assert_full(worker: &mut Worker, request: &Request, on_failure: &str) {
    let before = worker.world().calls.len();
    let stream = request.send(worker);
    let fate = if on_failure == "deny" { UNCOUNTED } else { None };
    assert_eq!((codes(&stream), stream.went_on.is_whole), (fate, fate.is_none()));
    assert_eq!(worker.world().calls.len(), before, "no callout was made");
}

#[test]
fn each_of_1024_held_requests_gets_its_response_and_one_more_makes_no_callout() {
    const MOST: usize = 1024;
    for (mode, on_failure) in MODES.into_iter().flat_map(|mode| [(mode, "deny"), (mode, "local")]) {
        let mut worker = worker(&with_many_streams(&counting(mode, on_failure)));
        let mut waiting: Vec<_> = (0..MOST).map(|_| waiting(&mut worker, &call("limited"))).collect();
        assert_full(&mut worker, &call("limited"), on_failure);
        // A client that leaves makes room at once: its call into the service is Envoy's to bound.
        let (mut gone, callout) = waiting.remove(100);
        gone.close(&mut worker);
        waiting.push(self::waiting(&mut worker, &call("limited")));
        worker.respond_stray(callout.number, &closed(4));
        assert_full(&mut worker, &call("limited"), on_failure);
        for (stream, callout) in waiting.iter_mut().rev() {
            stream.receive(&mut worker, callout.number, &full(9));
            assert_eq!(codes(stream), LIMITED);
        }
    }
}

#[test]
fn a_callout_belongs_to_the_root_context_of_its_stream() {
    let mut worker = worker(&counting("hold", "deny"));
    let elsewhere = with_options(&format!(r#""protocol":{{"headers":"hold"}},"limits":{{{}}}"#, service("local")));
    let other = worker.add_root(&elsewhere.replace("counts", "others"));
    let (mut streams, callouts) = waiting_at_two_roots(&mut worker, other, "limited");
    let clusters: Vec<_> = callouts.iter().map(|callout| (callout.root, callout.cluster.as_slice())).collect();
    assert_eq!(clusters, [(ROOT, b"\x0a\x08\x0a\x06counts".as_slice()), (other, b"\x0a\x08\x0a\x06others")]);
    for (stream, callout) in streams.iter_mut().zip(&callouts).rev() {
        stream.receive(&mut worker, callout.number, &charged());
        assert!(stream.went_on.is_whole);
    }
}
