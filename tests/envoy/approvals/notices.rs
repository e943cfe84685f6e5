//! Each new request is announced once to a webhook, in the form that it understands, and a webhook that fails holds no call up.

use super::{assert_waits, pay, policy};
use crate::{
    client::call,
    gateway::{Gateway, Listener, json_text},
    runtime::{run, until},
};
use axum::{
    Router,
    extract::State,
    http::{HeaderMap, StatusCode, Uri},
    routing::post,
};
use serde_json::{Value, json};
use std::{
    net::SocketAddr,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};
use tokio::{net::TcpListener, time::sleep};

/// The part of the path that is a credential.
const SECRET: &str = "B0SECRETB0SECRET";

/// What a webhook got: path, host, media type and body.
pub(crate) type Notices = Arc<Mutex<Vec<(String, String, String, Value)>>>;

/// A webhook that answers with this status, after a while.
#[derive(Clone)]
pub(crate) struct Webhook {
    notices: Notices,
    status: StatusCode,
    wait: Duration,
}

impl Webhook {
    pub(crate) async fn start(status: u16, wait: Duration) -> (SocketAddr, Notices) {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("the port");
        let notices = Notices::default();
        let status = StatusCode::from_u16(status).expect("a status");
        let webhook = Self { notices: Arc::clone(&notices), status, wait };
        let app = Router::new().route("/{*path}", post(Self::receive)).with_state(webhook);
        tokio::spawn(async move { axum::serve(listener, app).await });
        (address, notices)
    }

    async fn receive(State(webhook): State<Self>, uri: Uri, headers: HeaderMap, body: String) -> StatusCode {
        let header = |name: &str| headers[name].to_str().expect("a text").to_owned();
        let body = serde_json::from_str(&body).expect("JSON");
        let notice = (uri.to_string(), header("host"), header("content-type"), body);
        webhook.notices.lock().expect("no holder panics").push(notice);
        sleep(webhook.wait).await;
        webhook.status
    }
}

/// A gateway that announces requests in this format to the cluster `service`, if it has one.
fn gate(name: &str, format: &str, webhook: Option<SocketAddr>) -> Listener {
    let path = format!("/services/T0/{SECRET}");
    let notify = json!({ "cluster": "service", "path": path, "authority": "hooks.example", "format": format });
    let configuration = json!({
        "policy": policy(),
        "identity": [{ "header": "x-agent" }],
        "protocol": { "headers": "hold" },
        "audit": { "log": "all", "arguments": "values" },
        "approvals": { "url": "http://localhost:10001/", "notify": notify },
    });
    let listener = Listener::new(name, json_text(&configuration.to_string())).access_log();
    webhook.into_iter().fold(listener, Listener::service)
}

/// A statistic of the gateway, summed over its workers.
pub(crate) async fn statistic(gateway: &Gateway, name: &str) -> u64 {
    let stats = gateway.stats(name).await;
    stats.iter().map(|(_, value)| value).sum()
}

#[test]
fn each_new_request_is_announced_once_in_each_format() {
    run(async {
        for format in ["json", "slack", "workflows"] {
            let (address, notices) = Webhook::start(200, Duration::ZERO).await;
            let gateway =
                Gateway::start(&format!("approvals-notices-{format}"), &[gate("mcp", format, Some(address))]).await;
            let id = assert_waits(&gateway.send("mcp", &pay("alice", 250)).await);
            for _ in 0..3 {
                assert_eq!(assert_waits(&gateway.send("mcp", &pay("alice", 250)).await), id);
            }
            let hostile = "<https://evil.example|x> [x](https://evil.example)\u{202e}";
            let arguments = json!({ "amount": 251, "to": hostile });
            let other = assert_waits(&gateway.send("mcp", &call("pay", &arguments, "7", &[("x-agent", "bob")])).await);
            let count = || notices.lock().expect("no holder panics").len();
            until("both requests are announced", || async { (count() >= 2).then_some(()) }).await;
            until("both are counted", || async {
                (statistic(&gateway, "mcp_policy_notices_sent").await == 2).then_some(())
            })
            .await;
            // Longer than the pace of notices.
            sleep(Duration::from_millis(2500)).await;
            let received = notices.lock().expect("no holder panics").clone();
            assert_eq!(received.len(), 2, "{format}: {received:?}");
            for (path, host, media, body) in &received {
                assert_eq!((&**host, &**media), ("hooks.example", "application/json"));
                assert_eq!(*path, format!("/services/T0/{SECRET}"));
                let text = body.to_string();
                let links = text.matches("\"url\":\"").count();
                assert_eq!((links, text.contains("http://localhost:10001/#")), (1, true), "{format}: {text}");
                assert!(!text.contains('\u{202e}'), "{format}: {text}");
            }
            for id in [&id, &other] {
                assert!(received.iter().any(|(.., body)| body.to_string().contains(&**id)), "{format}: {received:?}");
            }
            if format == "json" {
                let (.., body) = received.iter().find(|(.., body)| body["id"] == *id).expect("the first");
                assert_eq!(body["grant"], "header:alice");
                assert_eq!(body["reason"], "Over 100, a person decides.");
                assert_eq!(body["arguments"], r#"{"amount":250,"to":"ACME"}"#);
            }
            assert_eq!(statistic(&gateway, "mcp_policy_notices_failed").await, 0);
            // Neither Envoy's log, with every record in it, nor the access log names the credential.
            assert!(!gateway.log().contains(SECRET));
        }
    });
}

#[test]
fn a_webhook_that_fails_or_is_slow_holds_no_call_up() {
    run(async {
        let (refusing, _) = Webhook::start(500, Duration::ZERO).await;
        let (slow, _) = Webhook::start(200, Duration::from_secs(30)).await;
        let nowhere = SocketAddr::from(([127, 0, 0, 1], 1));
        for (name, webhook) in
            [("refusing", Some(refusing)), ("slow", Some(slow)), ("nowhere", Some(nowhere)), ("no-cluster", None)]
        {
            let gateway = Gateway::start(&format!("approvals-notices-{name}"), &[gate("mcp", "slack", webhook)]).await;
            let began = Instant::now();
            assert_waits(&gateway.send("mcp", &pay("alice", 250)).await);
            assert!(began.elapsed() < Duration::from_secs(4), "{name}: the call waits for its notice");
            until("the failure is counted", || async {
                (statistic(&gateway, "mcp_policy_notices_failed").await == 1).then_some(())
            })
            .await;
            assert_eq!(statistic(&gateway, "mcp_policy_notices_sent").await, 0, "{name}");
            let told = "a request for approval was not announced";
            until("the log says so", || async { gateway.log().contains(told).then_some(()) }).await;
            assert!(!gateway.log().contains(SECRET), "{name}");
        }
    });
}

#[test]
fn notices_are_paced_and_a_bounded_number_waits() {
    run(async {
        let (address, notices) = Webhook::start(200, Duration::ZERO).await;
        let gateway = Gateway::start("approvals-notices-paced", &[gate("mcp", "json", Some(address))]).await;
        let began = Instant::now();
        for number in 0..4 {
            assert_waits(&gateway.send("mcp", &pay("alice", 250 + number)).await);
        }
        let count = || notices.lock().expect("no holder panics").len();
        until("all are announced", || async { (count() == 4).then_some(()) }).await;
        // Envoy has two workers here at most, and one notice a second of each goes; the first at once.
        assert!(began.elapsed() >= Duration::from_secs(1), "{:?}", began.elapsed());
    });
}
