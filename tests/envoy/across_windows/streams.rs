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

/// Keeps one open for so long in each header mode, over which all that the server says arrives at once, and a list at the
/// end of it without what may not be called.
pub(super) async fn stay_open(long: Duration) {
    let gateway = Gateway::start("standing", &MODES.map(|mode| listener(mode, &json!({})))).await;
    let [hold, release] = MODES.map(|mode| stays_open(&gateway, mode, long));
    tokio::join!(hold, release);
}

async fn stays_open(gateway: &Gateway, mode: &str, long: Duration) {
    let request = Request::new("GET", "/mcp").header("accept", "text/event-stream");
    let mut script = gateway.upstream().script(&request, 200, &[("content-type", "text/event-stream")]);
    let mut stream = Stream::open(gateway.at(mode), &request).await;
    let begin = Instant::now();
    let mut said = 0_u64;
    while begin.elapsed() < long {
        let note = format!(
            r#"data: {{"jsonrpc":"2.0","method":"notifications/message","params":{{"level":"info","data":{said}}}}}"#
        );
        let pair = [format!(": ping {said}\n\n"), format!("id: {said}\n{note}\n\n")];
        for text in pair {
            pass(&mut script, &mut stream, &text, &text).await;
            sleep(PACE).await;
        }
        said += 1;
    }
    pass(&mut script, &mut stream, &format!("{LIST}\n\n"), &format!("{TRIMMED}\n\n")).await;
    drop(script);
    assert_eq!(stream.rest().await.expect("a stream that is not broken off"), "");
}

/// Has the server say something, and waits until the client hears what of it goes on.
async fn pass(script: &mut Script, stream: &mut Stream, said: &str, heard: &str) {
    let begin = Instant::now();
    script.send_data(said.to_owned().into()).await.expect("the stream is open");
    stream.expect(heard).await;
    assert!(begin.elapsed() < HELD, "{heard:?} came after {:?}", begin.elapsed());
}
