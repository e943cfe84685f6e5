//! Whose calls count together: callers, filters, listeners.

use super::{KREA, pasted, with_options};
use crate::{
    answer::{DENIED, assert_allowed, assert_denied, assert_error, assert_limited},
    client::{Request, call},
    clock,
    gateway::{Gateway, Listener, json_text},
    runtime::run,
};
use serde_json::json;

/// The rule that limits the sample tool.
const RULE: &str = "/tools/generate_image/limits/0";

/// A call of the sample tool.
fn generate(headers: &[(&str, &str)]) -> Request {
    call("generate_image", &json!({"prompt": "x"}), "1", headers)
}

/// Sends `request` as often as the minute allows, and once more to see that it does.
async fn use_up(gateway: &Gateway, listener: &str, request: &Request) {
    for _ in 0..10 {
        assert_allowed(&gateway.send(listener, request).await);
    }
    assert_limited(&gateway.send(listener, request).await, "1", "generate_image", RULE);
}

#[test]
fn another_caller_has_a_count_of_its_own() {
    run(async {
        let identity = json!({"identity": [{"header": "x-agent-id"}]});
        let listener = Listener::new("named", with_options(KREA, &identity));
        let gateway = Gateway::start("samples-callers", &[listener]).await;
        clock::room_in_minute(10).await;
        use_up(&gateway, "named", &generate(&[("x-agent-id", "agent-1")])).await;
        use_up(&gateway, "named", &generate(&[("x-agent-id", "agent-2")])).await;
        // Names are compared as they are; a call without one has no identity, and neither has one with two.
        use_up(&gateway, "named", &generate(&[("x-agent-id", "Agent-1")])).await;
        assert_denied(&gateway.send("named", &generate(&[])).await, "1", "generate_image", "(no identity)");
        let twice = generate(&[("x-agent-id", "agent-3"), ("x-agent-id", "agent-4")]);
        assert_error(&gateway.send("named", &twice).await, 200, DENIED, "1");
    });
}

#[test]
fn one_bearer_token_identifies_a_caller_and_two_do_not() {
    run(async {
        let listener = Listener::new("bearer", with_options(KREA, &json!({"identity": [{"bearer": true}]})));
        let gateway = Gateway::start("samples-bearers", &[listener]).await;
        clock::room_in_minute(10).await;
        let (first, second) = (("authorization", "Bearer first"), ("authorization", "bearer second"));
        use_up(&gateway, "bearer", &generate(&[first])).await;
        use_up(&gateway, "bearer", &generate(&[second])).await;
        for headers in [&[][..], &[("authorization", "Basic Zmlyc3Q6")], &[("authorization", "Bearer ")]] {
            let answer = gateway.send("bearer", &generate(headers)).await;
            assert_denied(&answer, "1", "generate_image", "(no identity)");
        }
        // Otherwise one token in two spellings would be two callers.
        let both = gateway.send("bearer", &generate(&[first, second])).await;
        assert!(!both.is_upstreams(), "{both}");
    });
}

#[test]
fn the_address_identifies_a_caller_by_default() {
    run(async {
        let gateway = Gateway::start("samples-addresses", &[pasted("krea", KREA).proxy_protocol()]).await;
        clock::room_in_minute(12).await;
        let from = |address| generate(&[]).proxied_from(address);
        use_up(&gateway, "krea", &from("10.0.0.7")).await;
        use_up(&gateway, "krea", &from("10.0.0.8")).await;
        // An IPv6 host may choose any address of its /64.
        use_up(&gateway, "krea", &from("2001:db8::1")).await;
        let neighbour = gateway.send("krea", &from("2001:db8::ffff:2")).await;
        assert_limited(&neighbour, "1", "generate_image", RULE);
        assert_allowed(&gateway.send("krea", &from("2001:db8:0:1::1")).await);
    });
}

#[test]
fn a_forged_forwarding_header_is_no_new_caller() {
    run(async {
        let gateway = Gateway::start("samples-forged", &[pasted("krea", KREA)]).await;
        clock::room_in_minute(8).await;
        use_up(&gateway, "krea", &generate(&[])).await;
        for headers in [
            [("x-forwarded-for", "203.0.113.9"), ("x-real-ip", "203.0.113.9")],
            [("x-forwarded-for", "203.0.113.9, 198.51.100.1"), ("forwarded", "for=203.0.113.9")],
            [("x-forwarded-for", "203.0.113.9"), ("x-forwarded-for", "203.0.113.10")],
            [("x-envoy-external-address", "203.0.113.9"), ("x-agent-id", "another-agent")],
        ] {
            let answer = gateway.send("krea", &generate(&headers)).await;
            assert_limited(&answer, "1", "generate_image", RULE);
        }
    });
}

#[test]
fn an_address_from_a_header_identifies_no_caller() {
    run(async {
        let listener = pasted("krea", KREA).believes_forwarding_headers();
        let gateway = Gateway::start("samples-believing", &[listener]).await;
        let answer = gateway.send("krea", &generate(&[("x-forwarded-for", "203.0.113.9")])).await;
        assert_denied(&answer, "1", "generate_image", "(no identity)");
        assert_allowed(&gateway.send("krea", &generate(&[])).await);
    });
}

#[test]
fn filters_count_apart_and_listeners_of_one_filter_together() {
    run(async {
        let listeners = [
            pasted("a", KREA),
            pasted("b", KREA),
            pasted("c-one", KREA).plugin("c"),
            pasted("c-two", KREA).plugin("c"),
        ];
        let gateway = Gateway::start("samples-filters", &listeners).await;
        clock::room_in_minute(10).await;
        for listener in ["a", "b", "c-one"] {
            use_up(&gateway, listener, &generate(&[])).await;
        }
        assert_limited(&gateway.send("c-two", &generate(&[])).await, "1", "generate_image", RULE);
    });
}

#[test]
fn tools_that_name_one_counter_use_it_up_together() {
    run(async {
        let limit = json!({"counter": "both", "window": "day", "max": 3, "scope": "global"});
        let policy = json!({"version": "1", "default": "deny", "tools": {
            "one": {"limits": [limit]}, "two": {"limits": [limit]},
        }});
        let gateway =
            Gateway::start("samples-counter", &[Listener::new("shared", json_text(&policy.to_string()))]).await;
        clock::room_in_minute(5).await;
        for tool in ["one", "two", "one"] {
            assert_allowed(&gateway.send("shared", &call(tool, &json!({}), "1", &[])).await);
        }
        let answer = gateway.send("shared", &call("two", &json!({}), "1", &[])).await;
        let data = assert_limited(&answer, "1", "two", "/tools/two/limits/0");
        let mut told = limit.clone();
        told["cost"] = json!(1);
        told["remaining"] = json!(0);
        assert_eq!(data["limit"], told, "{answer}");
    });
}
