//! The server sees its own credential, and never a token of a caller.

mod meshes;

use crate::{
    answer::assert_allowed,
    client::{Request, Stream, call, send},
    command::command,
    gateway::{Gateway, render, validate},
    runtime::{run, until},
    upstream::{End, Seen},
};
use serde_json::{Value, json};
use std::{
    fs,
    path::{Path, PathBuf},
};

/// The token of a caller, its SHA-256, and the credentials of the server.
const TOKEN: &str = "mcpg_alice";
const DIGEST: &str = "ec9c9743bbae365d09de4ebc299aede907aa46b80dd9435c9617ea816cea4318";
const FIRST: &str = "the-servers-first-credential";
const SECOND: &str = "the-servers-second-credential";

/// Callers with a token may call `read`.
fn configuration(mode: &str) -> Value {
    json!({
        "policy": { "version": "1", "default": "deny", "tools": { "read": {} } },
        "identity": [{ "tokens": { "alice": { "sha256": DIGEST } } }],
        "protocol": { "headers": mode },
        "audit": { "log": "all", "arguments": "values" },
    })
}

/// Puts a credential into the file that Envoy watches.
fn put(file: &Path, credential: &str) {
    command(&["credential", file.to_str().expect("text")], credential);
}

/// A gateway that sends the server's credential, and the file with it.
async fn start(name: &str, mode: &str, options: &[&str]) -> (Gateway, PathBuf) {
    let mut file = PathBuf::new();
    let gateway = Gateway::start_with(name, |folder, upstream| {
        file = folder.join("secret/credential.json");
        fs::create_dir(folder.join("secret")).expect("a folder");
        put(&file, FIRST);
        let own = ["--upstream-credential", file.to_str().expect("text")];
        let rendered = render(folder, &configuration(mode).to_string(), upstream, &[&own, options].concat());
        let checked = folder.join("checked.yaml");
        fs::write(&checked, &rendered).expect("a file");
        assert_eq!(validate(&checked), None);
        rendered
    });
    (gateway.await, file)
}

fn read(token: &str) -> Request {
    call("read", &json!({}), "1", &[("authorization", &format!("Bearer {token}"))])
}

fn bodiless(method: &str) -> Request {
    Request::new(method, "/mcp").header("accept", "text/event-stream")
}

/// Asserts that the server saw one request, with this credential alone.
#[track_caller]
fn assert_seen_with(credential: &str, seen: &[Seen]) {
    let [seen] = seen else { panic!("{seen:?}") };
    assert_has_credential(credential, seen);
}

#[track_caller]
fn assert_has_credential(credential: &str, seen: &Seen) {
    let sent: Vec<&str> =
        seen.headers.iter().filter(|(name, _)| name == "authorization").map(|(_, value)| &**value).collect();
    assert_eq!(sent, [format!("Bearer {credential}")]);
    assert!(!seen.headers.iter().any(|(_, value)| value.contains(TOKEN)), "{seen:?}");
}

#[test]
fn the_server_sees_its_own_credential_and_no_token_of_a_caller() {
    run(async {
        for mode in ["hold", "release"] {
            let (gateway, _) = start(&format!("credential-{mode}"), mode, &[]).await;
            let request = read(TOKEN);
            assert_allowed(&gateway.send("mcp", &request).await);
            assert_seen_with(FIRST, &gateway.upstream().settled(&request).await);
            for method in ["GET", "DELETE"] {
                let request = bodiless(method).header("authorization", &format!("Bearer {TOKEN}"));
                let _script = gateway.upstream().script(&request, 200, &[("content-type", "text/event-stream")]);
                drop(Stream::open(gateway.at("mcp"), &request).await);
                assert_seen_with(FIRST, &gateway.upstream().settled(&request).await);
            }
        }
    });
}

#[test]
fn without_a_listed_token_no_request_reaches_the_server() {
    run(async {
        for mode in ["hold", "release"] {
            let (gateway, _) = start(&format!("credential-unknown-{mode}"), mode, &[]).await;
            for method in ["GET", "HEAD", "DELETE", "OPTIONS"] {
                for request in [bodiless(method), bodiless(method).header("authorization", "Bearer mcpg_mallory")] {
                    let answer = gateway.send("mcp", &request).await;
                    assert_eq!((answer.status, gateway.upstream().seen(&request).len()), (403, 0), "{request:?}");
                }
            }
            for request in [call("read", &json!({}), "1", &[]), read("mcpg_mallory"), read(&[TOKEN, TOKEN].concat())] {
                let answer = gateway.send("mcp", &request).await;
                assert_eq!(answer.json()["error"]["data"]["rule"], "(no identity)", "{answer}");
                // With released headers the server sees a request that ends before its body.
                for seen in gateway.upstream().settled(&request).await {
                    assert_eq!((mode, seen.end, seen.body.len()), ("release", End::Aborted, 0));
                    assert_has_credential(FIRST, &seen);
                }
            }
        }
    });
}

