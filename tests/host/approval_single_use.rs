//! One approval lets one call pass, in whatever order workers reach shared data; a call that comes late is not charged.

use std::{
    iter::repeat_n,
    sync::{
        Arc, LazyLock, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};

use proptest::collection::vec;

use crate::{
    cases,
    concurrent_limits::play,
    console::{Office, console, decide, pending_id},
    proxy::{Scheduler, Shared, Worker},
    request::{at_an_address, call, configuration, with_options},
};

/// Shared data in which one call was approved.
static APPROVED: LazyLock<Shared> = LazyLock::new(|| {
    let mut office = Office::new();
    let id = office.call().expect_err("it is not approved");
    office.approve(&id);
    office.gateway.world().shared.copy()
});

/// Workers of one gateway.
fn workers<const N: usize>(configuration: &str) -> [Mutex<Worker>; N] {
    [(); N].map(|()| {
        let mut worker = Worker::new(&Arc::new(Shared::prepared()), configuration);
        worker.world().properties = at_an_address();
        Mutex::new(worker)
    })
}

/// Has two workers take one yes; checks that one of them does, and that the other owes nothing.
fn race(workers: &[Mutex<Worker>; 2], office: &mut Office, choices: Vec<usize>) {
    let turns = Arc::new(Scheduler::new(2, choices));
    let shared = Arc::new(APPROVED.copy().in_turns(turns.clone()));
    let asked = Mutex::new(Vec::new());
    let passed = play(2, &turns, |n| {
        let mut worker = workers[n as usize].lock().expect("no holder panics");
        worker.world().shared = Arc::clone(&shared);
        let outcome = pending_id(&call("asked").complete(&mut worker));
        let passes = outcome.is_ok();
        asked.lock().expect("no holder panics").extend(outcome.err());
        usize::from(passes)
    });
    let asked = asked.into_inner().expect("no holder panics");
    assert_eq!((passed, asked.len()), (1, 1));
    // There are two a minute. Had the other been charged, there would be none left.
    office.over(&shared);
    assert_eq!(office.call(), Err(asked[0].clone()), "it waits for another yes");
    office.approve(&asked[0]);
    assert_eq!(office.call(), Ok(()));
    let limited = call("asked").complete(&mut office.gateway);
    assert!(String::from_utf8_lossy(&limited.replies[0].body).contains("-31429"), "{limited:?}");
}

/// One goes some steps, then the other, then the first again, and then the other to its end.
#[test]
fn of_two_that_take_one_yes_one_passes_and_the_other_pays_nothing() {
    const STEPS: usize = 18;
    let (workers, mut office) = (workers(&configuration("hold")), Office::new());
    office.over(&Arc::new(APPROVED.copy()));
    office.gateway.world().called.clear();
    assert_eq!(office.call(), Ok(()));
    let called = &office.gateway.world().called;
    let steps = called["proxy_get_shared_data"] + called["proxy_set_shared_data"];
    assert!((10..STEPS).contains(&steps), "to its end a call that passes takes {steps} steps");
    for first in 0..STEPS {
        for second in 0..STEPS {
            for third in [0, 1, 2, 3, 5, 8, STEPS] {
                let choices = [(0, first), (1, second), (0, third), (1, 200)];
                let choices = choices.into_iter().flat_map(|(who, steps)| repeat_n(who, steps)).collect();
                race(&workers, &mut office, choices);
            }
        }
    }
}

#[test]
fn also_in_any_other_order() {
    let (workers, office) = (workers(&configuration("hold")), Mutex::new(Office::new()));
    cases::run(200, &vec(0..2_usize, 1..60), |choices| {
        race(&workers, &mut office.lock().unwrap_or_else(|poisoned| poisoned.into_inner()), choices);
    });
}

/// Two workers call over and over, while an approver approves whatever is pending.
#[test]
fn while_others_ask_and_answer_no_more_pass_than_were_approved() {
    let unlimited = with_options(r#""approvals":{}"#).replace(r#","rate_limit":"2/minute"}}"#, "}}");
    let gateways: [Mutex<Worker>; 2] = workers(&unlimited);
    let approver = Mutex::new(console(&Arc::new(Shared::prepared())));
    cases::run(60, &vec(0..3_usize, 1..90), |choices| {
        let turns = Arc::new(Scheduler::new(3, choices));
        let shared = Arc::new(Shared::prepared().in_turns(turns.clone()));
        let (asked, yeses) = (Mutex::new(Vec::<String>::new()), AtomicUsize::new(0));
        let passed = play(3, &turns, |n| {
            let worker = gateways.get(n as usize).unwrap_or(&approver);
            let mut worker = worker.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
            worker.world().shared = Arc::clone(&shared);
            if n == 2 {
                for _ in 0..6 {
                    let id = asked.lock().expect("no holder panics").pop().unwrap_or_else(|| "0".repeat(20));
                    let decision = decide(&id, "approve").send(&mut worker);
                    yeses.fetch_add(usize::from(decision.replies[0].code == 200), Ordering::Relaxed);
                }
                return 0;
            }
            let mut pass = || {
                let outcome = pending_id(&call("asked").complete(&mut worker));
                let passes = outcome.is_ok();
                asked.lock().expect("no holder panics").extend(outcome.err());
                passes
            };
            (0..4).filter(|_| pass()).count()
        });
        let mut worker = gateways[0].lock().expect("no holder panics");
        let left = (0..8).filter(|_| pending_id(&call("asked").complete(&mut worker)).is_ok()).count();
        assert_eq!(passed + left, yeses.into_inner(), "each yes lets one call pass, no sooner and no later");
    });
}
