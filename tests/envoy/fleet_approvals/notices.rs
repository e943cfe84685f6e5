//! A new request of a fleet is announced once, whichever Envoys it is repeated at.

use super::{PATIENT, assert_waits, nodes::Etcd, policy};
use crate::{
    approvals::notices::{Webhook, statistic},
    client::{self, Request, call},
    gateway::{Gateway, Listener, json_text},
    runtime::{run, until},
};
use serde_json::json;
use std::{net::SocketAddr, time::Duration};
use tokio::{task::JoinSet, time::sleep};

/// An Envoy that keeps its approvals in this etcd, and announces new requests to this webhook.
async fn envoy(name: &str, etcd: &Etcd, webhook: SocketAddr) -> Gateway {
    let configuration = json!({
        "policy": policy("10m"),
        "identity": [{ "header": "x-agent" }],
        "protocol": { "headers": "hold" },
        "approvals": {
            "url": "http://localhost:10001/",
            "store": { "etcd": { "cluster": "etcd", "timeout_ms": PATIENT } },
            "notify": { "cluster": "service", "path": "/notices", "authority": "hooks.example" },
        },
    });
    let gate = Listener::new("mcp", json_text(&configuration.to_string())).approvals_in(&etcd.addresses());
    Gateway::start(&format!("approvals-announced-{name}"), &[gate.service(webhook)]).await
}

/// A payment of the agent with this number: few requests of one agent may wait at once.
fn pay(number: usize) -> Request {
    call("pay", &json!({ "amount": 250 }), "7", &[("x-agent", &format!("agent-{number}"))])
}

#[test]
fn a_request_that_two_envoys_get_at_once_is_announced_once() {
    run(async {
        let Some(etcd) = Etcd::start("announced").await else { return };
        let (webhook, notices) = Webhook::start(200, Duration::ZERO).await;
        let gateways = [envoy("0", &etcd, webhook).await, envoy("1", &etcd, webhook).await];
        let mut expected = Vec::new();
        for number in 0..6 {
            let mut calls = JoinSet::new();
            for n in 0..20 {
                let (address, request) = (gateways[n % 2].at("mcp"), pay(number));
                calls.spawn(async move { client::send(address, &request).await });
            }
            let mut ids: Vec<String> = calls.join_all().await.iter().map(|answer| assert_waits(answer)).collect();
            ids.dedup();
            assert_eq!(ids.len(), 1, "both Envoys find one request: {ids:?}");
            expected.append(&mut ids);
        }
        // An Envoy that comes later announces nothing that is known.
        let late = envoy("2", &etcd, webhook).await;
        for (number, id) in expected.iter().enumerate() {
            for gateway in gateways.iter().chain([&late]) {
                assert_eq!(assert_waits(&gateway.send("mcp", &pay(number)).await), *id);
            }
        }
        let count = || notices.lock().expect("no holder panics").len();
        until("all are announced", || async { (count() >= expected.len()).then_some(()) }).await;
        // Longer than the pace of notices.
        sleep(Duration::from_millis(2500)).await;
        let received = notices.lock().expect("no holder panics").clone();
        let mut ids: Vec<&str> = received.iter().map(|(.., body)| body["id"].as_str().expect("a name")).collect();
        ids.sort_unstable();
        expected.sort_unstable();
        assert_eq!(ids, expected, "each once");
        let (mut sent, mut failed) = (0, 0);
        for gateway in gateways.iter().chain([&late]) {
            sent += statistic(gateway, "mcp_policy_notices_sent").await;
            failed += statistic(gateway, "mcp_policy_notices_failed").await;
        }
        assert_eq!((sent, failed), (6, 0));
    });
}
