//! The bounds on what all callers together send, in real Envoys started from rendered files: Envoy stays within the memory limit
//! of its container, whose end would lose counters and approvals.

use super::policy;
use crate::{
    answer::{assert_allowed, assert_limited},
    client::{Request, call, send},
    gateway::Gateway,
    process::fresh_folder,
    runtime::{run, until},
};
use h2::client::SendRequest;
use hyper::body::Bytes;
use serde_json::json;
use std::{fs, net::SocketAddr, time::Duration};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::{sleep, timeout},
};

/// Connections with a body each that never ends.
const CONNECTIONS: usize = 700;
/// What each has sent of its body, in bytes.
const SENT: usize = 1_000_000;

/// The memory limit of the container that is rendered, in KiB.
fn limit() -> u64 {
    let rendered = super::render(&fresh_folder("overload-limit"), "sidecar", &policy().to_string(), &[]);
    let limit = rendered.lines().find_map(|line| line.trim().strip_prefix("limits: { memory: ")).expect("a limit");
    let mebibytes: u64 = limit.trim_end_matches("Mi }").parse().expect("mebibytes");
    mebibytes << 10
}

/// The most memory that Envoy has had, in KiB.
fn peak(gateway: &Gateway) -> u64 {
    let status = fs::read_to_string(format!("/proc/{}/status", gateway.process_id())).expect("Linux");
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("its memory");
    line.trim().trim_end_matches(" kB").parse().expect("a number")
}

/// The headers of the call of an agent that is one of many.
fn headers(agent: usize) -> String {
    format!("content-type: application/json\r\nx-agent-id: {agent}\r\ncontent-length: {}\r\n", SENT + 10)
}

/// Opens a connection of HTTP/1.1 with a body that does not end.
async fn open(to: SocketAddr, agent: usize) -> Option<TcpStream> {
    let mut stream = TcpStream::connect(to).await.ok()?;
    let head = format!("POST /mcp HTTP/1.1\r\nhost: localhost\r\n{}\r\n", headers(agent));
    stream.write_all(head.as_bytes()).await.ok()?;
    // Envoy may end it meanwhile.
    let _ = timeout(Duration::from_secs(5), stream.write_all(&body())).await;
    Some(stream)
}

/// The same with HTTP/2.
async fn open_http2(to: SocketAddr, agent: usize) -> Option<SendRequest<Bytes>> {
    let stream = TcpStream::connect(to).await.ok()?;
    let (sender, connection) = h2::client::handshake(stream).await.ok()?;
    tokio::spawn(connection);
    let mut sender = sender.ready().await.ok()?;
    let request = axum::http::Request::post("http://mcp.test/mcp")
        .header("content-type", "application/json")
        .header("x-agent-id", agent.to_string());
    let (_, mut stream) = sender.send_request(request.body(()).ok()?, false).ok()?;
    stream.send_data(Bytes::from(body()), false).ok()?;
    // The stream lives as long as what sends on it.
    tokio::spawn(async move {
        sleep(Duration::from_secs(30)).await;
        drop(stream);
    });
    Some(sender)
}

/// The beginning of a call.
fn body() -> Vec<u8> {
    let mut text =
        br#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"once","arguments":{"a":""#.to_vec();
    text.resize(SENT, b'x');
    text
}

fn once() -> Request {
    call("once", &json!({}), "1", &[])
}

/// Starts what is rendered, with another bound on the heap if it is given.
async fn start(name: &str, heap_mib: Option<u64>) -> Gateway {
    let policy = match heap_mib {
        // So that Envoy's own bound is reached before the filter's.
        Some(_) => json!({ "policy": policy(), "protocol": { "max_held_bytes": 1 << 30 } }),
        None => policy(),
    }
    .to_string();
    let gateway = Gateway::start_changed(name, &policy, |rendered| {
        let line = "max_heap_size_bytes: 268435456";
        assert!(rendered.contains(line));
        heap_mib.map_or(rendered.clone(), |mib| rendered.replace(line, &format!("max_heap_size_bytes: {}", mib << 20)))
    });
    gateway.await
}

/// Asserts that Envoy has had less memory than its container, and that a call passes once the others are gone.
async fn assert_survived(gateway: &Gateway) {
    let (peak, limit) = (peak(gateway), limit());
    println!("at most {} of {} MiB", peak >> 10, limit >> 10);
    assert!(peak < limit, "{peak} of {limit} KiB");
    until("Envoy takes calls again", || async {
        let answer = send(gateway.at("mcp"), &call("ok", &json!({}), "1", &[])).await;
        answer.is_upstreams().then_some(())
    })
    .await;
    // No body that did not end was charged.
    assert_allowed(&gateway.send("mcp", &once()).await);
    assert_limited(&gateway.send("mcp", &once()).await, "1", "once", "/tools/once/limits/0");
}

#[test]
fn seven_hundred_bodies_that_do_not_end_stay_within_the_containers_memory() {
    run(async {
        let gateway = start("overload-http1", None).await;
        let to = gateway.at("mcp");
        let opening: Vec<_> = (0..CONNECTIONS).map(|agent| tokio::spawn(open(to, agent))).collect();
        let mut open = Vec::new();
        for connection in opening {
            open.extend(connection.await.expect("an attempt"));
        }
        sleep(Duration::from_secs(1)).await;
        drop(open);
        assert_survived(&gateway).await;
    });
}

#[test]
fn the_same_with_http2_stays_within_the_containers_memory() {
    run(async {
        let gateway = start("overload-http2", None).await;
        let to = gateway.at("mcp");
        let opening: Vec<_> = (0..CONNECTIONS).map(|agent| tokio::spawn(open_http2(to, agent))).collect();
        let mut open = Vec::new();
        for connection in opening {
            open.extend(connection.await.expect("an attempt"));
        }
        sleep(Duration::from_secs(3)).await;
        drop(open);
        assert_survived(&gateway).await;
    });
}

#[test]
fn when_memory_runs_out_bodies_under_way_end_with_an_answer() {
    run(async {
        let gateway = start("overload-answers", Some(96)).await;
        let to = gateway.at("mcp");
        let asking = (0..150).map(|agent| {
            tokio::spawn(async move {
                let mut stream = open(to, agent).await?;
                let mut text = Vec::new();
                let _ = timeout(Duration::from_secs(10), stream.read_to_end(&mut text)).await;
                Some(String::from_utf8_lossy(&text).lines().next().unwrap_or_default().to_owned())
            })
        });
        let mut answers = Vec::new();
        for asked in asking.collect::<Vec<_>>() {
            answers.extend(asked.await.expect("an attempt"));
        }
        let ended = answers.iter().filter(|line| line.starts_with("HTTP/1.1 50")).count();
        assert!(ended > 0, "{answers:?}");
        assert!(gateway.stat("http.mcp.downstream_rq_overload_close").await > 0);
    });
}
