//! Callbacks in any order, while anything fails. Whatever a host does: no trap, no second reply, no request that goes
//! on after its reply ([`Stream`] asserts these), and no body that the engine would not let go on.

use std::sync::Arc;

use mcp_policy::{config::Config, store::InMemory};
use proptest::{
    collection::vec,
    prelude::*,
    sample::{Index, select},
};

use crate::{
    cases, oracle,
    proxy::{
        CallKind, CallResponse, Fault, How, Part, Shared, Stream, Worker,
        fault::{CALLS, STATUSES},
    },
    rate_limit_service,
    request::{MODES, Request, at_an_address, requests, with_options},
    service::{self, SERVICE},
};

/// What a host does next.
#[derive(Clone, Debug)]
enum Event {
    Headers {
        is_end: bool,
    },
    Chunk {
        is_end: bool,
    },
    Noise {
        bytes: Vec<u8>,
        is_end: bool,
    },
    Trailers,
    AnswerHead {
        is_end: bool,
    },
    AnswerBody {
        bytes: Vec<u8>,
        is_end: bool,
    },
    AnswerTrailers,
    /// A service says something about one of those calls that it was asked about: the one that approves, or the one that counts.
    Respond {
        which: Index,
        ruled: CallResponse,
        counted: CallResponse,
    },
    /// Or about none.
    RespondStray {
        number: u32,
        said: CallResponse,
    },
    Log,
    /// The client is gone.
    Close,
    Clock(u64),
    Fail(Fault),
    Recover,
}

#[derive(Clone, Debug)]
struct Case {
    mode: &'static str,
    refund: &'static str,
    has_service: bool,
    /// What happens where the service that counts does not; `None` if there is none.
    on_failure: Option<&'static str>,
    /// What fails while configuring.
    early: Vec<Fault>,
    /// Two streams of one worker, and which of them each event is for.
    requests: [Request; 2],
    events: Vec<(usize, Event)>,
}

#[test]
fn nothing_traps_answers_twice_or_goes_on_unjudged() {
    run(1000, Just(Vec::new()).boxed());
}

#[test]
fn nor_where_calls_fail_while_configuring() {
    run(200, vec(fault(), 1..4).boxed());
}

fn run(count: u32, early: BoxedStrategy<Vec<Fault>>) {
    let requests = [requests().boxed(), requests().boxed()];
    let events = vec((0..2_usize, event()), 1..24);
    let refunds = &["undelivered", "failed", "never"][..];
    let services = (prop::bool::weighted(0.7), select(&[None, Some("deny"), Some("local")][..]));
    let cases = (select(&MODES[..]), select(refunds), services, early, requests, events);
    let cases = cases.prop_map(|(mode, refund, (has_service, on_failure), early, requests, events)| Case {
        mode,
        refund,
        has_service,
        on_failure,
        early,
        requests,
        events,
    });
    cases::run(count, &cases, |case| play(&case));
}

fn play(case: &Case) {
    let text = options(case);
    let config = Config::load(text.as_bytes()).expect("a sound configuration");
    let shared = if case.early.is_empty() { Shared::prepared() } else { Shared::default() };
    let mut worker = Worker::bare(&Arc::new(shared));
    worker.world().properties = at_an_address();
    worker.world().faults.clone_from(&case.early);
    // Where it is rejected Envoy keeps the configuration it had: none, here.
    let _accepted: bool = worker.configure(&text);
    worker.world().faults.clear();

    let mut streams = [Stream::open(&mut worker), Stream::open(&mut worker)];
    let mut chunks = case.requests.clone().map(|request| request.chunks.into_iter());
    let mut responses = [Vec::new(), Vec::new()];
    for (which, event) in &case.events {
        let before = streams.each_ref().map(|stream| stream.went_on.clone());
        match event {
            Event::Respond { which, ruled, counted } => {
                say(&mut worker, &mut streams, &mut responses, *which, [ruled, counted]);
            }
            // A number may come again, or before anybody has asked.
            Event::RespondStray { number, said } if worker.world().calls.iter().all(|call| call.number != *number) => {
                worker.respond_stray(*number, said);
            }
            Event::RespondStray { .. } => {}
            event => happen(event, &mut worker, &mut streams[*which], &case.requests[*which], &mut chunks[*which]),
        }
        for (((stream, request), before), said) in streams.iter().zip(&case.requests).zip(before).zip(&responses) {
            let now = &stream.went_on;
            if now.body != before.body || now.is_whole != before.is_whole {
                let fresh = InMemory::new([5; 16]);
                assert!(
                    oracle::may_go_on(&config, &request.headers, &now.body, &fresh, said),
                    "{event:?} lets this go on unjudged: {now:?}"
                );
            }
        }
    }
    for stream in &mut streams {
        stream.close(&mut worker);
    }
}

