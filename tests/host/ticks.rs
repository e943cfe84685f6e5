//! When a root ticks next: Envoy starts its period again from zero with each call that sets it.

use std::sync::Arc;

use crate::{
    proxy::{Part, ROOT, Shared, Stream, Worker},
    request::{at_an_address, configuration, get},
};

#[test]
fn streams_of_the_old_transport_that_come_one_after_the_other_do_not_put_a_tick_off() {
    let mut worker = Worker::new(&Arc::new(Shared::prepared()), &configuration("release"));
    worker.world().properties = at_an_address();
    worker.callback("proxy_on_tick", &[ROOT]);
    let periods = |worker: &mut Worker| worker.world().called.get("proxy_set_tick_period_milliseconds").copied();
    let before = periods(&mut worker);
    let streams: Vec<Stream> = (0..5)
        .map(|_| {
            let mut stream = get().send(&mut worker);
            let head = [(":status", "200"), ("content-type", "text/event-stream")];
            stream.answer(&mut worker, Part::Head(&head), false);
            stream.answer(&mut worker, Part::Body(b"event: endpoint\ndata: /messages\n\n"), false);
            stream
        })
        .collect();
    // The first record waits for a tick, and the first stream for an earlier one.
    assert!(periods(&mut worker) <= before.map(|before| before + 2), "{before:?}: {:?}", periods(&mut worker));
    assert_eq!((streams.len(), worker.world().tick), (5, 1));
    worker.callback("proxy_on_tick", &[ROOT]);
    assert_eq!(worker.world().tick, 5000, "nothing is left to do");
}
