//! How many streams may be open that hold nothing: each takes a connection to the server.

use super::{Attacked, EVENTS, HONEST, SERVED, STREAMS, TOO_MANY, is_refused};
use crate::{
    proxy::{Part, Stream, Worker},
    request::{Request, call, get, pairs},
};

/// A request that goes on to the server, whose event stream begins and does not end.
fn listen(worker: &mut Worker, request: &Request) -> Stream {
    let mut stream = request.send(worker);
    if stream.replies.is_empty() {
        assert!(stream.went_on.is_whole);
        stream.answer(worker, EVENTS, false);
        stream.answer(worker, Part::Body(b": hello\n\n"), false);
    }
    stream
}

/// The same request with one more header.
fn with_header(mut request: Request, name: &str, value: &str) -> Request {
    request.headers.extend(pairs(&[(name, value)]));
    request
}

#[test]
fn one_caller_opens_an_eighth_of_the_streams_whichever_request_they_answer() {
    for request in [call("ok"), get()] {
        let mut attacked = Attacked::new(r#""mode":"enforce""#);
        attacked.open_until_refused(TOO_MANY, |worker| listen(worker, &request));
        assert_eq!(attacked.open.len(), STREAMS);
        attacked.assert_bounded();
    }
}

#[test]
fn a_call_beyond_its_callers_streams_is_not_charged() {
    let mut attacked = Attacked::new(r#""mode":"enforce""#);
    attacked.open_until_refused(TOO_MANY, |worker| listen(worker, &get()));
    for _ in 0..10 {
        let mut stream = call("limited").send(&mut attacked.worker);
        assert!(is_refused(&stream, TOO_MANY));
        stream.close(&mut attacked.worker);
    }
    attacked.open.pop().expect("a stream").close(&mut attacked.worker);
    for has_room in [true, true, false] {
        let mut stream = call("limited").send(&mut attacked.worker);
        assert_eq!(stream.went_on.is_whole, has_room, "{:?}", stream.replies);
        if has_room {
            stream.answer(&mut attacked.worker, SERVED, true);
        }
        stream.close(&mut attacked.worker);
    }
    attacked.assert_bounded();
}

#[test]
fn callers_without_identity_count_by_their_address() {
    let identity = r#"{"peer":"uri_san"},{"address":true}"#;
    let mut attacked = Attacked::new(&format!(r#""identity":[{identity}]"#));
    // A forwarding header, which yields no identity.
    let address = |worker: &mut Worker, ip: &str| {
        worker.world().properties.insert(b"source\0address".to_vec(), Some(format!("{ip}:0").into_bytes()));
    };
    address(&mut attacked.worker, "203.0.113.9");
    attacked.open_until_refused(TOO_MANY, |worker| listen(worker, &get()));
    assert_eq!(attacked.open.len(), STREAMS);
    address(&mut attacked.worker, "203.0.113.10");
    let mut stream = listen(&mut attacked.worker, &get());
    assert!(stream.went_on.is_whole, "{:?}", stream.replies);
    stream.close(&mut attacked.worker);
    attacked.assert_bounded();
}

#[test]
fn callers_that_take_any_number_of_names_open_a_half_of_the_streams() {
    let mut attacked = Attacked::new(r#""identity":[{"header":"x-agent-id"},{"address":true}]"#);
    for name in ["a", "b", "c", "d", "e", "f"] {
        let request = with_header(get(), "x-agent-id", name);
        attacked.open_until_refused(TOO_MANY, |worker| listen(worker, &request));
    }
    assert_eq!(attacked.open.len(), 4 * STREAMS);
    attacked.assert_bounded();
}

#[test]
fn a_bypassed_request_takes_a_place_like_any_other() {
    let bindings = r#"[{"route":"oauth","bypass":true},{"policy":"p"}]"#;
    let policy = r#"{"version":"1","default":"deny","tools":{"ok":{}}}"#;
    let mut attacked = Attacked::with(&format!(r#"{{"policies":{{"p":{policy}}},"bindings":{bindings}}}"#));
    let route = |worker: &mut Worker, name: &str| {
        worker.world().properties.insert(b"xds\0route_name".to_vec(), Some(name.as_bytes().to_vec()));
    };
    route(&mut attacked.worker, "oauth");
    // A body that never ends keeps the server waiting.
    attacked.open_until_refused(TOO_MANY, |worker| {
        let mut stream = Stream::open(worker);
        stream.headers(worker, &call("ok").headers, false);
        if stream.is_open() {
            stream.body(worker, b"grant_type=", false);
            assert_eq!(stream.went_on.body, b"grant_type=");
        }
        stream
    });
    assert_eq!(attacked.open.len(), STREAMS);
    attacked.call_from(HONEST);
    route(&mut attacked.worker, "oauth");
    let mut stream = call("whatever").send(&mut attacked.worker);
    assert!(stream.went_on.is_whole, "{:?}", stream.replies);
    stream.close(&mut attacked.worker);
    attacked.assert_bounded();
}
