//! Calls that end while a service is asked about them: each leaves a record, since the service may have charged it.

use std::sync::Arc;

use crate::{
    approval_callout::{codes, waiting},
    proxy::{Fault, Part, Shared, Stream, Worker},
    rate_limit_service::{charged, counting},
    request::{MODES, at_an_address, call},
    service::asking,
};

/// A call that waits for the service of this configuration.
fn held(configuration: &str, tool: &str) -> (Worker, Stream, u32) {
    let mut worker = Worker::new(&Arc::new(Shared::prepared()), configuration);
    worker.world().properties = at_an_address();
    let (stream, callout) = waiting(&mut worker, &call(tool));
    assert_eq!(stream.notes.len(), 0, "nothing is decided");
    (worker, stream, callout.number)
}

/// Asserts that the stream has one record, which says that the call failed by this rule.
#[track_caller]
fn assert_recorded(stream: &Stream, tool: &str, rule: &str) {
    let [record] = stream.notes.as_slice() else { panic!("{:?}", stream.notes) };
    let record = String::from_utf8_lossy(record);
    let begins = format!(
        r#"{{"decision":"failed","rule":"/tools/{tool}/{rule}","why":"the call ended while a service was asked about it, so it did not go on; a rate-limit service may have charged it","policy":"default","config":""#
    );
    let ends = format!(r#","grant":"address:10.0.0.7","method":"tools/call","tool":"{tool}"}}"#);
    assert!(record.starts_with(&begins) && record.ends_with(&ends), "{record}");
}

#[test]
fn a_call_whose_client_leaves_while_a_service_is_asked_leaves_a_record() {
    for mode in MODES {
        for (configuration, tool, rule) in
            [(counting(mode, "deny"), "limited", "rate_limit"), (asking(mode), "asked", "require_approval/0")]
        {
            let (mut worker, mut stream, callout) = held(&configuration, tool);
            // Envoy may log a stream before its end, too.
            stream.log(&mut worker);
            stream.close(&mut worker);
            assert_recorded(&stream, tool, rule);
            worker.respond_stray(callout, &charged());
            assert_eq!(worker.world().counted("mcp_policy_decisions"), 1, "it is counted once");
        }
    }
}

#[test]
fn a_call_that_is_answered_while_a_service_is_asked_leaves_a_record() {
    for mode in MODES {
        let (mut worker, mut stream, _) = held(&counting(mode, "deny"), "limited");
        stream.body(&mut worker, b" ", true);
        assert_eq!(codes(&stream), Some((503, Some(-32603))), "more came than was judged");
        stream.close(&mut worker);
        assert_recorded(&stream, "limited", "rate_limit");

        let (mut worker, mut stream, _) = held(&counting(mode, "deny"), "limited");
        stream.answer(&mut worker, Part::Head(&[(":status", "504")]), true);
        stream.close(&mut worker);
        assert_recorded(&stream, "limited", "rate_limit");

        let (mut worker, mut stream, callout) = held(&counting(mode, "deny"), "limited");
        worker.world().faults = vec![Fault::always("proxy_get_current_time_nanoseconds", 10)];
        stream.receive(&mut worker, callout, &charged());
        worker.world().faults.clear();
        if !worker.has_failed() {
            stream.close(&mut worker);
            assert_recorded(&stream, "limited", "rate_limit");
        }
    }
}
