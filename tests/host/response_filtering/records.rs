//! What records say of lists that were shortened.

use super::{list, listing, sent};
use crate::{
    proxy::{Part, Shared, Stream, Worker},
    request::{Request, at_an_address, call, listen},
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

#[test]
fn the_record_of_a_list_that_is_refused_halfway_says_how_many_entries_it_had_lost() {
    let policy = r#"{"version":"1","default":"deny","tools":{"ok":{}}}"#;
    let unreadable = r#"{"id":7,"result":{"tools":[{"name":"evil"},{"name":"ok"}],"tools":[]}}"#;
    let event = format!("data: {unreadable}\n\n");
    for (media, body) in [("application/json", unreadable), ("text/event-stream", &event)] {
        let (mut worker, mut stream) = sent(policy, &list());
        stream.answer(&mut worker, Part::Head(&[(":status", "200"), ("content-type", media)]), false);
        stream.answer(&mut worker, Part::Body(body.as_bytes()), true);
        stream.close(&mut worker);
        let record = last(&stream);
        let begins = r#"{"decision":"refused","reason":"list","why":"the server's response is "#;
        assert!(record.starts_with(begins) && record.ends_with(r#","hidden":1}"#), "{media}: {record}");
    }
    // What a stream has lost before counts, too.
    let (mut worker, mut stream) = sent(policy, &list());
    stream.answer(&mut worker, EVENTS, false);
    stream.answer(&mut worker, Part::Body(listed(&["evil", "worse"]).as_bytes()), false);
    let long = "data: {\"id\":7,\"result\":{\"tools\":[],\"tools\":[]}}\n\n";
    stream.answer(&mut worker, Part::Body(long.as_bytes()), true);
    stream.close(&mut worker);
    let record = last(&stream);
    assert!(record.starts_with(r#"{"decision":"refused","#) && record.ends_with(r#","hidden":2}"#), "{record}");
}

#[test]
fn a_stream_that_cannot_be_read_is_recorded_as_refused() {
    let policy = r#"{"version":"1","default":"deny","tools":{"ok":{}}}"#;
    for (name, value) in [("content-encoding", "gzip"), ("content-type", "text/event-stream; charset=utf-16")] {
        let (mut worker, mut stream) = sent(policy, &listen());
        stream.answer(&mut worker, Part::Head(&[(":status", "200"), (name, value)]), false);
        assert_eq!(stream.replies.iter().map(|reply| reply.code).collect::<Vec<_>>(), [503]);
        stream.close(&mut worker);
        let begins =
            r#"{"decision":"refused","reason":"list","why":"a stream that cannot be read was not passed on","policy":"#;
        assert!(last(&stream).starts_with(begins), "{}", last(&stream));
    }
}

/// By its route, a caller may call `ok`.
fn by_route(options: &str) -> String {
    let policy = r#"{"version":"1","default":"deny","tools":{"ok":{}}}"#;
    format!(r#"{{"policies":{{"p":{policy}}},"bindings":[{{"route":"r","policy":"p"}}]{options}}}"#)
}

fn on_route(configuration: &str, request: &Request, route: &str) -> (Worker, Stream) {
    let mut worker = Worker::new(&std::sync::Arc::new(Shared::prepared()), configuration);
    worker.world().properties = at_an_address();
    take_route(&mut worker, route);
    let stream = request.send(&mut worker);
    assert!(stream.went_on.is_whole, "{stream:?}");
    (worker, stream)
}

fn take_route(worker: &mut Worker, route: &str) {
    worker.world().properties.insert(b"xds\0route_name".to_vec(), Some(route.as_bytes().to_vec()));
}

#[test]
fn a_list_by_another_route_is_answered_with_the_requests_id_and_recorded_as_refused() {
    let (mut worker, mut stream) = on_route(&by_route(""), &list(), "r");
    take_route(&mut worker, "other");
    stream.answer(&mut worker, Part::Head(&[(":status", "200"), ("content-type", "application/json")]), false);
    let why = "the request took another route than its policy is bound to, so its response was not forwarded; report this to the gateway's operator";
    let [reply] = stream.replies.as_slice() else { panic!("{:?}", stream.replies) };
    let body = String::from_utf8_lossy(&reply.body).into_owned();
    assert!(reply.code == 200 && body.contains(r#""id":7,"#) && body.contains(why), "{body}");
    stream.close(&mut worker);
    let begins = format!(r#"{{"decision":"refused","reason":"list","why":"{why}","policy":"p","#);
    assert!(last(&stream).starts_with(&begins), "{}", last(&stream));
}

#[test]
fn where_a_binding_names_a_route_the_head_of_a_batch_or_of_a_get_goes_on_as_it_came() {
    let options = |mode: &str| format!(r#","protocol":{{"batches":"judge","headers":"{mode}"}}"#);
    let accepts = (b"accept-encoding".to_vec(), b"gzip".to_vec());
    let mut batch = list();
    batch.headers.extend([(b"mcp-protocol-version".to_vec(), b"2025-03-26".to_vec()), accepts.clone()]);
    batch.chunks = vec![br#"[{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"ok"}},{"jsonrpc":"2.0","id":2,"method":"tools/list"}]"#.to_vec()];
    let mut stream = listen();
    stream.headers.extend([(b"mcp-method".to_vec(), b"tools/list".to_vec()), accepts.clone()]);
    for (mode, request) in [("hold", batch), ("release", stream.clone()), ("hold", stream)] {
        let (_, stream) = on_route(&by_route(&options(mode)), &request, "r");
        assert_eq!(stream.went_on.headers, Some(request.headers), "{mode}");
    }
    let mut alone = list();
    alone.headers.push(accepts.clone());
    let (_, stream) = on_route(&by_route(&options("hold")), &alone, "r");
    assert!(!stream.went_on.headers.expect("a head").contains(&accepts), "the list alone");
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
