//! A service decides, while the call waits.

use super::pay;
use crate::{
    answer::{assert_allowed, assert_denied, assert_error},
    client::{self, Connection},
    forwarding::{MODES, leak},
    gateway::{Gateway, Listener, json_text},
    runtime::{run, until},
};
use axum::{Router, extract::State, routing::post};
use serde_json::{Value, json};
use std::{
    net::SocketAddr,
    sync::{Arc, Mutex},
    time::Duration,
};
use tokio::{net::TcpListener, task::JoinSet, time::sleep};

/// What the service was asked.
type Asked = Arc<Mutex<Vec<Value>>>;

/// Decides by the amount, and remembers what it was asked.
async fn start() -> (SocketAddr, Asked) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("the port");
    let asked = Asked::default();
    let app = Router::new().route("/decide", post(answer)).with_state(Arc::clone(&asked));
    tokio::spawn(async move { axum::serve(listener, app).await });
    (address, asked)
}

async fn answer(State(asked): State<Asked>, question: String) -> String {
    let question: Value = serde_json::from_str(&question).expect("JSON");
    let amount = question["params"]["arguments"]["amount"].as_u64();
    asked.lock().expect("no holder panics").push(question);
    let answer = match amount {
        Some(201) => json!({ "decision": "approve", "approver": "bob", "note": "fine", "id": "r-1" }),
        Some(202) => json!({ "decision": "reject", "note": "no budget" }),
        Some(203) => json!({ "decision": "pending", "id": "r-3", "url": "https://desk.example/r-3" }),
        Some(204) => json!({ "decision": "maybe" }),
        Some(205) => {
            sleep(Duration::from_secs(10)).await;
            json!({ "decision": "approve" })
        }
        Some(206) => {
            sleep(Duration::from_millis(300)).await;
            json!({ "decision": "approve" })
        }
        _ => json!([]),
    };
    answer.to_string()
}

fn gate(mode: &str, cluster: &str) -> Listener {
    let service = json!({ "cluster": cluster, "path": "/decide", "authority": "approvals", "timeout_ms": 1000 });
    let configuration = json!({
        "policy": super::policy(),
        "identity": [{ "header": "x-agent" }],
        "protocol": { "headers": mode },
        "approvals": { "service": service },
    });
    Listener::new(mode, json_text(&configuration.to_string())).access_log().in_mode(mode)
}

#[test]
fn the_service_says_yes_no_or_not_yet() {
    run(async {
        let (address, asked) = start().await;
        let [hold, release] = MODES.map(|mode| gate(mode, "service"));
        let gateway = Gateway::start("approvals-service", &[hold.service(address), release]).await;
        for mode in MODES {
            for version in client::VERSIONS {
                let agent = format!("{mode}-{}", version.replace('/', "-"));
                let send = |amount: u32| {
                    let (to, request) = (gateway.at(mode), pay(&agent, amount));
                    async move {
                        let answer = client::try_send_over(version, to, &request).await;
                        (answer.unwrap_or_else(|none| panic!("{none}")), request)
                    }
                };
                let (answer, request) = send(201).await;
                assert_allowed(&answer);
                let seen = gateway.upstream().seen(&request);
                assert_eq!(seen.len(), 1, "once");
                assert_eq!(seen[0].body, request.body.bytes(), "byte for byte");
                let record: Value = serde_json::from_str(&gateway.record(&request).await).expect("a record");
                assert_eq!(record["approval"], json!({ "id": "r-1", "approver": "bob", "note": "fine" }));
                let rule = "/tools/pay/require_approval/0";
                let (answer, request) = send(202).await;
                let reason = "a person rejected this call of the tool `pay`: no budget; do not repeat it";
                assert_eq!(assert_denied(&answer, "7", "pay", rule)["reason"], reason);
                assert_eq!(leak(mode, &gateway.upstream().settled(&request).await), None);
                let (answer, _) = send(203).await;
                let error = assert_error(&answer, 200, -31428, "7");
                assert_eq!(error["data"]["approval"], json!({ "id": "r-3", "url": "https://desk.example/r-3" }));
                for amount in [204, 205, 207] {
                    let (answer, request) = send(amount).await;
                    let reason = "the tool `pay` needs approval, and the approval service gave no usable answer; repeat the call later";
                    assert_eq!(assert_denied(&answer, "7", "pay", rule)["reason"], reason, "{amount}");
                    assert_eq!(leak(mode, &gateway.upstream().settled(&request).await), None, "{amount}");
                }
                assert_allowed(&send(100).await.0);
            }
        }
        let asked = asked.lock().expect("no holder panics");
        let first = &asked[0];
        assert_eq!(first["grant"], "header:hold-HTTP-1.1");
        assert_eq!(first["reason"], "Over 100, a person decides.");
        assert_eq!(first["params"]["arguments"], json!({ "amount": 201, "to": "ACME" }));
        assert_eq!(asked.len(), 24, "each call that needs it is asked about once");
    });
}

#[test]
fn a_service_that_cannot_be_reached_denies() {
    run(async {
        for (name, cluster) in [("refusing", "refusing"), ("empty", "empty"), ("unknown", "nothing")] {
            let gateway =
                Gateway::start(&format!("approvals-service-{name}"), &MODES.map(|mode| gate(mode, cluster))).await;
            for mode in MODES {
                let request = pay("alice", 201);
                let answer = gateway.send(mode, &request).await;
                let data = assert_denied(&answer, "7", "pay", "/tools/pay/require_approval/0");
                assert_eq!(
                    data["reason"],
                    "the tool `pay` needs approval, and the approval service gave no usable answer; repeat the call later"
                );
                assert_eq!(leak(mode, &gateway.upstream().settled(&request).await), None);
            }
        }
    });
}

#[test]
fn a_client_that_disconnects_while_an_approval_is_pending_is_not_charged() {
    run(async {
        let (address, asked) = start().await;
        let [hold, release] = MODES.map(|mode| gate(mode, "service"));
        let gateway = Gateway::start("approvals-service-gone", &[hold.service(address), release]).await;
        for mode in MODES {
            for round in 0..20 {
                let request = pay(&format!("{mode}-agent"), 206);
                let mut connection = Connection::try_open(gateway.at(mode)).await.expect("a connection");
                let waits = tokio::time::timeout(Duration::from_millis(100), connection.try_send(&request)).await;
                assert!(waits.is_err(), "round {round}: the call should wait");
                drop(connection);
                let seen = gateway.upstream().settled(&request).await;
                assert_eq!(leak(mode, &seen), None);
            }
        }
        until("all were asked about", || async { (asked.lock().expect("no holder panics").len() == 40).then_some(()) })
            .await;
        sleep(Duration::from_millis(500)).await;
        for mode in MODES {
            // Three an hour: nothing was charged to those who left.
            let mut calls = JoinSet::new();
            for _ in 0..3 {
                let (to, request) = (gateway.at(mode), pay(&format!("{mode}-agent"), 206));
                calls.spawn(async move { client::send(to, &request).await });
            }
            calls.join_all().await.iter().for_each(assert_allowed);
        }
    });
}
