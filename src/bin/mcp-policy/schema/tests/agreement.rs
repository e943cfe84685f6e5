//! No quarrel between the schema and the reader over what is valid.

use jsonschema::Validator;
use mcp_policy::config::LoadedConfig;
use proptest::{prelude::*, sample::Index};
use serde_json::{Value, json};

use super::validator;

/// A configuration with every key, so that changes to it reach everything.
fn everything() -> Value {
    let conditions: Vec<Value> = [
        ("eq", json!({"a": [1, true, "x"]})),
        ("neq", json!("x")),
        ("in", json!(["a", 1])),
        ("not_in", json!([false])),
        ("lt", json!(1)),
        ("lte", json!(0.5)),
        ("gt", json!(-1)),
        ("gte", json!(1e9)),
        ("regex", json!("^a$")),
        ("contains", json!("x")),
        ("exists", json!(true)),
        ("starts_with", json!("x")),
        ("ends_with", json!("x")),
        ("path_within", json!(["/srv/files", "/"])),
        ("url_host_in", json!(["example.com", "*.example.com", "127.0.0.1", "[::1]"])),
        ("max_length", json!(10)),
        ("max_items", json!(10)),
        ("has_scope", json!("x")),
        ("includes", json!([1])),
        ("path_within", json!({"folders": ["/srv/files", "/"], "base": "/srv"})),
    ]
    .into_iter()
    .map(|(op, value)| json!({"path": "args.a[\"b.c\"][0][*].d", "op": op, "value": value}))
    .chain([
        json!({"path": "caller.grant", "op": "starts_with", "value": "jwt:"}),
        json!({"path": "caller.claims[\"a.b\"][*]", "op": "eq", "value": 1}),
        json!({"path": "now.weekday", "op": "in", "value": ["mon"]}),
        json!({"path": "now.time", "op": "lt", "value": 510}),
        json!({"counter": "d", "op": "lte", "value": 3}),
    ])
    .collect();
    let limit = |counter: &str, more: Value| {
        let mut limit = json!({"counter": counter, "window": "minute", "max": 10, "scope": "grant"});
        limit.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        limit
    };
    json!({
        "policy": {
            "version": "1",
            "default": "deny",
            "description": "x",
            "hide": ["a", "b*"],
            "rules": {
                "one": {
                    "require": [{"conditions": conditions, "on_deny": "x"}],
                    "deny_if": [{"conditions": conditions, "on_deny": "x"}],
                    "require_approval": [{"conditions": conditions, "on_deny": "x", "expires": "90s"}],
                    "limits": [limit("d", json!({}))],
                },
                "other": {},
            },
            "all_tools": {"mode": "shadow"},
            "tools": {
                "long": {
                    "require": [{"conditions": conditions, "on_deny": "x"}],
                    "deny_if": [{"conditions": conditions, "on_deny": "x"}],
                    "require_approval": [{"conditions": conditions, "on_deny": "x", "expires": "90s"}],
                    "limits": [
                        limit("a", json!({"algorithm": "sliding", "increment": 0.5})),
                        limit("b", json!({"window": 60, "scope": "global", "increment_from": "args.n", "max": 1.5})),
                        limit("c", json!({"window": "day", "scope": "session", "algorithm": "fixed"})),
                        limit("e", json!({"key": ["args.a", "args[\"b.c\"]"]})),
                        limit("f", json!({"key": "call"})),
                        {"counter": "g", "window": "day", "scope": "grant"},
                    ],
                    "results": {
                        "max_bytes": 1000,
                        "redact": [
                            {"find": "email", "replace": "x"},
                            {"regex": "sk-[a-z]{5}", "near": "sk-", "replace": "x"},
                        ],
                        "deny_if": [{"find": "private_key"}, {"regex": "employee", "near": "loyee"}],
                        "on_deny": "x",
                    },
                    "mode": "enforce",
                },
                "short": {"action": "require_approval", "rate_limit": {"max": 10, "window": 60}, "reason": "x"},
                "shorter": {"action": "allow", "rate_limit": "10/hour"},
                "closed*": {"action": "deny"},
                "sharing": {"use": ["one", "other"], "arguments": "strict"},
            },
            "resources": {"file:///*": {}},
            "prompts": {"p": {}},
            "methods": {"tools/call": "deny", "vendor/x": "allow"},
            "definitions": {
                "a": {"sha256": "0".repeat(64), "schema": {
                    "type": ["object", "null"], "title": "x", "description": "x", "default": {}, "examples": [1],
                    "properties": {
                        "n": {"type": "number", "minimum": 0, "maximum": 9, "exclusiveMinimum": -1, "exclusiveMaximum": 1.5},
                        "t": {"type": "string", "minLength": 1, "maxLength": 5, "pattern": "^a"},
                        "l": {"items": {"enum": ["a", null, 1]}, "minItems": 0, "maxItems": 3},
                        "c": {"const": {"x": [1]}, "allOf": [true]},
                    },
                    "required": ["n"], "additionalProperties": false,
                    "anyOf": [{"required": ["n"]}, false], "oneOf": [{}],
                }},
                "b": {"sha256": ["1".repeat(64), "2".repeat(64)]},
            },
            "on_drift": "report",
            "unpinned": "deny",
            "arguments": "declared",
            "mode": "enforce",
        },
        "tasks": {"owner": true},
        "identity": [
            {"peer": "uri_san"}, {"header": "x-agent-id", "secret": true}, {"bearer": true},
            {"address": "forwarded"}, {"constant": "x"},
        ],
        "mode": "shadow",
        "protocol": {"headers": "hold", "max_body_bytes": 1000, "max_held_bytes": 1048576, "origins": ["https://a.example", "null"], "revisions": ["2026-07-28"], "max_depth": 10, "batches": "judge", "legacy_sse": "allow"},
        "limits": {"refund": "failed"},
        "clock": {"offset": "-05:30"},
        "claims": "p",
        "approvals": {
            "url": "https://gate.example.com/console/",
            "service": {"cluster": "desk", "path": "/decide", "authority": "desk.example.com:80", "timeout_ms": 500},
            "elicit": true,
        },
    })
}

