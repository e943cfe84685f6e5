//! Chains of records in a real Envoy: two workers, streams that overlap, a configuration that goes.

use super::listener;
use crate::{
    client::{self, Request, call, message},
    gateway::Gateway,
    runtime::{run, until},
};
use mcp_policy::evidence::verify::{Report, Verifier};
use serde_json::{Value, json};

/// What the check of the access log finds, with the heads of Envoy's log or without.
fn verify(gateway: &Gateway, with_heads: bool) -> Report {
    let mut verifier = Verifier::default();
    if with_heads {
        gateway.log().lines().for_each(|line| verifier.add_head(line));
    }
    gateway.access_log().lines().for_each(|line| verifier.add_line(line));
    verifier.finish(true)
}

/// The records of a whole log, and how many of them a head confirms.
fn count(report: &Report) -> (u64, u64) {
    assert!(report.chains.iter().all(|chain| chain.fault.is_none()), "{report:?}");
    let records = report.chains.iter().map(|chain| chain.records).sum();
    (records, report.chains.iter().filter_map(|chain| chain.trusted).map(|place| place.seq).sum())
}

#[test]
fn the_records_of_each_worker_are_a_chain_in_the_order_of_the_log_and_its_head_is_logged_when_the_configuration_goes() {
    run(async {
        let chained = |level: &str| [listener("mcp", &json!({ "audit": { "chain": true, "log": level } }))];
        let gateway = Gateway::start_with_file("audit-chain", &chained("none")).await;
        let burst = (0..8).map(|_| {
            let requests: Vec<Request> = (0..25)
                .map(|n| match n % 4 {
                    0 => message("{"),
                    1 => call("no", &json!({ "a": 1 }), "1", &[]),
                    2 => message(r#"{"jsonrpc":"2.0","id":1,"method":"tools/list"}"#),
                    _ => call("ok", &json!({}), "1", &[]),
                })
                .collect();
            let to = gateway.at("mcp");
            tokio::spawn(async move { client::send_all_http2(to, &requests).await.len() })
        });
        for part in burst.collect::<Vec<_>>() {
            assert_eq!(part.await.expect("answers"), 25);
        }
        gateway.send("mcp", &Request::new("GET", "/mcp").header("accept", "text/event-stream")).await;
        let records = until("all records are logged", || async {
            let report = verify(&gateway, false);
            (report.chains.iter().map(|chain| chain.records).sum::<u64>() >= 201).then_some(report)
        })
        .await;
        assert_eq!(count(&records).0, 201);
        assert_eq!((records.unlinked.count, records.unreadable.count), (0, 0));
        // No head has come yet, so nothing confirms the last record of each worker.
        assert!(!gateway.log().contains("chain {"));
        gateway.update(&chained("denied"));
        until("each chain of the old configuration has a head", || async {
            let (records, confirmed) = count(&verify(&gateway, true));
            (confirmed == records).then_some(())
        })
        .await;
        // The new configuration begins chains of its own.
        gateway.send("mcp", &call("ok", &json!({}), "1", &[])).await;
        let more = until("the record of another chain", || async {
            let report = verify(&gateway, true);
            (report.chains.len() > records.chains.len()).then_some(report)
        })
        .await;
        assert_eq!(count(&more).0, 202);
    });
}

#[test]
fn a_linked_record_has_at_most_4096_bytes_and_is_otherwise_as_before() {
    run(async {
        let options = json!({ "audit": { "chain": true, "arguments": "values" } });
        let gateway =
            Gateway::start("audit-chain-size", &[listener("mcp", &options), listener("plain", &json!({}))]).await;
        let value = "x".repeat(3300);
        for size in (3000..3300).step_by(20) {
            let request = call("ok", &json!({ "a": value.get(..size) }), "1", &[]);
            let record = super::record_of(&gateway, "mcp", &request).await;
            assert_eq!(record["chain"]["seq"].as_u64().map(|seq| seq > 0), Some(true), "{record}");
        }
        let linked = super::record_of(&gateway, "mcp", &call("no", &json!({}), "1", &[])).await;
        let plain = super::record_of(&gateway, "plain", &call("no", &json!({}), "1", &[])).await;
        let names = |record: &Value| record.as_object().map(|record| record.keys().cloned().collect::<Vec<_>>());
        let mut expected = names(&plain).unwrap_or_default();
        expected.extend(["argumentValues".to_owned(), "chain".to_owned()]);
        expected.sort();
        assert_eq!(names(&linked), Some(expected));
    });
}
