//! The stages of a request in the engine, each as a function that can run any number of times.

#[path = "../tools.rs"]
mod tools;
mod worst;

use std::hint::black_box;

use mcp_policy::{
    amount::Amount,
    config::Config,
    engine::{
        self, BoundRequest, Disposition, RequestInfo,
        definitions::{DefinitionMemo, ListOrigin, ListedDefinitions},
        lists,
    },
    http::{Header, Headers},
    identity::{self, ConnectionAttributes, Peer, Source},
    limit::{Callers, Charge, Counters, Key, Part, Quota, totals::Capacity},
    mcp::{
        Message, ResponseFormat,
        list::{ListKind, ListRequest, ListStream, ListedEntry, Visibility, definition},
    },
    policy::{BuiltIn, Mode, Policy},
    results::{Inspection, Inspections, ResultRequest, ResultStream},
    store::InMemory,
    time::Timestamp,
    window::{Algorithm, Window},
};

/// A stage.
pub struct Stage {
    /// Its name in reports.
    pub name: &'static str,
    /// The bytes of its body, where its time for each byte matters; otherwise 0.
    pub bytes: usize,
    /// Runs it once.
    pub run: Box<dyn FnMut()>,
}

const LIMITED: &str = r#"{"counter":"calls","window":"day","max":1000000000,"scope":"grant"}"#;
/// Without room after the first call.
const FULL: &str = r#"{"counter":"calls","window":"day","max":1,"scope":"grant"}"#;
const NOW: Timestamp = Timestamp(1_800_000_000_000);

/// All stages.
pub fn stages() -> Vec<Stage> {
    let stage = |name, run: Box<dyn FnMut()>| Stage { name, bytes: 0, run };
    let mut stages = vec![
        stage("head", head()),
        stage("read_300", read(300)),
        stage("read_8k", read(8 << 10)),
        stage("read_64k", read(64 << 10)),
        stage("judge_denied", judge("drop_table", "")),
        stage("judge_allowed", judge("generate_image", "")),
        stage("judge_limited", judge("generate_image", LIMITED)),
        stage("judge_full", judge("generate_image", FULL)),
        stage("record", record()),
        stage("whole_denied", whole("drop_table", LIMITED)),
        stage("whole_allowed", whole("generate_image", LIMITED)),
        stage("whole_full", whole("generate_image", FULL)),
        stage("count", count()),
        stage("trim_50_tools", trim()),
        stage("copy_64k", copy(answer(64 << 10, LOG_LINE))),
        stage("copy_1m", copy(answer(1 << 20, LOG_LINE))),
        stage("results_64k", results(answer(64 << 10, LOG_LINE))),
        stage("results_1m", results(answer(1 << 20, LOG_LINE))),
        stage("results_prose_1m", results(answer(1 << 20, PROSE))),
        stage("results_rows_1m", results(answer(1 << 20, ROW))),
        stage("results_finds_1m", results(answer(1 << 20, FINDS))),
        stage("list_5000", list_5000(None)),
        stage("list_5000_pinned", list_5000(Some(Pinned::Known))),
        stage("list_5000_first", list_5000(Some(Pinned::First))),
    ];
    stages.extend(worst::stages());
    stages
}

/// The head of a request, from its headers to what they decide.
fn head() -> Box<dyn FnMut()> {
    let config = config("");
    Box::new(move || drop(black_box(engine::check_headers(&config, &BoundRequest::new(&config, call()), true))))
}

fn read(size: usize) -> Box<dyn FnMut()> {
    let body = body(size, "generate_image");
    Box::new(move || drop(black_box(Message::read(black_box(&body), 64))))
}

/// From the body to the answer.
fn judge(tool: &str, limit: &str) -> Box<dyn FnMut()> {
    let (config, body, store) = (config(limit), body(300, tool), InMemory::new([7; 16]));
    let call = BoundRequest::new(&config, call());
    Box::new(move || drop(black_box(engine::authorize(&config, &call, black_box(&body), "bench", NOW, &store))))
}