/// A policy whose limits a service counts, and whose approvals etcd keeps.
fn fleet() -> Value {
    let limit = json!({"counter": "a", "window": 60, "max": 5, "scope": "grant", "algorithm": "fixed", "increment": 2});
    json!({
        "policy": {"version": "1", "default": "deny", "tools": {"a": {"limits": [limit]}, "b": {"rate_limit": "1/day"}}},
        "limits": {"service": {"cluster": "rls", "domain": "agents", "timeout_ms": 50, "on_failure": "local"}},
        "approvals": {
            "store": {"etcd": {"cluster": "etcd", "prefix": "a/", "timeout_ms": 50}},
            "notify": {"cluster": "hooks", "path": "/a", "authority": "hooks.example.com", "format": "slack"},
        },
    })
}

/// A console with every key.
fn console() -> Value {
    let digest = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";
    json!({"console": {
        "approvers": ["jwt:*@example.com", "jwt.p.sub:a", "peer:spiffe://x/*", "token:ops-*", format!("bearer:{digest}"), {"grant": "peer:spiffe://x/ann", "name": "Ann"}],
        "identity": [
            {"peer": "uri_san"}, {"jwt_claim": ["user", "email"], "payload": "q"}, {"jwt_claim": "sub", "payload": "p"},
            {"tokens": {"ops-1": {"sha256": digest, "expires": "2027-01-31"}}}, {"bearer": true},
        ],
        "hosts": ["localhost:10001", "[::1]:1"],
        "store": {"etcd": {"cluster": "etcd", "prefix": "a/", "timeout_ms": 50}},
    }})
}

