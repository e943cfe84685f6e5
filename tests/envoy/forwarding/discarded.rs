//! A body that is too large, from clients that read no answer before they have written all of it, and from hostile ones.

use super::{MODES, assert_forwarded, assert_kept_back, listener};
use crate::{
    answer::assert_unreadable,
    budgets::Memory,
    client::{Body, Connection, Request, call, message},
    gateway::Gateway,
    runtime::run,
    version,
};
use serde_json::json;
use std::time::Duration;
use tokio::{task::JoinSet, time::Instant};

/// What a slow client announces.
const LARGE: usize = 30_000_000;
/// By how much Envoy's memory may grow, in KiB.
const MORE_MEMORY: u64 = 64 << 10;

/// A body that is larger than what the sockets between a client and Envoy hold, and one that is larger than what is thrown away.
fn sizes() -> [usize; 2] {
    if version::raises_body_limits() { [LARGE, 100_000_000] } else { [4_600_000; 2] }
}

async fn gateway(name: &str) -> Gateway {
    let listener = |mode| listener(mode, &json!({})).buffer_limit(5 << 20).body_limit(10 << 20);
    Gateway::start(name, &MODES.map(listener)).await
}

fn announced(size: usize) -> Request {
    message("").body(Body::sized(vec![b' '; size]))
}

fn chunked(size: usize) -> Request {
    message("").body(Body::chunked(&vec![b' '; size], 1 << 16))
}

#[test]
fn a_client_that_writes_all_before_it_reads_gets_the_answer_and_keeps_its_connection() {
    run(async {
        let gateway = gateway("forwarding-write-first").await;
        for mode in MODES {
            let [size, _] = sizes();
            for large in [announced(size / 3 + 3_500_000), announced(size), chunked(size)] {
                let mut connection = Connection::open(gateway.at(mode)).await;
                let answer = connection.write_then_read(&large).await.unwrap_or_else(|none| panic!("{mode}: {none}"));
                assert_unreadable(&answer, 413);
                assert_kept_back(&gateway, mode, &large).await;
                let next = call("ok", &json!({}), "1", &[]);
                assert_forwarded(&gateway, &next, &connection.send(&next).await);
            }
        }
    });
}

#[test]
fn a_client_that_sends_slowly_or_nothing_gets_the_answer_in_time() {
    run(async {
        let gateway = gateway("forwarding-slow").await;
        for mode in MODES {
            let body = |pieces: usize| Body {
                pieces: vec![vec![b' ']; pieces],
                length: Some(LARGE),
                pause: Duration::from_millis(100),
                ..Body::default()
            };
            let slow = message("").body(body(600));
            let started = Instant::now();
            assert_unreadable(&gateway.send(mode, &slow).await, 413);
            // After ten seconds; before, if this machine has so much to do that no piece comes for a second.
            assert!(started.elapsed().as_secs() < 30, "{:?}", started.elapsed());
            assert_kept_back(&gateway, mode, &slow).await;

            let silent = message("").body(body(0));
            let started = Instant::now();
            assert_unreadable(&gateway.send(mode, &silent).await, 413);
            assert!(started.elapsed().as_secs() < 8, "one second has passed: {:?}", started.elapsed());
            assert_kept_back(&gateway, mode, &silent).await;
        }
    });
}

#[test]
fn bodies_that_are_thrown_away_take_no_memory_and_have_a_bound() {
    run(async {
        let gateway = gateway("forwarding-discarded-memory").await;
        let memory = Memory::watch(gateway.process_id());
        let mut uploads = JoinSet::new();
        for index in 0..16 {
            let gateway = gateway.clone();
            uploads.spawn(async move {
                let [size, endless] = sizes();
                let request = if index < 12 { announced(size) } else { chunked(endless) };
                gateway.send(MODES[index % 2], &request).await
            });
        }
        while let Some(answer) = uploads.join_next().await {
            assert_unreadable(&answer.expect("no panic"), 413);
        }
        let more = memory.growth();
        println!("16 uploads: {more} KiB of memory over idle");
        assert!(more < MORE_MEMORY, "{more} KiB");
    });
}
