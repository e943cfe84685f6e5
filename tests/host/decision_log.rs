//! When the console shows what was decided: at once, or a quarter second later where there is more of it.

use std::sync::Arc;

use serde_json::Value;

use crate::{
    console::{console, visit_to},
    proxy::{Fault, How, ROOT, Shared, Worker},
    request::{at_an_address, call, configuration},
};

const MILLISECOND: u64 = 1_000_000;

/// A gateway and a console.
struct Gateway {
    shared: Arc<Shared>,
    worker: Worker,
}

impl Gateway {
    fn new() -> Self {
        let shared = Arc::new(Shared::prepared());
        let mut worker = Worker::new(&shared, &configuration("hold"));
        worker.callback("proxy_on_tick", &[ROOT]);
        worker.world().properties = at_an_address();
        Self { shared, worker }
    }

    /// Refuses so many calls, each so many milliseconds after the one before.
    fn refuse(&mut self, calls: usize, milliseconds: u64) {
        for _ in 0..calls {
            self.worker.world().now += milliseconds * MILLISECOND;
            let mut stream = call("evil").send(&mut self.worker);
            assert_eq!(stream.replies.len(), 1);
            stream.close(&mut self.worker);
        }
    }

    /// How many decisions the console shows, on all pages.
    fn shown(&self) -> usize {
        let (mut path, mut shown) = ("/api/decisions".to_owned(), 0);
        loop {
            let answer = visit_to(&path).send(&mut console(&self.shared));
            let body: Value = serde_json::from_slice(&answer.replies[0].body).expect("JSON");
            shown += body["decisions"].as_array().expect("a list").len();
            let Some(next) = body["next"].as_str() else { return shown };
            path = format!("/api/decisions?after={next}");
        }
    }
}

#[test]
fn refusals_that_follow_each_other_are_shown_when_the_root_is_called() {
    let mut gateway = Gateway::new();
    gateway.refuse(1, 1);
    assert_eq!((gateway.shown(), gateway.worker.world().tick), (1, 5000));
    gateway.refuse(20, 1);
    assert_eq!((gateway.shown(), gateway.worker.world().tick), (1, 250));
    gateway.worker.callback("proxy_on_tick", &[ROOT]);
    assert_eq!((gateway.shown(), gateway.worker.world().tick), (21, 5000));
    gateway.refuse(3, 300);
    assert_eq!((gateway.shown(), gateway.worker.world().tick), (24, 5000), "none of them follows another one closely");
}

#[test]
fn refusals_wait_no_longer_though_the_root_is_not_called_or_goes() {
    let mut gateway = Gateway::new();
    let how = How::Silence;
    gateway.worker.world().faults =
        vec![Fault { call: "proxy_set_tick_period_milliseconds", after: 0, times: u32::MAX, how }];
    gateway.refuse(2, 1);
    assert_eq!(gateway.shown(), 1);
    gateway.refuse(1, 250);
    assert_eq!(gateway.shown(), 3, "a refusal that comes later takes along those that wait");
    gateway.refuse(2, 1);
    assert_eq!(gateway.shown(), 3);
    gateway.worker.callback("proxy_on_delete", &[ROOT]);
    assert_eq!(gateway.shown(), 5);
}

#[test]
fn of_a_flood_the_newest_256_are_shown() {
    let mut gateway = Gateway::new();
    gateway.refuse(400, 0);
    assert_eq!(gateway.shown(), 1);
    gateway.worker.callback("proxy_on_tick", &[ROOT]);
    assert_eq!(gateway.shown(), 256);
}
