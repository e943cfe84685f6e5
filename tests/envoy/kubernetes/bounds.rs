//! The bounds on connections to the server in what is rendered, in a real Envoy.

use super::policy;
use crate::{
    answer::{assert_allowed, assert_limited},
    client::{Stream, call},
    gateway::{Gateway, render},
    runtime::{run, until},
};
use serde_json::json;
use std::time::{Duration, Instant};

const BOUNDS: &str = "{ max_requests: 1024, max_pending_requests: 128, max_connections: 1152 }";

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
