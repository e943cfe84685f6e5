//! One count for all.

use super::{PATIENT, assert_allowed, assert_limited, by, fleet, limited, service::Service};
use crate::{
    client::{self, Connection, Request},
    forwarding::{MODES, leak},
    gateway::Gateway,
    runtime::{run, until},
};
use serde_json::{Value, json};
use std::time::Duration;
use tokio::task::JoinSet;

/// What the service is to be asked of one counter.
fn descriptor(counter: &str, identity: &str, max: u32, hits: &str) -> Value {
    let entries = [("policy", "default"), ("counter", counter), ("identity", identity)];
    let entries = entries.map(|(key, value)| json!({ "key": key, "value": value }));
    json!({ "entries": entries, "limit": { "requests_per_unit": max, "unit": "DAY" }, "hits_addend": hits })
}

#[test]
fn of_six_calls_through_two_envoys_the_three_that_the_limit_allows_get_through() {
    run(async {
        let Some(service) = Service::start("six").await else { return };
        let tools = json!({ "reported": limited("reported", 3), "unreported": limited("silent", 3) });
        let gateways: [_; 2] = fleet("six", &tools, service.address).await;
        let mut asked = 0;
        for (mode, tool, counter) in
            MODES.into_iter().flat_map(|mode| [(mode, "reported", "reported"), (mode, "unreported", "silent")])
        {
            for agent in ["alice", "bob"].map(|name| format!("{name}-{mode}")) {
                for n in 0..6 {
                    let (gateway, request) = (&gateways[n % 2], by(&agent, tool, &json!({})));
                    let version = client::VERSIONS[n / 2 % 2];
                    let answer = client::try_send_over(version, gateway.at(mode), &request).await;
                    let answer = answer.unwrap_or_else(|none| panic!("{none}"));
                    if n < 3 {
                        assert_allowed(&answer);
                        let seen = gateway.upstream().seen(&request);
                        assert_eq!((seen.len(), &seen[0].body), (1, &request.body.bytes()), "once, byte for byte");
                    } else {
                        let data = assert_limited(&answer, "7", tool, &format!("/tools/{tool}/limits/0"));
                        let limit =
                            json!({ "counter": counter, "window": "day", "max": 3, "scope": "grant", "cost": 1 });
                        assert_eq!(data["limit"], limit, "{answer}");
                        let wait = data["retryAfterMs"].as_u64().expect("a time");
                        // It began a moment ago; where the service tells no time, it is that of the calendar.
                        let least = if tool == "reported" { 86_000_000 } else { 1 };
                        assert!((least..=86_400_000).contains(&wait), "{answer}");
                        let header: u64 = answer.header("retry-after").and_then(|s| s.parse().ok()).expect("a time");
                        assert_eq!(header, wait.div_ceil(1000), "{answer}");
                        assert_eq!(leak(mode, &gateway.upstream().settled(&request).await), None);
                    }
                }
                let identity = format!("header:{agent}");
                let question = json!({
                    "domain": "mcp-policy",
                    "descriptors": [descriptor(counter, &identity, 3, "1")],
                    "hits_addend": 1,
                });
                let all = service.asked();
                assert_eq!(all[asked..], vec![question; 6]);
                asked = all.len();
            }
        }
        for gateway in gateways {
            assert_eq!(gateway.metrics().await.get("mcp_policy_limits_unanswered"), None);
        }
    });
}

#[test]
fn two_gateways_as_they_are_rendered_share_one_count() {
    run(async {
        let Some(service) = Service::start("rendered").await else { return };
        let policy = json!({ "version": "1", "default": "deny", "tools": { "t": limited("t", 3) } });
        let limits = json!({ "service": { "cluster": "limits", "timeout_ms": PATIENT } });
        let configuration = json!({ "policy": policy, "limits": limits }).to_string();
        let edit = |rendered: String| {
            let line = "socket_address: { address: limitador, port_value: 8081 }";
            assert_eq!(rendered.matches(line).count(), 1, "one line to edit");
            let port = service.address.port();
            rendered.replace(line, &format!("socket_address: {{ address: 127.0.0.1, port_value: {port} }}"))
        };
        let one = Gateway::start_changed("fleet-rendered-0", &configuration, edit).await;
        let other = Gateway::start_changed("fleet-rendered-1", &configuration, edit).await;
        let mut passed = 0;
        for gateway in [&one, &other, &one, &other, &one, &other] {
            passed += usize::from(gateway.send("mcp", &by("", "t", &json!({}))).await.is_upstreams());
        }
        assert_eq!(passed, 3);
    });
}

