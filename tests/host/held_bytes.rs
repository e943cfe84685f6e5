//! What streams that do not end may hold of one worker: `protocol.max_held_bytes`, and how many may be open. Each attack is one
//! caller's, or that of the server behind it. Another caller's requests pass meanwhile, and what was held is free again when the
//! streams are closed.

mod open_streams;

use std::sync::Arc;

use crate::{
    proxy::{Part, Shared, Stream, Worker},
    rate_limit_service,
    request::{End, Request, at_an_address, call, get, list, with_options},
};

/// What one worker's memory may grow by under any attack here, in bytes. Envoy has several workers, and copies of its own.
const MORE_MEMORY: usize = 64 << 20;
/// The share of one caller at the default options, in bytes.
const SHARE: usize = 8 << 20;
/// A header as large as Envoy takes it.
const LARGE: usize = 60 << 10;
/// The streams of one caller at the default options.
const STREAMS: usize = 128;
const ATTACKER: &str = "10.0.0.7";
const HONEST: &str = "10.0.0.8";
const JSON: Part<'_> = Part::Head(&[(":status", "200"), ("content-type", "application/json")]);
/// The same from a server: nothing is given back for not having been sent.
const SERVED: Part<'_> =
    Part::Head(&[(":status", "200"), ("content-type", "application/json"), ("x-envoy-upstream-service-time", "1")]);
const EVENTS: Part<'_> = Part::Head(&[(":status", "200"), ("content-type", "text/event-stream")]);

/// A worker under attack.
struct Attacked {
    worker: Worker,
    /// Its memory before the attack, in bytes.
    before: usize,
    open: Vec<Stream>,
}

impl Attacked {
    fn new(options: &str) -> Self {
        Self::with(&with_options(options))
    }

    fn with(configuration: &str) -> Self {
        let worker = Worker::new(&Arc::new(Shared::prepared()), configuration);
        let mut attacked = Self { worker, before: 0, open: Vec::new() };
        attacked.assert_others_pass();
        attacked.before = attacked.worker.memory();
        attacked
    }

    /// The next streams are this caller's.
    fn call_from(&mut self, address: &str) {
        let address = format!("{address}:4711").into_bytes();
        self.worker.world().properties = at_an_address();
        self.worker.world().properties.insert(b"source\0address".to_vec(), Some(address));
    }

