//! The reference server under `results`: progress arrives as soon as without, answers on resumed streams are judged again, and so
//! is what the server says by itself.

use super::{
    BARE,
    progress::progress_delays,
    session::{Event, Session},
};
use crate::{
    client::VERSIONS,
    forwarding::{MODES, listener_under},
    gateway::{Gateway, Listener},
    prerequisites::find,
    runtime::run,
    sdk_servers::server::Server,
};
use serde_json::json;
use std::net::SocketAddr;

/// A gateway whose policy says what answers may hold.
async fn gateway(test: &str, server: SocketAddr) -> Gateway {
    let policy = json!({
        "version": "1",
        "default": "deny",
        "all_tools": { "results": { "redact": [{ "find": "email" }, { "find": "jwt" }, { "find": "credit_card" }] } },
        "tools": { "echo": {}, "trigger-long-*": {}, "toggle-simulated-logging": {} },
    });
    let filtered = MODES.map(|mode| listener_under(&policy, mode, &json!({})));
    let listeners: Vec<Listener> = filtered.into_iter().chain([Listener::bare(BARE)]).collect();
    let listeners: Vec<Listener> =
        listeners.into_iter().map(|listener| listener.in_front_of("everything", server)).collect();
    Gateway::start(&format!("servers-{test}"), &listeners).await
}

#[test]
fn an_answer_is_redacted_and_again_on_a_resumed_stream() {
    let test = "everything-results";
    let Some(place) = find("servers") else { return };
    run(async {
        let server = Server::start_everything(test, &place).await;
        let gateway = gateway(test, server.address).await;
        for listener in [BARE].into_iter().chain(MODES) {
            let session = Session::open(&gateway, listener).await;
            let parameters =
                json!({ "name": "echo", "arguments": { "message": "bob@example.com 4111 1111 1111 1111" } });
            let events = session.events(VERSIONS[0], "tools/call", &parameters).await;
            let [before, answer] = &*events else { panic!("{listener}: {events:?}") };
            let text = answer.message()["result"]["content"][0]["text"].clone();
            let expected = match listener {
                BARE => "Echo: bob@example.com 4111 1111 1111 1111",
                _ => "Echo: [redacted] [redacted]",
            };
            assert_eq!(text, expected, "{listener}");
            let mut stream = session.stream(Some(&before.id)).await;
            assert_eq!(&Event::read(stream.event().await), answer, "{listener}");
        }
    });
}

#[test]
fn under_results_the_progress_of_a_long_call_arrives_as_soon_as_without() {
    progress_delays("everything-results-progress", gateway);
}
