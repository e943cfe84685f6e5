//! Random requests, and sequences of them.

use mcp_policy::time::Timestamp;
use proptest::{
    collection::vec,
    option,
    prelude::*,
    sample::{Index, select},
};
use serde_json::{Map, Value, json};

use crate::policies::{budget, insert, policy};

/// A request as it is sent.
#[derive(Clone, Debug)]
pub(crate) struct Sent {
    pub(crate) body: Value,
    pub(crate) grant: &'static str,
    /// The claims of the token that names the caller.
    pub(crate) claims: Option<&'static str>,
    pub(crate) session: Option<&'static str>,
    pub(crate) at: Timestamp,
}

/// A policy, and requests in the order of time.
pub(crate) fn scenario() -> impl Strategy<Value = (Value, Vec<Sent>)> {
    (policy(), requests())
}

/// A policy of limits alone, and calls that spend.
pub(crate) fn spending() -> impl Strategy<Value = (Value, Vec<Sent>)> {
    let pay = select(vec![json!(0), json!(0.5), json!(1), json!(2), json!(3)]).prop_map(|amount| Sent {
        body: message("tools/call", json!({ "name": "pay", "arguments": { "n": amount } })),
        grant: "jwt:a",
        claims: None,
        session: None,
        at: Timestamp(1_767_225_600_000),
    });
    (budget(), vec(pay, 1..=4))
}

/// A few requests in the order of time, some of them again and again.
pub(crate) fn requests() -> impl Strategy<Value = Vec<Sent>> {
    let calls = vec((any::<Index>(), 0..=8_000_u64), 1..=8);
    (vec(request(), 1..=2), calls).prop_map(|(requests, calls)| {
        let mut now = 1_767_225_600_000;
        let later = |(index, after): (Index, u64)| {
            now += after;
            Sent { at: Timestamp(now), ..index.get(&requests).clone() }
        };
        calls.into_iter().map(later).collect()
    })
}

fn request() -> impl Strategy<Value = Sent> {
    let body = prop_oneof![12 => tool(), 2 => resource(), 1 => prompt(), 2 => other(), 1 => unreadable()];
    let claims = select(vec![
        r#"{"g":["a","b"],"n":1,"o":{"k":"a"}}"#,
        r#"{"g":"a","n":5}"#,
        r#"{"g":7,"n":"1"}"#,
        r#"{"n":1e300,"o":[]}"#,
    ]);
    (body, select(vec!["jwt:a", "jwt:a", "header:b"]), option::of(claims), option::of(select(vec!["s1", "s2"])))
        .prop_map(|(body, grant, claims, session)| Sent { body, grant, claims, session, at: Timestamp(0) })
}

fn message(method: &str, params: Value) -> Value {
    json!({ "jsonrpc": "2.0", "id": 7, "method": method, "params": params })
}

fn tool() -> impl Strategy<Value = Value> {
    let names = vec!["get_pods", "get_pods", "get_jobs", "pay", "pay", "drop_all", "other", "Get_pods"];
    (select(names), option::weighted(0.9, arguments())).prop_map(|(name, arguments)| {
        let mut params = json!({ "name": name });
        insert(&mut params, "arguments", arguments.map(Value::Object));
        message("tools/call", params)
    })
}

fn resource() -> impl Strategy<Value = Value> {
    let uri = || select(vec!["file:///a", "file:///b", "file:///a/../b", "http://x/"]);
    let one = select(vec!["resources/read", "resources/subscribe", "resources/unsubscribe"]);
    prop_oneof![
        (one, uri()).prop_map(|(method, uri)| message(method, json!({ "uri": uri }))),
        vec(uri(), 0..=3).prop_map(|uris| message(
            "subscriptions/listen",
            json!({ "notifications": { "resourceSubscriptions": uris } })
        )),
    ]
}

fn prompt() -> impl Strategy<Value = Value> {
    prop_oneof![
        arguments().prop_map(|arguments| message("prompts/get", json!({ "name": "greet", "arguments": arguments }))),
        Just(message("completion/complete", json!({ "ref": { "type": "ref/prompt", "name": "greet" } }))),
    ]
}

fn other() -> impl Strategy<Value = Value> {
    let methods = vec!["ping", "tools/list", "tasks/list", "x/own", "x/closed", "Tools/Call"];
    prop_oneof![
        6 => select(methods).prop_map(|method| message(method, json!({}))),
        1 => Just(json!({ "jsonrpc": "2.0", "method": "notifications/initialized" })),
        1 => Just(json!({ "jsonrpc": "2.0", "method": "notifications/other" })),
        1 => Just(json!({ "jsonrpc": "2.0", "id": 1, "result": {} })),
    ]
}

fn unreadable() -> impl Strategy<Value = Value> {
    select(vec![
        message("tools/call", json!({})),
        message("tools/call", json!({ "name": "get_pods", "Name": "pay" })),
        message("tools/call", json!({ "name": "get_pods", "arguments": [] })),
        json!([message("ping", json!({}))]),
        json!({ "jsonrpc": "1.0", "id": 1, "method": "ping" }),
    ])
}

/// Arguments of few names; some look alike.
fn arguments() -> impl Strategy<Value = Map<String, Value>> {
    let number =
        select(vec![json!(0), json!(1), json!(1), json!(2), json!(5), json!(100), json!(1.5), json!(-1), json!("1")]);
    let text = select(vec![
        json!("a"),
        json!("b"),
        json!("/srv/x"),
        json!("/srv/../etc"),
        json!("https://docs.rs/"),
        json!(5),
        json!(null),
    ]);
    let list = vec(prop_oneof![number.clone(), text.clone()], 0..=3).prop_map(Value::Array);
    let object = prop_oneof![4 => number.clone().prop_map(|k| json!({ "k": k })), 1 => Just(json!({ "k": 1, "K": 2 })), 1 => Just(json!("k"))];
    let odd = option::weighted(0.1, select(vec!["N", "S", "a.b", "\u{17f}"]));
    let parts = (
        option::weighted(0.9, number),
        option::weighted(0.8, text),
        option::weighted(0.6, list),
        option::weighted(0.6, object),
        odd,
    );
    parts.prop_map(|(n, s, l, o, odd)| {
        let known = [("n", n), ("s", s), ("l", l), ("o", o)].into_iter().filter_map(|(key, value)| Some((key, value?)));
        let all = known.chain(odd.map(|key| (key, json!(1))));
        all.map(|(key, value)| (key.to_owned(), value)).collect()
    })
}
