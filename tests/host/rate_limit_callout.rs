//! A call that a service counts, for several Envoys: it goes on whole and once when that has room for it, and else only
//! if this Envoy is configured to count itself.

mod stray;

use std::sync::Arc;

use serde_json::{Value, json};

use crate::{
    approval_callout::{self, Since, assert_went_on, codes, faults, goes_on, waiting, yes},
    proxy::{CallResponse, Fault, Part, ROOT, Shared, Stream, Worker},
    rate_limit_service::{
        self, asking_both, assert_charges, charged, closed, counting, descriptor, full, rate_limit_request, unwilling,
    },
    request::{End, MODES, Request, at_an_address, call, with_options},
    service::{APPROVE, said},
};

/// The counter of `limited`.
const COUNTER: &str = "/tools/limited";
const UNANSWERED: &str = "mcp_policy_limits_unanswered";
/// What one is answered that could not be counted.
const UNCOUNTED: Option<(u32, Option<i64>)> = Some((200, Some(-32603)));
const LIMITED: Option<(u32, Option<i64>)> = Some((200, Some(-31429)));

fn worker(configuration: &str) -> Worker {
    let mut worker = Worker::new(&Arc::new(Shared::prepared()), configuration);
    worker.world().properties = at_an_address();
    worker
}

/// Those that come whole and in pieces, with each end that there is.
fn requests() -> impl Iterator<Item = Request> {
    let whole = call("limited");
    approval_callout::requests().into_iter().map(move |request| {
        let size = if request.chunks.len() == 1 { 4096 } else { 10 };
        let chunks = whole.body().chunks(size).map(<[u8]>::to_vec).collect();
        Request { chunks, ..request }
    })
}

/// Its answer's error.
fn error(stream: &Stream) -> Value {
    let body: Value = serde_json::from_slice(&stream.replies[0].body).expect("an answer is JSON");
    body["error"].clone()
}

/// How many of three calls pass if the service responds this.
fn passes(worker: &mut Worker, said: &CallResponse) -> usize {
    let mut passed = 0;
    for _ in 0..3 {
        let (mut stream, callout) = waiting(worker, &call("limited"));
        stream.receive(worker, callout.number, said);
        // It stays open: of one that was never sent, what was counted here is given back.
        passed += usize::from(stream.went_on.is_whole);
    }
    passed
}

#[test]
fn a_charged_call_goes_on_whole_and_once_and_nothing_is_counted_here() {
    for (mode, on_failure) in MODES.into_iter().flat_map(|mode| [(mode, "deny"), (mode, "local")]) {
        let mut worker = worker(&counting(mode, on_failure));
        worker.world().called.clear();
        let expected = rate_limit_request(&[descriptor(COUNTER, 1, 2)], 1);
        for request in requests() {
            let (mut stream, callout) = waiting(&mut worker, &request);
            assert_charges(&callout, ROOT, &expected);
            assert_eq!(stream.went_on.headers.is_some(), mode == "release");
            stream.receive(&mut worker, callout.number, &charged());
            assert_went_on(&stream, &request);
            worker.respond_stray(callout.number, &charged());
            stream.answer(&mut worker, Part::Head(&[(":status", "200")]), false);
            stream.answer(&mut worker, Part::Body(b"{}"), true);
            assert!(stream.answer.is_whole);
            worker.respond_stray(callout.number, &closed(14));
            stream.close(&mut worker);
        }
        let count = requests().count();
        let called = &worker.world().called;
        assert!(count > 2, "more than would pass if it were counted here");
        assert_eq!((called["proxy_grpc_call"], called["proxy_continue_stream"]), (count, count));
        assert_eq!((called.get("proxy_set_shared_data"), called.get("proxy_get_shared_data")), (None, None));
    }
}

#[test]
fn a_call_without_limits_makes_no_rate_limit_callout() {
    let mut worker = worker(&counting("hold", "deny"));
    assert!(call("ok").send(&mut worker).went_on.is_whole);
    assert_eq!(codes(&call("evil").send(&mut worker)), Some((200, Some(-31403))));
    assert_eq!(worker.world().called.get("proxy_grpc_call"), None);
}

