//! Requests that servers and gateways read differently, before a server that writes down whatever reaches it.

use super::{assert_none, failures};
use crate::{
    attack::Attack,
    client::{self, Request},
    forwarding::{MODES, leak, listener},
    gateway::Gateway,
    runtime::run,
    upstream::{End, Seen},
};
use serde_json::json;

#[test]
fn every_attack_ends_as_the_corpus_says_in_both_header_modes_and_versions_of_http() {
    run(async {
        let attacks = Attack::all();
        let gateway = Gateway::start("corpus-attacks", &MODES.map(|mode| listener(mode, &json!({})))).await;
        let mut checks = Vec::new();
        for attack in &attacks {
            let ways = attack.ways().into_iter();
            checks.extend(ways.map(|(mode, version)| check(gateway.clone(), mode, version, attack.clone())));
        }
        // An upgrade is for HTTP/1.1 only.
        assert_eq!(checks.len(), 4 * attacks.len() - 2);
        assert_none(&failures(checks).await);
    });
}

/// Sends one attack and says what is wrong with what came of it.
async fn check(gateway: Gateway, mode: &'static str, version: &'static str, attack: Attack) -> Vec<String> {
    let request = attack.request();
    let wrong = match client::try_send_over(version, gateway.at(mode), &request).await {
        Err(none) => Some(none),
        Ok(answer) => {
            let seen = gateway.upstream().settled(&request).await;
            let misjudged = attack.misjudged(&answer, answer.is_upstreams());
            misjudged.or_else(|| if attack.is_forwarded() { changed(&request, &seen) } else { leak(mode, &seen) })
        }
    };
    let Attack { name, why, .. } = attack;
    wrong.map(|wrong| format!("{name} in mode {mode} over {version}: {wrong} ({why})")).into_iter().collect()
}

/// Why a request has not reached the server once, whole and byte for byte.
fn changed(request: &Request, seen: &[Seen]) -> Option<String> {
    let whole = |one: &Seen| one.end == End::Complete && one.body == request.body.bytes();
    (!(seen.len() == 1 && whole(&seen[0]))).then(|| format!("not forwarded as it is, the upstream saw {seen:?}"))
}
