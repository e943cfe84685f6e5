//! Streams that clients open, and keep open for minutes.

use crate::{
    client::{Request, Stream},
    forwarding::{MODES, listener},
    gateway::Gateway,
    upstream::Script,
};
use serde_json::json;
use std::time::Duration;
use tokio::time::{Instant, sleep};

/// How often the server says something.
const PACE: Duration = Duration::from_secs(2);

/// When an event has been held back, however busy the machine is: until the next one.
const HELD: Duration = Duration::from_millis(1900);

const LIST: &str =
    r#"data: {"jsonrpc":"2.0","id":1,"result":{"tools":[{"name":"evil"},{"name":"ok"}],"nextCursor":"c"}}"#;
const TRIMMED: &str = r#"data: {"jsonrpc":"2.0","id":1,"result":{"tools":[{"name":"ok"}],"nextCursor":"c"}}"#;

/// Keeps a stream open for that long in each header mode. All that the server sends arrives at once, and a list at the end
/// arrives filtered.
pub(super) async fn stay_open(long: Duration) {
    let gateway = Gateway::start("streams", &MODES.map(|mode| listener(mode, &json!({})))).await;
    let [hold, release] = MODES.map(|mode| stays_open(&gateway, mode, long));
    tokio::join!(hold, release);
}

async fn stays_open(gateway: &Gateway, mode: &str, long: Duration) {
    let request = Request::new("GET", "/mcp").header("accept", "text/event-stream");
    let mut script = gateway.upstream().script(&request, 200, &[("content-type", "text/event-stream")]);
    let mut stream = Stream::open(gateway.at(mode), &request).await;
    let begin = Instant::now();
    let mut sent = 0_u64;
    while begin.elapsed() < long {
        let note = format!(
            r#"data: {{"jsonrpc":"2.0","method":"notifications/message","params":{{"level":"info","data":{sent}}}}}"#
        );
        let pair = [format!(": ping {sent}\n\n"), format!("id: {sent}\n{note}\n\n")];
        for text in pair {
            pass(&mut script, &mut stream, &text, &text).await;
            sleep(PACE).await;
        }
        sent += 1;
    }
    pass(&mut script, &mut stream, &format!("{LIST}\n\n"), &format!("{TRIMMED}\n\n")).await;
    drop(script);
    assert_eq!(stream.rest().await.expect("a stream that is not broken off"), "");
}

/// Has the server say something, and waits until the client hears what of it goes on.
async fn pass(script: &mut Script, stream: &mut Stream, sent: &str, expected: &str) {
    let begin = Instant::now();
    script.send_data(sent.to_owned().into()).await.expect("the stream is open");
    stream.expect(expected).await;
    assert!(begin.elapsed() < HELD, "{expected:?} came after {:?}", begin.elapsed());
}
