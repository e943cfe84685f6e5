//! What is permitted: the conversation of an ordinary client with each server.

use super::{
    protected::{BARE, gateway, send},
    server::Server,
    with_servers,
};
use crate::{
    attack::Attack,
    client::{Response, VERSIONS},
    corpus::{assert_none, failures},
    forwarding::MODES,
    gateway::Gateway,
};
use std::sync::Arc;

#[test]
fn permitted_calls_run_on_every_server_in_every_era_that_it_speaks() {
    converse("permitted", "json");
}

#[test]
fn in_event_streams_permitted_calls_run_and_lists_are_trimmed_too() {
    converse("permitted-events", "events");
}

/// Talks to all servers, which answer in one form.
fn converse(test: &str, form: &'static str) {
    with_servers(test, form, async |servers| {
        let gateway = gateway(&format!("servers-{test}"), &servers).await;
        let checks = servers.into_iter().map(|server| call_all(gateway.clone(), server, form));
        assert_none(&failures(checks).await);
    });
}

/// Makes permitted calls in each way and era.
async fn call_all(gateway: Gateway, server: Arc<Server>, form: &str) -> Vec<String> {
    let mut wrong = pointless(&gateway, &server, form).await;
    for mode in MODES {
        for version in VERSIONS {
            for (attack, expected) in conversation(server.modern) {
                let answer = send(&gateway, mode, version, &server, &attack.request()).await;
                let unfit = match answer {
                    Ok(answer) if answer.text().contains(r#""name":"evil""#) => format!("shown `evil`: {answer}"),
                    Ok(answer) if answer.status < 300 && answer.text().contains(expected) => continue,
                    Ok(answer) => format!("not answered {expected}, but {answer}"),
                    Err(none) => none,
                };
                wrong.push(format!("{} in mode {mode} over {version} to {}: {unfit}", attack.name, server.name));
            }
        }
    }
    wrong
}

/// What a client says, and a part of each answer. No list shows `evil`.
fn conversation(modern: bool) -> Vec<(Attack, &'static str)> {
    let handshake = [
        ("base_initialize", r#""serverInfo":{"name":"attacked""#),
        ("base_initialized", ""),
        ("base_tools_list", r#""name":"ok""#),
        ("base_allowed", r#""ok has run""#),
    ];
    let without = [
        ("modern_discover", r#""supportedVersions":["#),
        ("modern_tools_list", r#""cacheScope":"private""#),
        ("modern_allowed", r#""ok has run""#),
    ];
    let without = without.into_iter().filter(|_| modern);
    handshake.into_iter().chain(without).map(|(name, expected)| (Attack::named(name), expected)).collect()
}

/// Lists that always come without a stream: this SDK opens one only for further messages.
const STREAMLESS: (&str, &str) = ("python-2", "modern_tools_list");

/// Says which lists show nothing here: without the filter they do not name `evil`, or come in another form than is wanted.
async fn pointless(gateway: &Gateway, server: &Server, form: &str) -> Vec<String> {
    let mut wrong = Vec::new();
    for name in ["base_tools_list", "modern_tools_list"].into_iter().take(1 + usize::from(server.modern)) {
        let list = send(gateway, BARE, VERSIONS[0], server, &Attack::named(name).request()).await;
        let streams = (server.name, name) != STREAMLESS;
        let fits = |list: &Response| form == "json" || is_stream(list) == streams;
        match list {
            Ok(list) if list.text().contains(r#""name":"evil""#) && fits(&list) => {}
            Ok(list) => wrong.push(format!("{name} without the filter to {}: {list}", server.name)),
            Err(none) => wrong.push(none),
        }
    }
    wrong
}

/// Whether an answer is an event stream.
fn is_stream(answer: &Response) -> bool {
    answer.header("content-type").is_some_and(|media| media.starts_with("text/event-stream"))
}
