//! Unverified callers can invent any number of identities, and any caller any number of values for the `key` of a limit: memory stays
//! bounded, no count is lost, and those without room in the table share a counter.

mod sender;

use crate::{
    answer::assert_limited,
    client::{Response, call},
    clock,
    gateway::{Gateway, Listener, json_text},
    runtime::run,
};
use sender::{Sent, send_all};
use serde_json::json;
use std::fs;

/// Invented identities.
const CALLERS: usize = 200_000;
/// What the table holds of them: half of `limits.max_counters`, and what workers add side by side.
const ROOM: u64 = 32_768;
/// Calls a day for each caller, and for all together that there is no room for.
const MAX: u64 = 5;
/// Callers that count before the flood and behind it.
const BEFORE: usize = 20;
/// By how much Envoy's memory may grow, in KiB. The table's records have 1.3 MiB.
const MORE_MEMORY: u64 = 16 << 10;

/// Calls the tool, as the header says, or without one as the address.
async fn ask(gateway: &Gateway, address: &'static str, agent: Option<&str>) -> Response {
    let request = call("t", &json!({}), "1", &[]).proxied_from(address);
    let request = agent.into_iter().fold(request, |request, agent| request.header("x-agent-id", agent));
    gateway.send("mcp", &request).await
}

fn passed(answer: &Response) -> bool {
    answer.text() == "passed"
}

/// Kibibytes of memory that a process has.
fn memory(process: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{process}/status")).expect("Linux");
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("its memory");
    line.trim().trim_end_matches(" kB").parse().expect("a number")
}

#[test]
fn random_callers_take_no_count_away_and_bounded_memory() {
    run(async {
        let limit = json!({ "counter": "c", "window": clock::long_window(), "max": MAX, "scope": "grant" });
        let configuration = json!({
            "policy": { "version": "1", "default": "deny", "tools": { "t": { "limits": [limit] } } },
            "identity": [{ "header": "x-agent-id" }, { "address": true }],
            "limits": { "refund": "never" },
            "protocol": { "headers": "hold" },
            "audit": { "log": "none" },
        });
        let listener = Listener::new("mcp", json_text(&configuration.to_string())).proxy_protocol().without_server();
        let gateway = Gateway::start("flood", &[listener]).await;
        let known: Vec<String> = (0..BEFORE).map(|n| format!("known-{n}")).collect();
        for _ in 0..MAX - 2 {
            for agent in &known {
                assert!(passed(&ask(&gateway, "10.0.0.1", Some(agent)).await));
            }
            assert!(passed(&ask(&gateway, "10.0.0.1", None).await));
        }
        // So that what only a first load takes is not counted.
        send_all(gateway.at("mcp"), 2000, |_| ("warm".to_owned(), json!({}))).await;
        let (before, memory_before) = (gateway.metrics().await, memory(gateway.process_id()));

        let begun = clock::now();
        let Sent { passed: through, limited } =
            send_all(gateway.at("mcp"), CALLERS, |n| (format!("{n:x}-{begun}"), json!({}))).await;
        let (after, memory_after) = (gateway.metrics().await, memory(gateway.process_id()));
        println!("{CALLERS} calls in {} ms, {memory_before} to {memory_after} KiB", clock::now() - begun);

        // One record is what those without room share.
        let kept = after["mcp_policy_counters"] - before["mcp_policy_counters"] - 1;
        let all_kept = after["mcp_policy_counters"];
        // Besides, the address's own, the shared one, and what two workers put in side by side.
        assert!((ROOM..=ROOM + 6).contains(&all_kept), "{all_kept} counters");
        assert_eq!(through, kept + MAX, "each is counted, alone or together");
        assert_eq!(u64::try_from(CALLERS), Ok(through + limited), "and all others are refused");
        assert_eq!(after["mcp_policy_overflows"], u64::try_from(CALLERS).expect("a number") - kept);
        assert!(memory_after < memory_before + MORE_MEMORY, "{memory_before} to {memory_after} KiB");

        // Who counted before still does.
        for agent in known.iter().map(|agent| Some(agent.as_str())).chain([None]) {
            for _ in 0..2 {
                assert!(passed(&ask(&gateway, "10.0.0.1", agent).await), "{agent:?}");
            }
            assert_limited(&ask(&gateway, "10.0.0.1", agent).await, "1", "t", "/tools/t/limits/0");
        }
        // A new unverified caller shares a counter; a new verified caller has its own.
        assert_limited(&ask(&gateway, "10.0.0.1", Some("new")).await, "1", "t", "/tools/t/limits/0");
        for _ in 0..MAX {
            assert!(passed(&ask(&gateway, "10.0.0.2", None).await));
        }
        assert_limited(&ask(&gateway, "10.0.0.2", None).await, "1", "t", "/tools/t/limits/0");
    });
}

