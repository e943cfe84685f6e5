//! Honest callers: each has an address of its own, sends one request after the other, and knows the answer that it must get.

use crate::{
    client::{Request, call, message, try_send},
    gateway::Gateway,
    runtime::{PATIENCE, until},
};
use serde_json::{Value, json};
use std::{
    net::SocketAddr,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    task::JoinHandle,
    time::{Instant, timeout},
};

/// Their addresses.
const ADDRESSES: [&str; 4] = ["10.0.0.1", "10.0.0.2", "10.0.0.3", "10.0.0.4"];

/// Callers at work.
pub(super) struct Callers {
    shared: Arc<Shared>,
    tasks: Vec<JoinHandle<()>>,
}

#[derive(Default)]
struct Shared {
    is_over: AtomicBool,
    calls: AtomicUsize,
    /// How long each answer took, in milliseconds.
    latencies: Mutex<Vec<u32>>,
}

/// What honest callers were answered: all of it right.
pub(super) struct Tally {
    latencies: Vec<u32>,
}

impl Callers {
    pub(super) fn start(gateway: &Gateway) -> Self {
        let shared = Arc::new(Shared::default());
        let tasks = ADDRESSES.map(|address| {
            let (to, shared) = (gateway.at("honest-mcp"), Arc::clone(&shared));
            tokio::spawn(async move {
                let mut number = 0;
                while !shared.is_over.load(Ordering::Relaxed) {
                    let begun = Instant::now();
                    ask(to, address, number).await;
                    number += 1;
                    let milliseconds = u32::try_from(begun.elapsed().as_millis()).expect("a short time");
                    shared.latencies.lock().expect("no holder panics").push(milliseconds);
                    shared.calls.fetch_add(1, Ordering::Relaxed);
                }
            })
        });
        Self { shared, tasks: tasks.into() }
    }

    /// Waits until so many more requests were answered.
    pub(super) async fn wait_for_calls(&self, more: usize) {
        let enough = self.shared.calls.load(Ordering::Relaxed) + more;
        until("honest callers are answered", || async {
            assert!(self.tasks.iter().all(|task| !task.is_finished()), "an honest caller had a wrong answer, or none");
            (self.shared.calls.load(Ordering::Relaxed) >= enough).then_some(())
        })
        .await;
    }

    /// Has the callers stop.
    ///
    /// # Panics
    /// If one of them had a wrong answer, or none.
    pub(super) async fn stop(self) -> Tally {
        self.shared.is_over.store(true, Ordering::Relaxed);
        for task in self.tasks {
            task.await.expect("each honest request has the right answer");
        }
        let mut latencies = std::mem::take(&mut *self.shared.latencies.lock().expect("no holder panics"));
        latencies.sort_unstable();
        Tally { latencies }
    }
}

impl Tally {
    pub(super) fn calls(&self) -> usize {
        self.latencies.len()
    }

    /// The times within which these parts of the answers came, in milliseconds.
    pub(super) fn latencies<const N: usize>(&self, parts: [f64; N]) -> [u32; N] {
        let last = self.latencies.len().saturating_sub(1);
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            clippy::cast_precision_loss,
            reason = "an index"
        )]
        let index = |part: f64| (part * last as f64) as usize;
        parts.map(|part| self.latencies.get(index(part)).copied().unwrap_or(0))
    }
}

/// One round of requests, before anything is measured.
pub(super) async fn call_once(gateway: &Gateway) {
    for number in 0..KINDS {
        ask(gateway.at("honest-mcp"), ADDRESSES[0], number).await;
    }
}

/// The kinds of requests that callers send in turn.
const KINDS: usize = 6;

/// Sends a request and checks the answer.
async fn ask(to: SocketAddr, address: &'static str, number: usize) {
    let size = [10, 2_000, 200_000][number % 3];
    let (request, expected) = match number % KINDS {
        0..3 => {
            let arguments = json!({ "text": "x".repeat(size) });
            (call("t", &arguments, &number.to_string(), &[]), json!({ "size": size }))
        }
        3 => (call("secret", &json!({}), &number.to_string(), &[]), Value::Null),
        4 => {
            let list = format!(r#"{{"jsonrpc":"2.0","id":{number},"method":"tools/list"}}"#);
            // The server lists `secret`, too.
            (message(list), json!({ "tools": [{ "name": "t" }, { "name": "limited" }] }))
        }
        _ => return listen(to, address).await,
    };
    let answer = try_send(to, &request.proxied_from(address)).await.unwrap_or_else(|none| panic!("{none}"));
    let text = answer.text();
    let body: Value = serde_json::from_str(&text).unwrap_or_else(|_| panic!("{} {text}", answer.status));
    assert_eq!(answer.status, 200, "{text}");
    assert_eq!(body["id"], number, "{text}");
    match expected {
        Value::Null => assert_eq!(body["error"]["code"], -31403, "{text}"),
        expected => assert_eq!(body["result"], expected, "{text}"),
    }
}

/// Opens an event stream, reads its first event and leaves.
async fn listen(to: SocketAddr, address: &str) {
    let text = format!(
        "PROXY TCP4 {address} 127.0.0.1 4321 80\r\nGET /mcp HTTP/1.1\r\nhost: mcp.test\r\naccept: text/event-stream\r\n\r\n"
    );
    let mut stream = TcpStream::connect(to).await.expect("a connection");
    stream.write_all(text.as_bytes()).await.expect("a written request");
    let mut answer = Vec::new();
    while !answer.windows(EVENT.len()).any(|part| part == EVENT) {
        let read = timeout(PATIENCE, stream.read_buf(&mut answer)).await.expect("an event in time").expect("an event");
        assert!(read > 0, "the stream ended: {}", answer.escape_ascii());
    }
}

/// What the server sends on a stream.
pub(super) const EVENT: &[u8] = b"data: {\"jsonrpc\":\"2.0\",\"method\":\"notifications/message\"}\n\n";

/// A request that anyone may send.
pub(super) fn small_call() -> Request {
    call("t", &json!({}), "1", &[])
}
