//! A limit is exact however many calls come at once, over all worker threads.

use crate::{
    answer::{assert_allowed, assert_limited},
    client::{self, Request, call},
    clock,
    forwarding::{MODES, leak, listener_under},
    gateway::Gateway,
    runtime::run,
};
use serde_json::{Value, json};
use tokio::task::JoinSet;

/// Calls at once.
const CALLS: usize = 200;
/// How many of them the limit has room for.
const ROOM: usize = 50;
/// How often in each header mode, each time with a counter of its own.
const ROUNDS: usize = 10;

#[test]
fn of_200_calls_at_once_exactly_the_50_that_the_limit_allows_get_through() {
    run(async {
        let tools: serde_json::Map<String, Value> = (0..ROUNDS)
            .map(|round| {
                let limit = json!({
                    "counter": format!("c{round}"), "window": clock::long_window(), "max": ROOM, "scope": "grant",
                });
                (format!("t{round}"), json!({ "limits": [limit] }))
            })
            .collect();
        let policy = json!({ "version": "1", "default": "deny", "tools": tools });
        // One caller has 256 streams in each worker, so that a worker may have all of the calls.
        let protocol = json!({ "max_held_bytes": 134_217_728 });
        let listeners = MODES.map(|mode| listener_under(&policy, mode, &protocol));
        let gateway = Gateway::start("concurrency", &listeners).await;
        for round in 0..ROUNDS {
            for mode in MODES {
                burst(&gateway, mode, &format!("t{round}")).await;
            }
        }
        for worker in ["worker_0", "worker_1"] {
            let calls = gateway.stats(&format!("{worker}.downstream_cx_total")).await;
            let most = calls.iter().map(|(_, value)| *value).max();
            assert!(most > Some(100), "both workers should have had their share of the calls: {calls:?}");
        }
    });
}

/// Sends all calls of one round, each over its own connection, and counts what became of them on both sides.
async fn burst(gateway: &Gateway, mode: &str, tool: &str) {
    let requests: Vec<Request> = (0..CALLS).map(|id| call(tool, &json!({}), &id.to_string(), &[])).collect();
    let address = gateway.at(mode);
    let mut answers = JoinSet::new();
    for (id, request) in requests.iter().cloned().enumerate() {
        answers.spawn(async move { (id, client::send(address, &request).await) });
    }
    let mut allowed = 0;
    while let Some(answer) = answers.join_next().await {
        let (id, answer) = answer.expect("an answer");
        if answer.is_upstreams() {
            assert_allowed(&answer);
            allowed += 1;
        } else {
            assert_limited(&answer, &id.to_string(), tool, &format!("/tools/{tool}/limits/0"));
        }
    }
    let mut reached = 0;
    for request in &requests {
        let seen = gateway.upstream().settled(request).await;
        reached += usize::from(leak(mode, &seen).is_some());
    }
    let both = (allowed, reached);
    assert_eq!(both, (ROOM, ROOM), "answered by and reached the upstream, of {CALLS} calls of {tool} in mode {mode}");
}
