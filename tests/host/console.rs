//! The console while host calls fail: it reports the failure or sends no reply, and only approvers approve.

use std::sync::{Arc, LazyLock};

use proptest::{collection::vec, prelude::*, sample::select};
use sha2::{Digest as _, Sha256};

use crate::{
    cases,
    proxy::{
        Fault, How, Pairs, Part, Shared, Stream, Worker,
        fault::{CALLS, STATUSES},
    },
    request::{End, Request, at_an_address, call, configuration, get, pairs},
};

/// The approver's token.
const TOKEN: &str = "a-token-for-tests";

/// An agent's gateway and a console over the same shared data.
pub(crate) struct Office {
    pub(crate) gateway: Worker,
    pub(crate) console: Worker,
}

impl Office {
    pub(crate) fn new() -> Self {
        let shared = Arc::new(Shared::prepared());
        let mut gateway = Worker::new(&shared, &configuration("hold"));
        gateway.world().properties = at_an_address();
        Self { gateway, console: console(&shared) }
    }

    /// The same with other shared data.
    pub(crate) fn over(&mut self, shared: &Arc<Shared>) {
        for worker in [&mut self.gateway, &mut self.console] {
            worker.world().shared = Arc::clone(shared);
        }
    }

    /// Makes the agent's call; the name of the pending approval, if the call is not allowed.
    pub(crate) fn call(&mut self) -> Result<(), String> {
        pending_id(&call("asked").complete(&mut self.gateway))
    }

    /// Approves a pending call.
    #[track_caller]
    pub(crate) fn approve(&mut self, id: &str) {
        let stream = decide(id, "approve").send(&mut self.console);
        assert_eq!(code(&stream), Some(200), "{stream:?}");
        stream_ends(stream, &mut self.console);
    }
}

/// A console whose approver has [`TOKEN`].
pub(crate) fn console(shared: &Arc<Shared>) -> Worker {
    Worker::new(shared, &console_configuration())
}

