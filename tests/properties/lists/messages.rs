//! Messages of a server, honest ones and others.

use proptest::{collection::vec, prelude::*, sample::select};
use serde_json::{Map, Value, json};

use super::MARK;
use crate::text::Dice;

/// What must come of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sort {
    /// It stays as it is.
    Other,
    /// Entries that are not shown are gone.
    List,
    /// Clients differ in how they read it: it stays as it is, becomes an error or ends the stream.
    Odd,
    /// It is cut off: any of that may come of it.
    Cut,
}

/// A message as it is written.
#[derive(Clone, Debug)]
pub(crate) struct Message {
    pub(crate) sort: Sort,
    pub(crate) text: String,
}

/// Any message.
pub(crate) fn message() -> impl Strategy<Value = Message> {
    prop_oneof![
        4 => honest(),
        1 => vec(honest(), 0..4).prop_map(|all| {
            let is_list = all.iter().any(|message| message.sort == Sort::List);
            let all: Vec<String> = all.into_iter().map(|message| message.text).collect();
            Message { sort: if is_list { Sort::List } else { Sort::Other }, text: format!("[{}]", all.join(",")) }
        }),
        1 => select(&ODD[..]).prop_map(|text| Message { sort: Sort::Odd, text: text.replace("MARK", MARK) }),
        1 => select(&["", "2026-11-21", "/messages?s=1", "ping", "7", "\"x\"", "null"][..])
            .prop_map(|text| Message { sort: Sort::Other, text: text.to_owned() }),
    ]
}

/// What no reader, or not each one, reads as a list: names twice or folded, values that are not lists, text that is not JSON,
/// lists in what should have none.
const ODD: [&str; 17] = [
    r#"{"id":7,"result":{"tools":[],"tools":[{"name":"evil","m":MARK}]}}"#,
    r#"{"id":7,"result":{"tools":[]},"result":{"tools":[{"name":"evil","m":MARK}]}}"#,
    r#"{"id":7,"result":{"Tools":[{"name":"evil","m":MARK}]}}"#,
    r#"{"id":7,"Result":{"tools":[{"name":"evil","m":MARK}]}}"#,
    r#"{"result":{"prompts\u0000":[{"name":"evil","m":MARK}]}}"#,
    r#"{"id":"a","result":{"tools":{"name":"evil","m":MARK}}}"#,
    r#"{"id":7,"result":{"tools":[{"name":"a","name":"evil","m":MARK}]}}"#,
    r#"{"id":7,"result":{"tools":[{"name":"evil","m":MARK}]}"#,
    r#"{"id":7,"result":{"tools":[{"name":"evil","m":MARK},]}}"#,
    r#"{"id":7,"result":{"tools":[{"name":"evil","m":MARK}]}}{}"#,
    r#"{"id":1,"method":"x","result":{"tools":[{"name":"evil","m":MARK}]}}"#,
    r#"{"error":{"code":1},"result":{"resources":[{"uri":"evil","m":MARK}]}}"#,
    r#"{"result":{"content":[],"tools":[{"name":"evil","m":MARK}]}}"#,
    r#"{"result":{"messages":[]},"RESULT":{"tools":[{"name":"evil","m":MARK}]}}"#,
    r#"[{"id":7,"result":{"tools":[{"name":"evil","m":MARK}]}},]"#,
    r#"{"x":1,"x":2}"#,
    "{\"a\":1",
];

fn honest() -> impl Strategy<Value = Message> {
    let sort_of = |is_list: bool| if is_list { Sort::List } else { Sort::Other };
    (prop_oneof![list().prop_map(|list| (list, true)), select(others()).prop_map(|other| (other, false))], any::<u64>())
        .prop_map(move |((value, is_list), seed)| Message {
            sort: sort_of(is_list),
            text: Dice::new(seed).write(&value),
        })
}

/// What servers send besides lists; names of lists occur in other places.
fn others() -> Vec<Value> {
    let entries = json!([{"name": "evil"}]);
    vec![
        json!({"jsonrpc": "2.0", "method": "notifications/progress", "params": {"tools": entries, "result": 1}}),
        json!({"jsonrpc": "2.0", "id": 3, "method": "sampling/createMessage", "params": {"messages": []}}),
        json!({"jsonrpc": "2.0", "id": "x", "error": {"code": -32601, "message": "tools", "data": {"tools": entries}}}),
        json!({"jsonrpc": "2.0", "id": 7, "result": {"content": [{"text": "{\"tools\":["}], "structuredContent": {"tools": entries}}}),
        json!({"jsonrpc": "2.0", "id": 7, "result": {"capabilities": {"tools": {}, "resources": {}}}}),
        json!({"jsonrpc": "2.0", "id": 7, "result": {}}),
        json!({"result": [{"tools": entries}]}),
        json!({"result": {"x": {"tools": entries}}, "tools": entries}),
    ]
}

fn list() -> impl Strategy<Value = Value> {
    let kinds = &[("tools", "name"), ("prompts", "name"), ("resources", "uri"), ("resourceTemplates", "uriTemplate")];
    let names = prop_oneof![3 => select(&["a", "b\u{e9}\"", "evil", "x/evil"][..]).prop_map(Some), 1 => Just(None)];
    let more = vec(select(&["nextCursor", "_meta", "cacheScope", "ttlMs", "x"][..]), 0..4);
    (select(&kinds[..]), vec(names, 0..6), more, any::<bool>()).prop_map(|((list, key), names, more, null)| {
        let mut result: Map<String, Value> = more.into_iter().map(|name| (name.to_owned(), extra(name))).collect();
        result.insert(list.to_owned(), names.into_iter().map(|name| entry(key, name)).collect());
        let mut message = json!({"jsonrpc": "2.0", "id": 7, "result": result});
        if null {
            message["error"] = Value::Null;
        }
        message
    })
}

fn extra(name: &str) -> Value {
    match name {
        "nextCursor" => json!("c\n1"),
        "_meta" => json!({"tools": [{"name": "evil"}]}),
        "cacheScope" => json!("public"),
        "ttlMs" => json!(3_600_000),
        _ => json!([1, {"content": null}]),
    }
}

/// An entry; what is not shown bears the mark.
fn entry(key: &str, name: Option<&str>) -> Value {
    let mark: Value = MARK.parse::<u64>().expect("a number").into();
    match name {
        Some(name) if name.contains("evil") => json!({key: name, "m": mark, "schema": {"x": ["}", "]"]}}),
        Some(name) => json!({key: name, "title": "t\n", "schema": {key: "evil", "tools": []}}),
        None => json!({"title": "no name", "m": [mark]}),
    }
}
