//! What the rules of one request cost at most, for the worst policies and bodies found: counted in instructions, which do not
//! depend on the machine. Each line says what the same request took before its work was charged.

use super::{instructions, metered};
use crate::request::{Request, call};

/// Instructions for reading a byte of the body, twice where a rule reads the arguments.
const READ_BYTE: u64 = 400;
/// Instructions of the rules of one request: about ten milliseconds.
const RULES: u64 = 100_000_000;

fn tool_call(arguments: &str) -> String {
    format!(r#"{{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{{"name":"ok","arguments":{arguments}}}}}"#)
}

/// What a body costs under a policy with these members, and whether it is denied as too much to check.
fn cost(members: &str, body: String) -> (u64, bool) {
    let mut worker = metered(&format!(r#"{{"version":"1","default":"deny",{members}}}"#));
    let request = Request { chunks: vec![body.into_bytes()], ..call("ok") };
    let mut is_too_much = false;
    let cost = instructions(&mut worker, |worker| {
        let mut stream = request.send(worker);
        is_too_much = stream
            .replies
            .iter()
            .any(|reply| String::from_utf8_lossy(&reply.body).contains(r#""rule":"(too much to check)""#));
        stream.close(worker);
    });
    (cost, is_too_much)
}

fn conditions(conditions: &str) -> String {
    format!(r#""tools":{{"ok":{{"deny_if":[{{"conditions":[{conditions}]}}]}}}}"#)
}

#[test]
fn rules_take_bounded_work_whatever_policy_and_body() {
    let nested = conditions(r#"{"path":"args.x[*]","op":"regex","value":"^(?:(?:a{0,9}){0,9}){0,9}$"}"#);
    let texts = vec![format!(r#""{}""#, "a".repeat(16_000)); 60].join(",");
    let ten: Vec<String> = (0..10).map(|n| format!(r#"{{"path":"args.k{n}","op":"exists","value":true}}"#)).collect();
    let long_names: Vec<String> = (0..12).map(|n| format!(r#""{}{n}":0"#, "k".repeat(80_000))).collect();
    // The last one permits what none of the others matches, so each URI is compared with all.
    let patterns = (0..200).map(|n| format!(r#""note:*{n:03}*z":{{}}"#)).chain([r#""note:*":{}"#.to_owned()]);
    let patterns: Vec<String> = patterns.collect();
    let uris: Vec<String> = (0..1000).map(|n| format!(r#""note:{n:04}{}""#, "0".repeat(900))).collect();
    let listen = format!(
        r#"{{"jsonrpc":"2.0","id":7,"method":"subscriptions/listen","params":{{"notifications":{{"resourceSubscriptions":[{}]}}}}}}"#,
        uris.join(",")
    );
    let nul: Vec<String> = (0..60_000).map(|n| format!(r#""\u0000{n}":0"#)).collect();
    let ones = vec!["1"; 8000].join(",");
    let wide: Vec<String> = (0..500).map(|n| format!(r#"{{"anyOf":[{{"const":{n}}},{{"type":"null"}}]}}"#)).collect();
    let wide = format!(r#"{{"properties":{{"x":{{"items":{{"allOf":[{}]}}}}}}}}"#, wide.join(","));
    let names: Vec<String> = (0..2000).map(|n| format!(r#""{}{n:04}":{{"type":"string"}}"#, "k".repeat(200))).collect();
    let names = format!(r#"{{"properties":{{"x":{{"items":{{"properties":{{{}}}}}}}}}}}"#, names.join(","));
    let members: Vec<String> = (0..2000).map(|n| format!(r#""{}{n:04}z":"""#, "k".repeat(200))).collect();
    let pinned = |check: &str, schema: &str| {
        let digest = "0".repeat(64);
        format!(
            r#""arguments":"{check}","tools":{{"ok":{{}}}},"definitions":{{"ok":{{"sha256":"{digest}","schema":{schema}}}}}"#
        )
    };
    let approval = r#""tools":{"ok":{"require_approval":[{"conditions":[]}]}}"#;
    for (name, members, body, is_denied) in [
        ("nested repetitions through `[*]`", nested, tool_call(&format!(r#"{{"x":[{texts}]}}"#)), true),
        (
            "ten conditions on long keys",
            conditions(&ten.join(",")),
            tool_call(&format!("{{{}}}", long_names.join(","))),
            true,
        ),
        ("a thousand URIs under 200 patterns", format!(r#""resources":{{{}}}"#, patterns.join(",")), listen, true),
        ("names with NUL", conditions(&ten.join(",")), tool_call(&format!("{{{}}}", nul.join(","))), true),
        (
            "alternatives of a schema for each element",
            pinned("declared", &wide),
            tool_call(&format!(r#"{{"x":[{}]}}"#, vec!["null"; 100_000].join(","))),
            true,
        ),
        (
            "long names of a schema",
            pinned("declared", &names),
            tool_call(&format!(r#"{{"x":[{}]}}"#, vec![format!("{{{}}}", members.join(",")); 8].join(","))),
            true,
        ),
        (
            "strict in an open object",
            pinned("strict", r#"{"properties":{"x":{}}}"#),
            tool_call(&format!(r#"{{"x":[{}]}}"#, vec!["1.5"; 240_000].join(","))),
            true,
        ),
        ("many small numbers to approve", approval.to_owned(), tool_call(&format!(r#"{{"x":[{ones}]}}"#)), false),
    ] {
        let size = u64::try_from(body.len()).expect("a number");
        let (cost, was_denied) = cost(&members, body);
        println!("{name}: {size} bytes, {cost} instructions, too much: {was_denied}");
        assert!(cost < READ_BYTE * size + RULES, "{name}: {cost}");
        assert_eq!(was_denied, is_denied, "{name}");
    }
}

/// Instructions for reading a byte of names, at most.
const NAME_BYTE: u64 = 400;

/// So many members with names that are all different, and each at least so long.
fn names(count: usize, name: impl Fn(usize) -> String) -> String {
    let members: Vec<String> = (0..count).map(|n| format!(r#""{}":0"#, name(n))).collect();
    members.join(",")
}

#[test]
fn names_are_read_at_a_bounded_cost_a_byte_whatever_they_are_and_wherever() {
    let kinds = [
        ("plain", names(100_000, |n| format!("{n:x}"))),
        ("plain, as long as known ones", names(40_000, |n| format!("n{n:08}"))),
        ("non-ASCII", names(100_000, |n| format!("\u{10a}{n:x}"))),
        ("non-ASCII alone", names(1, |_| "\u{10a}".repeat(400_000))),
        ("NUL in front", names(60_000, |n| format!("\\u0000{n:x}"))),
        ("NUL behind a known name's start", names(40_000, |n| format!("argument\\u0000{n:x}"))),
        ("NUL behind a long start", names(40_000, |n| format!("io.modelcontextprotocol/clientInf\\u0000{n:x}"))),
        ("NUL alone", names(1, |_| "\\u0000".repeat(100_000))),
        ("an escape for each byte", names(1, |_| "\\n".repeat(400_000))),
        ("surrogate pairs", names(1, |_| "\\ud83d\\ude00".repeat(60_000))),
        ("many escapes", names(40_000, |n| format!("\\t\\n{n:x}\\t\\b"))),
    ];
    let mut worst = 0;
    for (name, members) in &kinds {
        for (place, body) in [
            ("the envelope", format!(r#"{{"jsonrpc":"2.0","id":7,"method":"ping",{members}}}"#)),
            ("params", format!(r#"{{"jsonrpc":"2.0","id":7,"method":"ping","params":{{{members}}}}}"#)),
            ("_meta", format!(r#"{{"jsonrpc":"2.0","id":7,"method":"ping","params":{{"_meta":{{{members}}}}}}}"#)),
            ("arguments", tool_call(&format!("{{{members}}}"))),
        ] {
            let size = u64::try_from(body.len()).expect("a number");
            let (cost, _) = cost(r#""tools":{"ok":{}}"#, body);
            println!("{name}, in {place}: {size} bytes, {} instructions a byte", cost / size);
            worst = worst.max(cost / size);
        }
    }
    assert!(worst < NAME_BYTE, "{worst}");
}
