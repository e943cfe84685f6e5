//! Limits are exact: whatever order workers reach shared data in, exactly as many calls go on as the limit says.

use std::{sync::Arc, thread};

use proptest::collection::vec;

use crate::{
    cases,
    proxy::{Fault, How, PLAYER, Scheduler, Shared, Worker},
    request::{at_an_address, call, configuration, with_options},
};

const WORKERS: usize = 4;
/// Calls of each worker.
const CALLS: usize = 3;

/// A configuration under which seven calls a day may go on, counted by caller and by all.
fn seven() -> String {
    let limit =
        |counter: &str, scope: &str| format!(r#"{{"counter":"{counter}","window":"day","max":7,"scope":"{scope}"}}"#);
    format!(
        r#"{{"version":"1","default":"deny","tools":{{"limited":{{"limits":[{},{}]}}}}}}"#,
        limit("one", "grant"),
        limit("all", "global")
    )
}

#[test]
fn workers_in_any_order_let_exactly_as_many_through() {
    check(24, 0, |_, _| {});
}

#[test]
fn also_where_the_counter_of_versions_wraps() {
    check(8, u32::MAX - 9, |_, _| {});
}

#[test]
fn also_where_writes_are_outdated_for_no_reason() {
    check(8, 0, |worker, n| {
        let how = How::Status(8);
        worker.world().faults = vec![Fault { call: "proxy_set_shared_data", after: n, times: 5, how }];
    });
}

/// A canary that could not make the table leaves that to the workers, who come when others are counting already.
#[test]
fn also_where_workers_make_the_table() {
    // How far one of them comes before the other makes the table and spends the quota: in front of it, one step in, on
    // the way, in front of the seed, and behind it.
    for steps in [0, 1, 2, 100, 4867, 4868, 4869, 4870] {
        let choices = [vec![1; steps], vec![0; 20_000]].concat();
        let turns = Arc::new(Scheduler::new(2, choices));
        let shared = Arc::new(Shared::default().in_turns(turns.clone()));
        let passed = play(2, &turns, |_| {
            let mut worker = Worker::new(&shared, &seven());
            worker.world().properties = at_an_address();
            (0..7).filter(|_| passes(&mut worker)).count()
        });
        assert_eq!(passed, 7);
    }
}

fn check(count: u32, writes: u32, disturb: impl Fn(&mut Worker, u32) + Sync) {
    cases::run(count, &vec(0..WORKERS, 1..60), |choices| {
        let turns = Arc::new(Scheduler::new(WORKERS, choices));
        let shared = Arc::new(Shared::prepared().in_turns(turns.clone()));
        if writes != 0 {
            shared.wind(writes);
        }
        let passed = play(WORKERS, &turns, |n| {
            let mut worker = Worker::new(&shared, &seven());
            worker.world().properties = at_an_address();
            disturb(&mut worker, n);
            (0..CALLS).filter(|_| passes(&mut worker)).count()
        });
        assert_eq!(passed, 7);
    });
}

/// Runs threads that take turns, and sums up what they return.
pub(crate) fn play(count: usize, turns: &Scheduler, part: impl Fn(u32) -> usize + Sync) -> usize {
    thread::scope(|scope| {
        let players: Vec<_> = (0..count)
            .map(|n| {
                let part = &part;
                let run = move || {
                    let _left = Leaving(turns);
                    part(u32::try_from(n).expect("few"))
                };
                thread::Builder::new().name(format!("{PLAYER}{n}")).spawn_scoped(scope, run).expect("a thread")
            })
            .collect();
        players.into_iter().map(|player| player.join().expect("no worker traps")).sum()
    })
}

/// Leaves the game, also by a panic.
struct Leaving<'t>(&'t Scheduler);

impl Drop for Leaving<'_> {
    fn drop(&mut self) {
        self.0.leave();
    }
}

/// Whether a call is forwarded; if not, checks that its limit was full.
fn passes(worker: &mut Worker) -> bool {
    let stream = call("limited").send(worker);
    if let Some(reply) = stream.replies.first() {
        let body = String::from_utf8_lossy(&reply.body);
        assert!(body.contains("-31429"), "{body}");
    }
    stream.replies.is_empty()
}

#[test]
fn endless_mismatches_refuse_and_charge_nothing() {
    let shared = Arc::new(Shared::prepared());
    let mut worker = Worker::new(&shared, &configuration("hold"));
    worker.world().properties = at_an_address();
    for _ in 0..5 {
        worker.world().faults = vec![Fault::always("proxy_set_shared_data", 8)];
        let reply = call("limited").send(&mut worker).replies.remove(0);
        assert_eq!(reply.code, 200);
        assert!(String::from_utf8_lossy(&reply.body).contains("-32603"));
    }
    worker.world().faults.clear();
    assert_eq!([0; 4].map(|_| passes(&mut worker)), [true, true, false, false]);
}

#[test]
fn a_clock_that_jumps_back_refills_nothing() {
    let shared = Arc::new(Shared::prepared());
    let mut worker = Worker::new(&shared, &configuration("release"));
    worker.world().properties = at_an_address();
    assert_eq!([0; 3].map(|_| passes(&mut worker)), [true, true, false]);
    for back in [1, 60, 3600, 86_400] {
        worker.world().now -= back * 1_000_000_000;
        assert!(!passes(&mut worker), "{back} s back");
    }
}

#[test]
fn a_worker_that_cannot_read_what_is_there_overwrites_nothing() {
    for status in [0, 1] {
        let shared = Arc::new(Shared::prepared());
        let options = with_options(r#""identity":[{"constant":"x"}]"#);
        let mut worker = Worker::new(&shared, &options);
        assert_eq!([0; 3].map(|_| passes(&mut worker)), [true, true, false]);
        let mut other = Worker::bare(&shared);
        // No key is there, or one has no value.
        other.world().faults = vec![Fault::always("proxy_get_shared_data", status)];
        assert!(other.configure(&options));
        other.world().faults.clear();
        for worker in [&mut worker, &mut other] {
            assert!(!passes(worker), "the count is what it was");
        }
    }
}
