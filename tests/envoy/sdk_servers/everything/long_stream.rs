//! The stream that a session keeps open for what the server has to say by itself.

use super::{
    gateway, report,
    session::{Event, Session},
};
use crate::{prerequisites::find, sdk_servers::server::Server};
use serde_json::json;
use std::time::Duration;
use tokio::time::Instant;

/// How often the server says something, and how much longer that may take on a busy machine.
const PACE: Duration = Duration::from_secs(5);
const LATER: Duration = Duration::from_secs(2);

/// The server's keep-alive comment.
const PING: &str = ": keepalive\n\n";

/// Keeps such a stream open for so long. What the server says arrives at the pace at which it says it.
pub(crate) async fn stays_open(long: Duration) {
    let test = "everything-long-stream";
    let Some(place) = find("servers") else { return };
    let server = Server::start_everything(test, &place).await;
    let gateway = gateway(test, server.address).await;
    let session = Session::open(&gateway, "hold").await;
    let mut stream = session.stream(None).await;
    session.call("toggle-simulated-logging", &json!({})).await;
    let begin = Instant::now();
    let (mut last, mut slowest, mut pings) = (begin, Duration::ZERO, 0);
    while begin.elapsed() < long {
        let event = stream.event().await;
        if event == PING {
            pings += 1;
            continue;
        }
        let message = Event::read(&event).message();
        assert_eq!(message["method"], "notifications/message", "{message}");
        slowest = slowest.max(last.elapsed());
        last = Instant::now();
        assert!(slowest < PACE + LATER, "{slowest:?} after the one before: {message}");
    }
    assert!(pings > 0, "the server keeps a quiet stream alive");
    report(&format!(
        "everything: a stream stays open for {long:?}; an event every {PACE:?} arrives after {slowest:?} at most"
    ));
}
