//! What became of requests, by policy, tool and decision.

use super::{exactly, series};
use crate::{
    client::{self, Body, Request, call, message},
    clock,
    gateway::{Gateway, Listener, json_text},
    runtime::run,
};
use serde_json::{Value, json};

/// Every word that a caller brings along.
const CALLERS: &str = "0caller0";

/// A filter with a tool of each kind.
fn listener() -> Listener {
    let twice = json!({ "counter": "c", "window": clock::long_window(), "max": 2, "scope": "grant" });
    let policy = json!({
        "version": "1",
        "default": "allow",
        "tools": {
            "ok": {},
            "few": { "limits": [twice] },
            "no": { "deny_if": [{ "conditions": [] }] },
            "soon": { "mode": "shadow", "deny_if": [{ "conditions": [] }] },
            "drop_*": { "deny_if": [{ "conditions": [] }] },
        },
    });
    Listener::new(
        "mcp",
        json_text(
            &json!({ "policy": policy, "audit": { "log": "none" }, "protocol": { "max_body_bytes": 1 << 20 } })
                .to_string(),
        ),
    )
    .without_stop_iteration()
}

#[test]
fn each_request_is_counted_once_by_what_became_of_it() {
    run(async {
        let gateway = Gateway::start("metrics-decisions", &[listener()]).await;
        let calls = [("ok", 3), ("few", 5), ("no", 2), ("soon", 4), ("drop_cat", 2), (CALLERS, 6)];
        for (tool, times) in calls {
            for _ in 0..times {
                gateway.send("mcp", &call(tool, &json!({ CALLERS: CALLERS }), &format!("\"{CALLERS}\""), &[])).await;
            }
        }
        let list = r#"{"jsonrpc":"2.0","id":1,"method":"tools/list"}"#;
        let prompt = format!(r#"{{"jsonrpc":"2.0","id":1,"method":"prompts/get","params":{{"name":"{CALLERS}"}}}}"#);
        let unknown = format!(r#"{{"jsonrpc":"2.0","id":1,"method":"{CALLERS}/x"}}"#);
        for text in [list.to_owned(), prompt, unknown, format!("{{{CALLERS}")] {
            gateway.send("mcp", &message(text).header("x-request-id", CALLERS)).await;
        }
        let long = message(format!("{{\"{}\"", "x".repeat(2 << 20)));
        let deletes = Request::new("DELETE", "/mcp").body(Body::sized(CALLERS));
        let mislabelled = Request::new("POST", "/mcp").header("content-type", "text/plain").body(Body::sized("{}"));
        let twice = message(r#"{"jsonrpc":"2.0","id":1,"id":2,"method":"tools/list"}"#);
        for request in [long, deletes, mislabelled, twice] {
            gateway.send("mcp", &request).await;
        }

        let all = gateway.metrics().await;
        let decisions = exactly([
            ("policy=.=default;.;tool=.=ok;.;decision=.=allowed;.;", 3),
            ("policy=.=default;.;tool=.=few;.;decision=.=allowed;.;", 2),
            ("policy=.=default;.;tool=.=few;.;decision=.=rate_limited;.;", 3),
            ("policy=.=default;.;tool=.=no;.;decision=.=denied;.;", 2),
            ("policy=.=default;.;tool=.=soon;.;decision=.=allowed;.;", 4),
            // Patterns and what no entry names are counted together: their names are the callers'.
            ("policy=.=default;.;tool=.=other;.;decision=.=denied;.;", 2),
            ("policy=.=default;.;tool=.=other;.;decision=.=allowed;.;", 6),
            ("policy=.=default;.;tool=.=none;.;decision=.=allowed;.;", 3),
            ("policy=.=default;.;tool=.=none;.;decision=.=refused;.;", 5),
        ]);
        assert_eq!(series(&all, "mcp_policy_decisions"), decisions);
        let shadow = exactly([("policy=.=default;.;tool=.=soon;.;decision=.=denied;.;", 4)]);
        assert_eq!(series(&all, "mcp_policy_shadow_decisions"), shadow);
        let refusals = exactly([
            ("reason=.=unreadable;.;", 1),
            ("reason=.=too_large;.;", 1),
            ("reason=.=method;.;", 1),
            ("reason=.=media_type;.;", 1),
            ("reason=.=ambiguous;.;", 1),
        ]);
        assert_eq!(series(&all, "mcp_policy_refusals"), refusals);
        assert_eq!(series(&all, "mcp_policy_counters"), exactly([("", 1)]));
        assert!(all.keys().all(|name| !name.contains(CALLERS)), "{all:?}");
    });
}

#[test]
fn writes_that_meet_are_counted_and_lose_nothing() {
    run(async {
        let room = 1_000_000;
        let limit = json!({ "counter": "c", "window": clock::long_window(), "max": room, "scope": "global" });
        let policy = json!({ "version": "1", "default": "deny", "tools": { "t": { "limits": [limit] } } });
        // One caller has 1,024 streams in each worker.
        let configuration = json!({ "policy": policy, "protocol": { "max_held_bytes": 536_870_912 } });
        let listener = Listener::new("mcp", json_text(&configuration.to_string()));
        let listener = listener.without_stop_iteration().access_log();
        let gateway = Gateway::start("metrics-conflicts", &[listener]).await;
        let mut sent = 0;
        // Workers meet by chance: not in every burst.
        while series(&gateway.metrics().await, "mcp_policy_conflicts").is_empty() {
            assert!(sent < 40_000, "no conflict in {sent} calls");
            let senders = (0..8).map(|_| {
                let requests: Vec<Request> = (0..100).map(|_| call("t", &json!({}), "1", &[])).collect();
                let to = gateway.at("mcp");
                tokio::spawn(async move { client::send_all_http2(to, &requests).await })
            });
            for sender in senders.collect::<Vec<_>>() {
                sent += sender.await.expect("answers").len();
            }
        }
        let last = call("t", &json!({}), "1", &[]);
        gateway.send("mcp", &last).await;
        sent += 1;
        let allowed =
            gateway.metrics().await["policy=.=default;.;tool=.=t;.;decision=.=allowed;.;mcp_policy_decisions"];
        assert_eq!(usize::try_from(allowed), Ok(sent));
        let record: Value = serde_json::from_str(&gateway.record(&last).await).expect("a record");
        assert_eq!(record["remaining"]["c"], room - sent, "each was charged once");
    });
}
