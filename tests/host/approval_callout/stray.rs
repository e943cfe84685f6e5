//! Responses for streams that are gone, in any order, or to unknown callouts; and what else comes while a call waits.

use super::{
    DENIED, assert_early_answer_gets_no_body, assert_more_does_not_go_on, codes, passes, waiting, waiting_at_two_roots,
    worker, worker_with_many_streams, yes,
};
use crate::{
    proxy::{CallResponse, ROOT},
    request::{MODES, call, with_options},
    service::said,
};

#[test]
fn a_response_for_a_stream_that_is_gone_changes_nothing() {
    for mode in MODES {
        let mut worker = worker(mode);
        let (mut gone, callout) = waiting(&mut worker, &call("asked"));
        gone.close(&mut worker);
        let (mut next, other) = waiting(&mut worker, &call("asked"));
        worker.respond_stray(callout.number, &yes());
        assert!(next.is_open() && !gone.went_on.is_whole);
        next.receive(&mut worker, other.number, &said("403", ""));
        assert_eq!(codes(&next), DENIED);
        assert_eq!(passes(&mut worker), 2, "neither was charged");
    }
}

#[test]
fn a_response_to_an_unknown_callout_changes_nothing() {
    for mode in MODES {
        let mut worker = worker(mode);
        for number in [0, 1, u32::MAX] {
            worker.respond_stray(number, &yes());
        }
        let (mut stream, callout) = waiting(&mut worker, &call("asked"));
        for number in [0, callout.number + 1, u32::MAX] {
            worker.respond_stray(number, &yes());
        }
        assert!(stream.is_open());
        stream.receive(&mut worker, callout.number, &yes());
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
            let (mut stream, callout) = waiting.remove(index);
            match fate {
                "yes" => stream.receive(&mut worker, callout.number, &yes()),
                "no" => stream.receive(&mut worker, callout.number, &said("200", r#"{"decision":"reject"}"#)),
                _ => stream.receive(&mut worker, callout.number, &CallResponse::default()),
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
        for early in [("200", false), ("401", true)] {
            let mut worker = worker(mode);
            assert_early_answer_gets_no_body(&mut worker, "asked", &yes(), early).close(&mut worker);
            assert_eq!(passes(&mut worker), 2, "it was not charged");
        }
    }
}

#[test]
fn more_that_comes_while_a_call_waits_does_not_go_on_with_it() {
    for mode in MODES {
        assert_more_does_not_go_on(&mut worker(mode), "asked", &yes());
    }
}

#[test]
fn of_so_many_that_wait_each_has_its_answer_and_one_more_is_refused() {
    const MOST: usize = 1024;
    for mode in MODES {
        let mut worker = worker_with_many_streams(mode);
        let mut waiting: Vec<_> = (0..MOST).map(|_| waiting(&mut worker, &call("asked"))).collect();
        let full = call("asked").send(&mut worker);
        assert_eq!((codes(&full), worker.world().calls.len()), (DENIED, MOST));
        // A client that leaves makes room at once: its call into the service is Envoy's to bound.
        let (mut gone, callout) = waiting.remove(100);
        gone.close(&mut worker);
        waiting.push(self::waiting(&mut worker, &call("asked")));
        worker.respond_stray(callout.number, &CallResponse::default());
        assert_eq!(codes(&call("asked").send(&mut worker)), DENIED);
        for (stream, callout) in waiting.iter_mut().rev() {
            stream.receive(&mut worker, callout.number, &said("503", ""));
            assert_eq!(codes(stream), DENIED);
        }
        assert_eq!(passes(&mut worker), 2, "nothing was charged, and there is room again");
    }
}

#[test]
fn a_callout_belongs_to_the_root_context_of_its_stream() {
    let mut worker = worker("hold");
    let other = worker.add_root(&with_options(&asking_elsewhere()));
    let (mut streams, callouts) = waiting_at_two_roots(&mut worker, other, "asked");
    let clusters: Vec<_> = callouts.iter().map(|callout| (callout.root, callout.cluster.as_slice())).collect();
    assert_eq!(clusters, [(ROOT, b"desk".as_slice()), (other, b"elsewhere")]);
    for (stream, callout) in streams.iter_mut().zip(&callouts) {
        stream.receive(&mut worker, callout.number, &yes());
        assert!(stream.went_on.is_whole);
    }
}

fn asking_elsewhere() -> String {
    r#""protocol":{"headers":"hold"},"approvals":{"service":{"cluster":"elsewhere","path":"/"}}"#.to_owned()
}
