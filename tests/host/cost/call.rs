//! Calls of a tool with a limit, as Envoy hands them over. How many instructions they take is a part of what the filter costs
//! each request; `tests/bench` measures the whole in an Envoy. A tenth more than was measured is too much.

use std::sync::Arc;

use serde_json::json;
use sha2::{Digest as _, Sha256};

use super::{allowed_instructions, repeated_instructions};
use crate::{
    proxy::{Part, Shared, Worker},
    request::{End, Request, at_an_address, pairs},
};

const TOOL: &str = "generate_image";

/// A call whose body has so many bytes, with the headers that a client of the Python SDK sends and Envoy adds.
fn call(tool: &str, size: usize) -> Request {
    call_with_text(tool, size, "x")
}

/// The same with an argument that repeats a text, which JSON may write with escapes.
fn call_with_text(tool: &str, size: usize, text: &str) -> Request {
    let body = |prompt: &str| {
        let arguments = json!({ "prompt": prompt, "model": "large", "n": 1, "seed": 4711, "tags": ["a", "b"] });
        json!({ "jsonrpc": "2.0", "id": 17, "method": "tools/call", "params": { "name": tool, "arguments": arguments } })
            .to_string()
    };
    let (room, written) = (size - body("").len(), json!(text).to_string().len() - 2);
    let prompt = text.repeat(room / written) + &"x".repeat(room % written);
    let headers = pairs(&[
        (":authority", "gateway.example:10000"),
        (":path", "/mcp"),
        (":method", "POST"),
        (":scheme", "http"),
        ("accept", "application/json, text/event-stream"),
        ("content-type", "application/json"),
        ("mcp-protocol-version", "2025-06-18"),
        ("mcp-session-id", "3f0c6a0e-8f3b-4b0f-9d5c-9a6a2f0e7c11"),
        ("user-agent", "python-httpx/0.28.1"),
        ("content-length", &size.to_string()),
        ("x-forwarded-for", "10.0.0.7"),
        ("x-forwarded-proto", "http"),
        ("x-request-id", "0f3a4a3f-5a6b-4c7d-8e9f-a0b1c2d3e4f5"),
    ]);
    Request { headers, chunks: vec![body(&prompt).into_bytes()], end: End::Flag }
}

