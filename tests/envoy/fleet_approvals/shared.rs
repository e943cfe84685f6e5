//! One approval for all.

use super::{PATIENT, UNANSWERED, assert_waits, decide, envoy, listed, nodes::Etcd, pay};
use crate::{
    answer::{assert_allowed, assert_denied},
    client::{self, call},
    forwarding::{MODES, leak},
    gateway::Gateway,
    runtime::{run, until},
};
use serde_json::{Value, json};
use std::env;
use tokio::task::JoinSet;

/// How often 50 repeats are sent. Tests on slow machines send fewer than a measurement by hand.
fn rounds() -> usize {
    env::var("MCP_POLICY_ROUNDS").map_or(12, |rounds| rounds.parse().expect("a number of rounds"))
}

async fn two(name: &str, etcd: &Etcd, expires: &str) -> [Gateway; 2] {
    let one = envoy(&format!("approvals-{name}-0"), &etcd.addresses(), PATIENT, expires).await;
    [one, envoy(&format!("approvals-{name}-1"), &etcd.addresses(), PATIENT, expires).await]
}

#[test]
fn an_approval_at_one_console_lets_the_call_through_at_the_other_envoy() {
    run(async {
        let Some(etcd) = Etcd::start("shared").await else { return };
        let [one, other] = two("shared", &etcd, "10m").await;
        for mode in MODES {
            let id = assert_waits(&one.send(mode, &pay(mode)).await);
            let again = pay(mode);
            assert_eq!(assert_waits(&other.send(mode, &again).await), id, "the same request for approval");
            assert_eq!(leak(mode, &other.upstream().settled(&again).await), None);
            for console in [&one, &other] {
                let entries = listed(console, "approvals").await;
                let entry = entries.iter().find(|entry| entry["id"] == id).expect("both consoles list it");
                assert_eq!((&entry["state"], &entry["grant"]), (&json!("pending"), &json!(format!("header:{mode}"))));
                let params: Value = serde_json::from_str(entry["params"].as_str().expect("a text")).expect("JSON");
                assert_eq!(params, json!({ "name": "pay", "arguments": { "amount": 250 } }));
            }
            let decided = decide(&one, &id, "approve").await;
            assert_eq!((decided.status, &decided.json()["state"]), (200, &json!("approved")), "{decided}");
            assert_eq!(decide(&other, &id, "reject").await.status, 409, "it is decided");
            let passing = pay(mode);
            assert_allowed(&other.send(mode, &passing).await);
            assert_eq!(other.upstream().seen(&passing).len(), 1);
            let record: Value = serde_json::from_str(&other.record(&passing).await).expect("a record");
            assert_eq!(record["approval"]["id"], id, "{record}");
            assert_eq!(record["approval"]["note"], "as agreed", "{record}");
            assert_eq!(record["approval"]["store"], "etcd", "{record}");
            for gateway in [&one, &other] {
                assert_ne!(assert_waits(&gateway.send(mode, &pay(mode)).await), id, "it is used everywhere");
            }
        }
        let id = assert_waits(&one.send("hold", &pay("rejected")).await);
        assert_eq!(decide(&other, &id, "reject").await.status, 200);
        for gateway in [&one, &other] {
            let data = assert_denied(
                &gateway.send("hold", &pay("rejected")).await,
                "7",
                "pay",
                "/tools/pay/require_approval/0",
            );
            assert!(data["reason"].as_str().is_some_and(|reason| reason.contains("as agreed")), "{data}");
        }
        for gateway in [one, other] {
            assert_eq!(gateway.metrics().await.get(UNANSWERED), None);
        }
    });
}