#[test]
fn neither_the_credential_nor_a_token_is_in_any_log_record_statistic_or_dump() {
    run(async {
        let (gateway, file) = start("credential-hidden", "hold", &[]).await;
        for round in [FIRST, SECOND] {
            put(&file, round);
            wait_for(&gateway, round).await;
        }
        for page in [
            "/config_dump?include_eds",
            "/config_dump?resource=dynamic_active_secrets",
            "/stats",
            "/clusters",
            "/server_info",
        ] {
            let text = send(gateway.admin(), &Request::new("GET", page)).await.text();
            assert!(
                !text.is_empty() && [FIRST, SECOND, TOKEN].iter().all(|secret| !text.contains(secret)),
                "{page}: {text}"
            );
        }
        let dump = send(gateway.admin(), &Request::new("GET", "/config_dump")).await.text();
        assert!(dump.contains("upstream_credential") && dump.contains("[redacted]"), "{dump}");
        // The access log with its records, and Envoy's log.
        let log = until("the calls are logged", || async {
            Some(gateway.log()).filter(|log| log.contains(r#"\"grant\":\"token:alice\""#))
        })
        .await;
        assert!([FIRST, SECOND, TOKEN].iter().all(|secret| !log.contains(secret)), "{log}");
    });
}

/// Waits until the server sees this credential; each call until then has the one before.
async fn wait_for(gateway: &Gateway, credential: &str) {
    until("the server sees the new credential", || async {
        let request = read(TOKEN);
        assert_allowed(&gateway.send("mcp", &request).await);
        let seen = gateway.upstream().settled(&request).await;
        let value = format!("Bearer {credential}");
        seen.iter().any(|seen| seen.headers.iter().any(|(_, header)| *header == value)).then_some(())
    })
    .await;
}

#[test]
fn a_new_credential_reaches_the_server_without_a_restart() {
    run(async {
        let (gateway, file) = start("credential-rotated", "hold", &[]).await;
        let stream_request = bodiless("GET").header("authorization", &format!("Bearer {TOKEN}"));
        let mut script = gateway.upstream().script(&stream_request, 200, &[("content-type", "text/event-stream")]);
        let mut stream = Stream::open(gateway.at("mcp"), &stream_request).await;
        for credential in [SECOND, FIRST] {
            put(&file, credential);
            wait_for(&gateway, credential).await;
            script.send_data(": on\n\n".into()).await.expect("the stream is open");
            stream.expect(": on\n\n").await;
        }
        // What Envoy cannot read changes nothing.
        let draft = file.with_extension("new");
        fs::write(&draft, "not JSON").expect("a file");
        fs::rename(&draft, &file).expect("a file");
        until("Envoy refuses the file", || async {
            (gateway.stats("upstream_credential.update_failure").await.iter().any(|(_, count)| *count > 0)
                || gateway.stats("upstream_credential.update_rejected").await.iter().any(|(_, count)| *count > 0))
            .then_some(())
        })
        .await;
        wait_for(&gateway, FIRST).await;
        put(&file, SECOND);
        wait_for(&gateway, SECOND).await;
    });
}

#[test]
fn without_a_credential_no_call_reaches_the_server() {
    run(async {
        let (gateway, file) = start("credential-empty", "hold", &[]).await;
        let text = fs::read_to_string(&file).expect("the file").replace(&format!("Bearer {FIRST}"), "");
        let draft = file.with_extension("new");
        fs::write(&draft, text).expect("a file");
        fs::rename(&draft, &file).expect("a file");
        until("Envoy has no credential", || async {
            let request = read(TOKEN);
            let answer = gateway.send("mcp", &request).await;
            (answer.status == 401).then(|| assert_eq!(gateway.upstream().seen(&request).len(), 0))
        })
        .await;
    });
}

#[test]
fn a_path_that_is_not_inspected_gets_neither_the_credential_nor_the_callers_token() {
    run(async {
        let (gateway, _) = start("credential-bypass", "hold", &["--bypass", "/token"]).await;
        for token in [Some(TOKEN), None] {
            let request = Request::new("POST", "/token").header("content-type", "application/x-www-form-urlencoded");
            let request = match token {
                Some(token) => request.header("authorization", &format!("Bearer {token}")),
                None => request,
            };
            assert!(gateway.send("mcp", &request).await.is_upstreams());
            let seen = gateway.upstream().settled(&request).await;
            assert!(seen.len() == 1 && seen[0].headers.iter().all(|(name, _)| name != "authorization"), "{seen:?}");
        }
    });
}
