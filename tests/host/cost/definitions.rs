//! What pinned definitions cost: for 5,000 tools of usual length, in instructions.

use super::{instructions, metered};
use crate::{
    proxy::{Part, Worker},
    request::{call, list},
};
use mcp_policy::mcp::list::definition;

const TOOLS: usize = 5000;

/// A tool as servers list it, some 650 bytes long.
fn tool(number: usize) -> String {
    format!(
        r#"{{"name":"tool_{number:04}","title":"Tool {number}","description":"Searches the records of department {number} for a text, and returns the first matches with their dates. Use it before you write, and never for records of other departments.","inputSchema":{{"type":"object","properties":{{"query":{{"type":"string","description":"What to search for, as a person would write it."}},"limit":{{"type":"integer","minimum":1,"maximum":100,"default":10}},"since":{{"type":"string","format":"date-time"}}}},"required":["query"],"additionalProperties":false}},"annotations":{{"readOnlyHint":true,"openWorldHint":false}}}}"#
    )
}

fn configuration(definitions: &str) -> String {
    format!(r#"{{"policy":{{"version":"1","default":"allow"{definitions}}},"audit":{{"log":"none"}}}}"#)
}

/// The instructions of one list on a worker.
fn list_once(worker: &mut Worker, text: &str) -> u64 {
    let mut stream = list().send(worker);
    stream.answer(worker, Part::Head(&[(":status", "200"), ("content-type", "application/json")]), false);
    let cost = instructions(worker, |worker| {
        let chunks = text.as_bytes().chunks(64 << 10);
        let last = chunks.len() - 1;
        for (index, chunk) in chunks.enumerate() {
            stream.answer(worker, Part::Body(chunk), index == last);
        }
    });
    assert_eq!(stream.answer.body.len(), text.len(), "everything is shown");
    stream.close(worker);
    cost
}

#[test]
fn a_list_of_5000_pinned_tools_costs_little_more_than_without_pins() {
    let tools: Vec<String> = (0..TOOLS).map(tool).collect();
    let text = format!(r#"{{"jsonrpc":"2.0","id":7,"result":{{"tools":[{}]}}}}"#, tools.join(","));
    let pins: Vec<String> = tools
        .iter()
        .enumerate()
        .map(|(number, tool)| {
            let digest = definition::digest(tool.as_bytes()).expect("an object");
            format!(r#""tool_{number:04}":{{"sha256":"{digest}"}}"#)
        })
        .collect();
    let mut plain = metered(&configuration(""));
    let mut pinned = metered(&configuration(&format!(r#","definitions":{{{}}}"#, pins.join(","))));
    // What a worker does once is not counted.
    list_once(&mut plain, &text);
    let without = list_once(&mut plain, &text);
    let first = list_once(&mut pinned, &text);
    let again = list_once(&mut pinned, &text);
    let times = |cost: u64| cost as f64 / without as f64;
    println!(
        "{TOOLS} tools, {} bytes: {without} instructions; pinned: first {first} ({:.2} times), again {again} ({:.2} times)",
        text.len(),
        times(first),
        times(again)
    );
    // Instructions of the digest are short ones: see `tests/bench/README.md` for the time.
    assert!(times(again) < 1.25 && times(first) < 5.0);
}

#[test]
fn a_call_of_a_pinned_tool_reads_one_cell_more() {
    let digest = definition::digest(br#"{"name":"ok"}"#).expect("an object");
    let cost = |definitions: &str| {
        let mut worker = metered(&configuration(definitions));
        call("ok").send(&mut worker).close(&mut worker);
        instructions(&mut worker, |worker| call("ok").send(worker).close(worker))
    };
    let (without, with) = (cost(""), cost(&format!(r#","definitions":{{"ok":{{"sha256":"{digest}"}}}}"#)));
    println!("a call: {without} instructions, of a pinned tool {with}");
    assert!(with < without * 5 / 4);
}
