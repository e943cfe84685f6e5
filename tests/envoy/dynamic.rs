//! `render envoy --dynamic` and `mcp-policy apply`: another policy takes over in a running Envoy.

use crate::{
    answer::{assert_allowed, assert_limited_by},
    client::{Request, Stream, call},
    command::{command, try_command},
    gateway::{Gateway, render, validate},
    runtime::run,
};
use serde_json::{Value, json};
use std::{
    fs,
    path::PathBuf,
    time::{Duration, Instant},
};

/// How long a change may take; product contract, section 10.
const PROMPT: Duration = Duration::from_secs(2);

/// A running gateway with its configuration, which `grant` changes, and the folder that Envoy watches.
struct Applied {
    gateway: Gateway,
    file: PathBuf,
    folder: PathBuf,
}

impl Applied {
    /// Starts a gateway with this configuration and new tokens for `callers`.
    async fn start(name: &str, configuration: &Value, callers: &[&str]) -> (Self, Vec<String>) {
        let (mut file, mut watched, mut tokens) = (PathBuf::new(), PathBuf::new(), Vec::new());
        let gateway = Gateway::start_with(name, |folder, upstream| {
            file = folder.join("gateway.json");
            watched = folder.join("gateway.d");
            fs::write(&file, configuration.to_string()).expect("a file");
            let own = file.to_str().expect("text");
            tokens = callers.iter().map(|name| command(&["grant", "new", name, own], "").trim().to_owned()).collect();
            let text = fs::read_to_string(&file).expect("the configuration");
            let rendered = render(folder, &text, upstream, &["--dynamic", watched.to_str().expect("text")]);
            let checked = folder.join("checked.yaml");
            fs::write(&checked, &rendered).expect("a file");
            assert_eq!(validate(&checked), None);
            rendered
        });
        (Self { gateway: gateway.await, file, folder: watched }, tokens)
    }

    /// Exit code and stderr of `mcp-policy apply`.
    fn try_apply(&self) -> (i32, String) {
        let admin = format!("http://{}", self.gateway.admin());
        let [file, folder] = [&self.file, &self.folder].map(|path| path.to_str().expect("text"));
        let (code, _, stderr) = try_command(&["apply", file, folder, "--admin", &admin], "");
        (code, stderr)
    }

    #[track_caller]
    fn apply(&self) {
        let (code, stderr) = self.try_apply();
        assert_eq!(code, 0, "{stderr}");
    }

    async fn send(&self, tool: &str, token: &str) -> (Request, crate::client::Response) {
        let request = call(tool, &json!({}), "1", &[("authorization", &format!("Bearer {token}"))]);
        let answer = self.gateway.send("mcp", &request).await;
        (request, answer)
    }
}

/// Each caller may call `read` twice.
fn configuration() -> Value {
    let limit = json!({ "counter": "reads", "window": crate::clock::long_window(), "max": 2, "scope": "grant" });
    json!({
        "policy": { "version": "1", "default": "deny", "tools": { "read": { "limits": [limit] } } },
        "identity": [{ "tokens": {} }],
    })
}

#[test]
fn a_revoked_token_is_refused_within_two_seconds_and_the_others_go_on() {
    run(async {
        let (applied, tokens) = Applied::start("dynamic-revoked", &configuration(), &["ci", "alice"]).await;
        let [ci, alice] = &tokens[..] else { panic!("{tokens:?}") };
        let request = Request::new("GET", "/mcp")
            .header("accept", "text/event-stream")
            .header("authorization", &format!("Bearer {alice}"));
        let mut script = applied.gateway.upstream().script(&request, 200, &[("content-type", "text/event-stream")]);
        let mut stream = Stream::open(applied.gateway.at("mcp"), &request).await;
        for token in [ci, alice] {
            assert_allowed(&applied.send("read", token).await.1);
        }

        let start = Instant::now();
        command(&["grant", "revoke", "ci", applied.file.to_str().expect("text")], "");
        applied.apply();
        let (refused, answer) = applied.send("read", ci).await;
        let took = start.elapsed();
        assert_eq!(answer.json()["error"]["data"]["rule"], "(no identity)", "{answer}");
        assert_eq!(applied.gateway.upstream().seen(&refused).len(), 0);
        println!("revoked and refused after {took:?}");
        assert!(took < PROMPT, "{took:?}");

        script.send_data(": on\n\n".into()).await.expect("the stream is open");
        stream.expect(": on\n\n").await;
        assert_allowed(&applied.send("read", alice).await.1);
        let (_, answer) = applied.send("read", alice).await;
        assert_limited_by("default", &answer, "1", "read", "/tools/read/limits/0");

        // A new token works at once.
        let own = applied.file.to_str().expect("text");
        let bob = command(&["grant", "new", "bob", own], "");
        applied.apply();
        assert_allowed(&applied.send("read", bob.trim()).await.1);
        // Another host is still not this gateway's name.
        let mut foreign = call("read", &json!({}), "1", &[("authorization", &format!("Bearer {}", bob.trim()))]);
        foreign.host = "evil.example".into();
        assert_eq!(applied.gateway.send("mcp", &foreign).await.status, 421);
    });
}

