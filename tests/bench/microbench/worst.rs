//! The worst inputs that were found: bodies and policies that take the most time for each of their bytes, or for one request.

use std::hint::black_box;

use mcp_policy::{
    config::Config,
    engine::{self, BoundRequest},
    mcp::Message,
    store::InMemory,
};

use crate::{NOW, Stage, call};

/// The stages of the worst inputs. Names say what the time is spent on.
pub(crate) fn stages() -> Vec<Stage> {
    let mut stages: Vec<Stage> = readings().into_iter().map(|(name, body)| read(name, body)).collect();
    stages.extend(decisions().into_iter().map(|(name, members, body)| judge(name, members, body)));
    stages
}

/// A body that is read, whatever the policy.
fn read(name: &'static str, body: String) -> Stage {
    let bytes = body.len();
    let run = Box::new(move || drop(black_box(Message::read(black_box(body.as_bytes()), 64))));
    Stage { name, bytes, run }
}

/// A request that is judged.
fn judge(name: &'static str, members: String, body: String) -> Stage {
    let text = format!(r#"{{"version":"1","default":"deny",{members}}}"#);
    let config = Config::load(text.as_bytes()).expect("a configuration");
    let (bytes, request, store) = (body.len(), BoundRequest::new(&config, call()), InMemory::new([7; 16]));
    let run = Box::new(move || {
        drop(black_box(engine::authorize(&config, &request, black_box(body.as_bytes()), "bench", NOW, &store)));
    });
    Stage { name, bytes, run }
}

fn readings() -> Vec<(&'static str, String)> {
    let names = |name: &dyn Fn(usize) -> String| {
        let members: Vec<String> = (0..20_000).map(|n| format!(r#""{}":0"#, name(n))).collect();
        members.join(",")
    };
    let params = |members: &str| format!(r#"{{"jsonrpc":"2.0","id":7,"method":"ping","params":{{{members}}}}}"#);
    let nested = format!("{}0{}", r#"{"a":["#.repeat(30), "]}".repeat(30));
    vec![
        ("names", params(&names(&|n| format!("{n:x}")))),
        ("names_nul", params(&names(&|n| format!("\\u0000{n:x}")))),
        ("names_nul_known", params(&names(&|n| format!("argument\\u0000{n:x}")))),
        ("names_unicode", params(&names(&|n| format!("\u{10a}{n:x}")))),
        ("name_unicode", params(&format!(r#""{}":0"#, "\u{10a}".repeat(100_000)))),
        ("name_escapes", params(&format!(r#""{}":0"#, "\\n".repeat(100_000)))),
        ("text_escapes", params(&format!(r#""a":"{}""#, "\\n".repeat(100_000)))),
        ("nested", params(&format!(r#""a":[{}]"#, vec![nested; 1000].join(",")))),
        ("numbers", params(&format!(r#""a":[{}]"#, vec!["1"; 100_000].join(",")))),
    ]
}

fn decisions() -> Vec<(&'static str, String, String)> {
    let tool_call = |arguments: &str| {
        format!(r#"{{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{{"name":"ok","arguments":{arguments}}}}}"#)
    };
    let deny_if = |conditions: &str| format!(r#""tools":{{"ok":{{"deny_if":[{{"conditions":[{conditions}]}}]}}}}"#);
    let regex = |regex: &str| deny_if(&format!(r#"{{"path":"args.x[*]","op":"regex","value":"{regex}"}}"#));
    let texts = |length: usize, count: usize| {
        tool_call(&format!(r#"{{"x":[{}]}}"#, vec![format!(r#""{}""#, "a".repeat(length)); count].join(",")))
    };
    let ten: Vec<String> = (0..10).map(|n| format!(r#"{{"path":"args.k{n}","op":"exists","value":true}}"#)).collect();
    let long: Vec<String> = (0..12).map(|n| format!(r#""{}{n}":0"#, "k".repeat(4_000))).collect();
    let nul: Vec<String> = (0..3_000).map(|n| format!(r#""\u0000{n}":0"#)).collect();
    // The last one permits what none of the others matches.
    let patterns: Vec<String> =
        (0..200).map(|n| format!(r#""note:*{n:03}*z":{{}}"#)).chain([r#""note:*":{}"#.to_owned()]).collect();
    let uris = |count: usize, length: usize| {
        let uris: Vec<String> = (0..count).map(|n| format!(r#""note:{n:04}{}""#, "0".repeat(length))).collect();
        format!(
            r#"{{"jsonrpc":"2.0","id":7,"method":"subscriptions/listen","params":{{"notifications":{{"resourceSubscriptions":[{}]}}}}}}"#,
            uris.join(",")
        )
    };
    let resources = format!(r#""resources":{{{}}}"#, patterns.join(","));
    vec![
        // As much as one request may take, and more than that.
        ("regex_in_budget", regex("(?:(?:a{0,9}){0,9}){0,2}b"), texts(1000, 1)),
        ("regex_over", regex("(?:(?:a{0,9}){0,9}){0,9}b"), texts(16_000, 60)),
        ("ten_long_keys", deny_if(&ten.join(",")), tool_call(&format!("{{{}}}", long.join(",")))),
        ("ten_nul_keys", deny_if(&ten.join(",")), tool_call(&format!("{{{}}}", nul.join(",")))),
        ("uris_in_budget", resources.clone(), uris(680, 10)),
        ("uris_over", resources, uris(1000, 900)),
    ]
}