#[test]
fn callers_share_a_global_counter_and_sessions_are_identified_by_digests() {
    run(async {
        let Some(service) = Service::start("scopes").await else { return };
        let scope = |counter: &str, scope: &str| json!({ "limits": [{ "counter": counter, "window": "day", "max": 1, "scope": scope }] });
        let tools = json!({ "everybody": scope("everybody", "global"), "session": scope("session", "session") });
        let [one, other] = fleet("scopes", &tools, service.address).await;
        assert_allowed(&one.send("hold", &by("alice", "everybody", &json!({}))).await);
        let answer = other.send("release", &by("bob", "everybody", &json!({}))).await;
        assert_limited(&answer, "7", "everybody", "/tools/everybody/limits/0");
        let secret = "secret-session-of-alice";
        let in_session = |session: &str| {
            by("alice", "session", &json!({}))
                .header("mcp-session-id", session)
                .header("mcp-protocol-version", "2025-06-18")
        };
        assert_allowed(&one.send("hold", &in_session(secret)).await);
        let answer = other.send("hold", &in_session(secret)).await;
        assert_limited(&answer, "7", "session", "/tools/session/limits/0");
        assert_allowed(&other.send("hold", &in_session("another")).await);
        let asked = json!(service.asked()).to_string();
        assert!(asked.contains(r#""value":"*""#) && asked.contains("header:alice session "), "{asked}");
        assert!(!asked.contains(secret), "a session's id lets its bearer in: {asked}");
    });
}

#[test]
fn limits_of_different_cost_are_charged_one_after_the_other() {
    run(async {
        let Some(service) = Service::start("costs").await else { return };
        let tools = json!({ "draw": { "limits": [
            { "counter": "calls", "window": "day", "max": 4, "scope": "grant" },
            { "counter": "pixels", "window": "day", "max": 10, "scope": "grant", "increment_from": "args.n" },
        ] } });
        let gateways: [_; 2] = fleet("costs", &tools, service.address).await;
        let mut asked = 0;
        for mode in MODES {
            let agent = format!("{mode}-agent");
            let identity = format!("header:{agent}");
            // Calls and pixels: 1 and 4, 2 and 8, 3 and no room for 4 more; then no call is left.
            for (n, (pixels, full)) in
                [(4, None), (4, None), (4, Some(1)), (0, None), (0, Some(0))].into_iter().enumerate()
            {
                let answer = gateways[n % 2].send(mode, &by(&agent, "draw", &json!({ "n": pixels }))).await;
                match full {
                    None => assert_allowed(&answer),
                    Some(limit) => {
                        assert_limited(&answer, "7", "draw", &format!("/tools/draw/limits/{limit}"));
                    }
                }
                let question = |descriptor: Value, hits: u32| json!({ "domain": "mcp-policy", "descriptors": [descriptor], "hits_addend": hits });
                let calls = question(descriptor("calls", &identity, 4, "1"), 1);
                let of_pixels = question(descriptor("pixels", &identity, 10, "4"), 4);
                let all = service.asked();
                let expected = if pixels > 0 { vec![calls, of_pixels] } else { vec![calls] };
                assert_eq!(all[asked..], expected, "call {n}");
                asked = all.len();
            }
        }
    });
}

#[test]
fn of_50_calls_at_once_through_two_envoys_exactly_the_20_that_the_limit_allows_get_through() {
    const CALLS: usize = 50;
    run(async {
        let Some(service) = Service::start("burst").await else { return };
        let gateways: [_; 2] = fleet("burst", &json!({ "t": limited("t", 20) }), service.address).await;
        for (round, mode) in (0..5).flat_map(|round| MODES.map(|mode| (round, mode))) {
            let requests: Vec<Request> = (0..CALLS).map(|_| by(&format!("{mode}-{round}"), "t", &json!({}))).collect();
            let mut answers = JoinSet::new();
            for (n, request) in requests.iter().cloned().enumerate() {
                let to = gateways[n % 2].at(mode);
                answers.spawn(async move { client::send(to, &request).await });
            }
            let mut allowed = 0;
            for answer in answers.join_all().await {
                if answer.is_upstreams() {
                    assert_allowed(&answer);
                    allowed += 1;
                } else {
                    assert_limited(&answer, "7", "t", "/tools/t/limits/0");
                }
            }
            let mut reached = 0;
            for (n, request) in requests.iter().enumerate() {
                let seen = gateways[n % 2].upstream().settled(request).await;
                reached += usize::from(leak(mode, &seen).is_some());
            }
            assert_eq!((allowed, reached), (20, 20), "in mode {mode}, round {round}");
        }
    });
}

#[test]
fn a_client_that_disconnects_while_the_service_counts_is_charged_and_not_forwarded() {
    run(async {
        let Some(service) = Service::start("gone").await else { return };
        // The service answers this counter after 400 ms.
        let [gateway] = fleet("gone", &json!({ "t": limited("late", 5) }), service.address).await;
        for mode in MODES {
            let before = service.asked().len();
            for round in 0..3 {
                let request = by(mode, "t", &json!({}));
                let mut connection = Connection::try_open(gateway.at(mode)).await.expect("a connection");
                let waits = tokio::time::timeout(Duration::from_millis(150), connection.try_send(&request)).await;
                assert!(waits.is_err(), "round {round}: the call should wait");
                drop(connection);
                assert_eq!(leak(mode, &gateway.upstream().settled(&request).await), None);
            }
            until("all were asked about", || async { (service.asked().len() == before + 3).then_some(()) }).await;
            // The service has charged them, and takes nothing back.
            for _ in 0..2 {
                assert_allowed(&gateway.send(mode, &by(mode, "t", &json!({}))).await);
            }
            let answer = gateway.send(mode, &by(mode, "t", &json!({}))).await;
            assert_limited(&answer, "7", "t", "/tools/t/limits/0");
        }
    });
}
