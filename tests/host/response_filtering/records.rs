//! What records say of lists that were shortened.

use super::{list, listing, sent};
use crate::{
    proxy::{Part, Stream},
    request::{call, listen},
};

const EVENTS: Part<'_> = Part::Head(&[(":status", "200"), ("content-type", "text/event-stream")]);
const POLICY: &str = r#"{"version":"1","default":"deny","tools":{"ok":{"results":{"redact":[{"find":"email"}]}}}}"#;

/// The newest record of a stream.
fn last(stream: &Stream) -> String {
    String::from_utf8(stream.notes.last().expect("a record").clone()).expect("text")
}

#[test]
fn the_record_of_a_list_says_how_many_entries_it_lost() {
    let policy = r#"{"version":"1","default":"deny","tools":{"ok":{}}}"#;
    for (tools, hidden) in [(&["ok", "evil", "worse"][..], Some(2)), (&["ok"], None)] {
        let (mut worker, mut stream) = sent(policy, &list());
        listing(tools).send(&mut worker, &mut stream);
        let note = stream.notes.get(1).map(|note| String::from_utf8(note.clone()).expect("text"));
        let expected = hidden.map(|count| format!(r#","hidden":{count}}}"#));
        match (note, expected) {
            (Some(note), Some(expected)) => assert!(note.ends_with(&expected) && note.contains("tools/list"), "{note}"),
            (note, expected) => assert_eq!((note, expected), (None, None)),
        }
        stream.close(&mut worker);
    }
}

#[test]
fn the_record_of_a_list_counts_entries_that_no_call_could_name() {
    let policy = r#"{"version":"1","default":"allow"}"#;
    let (mut worker, mut stream) = sent(policy, &list());
    stream.answer(&mut worker, Part::Head(&[(":status", "200"), ("content-type", "application/json")]), false);
    stream.answer(&mut worker, Part::Body(br#"{"result":{"tools":[{"name":"ok"},{"name":""},{"title":"x"}]}}"#), true);
    stream.close(&mut worker);
    assert!(last(&stream).ends_with(r#","hidden":2}"#), "{}", last(&stream));
}

#[test]
fn the_record_of_a_refused_list_says_that_it_is_refused_and_why() {
    let policy = r#"{"version":"1","default":"deny","tools":{"ok":{}}}"#;
    let unreadable = br#"{"id":1,"result":{"tools":[],"tools":[]}}"#;
    let event = [b"data: ", &unreadable[..], b"\n\n"].concat();
    for (request, media, body) in [
        (list(), "application/json", &unreadable[..]),
        (list(), "text/event-stream", &event),
        (listen(), "text/event-stream", &event),
        (list(), "text/html", b""),
    ] {
        let (mut worker, mut stream) = sent(policy, &request);
        stream.answer(&mut worker, Part::Head(&[(":status", "200"), ("content-type", media)]), false);
        // Clients do not agree on how to read a page, so another answer has come in its place.
        if media != "text/html" {
            stream.answer(&mut worker, Part::Body(body), true);
        }
        stream.close(&mut worker);
        let begins = r#"{"decision":"refused","reason":"list","why":"the server's response is "#;
        assert!(last(&stream).starts_with(begins), "{}", last(&stream));
        assert_eq!(stream.notes.len(), 2);
    }
}

/// An event that lists these tools.
fn listed(tools: &[&str]) -> String {
    format!("data: {}\n\n", String::from_utf8(listing(tools).body()).expect("text"))
}

#[test]
fn the_record_of_a_stream_says_at_once_how_many_entries_its_lists_have_lost_so_far() {
    for request in [list(), listen()] {
        let (mut worker, mut stream) = sent(POLICY, &request);
        stream.answer(&mut worker, EVENTS, false);
        stream.answer(&mut worker, Part::Body(listed(&["ok"]).as_bytes()), false);
        assert_eq!(stream.notes.len(), 1, "nothing was lost");
        stream.answer(&mut worker, Part::Body(listed(&["evil", "ok"]).as_bytes()), false);
        assert!(last(&stream).ends_with(r#","hidden":1}"#), "{}", last(&stream));
        stream.answer(&mut worker, Part::Body(listed(&["evil", "worse"]).as_bytes()), false);
        // The client leaves.
        stream.close(&mut worker);
        assert!(last(&stream).ends_with(r#","hidden":3}"#), "{}", last(&stream));
        assert_eq!(stream.notes.len(), 3);
    }
}

#[test]
fn the_record_of_a_stream_that_is_reset_says_what_its_lists_had_lost() {
    let policy = r#"{"version":"1","default":"deny","tools":{"ok":{}}}"#;
    let (mut worker, mut stream) = sent(policy, &listen());
    stream.answer(&mut worker, EVENTS, false);
    let unreadable = "data: {\"result\":{\"tools\":[],\"tools\":[]}}\n\n";
    stream.answer(&mut worker, Part::Body([&listed(&["evil"]), unreadable].concat().as_bytes()), false);
    assert!(stream.answer.is_ended);
    stream.close(&mut worker);
    assert!(last(&stream).ends_with(r#","hidden":1}"#), "{}", last(&stream));
}

#[test]
fn the_record_of_a_stream_has_what_lists_lost_and_what_was_found_in_results() {
    let mail = "data: {\"id\":1,\"result\":{\"content\":[{\"text\":\"bob@example.com\"}]}}\n\n";
    let evil = listed(&["evil"]);
    for events in [[mail, &evil], [&evil, mail]] {
        let (mut worker, mut stream) = sent(POLICY, &listen());
        stream.answer(&mut worker, EVENTS, false);
        for event in events {
            stream.answer(&mut worker, Part::Body(event.as_bytes()), false);
        }
        stream.close(&mut worker);
        let record = last(&stream);
        assert!(record.contains(r#""hidden":1"#) && record.contains(r#""redacted":{"email":1}"#), "{record}");
    }
}

#[test]
fn the_record_of_a_stream_names_the_pinned_tools_that_have_drifted() {
    let digest = "0".repeat(64);
    for (on_drift, mode) in [("deny", "enforce"), ("report", "enforce"), ("deny", "shadow")] {
        let policy = format!(
            r#"{{"version":"1","default":"allow","mode":"{mode}","on_drift":"{on_drift}","definitions":{{"ok":{{"sha256":"{digest}"}}}}}}"#
        );
        let (mut worker, mut stream) = sent(&policy, &listen());
        stream.answer(&mut worker, EVENTS, false);
        stream.answer(&mut worker, Part::Body(listed(&["ok"]).as_bytes()), false);
        stream.close(&mut worker);
        assert!(last(&stream).contains(r#""drifts":["ok"]"#), "{on_drift}, {mode}: {}", last(&stream));
    }
}

/// The answer comes on the stream of a GET.
#[test]
fn a_202_of_the_old_transport_is_no_answer_that_is_refused() {
    for (legacy, code) in [("allow", 202), ("refuse", 200)] {
        let configuration = format!(r#"{{"policy":{POLICY},"protocol":{{"legacy_sse":"{legacy}"}}}}"#);
        for request in [call("ok"), list()] {
            let (mut worker, mut stream) = sent(&configuration, &request);
            stream.answer(&mut worker, Part::Head(&[(":status", "202")]), false);
            let [reply] = &*stream.replies else { panic!("{stream:?}") };
            let refused = stream.notes.len() > 1;
            assert_eq!((reply.code, reply.body.is_empty(), refused), (code, code == 202, code == 200), "{reply:?}");
            stream.close(&mut worker);
        }
    }
}