#[test]
fn a_policy_with_mistakes_is_not_applied() {
    run(async {
        let (applied, tokens) = Applied::start("dynamic-mistaken", &configuration(), &["alice"]).await;
        let good = fs::read_to_string(&applied.file).expect("the configuration");
        let files = fs::read_to_string(applied.folder.join("mcp-policy.json")).expect("the filter");
        for (from, to, why) in [
            ("\"deny\"", "\"maybe\"", "/policy/default"),
            ("{", "", "the policy does not load"),
            ("\"policy\"", r#""protocol":{"max_body_bytes":9999999},"policy""#, "this changes more than the filter"),
        ] {
            fs::write(&applied.file, good.replacen(from, to, 1)).expect("a file");
            let (code, stderr) = applied.try_apply();
            assert!(code == 1 && stderr.contains(why), "{code}: {stderr}");
            assert_eq!(fs::read_to_string(applied.folder.join("mcp-policy.json")).expect("the filter"), files);
        }
        assert_allowed(&applied.send("read", &tokens[0]).await.1);
    });
}

#[test]
fn many_changes_under_load_lose_no_call_and_count_each() {
    run(async {
        let limit = json!({ "counter": "reads", "window": crate::clock::long_window(), "max": 1_000_000_000, "scope": "grant" });
        let policy = json!({ "version": "1", "default": "deny", "tools": { "read": { "limits": [limit] } } });
        let (applied, tokens) =
            Applied::start("dynamic-load", &json!({ "policy": policy, "identity": [{ "tokens": {} }] }), &["alice"])
                .await;
        let good = fs::read_to_string(&applied.file).expect("the configuration");
        let (gateway, token) = (applied.gateway.clone(), tokens[0].clone());
        let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
        let load = tokio::spawn(async move {
            let mut sent = 0_u64;
            let mut stopped = stopped;
            while stopped.try_recv().is_err() {
                let request = call("read", &json!({}), "1", &[("authorization", &format!("Bearer {token}"))]);
                assert_allowed(&gateway.send("mcp", &request).await);
                sent += 1;
            }
            sent
        });
        let applied = tokio::task::spawn_blocking(move || {
            for round in 0..20 {
                let is_mistaken = round == 7 || round == 13;
                let text = if is_mistaken {
                    good.replacen("\"deny\"", "\"maybe\"", 1)
                } else {
                    good.replacen("\"version\"", &format!(r#""description":"{round}","version""#), 1)
                };
                fs::write(&applied.file, text).expect("a file");
                assert_eq!(applied.try_apply().0, i32::from(is_mistaken), "{round}");
            }
            applied
        });
        let applied = applied.await.expect("the changes");
        // A load that has ended says why in what follows.
        let _ = stop.send(());
        let sent = load.await.expect("no call is lost");
        assert!(sent > 20, "{sent}");
        let left = applied.send("read", &tokens[0]).await;
        assert_allowed(&left.1);
        let counted = applied.gateway.metrics().await;
        let allowed: u64 = counted
            .iter()
            .filter(|(name, _)| {
                name.contains("mcp_policy_decisions") && name.contains("tool=.=read") && name.contains("allowed")
            })
            .map(|(_, count)| count)
            .sum();
        assert_eq!(allowed, sent + 1, "{counted:?}");
    });
}
