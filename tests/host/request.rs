//! Requests, and policies to judge them by.

use std::{
    collections::BTreeMap,
    fmt,
    sync::{Arc, LazyLock},
};

use base64::{Engine as _, prelude::BASE64_STANDARD};
use proptest::{collection::vec, prelude::*, sample::select};
use serde_json::Value;

use crate::proxy::{Pairs, Part, Shared, Stream, Worker};

/// What Envoy knows besides; `None` is null.
pub(crate) type Properties = BTreeMap<Vec<u8>, Option<Vec<u8>>>;

/// One request, as it comes.
#[derive(Clone)]
pub(crate) struct Request {
    pub(crate) headers: Pairs,
    pub(crate) chunks: Vec<Vec<u8>>,
    pub(crate) end: End,
}

/// How a request ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// With its last chunk, or with its head if there is none.
    Flag,
    /// With an empty chunk.
    EmptyChunk,
    /// With trailers.
    Trailers,
}

/// How requests are read: headers let go, or held.
pub(crate) const MODES: [&str; 2] = ["release", "hold"];

/// A configuration under which `ok` may be called, `limited` twice a minute, `approval_callout` as often once it was approved, and
/// nothing else.
pub(crate) fn configuration(mode: &str) -> String {
    with_options(&format!(r#""protocol":{{"headers":"{mode}","max_body_bytes":4096}}"#))
}

/// The same configuration, in which one caller may have 2,048 open streams.
pub(crate) fn with_many_streams(configuration: &str) -> String {
    let protocol = r#""max_body_bytes":4096"#;
    assert!(configuration.contains(protocol));
    configuration.replace(protocol, &format!(r#"{protocol},"max_held_bytes":1073741824"#))
}

/// The same with other options.
pub(crate) fn with_options(options: &str) -> String {
    let asked = r#"{"require_approval":[{"conditions":[]}],"rate_limit":"2/minute"}"#;
    let tools = format!(r#"{{"ok":{{}},"limited":{{"rate_limit":"2/minute"}},"asked":{asked}}}"#);
    format!(r#"{{"policy":{{"version":"1","default":"deny","tools":{tools}}},{options}}}"#)
}

/// A call of a tool, as clients send it.
pub(crate) fn call(tool: &str) -> Request {
    let body = format!(r#"{{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{{"name":"{tool}"}}}}"#);
    let headers = pairs(&[(":method", "POST"), (":path", "/mcp"), ("content-type", "application/json")]);
    Request { headers, chunks: vec![body.into_bytes()], end: End::Flag }
}

/// A request for the list of tools.
pub(crate) fn list() -> Request {
    let body = r#"{"jsonrpc":"2.0","id":7,"method":"tools/list"}"#;
    Request { chunks: vec![body.as_bytes().to_vec()], ..call("ok") }
}

/// A request without a body.
pub(crate) fn get() -> Request {
    Request { headers: pairs(&[(":method", "GET"), (":path", "/mcp")]), chunks: Vec::new(), end: End::Flag }
}

/// A request for an event stream, as MCP's clients send it.
pub(crate) fn listen() -> Request {
    let accept = [(":method", "GET"), (":path", "/mcp"), ("accept", "text/event-stream")];
    Request { headers: pairs(&accept), ..get() }
}

/// A caller with an address.
pub(crate) fn at_an_address() -> Properties {
    let named = |path: &str, value: &str| (path.as_bytes().to_vec(), Some(value.as_bytes().to_vec()));
    [named("plugin_name", "filter"), named("source\0address", "10.0.0.7:4711")].into()
}

pub(crate) fn pairs(pairs: &[(&str, &str)]) -> Pairs {
    pairs.iter().map(|(name, value)| (name.as_bytes().to_vec(), value.as_bytes().to_vec())).collect()
}

impl Request {
    pub(crate) fn body(&self) -> Vec<u8> {
        self.chunks.concat()
    }

    pub(crate) fn ends_with_its_head(&self) -> bool {
        self.chunks.is_empty() && self.end == End::Flag
    }

    /// Sends it by Envoy's rules, as far as it is let. The stream stays open.
    pub(crate) fn send(&self, worker: &mut Worker) -> Stream {
        let mut stream = Stream::open(worker);
        stream.headers(worker, &self.headers, self.ends_with_its_head());
        for (index, chunk) in self.chunks.iter().enumerate() {
            if stream.is_open() {
                stream.body(worker, chunk, self.end == End::Flag && index + 1 == self.chunks.len());
            }
        }
        match self.end {
            End::EmptyChunk if stream.is_open() => stream.body(worker, b"", true),
            End::Trailers if stream.is_open() => stream.trailers(worker),
            End::Flag | End::EmptyChunk | End::Trailers => {}
        }
        stream
    }
}

impl Request {
    /// Sends it, has a server answer it if it goes on, and closes its stream.
    pub(crate) fn complete(&self, worker: &mut Worker) -> Stream {
        let mut stream = self.send(worker);
        if stream.went_on.is_whole && stream.replies.is_empty() {
            let head =
                [(":status", "200"), ("content-type", "application/json"), ("x-envoy-upstream-service-time", "1")];
            stream.answer(worker, Part::Head(&head), true);
        }
        stream.close(worker);
        stream
    }
}

impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (name, value) in self.headers.iter().take(20) {
            writeln!(f, "{}: {}", name.escape_ascii(), value.escape_ascii())?;
        }
        let chunks: Vec<String> = self.chunks.iter().map(|chunk| chunk.escape_ascii().to_string()).collect();
        write!(f, "{} headers, {chunks:?}, {:?}", self.headers.len(), self.end)
    }
}

/// Requests: sound ones, those of the attack corpus, and noise; in any chunks, with any end.
pub(crate) fn requests() -> impl Strategy<Value = Request> {
    let whole = prop_oneof![
        4 => select(&["ok", "limited", "asked", "evil"][..]).prop_map(|tool| (call(tool).headers, call(tool).body())),
        2 => select(CORPUS.as_slice()),
        1 => vec(any::<u8>(), 0..64).prop_map(|body| (call("ok").headers, body)),
        1 => Just((get().headers, Vec::new())),
        1 => (4090_usize..4200).prop_map(|size| (call("ok").headers, vec![b' '; size])),
    ];
    let cuts = vec(any::<proptest::sample::Index>(), 0..6);
    let end = select(&[End::Flag, End::EmptyChunk, End::Trailers][..]);
    (whole, header_noise(), cuts, end).prop_map(|((mut headers, body), noise, cuts, end)| {
        noise.disturb(&mut headers);
        let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut.index(body.len() + 1)).collect();
        cuts.sort_unstable();
        cuts.push(body.len());
        let mut from = 0;
        let mut chunks = Vec::new();
        for to in cuts {
            chunks.push(body[from..to].to_vec());
            from = to;
        }
        if body.is_empty() && end == End::Flag {
            chunks.clear();
        }
        Request { headers, chunks, end }
    })
}

/// What is odd about a head.
#[derive(Clone, Debug)]
enum Noise {
    Nothing,
    Without(&'static str),
    With(Pairs),
    Many(usize),
}

impl Noise {
    fn disturb(&self, headers: &mut Pairs) {
        match self {
            Self::Nothing => {}
            Self::Without(name) => headers.retain(|(key, _)| key != name.as_bytes()),
            Self::With(more) => headers.extend(more.clone()),
            Self::Many(count) => headers.extend((0..*count).map(|n| (format!("x-{n}").into_bytes(), b"1".to_vec()))),
        }
    }
}

const NAMES: [&str; 12] = [
    ":method",
    "accept-encoding",
    "authorization",
    "content-encoding",
    "content-length",
    "content-type",
    "mcp-method",
    "mcp-protocol-version",
    "mcp-session-id",
    "upgrade",
    "x-envoy-retry-on",
    "x-request-id",
];

fn header_noise() -> impl Strategy<Value = Noise> {
    let value = prop_oneof![vec(any::<u8>(), 0..12), "[0-9]{1,4}".prop_map(String::into_bytes)];
    let name = prop_oneof![
        9 => select(&NAMES[..]).prop_map(|name| name.as_bytes().to_vec()),
        1 => vec(any::<u8>(), 0..5),
    ];
    prop_oneof![
        6 => Just(Noise::Nothing),
        1 => select(&NAMES[..]).prop_map(Noise::Without),
        3 => vec((name, value), 1..4).prop_map(Noise::With),
        1 => (1_usize..3000).prop_map(Noise::Many),
    ]
}

/// Head and body of each attack of the corpus.
static CORPUS: LazyLock<Vec<(Pairs, Vec<u8>)>> = LazyLock::new(|| {
    let attacks = include_str!("../cases/attacks.jsonl").lines();
    attacks.map(|line| attack(&serde_json::from_str(line).expect("a case is JSON"))).collect()
});

fn attack(case: &Value) -> (Pairs, Vec<u8>) {
    let text = |value: &Value| value.as_str().expect("text").to_owned();
    let mut headers = pairs(&[(":method", &text(&case["method"])), (":path", &text(&case["path"]))]);
    for (name, value) in case["headers"].as_object().expect("headers") {
        // A list is a repeated header.
        let values = value.as_array().cloned().unwrap_or_else(|| vec![value.clone()]);
        headers.extend(values.iter().map(|value| (name.to_lowercase().into_bytes(), text(value).into_bytes())));
    }
    let body = match (&case["body"], &case["body_b64"]) {
        (Value::String(body), _) => body.clone().into_bytes(),
        (_, Value::String(body)) => BASE64_STANDARD.decode(body).expect("base64"),
        _ => Vec::new(),
    };
    (headers, body)
}

/// A worker, and the stream of a request that went on.
#[track_caller]
pub(crate) fn sent(configuration: &str, request: &Request) -> (Worker, Stream) {
    let mut worker = Worker::new(&Arc::new(Shared::prepared()), configuration);
    worker.world().properties = at_an_address();
    let stream = request.send(&mut worker);
    assert!(stream.went_on.is_whole);
    (worker, stream)
}
