//! Lines in Envoy's log.

use super::listener;
use crate::{
    client::{self, Request, call},
    gateway::Gateway,
    runtime::{run, until},
};
use serde_json::json;
use std::{collections::HashMap, time::Duration};

/// What a log says of records: lines by second and thread, and how many it says were left out.
fn count_lines(log: &str) -> (HashMap<String, usize>, usize) {
    let (mut lines, mut left_out) = (HashMap::new(), 0);
    let mut head = String::new();
    for line in log.lines() {
        if let Some((before, _)) = line.split_once("][info]") {
            // `[2026-11-21 04:23:00.490][3439`
            let (time, thread) = before.split_once("][").expect("a time and a thread");
            head = format!("{} {thread}", time.split('.').next().expect("a second"));
        }
        if let Some((count, _)) = line.split_once(" lines were left out") {
            let count = count.rsplit(' ').next().and_then(|count| count.parse::<usize>().ok());
            left_out += count.expect("a number");
        }
        *lines.entry(head.clone()).or_default() += line.matches(" {\"decision\"").count();
    }
    (lines, left_out)
}

#[test]
fn a_worker_writes_ten_lines_a_second_and_counts_the_others() {
    run(async {
        let gateway = Gateway::start("audit-lines", &[listener("mcp", &json!({}))]).await;
        let burst = (0..8).map(|_| {
            let requests: Vec<Request> = (0..50).map(|_| call("no", &json!({}), "1", &[])).collect();
            let to = gateway.at("mcp");
            tokio::spawn(async move { client::send_all_http2(to, &requests).await.len() })
        });
        let mut sent = 0;
        for part in burst.collect::<Vec<_>>() {
            sent += part.await.expect("answers");
        }
        let sent = std::cell::Cell::new(sent);
        until("each call has a line or is counted", || async {
            // The line after a gap tells of the gap, on each worker.
            tokio::time::sleep(Duration::from_millis(300)).await;
            gateway.send("mcp", &call("no", &json!({}), "1", &[])).await;
            sent.set(sent.get() + 1);
            tokio::time::sleep(Duration::from_millis(100)).await;
            let (lines, left_out) = count_lines(&gateway.log());
            (lines.values().sum::<usize>() + left_out == sent.get()).then_some(())
        })
        .await;
        let (lines, left_out) = count_lines(&gateway.log());
        assert!(left_out > 300, "{left_out} of {} left out", sent.get());
        // One line may be written a moment after the second that it belongs to.
        assert!(lines.values().all(|count| *count <= 11), "{lines:?}");
    });
}

#[test]
fn lines_are_written_of_what_the_option_says() {
    run(async {
        let levels = ["all", "denied", "none"];
        let listeners = levels.map(|level| listener(level, &json!({ "audit": { "log": level } })));
        let gateway = Gateway::start("audit-levels", &listeners).await;
        let mut ids = HashMap::new();
        for level in levels {
            for tool in ["ok", "no", "soon"] {
                let record = super::record_of(&gateway, level, &call(tool, &json!({}), "1", &[])).await;
                ids.insert((level, tool), record["requestId"].as_str().expect("an id").to_owned());
            }
        }
        let expected = [("all", "ok"), ("all", "no"), ("all", "soon"), ("denied", "no"), ("denied", "soon")];
        for (which, id) in &ids {
            assert_eq!(gateway.log().contains(id), expected.contains(which), "{which:?}");
        }
    });
}

#[test]
fn an_operator_who_sets_the_level_to_debug_can_follow_one_stream() {
    run(async {
        let gateway = Gateway::start("audit-debug", &[listener("mcp", &json!({}))]).await;
        gateway.send("mcp", &call("no", &json!({}), "1", &[])).await;
        assert!(!gateway.log().contains("on_http_request_headers"));
        client::send(gateway.admin(), &Request::new("POST", "/logging?wasm=debug")).await;
        let number = until("a line at debug", || async {
            gateway.send("mcp", &call("no", &json!({}), "1", &[])).await;
            let log = gateway.log();
            let line = log.lines().find(|line| line.contains(" on_http_request_headers"))?;
            line.split_once('#')?.1.split_once(' ').map(|(number, _)| number.to_owned())
        })
        .await;
        for what in [
            "on_http_request_body: ",
            "is denied, rule \"/tools/no/deny_if/0\"",
            "is answered here with HTTP 200",
            "on_log",
        ] {
            assert!(gateway.log().contains(&format!("mcp-policy: #{number} {what}")), "{what}: {}", gateway.log());
        }
    });
}
