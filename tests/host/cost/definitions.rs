//! What pinned definitions cost: for 5,000 tools of usual length, in instructions; and what it costs to compare arguments with a schema.

use super::{allowed_instructions, instructions, lists, metered};
use crate::{
    proxy::Worker,
    request::{Request, call},
};
use mcp_policy::mcp::list::definition;

const TOOLS: usize = 5000;

/// A tool as servers list it, some 650 bytes long.
pub(super) fn tool(number: usize) -> String {
    format!(
        r#"{{"name":"tool_{number:04}","title":"Tool {number}","description":"Searches the records of department {number} for a text, and returns the first matches with their dates. Use it before you write, and never for records of other departments.","inputSchema":{{"type":"object","properties":{{"query":{{"type":"string","description":"What to search for, as a person would write it."}},"limit":{{"type":"integer","minimum":1,"maximum":100,"default":10}},"since":{{"type":"string","format":"date-time"}}}},"required":["query"],"additionalProperties":false}},"annotations":{{"readOnlyHint":true,"openWorldHint":false}}}}"#
    )
}

fn configuration(definitions: &str) -> String {
    format!(r#"{{"policy":{{"version":"1","default":"allow"{definitions}}},"audit":{{"log":"none"}}}}"#)
}

/// The instructions of one list on a worker that shows all of it.
fn list_once(worker: &mut Worker, text: &str) -> u64 {
    let (cost, shown) = lists::list_once(worker, text);
    assert_eq!(shown, text.len(), "everything is shown");
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
    assert!(times(again) < 1.25 && times(first) < 4.5);
}

/// A schema of twenty properties, as a server of images has one, and arguments with all of them.
fn schema_and_arguments() -> (String, String) {
    let property = |number: usize| match number % 4 {
        0 => format!(r#""text_{number}":{{"type":"string","maxLength":500}}"#),
        1 => format!(r#""count_{number}":{{"type":"integer","minimum":0,"maximum":100}}"#),
        2 => format!(r#""flag_{number}":{{"type":"boolean"}}"#),
        _ => format!(r#""size_{number}":{{"anyOf":[{{"enum":["small","large"]}},{{"type":"null"}}]}}"#),
    };
    let argument = |number: usize| match number % 4 {
        0 => format!(r#""text_{number}":"a cat on a mat""#),
        1 => format!(r#""count_{number}":{number}"#),
        2 => format!(r#""flag_{number}":true"#),
        _ => format!(r#""size_{number}":"large""#),
    };
    let list = |part: &dyn Fn(usize) -> String| (0..20).map(part).collect::<Vec<_>>().join(",");
    let properties = list(&property);
    let schema = format!(r#"{{"type":"object","properties":{{{properties}}},"required":["text_0","count_1"]}}"#);
    (schema, format!("{{{}}}", list(&argument)))
}

#[test]
fn arguments_of_a_schema_of_20_properties_cost_little_and_nothing_if_no_rule_asks() {
    let digest = definition::digest(br#"{"name":"ok"}"#).expect("an object");
    let (schema, arguments) = schema_and_arguments();
    let body =
        format!(r#"{{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{{"name":"ok","arguments":{arguments}}}}}"#);
    let cost = |pin: &str, more: &str| {
        // Names in a worker's tables have the digest of the configuration, and fall otherwise with each.
        let costs = (0..5).map(|number| {
            let description = format!(r#","description":"{number}""#);
            let definitions = format!(r#","definitions":{{"ok":{{"sha256":"{digest}"{pin}}}}}{more}{description}"#);
            let mut worker = metered(&configuration(&definitions));
            let request = Request { chunks: vec![body.clone().into_bytes()], ..call("ok") };
            allowed_instructions(&mut worker, &request)
        });
        costs.min().expect("five costs")
    };
    let with_schema = format!(r#","schema":{schema}"#);
    let without = cost("", "");
    let unasked = cost(&with_schema, "");
    let condition =
        r#","tools":{"ok":{"require":[{"conditions":[{"path":"args.text_0","op":"exists","value":true}]}]}}"#;
    let (read, any) = (cost("", condition), cost(&with_schema, r#","arguments":"any""#));
    let [declared, strict] =
        ["declared", "strict"].map(|check| cost(&with_schema, &format!(r#","arguments":"{check}""#)));
    println!(
        "a call with 20 arguments: {without} instructions; with a pinned schema {unasked}, `any` {any}; with a condition {read}; \
         `declared` {declared}, `strict` {strict}"
    );
    // A hundredth or two is where the memory of a larger configuration happens to be.
    for unchecked in [unasked, any] {
        assert!(unchecked.abs_diff(without) * 50 < without, "nothing if no rule asks: {unchecked} and {without}");
    }
    assert!(declared < without + 80_000 && strict < without + 105_000, "beside {without}: {declared} and {strict}");
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
