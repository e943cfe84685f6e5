//! A condition on a counter sees every call that was let through before, whichever worker let it through.

use std::sync::Arc;

use proptest::{collection::vec, prelude::*};

use crate::{
    cases,
    concurrent_limits::play,
    proxy::{Scheduler, Shared, Worker},
    request::{at_an_address, call},
};

const WORKERS: usize = 3;
/// How often each worker counts, where they take turns.
const CALLS: usize = 3;

/// A policy whose tool `count` is only counted, and whose tool `after-N` is denied once that has happened N times.
fn policy() -> String {
    let most = WORKERS * CALLS;
    let gates = (1..=most)
        .map(|n| format!(r#""after-{n}":{{"deny_if":[{{"conditions":[{{"counter":"c","op":"gte","value":{n}}}]}}]}}"#));
    let gates = gates.collect::<Vec<_>>().join(",");
    let count = r#""count":{"limits":[{"counter":"c","window":"day","scope":"grant"}]}"#;
    format!(r#"{{"version":"1","default":"deny","tools":{{{count},{gates}}}}}"#)
}

fn worker(shared: &Arc<Shared>) -> Worker {
    let mut worker = Worker::new(shared, &policy());
    worker.world().properties = at_an_address();
    worker
}

fn count(worker: &mut Worker) {
    assert_eq!(call("count").send(worker).replies.len(), 0, "what only counts refuses nothing");
}

/// Whether a worker sees at least this many.
fn sees(worker: &mut Worker, least: usize) -> bool {
    let stream = call(&format!("after-{least}")).send(worker);
    if let Some(reply) = stream.replies.first() {
        let body = String::from_utf8_lossy(&reply.body);
        assert!(body.contains(&format!("/tools/after-{least}/deny_if/0")), "{body}");
    }
    !stream.replies.is_empty()
}

#[test]
fn each_worker_sees_exactly_what_all_have_let_through() {
    // Which worker is next, and whether its call is counted.
    let steps = vec((0..2_usize, any::<bool>()), 1..40);
    cases::run(20, &steps, |steps| {
        let shared = Arc::new(Shared::prepared());
        let mut workers = [0, 1].map(|_| worker(&shared));
        let mut counted = 0;
        for (number, is_counted) in steps {
            let worker = &mut workers[number];
            if is_counted && counted < WORKERS * CALLS {
                count(worker);
                counted += 1;
            } else if counted > 0 {
                assert!(sees(worker, counted), "{counted} calls");
                assert!(counted == WORKERS * CALLS || !sees(worker, counted + 1), "{counted} calls");
            }
        }
    });
}

#[test]
fn in_any_order_no_worker_misses_a_call_that_it_let_through_itself() {
    cases::run(8, &vec(0..WORKERS, 1..60), |choices| {
        let turns = Arc::new(Scheduler::new(WORKERS, choices));
        let shared = Arc::new(Shared::prepared().in_turns(turns.clone()));
        let counted = play(WORKERS, &turns, |_| {
            let mut worker = worker(&shared);
            for n in 1..=CALLS {
                count(&mut worker);
                assert!(sees(&mut worker, n), "{n} calls of its own");
            }
            CALLS
        });
        let mut late = worker(&shared);
        assert!(sees(&mut late, counted), "one that comes later sees all {counted}");
    });
}