#[test]
fn a_rate_limited_call_is_refused_with_the_time_to_retry() {
    for mode in MODES {
        let mut worker = worker(&counting(mode, "local"));
        for (said, wait) in [
            (full(7), 7000),
            // The service gave no time, so it waits until the window ends. The clock of this host is 2.5 s past a minute.
            (rate_limit_service::message([8, 2]), 17_500),
            (rate_limit_service::message([8, 2, 18, 0]), 17_500),
        ] {
            let (mut stream, callout) = waiting(&mut worker, &call("limited"));
            stream.receive(&mut worker, callout.number, &said);
            assert_eq!(codes(&stream), LIMITED);
            let error = error(&stream);
            assert_eq!(
                (&error["data"]["retryAfterMs"], &error["data"]["rule"]),
                (&json!(wait), &json!("/tools/limited/rate_limit"))
            );
            let seconds = u64::div_ceil(wait, 1000);
            let header = (b"retry-after".to_vec(), seconds.to_string().into_bytes());
            assert!(stream.replies[0].headers.contains(&header), "{:?}", stream.replies);
            assert!(stream.went_on.body.is_empty() && !stream.went_on.is_whole);
            worker.respond_stray(callout.number, &charged());
            stream.close(&mut worker);
        }
        assert_eq!(worker.world().counted(UNANSWERED), 0, "it did answer");
    }
}

#[test]
fn where_the_service_does_not_count_calls_are_refused_or_counted_here() {
    for mode in MODES {
        for said in unwilling() {
            let mut worker = worker(&counting(mode, "deny"));
            for request in requests() {
                let (mut stream, callout) = waiting(&mut worker, &request);
                stream.receive(&mut worker, callout.number, &said);
                assert_eq!(codes(&stream), UNCOUNTED, "{said:?}");
                let why = "the gateway could not complete its checks, so it did not forward the call; repeat it later";
                assert_eq!(error(&stream)["message"], json!(why), "{said:?}");
                worker.respond_stray(callout.number, &charged());
                assert!(!stream.went_on.is_whole && stream.went_on.body.is_empty());
                stream.close(&mut worker);
            }
            assert_eq!(worker.world().counted(UNANSWERED), i64::try_from(requests().count()).expect("few"));
            assert_eq!(worker.world().called.get("proxy_continue_stream"), None);

            let mut worker = self::worker(&counting(mode, "local"));
            assert_eq!(passes(&mut worker, &charged()), 3, "the service counts");
            assert_eq!(passes(&mut worker, &said), 2, "{said:?}: what it counted is not counted here");
            assert_eq!(passes(&mut worker, &charged()), 3, "it counts again");
            assert_eq!(worker.world().counted(UNANSWERED), 3);
        }
    }
}

#[test]
fn a_callout_that_cannot_be_dispatched_counts_as_a_failed_service() {
    // Envoy returns 4 for a cluster that it does not have, and 10 for one that it cannot reach.
    for (mode, status) in MODES.into_iter().flat_map(|mode| [(mode, 4), (mode, 10)]) {
        for (on_failure, passed) in [("deny", 0), ("local", 2)] {
            let mut worker = worker(&counting(mode, on_failure));
            worker.world().faults = vec![Fault::always("proxy_grpc_call", status)];
            let streams = [(); 3].map(|()| call("limited").send(&mut worker));
            assert_eq!(streams.iter().filter(|stream| stream.went_on.is_whole).count(), passed);
            let refused = if passed == 0 { UNCOUNTED } else { LIMITED };
            assert!(streams.iter().all(|stream| stream.went_on.is_whole || codes(stream) == refused), "{streams:?}");
            // A second callback with a number that Envoy did not give out.
            worker.respond_stray(5, &closed(14));
            assert_eq!(worker.world().counted(UNANSWERED), 3);
        }
    }
}

#[test]
fn whatever_fails_whenever_nothing_goes_on_uncounted() {
    for mode in MODES {
        let mut worker = worker(&counting(mode, "deny"));
        let (mut passed, mut refused) = (0, 0);
        for fault in faults() {
            for (since, said) in [Since::Asking, Since::Waiting]
                .into_iter()
                .flat_map(|since| [(since, charged()), (since, full(1)), (since, closed(14))])
            {
                let before = worker.world().calls.len();
                let goes_on = goes_on(&mut worker, "limited", since, [&said, &charged()], &fault);
                assert!(!goes_on || said == charged(), "{fault:?} {since:?}: it goes on uncounted");
                worker.reload_if_failed();
                assert_eq!(worker.world().calls.len(), before, "{fault:?} {since:?}");
                *(if goes_on { &mut passed } else { &mut refused }) += 1;
            }
        }
        assert!(passed > 3000 && refused > 3000, "{passed} {refused}");
        assert_eq!(passes(&mut worker, &charged()), 3, "it works as before");
    }
}

