//! The bounds on connections to the server in what is rendered, in a real Envoy.

use super::policy;
use crate::{
    answer::{assert_allowed, assert_error, assert_limited},
    client::{Request, Stream, call},
    gateway::{Gateway, render},
    runtime::{run, until},
};
use serde_json::json;
use std::time::{Duration, Instant};

/// Event streams of one caller.
const STREAMS: usize = 1100;
/// What the filter lets one caller have of them, in two workers.
const SHARE: usize = 2 * 128;
const BOUNDS: &str = "{ max_requests: 2048, max_pending_requests: 128, max_connections: 2176 }";

#[test]
fn a_call_beyond_the_streams_that_fit_is_answered_at_once_and_not_charged() {
    run(async {
        let policy = policy().to_string();
        let gateway = Gateway::start_changed("bounds-streams", &policy, |rendered| {
            assert!(rendered.contains(BOUNDS));
            rendered.replace(BOUNDS, "{ max_requests: 2, max_pending_requests: 2, max_connections: 4 }")
        });
        let gateway = gateway.await;
        let mut streams = Vec::new();
        for _ in 0..2 {
            let request = call("ok", &json!({}), "1", &[]);
            let script = gateway.upstream().script(&request, 200, &[("content-type", "text/event-stream")]);
            streams.push((script, Stream::open(gateway.at("mcp"), &request).await));
        }
        let once = || call("once", &json!({}), "1", &[]);
        for _ in 0..4 {
            let asked = Instant::now();
            let answer = gateway.send("mcp", &once()).await;
            assert!(answer.status == 503 && answer.text().contains("overflow"), "{answer}");
            assert!(asked.elapsed() < Duration::from_secs(2), "{:?}", asked.elapsed());
        }
        drop(streams);
        until("the streams have ended", || async {
            (gateway.stat("cluster.mcp_server.upstream_rq_active").await == 0).then_some(())
        })
        .await;
        assert_allowed(&gateway.send("mcp", &once()).await);
        assert_limited(&gateway.send("mcp", &once()).await, "1", "once", "/tools/once/limits/0");
    });
}

#[test]
fn event_streams_of_one_caller_leave_room_for_the_others() {
    run(async {
        let configuration = json!({ "policy": policy(), "identity": [{ "header": "x-agent-id" }] });
        let gateway = Gateway::start_rendered("bounds-caller", &configuration.to_string()).await;
        let listen = |agent| Request::new("GET", "/mcp").header("x-agent-id", agent);
        let open = async |request: &Request| {
            let script = gateway.upstream().script(request, 200, &[("content-type", "text/event-stream")]);
            (script, Stream::open(gateway.at("mcp"), request).await)
        };
        let mut streams = Vec::new();
        for _ in 0..STREAMS {
            streams.push(open(&listen("attacker")).await);
        }
        let passed = streams.iter().filter(|(_, stream)| stream.status == 200).count();
        assert_eq!(passed, SHARE, "of two workers; the others are refused");
        assert!(streams.iter().all(|(_, stream)| [200, 503].contains(&stream.status)));
        let asked = Instant::now();
        for agent in ["a", "b"] {
            assert_eq!(open(&listen(agent)).await.1.status, 200);
            assert_allowed(&gateway.send("mcp", &call("ok", &json!({}), "1", &[("x-agent-id", agent)])).await);
        }
        assert!(asked.elapsed() < Duration::from_secs(5), "{:?}", asked.elapsed());
        let once = || call("once", &json!({}), "1", &[("x-agent-id", "attacker")]);
        for _ in 0..4 {
            assert_error(&gateway.send("mcp", &once()).await, 503, -32603, "null");
        }
        drop(streams);
        let answer = until("the streams have ended", || async {
            Some(gateway.send("mcp", &once()).await).filter(|answer| answer.status != 503)
        });
        assert_allowed(&answer.await);
    });
}

#[test]
fn envoy_closes_idle_connections_to_the_server_after_the_time_of_the_option() {
    run(async {
        let gateway = Gateway::start_with("bounds-idle", |folder, upstream| {
            render(folder, &policy().to_string(), upstream, &["--upstream-idle-timeout", "1"])
        });
        let gateway = gateway.await;
        assert_allowed(&gateway.send("mcp", &call("ok", &json!({}), "1", &[])).await);
        until("the connection is closed", || async {
            (gateway.stat("cluster.mcp_server.upstream_cx_idle_timeout").await == 1).then_some(())
        })
        .await;
    });
}
