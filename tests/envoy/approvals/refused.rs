//! What an approval does not hold for.

use super::{assert_waits, console, decide, gate, listed, office, pay, policy, visit};
use crate::{
    answer::{assert_allowed, assert_denied},
    client::{Body, call},
    forwarding::MODES,
    gateway::Gateway,
    runtime::run,
};
use serde_json::json;
use std::time::Duration;
use tokio::time::sleep;

/// Has a payment of an agent approved.
async fn approved(gateway: &Gateway, mode: &str, agent: &str) {
    let id = assert_waits(&gateway.send(mode, &pay(agent, 250)).await);
    assert_eq!(decide(gateway, &id, "approve").await.status, 200);
}

#[test]
fn a_rejected_call_is_denied_with_the_persons_note() {
    run(async {
        let gateway = office("approvals-rejected").await;
        for mode in MODES {
            let id = assert_waits(&gateway.send(mode, &pay(mode, 250)).await);
            assert_eq!(decide(&gateway, &id, "reject").await.status, 200);
            let answer = gateway.send(mode, &pay(mode, 250)).await;
            let data = assert_denied(&answer, "7", "pay", "/tools/pay/require_approval/0");
            let reason = "a person rejected this call of the tool `pay`: as agreed; do not repeat it";
            assert_eq!(data["reason"], reason);
            assert_eq!(decide(&gateway, &id, "approve").await.status, 409, "said once");
        }
    });
}

#[test]
fn other_arguments_another_caller_and_another_filter_are_other_calls() {
    run(async {
        let gateway = office("approvals-bound").await;
        approved(&gateway, "hold", "alice").await;
        assert_waits(&gateway.send("hold", &pay("alice", 251)).await);
        assert_waits(&gateway.send("hold", &pay("bob", 250)).await);
        assert_waits(&gateway.send("release", &pay("alice", 250)).await);
        let more = json!({ "amount": 250, "to": "ACME", "memo": "" });
        assert_waits(&gateway.send("hold", &call("pay", &more, "7", &[("x-agent", "alice")])).await);
        let spelled = json!({ "to": "ACME", "amount": 0 }).to_string().replace(":0", ":25.0e1");
        let same = call("pay", &json!({}), "7", &[("x-agent", "alice")]);
        let text = String::from_utf8(same.body.bytes()).expect("a text").replace("{}", &spelled);
        assert_allowed(&gateway.send("hold", &same.body(Body::sized(text))).await);
    });
}

#[test]
fn a_changed_policy_needs_a_new_approval() {
    run(async {
        let listeners = |policy: &serde_json::Value| [gate("mcp", "hold", policy), console()];
        let gateway = Gateway::start_with_file("approvals-changed", &listeners(&policy())).await;
        approved(&gateway, "mcp", "alice").await;
        let mut changed = policy();
        changed["description"] = "changed".into();
        gateway.update(&listeners(&changed));
        crate::runtime::until("the update is in force", || async {
            let answer = gateway.send("mcp", &pay("bob", 250)).await;
            assert_waits(&answer);
            let questions = listed(&gateway, "approvals").await;
            let configs: std::collections::BTreeSet<String> =
                questions.iter().map(|question| question["config"].to_string()).collect();
            (configs.len() == 2).then_some(())
        })
        .await;
        assert_waits(&gateway.send("mcp", &pay("alice", 250)).await);
    });
}

#[test]
fn another_envoy_knows_of_no_approval() {
    run(async {
        let first = office("approvals-before-restart").await;
        approved(&first, "hold", "alice").await;
        drop(first);
        let second = office("approvals-after-restart").await;
        assert_waits(&second.send("hold", &pay("alice", 250)).await);
    });
}

#[test]
fn a_request_for_approval_and_an_approval_expire() {
    run(async {
        let gateway = office("approvals-expired").await;
        let id = assert_waits(&gateway.send("hold", &pay("alice", 250)).await);
        approved(&gateway, "hold", "bob").await;
        sleep(Duration::from_secs(61)).await;
        let late = decide(&gateway, &id, "approve").await;
        assert_eq!(late.status, 404, "{late}");
        assert_ne!(assert_waits(&gateway.send("hold", &pay("alice", 250)).await), id);
        assert_waits(&gateway.send("hold", &pay("bob", 250)).await);
    });
}

#[test]
fn an_unverified_caller_has_at_most_four_pending_calls() {
    run(async {
        let gateway = office("approvals-full").await;
        for amount in 101..=104 {
            assert_waits(&gateway.send("hold", &pay("alice", amount)).await);
        }
        let full = gateway.send("hold", &pay("alice", 105)).await;
        assert_denied(&full, "7", "pay", "(approvals full)");
        let id = assert_waits(&gateway.send("hold", &pay("bob", 105)).await);
        assert_eq!(listed(&gateway, "approvals").await.len(), 5);
        // Another caller has no bound in common with this one.
        assert_eq!(decide(&gateway, &id, "reject").await.status, 200);
    });
}

#[test]
fn a_call_that_found_no_server_keeps_its_approval() {
    run(async {
        let listeners = [gate("mcp", "hold", &policy()).cluster("refusing"), console()];
        let gateway = Gateway::start("approvals-undelivered", &listeners).await;
        approved(&gateway, "mcp", "alice").await;
        for _ in 0..3 {
            let answer = gateway.send("mcp", &pay("alice", 250)).await;
            assert_eq!(answer.status, 503, "{answer}");
        }
        let counters = gateway.send("console", &visit(&gateway, "GET", "/api/counters")).await.json();
        assert_eq!(counters["counters"][0]["used"], 0, "{counters}");
    });
}
