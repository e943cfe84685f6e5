//! Which configurations are in force, and on how many threads.

use super::series;
use crate::{
    client::call,
    gateway::{Gateway, Listener, json_text},
    runtime::{run, until},
};
use serde_json::json;
use sha2::{Digest as _, Sha256};

/// A configuration in which one tool is called so.
fn configuration(tool: &str) -> String {
    json!({ "version": "1", "default": "deny", "tools": { tool: {} } }).to_string()
}

/// The name of a configuration's series.
fn label(configuration: &str) -> String {
    let digest: String = Sha256::digest(configuration).iter().take(8).map(|byte| format!("{byte:02x}")).collect();
    format!("config=.={digest};.;")
}

#[test]
fn a_configuration_is_counted_while_it_is_in_force() {
    run(async {
        let listener = |tool: &str| Listener::new("mcp", json_text(&configuration(tool)));
        let gateway = Gateway::start_with_file("metrics-configurations", &[listener("t0")]).await;
        for round in 0..4 {
            let tool = format!("t{round}");
            gateway.update(&[listener(&tool)]);
            until("the update is at work, alone", || async {
                let allowed = gateway.send("mcp", &call(&tool, &json!({}), "1", &[])).await.is_upstreams();
                let all = series(&gateway.metrics().await, "mcp_policy_configurations");
                let own = all.get(&label(&configuration(&tool))).copied();
                // The main thread and two workers; what Envoy tried it out in is gone, and so is what was before.
                (allowed && all.len() == 1 && own == Some(3)).then_some(())
            })
            .await;
        }
    });
}