/// Calls the tool with a value of the key.
async fn push(gateway: &Gateway, agent: &str, repository: &str) -> Response {
    let arguments = json!({ "repo": repository });
    gateway.send("mcp", &call("t", &arguments, "1", &[("x-agent-id", agent)]).proxied_from("10.0.0.1")).await
}

#[test]
fn random_keys_of_one_caller_take_no_room_of_others_and_bounded_memory() {
    /// The live keys that one caller has of one limit at most.
    const KEYS: u64 = 256;
    run(async {
        let limit = json!({
            "counter": "c", "window": clock::long_window(), "max": MAX, "scope": "grant", "key": ["args.repo"],
        });
        let configuration = json!({
            "policy": { "version": "1", "default": "deny", "tools": { "t": { "limits": [limit] } } },
            "identity": [{ "header": "x-agent-id" }],
            "limits": { "refund": "never" },
            "protocol": { "headers": "hold" },
            "audit": { "log": "none" },
        });
        let listener = Listener::new("mcp", json_text(&configuration.to_string())).proxy_protocol().without_server();
        let gateway = Gateway::start("flood-keys", &[listener]).await;
        let known: Vec<String> = (0..BEFORE).map(|n| format!("known-{n}")).collect();
        for agent in &known {
            for _ in 0..MAX - 2 {
                assert!(passed(&push(&gateway, agent, "a").await));
            }
        }
        // So that what only a first load takes is not counted.
        send_all(gateway.at("mcp"), 2000, |_| ("warm".to_owned(), json!({ "repo": "a" }))).await;
        let (before, memory_before) = (gateway.metrics().await, memory(gateway.process_id()));

        let begun = clock::now();
        let sent = send_all(gateway.at("mcp"), CALLERS, |n| ("flood".to_owned(), json!({ "repo": n }))).await;
        let (after, memory_after) = (gateway.metrics().await, memory(gateway.process_id()));
        println!("{CALLERS} keys in {} ms, {memory_before} to {memory_after} KiB", clock::now() - begun);

        assert_eq!(sent.passed, KEYS + MAX, "a call of each key that has a counter, and a few of all others");
        assert_eq!(sent.passed + sent.limited, u64::try_from(CALLERS).expect("a number"));
        // Besides the keys, how many they are, and the count of all others.
        assert_eq!(after["mcp_policy_counters"] - before["mcp_policy_counters"], KEYS + 2);
        assert_eq!(after.get("mcp_policy_overflows").copied().unwrap_or_default(), 0);
        assert!(memory_after < memory_before + MORE_MEMORY, "{memory_before} to {memory_after} KiB");

        // Others have what they had left, and room for keys of their own.
        for agent in &known {
            for _ in 0..2 {
                assert!(passed(&push(&gateway, agent, "a").await), "{agent}");
            }
            assert_limited(&push(&gateway, agent, "a").await, "1", "t", "/tools/t/limits/0");
            assert!(passed(&push(&gateway, agent, "b").await), "{agent}");
        }
        assert!(passed(&push(&gateway, "new", "a").await));
        assert_limited(&push(&gateway, "flood", "another").await, "1", "t", "/tools/t/limits/0");
    });
}
