//! The servers behind the gateway.

use super::{report, server::Server, with_servers};
use crate::{
    attack::Attack,
    client::{self, Request, Response, VERSIONS},
    corpus::{assert_none, failures},
    forwarding::{MODES, listener},
    gateway::{Gateway, Listener},
};
use serde_json::json;
use std::sync::Arc;

/// The listener without the filter.
pub(super) const BARE: &str = "bare";

#[test]
fn no_attack_runs_evil_on_any_server_and_what_is_permitted_ends_as_without_the_gateway() {
    with_servers("protected", "json", async |servers| {
        let gateway = gateway("servers-attacked", &servers).await;
        let checks = servers.into_iter().map(|server| attack_all(gateway.clone(), server));
        assert_none(&failures(checks).await);
    });
}

/// One Envoy with three listeners in front of each server.
pub(super) async fn gateway(name: &str, servers: &[Arc<Server>]) -> Gateway {
    let mut listeners = Vec::new();
    for server in servers {
        let all = MODES.map(|mode| listener(mode, &json!({}))).into_iter().chain([Listener::bare(BARE)]);
        listeners.extend(all.map(|listener| listener.in_front_of(server.name, server.address)));
    }
    Gateway::start(name, &listeners).await
}

/// Sends every attack to one server, one after the other, so that a run tells its cause; says all that is wrong.
async fn attack_all(gateway: Gateway, server: Arc<Server>) -> Vec<String> {
    let (mut sent, mut runs, mut wrong) = (0, 0, Vec::new());
    for attack in Attack::all() {
        for (mode, version) in attack.ways() {
            let misjudged = attack_once(&gateway, mode, version, &server, &attack).await.err();
            sent += 1;
            let runs_now = server.evil_runs().await;
            let ran = (runs_now > runs).then(|| "`evil` HAS RUN".to_owned());
            runs = runs_now;
            let what = format!("{} in mode {mode} over {version} to {}", attack.name, server.name);
            wrong.extend(ran.into_iter().chain(misjudged).map(|wrong| format!("{what}: {wrong} ({})", attack.why)));
        }
    }
    report(&format!("{}: {runs} of {sent} attacks run `evil` through the gateway", server.name));
    wrong.extend(unguarded(&gateway, &server, runs).await.err());
    wrong
}

/// Sends an attack through the filter. What is permitted has to end with the status that it gets without the gateway.
async fn attack_once(
    gateway: &Gateway,
    mode: &str,
    version: &str,
    server: &Server,
    attack: &Attack,
) -> Result<(), String> {
    let request = attack.request();
    let answer = send(gateway, mode, version, server, &request).await?;
    if let Some(wrong) = attack.misjudged(&answer, is_servers(&answer)).filter(|_| !is_to_the_head(mode, &answer)) {
        return Err(wrong);
    }
    if attack.is_forwarded() {
        let direct = client::try_send(server.address, &request).await?;
        if direct.status != answer.status {
            return Err(format!("{answer} through the gateway, {direct} without it"));
        }
    }
    Ok(())
}

/// Shows that a run would have been counted: the same way without the filter leads to `evil`, and nothing else has since.
async fn unguarded(gateway: &Gateway, server: &Server, runs: u64) -> Result<(), String> {
    let denied = Attack::named("base_denied");
    for version in VERSIONS {
        send(gateway, BARE, version, server, &denied.request()).await?;
    }
    match server.evil_runs().await - runs {
        2 => Ok(()),
        more => Err(format!("on {} `evil` should run twice without the filter, and not {more} times", server.name)),
    }
}

/// Sends a request to a server through one of its listeners.
pub(super) async fn send(
    gateway: &Gateway,
    listener: &str,
    version: &str,
    server: &Server,
    request: &Request,
) -> Result<Response, String> {
    client::try_send_over(version, gateway.at(&format!("{}-{listener}", server.name)), request).await
}

/// Whether an answer may be a server's to the head alone. With released headers a server that does not like them need
/// not wait for the body, nor for the verdict on it: Envoy does not say then how long it has waited.
fn is_to_the_head(mode: &str, answer: &Response) -> bool {
    mode == "release" && (400..500).contains(&answer.status) && !is_servers(answer)
}

/// Whether a server behind Envoy answered a whole request: Envoy says how long it has waited since the request's end.
fn is_servers(answer: &Response) -> bool {
    answer.headers.iter().any(|(name, _)| name == "x-envoy-upstream-service-time")
}
