//! Clients and servers that hold on to what they began. What they send is written by hand, and their answers are counted, not
//! read.

use crate::runtime::{PATIENCE, until};
use h2::client;
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
    time::timeout,
};

use super::ATTACKER;

/// Requests of an attacker. They stay open until this is dropped.
pub(crate) struct Hostile {
    sent: usize,
    counts: Arc<Counts>,
    _open: tokio::sync::watch::Sender<()>,
}

/// How requests have ended so far.
#[derive(Debug, Default)]
struct Counts {
    refused: AtomicUsize,
    other: AtomicUsize,
}

/// How many requests were answered 503, and how many otherwise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Ended {
    pub(crate) refused: usize,
    pub(crate) other: usize,
}

impl Counts {
    fn add(&self, status: u16) {
        let count = if status == 503 { &self.refused } else { &self.other };
        count.fetch_add(1, Ordering::Relaxed);
    }
}

impl Hostile {
    /// Opens streams of HTTP/2 whose heads are as large as Envoy takes them, and which do not end.
    pub(crate) async fn open_heads(to: SocketAddr, connections: usize, streams: usize) -> Self {
        let counts = Arc::new(Counts::default());
        let (open, is_open) = tokio::sync::watch::channel(());
        for _ in 0..connections {
            let (counts, mut is_open) = (Arc::clone(&counts), is_open.clone());
            let (mut sender, driver) = client::handshake(Self::connect(to).await).await.expect("HTTP/2");
            let mut is_held = is_open.clone();
            tokio::spawn(async move {
                // To drop it closes the connection, and with it the streams whose answers are still waited for.
                tokio::select! { _ = driver => {} _ = is_held.changed() => {} }
            });
            let mut bodies = Vec::new();
            for number in 0..streams {
                sender = timeout(PATIENCE, sender.ready()).await.expect("a stream in time").expect("a stream");
                let head = (0..14).fold(post(), |head, n| head.header(format!("x-{n}"), format!("{number:04000}")));
                let (answer, body) = sender.send_request(head.body(()).expect("a head"), false).expect("a stream");
                bodies.push(body);
                let counts = Arc::clone(&counts);
                tokio::spawn(async move {
                    if let Ok(answer) = answer.await {
                        counts.add(answer.status().as_u16());
                    }
                });
            }
            tokio::spawn(async move {
                let _ = is_open.changed().await;
                drop((sender, bodies));
            });
        }
        Self { sent: connections * streams, counts, _open: open }
    }

    /// Announces bodies of so many bytes, and sends all but the last byte.
    pub(crate) async fn upload_slowly(to: SocketAddr, count: usize, bytes: usize) -> Self {
        let head = head(&format!("content-length: {bytes}\r\n"));
        Self::send(to, count, [head.as_bytes(), &vec![b' '; bytes - 1]].concat()).await
    }

