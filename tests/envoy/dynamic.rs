//! `render envoy --dynamic` and `mcp-policy apply`: another policy takes over in a running Envoy.

use crate::{
    answer::{assert_allowed, assert_limited_by},
    client::{Request, Stream, call, send},
    command::{command, try_command},
    gateway::{Gateway, module, render, validate},
    runtime::{run, until},
};
use serde_json::{Value, json};
use std::{
    collections::BTreeMap,
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

/// The entries of calls in the access log, once there are so many.
async fn entries(gateway: &Gateway, count: u64) -> Vec<Value> {
    until("all calls are in the access log", || async {
        let log = gateway.log();
        let entries = log.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
        let entries: Vec<Value> = entries.filter(|entry| entry["mcp_decision"].is_string()).collect();
        (entries.len() as u64 >= count).then_some(entries)
    })
    .await
}

/// The whole record of an entry.
fn record(entry: &Value) -> Value {
    serde_json::from_str(entry["mcp"].as_str().expect("a record")).expect("JSON")
}

/// How often the policy changes under load, and which of the changes have a mistake.
const CHANGES: usize = 50;
const MISTAKEN: [usize; 2] = [17, 34];

/// What the load saw.
#[derive(Default)]
struct Seen {
    /// Calls that passed.
    allowed: u64,
    /// Each denied call, by its number in Envoy, with the reason that its answer gives.
    denied: BTreeMap<String, String>,
}

/// Calls `read`, which every version allows, and `write`, which every version denies with a reason of its own, until `stopped`. It panics
/// where a call is lost.
async fn load(gateway: Gateway, token: String, mut stopped: tokio::sync::oneshot::Receiver<()>) -> Seen {
    let mut seen = Seen::default();
    while stopped.try_recv().is_err() {
        let ask = |tool| call(tool, &json!({}), "1", &[("authorization", &format!("Bearer {token}"))]);
        assert_allowed(&gateway.send("mcp", &ask("read")).await);
        seen.allowed += 1;
        let answer = gateway.send("mcp", &ask("write")).await;
        let data = &answer.json()["error"]["data"];
        let text = |key: &str| data[key].as_str().unwrap_or_else(|| panic!("{answer}")).to_owned();
        seen.denied.insert(text("requestId"), text("reason"));
    }
    seen
}

#[test]
fn a_policy_that_changes_fifty_times_under_load_loses_no_call_and_judges_each_by_one_version() {
    run(async {
        let limit = json!({ "counter": "reads", "window": crate::clock::long_window(), "max": 1_000_000_000, "scope": "grant" });
        let policy = json!({ "version": "1", "default": "deny", "tools": {
            "read": { "limits": [limit] }, "write": { "action": "deny", "reason": "version first" },
        } });
        let options = json!({ "policy": policy, "identity": [{ "tokens": {} }], "audit": { "log": "none" } });
        let (applied, tokens) = Applied::start("dynamic-load", &options, &["alice", "bob"]).await;
        let good = fs::read_to_string(&applied.file).expect("the configuration");
        let (mut stops, mut clients) = (Vec::new(), Vec::new());
        for token in &tokens {
            let (stop, stopped) = tokio::sync::oneshot::channel();
            stops.push(stop);
            clients.push(tokio::spawn(load(applied.gateway.clone(), token.clone(), stopped)));
        }
        let applied = tokio::task::spawn_blocking(move || {
            for change in 0..CHANGES {
                let is_mistaken = MISTAKEN.contains(&change);
                let text = good.replacen("version first", &format!("version {change}"), 1);
                let text = if is_mistaken { text.replacen("\"deny\"", "\"maybe\"", 1) } else { text };
                fs::write(&applied.file, text).expect("a file");
                assert_eq!(applied.try_apply().0, i32::from(is_mistaken), "{change}");
            }
            applied
        });
        let applied = applied.await.expect("the changes");
        for stop in stops {
            // A client that has ended says why in what follows.
            let _ = stop.send(());
        }
        let mut all = Vec::new();
        for client in clients {
            all.push(client.await.expect("no call is lost"));
        }

        // Each version has one digest, and each digest one version: no call was judged by parts of two.
        let (mut digests, mut versions) = (BTreeMap::new(), BTreeMap::new());
        let allowed: u64 = all.iter().map(|seen| seen.allowed).sum();
        let denied: u64 = all.iter().map(|seen| seen.denied.len() as u64).sum();
        for token in &tokens {
            assert_allowed(&applied.send("read", token).await.1);
        }
        let entries = entries(&applied.gateway, allowed + denied + 2).await;
        for (id, reason) in all.iter().flat_map(|seen| &seen.denied) {
            let entry = entries.iter().find(|entry| entry["mcp_request_id"] == **id).expect("the call is in the log");
            assert_eq!(
                [
                    &entry["mcp_decision"],
                    &entry["mcp_rule"],
                    &entry["mcp_policy"],
                    &entry["mcp_method"],
                    &entry["mcp_tool"]
                ],
                ["denied", "/tools/write/action", "default", "tools/call", "write"]
            );
            let config = record(entry)["config"].as_str().expect("a digest").to_owned();
            assert_eq!(digests.entry(reason.clone()).or_insert_with(|| config.clone()), &config, "{reason}");
            assert_eq!(versions.entry(config).or_insert_with(|| reason.clone()), reason);
        }
        for change in MISTAKEN {
            assert!(!digests.keys().any(|reason| reason.ends_with(&format!("version {change}"))), "{digests:?}");
        }
        println!("{allowed} calls passed, and {} versions denied others", digests.len());
        assert!(allowed > 200 && digests.len() > CHANGES / 3, "{allowed}, {}", digests.len());

        // Every call was counted once, by the statistics and by each caller's own counter.
        let counted = applied.gateway.metrics().await;
        let count = |decision: &str, tool: &str| -> u64 {
            let is_it = |name: &str| {
                name.ends_with("mcp_policy_decisions")
                    && name.contains(&format!("tool=.={tool};"))
                    && name.contains(decision)
            };
            counted.iter().filter(|(name, _)| is_it(name)).map(|(_, count)| count).sum()
        };
        assert_eq!((count("allowed", "read"), count("denied", "write")), (allowed + 2, denied), "{counted:?}");
        for (caller, seen) in ["token:alice", "token:bob"].iter().zip(&all) {
            let own = entries.iter().filter(|entry| entry["mcp_grant"] == **caller && entry["mcp_tool"] == "read");
            let left = own.filter_map(|entry| record(entry)["remaining"]["reads"].as_u64()).min();
            assert_eq!(left, Some(1_000_000_000 - seen.allowed - 1), "{caller}");
        }
    });
}

/// The module under test with another name on it.
fn another_module(applied: &Applied) -> PathBuf {
    let mut bytes = fs::read(module()).expect("the module");
    // A custom section, which is ignored: its length, that of its name, and its name.
    bytes.extend([0, 2, 1, b'v']);
    let file = applied.file.with_file_name("another.wasm");
    fs::write(&file, bytes).expect("a file");
    file
}

#[test]
fn another_module_takes_over_without_a_restart_and_the_old_one_comes_back() {
    run(async {
        let mut options = configuration();
        options["policy"]["tools"]["pay"] = json!({ "action": "require_approval" });
        let (applied, tokens) = Applied::start("dynamic-module", &options, &["alice"]).await;
        let alice = &tokens[0];
        let request = Request::new("GET", "/mcp")
            .header("accept", "text/event-stream")
            .header("authorization", &format!("Bearer {alice}"));
        let mut script = applied.gateway.upstream().script(&request, 200, &[("content-type", "text/event-stream")]);
        let mut stream = Stream::open(applied.gateway.at("mcp"), &request).await;
        let pending = async || {
            let (_, answer) = applied.send("pay", alice).await;
            answer.json()["error"]["data"]["approval"]["id"].as_str().unwrap_or_else(|| panic!("{answer}")).to_owned()
        };
        let first = pending().await;
        let upstream = format!("http://{}", applied.gateway.upstream().address);
        let another = another_module(&applied);
        for (module, has_other) in [(&another, true), (&module(), false)] {
            assert_allowed(&applied.send("read", alice).await.1);
            let [file, folder, module] =
                [&applied.file, &applied.folder, module].map(|path| path.to_str().expect("text"));
            let options = ["--port", "0", "--admin-port", "0", "--console-port", "0", "--upstream", &upstream];
            command(&[&["render", "envoy", file, "--dynamic", folder, "--module", module][..], &options].concat(), "");
            until("Envoy has the module", || async {
                let dump =
                    send(applied.gateway.admin(), &Request::new("GET", "/config_dump?resource=ecds_filters")).await;
                (dump.text().contains("another.wasm") == has_other).then_some(())
            })
            .await;
            // Every worker takes it up a moment later.
            tokio::time::sleep(PROMPT).await;
            assert_eq!(pending().await, first, "the approval is still pending");
        }
        script.send_data(": on\n\n".into()).await.expect("the stream is open");
        stream.expect(": on\n\n").await;
        let (_, answer) = applied.send("read", alice).await;
        assert_limited_by("default", &answer, "1", "read", "/tools/read/limits/0");
    });
}
