//! Many requests in little time, written by hand over a few connections: a careful client would be the slowest part.

use crate::{client::call, runtime::PATIENCE};
use serde_json::Value;
use std::net::SocketAddr;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};

/// Connections at once.
const CONNECTIONS: usize = 16;

/// How answers end: those of Envoy to what the filter lets through, and those of the filter.
const ENDS: [&[u8]; 2] = [b"\r\n\r\npassed", b"\"}}}"];
/// What the filter says where a limit has no room.
const LIMITED: &[u8] = b"\"code\":-31429,";

/// What became of the requests.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Sent {
    pub(super) passed: u64,
    pub(super) limited: u64,
}

/// Sends `count` calls, each as the agent and with the arguments of its number.
pub(super) async fn send_all(to: SocketAddr, count: usize, call: impl Fn(usize) -> (String, Value)) -> Sent {
    let share = count / CONNECTIONS;
    let parts = (0..CONNECTIONS).map(|at| {
        let calls: Vec<(String, Value)> = (at * share..(at + 1) * share).map(&call).collect();
        tokio::spawn(send(to, calls))
    });
    let mut all = Sent::default();
    for part in parts.collect::<Vec<_>>() {
        let part = part.await.expect("its share of the calls");
        all = Sent { passed: all.passed + part.passed, limited: all.limited + part.limited };
    }
    all
}

/// Sends the calls of one connection.
async fn send(to: SocketAddr, calls: Vec<(String, Value)>) -> Sent {
    let mut stream = TcpStream::connect(to).await.expect("a connection");
    stream.write_all(b"PROXY TCP4 10.9.9.9 127.0.0.1 4321 80\r\n").await.expect("a line");
    let mut sent = Sent::default();
    let mut answer = Vec::new();
    for (agent, arguments) in calls {
        let body = String::from_utf8(call("t", &arguments, "1", &[]).body.bytes()).expect("text");
        let length = body.len();
        let text = format!(
            "POST /mcp HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n\
             x-agent-id: {agent}\r\ncontent-length: {length}\r\n\r\n{body}"
        );
        stream.write_all(text.as_bytes()).await.expect("a written request");
        answer.clear();
        while !ENDS.iter().any(|end| answer.ends_with(end)) {
            let read = timeout(PATIENCE, stream.read_buf(&mut answer)).await.expect("an answer in time");
            assert!(read.expect("an answer") > 0, "the connection ended");
        }
        let is_limited = answer.windows(LIMITED.len()).any(|part| part == LIMITED);
        assert!(is_limited || answer.ends_with(ENDS[0]), "{}", answer.escape_ascii());
        *(if is_limited { &mut sent.limited } else { &mut sent.passed }) += 1;
    }
    sent
}