    /// Asks for lists.
    pub(crate) async fn list(to: SocketAddr, count: usize) -> Self {
        Self::send_message(to, count, r#"{"jsonrpc":"2.0","id":7,"method":"tools/list"}"#).await
    }

    /// Opens event streams. A connection without a source port is one whose address yields no identity.
    pub(crate) async fn listen(to: SocketAddr, count: usize, source_port: u16) -> Self {
        let head = "GET /mcp HTTP/1.1\r\nhost: mcp.test\r\naccept: text/event-stream\r\n\r\n";
        Self::send_from(source_port, to, count, head.into()).await
    }

    /// Sends calls with these arguments.
    pub(crate) async fn send_calls(to: SocketAddr, count: usize, tool: &str, arguments: &str) -> Self {
        let params = format!(r#"{{"name":"{tool}","arguments":{arguments}}}"#);
        let body = format!(r#"{{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{params}}}"#);
        Self::send_message(to, count, &body).await
    }

    /// Sends bytes that are not a request, or none for long.
    pub(crate) async fn send_garbage(to: SocketAddr, count: usize, seed: usize) -> Self {
        let noise = (0..3000_usize).map(|n| u8::try_from((n * n + seed) % 251).unwrap_or_default());
        Self::send(to, count, [head("content-length: 9000\r\n").as_bytes(), &noise.collect::<Vec<u8>>()].concat()).await
    }

    async fn send_message(to: SocketAddr, count: usize, body: &str) -> Self {
        let head = head(&format!("content-length: {}\r\n", body.len()));
        Self::send(to, count, [head.as_bytes(), body.as_bytes()].concat()).await
    }

    async fn send(to: SocketAddr, count: usize, bytes: Vec<u8>) -> Self {
        Self::send_from(SOURCE_PORT, to, count, bytes).await
    }

    /// Sends the same bytes over so many connections, and counts the statuses that come back.
    async fn send_from(source_port: u16, to: SocketAddr, count: usize, bytes: Vec<u8>) -> Self {
        let (counts, bytes) = (Arc::new(Counts::default()), Arc::new(bytes));
        let (open, is_open) = tokio::sync::watch::channel(());
        let mut written = Vec::new();
        for _ in 0..count {
            let (counts, bytes, mut is_open) = (Arc::clone(&counts), Arc::clone(&bytes), is_open.clone());
            let stream = Self::connect_from(source_port, to).await;
            let (mut read, mut write) = stream.into_split();
            let (has_written, is_written) = tokio::sync::oneshot::channel();
            let mut is_held = is_open.clone();
            tokio::spawn(async move {
                // A gateway that refuses early may close its side.
                let _ = write.write_all(&bytes).await;
                let _ = has_written.send(());
                // To drop it ends the stream.
                let _ = is_held.changed().await;
            });
            let (answered, is_answered) = tokio::sync::oneshot::channel();
            tokio::spawn(async move {
                let mut line = [0; 12];
                let answer = async {
                    if read.read_exact(&mut line).await.is_ok() {
                        let status = std::str::from_utf8(&line[9..]).ok().and_then(|code| code.parse().ok());
                        counts.add(status.expect("a status"));
                    }
                    let _ = answered.send(());
                    std::future::pending::<()>().await;
                };
                tokio::select! { () = answer => {} _ = is_open.changed() => {} }
            });
            written.push((is_written, is_answered));
        }
        for (is_written, is_answered) in written {
            // Envoy stops reading a request that it has answered.
            tokio::select! {
                _ = is_written => {}
                _ = is_answered => {}
            }
        }
        Self { sent: count, counts, _open: open }
    }

    /// A connection from the attacker's address.
    pub(crate) async fn connect(to: SocketAddr) -> TcpStream {
        Self::connect_from(SOURCE_PORT, to).await
    }

    async fn connect_from(source_port: u16, to: SocketAddr) -> TcpStream {
        let mut stream = TcpStream::connect(to).await.expect("a connection");
        let line = format!("PROXY TCP4 {ATTACKER} 127.0.0.1 {source_port} 80\r\n");
        stream.write_all(line.as_bytes()).await.expect("a line");
        stream
    }

    /// How the requests have ended so far.
    pub(crate) fn ended(&self) -> Ended {
        let count = |count: &AtomicUsize| count.load(Ordering::Relaxed);
        Ended { refused: count(&self.counts.refused), other: count(&self.counts.other) }
    }

    /// Waits until each request has an answer.
    pub(crate) async fn wait_for_all(&self) {
        until("all have an answer", || async {
            let Ended { refused, other } = self.ended();
            (refused + other == self.sent).then_some(())
        })
        .await;
    }
}

/// The port of an ordinary connection.
const SOURCE_PORT: u16 = 4321;

fn post() -> axum::http::request::Builder {
    axum::http::Request::post("http://mcp.test/mcp").header("content-type", "application/json")
}

fn head(length: &str) -> String {
    format!("POST /mcp HTTP/1.1\r\nhost: mcp.test\r\ncontent-type: application/json\r\n{length}\r\n")
}

/// A hostile server.
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
}

impl Server {
    /// Takes connections, and answers nothing.
    pub(crate) async fn silent() -> Self {
        Self::serve(|_| Vec::new()).await
    }

    /// Answers calls of `twice`, and every other request by an event stream that has no end.
    pub(crate) async fn event_streams() -> Self {
        let result = r#"{"jsonrpc":"2.0","id":1,"result":{}}"#;
        let length = result.len();
        let head = "HTTP/1.1 200 OK\r\nx-answered-by: upstream\r\n";
        let answer = format!(
            "{head}connection: close\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n{result}"
        );
        let events =
            format!("{head}content-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n3\r\n:\n\n\r\n");
        Self::serve(move |request| {
            let is_call = request.windows(7).any(|part| part == b"\"twice\"");
            if is_call { answer.clone() } else { events.clone() }.into_bytes()
        })
        .await
    }

    /// Answers each request by a list that has so many bytes and no end.
    pub(crate) async fn endless_lists(bytes: usize) -> Self {
        let head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n";
        let front = br#"{"id":7,"x":""#;
        let answer = [format!("{head}{bytes:x}\r\n").as_bytes(), front, &vec![b'x'; bytes - front.len()]].concat();
        Self::serve(move |_| answer.clone()).await
    }

    /// Answers each request by what is made of it; the first of a connection only.
    async fn serve(answer: impl Fn(&[u8]) -> Vec<u8> + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let (address, answer) = (listener.local_addr().expect("the port"), Arc::new(answer));
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let answer = Arc::clone(&answer);
                tokio::spawn(async move {
                    let mut request = Vec::new();
                    let is_whole = |request: &[u8]| {
                        request.ends_with(b"}") || request.starts_with(b"GET ") && request.ends_with(b"\r\n\r\n")
                    };
                    while !is_whole(&request) {
                        if !matches!(stream.read_buf(&mut request).await, Ok(read) if read > 0) {
                            return;
                        }
                    }
                    if stream.write_all(&answer(&request)).await.is_ok() {
                        // Until Envoy closes its side.
                        while matches!(stream.read_buf(&mut request).await, Ok(read) if read > 0) {}
                    }
                });
            }
        });
        Self { address }
    }
}