/// From the head to the answer and the record as a line, without making the headers.
fn whole(tool: &str, limit: &str) -> Box<dyn FnMut()> {
    let (config, body, store) = (config(limit), body(300, tool), InMemory::new([7; 16]));
    let call = BoundRequest::new(&config, call());
    Box::new(move || {
        drop(black_box(engine::check_headers(&config, &call, true)));
        let response = engine::authorize(&config, &call, black_box(&body), "bench", NOW, &store);
        drop(black_box(response.record.to_json()));
        drop(black_box(response.answer));
    })
}

/// The record of a call as a line.
fn record() -> Box<dyn FnMut()> {
    let (config, body, store) = (config(LIMITED), body(300, "generate_image"), InMemory::new([7; 16]));
    let response = engine::authorize(&config, &BoundRequest::new(&config, call()), &body, "bench", NOW, &store);
    assert!(matches!(response.answer, Disposition::Forward(_)), "{response:?}");
    Box::new(move || drop(black_box(response.record.to_json())))
}

/// One charge to one counter, in a cell with that one.
fn count() -> Box<dyn FnMut()> {
    let (store, window) = (InMemory::new([7; 16]), Window::new(60).expect("a window"));
    let most = Amount::from_units(1_000_000_000).expect("an amount");
    let callers = Callers::Grant("address:10.0.0.7");
    Box::new(move || {
        let key = Key { filter: "bench", policy: "default", counter: "calls", callers, part: Part::Whole };
        let quota = Quota { window, algorithm: Algorithm::Fixed, max: Some(most) };
        let charge = Charge { key, quota, amount: Amount::from_units(1).expect("an amount"), verified: true };
        let _ = black_box(Counters::new(&store, Capacity::new(65_536)).charge(&[charge], NOW));
    })
}

/// A list of 50 tools, half of them allowed.
fn trim() -> Box<dyn FnMut()> {
    let policy = r#"{"version":"1","default":"deny","tools":{"get_*":{}}}"#;
    let (config, text) = (Config::load(policy.as_bytes()).expect("a configuration"), tools::tools());
    Box::new(move || {
        let policy = &config.policies.first().expect("a policy").policy;
        let shows = |kind: ListKind, name: &str| lists::is_visible(&config, policy, kind, name);
        let mut trimmer = ListStream::json(ListRequest { max_bytes: 1 << 20, ..ListRequest::default() });
        let forwarded = trimmer.push(black_box(text.as_bytes()), usize::MAX, &shows);
        let rest = trimmer.end(&shows).expect("a list");
        assert!(forwarded.is_ok_and(|now| now.is_empty()) && rest.len() < text.len() * 6 / 10, "half of it");
    })
}

/// Lines of an answer, as they are inside a JSON string.
const LOG_LINE: &str = r#"2026-11-30T00:25:10Z INFO worker-7 request 4711 took 23 ms; path=/api/v1/items?limit=10 \"ok\"\n"#;
const PROSE: &str = "The build took a little longer than it did on the day before, since the cache was cold and both cores were busy. ";
/// A row of a table: many short texts with escapes.
const ROW: &str = r#"{\"id\": 1048576, \"name\": \"Widget A-7\", \"price\": 19.99, \"stock\": 42, \"tags\": [\"new\", \"sale\"]},\n"#;
/// One find in each line.
const FINDS: &str = r"order 4711 of bob@example.com was paid and sent by parcel to the usual address on Monday\n";