#[test]
fn the_approval_callout_precedes_the_rate_limit_callout() {
    for mode in MODES {
        let mut worker = worker(&asking_both(mode));
        for (counted, fate) in [(charged(), None), (full(3), LIMITED), (closed(4), UNCOUNTED)] {
            let (mut stream, callout) = waiting(&mut worker, &call("asked"));
            assert_eq!((callout.cluster.as_slice(), worker.world().calls.len()), (b"desk".as_slice(), 1));
            stream.receive(&mut worker, callout.number, &yes());
            assert!(stream.is_open() && stream.went_on.body.is_empty(), "it has not been counted");
            worker.respond_stray(callout.number, &yes());
            let counting = worker.world().calls[0].clone();
            assert_charges(&counting, ROOT, &rate_limit_request(&[descriptor("/tools/asked", 1, 2)], 1));
            stream.receive(&mut worker, counting.number, &counted);
            assert_eq!((codes(&stream), stream.went_on.is_whole), (fate, fate.is_none()), "{counted:?}");
            stream.close(&mut worker);
        }
        let (mut stream, callout) = waiting(&mut worker, &call("asked"));
        stream.receive(&mut worker, callout.number, &said("403", APPROVE));
        assert_eq!((codes(&stream), worker.world().calls.len()), (Some((200, Some(-31403))), 0), "nothing is charged");
    }
}

/// A tool that is charged one call, and as many units as it says.
fn costing() -> String {
    let limit = |rest: &str| format!(r#"{{"window":"minute","scope":"grant",{rest}}}"#);
    let limits = [
        limit(r#""counter":"calls","max":9"#),
        limit(r#""counter":"units","max":90,"increment_from":"args.n""#),
        limit(r#""counter":"more","max":8"#),
    ];
    let rule = format!(r#""ok":{{"limits":[{}]}}"#, limits.join(","));
    with_options(&format!(r#""limits":{{{}}}"#, rate_limit_service::service("deny"))).replace(r#""ok":{}"#, &rule)
}

fn of_units(units: &str) -> Request {
    let body = format!(
        r#"{{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{{"name":"ok","arguments":{{"n":{units}}}}}}}"#
    );
    Request { chunks: vec![body.into_bytes()], end: End::Flag, ..call("ok") }
}

#[test]
fn charges_of_one_amount_share_a_request_and_other_amounts_follow() {
    let mut worker = worker(&costing());
    let calls = rate_limit_request(&[descriptor("calls", 1, 9), descriptor("more", 1, 8)], 1);
    let units = rate_limit_request(&[descriptor("units", 5, 90)], 5);
    for (first, second, fate) in [
        (charged(), charged(), None),
        (full(1), charged(), LIMITED),
        (charged(), full(1), LIMITED),
        (charged(), closed(14), UNCOUNTED),
    ] {
        let (mut stream, callout) = waiting(&mut worker, &of_units("5"));
        assert_charges(&callout, ROOT, &calls);
        stream.receive(&mut worker, callout.number, &first);
        if first == charged() {
            assert!(stream.is_open() && stream.went_on.body.is_empty(), "one of two has answered");
            let callout = worker.world().calls[0].clone();
            assert_charges(&callout, ROOT, &units);
            stream.receive(&mut worker, callout.number, &second);
        }
        assert_eq!((codes(&stream), stream.went_on.is_whole), (fate, fate.is_none()), "{first:?} {second:?}");
        assert_eq!(worker.world().calls, []);
        stream.close(&mut worker);
    }
    // One of the same amount is asked for with the others, and one of nothing not at all.
    let all = rate_limit_request(&[descriptor("calls", 1, 9), descriptor("units", 1, 90), descriptor("more", 1, 8)], 1);
    for (units, expected) in [("1", &all), ("1e0", &all), ("0", &calls)] {
        let (_, callout) = waiting(&mut worker, &of_units(units));
        assert_charges(&callout, ROOT, expected);
    }
    // A part of a unit, and more than there ever is, are refused unasked.
    let before = worker.world().calls.len();
    for units in ["0.5", "91"] {
        assert_eq!(codes(&of_units(units).send(&mut worker)), Some((200, Some(-31403))), "{units}");
    }
    assert_eq!(worker.world().calls.len(), before);
}
