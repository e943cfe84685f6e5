//! The servers without the gateway: attacks that would run nothing anyway would show nothing.

use super::{report, server::Server, with_servers};
use crate::{
    attack::Attack,
    client,
    corpus::{assert_none, failures},
};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

/// The names of the attacks that run `evil`, by server.
type Exposed = BTreeMap<String, BTreeSet<String>>;

#[test]
fn without_the_gateway_the_attacks_run_evil_on_every_server() {
    with_servers("exposed", "json", async |servers| {
        let known: Exposed = serde_json::from_str(include_str!("../../servers/exposed.json")).expect("sets of names");
        let checks = servers.into_iter().map(|server| {
            let known = known.get(server.name).cloned().unwrap_or_default();
            check(server, known)
        });
        assert_none(&failures(checks).await);
    });
}

/// Attacks a server, and says where that ends otherwise than is known.
async fn check(server: Arc<Server>, known: BTreeSet<String>) -> Vec<String> {
    let attacks: Vec<Attack> = Attack::all().into_iter().filter(|attack| !attack.is_forwarded()).collect();
    let mut found = BTreeSet::new();
    for attack in &attacks {
        let before = server.evil_runs().await;
        // Whatever it answers: what counts is what has run.
        let _ = client::try_send(server.address, &attack.request()).await;
        if server.evil_runs().await > before {
            found.insert(attack.name.clone());
        }
    }
    report(&format!("{}: {} of {} attacks run `evil` without the gateway", server.name, found.len(), attacks.len()));
    let wrong = format!("on {} other attacks run `evil` than exposed.json says: {found:?}", server.name);
    (found != known).then_some(wrong).into_iter().collect()
}