/// The answer to a call whose text has about so many bytes.
fn answer(size: usize, line: &str) -> Vec<u8> {
    let text = line.repeat(size / line.len());
    format!(r#"{{"jsonrpc":"2.0","id":17,"result":{{"content":[{{"type":"text","text":"{text}"}}],"isError":false}}}}"#).into_bytes()
}

/// A plain copy, to compare with.
fn copy(text: Vec<u8>) -> Box<dyn FnMut()> {
    Box::new(move || drop(black_box(black_box(&text).clone())))
}

/// Judges an answer by all formats that are known, in chunks as Envoy gives them.
fn results(text: Vec<u8>) -> Box<dyn FnMut()> {
    let finders: Vec<String> = BuiltIn::ALL.iter().map(|(name, _)| format!(r#"{{"find":"{name}"}}"#)).collect();
    let policy = format!(
        r#"{{"version":"1","default":"allow","all_tools":{{"results":{{"redact":[{}]}}}}}}"#,
        finders.join(",")
    );
    let config = Config::load(policy.as_bytes()).expect("a configuration");
    let policy = &config.policies.first().expect("a policy").policy;
    let inspections = Inspections { enforced: Inspection::new(policy.results(Mode::Enforce)), shadow: None };
    Box::new(move || {
        let request = ResultRequest { ids: vec!["17".to_owned()], ..ResultRequest::default() };
        let mut stream = ResultStream::new(request, inspections.clone(), Some(ResponseFormat::Json));
        for chunk in black_box(&text).chunks(16 << 10) {
            assert!(stream.push(chunk, usize::MAX).is_empty(), "it is held");
        }
        assert!(stream.end().len() > text.len() / 2, "it goes on");
    })
}

/// What a worker knows of pinned definitions.
#[derive(Clone, Copy, PartialEq)]
enum Pinned {
    /// It has seen the list before.
    Known,
    First,
}

/// A list of 5,000 tools, 2.9 MB, all of them shown, and perhaps pinned.
fn list_5000(pinned: Option<Pinned>) -> Box<dyn FnMut()> {
    const TOOLS: usize = 5000;
    let tools: Vec<String> = (0..TOOLS).map(long_tool).collect();
    let text = format!(r#"{{"jsonrpc":"2.0","id":7,"result":{{"tools":[{}]}}}}"#, tools.join(","));
    let digest = |tool: &String| definition::digest(tool.as_bytes()).expect("an object");
    let pins =
        tools.iter().enumerate().map(|(number, tool)| format!(r#""tool_{number:04}":{{"sha256":"{}"}}"#, digest(tool)));
    let pins: Vec<String> = pins.collect();
    let definitions =
        if pinned.is_some() { format!(r#","definitions":{{{}}}"#, pins.join(",")) } else { String::new() };
    let config = Config::load(format!(r#"{{"version":"1","default":"allow"{definitions}}}"#).as_bytes());
    let (config, store, origin) = (config.expect("a configuration"), InMemory::new([7; 16]), ListOrigin::default());
    let mut memo = DefinitionMemo::new(TOOLS);
    Box::new(move || {
        if pinned == Some(Pinned::First) {
            memo = DefinitionMemo::new(TOOLS);
        }
        let policy = &config.policies.first().expect("a policy").policy;
        let judge = ListedDefinitions::new(&config, "default", "bench", &origin, &mut memo, NOW, &store);
        let shows = Shows { config: &config, policy, judge };
        let mut trimmer = ListStream::json(ListRequest { max_bytes: 8 << 20, ..ListRequest::default() });
        let forwarded = trimmer.push(black_box(text.as_bytes()), usize::MAX, &shows);
        assert!(forwarded.is_ok_and(|now| now.is_empty()));
        assert_eq!(trimmer.end(&shows).expect("a list").len(), text.len());
    })
}

/// Which entries the filter shows.
struct Shows<'s> {
    config: &'s Config,
    policy: &'s Policy,
    judge: Option<ListedDefinitions<'s, InMemory>>,
}

impl Visibility for Shows<'_> {
    fn mark_visible(&self, kind: ListKind, entries: &mut [ListedEntry<'_>]) {
        match &self.judge {
            Some(judge) => judge.mark_shown(entries),
            None => entries.iter_mut().for_each(|entry| entry.is_visible = true),
        }
        for entry in entries {
            entry.is_visible &= lists::is_visible(self.config, self.policy, kind, &entry.name);
        }
    }

    fn begin_list(&self, _: ListKind) {
        self.judge.as_ref().inspect(|judge| judge.begin_list());
    }

    fn end_list(&self, _: ListKind) {
        self.judge.as_ref().inspect(|judge| judge.end_list());
    }
}

fn config(limit: &str) -> Config {
    let text = format!(r#"{{"version":"1","default":"deny","tools":{{"generate_image":{{"limits":[{limit}]}}}}}}"#);
    Config::load(text.as_bytes()).expect("a configuration")
}

/// The head of a call as Envoy hands it over.
fn call() -> RequestInfo {
    let pairs = [
        (":authority", "127.0.0.1:10000"),
        (":method", "POST"),
        (":path", "/mcp"),
        (":scheme", "http"),
        ("accept", "application/json, text/event-stream"),
        ("content-length", "300"),
        ("content-type", "application/json"),
        ("mcp-protocol-version", "2025-06-18"),
        ("mcp-session-id", "3f0c6a0e-8f3b-4b0f-9d5c-9a6a2f0e7c11"),
        ("user-agent", "bench/1"),
        ("x-forwarded-for", "127.0.0.1"),
        ("x-forwarded-proto", "http"),
        ("x-request-id", "1c9e2f56-93a1-4c6b-b0b8-0a54f1a0c9d3"),
    ];
    let headers = Headers::new(pairs.map(|(name, value)| (name.to_owned(), value.as_bytes().to_vec())).into());
    let request_id = Some("1c9e2f56-93a1-4c6b-b0b8-0a54f1a0c9d3".into());
    let grant = identity::identify(&[Source::Address { forwarded: false }], &FromLoopback);
    assert!(grant.is_ok(), "{grant:?}");
    RequestInfo { request_id, ..RequestInfo::new(headers, grant) }
}

/// What Envoy knows of a caller on this machine.
struct FromLoopback;

impl ConnectionAttributes for FromLoopback {
    fn header(&self, _: &str) -> Header<'_> {
        Header::Absent
    }

    fn peer(&self, _: Peer) -> Option<Vec<u8>> {
        None
    }

    fn metadata(&self) -> Option<Vec<u8>> {
        None
    }

    fn address(&self) -> Option<Vec<u8>> {
        Some(b"127.0.0.1:4711".to_vec())
    }

    fn now(&self) -> Timestamp {
        NOW
    }
}

/// A call whose body has `size` bytes: a prompt with a few members.
fn body(size: usize, tool: &str) -> Vec<u8> {
    let head = format!(r#"{{"jsonrpc":"2.0","id":17,"method":"tools/call","params":{{"name":"{tool}","arguments":{{"#);
    let tail = r#"","model":"large","n":1,"seed":4711,"options":{"tags":["a","b"],"stream":false}}}}"#;
    let mut text = format!(r#"{head}"prompt":""#);
    let line = r#"Please draw the \"report\" and name its author.\n"#;
    while text.len() + line.len() + tail.len() <= size {
        text.push_str(line);
    }
    text.push_str(&".".repeat(size.saturating_sub(text.len() + tail.len())));
    text.push_str(tail);
    text.into_bytes()
}

/// A tool with some 580 bytes, of many.
fn long_tool(number: usize) -> String {
    format!(
        r#"{{"name":"tool_{number:04}","title":"Tool {number}","description":"Searches the records of department {number} for a text, and returns the first matches with their dates. Use it before you write, and never for records of other departments.","inputSchema":{{"type":"object","properties":{{"query":{{"type":"string","description":"What to search for, as a person would write it."}},"limit":{{"type":"integer","minimum":1,"maximum":100,"default":10}},"since":{{"type":"string","format":"date-time"}}}},"required":["query"],"additionalProperties":false}},"annotations":{{"readOnlyHint":true,"openWorldHint":false}}}}"#
    )
}