/// The configuration of that console.
pub(crate) fn console_configuration() -> String {
    let digest: String = Sha256::digest(TOKEN).iter().map(|byte| format!("{byte:02x}")).collect();
    format!(r#"{{"console":{{"approvers":["bearer:{digest}"]}}}}"#)
}

/// The id of the pending approval, if the call is not allowed.
pub(crate) fn pending_id(stream: &Stream) -> Result<(), String> {
    let Some(reply) = stream.replies.first() else {
        assert!(stream.went_on.is_whole, "{stream:?}");
        return Ok(());
    };
    let body: serde_json::Value = serde_json::from_slice(&reply.body).expect("an answer is JSON");
    assert_eq!(body["error"]["code"], -31428, "{body}");
    Err(body["error"]["data"]["approval"]["id"].as_str().expect("a name").to_owned())
}

/// An approver's decision.
pub(crate) fn decide(id: &str, decision: &str) -> Request {
    let headers = [
        (":method", "POST"),
        (":path", &format!("/api/approvals/{id}")),
        (":authority", "localhost:10001"),
        ("authorization", &format!("Bearer {TOKEN}")),
        ("origin", "http://localhost:10001"),
        ("content-type", "application/json"),
    ];
    let body = format!(r#"{{"decision":"{decision}","note":"as agreed"}}"#);
    Request { headers: pairs(&headers), chunks: vec![body.into_bytes()], end: End::Flag }
}

/// A look of the approver at the console.
pub(crate) fn visit_to(path: &str) -> Request {
    let headers = [
        (":method", "GET"),
        (":path", path),
        (":authority", "localhost:10001"),
        ("authorization", &format!("Bearer {TOKEN}")),
    ];
    Request { headers: pairs(&headers), chunks: Vec::new(), end: End::Flag }
}

/// The same decision with another token, or none.
fn strangers(request: &Request) -> [Request; 2] {
    let without = |request: &Request| -> Pairs {
        request.headers.iter().filter(|(name, _)| name != b"authorization").cloned().collect()
    };
    let other = [without(request), pairs(&[("authorization", "Bearer another-token")])].concat();
    [without(request), other].map(|headers| Request { headers, ..request.clone() })
}

fn code(stream: &Stream) -> Option<u32> {
    stream.replies.first().map(|reply| reply.code)
}

/// Ends a visit: nothing of it may have gone anywhere.
fn stream_ends(mut stream: Stream, worker: &mut Worker) {
    assert!(stream.went_on.headers.is_none() && stream.went_on.body.is_empty() && !stream.went_on.is_whole);
    worker.world().faults.clear();
    stream.close(worker);
}

/// Shared data with a pending approval, and its id.
static ASKED: LazyLock<(Shared, String)> = LazyLock::new(|| {
    let mut office = Office::new();
    let id = office.call().expect_err("it is not approved");
    (office.gateway.world().shared.copy(), id)
});

/// Sends a decision while something fails; the answer, and whether the agent's call passes then.
fn visit(office: &mut Office, request: &Request, fault: &Fault) -> (Option<u32>, bool) {
    office.over(&Arc::new(ASKED.0.copy()));
    office.console.world().faults = vec![fault.clone()];
    let stream = request.send(&mut office.console);
    let code = if office.console.has_failed() { FAILED } else { code(&stream) };
    stream_ends(stream, &mut office.console);
    office.console.reload_if_failed();
    (code, office.call().is_ok())
}

/// What Envoy answers when the VM has failed.
const FAILED: Option<u32> = Some(500);

#[test]
fn an_answer_holds_for_one_call() {
    let mut office = Office::new();
    let id = office.call().expect_err("it is not approved");
    assert_eq!(office.call(), Err(id.clone()), "the same approval is pending");
    let whole = decide(&id, "approve");
    let pieces = whole.body().chunks(7).map(<[u8]>::to_vec).collect();
    let request = Request { chunks: pieces, end: End::Trailers, ..whole };
    let stream = request.send(&mut office.console);
    assert_eq!((code(&stream), stream.notes.len()), (Some(200), 1));
    stream_ends(stream, &mut office.console);
    assert_eq!(code(&request.send(&mut office.console)), Some(409), "it was answered");
    assert_eq!(office.call(), Ok(()));
    assert_eq!(code(&request.send(&mut office.console)), Some(404), "it was used up");
    office.gateway.world().now += 1_000_000;
    let next = office.call().expect_err("another call");
    assert_ne!(next, id);
    let rejected = decide(&next, "reject").send(&mut office.console);
    assert_eq!(code(&rejected), Some(200));
    let refused = call("asked").send(&mut office.gateway);
    assert!(String::from_utf8_lossy(&refused.replies[0].body).contains("-31403"), "{refused:?}");
}

/// What an approver is answered while this call fails, and whether the decision holds: always when that was said, and never
/// when the contrary was.
fn expected(call: &str, status: u32) -> (Option<u32>, bool) {
    match call {
        "" => (None, false),
        "proxy_send_local_response" => (None, true),
        // A missing certificate identifies no caller.
        "proxy_get_property" if [1, 3].contains(&status) => (Some(200), true),
        "proxy_get_buffer_bytes"
        | "proxy_get_current_time_nanoseconds"
        | "proxy_get_header_map_pairs"
        | "proxy_get_property"
        | "proxy_get_shared_data"
        | "proxy_set_shared_data" => (Some(503), false),
        _ => (Some(200), true),
    }
}

#[test]
fn a_console_whose_host_calls_fail_reports_it_and_approves_nothing() {
    let mut office = Office::new();
    let approve = decide(&ASKED.1, "approve");
    for name in CALLS.into_iter().chain([""]) {
        for status in STATUSES {
            let fault = Fault::always(name, status);
            let (code, holds) = visit(&mut office, &approve, &fault);
            if code == FAILED && fault.may_trap() {
                assert!(!holds || expected(name, status).1, "{fault:?}");
                continue;
            }
            assert_eq!((code, holds), expected(name, status), "{fault:?}");
        }
    }
}

#[test]
fn a_console_that_fails_at_any_step_says_what_holds_and_lets_no_stranger_approve() {
    let mut office = Office::new();
    let approve = decide(&ASKED.1, "approve");
    let hows = STATUSES.map(How::Status).into_iter().chain([
        How::Silence,
        How::Garbage(b"\xff".to_vec()),
        How::Garbage(Vec::new()),
        How::Nowhere(9),
        How::Unversioned,
    ]);
    for (how, after) in hows.flat_map(|how| (0..8).map(move |after| (how.clone(), after))) {
        for call in CALLS.into_iter().chain([""]) {
            let fault = Fault { call, after, times: 1, how: how.clone() };
            let (code, holds) = visit(&mut office, &approve, &fault);
            assert!(code != Some(200) || holds || claims(&fault), "{fault:?}: it says so, and it does not hold");
            assert!(code != Some(503) || !holds, "{fault:?}: it says that it failed, and it holds");
            let fault = Fault { times: u32::MAX, ..fault };
            for stranger in strangers(&approve) {
                let (code, holds) = visit(&mut office, &stranger, &fault);
                assert!(!holds && code != Some(200), "{fault:?}: {code:?}");
            }
        }
    }
}

/// Whether the host reports a write that it did not make, or a time long ago: the module cannot notice.
fn claims(fault: &Fault) -> bool {
    let calls = ["", "proxy_set_shared_data", "proxy_get_current_time_nanoseconds"];
    calls.contains(&fault.call) && matches!(fault.how, How::Silence)
}

/// What a host does next with a visit.
#[derive(Clone, Debug)]
enum Event {
    Head { is_end: bool },
    Chunk { text: &'static str, is_end: bool },
    Trailers,
    Answer,
    Log,
    Fail(Fault),
    Recover,
}

#[test]
fn in_any_order_no_stranger_approves_and_nothing_goes_anywhere() {
    let fault = (select(&CALLS[..]), 0..6_u32, 1..4_u32, select(&STATUSES[..]));
    let fault = fault.prop_map(|(call, after, times, status)| Fault { call, after, times, how: How::Status(status) });
    let text = select(&["{\"decision\":", "\"approve\"", "}", "{\"decision\":\"approve\"}", ""][..]);
    let event = prop_oneof![
        4 => prop::bool::weighted(0.1).prop_map(|is_end| Event::Head { is_end }),
        8 => (text, any::<bool>()).prop_map(|(text, is_end)| Event::Chunk { text, is_end }),
        2 => Just(Event::Trailers),
        1 => Just(Event::Answer),
        1 => Just(Event::Log),
        2 => fault.prop_map(Event::Fail),
        1 => Just(Event::Recover),
    ];
    let decision = decide(&ASKED.1, "approve");
    let requests = [strangers(&decision).to_vec(), vec![decision, get()]].concat();
    let names: Vec<usize> = (0..requests.len()).collect();
    cases::run(800, &(select(names), vec(event, 1..12)), |(which, events)| {
        let mut office = Office::new();
        office.over(&Arc::new(ASKED.0.copy()));
        let mut stream = Stream::open(&mut office.console);
        for event in &events {
            happen(event, &mut office.console, &mut stream, &requests[which].headers);
        }
        stream_ends(stream, &mut office.console);
        assert!(which == 2 || office.call().is_err(), "{events:?}");
    });
}

fn happen(event: &Event, worker: &mut Worker, stream: &mut Stream, headers: &Pairs) {
    match event {
        Event::Head { is_end } => stream.headers(worker, headers, *is_end),
        Event::Chunk { text, is_end } => stream.body(worker, text.as_bytes(), *is_end),
        Event::Trailers => stream.trailers(worker),
        Event::Answer => stream.answer(worker, Part::Head(&[(":status", "200")]), true),
        Event::Log => stream.log(worker),
        Event::Fail(fault) => worker.world().faults.push(fault.clone()),
        Event::Recover => worker.world().faults.clear(),
    }
}
