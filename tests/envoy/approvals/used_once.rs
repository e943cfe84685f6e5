//! One approval lets one call through.

use super::{assert_waits, decide, listed, office, pay};
use crate::{
    answer::assert_allowed,
    client,
    forwarding::{MODES, leak},
    runtime::run,
};
use serde_json::Value;
use tokio::task::JoinSet;

#[test]
fn an_approved_call_reaches_the_server_once_and_the_next_needs_another_approval() {
    run(async {
        let gateway = office("approvals-used-once").await;
        for mode in MODES {
            let first = pay(mode, 250);
            let id = assert_waits(&gateway.send(mode, &first).await);
            assert_eq!(leak(mode, &gateway.upstream().settled(&first).await), None, "the call is not approved yet");
            assert_eq!(
                assert_waits(&gateway.send(mode, &pay(mode, 250)).await),
                id,
                "the same call has the same approval"
            );
            let answered = decide(&gateway, &id, "approve").await;
            assert_eq!((answered.status, &answered.json()["state"]), (200, &Value::from("approved")), "{answered}");
            let repeated = pay(mode, 250);
            assert_allowed(&gateway.send(mode, &repeated).await);
            assert_eq!(gateway.upstream().seen(&repeated).len(), 1);
            let record: Value = serde_json::from_str(&gateway.record(&repeated).await).expect("a record");
            assert_eq!(record["approval"]["id"], id, "{record}");
            assert_eq!(record["approval"]["note"], "as agreed", "{record}");
            assert!(record["approval"]["approver"].as_str().is_some_and(|who| who.starts_with("bearer:")), "{record}");
            assert_ne!(assert_waits(&gateway.send(mode, &pay(mode, 250)).await), id, "a second repeat");
            assert_allowed(&gateway.send(mode, &pay(mode, 100)).await);
        }
    });
}

#[test]
fn of_50_repeats_at_once_exactly_one_passes() {
    run(async {
        let gateway = office("approvals-at-once").await;
        for (round, mode) in [MODES, MODES].concat().into_iter().enumerate() {
            let agent = format!("agent-{round}");
            let id = assert_waits(&gateway.send(mode, &pay(&agent, 250)).await);
            assert_eq!(decide(&gateway, &id, "approve").await.status, 200);
            let address = gateway.at(mode);
            let mut calls = JoinSet::new();
            for _ in 0..50 {
                let request = pay(&agent, 250);
                calls.spawn(async move { (client::send(address, &request).await, request) });
            }
            let (mut passed, mut refused) = (0, 0);
            for (answer, request) in calls.join_all().await {
                if answer.is_upstreams() {
                    passed += 1;
                } else {
                    assert_waits(&answer);
                    refused += 1;
                    assert_eq!(leak(mode, &gateway.upstream().settled(&request).await), None);
                }
            }
            assert_eq!((passed, refused), (1, 49), "round {round}");
            let counters = listed(&gateway, "counters").await;
            let own = counters.iter().find(|counter| counter["grant"] == format!("header:{agent}"));
            assert_eq!(own.map(|counter| &counter["used"]), Some(&Value::from(1)), "one was charged: {counters:?}");
        }
    });
}