    /// Another caller's call with a large body passes, and so does its list.
    #[track_caller]
    fn assert_others_pass(&mut self) {
        self.call_from(HONEST);
        let large = call_with(&format!(r#"{{"x":"{}"}}"#, "x".repeat(500_000)));
        let mut stream = large.send(&mut self.worker);
        assert!(stream.went_on.is_whole, "{:?}", stream.replies);
        stream.close(&mut self.worker);
        let (mut stream, answer) = (list().send(&mut self.worker), r#"{"id":7,"result":{"tools":[{"name":"ok"}]}}"#);
        stream.answer(&mut self.worker, JSON, false);
        stream.answer(&mut self.worker, Part::Body(answer.as_bytes()), true);
        assert_eq!(stream.answer.body, answer.as_bytes());
        stream.close(&mut self.worker);
        self.call_from(ATTACKER);
    }

    /// Has the attacker open streams until ten in a row are refused for this reason.
    #[track_caller]
    fn open_until_refused(&mut self, reason: &str, mut open: impl FnMut(&mut Worker) -> Stream) {
        let mut refused = 0;
        while refused < 10 {
            let mut stream = open(&mut self.worker);
            if is_refused(&stream, reason) {
                refused += 1;
                stream.close(&mut self.worker);
            } else {
                refused = 0;
                self.open.push(stream);
            }
            assert!(self.open.len() < 100_000, "there is room for all");
        }
    }

    /// The others pass; memory has a bound; and when the attack is over, the attacker's calls pass, too.
    #[track_caller]
    fn assert_bounded(mut self) {
        self.assert_others_pass();
        let grown = self.worker.memory() - self.before;
        println!("{} streams are held, {} KiB of memory", self.open.len(), grown >> 10);
        for mut stream in self.open.drain(..) {
            stream.close(&mut self.worker);
        }
        let mut stream = call_with(r#"{"x":1}"#).send(&mut self.worker);
        assert!(stream.went_on.is_whole, "what was held is free again");
        stream.close(&mut self.worker);
        assert!(grown < MORE_MEMORY, "{grown}");
    }
}

/// A call with these arguments.
fn call_with(arguments: &str) -> Request {
    let body =
        format!(r#"{{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{{"name":"ok","arguments":{arguments}}}}}"#);
    Request { chunks: vec![body.into_bytes()], ..call("ok") }
}

/// Why a stream is refused whose bytes find no room.
const NO_ROOM: &str = "the open requests of this caller use up its share of the gateway's memory; wait for one of them to end, \
    then repeat this request";
/// Why a stream is refused whose caller has as many as it may have.
const TOO_MANY: &str = "this caller has as many requests and event streams open as the gateway lets one have; close one of them, \
    then repeat this request";

/// Whether a stream was answered that there is no room for it, for this reason; panics upon any other answer.
#[track_caller]
fn is_refused(stream: &Stream, reason: &str) -> bool {
    let [reply] = stream.replies.as_slice() else { return false };
    let body = String::from_utf8_lossy(&reply.body);
    assert_eq!(reply.code, 503, "{body}");
    let error = format!(r#"{{"jsonrpc":"2.0","id":null,"error":{{"code":-32603,"message":"Request refused: {reason}""#);
    assert!(body.starts_with(&error), "{body}");
    assert!(reply.headers.contains(&(b"retry-after".to_vec(), b"1".to_vec())));
    true
}

/// A header that no step reads.
fn large_header() -> (Vec<u8>, Vec<u8>) {
    (b"x-large".to_vec(), vec![b'x'; LARGE])
}

#[test]
fn heads_that_never_end() {
    for head in [call("ok").headers, get().headers] {
        for is_large in [false, true] {
            let mut attacked = Attacked::new(r#""protocol":{"max_held_bytes":33554432}"#);
            let mut headers = head.clone();
            headers.extend(is_large.then(large_header));
            attacked.open_until_refused(if is_large { NO_ROOM } else { TOO_MANY }, |worker| {
                let mut stream = Stream::open(worker);
                stream.headers(worker, &headers, false);
                stream
            });
            // A stream is counted as what it holds here and in Envoy.
            let opened = attacked.open.len();
            assert!(if is_large { opened < SHARE / 2 / LARGE } else { opened == STREAMS }, "{opened}");
            attacked.assert_bounded();
        }
    }
}

#[test]
fn small_requests_after_the_largest_heads() {
    let mut attacked = Attacked::new(r#""protocol":{"max_held_bytes":1073741824}"#);
    let large = Request { headers: [call("ok").headers, vec![large_header()]].concat(), ..call("ok") };
    for request in std::iter::repeat_n(large, 500).chain(std::iter::repeat_n(call("ok"), 1500)) {
        let stream = request.send(&mut attacked.worker);
        assert!(stream.went_on.is_whole, "what goes on is not held");
        attacked.open.push(stream);
    }
    attacked.assert_bounded();
}

#[test]
fn slow_uploads() {
    for (size, reason, most) in [(100, TOO_MANY, STREAMS), (1_000_000, NO_ROOM, SHARE / 1_000_000)] {
        let mut attacked = Attacked::new(r#""mode":"enforce""#);
        attacked.open_until_refused(reason, |worker| {
            let mut stream = Stream::open(worker);
            stream.headers(worker, &call("ok").headers, false);
            if stream.is_open() {
                stream.body(worker, &vec![b' '; size], false);
            }
            stream
        });
        assert_eq!(attacked.open.len(), most);
        attacked.assert_bounded();
    }
}

#[test]
fn a_body_that_no_caller_may_hold_is_too_large() {
    let options = r#""protocol":{"max_body_bytes":67108864,"max_held_bytes":1048576}"#;
    let mut worker = Worker::new(&Arc::new(Shared::prepared()), &with_options(options));
    worker.world().properties = at_an_address();
    let body = Request { chunks: vec![vec![b' '; 140_000]], end: End::EmptyChunk, ..call("ok") };
    let stream = body.send(&mut worker);
    let [reply] = stream.replies.as_slice() else { panic!("{:?}", stream.replies) };
    assert_eq!(reply.code, 413);
    assert!(String::from_utf8_lossy(&reply.body).contains("the body is larger than 131072 bytes"));
}

#[test]
fn lists_that_never_end_become_errors() {
    for (name, head, front) in [("JSON", JSON, r#"{"id":7,"x":""#), ("events", EVENTS, r#"data: {"id":7,"x":""#)] {
        let mut attacked = Attacked::new(r#""mode":"enforce""#);
        for _ in 0..12 {
            let mut stream = list().send(&mut attacked.worker);
            stream.answer(&mut attacked.worker, head, false);
            stream.answer(&mut attacked.worker, Part::Body(front.as_bytes()), false);
            for _ in 0..127 {
                stream.answer(&mut attacked.worker, Part::Body(&[b'x'; 64 << 10]), false);
            }
            attacked.open.push(stream);
        }
        attacked.assert_others_pass();
        let mut refused = 0;
        for stream in &mut attacked.open {
            stream.answer(&mut attacked.worker, Part::Body(b"\"}"), true);
            let answer = String::from_utf8_lossy(&stream.answer.body);
            refused += usize::from(answer.contains("has no memory left for responses to this caller"));
        }
        println!("{name}: {refused} of 12 are errors");
        assert_eq!(refused, 11, "{name}: the share has room for one");
        attacked.assert_bounded();
    }
}

#[test]
fn a_call_whose_result_does_not_fit_counts_as_delivered() {
    for is_full in [false, true] {
        let mut attacked = Attacked::new(r#""limits":{"refund":"failed"}"#);
        if is_full {
            let mut stream = list().send(&mut attacked.worker);
            stream.answer(&mut attacked.worker, JSON, false);
            for _ in 0..120 {
                stream.answer(&mut attacked.worker, Part::Body(&[b' '; 64 << 10]), false);
            }
            attacked.open.push(stream);
        }
        let failed = format!(r#"{{"jsonrpc":"2.0","id":7,"error":{{"code":1,"message":"{}"}}}}"#, "x".repeat(700_000));
        let mut passed = 0;
        for _ in 0..5 {
            let mut stream = call("limited").send(&mut attacked.worker);
            if stream.went_on.is_whole {
                passed += 1;
                stream.answer(&mut attacked.worker, SERVED, false);
                stream.answer(&mut attacked.worker, Part::Body(failed.as_bytes()), true);
                assert_eq!(stream.answer.body, failed.as_bytes(), "it goes on all the same");
            }
            stream.close(&mut attacked.worker);
        }
        assert_eq!(passed, if is_full { 2 } else { 5 }, "the limit allows two, and a failed call gets its quota back");
        attacked.assert_bounded();
    }
}

#[test]
fn calls_that_wait_for_a_service() {
    let mut attacked = Attacked::new(&format!(r#""limits":{{{}}}"#, rate_limit_service::service("local")));
    let body = format!(
        r#"{{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{{"name":"limited","arguments":{{"x":"{}"}}}}}}"#,
        "x".repeat(500_000)
    );
    let waiting = Request { chunks: vec![body.into_bytes()], ..call("limited") };
    attacked.open_until_refused(NO_ROOM, |worker| waiting.send(worker));
    assert!(attacked.open.len() <= SHARE / 1_000_000, "each is held here and in Envoy");
    attacked.assert_bounded();
}

#[test]
fn the_values_that_rules_read_have_a_bound() {
    let rule = r#"{"require":[{"conditions":[{"path":"args.x","op":"exists","value":true}]}]}"#;
    let configuration = format!(
        r#"{{"policy":{{"version":"1","default":"deny","tools":{{"ok":{rule}}}}},
            "protocol":{{"max_body_bytes":67108864,"max_held_bytes":1073741824}}}}"#
    );
    let mut worker = Worker::new(&Arc::new(Shared::prepared()), &configuration);
    worker.world().properties = at_an_address();
    for (values, is_denied) in [(200_000, false), (4 << 20, true)] {
        let before = worker.memory();
        let arguments = format!(r#"{{"x":[{}0]}}"#, "0,".repeat(values - 1));
        let request = call_with(&arguments);
        let (mut stream, size) = (request.send(&mut worker), request.body().len());
        assert_eq!(stream.went_on.is_whole, !is_denied);
        if let [reply] = stream.replies.as_slice() {
            assert!(String::from_utf8_lossy(&reply.body).contains(r#""rule":"(too much to check)""#));
        }
        stream.close(&mut worker);
        let grown = worker.memory() - before;
        println!("{size} bytes of `[0,0,…]`: {} KiB of memory", grown >> 10);
        // The copy that is judged, and a tree that has a bound.
        assert!(grown < size + (size >> 3) + (16 << 20), "{grown}");
    }
}
