//! What reports a drift.

use super::{get, list, listener, names, pay, policy, rules};
use crate::{
    gateway::Gateway,
    runtime::{run, until},
};
use serde_json::{Value, json};

#[test]
fn a_drift_is_in_the_record_of_the_list_in_statistics_and_in_the_log() {
    run(async {
        let listeners = [
            listener("deny", &policy(&json!({}))),
            listener("report", &policy(&json!({ "on_drift": "report" }))),
            listener("shadow", &policy(&json!({ "mode": "shadow", "unpinned": "deny" }))),
        ];
        let gateway = Gateway::start("definitions-reports", &listeners).await;
        let mut other = pay();
        other["description"] = "Pays\u{202e} twice.".into();
        let mut look_alike = get();
        look_alike["name"] = "GET".into();
        let entries = [other, get(), look_alike];
        for (name, shown, rule, hidden) in [
            ("deny", &["get"][..], "/definitions/pay", json!(2)),
            ("report", &["pay", "get"], "", json!(1)),
            ("shadow", &["pay", "get", "GET"], "", Value::Null),
        ] {
            let (request, answer) = list(&gateway, name, &entries).await;
            assert_eq!(names(&answer), shown, "{name}");
            assert_eq!(rules(&gateway, name, "pay").await, [rule], "{name}");
            let record: Value = serde_json::from_str(&gateway.record(&request).await).expect("a record");
            assert_eq!(record["drifts"], json!(["pay", "get"]), "{name}: {record}");
            assert_eq!(record["hidden"], hidden, "{name}: {record}");
            assert_eq!(record["grant"], "header:alice", "{name}: {record}");
        }
        let metrics = gateway.metrics().await;
        for (tool, kind) in [("pay", "changed"), ("get", "look_alike")] {
            let series = format!("policy=.=default;.;tool=.={tool};.;reason=.={kind};.;mcp_policy_drifts");
            assert_eq!(metrics.get(&series), Some(&3), "{metrics:?}");
        }
        let line = "the pinned tool `pay` of the policy `default`: a list for `header:alice` shows another definition than the \
                    pinned one";
        until("the log has it", || async { gateway.log().contains(line).then_some(()) }).await;
    });
}

#[test]
fn a_gauge_says_what_no_list_has_shown_yet() {
    run(async {
        let gateway = Gateway::start("definitions-gauge", &[listener("mcp", &policy(&json!({})))]).await;
        let gauge = async || {
            gateway
                .metrics()
                .await
                .get("policy=.=default;.;mcp_policy_unlisted_definitions")
                .copied()
                .unwrap_or_default()
        };
        rules(&gateway, "mcp", "pay").await;
        let before = gauge().await;
        assert!(before == 2 || before == 4, "two on each worker that was asked: {before}");
        // Lists until both workers have seen both tools.
        until("both workers have seen them", || async {
            list(&gateway, "mcp", &[pay(), get()]).await;
            (gauge().await == 0).then_some(())
        })
        .await;
    });
}
