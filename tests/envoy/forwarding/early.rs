//! Servers that answer the head of a call whose body is still coming or being judged: with released headers a server without
//! such a path says so at once.

use super::{assert_kept_back, assert_kept_back_from_http2, listener, send_over};
use crate::{
    answer::assert_denied,
    client::{Body, Request, VERSIONS, call},
    gateway::Gateway,
    runtime::run,
    upstream::Script,
};
use hyper::body::Bytes;
use serde_json::json;
use std::time::Duration;
use tokio::{join, time::sleep};

const NOT_FOUND: &str = "not found";

/// After how many milliseconds the call's body comes, and after how many the answer's: the verdict falls before the answer,
/// between its head and its body, and behind it. Any other order ends alike, so that a busy machine makes no test fail.
const DELAYS: [[u64; 2]; 6] = [[0, 0], [0, 5], [5, 0], [5, 5], [5, 15], [15, 5]];

/// A call of a tool whose body comes some time after its head.
fn delayed_call(tool: &str, delay: u64) -> Request {
    let request = call(tool, &json!({}), "1", &[]);
    let bytes = request.body.bytes();
    let pieces = vec![Vec::new(), bytes.clone()];
    request.body(Body { pause: Duration::from_millis(delay), pieces, ..Body::sized(bytes) })
}

/// Gives an answer its body after some time.
async fn finish(mut answer: Script, delay: u64) {
    sleep(Duration::from_millis(delay)).await;
    // After a refusal Envoy reads it no more.
    let _ = answer.send_data(Bytes::from(NOT_FOUND)).await;
}

#[test]
fn an_error_in_answer_to_the_head_of_a_call_arrives_whole_and_a_refused_body_never_goes_on() {
    run(async {
        for to_http2 in [false, true] {
            let released = listener("release", &json!({}));
            let released = if to_http2 { released.upstream_http2() } else { released };
            let gateway = Gateway::start("forwarding-early", &[released]).await;
            let length = [("content-length", &*NOT_FOUND.len().to_string())];
            for (version, tool) in VERSIONS.into_iter().flat_map(|version| ["evil", "ok"].map(|tool| (version, tool))) {
                for [body, answer] in DELAYS.into_iter().cycle().take(60) {
                    let request = delayed_call(tool, body);
                    let script = gateway.upstream().script_at_head(&request, 404, &length);
                    let sent = send_over(version, &gateway, "release", &request);
                    let (received, ()) = join!(sent, finish(script, answer));
                    let what = format!("{tool} over {version}, {body} and {answer} ms: {received}");
                    if received.is_upstreams() {
                        assert_eq!((received.status, &*received.text()), (404, NOT_FOUND), "{what}");
                    } else {
                        assert_denied(&received, "1", "evil", "(default deny)");
                    }
                    match (tool, to_http2) {
                        ("evil", false) => assert_kept_back(&gateway, "release", &request).await,
                        ("evil", true) => assert_kept_back_from_http2(&gateway, "release", &request).await,
                        _ => {}
                    }
                }
            }
        }
    });
}
