//! What Envoy's admin interface tells.

use crate::client::{self, Request};
use serde_json::Value;
use std::{collections::HashMap, net::SocketAddr};

/// Whether Envoy says that it is ready. It may not answer yet, or not any more.
pub(super) async fn is_live(admin: SocketAddr) -> bool {
    let answer = client::try_send(admin, &Request::new("GET", "/ready")).await;
    answer.is_ok_and(|answer| answer.text().trim() == "LIVE")
}

/// The address of every listener, by name.
pub(super) async fn ports(admin: SocketAddr) -> HashMap<String, SocketAddr> {
    let listeners = get(admin, "/listeners?format=json").await;
    let address = |status: &Value| {
        let address = &status["local_address"]["socket_address"];
        let text = format!("{}:{}", address["address"].as_str()?, address["port_value"]);
        Some((status["name"].as_str()?.to_owned(), text.parse().ok()?))
    };
    listeners["listener_statuses"].as_array().into_iter().flatten().filter_map(address).collect()
}

/// One statistic.
pub(super) async fn stat(admin: SocketAddr, name: &str) -> u64 {
    let all = stats(admin, name).await;
    let found = all.iter().find(|(key, _)| key == name);
    found.unwrap_or_else(|| panic!("Envoy has no statistic {name}, but {all:?}")).1
}

/// All statistics whose names contain `part`.
pub(super) async fn stats(admin: SocketAddr, part: &str) -> Vec<(String, u64)> {
    let path = format!("/stats?format=json&filter={}", part.replace('.', "%5C."));
    let answer = get(admin, &path).await;
    let entry = |stat: &Value| Some((stat["name"].as_str()?.to_owned(), stat["value"].as_u64()?));
    answer["stats"].as_array().into_iter().flatten().filter_map(entry).collect()
}

/// The listeners that the last update failed for, with Envoy's reason.
pub(super) async fn rejected(admin: SocketAddr) -> HashMap<String, String> {
    let dump = get(admin, "/config_dump?resource=dynamic_listeners").await;
    let reason = |listener: &Value| {
        let details = listener["error_state"]["details"].as_str()?;
        Some((listener["name"].as_str()?.to_owned(), details.to_owned()))
    };
    dump["configs"].as_array().into_iter().flatten().filter_map(reason).collect()
}

/// A page of the admin interface that is JSON.
async fn get(admin: SocketAddr, path: &str) -> Value {
    client::send(admin, &Request::new("GET", path)).await.json()
}
