//! The sample policies.

use crate::{
    answer::{assert_allowed, assert_denied, assert_limited},
    client::call,
    clock,
    example_policies::{ALYA, IMAGEGEN, KREA},
    gateway::{Gateway, Listener, json_text},
};
use serde_json::json;

/// Uses up their limits in one minute, and in the next.
pub(super) async fn limits_reset_each_minute() {
    let listeners = [("krea", KREA), ("imagegen", IMAGEGEN), ("alya", ALYA)]
        .map(|(name, policy)| Listener::new(name, json_text(policy)));
    let gateway = Gateway::start("across_windows", &listeners).await;
    clock::room_in_minute(15).await;
    fill_all(&gateway).await;
    clock::next_minute().await;
    // Had the refused calls of the last minute been charged, these would find the limits used up.
    fill_all(&gateway).await;
}

/// Uses up all limits within one minute.
async fn fill_all(gateway: &Gateway) {
    let minute = clock::now() / clock::MINUTE;
    fill(gateway, "krea", "generate_image", 10).await;
    fill(gateway, "imagegen", "image.generate.gemini", 30).await;
    unlimited(gateway).await;
    assert_eq!(clock::now() / clock::MINUTE, minute, "too slow to say anything: the minute has ended meanwhile");
}

/// Uses up a minute of a tool's limit and one call more.
async fn fill(gateway: &Gateway, listener: &str, tool: &str, max: u64) {
    for id in 1..=max {
        assert_allowed(&gateway.send(listener, &call(tool, &json!({"prompt": id}), &id.to_string(), &[])).await);
    }
    for _ in 0..2 {
        let answer = gateway.send(listener, &call(tool, &json!({}), "99", &[])).await;
        assert_limited(&answer, "99", tool, &format!("/tools/{tool}/limits/0"));
    }
}

/// A policy without limits has none, and no other tool.
async fn unlimited(gateway: &Gateway) {
    for id in 1..=40 {
        assert_allowed(&gateway.send("alya", &call("image_gen", &json!({}), &id.to_string(), &[])).await);
    }
    let answer = gateway.send("alya", &call("image_edit", &json!({}), "1", &[])).await;
    assert_denied(&answer, "1", "image_edit", "(default deny)");
}
