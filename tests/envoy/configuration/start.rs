//! What Envoy starts with.

use super::{assert_names, policy, two_mistakes};
use crate::{
    answer::{assert_allowed, assert_denied, assert_limited},
    client::call,
    gateway::{Gateway, Listener, json_text, structure},
    runtime::run,
};
use serde_json::{Value, json};

#[test]
fn envoy_does_not_start_with_mistakes_and_its_log_names_each() {
    run(async {
        let (wrong, expected) = two_mistakes();
        let bad = Listener::new("bad", json_text(&wrong.to_string()));
        let log = Gateway::refusal_to_start("configuration-two-mistakes", &[bad]).await;
        assert_names(&log, &expected);
    });
}

#[test]
fn envoy_does_not_start_with_what_is_no_configuration() {
    run(async {
        let text = |value: Value| value.to_string();
        let good = policy("", &["a"], 1);
        let sliding = json!({"counter": "c", "window": "day", "max": 1, "scope": "grant", "algorithm": "sliding"});
        let sliding = json!({"version": "1", "default": "deny", "tools": {"a": {"limits": [sliding]}}});
        let cases: [(&str, String, &[&str]); 8] = [
            ("empty", String::new(), &[]),
            ("no-json", "{".into(), &[]),
            ("no-object", "[]".into(), &[]),
            ("nothing", "{}".into(), &[]),
            ("twice", r#"{"version":"1","default":"deny","default":"allow","tools":{}}"#.into(), &["/default"]),
            ("in-form-b", text(json!({"policy": {"version": "2", "default": "deny"}})), &["/policy/version"]),
            ("option", text(json!({"policy": good, "protocol": {"headers": "keep"}})), &["/protocol/headers", "hold"]),
            (
                "uncountable",
                text(json!({"policy": sliding, "limits": {"service": {"cluster": "c"}}})),
                &["/policy/tools/a/limits/0/algorithm", "remove `algorithm`"],
            ),
        ];
        for (name, configuration, expected) in cases {
            let bad = Listener::new("bad", json_text(&configuration));
            let log = Gateway::refusal_to_start(&format!("configuration-{name}"), &[bad]).await;
            assert_names(&log, expected);
            assert!(log.contains("wasm log mcp_policy"), "the module itself should say what is wrong:\n{log}");
        }
    });
}

#[test]
fn a_protobuf_struct_configures_like_text() {
    run(async {
        let bare = policy("as a Struct", &["a"], 3);
        let options = json!({"policy": bare, "identity": [{"header": "x-agent-id"}], "protocol": {"headers": "hold"}});
        let listeners = [
            Listener::new("text", json_text(&bare.to_string())),
            Listener::new("struct", structure(&bare)),
            Listener::new("options", structure(&options)),
        ];
        let gateway = Gateway::start("configuration-struct", &listeners).await;
        for listener in ["text", "struct", "options"] {
            let call = |tool| call(tool, &json!({}), "1", &[("x-agent-id", "one")]);
            for _ in 0..3 {
                assert_allowed(&gateway.send(listener, &call("a")).await);
            }
            assert_limited(&gateway.send(listener, &call("a")).await, "1", "a", "/tools/a/limits/0");
            assert_denied(&gateway.send(listener, &call("b")).await, "1", "b", "(default deny)");
        }
    });
}

#[test]
fn a_mistake_in_a_protobuf_struct_is_named_too() {
    run(async {
        let (wrong, expected) = two_mistakes();
        let log =
            Gateway::refusal_to_start("configuration-struct-bad", &[Listener::new("bad", structure(&wrong))]).await;
        assert_names(&log, &expected);
    });
}