#[test]
fn of_50_repeats_over_two_envoys_at_once_exactly_one_passes() {
    run(async {
        let Some(etcd) = Etcd::start("at-once").await else { return };
        let gateways = two("at-once", &etcd, "10m").await;
        // What the losers of one round wait for is what the next one approves.
        for mode in MODES {
            let mut id = assert_waits(&gateways[0].send(mode, &pay(mode)).await);
            for round in 0..rounds().div_ceil(2) {
                assert_eq!(decide(&gateways[round % 2], &id, "approve").await.status, 200);
                let mut calls = JoinSet::new();
                for n in 0..50 {
                    let (address, request) = (gateways[n % 2].at(mode), pay(mode));
                    calls.spawn(async move { (n % 2, client::send(address, &request).await, request) });
                }
                let (mut passed, mut waiting) = (0, Vec::new());
                for (gateway, answer, request) in calls.join_all().await {
                    let seen = gateways[gateway].upstream().seen(&request);
                    if answer.is_upstreams() {
                        assert_eq!((seen.len(), &seen[0].body), (1, &request.body.bytes()));
                        passed += 1;
                    } else {
                        waiting.push(assert_waits(&answer));
                    }
                }
                assert_eq!((passed, waiting.len()), (1, 49), "round {round}");
                waiting.dedup();
                assert_eq!(waiting.len(), 1, "they wait for one approval: {waiting:?}");
                id = waiting.remove(0);
            }
        }
        for gateway in gateways {
            assert_eq!(gateway.metrics().await.get(UNANSWERED), None);
        }
    });
}

#[test]
fn approvals_survive_the_restart_of_every_envoy() {
    run(async {
        let Some(etcd) = Etcd::start("restart").await else { return };
        let [one, other] = two("restart", &etcd, "10m").await;
        let approved = assert_waits(&one.send("hold", &pay("approved")).await);
        let pending = assert_waits(&one.send("hold", &pay("pending")).await);
        assert_eq!(decide(&one, &approved, "approve").await.status, 200);
        drop((one, other));
        let [one, other] = two("restart", &etcd, "10m").await;
        let states: Vec<Value> =
            listed(&one, "approvals").await.into_iter().map(|entry| entry["state"].clone()).collect();
        assert_eq!(states.len(), 2, "{states:?}");
        assert_allowed(&other.send("hold", &pay("approved")).await);
        assert_ne!(assert_waits(&one.send("hold", &pay("approved")).await), approved, "once");
        assert_eq!(assert_waits(&one.send("hold", &pay("pending")).await), pending);
        assert_eq!(decide(&one, &pending, "approve").await.status, 200);
        assert_allowed(&other.send("hold", &pay("pending")).await);
    });
}

#[test]
fn an_approval_that_no_server_got_comes_back() {
    run(async {
        let Some(etcd) = Etcd::start("undelivered").await else { return };
        let [one, other] = two("undelivered", &etcd, "10m").await;
        let id = assert_waits(&one.send("unreachable", &pay("alice")).await);
        assert_eq!(decide(&one, &id, "approve").await.status, 200);
        for gateway in [&one, &other, &one] {
            let unsent = gateway.send("unreachable", &pay("alice")).await;
            assert_eq!((unsent.status, unsent.is_upstreams()), (503, false), "{unsent}");
            until("the approval is back", || async {
                let entries = listed(gateway, "approvals").await;
                entries.iter().any(|entry| entry["id"] == id && entry["state"] == "approved").then_some(())
            })
            .await;
        }
    });
}

#[test]
fn a_configuration_that_differs_asks_again_and_a_call_without_rules_asks_nothing() {
    run(async {
        let Some(etcd) = Etcd::start("digest").await else { return };
        let [one, _] = two("digest", &etcd, "10m").await;
        let other = envoy("approvals-digest-2", &etcd.addresses(), PATIENT, "11m").await;
        let id = assert_waits(&one.send("hold", &pay("alice")).await);
        assert_eq!(decide(&one, &id, "approve").await.status, 200);
        assert_ne!(assert_waits(&other.send("hold", &pay("alice")).await), id);
        assert_allowed(&one.send("hold", &pay("alice")).await);
        let before = one.stat("cluster.etcd.upstream_rq_total").await;
        for _ in 0..10 {
            assert_allowed(&one.send("hold", &call("look", &json!({}), "7", &[("x-agent", "alice")])).await);
        }
        assert_eq!(one.stat("cluster.etcd.upstream_rq_total").await, before, "etcd is not asked");
        assert_waits(&one.send("hold", &pay("bob")).await);
        let asked = one.stat("cluster.etcd.upstream_rq_total").await - before;
        assert_eq!(asked, 3, "a look, a lease and a transaction file a request");
        assert_waits(&one.send("hold", &pay("bob")).await);
        assert_eq!(one.stat("cluster.etcd.upstream_rq_total").await - before, asked + 1, "one question finds it");
    });
}
