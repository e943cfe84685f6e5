//! Configuration updates of a running Envoy, by a file of listeners that it watches.

use super::{assert_names, policy, two_mistakes};
use crate::{
    answer::{assert_allowed, assert_denied, assert_limited},
    client::call,
    gateway::{Gateway, Listener, json_text},
    runtime::{run, until},
};
use serde_json::{Value, json};

/// The one listener of these tests.
fn listener(policy: &Value) -> Listener {
    Listener::new("mcp", json_text(&policy.to_string()))
}

/// The rule that limits the tool `a`.
const RULE: &str = "/tools/a/limits/0";

/// Calls a tool.
async fn ask(gateway: &Gateway, tool: &str) -> crate::client::Response {
    gateway.send("mcp", &call(tool, &json!({}), "1", &[])).await
}

/// Puts a policy into place and waits until a call of `probe`, which the policy before denied, is judged by it: Envoy
/// updates its workers one by one, so both have it when several calls in a row over new connections show it.
async fn update(gateway: &Gateway, policy: &Value, probe: &str) {
    gateway.update(&[listener(policy)]);
    until("the update is at work", || async {
        for _ in 0..10 {
            if !ask(gateway, probe).await.is_upstreams() {
                return None;
            }
        }
        Some(())
    })
    .await;
}

/// A policy with one limited tool, and `probe` without a limit.
fn with_probe(description: &str, max: u64, probe: &str) -> Value {
    let mut policy = policy(description, &["a"], max);
    policy["tools"][probe] = json!({});
    policy
}

#[test]
fn a_bad_update_is_rejected_and_the_old_configuration_goes_on() {
    run(async {
        let gateway = Gateway::start_with_file("update-bad", &[listener(&with_probe("first", 10, "old"))]).await;
        for _ in 0..9 {
            assert_allowed(&ask(&gateway, "a").await);
        }
        let (wrong, expected) = two_mistakes();
        for rejections in 1..=2 {
            gateway.update(&[listener(&wrong)]);
            until("Envoy rejects the update", || async {
                (gateway.stat("listener_manager.lds.update_rejected").await == rejections).then_some(())
            })
            .await;
        }
        assert_names(&gateway.log(), &expected);
        assert!(gateway.rejected().await.contains_key("mcp"));

        assert_allowed(&ask(&gateway, "a").await);
        assert_limited(&ask(&gateway, "a").await, "1", "a", RULE);
        assert_allowed(&ask(&gateway, "old").await);
        assert_denied(&ask(&gateway, "new").await, "1", "new", "(default deny)");

        // Mistakes leave nothing behind: what is right is taken afterwards.
        update(&gateway, &with_probe("third", 10, "new"), "new").await;
        assert_limited(&ask(&gateway, "a").await, "1", "a", RULE);
        assert_denied(&ask(&gateway, "old").await, "1", "old", "(default deny)");
    });
}

#[test]
fn counts_survive_a_good_update() {
    run(async {
        let gateway = Gateway::start_with_file("update-good", &[listener(&with_probe("first", 10, "one"))]).await;
        for _ in 0..10 {
            assert_allowed(&ask(&gateway, "a").await);
        }
        assert_limited(&ask(&gateway, "a").await, "1", "a", RULE);

        // Another description and another tool leave the count as it is.
        update(&gateway, &with_probe("second", 10, "two"), "two").await;
        assert_limited(&ask(&gateway, "a").await, "1", "a", RULE);

        // So does another maximum: two more calls, not twelve.
        update(&gateway, &with_probe("third", 12, "three"), "three").await;
        for _ in 0..2 {
            assert_allowed(&ask(&gateway, "a").await);
        }
        assert_limited(&ask(&gateway, "a").await, "1", "a", RULE);

        // Below what is used there is no room, but no fault either.
        update(&gateway, &with_probe("fourth", 5, "four"), "four").await;
        assert_limited(&ask(&gateway, "a").await, "1", "a", RULE);
        assert_eq!(gateway.stat("listener_manager.lds.update_rejected").await, 0);
    });
}
