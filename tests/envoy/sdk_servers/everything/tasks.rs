//! Tasks of the reference server under `tasks.owner`: the server lets each caller of a session have all of its tasks.

use super::session::Session;
use crate::{
    client::VERSIONS,
    forwarding::MODES,
    gateway::{Gateway, Listener, json_text},
    prerequisites::find,
    runtime::{run, until},
    sdk_servers::server::Server,
};
use serde_json::{Value, json};
use std::net::SocketAddr;

/// The listener without the option.
const SHARED: &str = "shared";

async fn gateway(server: SocketAddr) -> Gateway {
    let policy = json!({ "version": "1", "default": "deny", "tools": { "simulate-research-query": {} } });
    let listener = |name: &str, mode: &str, owner: bool| {
        let configuration = json!({
            "policy": policy,
            "identity": [{ "header": "x-caller" }],
            "tasks": { "owner": owner },
            "protocol": { "headers": mode },
        });
        Listener::new(name, json_text(&configuration.to_string())).in_mode(mode).in_front_of("everything", server)
    };
    let owned = MODES.map(|mode| listener(mode, mode, true));
    let listeners: Vec<Listener> = owned.into_iter().chain([listener(SHARED, MODES[0], false)]).collect();
    Gateway::start("servers-everything-tasks", &listeners).await
}

/// Starts a task, and returns its id.
async fn start(session: &Session) -> String {
    let call = json!({ "name": "simulate-research-query", "arguments": { "topic": "tea" }, "task": { "ttl": 60_000 } });
    let answer = session.ask(VERSIONS[0], "tools/call", &call).await;
    let id = answer["result"]["task"]["taskId"].as_str();
    id.unwrap_or_else(|| panic!("the server made no task: {answer}")).to_owned()
}

async fn ask(session: &Session, version: &str, method: &str, task: &str) -> Value {
    session.ask(version, method, &json!({ "taskId": task })).await
}

#[test]
fn a_task_of_the_reference_server_is_its_callers_alone() {
    let Some(place) = find("servers") else { return };
    run(async {
        let server = Server::start_everything("everything-tasks", &place).await;
        let gateway = gateway(server.address).await;

        let alice = Session::open_as(&gateway, SHARED, "alice").await;
        let task = start(&alice).await;
        let seen = ask(&alice.taken_by("bob"), VERSIONS[0], "tasks/get", &task).await;
        assert_eq!(seen["result"]["taskId"], task, "without the option the server tells anyone: {seen}");

        for mode in MODES {
            let alice = Session::open_as(&gateway, mode, "alice").await;
            let bob = alice.taken_by("bob");
            let (kept, cancelled) = (start(&alice).await, start(&alice).await);
            for version in VERSIONS {
                for method in ["tasks/get", "tasks/result", "tasks/cancel"] {
                    let refused = ask(&bob, version, method, &kept).await;
                    let expected = json!({ "code": -32602, "message": format!("Unknown task: {kept}") });
                    assert_eq!(refused["error"], expected, "{method} in mode {mode} over {version}");
                    let unknown = ask(&alice, version, method, "no-such-task").await;
                    assert_eq!(unknown["error"]["code"], -32602, "{method}: {unknown}");
                }
                let own = ask(&alice, version, "tasks/get", &kept).await;
                assert_eq!(own["result"]["taskId"], kept, "in mode {mode} over {version}: {own}");
            }
            let ended = ask(&alice, VERSIONS[0], "tasks/cancel", &cancelled).await;
            assert_eq!(ended["result"]["status"], "cancelled", "{ended}");
            until("the task is completed", || async {
                let task = ask(&alice, VERSIONS[0], "tasks/get", &kept).await;
                (task["result"]["status"] == "completed").then_some(())
            })
            .await;
            let result = ask(&alice, VERSIONS[0], "tasks/result", &kept).await;
            assert!(result["result"].to_string().contains("Research Report: tea"), "{result}");
        }
    });
}