/// What happens to one stream.
fn happen(
    event: &Event,
    worker: &mut Worker,
    stream: &mut Stream,
    request: &Request,
    chunks: &mut impl Iterator<Item = Vec<u8>>,
) {
    match event {
        Event::Headers { is_end } => stream.headers(worker, &request.headers, *is_end),
        Event::Chunk { is_end } => stream.body(worker, &chunks.next().unwrap_or_default(), *is_end),
        Event::Noise { bytes, is_end } => stream.body(worker, bytes, *is_end),
        Event::Trailers => stream.trailers(worker),
        Event::AnswerHead { is_end } => {
            let head = [(":status", "200"), ("content-type", "application/json")];
            stream.answer(worker, Part::Head(&head), *is_end);
        }
        Event::AnswerBody { bytes, is_end } => stream.answer(worker, Part::Body(bytes), *is_end),
        Event::AnswerTrailers => stream.answer(worker, Part::Trailers, true),
        Event::Respond { .. } | Event::RespondStray { .. } => {}
        Event::Log => stream.log(worker),
        Event::Close => stream.close(worker),
        Event::Clock(now) => worker.world().now = *now,
        Event::Fail(fault) => worker.world().faults.push(fault.clone()),
        Event::Recover => worker.world().faults.clear(),
    }
}

/// Responds to one of the pending callouts, whether or not its stream is still there, and records the response.
fn say(
    worker: &mut Worker,
    streams: &mut [Stream; 2],
    responses: &mut [Vec<CallResponse>; 2],
    which: Index,
    [ruled, counted]: [&CallResponse; 2],
) {
    let calls = &worker.world().calls;
    if calls.is_empty() {
        return;
    }
    let callout = which.get(calls).clone();
    let said = if callout.does == CallKind::Http { ruled } else { counted };
    let is_there = worker.world().contexts.contains_key(&callout.stream);
    match streams.iter_mut().zip(responses).find(|(stream, _)| stream.id == callout.stream) {
        Some((stream, responses)) if is_there => {
            responses.push(said.clone());
            stream.receive(worker, callout.number, said);
        }
        _ => worker.respond_stray(callout.number, said),
    }
}

fn options(case: &Case) -> String {
    let Case { mode, refund, has_service, on_failure, .. } = case;
    let counts =
        on_failure.map_or_else(String::new, |on_failure| format!(",{}", rate_limit_service::service(on_failure)));
    let approvals = if *has_service { SERVICE } else { r#""approvals":{}"# };
    with_options(&format!(
        r#""protocol":{{"headers":"{mode}","max_body_bytes":4096}},"limits":{{"refund":"{refund}"{counts}}},"identity":[{{"address":true}},{{"constant":"x"}}],{approvals}"#
    ))
}

/// More often what leads somewhere.
fn event() -> impl Strategy<Value = Event> {
    let bytes = || vec(any::<u8>(), 0..40);
    prop_oneof![
        6 => prop::bool::weighted(0.2).prop_map(|is_end| Event::Headers { is_end }),
        8 => any::<bool>().prop_map(|is_end| Event::Chunk { is_end }),
        1 => (bytes(), any::<bool>()).prop_map(|(bytes, is_end)| Event::Noise { bytes, is_end }),
        3 => Just(Event::Trailers),
        1 => any::<bool>().prop_map(|is_end| Event::AnswerHead { is_end }),
        1 => (bytes(), any::<bool>()).prop_map(|(bytes, is_end)| Event::AnswerBody { bytes, is_end }),
        1 => Just(Event::AnswerTrailers),
        4 => (any::<Index>(), service::answers(), rate_limit_service::answers())
            .prop_map(|(which, ruled, counted)| Event::Respond { which, ruled, counted }),
        1 => (0..20_u32, prop_oneof![service::answers(), rate_limit_service::answers()])
            .prop_map(|(number, said)| Event::RespondStray { number, said }),
        1 => Just(Event::Log),
        1 => Just(Event::Close),
        1 => any::<u64>().prop_map(Event::Clock),
        3 => fault().prop_map(Event::Fail),
        2 => Just(Event::Recover),
    ]
}

fn fault() -> impl Strategy<Value = Fault> {
    let how = prop_oneof![
        6 => select(&STATUSES[..]).prop_map(How::Status),
        1 => Just(How::Silence),
        2 => vec(any::<u8>(), 0..64).prop_map(How::Garbage),
        1 => any::<u32>().prop_map(How::Nowhere),
        1 => Just(How::Unversioned),
    ];
    let call = prop_oneof![1 => Just(""), 8 => select(&CALLS[..])];
    let times = prop_oneof![1..4_u32, Just(u32::MAX)];
    (call, 0..12_u32, times, how).prop_map(|(call, after, times, how)| Fault { call, after, times, how })
}
