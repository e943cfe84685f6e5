//! Lines in Envoy's log: as many as its level asks for, and each with the number of the stream or root that it is about.

use std::sync::Arc;

use crate::{
    proxy::{Part, ROOT, Shared, Worker},
    request::{at_an_address, call, configuration, get},
    service::{APPROVE, asking, said},
};

const TRACE: u32 = 0;
const DEBUG: u32 = 1;
const CRITICAL: u32 = 5;
const OFF: u32 = 6;

/// A worker that is configured while the host's log has this level.
fn worker(level: u32, configuration: &str) -> Worker {
    let mut worker = Worker::bare(&Arc::new(Shared::prepared()));
    worker.world().log_level = level;
    assert!(worker.configure(configuration));
    worker.world().properties = at_an_address();
    worker
}

/// The lines since the last look.
fn lines(worker: &mut Worker) -> Vec<String> {
    std::mem::take(&mut worker.world().log)
}

#[test]
fn at_debug_each_callback_and_decision_has_a_line_with_its_number() {
    let mut worker = worker(DEBUG, &asking("hold"));
    assert_eq!(lines(&mut worker), ["#1 on_configure"]);
    let mut stream = call("asked").send(&mut worker);
    let callout = worker.world().calls[0].number;
    stream.receive(&mut worker, callout, &said("200", APPROVE));
    stream.answer(&mut worker, Part::Head(&[(":status", "200")]), false);
    stream.answer(&mut worker, Part::Body(b"{}"), false);
    stream.answer(&mut worker, Part::Trailers, true);
    stream.close(&mut worker);
    let expected = [
        "on_http_request_headers: end_of_stream false",
        "on_http_request_body: 72 bytes, end_of_stream true",
        "waits for callout 4",
        "on_http_call_response 4: 39 bytes",
        "is allowed, rule \"\"",
        "on_http_response_headers: end_of_stream false",
        "on_http_response_body: 2 bytes, end_of_stream false",
        "on_http_response_trailers",
        "on_log",
    ];
    assert_eq!(lines(&mut worker), expected.map(|line| format!("#2 {line}")));

    let denied = call("evil").send(&mut worker);
    let reply = format!("on_http_response_body: {} bytes, end_of_stream true", denied.replies[0].body.len());
    let expected = [
        "on_http_request_headers: end_of_stream false",
        "on_http_request_body: 71 bytes, end_of_stream true",
        "is denied, rule \"(default deny)\"",
        "is answered here with HTTP 200, mcp_policy_denied",
        // Envoy takes a local reply through the filters, too.
        "on_http_response_headers: end_of_stream false",
        reply.as_str(),
    ];
    let expected: Vec<String> = expected.iter().map(|line| format!("#3 {line}")).collect();
    // The audit record is the other line.
    let found: Vec<String> = lines(&mut worker).into_iter().filter(|line| line.contains('#')).collect();
    assert_eq!(found, expected);
}

#[test]
fn no_line_tells_a_secret() {
    for level in [TRACE, DEBUG] {
        let mut worker = worker(level, &configuration("release"));
        let mut request = call("ok");
        for name in ["authorization", "mcp-session-id", "cookie"] {
            request.headers.push((name.as_bytes().to_vec(), b"a-secret".to_vec()));
        }
        request.headers[1].1 = b"/mcp?session_id=a-secret".to_vec();
        let mut stream = request.send(&mut worker);
        stream.close(&mut worker);
        assert_eq!(lines(&mut worker).iter().find(|line| line.contains("secret")), None);
    }
}

#[test]
fn a_level_that_leaves_a_line_out_makes_no_call_for_it() {
    for (level, least) in [(CRITICAL, 0), (OFF, 0), (4, 1), (3, 1)] {
        let mut worker = worker(level, &configuration("hold"));
        let unconfigured = worker.context(0);
        let stream = worker.context(unconfigured);
        let request = get();
        crate::proxy::Stream::of(stream).headers(&mut worker, &request.headers, true);
        call("evil").send(&mut worker);
        assert_eq!(lines(&mut worker).len(), least, "at level {level}");
    }
}

#[test]
fn a_level_that_changes_holds_from_the_next_tick_on() {
    let mut worker = worker(2, &configuration("hold"));
    for (level, lines) in [(DEBUG, 3), (2, 0)] {
        worker.world().log_level = level;
        worker.callback("proxy_on_tick", &[ROOT]);
        worker.world().log.clear();
        call("ok").send(&mut worker);
        assert_eq!(self::lines(&mut worker).len(), lines, "at level {level}");
    }
}
