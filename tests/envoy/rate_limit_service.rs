//! Several Envoys share one count, which a service keeps: one that speaks gRPC by Google's own library.

mod failing;
mod service;
mod shared;

use crate::{
    answer::{assert_allowed, assert_error, assert_limited},
    client::{Request, Response, call},
    gateway::{Gateway, Listener, json_text},
};
use serde_json::{Value, json};
use std::net::SocketAddr;

/// How long the service may take where it is expected to answer, in milliseconds.
const PATIENT: u32 = 10_000;

/// A tool's rule: so many calls a day for each caller, by a counter of its own.
fn limited(counter: &str, max: u32) -> Value {
    json!({ "limits": [{ "counter": counter, "window": "day", "max": max, "scope": "grant" }] })
}

/// A listener of this name in one header mode, under a policy with these tools, whose limits the service in a cluster counts.
fn gate(name: &str, mode: &str, tools: &Value, service: &Value) -> Listener {
    let configuration = json!({
        "policy": { "version": "1", "default": "deny", "tools": tools },
        "identity": [{ "header": "x-agent" }],
        "protocol": { "headers": mode },
        "limits": { "service": service },
    });
    Listener::new(name, json_text(&configuration.to_string())).in_mode(mode)
}

/// Envoys in front of one service, each with a listener in each header mode.
async fn fleet<const N: usize>(name: &str, tools: &Value, service: SocketAddr) -> [Gateway; N] {
    let patient = json!({ "cluster": "counts", "timeout_ms": PATIENT });
    let [hold, release] = crate::forwarding::MODES.map(|mode| gate(mode, mode, tools, &patient));
    let listeners = [hold.counted_by(service), release];
    let mut gateways = Vec::new();
    for n in 0..N {
        gateways.push(Gateway::start(&format!("fleet-{name}-{n}"), &listeners).await);
    }
    gateways.try_into().unwrap_or_else(|_| panic!("as many as were asked for"))
}

/// A call by an agent.
fn by(agent: &str, tool: &str, arguments: &Value) -> Request {
    call(tool, arguments, "7", &[("x-agent", agent)])
}

/// Asserts that a call was denied because the service did not count it.
#[track_caller]
fn assert_uncounted(answer: &Response) {
    let why = "the gateway could not complete its checks, so it did not forward the call; repeat it later";
    let error = assert_error(answer, 200, -32603, "7");
    assert_eq!(error["message"], why, "{answer}");
}
