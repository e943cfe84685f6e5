//! What it costs to look through a list, and to look up its entries in a policy: as many instructions a byte as reading it, and as the
//! rules of a call.

use serde_json::{Value, json};

use super::{definitions::tool, filter_list, instructions, metered};
use crate::{
    proxy::{Part, Worker},
    request::list as list_request,
};

/// Instructions for a byte of a list: to read it, and to look its entries up.
const BYTE: u64 = 650;
/// Instructions that each list may take besides: about ten milliseconds, and as much to find out which entries of the policy no
/// list shows.
const LOOK_UP: u64 = 200_000_000;

fn list(member: &str, key: &str, names: impl Iterator<Item = String>) -> String {
    let entries: Vec<Value> = names.map(|name| json!({ key: name, "description": "x".repeat(200) })).collect();
    json!({ "jsonrpc": "2.0", "id": 7, "result": { member: entries } }).to_string()
}

fn policy(section: &str, keys: impl Iterator<Item = String>) -> String {
    let entries: serde_json::Map<String, Value> = keys.map(|key| (key, json!({}))).collect();
    json!({ "policy": { "version": "1", "default": "deny", section: entries }}).to_string()
}

#[test]
fn entries_are_looked_up_in_bounded_work_whatever_policy_and_list() {
    let patterns = |front: &str, count: usize| {
        let front = front.to_owned();
        (0..count).map(move |n| format!("{front}*{n:03}*z"))
    };
    for (name, policy, list, is_refused) in [
        (
            "a thousand tools under 200 patterns",
            policy("tools", patterns("get_", 200)),
            list("tools", "name", (0..1000).map(|n| format!("get_something_{n}"))),
            false,
        ),
        (
            "tools with long names under 1,000 patterns",
            policy("tools", patterns("", 1000)),
            list("tools", "name", (0..10_000).map(|n| format!("{n:0250}"))),
            true,
        ),
        (
            "a thousand URIs under 50 patterns",
            policy("resources", patterns("note:", 50)),
            list("resources", "uri", (0..1000).map(|n| format!("note:{n}/{}", "x".repeat(50)))),
            false,
        ),
        (
            "long URIs under 1,000 patterns",
            policy("resources", patterns("note:", 1000)),
            list("resources", "uri", (0..500).map(|n| format!("note:{n}/{}", "0".repeat(8000)))),
            true,
        ),
        (
            "templates under 50,000 URIs",
            policy("resources", (0..50_000).map(|n| format!("note:{n}"))),
            list("resourceTemplates", "uriTemplate", (0..20_000).map(|n| format!("note:x{n}{{y}}"))),
            true,
        ),
    ] {
        let (cost, _, forwarded) = filter_list(&policy, &list);
        let bytes = u64::try_from(list.len()).expect("a number");
        println!("{name}: {bytes} bytes, {cost} instructions, refused: {is_refused}");
        let forwarded = String::from_utf8_lossy(&forwarded);
        assert_eq!(forwarded.contains("takes too much work"), is_refused, "{name}");
        assert!(cost < BYTE * bytes + LOOK_UP, "{name}: {cost}");
    }
}

/// The instructions of a list on a worker, and the bytes that go on of it.
pub(super) fn list_once(worker: &mut Worker, text: &str) -> (u64, usize) {
    let mut stream = list_request().send(worker);
    stream.answer(worker, Part::Head(&[(":status", "200"), ("content-type", "application/json")]), false);
    let cost = instructions(worker, |worker| {
        let chunks = text.as_bytes().chunks(64 << 10);
        let last = chunks.len() - 1;
        for (index, chunk) in chunks.enumerate() {
            stream.answer(worker, Part::Body(chunk), index == last);
        }
    });
    stream.close(worker);
    (cost, stream.answer.body.len())
}

#[test]
fn a_list_is_looked_through_and_trimmed_in_few_instructions() {
    let text = |count: usize| {
        let tools: Vec<String> = (0..count).map(tool).collect();
        format!(r#"{{"jsonrpc":"2.0","id":7,"result":{{"tools":[{}]}}}}"#, tools.join(","))
    };
    let all = r#"{"policy":{"version":"1","default":"allow"},"audit":{"log":"none"}}"#;
    let half = r#"{"policy":{"version":"1","default":"deny","tools":{"tool_*1":{},"tool_*3":{},"tool_*5":{},"tool_*7":{},"tool_*9":{}}},"audit":{"log":"none"}}"#;
    for (name, policy, text) in
        [("50 tools", all, text(50)), ("half of 50 tools", half, text(50)), ("5,000 tools", all, text(5000))]
    {
        let mut worker = metered(policy);
        list_once(&mut worker, &text);
        let (cost, shown) = list_once(&mut worker, &text);
        let bytes = u64::try_from(text.len()).expect("a number");
        println!("{name}: {bytes} bytes, {cost} instructions, {} a byte; {shown} bytes are shown", cost / bytes);
        assert!(cost < 65 * bytes, "{name}: {cost}");
    }
}
