//! Servers that are down, slow, or close idle connections, behind a real Envoy started from a rendered file, under load: no call
//! is charged that cannot have run, and none is lost that need not be.

use crate::{
    answer::{assert_allowed, assert_limited},
    client::{Connection, call},
    clock,
    gateway::{Gateway, render},
    runtime::run,
    upstream::Upstream,
};
use serde_json::json;
use std::{
    net::{SocketAddr, TcpListener},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    task::JoinSet,
    time::{sleep, timeout},
};

/// A policy that lets `counted` pass `max` times.
fn policy(max: u64) -> String {
    let limit = json!({ "counter": "calls", "window": clock::long_window(), "max": max, "scope": "global" });
    json!({ "version": "1", "default": "deny", "tools": { "counted": { "limits": [limit] } } }).to_string()
}

fn counted() -> crate::client::Request {
    call("counted", &json!({}), "1", &[])
}

/// Calls `counted` so often, side by side; how many the server answered, and how many Envoy answered with 503.
async fn call_at_once(to: SocketAddr, calls: usize) -> (usize, usize) {
    let mut clients = JoinSet::new();
    for _ in 0..calls {
        clients.spawn(async move { crate::client::send(to, &counted()).await });
    }
    let (mut passed, mut refused) = (0, 0);
    while let Some(answer) = clients.join_next().await {
        let answer = answer.expect("an answer");
        match (answer.is_upstreams(), answer.status) {
            (true, 200) => passed += 1,
            (false, 503) => refused += 1,
            _ => panic!("neither the server's answer nor 503: {answer}"),
        }
    }
    (passed, refused)
}

/// Asserts that `left` more calls pass, and no more.
async fn assert_left(gateway: &Gateway, left: usize) {
    for _ in 0..left {
        assert_allowed(&gateway.send("mcp", &counted()).await);
    }
    assert_limited(&gateway.send("mcp", &counted()).await, "1", "counted", "/tools/counted/limits/0");
}

#[test]
fn calls_to_a_server_that_is_down_are_not_charged() {
    run(async {
        // Free a moment ago: nothing listens there yet.
        let address = TcpListener::bind("127.0.0.1:0").and_then(|free| free.local_addr()).expect("a free port");
        let gateway = Gateway::start_with("fault-down", |folder, _| render(folder, &policy(100), address, &[])).await;
        assert_eq!(call_at_once(gateway.at("mcp"), 100).await, (0, 100));
        let _server = Upstream::start_at(address).await;
        assert_left(&gateway, 100).await;
    });
}

#[test]
fn calls_beyond_what_a_slow_server_takes_are_answered_at_once_and_not_charged() {
    run(async {
        let (slow, calls) = (SlowServer::start(2000).await, 60);
        let gateway = Gateway::start_with("fault-slow", |folder, _| {
            let rendered = render(folder, &policy(60), slow.address, &[]);
            let bounds = "{ max_requests: 2048, max_pending_requests: 128, max_connections: 2176 }";
            assert!(rendered.contains(bounds));
            rendered.replace(bounds, "{ max_requests: 10, max_pending_requests: 60, max_connections: 70 }")
        });
        let gateway = gateway.await;
        let (passed, refused) = call_at_once(gateway.at("mcp"), calls).await;
        assert_eq!(passed + refused, calls);
        assert!(passed >= 10 && refused > 0, "{passed} passed, {refused} were refused");
        assert_eq!(slow.calls.load(Ordering::Relaxed), u64::try_from(passed).expect("a number"));
        slow.delay.store(0, Ordering::Relaxed);
        assert_left(&gateway, calls - passed).await;
    });
}

/// A server that answers late, and counts what it answers.
struct SlowServer {
    address: SocketAddr,
    calls: Arc<AtomicU64>,
    /// In milliseconds.
    delay: Arc<AtomicU64>,
}

impl SlowServer {
    async fn start(delay: u64) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("the port");
        let (calls, delay) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicU64::new(delay)));
        let (counted, waited) = (Arc::clone(&calls), Arc::clone(&delay));
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let (counted, waited) = (Arc::clone(&counted), Arc::clone(&waited));
                tokio::spawn(async move {
                    while read_request(&mut stream).await {
                        sleep(Duration::from_millis(waited.load(Ordering::Relaxed))).await;
                        counted.fetch_add(1, Ordering::Relaxed);
                        answer(&mut stream).await;
                    }
                });
            }
        });
        Self { address, calls, delay }
    }
}

/// Reads one request; false at the end of the connection.
async fn read_request(stream: &mut TcpStream) -> bool {
    let mut text = Vec::new();
    loop {
        // The body of a call ends so, and nothing else of the request does.
        if text.ends_with(b"}}}") {
            return true;
        }
        if !matches!(stream.read_buf(&mut text).await, Ok(read) if read > 0) {
            return false;
        }
    }
}

async fn answer(stream: &mut TcpStream) {
    let body = r#"{"jsonrpc":"2.0","id":1,"result":{}}"#;
    let head = format!(
        "HTTP/1.1 200 OK\r\nx-answered-by: upstream\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    let _ = stream.write_all([head.as_bytes(), body.as_bytes()].concat().as_slice()).await;
}

/// After how long this server reads nothing more from an idle connection.
const SERVER_IDLE: Duration = Duration::from_millis(1500);
/// After how long the gateway hears of it. Until then, what it sends is lost.
const DELAY: Duration = Duration::from_secs(3);
/// How long a client waits between two calls.
const PAUSE: Duration = Duration::from_millis(2500);

/// A server somewhere else that closes idle connections.
async fn closing_server() -> SocketAddr {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("the port");
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            tokio::spawn(async move {
                while let Ok(true) = timeout(SERVER_IDLE, read_request(&mut stream)).await {
                    answer(&mut stream).await;
                }
                sleep(DELAY).await;
            });
        }
    });
    address
}

/// How many of 30 calls are lost that arrive while the server closes the connection of the call before.
async fn lost_calls(name: &str, idle_timeout: &str) -> usize {
    let server = closing_server().await;
    let gateway = Gateway::start_with(name, |folder, _| {
        render(folder, &policy(1000), server, &["--upstream-idle-timeout", idle_timeout])
    });
    let gateway = gateway.await;
    let mut clients = JoinSet::new();
    for _ in 0..10 {
        let to = gateway.at("mcp");
        clients.spawn(async move {
            let mut connection = Connection::open(to).await;
            let mut lost = 0;
            for _ in 0..3 {
                let answer = connection.send(&counted()).await;
                lost += usize::from(!answer.is_upstreams());
                sleep(PAUSE).await;
            }
            lost
        });
    }
    let mut lost = 0;
    while let Some(client) = clients.join_next().await {
        lost += client.expect("answers");
    }
    lost
}

#[test]
fn no_call_is_lost_on_a_connection_that_the_server_is_closing() {
    run(async {
        assert_eq!(lost_calls("fault-idle", "1").await, 0);
        // With a longer timeout than the server's, calls are.
        let lost = lost_calls("fault-idle-too-long", "60").await;
        assert!(lost > 0);
        println!("{lost} of 30 calls are lost if Envoy waits longer than the server");
    });
}