#[test]
fn every_key_of_the_language_can_be_used() {
    for document in [everything(), fleet(), console()] {
        if let Err(invalid) = LoadedConfig::load(document.to_string().as_bytes()) {
            panic!("{invalid}");
        }
        if let Err(error) = validator().validate(&document) {
            panic!("{}: {error}", error.instance_path());
        }
    }
}

/// The pointers of all values.
fn pointers(place: String, value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Object(members) => members.iter().for_each(|(key, value)| {
            pointers(format!("{place}/{}", key.replace('~', "~0").replace('/', "~1")), value, found);
        }),
        Value::Array(elements) => elements.iter().enumerate().for_each(|(index, value)| {
            pointers(format!("{place}/{index}"), value, found);
        }),
        _ => {}
    }
    found.push(place);
}

/// Values that are right in some place and wrong in others.
fn values() -> Vec<Value> {
    let mut values: Vec<Value> = [
        "",
        "1",
        "allow",
        "deny",
        "shadow",
        "second",
        "day",
        "10/day",
        "0/hour",
        "/minute",
        "1m",
        "24h",
        "0090s",
        "25h",
        "59s",
        "1440m",
        "86400s",
        "86401s",
        "args.a",
        "args",
        "args[\"\"]",
        "args.a[*]",
        "args.a[01]",
        "args[0]",
        "args.ä",
        "args.a-b",
        "args[\"[*]\"]",
        "args[\"a\\\"[*]\"].b",
        "args.a b",
        "caller.grant",
        "caller.claims.a",
        "caller.claims",
        "now.hour",
        "now[\"date\"]",
        "fri",
        "2026-11-21",
        "+01:00",
        "call",
        "grant",
        "sliding",
        "release",
        "never",
        "forwarded",
        "subject",
        "x-A",
        "a b",
        "*",
        "a*",
        "/",
        "//",
        "/a/../b",
        "/a/",
        "*.a",
        "a.b-c_d",
        "[::1]",
        "a:1",
        "eq",
        "max_length",
        "jwt:a",
        "jwt.q.email:\na",
        "jwtx:a",
        "peer:",
        "bearer:*",
        "https://a",
        "http://a[\\",
        "http:///a",
        "/a b",
    ]
    .into_iter()
    .map(Value::from)
    .collect();
    values.extend([json!(null), json!(true), json!(false), json!([]), json!({}), json!([""]), json!(["a", null])]);
    let numbers = [0u64, 1, 3, 4, 59, 256, 257, 2_678_400, 2_678_401, 67_108_864, 67_108_865, 8_999_999_999_999];
    values.extend(numbers.map(Value::from));
    values.extend([json!(9_000_000_000_000_u64), json!(-1), json!(1.5), json!(1.0), json!(0.000_000_1), json!(1e300)]);
    values
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4000, failure_persistence: None, ..ProptestConfig::default() })]

    /// An editor reports no error in a configuration that the filter accepts.
    #[test]
    fn what_the_reader_accepts_is_valid(
        whole in prop::sample::select(vec![everything(), everything(), everything(), fleet(), console()]),
        changes in prop::collection::vec((any::<Index>(), any::<Index>(), any::<bool>()), 1..3),
    ) {
        let mut document = whole;
        for (place, value, takes_out) in changes {
            let mut places = Vec::new();
            pointers(String::new(), &document, &mut places);
            let place = place.get(&places).clone();
            let value = value.get(&values()).clone();
            let (parent, key) = place.rsplit_once('/').unwrap_or_default();
            match document.pointer_mut(parent) {
                Some(Value::Object(members)) if takes_out => drop(members.remove(key)),
                _ => *document.pointer_mut(&place).unwrap() = value,
            }
        }
        thread_local!(static VALIDATOR: Validator = validator());
        let accepted = LoadedConfig::load(document.to_string().as_bytes()).is_ok();
        let valid = VALIDATOR.with(|validator| validator.is_valid(&document));
        prop_assert!(valid || !accepted, "{document}");
    }
}
