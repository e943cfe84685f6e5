//! One call fails, always, with each status there is: what becomes of requests. Nothing goes on that was not judged. Upon a
//! status that Envoy cannot return the VM may fail instead.

use std::{panic::catch_unwind, sync::Arc};

use crate::{
    proxy::{CallKind, Fault, How, Shared, Stream, Worker, fault::STATUSES},
    rate_limit_service::{charged, counting},
    request::{MODES, Request, at_an_address, call, configuration, get, pairs},
    service::{APPROVE, asking, said},
};

/// What becomes of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    GoesOn,
    /// HTTP 503, since the id is not known.
    Fails,
    /// HTTP 200 with an error of the gateway.
    FailsWithId,
    /// HTTP 200 with a policy violation.
    Denied,
    /// It stays where it is, unanswered.
    Waits,
    /// The VM has failed, upon which Envoy answers 503; only where the host broke Envoy's rules.
    Traps,
}

use Fate::{Denied, Fails, FailsWithId, GoesOn, Traps, Waits};

/// The requests that the tables tell of, in this order.
fn requests() -> [(&'static str, Request); 6] {
    let mut repeating = call("ok");
    repeating.headers.extend(pairs(&[("x-envoy-retry-on", "5xx")]));
    [
        ("get", get()),
        ("ok", call("ok")),
        ("limited", call("limited")),
        ("evil", call("evil")),
        ("repeating", repeating),
        ("asked", call("asked")),
    ]
}

/// By the call that fails: the fate of a GET, an allowed call, one with a limit, a denied one, an allowed one that asks
/// Envoy to repeat it, and one that a service approves. For a property, a status that says that it does not exist is not a failure.
const TABLE: [(&str, [Fate; 6]); 17] = [
    ("proxy_close_stream", [GoesOn, GoesOn, GoesOn, Denied, GoesOn, GoesOn]),
    ("proxy_continue_stream", [GoesOn, GoesOn, GoesOn, Denied, GoesOn, Waits]),
    ("proxy_get_buffer_bytes", [GoesOn, Fails, Fails, Fails, Fails, Fails]),
    ("proxy_get_current_time_nanoseconds", [GoesOn, Fails, Fails, Fails, Fails, Fails]),
    ("proxy_get_header_map_pairs", [Fails; 6]),
    ("proxy_get_header_map_value", [GoesOn, GoesOn, GoesOn, Denied, GoesOn, GoesOn]),
    ("proxy_get_property", [Fails; 6]),
    ("proxy_get_shared_data", [GoesOn, GoesOn, FailsWithId, Denied, GoesOn, FailsWithId]),
    ("proxy_grpc_call", [GoesOn, GoesOn, GoesOn, Denied, GoesOn, GoesOn]),
    ("proxy_http_call", [GoesOn, GoesOn, GoesOn, Denied, GoesOn, Denied]),
    ("proxy_log", [GoesOn, GoesOn, GoesOn, Denied, GoesOn, GoesOn]),
    ("proxy_remove_header_map_value", [GoesOn, GoesOn, GoesOn, Denied, Fails, GoesOn]),
    ("proxy_send_local_response", [GoesOn, GoesOn, GoesOn, Waits, GoesOn, GoesOn]),
    ("proxy_set_buffer_bytes", [GoesOn, GoesOn, GoesOn, Denied, GoesOn, GoesOn]),
    ("proxy_set_effective_context", [GoesOn, GoesOn, GoesOn, Denied, GoesOn, Waits]),
    ("proxy_set_property", [GoesOn, GoesOn, GoesOn, Denied, GoesOn, GoesOn]),
    ("proxy_set_shared_data", [GoesOn, GoesOn, FailsWithId, Denied, GoesOn, FailsWithId]),
];

/// The fate of the one with a limit where a service counts it, which has room.
const COUNTED: [(&str, Fate); 17] = [
    ("proxy_close_stream", GoesOn),
    ("proxy_continue_stream", Waits),
    ("proxy_get_buffer_bytes", Fails),
    ("proxy_get_current_time_nanoseconds", Fails),
    ("proxy_get_header_map_pairs", Fails),
    ("proxy_get_header_map_value", GoesOn),
    ("proxy_get_property", Fails),
    ("proxy_get_shared_data", GoesOn),
    ("proxy_grpc_call", FailsWithId),
    ("proxy_http_call", GoesOn),
    ("proxy_log", GoesOn),
    ("proxy_remove_header_map_value", GoesOn),
    ("proxy_send_local_response", GoesOn),
    ("proxy_set_buffer_bytes", GoesOn),
    ("proxy_set_effective_context", Waits),
    ("proxy_set_property", GoesOn),
    ("proxy_set_shared_data", GoesOn),
];

/// A property that is missing or null identifies no caller.
const NO_PROPERTY: [Fate; 6] = [GoesOn, Denied, Denied, Denied, Denied, Denied];

#[test]
fn a_call_that_fails_with_any_status_lets_nothing_go_on_unjudged() {
    let mut wrong = Vec::new();
    for (name, fates) in TABLE {
        for status in STATUSES {
            let fates = if name == "proxy_get_property" && [1, 3].contains(&status) { NO_PROPERTY } else { fates };
            wrong.extend(check(&Fault::always(name, status), fates));
        }
    }
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn nor_does_one_where_a_service_counts() {
    let mut wrong = Vec::new();
    for ((name, fate), status) in COUNTED.into_iter().flat_map(|row| STATUSES.map(|status| (row, status))) {
        let fate = if name == "proxy_get_property" && [1, 3].contains(&status) { Denied } else { fate };
        for mode in MODES {
            wrong.extend(try_one(&Fault::always(name, status), mode, &counting(mode, "deny"), &call("limited"), fate));
        }
    }
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn where_every_call_fails_nothing_goes_on() {
    for status in STATUSES {
        assert_eq!(check(&Fault::always("", status), [Waits; 6]), [""; 0]);
    }
}

#[test]
fn a_call_that_claims_to_have_gone_well_lets_nothing_go_on_unjudged() {
    // A request without any header is refused with 405.
    for (name, fates) in [
        ("proxy_get_buffer_bytes", [GoesOn, Fails, Fails, Fails, Fails, Fails]),
        ("proxy_get_property", NO_PROPERTY),
        ("proxy_get_shared_data", [GoesOn, GoesOn, FailsWithId, Denied, GoesOn, FailsWithId]),
    ] {
        let fault = Fault { call: name, after: 0, times: u32::MAX, how: How::Silence };
        assert_eq!(check(&fault, fates), [""; 0]);
    }
}

#[test]
fn headers_that_cannot_be_read_are_a_failure() {
    let number = |number: u32| number.to_le_bytes();
    let one = |name: &[u8], value: &[u8], sizes: [u32; 2]| {
        [&number(1)[..], &number(sizes[0]), &number(sizes[1]), name, b"\0", value, b"\0"].concat()
    };
    for garbage in [
        b"x".to_vec(),
        number(1).to_vec(),
        number(u32::MAX).to_vec(),
        one(b"a", b"b", [2, 1]),
        one(b"a", b"b", [1, u32::MAX]),
        one(b"a", b"b", [u32::MAX, u32::MAX]),
        one(b"\xff", b"b", [1, 1]),
        [&number(1)[..], &number(1), &number(1), b"abbc"].concat(),
    ] {
        let fault = Fault { call: "proxy_get_header_map_pairs", after: 0, times: u32::MAX, how: How::Garbage(garbage) };
        assert_eq!(check(&fault, [Fails; 6]), [""; 0]);
    }
}

#[test]
fn bytes_that_are_nowhere_are_a_failure() {
    for (name, fates) in TABLE.into_iter().filter(|(name, _)| name.starts_with("proxy_get") && !name.contains("time")) {
        // The SDK treats a missing place as a missing value.
        let fates = if name == "proxy_get_property" { NO_PROPERTY } else { fates };
        for size in [1, 100, u32::MAX] {
            let fault = Fault { call: name, after: 0, times: u32::MAX, how: How::Nowhere(size) };
            assert_eq!(check(&fault, fates), [""; 0]);
        }
    }
}

#[test]
fn a_body_of_another_size_than_announced_is_a_failure() {
    for garbage in [b"{}".to_vec(), call("ok").body().repeat(2)] {
        let fault = Fault { call: "proxy_get_buffer_bytes", after: 0, times: u32::MAX, how: How::Garbage(garbage) };
        assert_eq!(check(&fault, [GoesOn, Fails, Fails, Fails, Fails, Fails]), [""; 0]);
    }
}

#[test]
fn counts_that_are_missing_or_garbage_refuse_what_is_limited() {
    for bytes in [b"".to_vec(), b"mcp\x01x".to_vec(), vec![0; 1000]] {
        let fault = Fault { call: "proxy_get_shared_data", after: 0, times: u32::MAX, how: How::Garbage(bytes) };
        assert_eq!(check(&fault, [GoesOn, GoesOn, FailsWithId, Denied, GoesOn, FailsWithId]), [""; 0]);
    }
    // Written back, a count without a version would overwrite whatever others have counted.
    let fault = Fault { call: "proxy_get_shared_data", after: 0, times: u32::MAX, how: How::Unversioned };
    assert_eq!(check(&fault, [GoesOn, GoesOn, FailsWithId, Denied, GoesOn, FailsWithId]), [""; 0]);
    let shared = Arc::new(Shared::prepared());
    let mut worker = Worker::new(&shared, &configuration("release"));
    worker.world().properties = at_an_address();
    worker.world().shared = Arc::default();
    assert_eq!(fate(&call("limited").send(&mut worker)), FailsWithId, "no key is there");
    assert!(worker.world().shared.keys().is_empty(), "a request makes no key");
}

#[test]
fn a_property_is_read_only_if_the_identity_a_binding_or_an_approval_needs_it() {
    let shared = Arc::new(Shared::prepared());
    let policy = r#"{"version":"1","default":"deny","tools":{"ok":{}}}"#;
    let mut worker = Worker::new(&shared, &format!(r#"{{"policy":{policy},"identity":[{{"constant":"x"}}]}}"#));
    for status in STATUSES {
        worker.world().faults = vec![Fault::always("proxy_get_property", status)];
        assert_eq!(fate(&call("ok").send(&mut worker)), GoesOn, "{status}");
    }
}

/// Sends each request to a worker of its own on which `fault` began after it was configured; says what went otherwise.
fn check(fault: &Fault, fates: [Fate; 6]) -> Vec<String> {
    let mut wrong = Vec::new();
    for mode in MODES {
        for ((name, request), expected) in requests().into_iter().zip(fates) {
            let found = try_one(fault, mode, &asking(mode), &request, expected);
            wrong.extend(found.map(|what| format!("{name}: {what}")));
        }
    }
    wrong
}

/// The same for one request; services respond what lets it pass.
fn try_one(fault: &Fault, mode: &str, configuration: &str, request: &Request, expected: Fate) -> Option<String> {
    let outcome = catch_unwind(|| {
        let mut worker = Worker::new(&Arc::new(Shared::prepared()), configuration);
        worker.world().properties = at_an_address();
        worker.world().faults = vec![fault.clone()];
        let mut stream = request.send(&mut worker);
        if let Some(callout) = worker.world().calls.first().cloned() {
            let said = if callout.does == CallKind::Http { said("200", APPROVE) } else { charged() };
            stream.receive(&mut worker, callout.number, &said);
        }
        let before = stream.went_on.clone();
        let fate = if worker.has_failed() { Traps } else { fate(&stream) };
        stream.close(&mut worker);
        assert_eq!(stream.went_on, before);
        (stream, fate)
    });
    let case = format!("{fault:?} in mode {mode}");
    let Ok((stream, fate)) = outcome else { return Some(format!("{case}: a trap, or worse")) };
    if fate == Traps && fault.may_trap() {
        assert!(!stream.went_on.is_whole && stream.went_on.body.is_empty(), "{case}: {stream:?}");
        return None;
    }
    if fate != expected {
        return Some(format!("{case}: {fate:?}"));
    }
    if mode == "hold" && expected != GoesOn {
        assert_eq!(stream.went_on.headers, None, "{case}: held headers are never seen");
    }
    None
}

fn fate(stream: &Stream) -> Fate {
    let went_on = &stream.went_on;
    let Some(reply) = stream.replies.first() else {
        if went_on.is_whole {
            return GoesOn;
        }
        assert!(went_on.body.is_empty());
        return Waits;
    };
    assert!(!went_on.is_whole && went_on.body.is_empty());
    let body: serde_json::Value = serde_json::from_slice(&reply.body).expect("an answer is JSON");
    match (reply.code, body["error"]["code"].as_i64(), body["id"].as_i64()) {
        (503, Some(-32603), None) => Fails,
        (200, Some(-32603), Some(7)) => FailsWithId,
        (200, Some(-31403), Some(7)) => Denied,
        other => panic!("no such answer is expected: {other:?}"),
    }
}
