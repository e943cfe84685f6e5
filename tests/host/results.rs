//! Answers under `results`: redacted or refused in any chunks, recorded and counted; and whatever fails, nothing goes on that a
//! finder finds.

use std::sync::Arc;

use proptest::{collection::vec, prelude::*, sample::select};

use crate::{
    cases,
    console::{console, visit_to},
    proxy::{
        Fault, How, Part, Shared, Stream, Worker,
        fault::{CALLS, STATUSES},
    },
    request::{MODES, Request, at_an_address, call, get, sent},
};

const MAIL: &str = "bob@example.com";
const JSON: &str = "application/json";
const EVENTS: &str = "text/event-stream";

/// A configuration under which answers of `ok` hold no address, those of `limited` no IBAN and are short, and those of `asked`
/// are not looked at.
fn configuration(mode: &str, options: &str) -> String {
    let tools = r#""ok":{"results":{"redact":[{"find":"email"}]}},"asked":{},
        "limited":{"results":{"max_bytes":200,"deny_if":[{"find":"iban"}],"on_deny":"no accounts"}}"#;
    format!(
        r#"{{"policy":{{"version":"1","default":"deny","tools":{{{tools}}}}},"protocol":{{"headers":"{mode}"}}{options}}}"#
    )
}

fn answer(text: &str) -> String {
    format!(r#"{{"jsonrpc":"2.0","id":7,"result":{{"content":[{{"type":"text","text":"{text}"}}]}}}}"#)
}

/// Sends an answer in chunks of so many bytes.
fn play(worker: &mut Worker, stream: &mut Stream, media: &str, body: &str, size: usize) {
    let head = [(":status", "200"), ("content-type", media), ("content-length", "9")];
    stream.answer(worker, Part::Head(&head), false);
    let chunks: Vec<&[u8]> = body.as_bytes().chunks(size).collect();
    for (index, chunk) in chunks.iter().enumerate() {
        stream.answer(worker, Part::Body(chunk), index + 1 == chunks.len());
    }
}

fn body(stream: &Stream) -> String {
    String::from_utf8(stream.answer.body.clone()).expect("text")
}

fn last_record(stream: &Stream) -> String {
    String::from_utf8(stream.notes.last().expect("a record").clone()).expect("text")
}

#[test]
fn the_console_shows_how_many_of_each_kind_were_found_in_an_answer() {
    let shared = Arc::new(Shared::prepared());
    let mut worker = Worker::new(&shared, &configuration("hold", ""));
    worker.world().properties = at_an_address();
    for text in ["nothing", &format!("{MAIL} and {MAIL}"), "nothing either"] {
        let mut stream = call("ok").send(&mut worker);
        play(&mut worker, &mut stream, JSON, &answer(text), 7);
        stream.close(&mut worker);
    }
    let shown = visit_to("/api/decisions").send(&mut console(&shared));
    let body: serde_json::Value = serde_json::from_slice(&shown.replies[0].body).expect("JSON");
    let records: Vec<_> = body["decisions"].as_array().expect("a list").iter().map(|one| &one["record"]).collect();
    let [record] = &*records else { panic!("{body}") };
    assert_eq!((&record["decision"], &record["redacted"]), (&"allowed".into(), &serde_json::json!({ "email": 2 })));
    assert!(!String::from_utf8_lossy(&shown.replies[0].body).contains(MAIL));
}

#[test]
fn an_answer_is_redacted_in_any_chunks_and_its_length_is_not_announced() {
    for mode in MODES {
        for size in [1, 7, 1000] {
            for (media, wrap) in [(JSON, ""), (EVENTS, "data: ")] {
                let ends = if wrap.is_empty() { "" } else { "\n\n" };
                let text = |text: &str| format!("{wrap}{}{ends}", answer(text));
                let (mut worker, mut stream) = sent(&configuration(mode, ""), &call("ok"));
                play(&mut worker, &mut stream, media, &text(&format!("to {MAIL} and {MAIL}")), size);
                assert_eq!(body(&stream), text("to [redacted] and [redacted]"));
                assert!(stream.answer.is_whole);
                let head = stream.answer.head.clone().expect("a head");
                assert!(!head.iter().any(|(name, _)| name == b"content-length"));
                let record = last_record(&stream);
                assert!(
                    record.contains(r#""decision":"allowed""#) && record.contains(r#""redacted":{"email":2}"#),
                    "{record}"
                );
                assert!(!record.contains(MAIL));
                assert_eq!(worker.world().counted("finder=.=email;.;mcp_policy_redactions"), 2);
                stream.close(&mut worker);
            }
        }
    }
}

#[test]
fn a_record_that_is_written_again_has_room_for_its_link() {
    let options = r#","audit":{"log":"none","arguments":"values","chain":true}"#;
    let mut worker = Worker::new(&Arc::new(Shared::prepared()), &configuration("release", options));
    worker.world().properties = at_an_address();
    for length in (3400..4000).step_by(40) {
        let body = format!(
            r#"{{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{{"name":"ok","arguments":{{"x":"{}"}}}}}}"#,
            "x".repeat(length)
        );
        let mut stream = Request { chunks: vec![body.into_bytes()], ..call("ok") }.send(&mut worker);
        play(&mut worker, &mut stream, JSON, &answer(MAIL), 1000);
        stream.close(&mut worker);
        let record = last_record(&stream);
        assert!(record.contains(r#""redacted":{"email":1}"#) && record.contains(r#","chain":{"worker":""#), "{record}");
        assert!(record.len() <= 4096, "{length}: {}", record.len());
    }
}

#[test]
fn an_answer_without_a_find_stays_and_one_without_a_rule_is_not_looked_at() {
    let (mut worker, mut stream) = sent(&configuration("release", ""), &call("ok"));
    play(&mut worker, &mut stream, JSON, &answer("hello"), 5);
    assert_eq!(body(&stream), answer("hello"));
    assert_eq!(stream.notes.len(), 1, "the record has nothing to add");
    let (mut worker, mut stream) = sent(&configuration("release", ""), &call("asked"));
    play(&mut worker, &mut stream, JSON, &answer(MAIL), 5);
    assert_eq!((body(&stream), stream.answer.calls), (answer(MAIL), 0));
    stream.close(&mut worker);
}

#[test]
fn a_refused_answer_is_an_error_that_says_why_and_leaves_a_record() {
    for (options, text) in
        [("", r#""error":{"code":-31451"#), (r#","answers":{"deny_as":"tool_result"}"#, r#""isError":true"#)]
    {
        for (media, wrap) in [(JSON, ""), (EVENTS, "data: ")] {
            let (mut worker, mut stream) = sent(&configuration("release", options), &call("limited"));
            let ends = if wrap.is_empty() { "" } else { "\n\n" };
            play(&mut worker, &mut stream, media, &format!("{wrap}{}{ends}", answer("DE89370400440532013000")), 11);
            let out = body(&stream);
            assert!(
                out.contains(text) && out.contains("Result refused: no accounts") && !out.contains("DE89"),
                "{out}"
            );
            let record = last_record(&stream);
            assert!(record.contains(r#""decision":"denied","rule":"/tools/limited/results/deny_if/0""#), "{record}");
            assert!(record.contains(r#""redacted":{"iban":1}"#), "{record}");
            stream.close(&mut worker);
        }
    }
    let (mut worker, mut stream) = sent(&configuration("release", ""), &call("limited"));
    play(&mut worker, &mut stream, JSON, &answer(&"x".repeat(300)), 100);
    assert!(body(&stream).contains(r#""error":{"code":-31413"#), "{}", body(&stream));
    assert!(last_record(&stream).contains("/tools/limited/results/max_bytes"));
    stream.close(&mut worker);
}

#[test]
fn an_answer_that_cannot_be_read_is_refused_with_its_head() {
    for head in [
        &[(":status", "200"), ("content-type", JSON), ("content-encoding", "gzip")][..],
        &[(":status", "200"), ("content-type", "text/html")],
        &[(":status", "200")],
    ] {
        let (mut worker, mut stream) = sent(&configuration("release", ""), &call("ok"));
        stream.answer(&mut worker, Part::Head(head), false);
        let replies: Vec<String> =
            stream.replies.iter().map(|reply| String::from_utf8_lossy(&reply.body).into_owned()).collect();
        assert!(
            matches!(replies.as_slice(), [reply] if reply.contains("-31451") && reply.contains("\"id\":7")),
            "{replies:?}"
        );
        assert!(last_record(&stream).contains("(unreadable result)"));
        stream.close(&mut worker);
    }
    // An error of a proxy is a text.
    let (mut worker, mut stream) = sent(&configuration("release", ""), &call("ok"));
    stream.answer(&mut worker, Part::Head(&[(":status", "503"), ("content-type", "text/plain")]), false);
    stream.answer(&mut worker, Part::Body(format!("no healthy upstream, ask {MAIL}").as_bytes()), true);
    assert_eq!(body(&stream), "no healthy upstream, ask [redacted]");
    stream.close(&mut worker);
}

#[test]
fn an_answer_that_ends_in_trailers_is_judged() {
    let (mut worker, mut stream) = sent(&configuration("release", ""), &call("ok"));
    stream.answer(&mut worker, Part::Head(&[(":status", "200"), ("content-type", JSON)]), false);
    stream.answer(&mut worker, Part::Body(answer(MAIL).as_bytes()), false);
    stream.answer(&mut worker, Part::Trailers, true);
    assert_eq!((body(&stream), stream.answer.is_whole), (answer("[redacted]"), true));
    stream.close(&mut worker);
}

#[test]
fn an_answer_goes_on_when_it_is_complete_and_behind_it_only_white_space_unless_nothing_is_enforced() {
    for (mode, passes) in [("", false), (r#","mode":"shadow""#, true)] {
        let (mut worker, mut stream) = sent(&configuration("release", mode), &call("limited"));
        stream.answer(&mut worker, Part::Head(&[(":status", "200"), ("content-type", JSON)]), false);
        let text = answer("nothing");
        let (front, back) = text.split_at(30);
        stream.answer(&mut worker, Part::Body(front.as_bytes()), false);
        assert_eq!(body(&stream), "");
        stream.answer(&mut worker, Part::Body(back.as_bytes()), false);
        stream.answer(&mut worker, Part::Body(b"\r\n"), false);
        assert_eq!(body(&stream), format!("{text}\r\n"));
        stream.answer(&mut worker, Part::Body(b"{}"), false);
        assert_eq!((stream.answer.is_ended, body(&stream).ends_with("{}")), (!passes, passes), "{mode}");
        stream.close(&mut worker);
    }
}

#[test]
fn an_answer_that_is_not_complete_when_trailers_come_is_reset() {
    let whole = answer(MAIL);
    let (front, back) = whole.split_at(whole.find(MAIL).expect("it is there") + MAIL.len());
    for (media, text) in [(JSON, front), (JSON, back), ("text/plain", MAIL)] {
        let (mut worker, mut stream) = sent(&configuration("release", ""), &call("ok"));
        stream.answer(&mut worker, Part::Head(&[(":status", "500"), ("content-type", media)]), false);
        stream.answer(&mut worker, Part::Body(text.as_bytes()), false);
        stream.answer(&mut worker, Part::Trailers, true);
        assert_eq!((stream.answer.is_ended, &*body(&stream)), (true, ""), "{text}");
        stream.close(&mut worker);
    }
}

#[test]
fn on_streams_whose_call_is_not_known_all_results_apply() {
    for mode in MODES {
        let (mut worker, mut stream) = sent(&configuration(mode, ""), &get());
        let text = format!("id: 1\ndata: {}\n\n", answer(&format!("{MAIL} DE89370400440532013000")));
        play(&mut worker, &mut stream, EVENTS, &format!("{text}: more\n\n"), 9);
        let out = body(&stream);
        assert!(out.contains("\"id\":7,\"error\":{\"code\":-31451") && out.contains(": more"), "{out}");
        stream.close(&mut worker);
    }
    // A page is no stream.
    let (mut worker, mut stream) = sent(&configuration("release", ""), &get());
    play(&mut worker, &mut stream, "text/html", &format!("<p>{MAIL}"), 9);
    assert_eq!(body(&stream), format!("<p>{MAIL}"));
    let task = Request {
        chunks: vec![br#"{"jsonrpc":"2.0","id":7,"method":"tasks/result","params":{"taskId":"t"}}"#.to_vec()],
        ..call("ok")
    };
    let (mut worker, mut stream) = sent(&configuration("release", ""), &task);
    play(&mut worker, &mut stream, JSON, &answer(MAIL), 9);
    assert_eq!(body(&stream), answer("[redacted]"));
    stream.close(&mut worker);
}

#[test]
fn in_shadow_an_answer_passes_and_the_record_says_what_would_have_been_found() {
    for (media, wrap) in [(JSON, ""), (EVENTS, "data: ")] {
        let ends = if wrap.is_empty() { "" } else { "\n\n" };
        let (mut worker, mut stream) = sent(&configuration("release", r#","mode":"shadow""#), &call("limited"));
        let text = format!("{wrap}{}{ends}", answer("DE89370400440532013000"));
        play(&mut worker, &mut stream, media, &text, 9);
        assert_eq!(body(&stream), text);
        let record = last_record(&stream);
        assert!(
            record.contains(r#""decision":"allowed""#) && record.contains(r#""shadowRedacted":{"iban":1}"#),
            "{record}"
        );
        assert!(
            record.contains(r#""shadow":{"decision":"denied","rule":"/tools/limited/results/deny_if/0"}"#),
            "{record}"
        );
        assert_eq!(worker.world().counted("mcp_policy_shadow_redactions"), 1);
        assert_eq!(worker.world().counted(";mcp_policy_redactions"), 0);
        stream.close(&mut worker);
    }
}

#[test]
fn a_task_that_an_answer_creates_is_its_callers_on_every_worker() {
    let configuration = r#"{"policy":{"version":"1","default":"deny","tools":{"ok":{}}},"tasks":{"owner":true},"identity":[{"header":"x-agent"}]}"#;
    let shared = Arc::new(Shared::prepared());
    let workers = [0, 1].map(|_| {
        let mut worker = Worker::new(&shared, configuration);
        worker.world().properties = at_an_address();
        worker
    });
    let [mut one, mut other] = workers;
    let from = |agent: &str, request: Request| {
        let agent = (b"x-agent".to_vec(), agent.as_bytes().to_vec());
        Request { headers: request.headers.into_iter().chain([agent]).collect(), ..request }
    };
    let about = |agent: &str| {
        let body = br#"{"jsonrpc":"2.0","id":7,"method":"tasks/get","params":{"taskId":"t-1"}}"#.to_vec();
        from(agent, Request { chunks: vec![body], ..call("ok") })
    };
    for (media, wrap, ends) in [(JSON, "", ""), (EVENTS, "data: ", "\n\n")] {
        let mut stream = from("alice", call("ok")).send(&mut one);
        let created =
            format!(r#"{wrap}{{"jsonrpc":"2.0","id":7,"result":{{"task":{{"taskId":"t-1","ttl":60000}}}}}}{ends}"#);
        play(&mut one, &mut stream, media, &created, 9);
        assert_eq!(body(&stream), created, "it passes as it is");
        stream.close(&mut one);
        for (agent, passes) in [("alice", true), ("bob", false)] {
            let mut stream = about(agent).send(&mut other);
            assert_eq!(stream.went_on.is_whole, passes, "{agent}");
            let replies: Vec<String> =
                stream.replies.iter().map(|reply| String::from_utf8_lossy(&reply.body).into_owned()).collect();
            assert_eq!(replies.iter().any(|reply| reply.contains("Unknown task: t-1")), !passes, "{replies:?}");
            stream.close(&mut other);
        }
    }
}

/// What a host does next, once a call has gone on.
#[derive(Clone, Debug)]
enum Event {
    Head(bool),
    Body(&'static str, bool),
    Trailers,
    Fail(Fault),
    Recover,
}

#[test]
fn whatever_fails_nothing_goes_on_that_a_finder_finds() {
    let requests = select(vec![call("ok"), get()]);
    let values = (select(&MODES[..]), requests, select(&[JSON, EVENTS][..]), vec(event(), 1..16));
    cases::run(1500, &values, |(mode, request, media, events)| {
        // A GET is answered by streams.
        let media = if request.chunks.is_empty() { EVENTS } else { media };
        let (mut worker, mut stream) = sent(&configuration(mode, ""), &request);
        for event in &events {
            match event {
                Event::Head(is_end) => {
                    stream.answer(&mut worker, Part::Head(&[(":status", "200"), ("content-type", media)]), *is_end);
                }
                Event::Body(chunk, is_end) => stream.answer(&mut worker, Part::Body(chunk.as_bytes()), *is_end),
                Event::Trailers => stream.answer(&mut worker, Part::Trailers, true),
                Event::Fail(fault) => worker.world().faults.push(fault.clone()),
                Event::Recover => worker.world().faults.clear(),
            }
            assert!(!may_be_read(&stream, media), "{event:?}: {}", stream.answer.body.escape_ascii());
            if !stream.replies.is_empty() {
                break;
            }
        }
        worker.world().faults.clear();
        stream.close(&mut worker);
    });
}

/// Whether some client could read the address in what went on: of an event stream, in its data.
fn may_be_read(stream: &Stream, media: &str) -> bool {
    let body = String::from_utf8_lossy(&stream.answer.body).into_owned();
    let is_data = |line: &str| media == JSON || line.starts_with("data");
    body.split(['\r', '\n']).any(|line| is_data(line) && line.contains(MAIL))
}

fn event() -> impl Strategy<Value = Event> {
    const PIECES: [&str; 8] = [
        "data: {\"id\":7,\"result\":{\"x\":\"bob@",
        "{\"id\":7,\"result\":{\"x\":\"bob@",
        "example.com",
        "\"}}",
        "bob@example.com",
        "data: {\"id\":7,\"result\":{\"x\":\"bob@example.com\"}}\n\n",
        "\n\n",
        "",
    ];
    let rarely = || prop::bool::weighted(0.1);
    let call = prop_oneof![1 => Just(""), 8 => select(&CALLS[..])];
    let statuses = STATUSES.into_iter().filter(|status| *status != 1).collect::<Vec<_>>();
    let fault = (call, 0..6_u32, prop_oneof![1..4_u32, Just(u32::MAX)], select(statuses))
        .prop_map(|(call, after, times, status)| Fault { call, after, times, how: How::Status(status) });
    prop_oneof![
        4 => rarely().prop_map(Event::Head),
        6 => (select(&PIECES[..]), rarely()).prop_map(|(chunk, is_end)| Event::Body(chunk, is_end)),
        1 => Just(Event::Trailers),
        3 => fault.prop_map(Event::Fail),
        1 => Just(Event::Recover),
    ]
}
