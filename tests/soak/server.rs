//! Servers behind the gateway: one that answers, one that fails in every phase of an answer, one whose lists do not end.

use super::callers::EVENT;
use serde_json::Value;
use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
};

/// How a server answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Behaviour {
    Sound,
    /// Each answer ends in another phase: before its head, in it, in its body, or with a status of failure.
    Flaky,
    Endless,
}

/// A server. It ends with the test.
pub(super) struct Server {
    pub(super) address: SocketAddr,
}

impl Server {
    pub(super) async fn start(behaviour: Behaviour) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("the port");
        let answered = Arc::new(AtomicUsize::new(0));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, behaviour, Arc::clone(&answered)));
            }
        });
        Self { address }
    }
}

/// Answers the requests of one connection, until it ends.
async fn serve(mut stream: TcpStream, behaviour: Behaviour, answered: Arc<AtomicUsize>) {
    let mut buffer = Vec::new();
    while let Some(request) = read(&mut stream, &mut buffer).await {
        let number = answered.fetch_add(1, Ordering::Relaxed);
        let (answer, goes_on) = match behaviour {
            Behaviour::Sound if request.body.is_empty() => (head("text/event-stream", None) + &chunk(EVENT), true),
            Behaviour::Sound => (sized(&answer(&request.body)), true),
            Behaviour::Flaky => (flaky(&sized(&answer(&request.body)), number), number % 5 == 4),
            Behaviour::Endless => {
                let list = format!(r#"{{"id":1,"x":"{}"#, "x".repeat(4_000_000));
                (head("application/json", None) + &chunk(list.as_bytes()), true)
            }
        };
        if stream.write_all(answer.as_bytes()).await.is_err() || !goes_on {
            return;
        }
    }
}

/// A request as a server reads it.
struct Request {
    body: Vec<u8>,
}

/// Reads the next request; `None` if the connection ends first. Envoy announces the length of a body, or sends it in chunks.
async fn read(stream: &mut TcpStream, buffer: &mut Vec<u8>) -> Option<Request> {
    loop {
        if let Some((request, rest)) = parse(buffer) {
            *buffer = rest;
            return Some(request);
        }
        if !matches!(stream.read_buf(buffer).await, Ok(read) if read > 0) {
            return None;
        }
    }
}

fn parse(bytes: &[u8]) -> Option<(Request, Vec<u8>)> {
    let end = bytes.windows(4).position(|part| part == b"\r\n\r\n")? + 4;
    let head = String::from_utf8_lossy(&bytes[..end]).to_ascii_lowercase();
    if head.starts_with("get ") {
        return Some((Request { body: Vec::new() }, bytes[end..].to_vec()));
    }
    if let Some((_, length)) = head.split_once("content-length:") {
        let length: usize = length.lines().next()?.trim().parse().ok()?;
        let body = bytes.get(end..end + length)?.to_vec();
        return Some((Request { body }, bytes[end + length..].to_vec()));
    }
    let (mut body, mut at) = (Vec::new(), end);
    loop {
        let line = at + bytes.get(at..)?.windows(2).position(|part| part == b"\r\n")?;
        let size = usize::from_str_radix(std::str::from_utf8(&bytes[at..line]).ok()?.trim(), 16).ok()?;
        body.extend_from_slice(bytes.get(line + 2..line + 2 + size)?);
        at = line + 2 + size + 2;
        bytes.get(..at)?;
        if size == 0 {
            return Some((Request { body }, bytes[at..].to_vec()));
        }
    }
}

/// The answer to a message.
fn answer(body: &[u8]) -> String {
    let message: Value = serde_json::from_slice(body).unwrap_or_default();
    let result = match message["method"].as_str() {
        Some("tools/list") => r#"{"tools":[{"name":"t"},{"name":"secret"},{"name":"limited"}]}"#.to_owned(),
        _ if message["params"]["arguments"]["large"] == true => format!(r#"{{"text":"{}"}}"#, "y".repeat(1 << 20)),
        _ => {
            let text = message["params"]["arguments"]["text"].as_str().unwrap_or_default();
            format!(r#"{{"size":{}}}"#, text.len())
        }
    };
    format!(r#"{{"jsonrpc":"2.0","id":{},"result":{result}}}"#, message["id"])
}

/// Only a part of an answer, or another one.
fn flaky(answer: &str, number: usize) -> String {
    match number % 5 {
        0 => String::new(),
        1 => answer.chars().take(20).collect(),
        2 => answer.chars().take(answer.len() - 5).collect(),
        3 => "HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\n\r\n".to_owned(),
        _ => answer.to_owned(),
    }
}

fn sized(body: &str) -> String {
    head("application/json", Some(body.len())) + body
}

fn head(content_type: &str, length: Option<usize>) -> String {
    let length = length.map_or("transfer-encoding: chunked".to_owned(), |length| format!("content-length: {length}"));
    format!("HTTP/1.1 200 OK\r\ncontent-type: {content_type}\r\n{length}\r\n\r\n")
}

fn chunk(bytes: &[u8]) -> String {
    format!("{:x}\r\n{}\r\n", bytes.len(), String::from_utf8_lossy(bytes))
}