/// The instructions that a call takes with its answer, when the same has come a few times.
fn cost(max: u32, request: &Request) -> u64 {
    let limit = json!({ "counter": "calls", "window": "day", "max": max, "scope": "grant" });
    let policy = json!({ "version": "1", "default": "deny", "tools": { TOOL: { "limits": [limit] } } });
    let mut worker = Worker::metered(&Arc::new(Shared::prepared()));
    let text = json!({ "policy": policy, "protocol": { "headers": "hold" } }).to_string();
    assert!(worker.configure(&text), "{:?}", worker.world().log);
    worker.world().properties = at_an_address();
    repeated_instructions(&mut worker, |worker| {
        let mut stream = request.send(worker);
        if stream.replies.is_empty() {
            let head =
                [(":status", "200"), ("content-type", "application/json"), ("x-envoy-upstream-service-time", "1")];
            stream.answer(worker, Part::Head(&head), false);
            stream.answer(worker, Part::Body(br#"{"jsonrpc":"2.0","id":17,"result":{}}"#), true);
        }
        stream.close(worker);
    })
}

#[test]
fn a_call_takes_few_instructions_whatever_becomes_of_it() {
    let lines = "a line with \"quotes\" and its end: three escapes\n";
    let cases = [
        ("allowed", u32::MAX, call(TOOL, 300), 48_500),
        ("denied", u32::MAX, call("drop_table", 300), 47_500),
        ("limited", 1, call(TOOL, 300), 62_700),
        ("allowed", u32::MAX, call(TOOL, 64 << 10), 154_000),
        ("denied", u32::MAX, call("drop_table", 64 << 10), 153_000),
        ("limited", 1, call(TOOL, 64 << 10), 168_500),
        ("allowed, with escapes", u32::MAX, call_with_text(TOOL, 64 << 10, lines), 342_000),
    ];
    let costs = cases.map(|(what, max, request, most)| {
        let (size, cost) = (request.chunks.concat().len(), cost(max, &request));
        println!("{what}, {size} bytes: {cost} instructions");
        (what, size, cost, most)
    });
    for (what, size, cost, most) in costs {
        assert!(cost < most, "{what}, {size} bytes: {cost}");
    }
}

/// The instructions of a call with a token of so many that the configuration lists, and of one with another token, when the same has
/// come a few times.
fn costs_with_tokens(count: usize) -> [u64; 2] {
    let tokens: serde_json::Map<String, serde_json::Value> = (0..count)
        .map(|number| {
            let digest = Sha256::digest(token(number)).iter().map(|byte| format!("{byte:02x}")).collect::<String>();
            (format!("agent-{number:05}"), json!({ "sha256": digest, "expires": "2999-01-31" }))
        })
        .collect();
    let limit = json!({ "counter": "calls", "window": "day", "max": u32::MAX, "scope": "grant" });
    let policy = json!({ "version": "1", "default": "deny", "tools": { TOOL: { "limits": [limit] } } });
    let mut worker = Worker::metered(&Arc::new(Shared::prepared()));
    let text = json!({ "policy": policy, "protocol": { "headers": "hold" }, "identity": [{ "tokens": tokens }] });
    assert!(worker.configure(&text.to_string()), "{:?}", worker.world().log);
    [(9, true), (999_999, false)].map(|(number, is_listed)| {
        let mut request = call(TOOL, 300);
        request.headers.extend(pairs(&[("authorization", &format!("Bearer {}", token(number)))]));
        repeated_instructions(&mut worker, |worker| {
            let mut stream = request.send(worker);
            assert_eq!(stream.replies.is_empty(), is_listed);
            stream.close(worker);
        })
    })
}

/// A token as long as those of `mcp-policy grant`.
fn token(number: usize) -> String {
    format!("mcpg_{number:072}")
}

#[test]
fn a_call_costs_the_same_with_ten_tokens_and_ten_thousand() {
    let [few, many] = [10, 10_000].map(costs_with_tokens);
    for ((few, many), whose) in few.into_iter().zip(many).zip(["a listed token", "another token"]) {
        println!("{whose}: {few} instructions with 10 tokens, {many} with 10,000");
        assert!(many.abs_diff(few) * 20 <= few, "{whose}: {few} and {many}");
    }
}

/// The instructions of an allowed call under this configuration, when the same has come a few times.
fn cost_under(tools: &serde_json::Value, claims: bool) -> u64 {
    let identity = if claims { json!([{ "constant": "agents" }]) } else { json!([{ "address": true }]) };
    let policy = json!({ "version": "1", "default": "deny", "tools": tools });
    let mut configuration = json!({ "policy": policy, "protocol": { "headers": "hold" }, "identity": identity });
    if claims {
        configuration["claims"] = "agent".into();
    }
    let mut worker = Worker::metered(&Arc::new(Shared::prepared()));
    assert!(worker.configure(&configuration.to_string()), "{:?}", worker.world().log);
    worker.world().properties = at_an_address();
    worker.world().properties.insert(b"metadata".to_vec(), claims.then(metadata));
    let request = call(TOOL, 300);
    allowed_instructions(&mut worker, &request)
}

/// The dynamic metadata of Envoy's with the claims of a token: `groups`, a list of three, and ten others.
fn metadata() -> Vec<u8> {
    let field = |number: u8, content: &[u8]| {
        let length = [
            u8::try_from(content.len() & 0x7f).expect("seven bits") | 0x80,
            u8::try_from(content.len() >> 7).expect("a short claim"),
        ];
        [&[number << 3 | 2][..], &length, content].concat()
    };
    let entry = |name: &str, value: &[u8]| field(1, &[field(1, name.as_bytes()), field(2, value)].concat());
    let text = |text: &str| field(3, text.as_bytes());
    let groups: Vec<u8> = ["support", "billing", "staff"].iter().flat_map(|group| field(1, &text(group))).collect();
    let others = (0..10).flat_map(|number| entry(&format!("claim-{number}"), &text("a value of some length")));
    let claims: Vec<u8> = others.chain(entry("groups", &field(6, &groups))).collect();
    entry("envoy.filters.http.jwt_authn", &entry("agent", &field(5, &claims)))
}

#[test]
fn rules_on_the_caller_the_time_and_the_history_cost_little() {
    let limit = json!({ "counter": "calls", "window": "day", "max": u32::MAX, "scope": "grant" });
    let require = |condition: serde_json::Value| json!({ TOOL: { "require": [{ "conditions": [condition] }] } });
    let free = cost_under(&json!({ TOOL: {} }), false);
    let limited = cost_under(&json!({ TOOL: { "limits": [limit] } }), false);
    let only_counted = json!({ "counter": "calls", "window": "day", "scope": "grant" });
    let keyed =
        json!({ "counter": "calls", "window": "day", "max": u32::MAX, "scope": "grant", "key": ["args.model"] });
    let same_call = json!({ "counter": "calls", "window": "day", "max": u32::MAX, "scope": "grant", "key": "call" });
    let history = json!({
        TOOL: { "require": [{ "conditions": [{ "counter": "c", "op": "lt", "value": 5 }] }] },
        "other": { "limits": [{ "counter": "c", "window": "day", "scope": "grant" }] },
    });
    // A policy without conditions skips steps, so the first condition costs these, too.
    let cases = [
        ("the time", require(json!({ "path": "now.hour", "op": "lte", "value": 23 })), false, free, 5_200),
        ("the grant", require(json!({ "path": "caller.grant", "op": "exists", "value": true })), false, free, 4_600),
        (
            "a claim",
            require(json!({ "path": "caller.claims.groups", "op": "has_scope", "value": "billing" })),
            true,
            free,
            42_000,
        ),
        ("a counter", history, false, free, 8_800),
        ("a limit that only counts", json!({ TOOL: { "limits": [only_counted] } }), false, limited, 1_000),
        ("a limit by an argument", json!({ TOOL: { "limits": [keyed] } }), false, limited, 31_000),
        ("a limit by the whole call", json!({ TOOL: { "limits": [same_call] } }), false, limited, 63_000),
    ];
    println!("free: {free} instructions, limited: {limited}");
    let costs = cases.map(|(what, tools, claims, base, most)| {
        let cost = cost_under(&tools, claims);
        println!("{what}: {} instructions more", i128::from(cost) - i128::from(base));
        (what, cost, base + most)
    });
    for (what, cost, most) in costs {
        assert!(cost < most, "{what}: {cost}, at most {most}");
    }
}
