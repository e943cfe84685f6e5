//! A service that does not count: calls are refused, or each Envoy counts them by itself.

use super::{assert_allowed, assert_limited, assert_uncounted, by, gate, limited, service::Service};
use crate::{
    clock,
    forwarding::{MODES, leak},
    gateway::{Gateway, Listener},
    runtime::{run, until},
};
use serde_json::{Value, json};

/// Counters that the service serves badly: by their names, each a tool's.
const BADLY: [&str; 5] = ["garbage", "nothing", "unknown", "failing", "slow"];
const UNANSWERED: &str = "mcp_policy_limits_unanswered";

fn tools() -> Value {
    let tools = BADLY.into_iter().chain(["t"]).map(|name| (name.to_owned(), limited(name, 2)));
    Value::Object(tools.collect())
}

const GATES: [&str; 4] = ["hold-deny", "hold-local", "release-deny", "release-local"];

/// Listeners in each header mode, for each thing that may happen.
fn gates(cluster: &str) -> [Listener; 4] {
    GATES.map(|name| {
        let (mode, on_failure) = name.split_once('-').expect("both");
        let service = json!({ "cluster": cluster, "timeout_ms": 1000, "on_failure": on_failure });
        gate(name, mode, &tools(), &service)
    })
}

/// The same in front of a service.
fn gates_to(service: &Service) -> [Listener; 4] {
    let [first, rest @ ..] = gates("counts");
    let [second, third, fourth] = rest;
    [first.counted_by(service.address), second, third, fourth]
}

/// Asserts what becomes of three calls of a tool that may be called twice and is not counted; returns how many were sent.
async fn assert_not_counted(gateway: &Gateway, mode: &str, tool: &str) -> u64 {
    for n in 0..3 {
        let request = by("alice", tool, &json!({}));
        assert_uncounted(&gateway.send(&format!("{mode}-deny"), &request).await);
        assert_eq!(leak(mode, &gateway.upstream().settled(&request).await), None);
        let request = by("alice", tool, &json!({}));
        let answer = gateway.send(&format!("{mode}-local"), &request).await;
        if n < 2 {
            assert_allowed(&answer);
        } else {
            assert_limited(&answer, "7", tool, &format!("/tools/{tool}/limits/0"));
            assert_eq!(leak(mode, &gateway.upstream().settled(&request).await), None);
        }
    }
    6
}

#[test]
fn a_service_that_cannot_be_reached_does_not_count() {
    run(async {
        // So that no window ends between the calls.
        clock::room_in_minute(20).await;
        for cluster in ["refusing", "empty", "nothing"] {
            let gateway = Gateway::start(&format!("fleet-{cluster}"), &gates(cluster)).await;
            let mut sent = 0;
            for mode in MODES {
                sent += assert_not_counted(&gateway, mode, "t").await;
            }
            assert_eq!(gateway.metrics().await.get(UNANSWERED), Some(&sent), "{cluster}");
        }
    });
}

#[test]
fn a_service_that_is_slow_or_says_nothing_sound_does_not_count() {
    run(async {
        let Some(service) = Service::start("failing").await else { return };
        clock::room_in_minute(30).await;
        let gateway = Gateway::start("fleet-failing", &gates_to(&service)).await;
        let mut sent = 0;
        for (mode, tool) in MODES.into_iter().flat_map(|mode| BADLY.map(|tool| (mode, tool))) {
            sent += assert_not_counted(&gateway, mode, tool).await;
        }
        assert_eq!(gateway.metrics().await.get(UNANSWERED), Some(&sent));
        // It still counts what it counts well, for all of them together.
        for (n, gate) in GATES.into_iter().enumerate() {
            let answer = gateway.send(gate, &by("alice", "t", &json!({}))).await;
            if n < 2 {
                assert_allowed(&answer);
            } else {
                assert_limited(&answer, "7", "t", "/tools/t/limits/0");
            }
        }
        assert_eq!(gateway.metrics().await.get(UNANSWERED), Some(&sent));
    });
}

#[test]
fn a_service_that_goes_away_and_comes_back_counts_again() {
    run(async {
        let Some(service) = Service::start("away").await else { return };
        let (gateway, address) = (Gateway::start("fleet-away", &gates_to(&service)).await, service.address);
        let call = || by("alice", "t", &json!({}));
        assert_allowed(&gateway.send("hold-deny", &call()).await);
        drop(service);
        assert_uncounted(&gateway.send("hold-deny", &call()).await);
        assert_allowed(&gateway.send("hold-local", &call()).await);
        let Some(service) = Service::start_at("away-again", address.port()).await else { return };
        until("Envoy has found it again", || async {
            let answer = gateway.send("hold-deny", &by("bob", "t", &json!({}))).await;
            (answer.json()["error"]["code"] != -32603).then_some(())
        })
        .await;
        // It has forgotten what it counted.
        let mut passed = 0;
        for _ in 0..3 {
            passed += usize::from(gateway.send("hold-deny", &call()).await.is_upstreams());
        }
        assert_eq!(passed, 2);
        drop(service);
    });
}
