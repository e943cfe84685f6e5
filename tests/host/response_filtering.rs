//! What becomes of answers: lists are trimmed as the trimmer does it natively, other answers pass without a look.
//! Whatever fails, no entry that no caller may see ever goes on.

mod early;
mod given;
mod readers;
mod records;

use mcp_policy::{
    config::Config,
    engine::lists,
    json::EndFinder,
    mcp::{
        ResponseFormat, UniformEvents,
        legacy_sse::LegacyEndpoint,
        list::{ListRequest, ListStream, StreamAborted},
    },
};
use proptest::{collection::vec, prelude::*, sample::select};

use self::given::{Answer, MARK, any_answer, called};
use crate::{
    cases,
    proxy::{
        Fault, How, Part, ROOT, Stream, Worker,
        fault::{CALLS, STATUSES},
    },
    request::{End, MODES, Request, call, configuration, get, list, listen, sent, with_options},
};

fn has_mark(stream: &Stream) -> bool {
    let has = |text: &[u8]| text.windows(MARK.len()).any(|window| window == MARK.as_bytes());
    has(&stream.answer.body) || stream.replies.iter().any(|reply| has(&reply.body))
}

/// What the trimmer makes of an answer.
fn trimmed(
    config: &Config,
    mut trimmer: ListStream,
    answer: &Answer,
    is_whole: bool,
) -> Result<Vec<u8>, StreamAborted> {
    let shows = |kind, name: &str| lists::is_visible(config, &config.policies[0].policy, kind, name);
    let mut text = EndFinder::default();
    let last = answer.chunks.iter().position(|chunk| is_whole && text.push(chunk));
    let (read, behind) = answer.chunks.split_at(last.map_or(answer.chunks.len(), |last| last + 1));
    let behind = behind.concat();
    if !behind.iter().all(u8::is_ascii_whitespace) {
        return Err(StreamAborted);
    }
    // Nothing can be added before trailers.
    let is_flagged = matches!(answer.end, Some(End::Flag | End::EmptyChunk));
    let read = read.concat();
    let read = if is_whole { read } else { UniformEvents::default().push(&read, is_flagged) };
    let mut out = trimmer.push(&read, usize::MAX, &shows)?;
    let is_complete = last.is_some();
    let end = if is_complete || answer.end.is_some() { trimmer.end(&shows)? } else { Vec::new() };
    if is_complete || answer.end != Some(End::Trailers) {
        out.extend(end);
    } else if is_whole && !end.is_empty() {
        return Err(StreamAborted);
    }
    out.extend(behind);
    Ok(out)
}

#[test]
fn by_the_rules_an_answer_becomes_what_the_trimmer_makes_of_it() {
    for mode in MODES {
        let text = configuration(mode);
        let config = Config::load(text.as_bytes()).expect("a sound configuration");
        cases::run(900, &(select(vec![list(), get(), listen()]), any_answer()), |(request, answer)| {
            let (mut worker, mut stream) = sent(&text, &request);
            answer.send(&mut worker, &mut stream);
            check(&config, &request, &answer, &stream);
            stream.close(&mut worker);
        });
    }
}

fn check(config: &Config, request: &Request, answer: &Answer, stream: &Stream) {
    let is_list = request.chunks != get().chunks;
    let is_named = answer.header("content-type").is_some_and(|media| media.contains("event-stream"));
    // What a client reads as events, whatever the type says.
    let is_asked = request.headers == listen().headers && !is_named;
    let form = answer.header("content-type").and_then(|media| ResponseFormat::from_content_type(media.as_bytes()));
    let is_plain = matches!(answer.header("content-encoding"), None | Some("identity"));
    let asked = ListRequest { max_bytes: config.lists.max_bytes, ..ListRequest::default() };
    let asked = if is_list { ListRequest { ids: vec!["7".to_owned()], ..asked } } else { asked };
    let form = if is_asked { Some(ResponseFormat::Sse) } else { form };
    let (trimmer, is_whole) = match form {
        _ if !answer.is_success() => return assert_untouched(answer, stream),
        Some(ResponseFormat::Json) if is_list && is_plain => (ListStream::json(asked), true),
        Some(ResponseFormat::Sse) if is_plain => (ListStream::events(asked), false),
        None | Some(ResponseFormat::Json) if !is_list && !is_named => return assert_untouched(answer, stream),
        _ => {
            assert_eq!(stream.replies.len(), 1);
            assert!(stream.answer.head.is_none() && stream.answer.body.is_empty());
            return;
        }
    };
    assert!(!has_mark(stream));
    // That one opens a transport that is refused.
    let opens = !is_list && answer.body().starts_with(b"event: endpoint");
    if opens {
        let body = String::from_utf8_lossy(&stream.answer.body);
        assert!(body.is_empty() || body == LegacyEndpoint::last_event(), "{body}");
        return;
    }
    match trimmed(config, trimmer, answer, is_whole).ok() {
        None => assert!(stream.answer.is_ended && !stream.answer.is_whole, "{stream:?}"),
        // A stream's first event waits for its end, and a reset is none.
        Some(_) if !is_list && answer.end.is_none() => {}
        Some(_) if !is_list && answer.end == Some(End::Trailers) => {}
        Some(body) => {
            assert_eq!(stream.answer.body.escape_ascii().to_string(), body.escape_ascii().to_string());
            assert_eq!(stream.answer.is_whole, answer.end.is_some());
        }
    }
    let has_length = |pairs: &crate::proxy::Pairs| pairs.iter().any(|(name, _)| name == b"content-length");
    assert!(!stream.answer.head.as_ref().is_some_and(has_length), "its length is another now");
}

#[track_caller]
fn assert_untouched(answer: &Answer, stream: &Stream) {
    assert_eq!(stream.replies, []);
    assert_eq!(stream.answer.body, answer.body());
    assert_eq!(stream.answer.head.as_ref().map(Vec::len), Some(answer.head.len()));
    assert_eq!((stream.answer.calls, stream.answer.is_whole), (0, answer.end.is_some()));
}

#[test]
fn a_stream_of_the_old_transport_ends_with_an_event_that_says_why_at_the_next_tick() {
    for mode in MODES {
        let (mut worker, mut stream) = sent(&configuration(mode), &get());
        let head = [(":status", "200"), ("content-type", "text/event-stream")];
        stream.answer(&mut worker, Part::Head(&head), false);
        stream.answer(&mut worker, Part::Body(b": hello\n\nevent: endpoint\n"), false);
        stream.answer(&mut worker, Part::Body(b"data: /messages?session=1\n\n"), false);
        let expected = format!(": hello\n\n{}", LegacyEndpoint::last_event());
        assert_eq!(stream.answer.body.escape_ascii().to_string(), expected.escape_default().to_string());
        let record = String::from_utf8(stream.notes.last().expect("a record").clone()).expect("text");
        assert!(record.contains(r#""decision":"refused""#) && record.contains(r#""method":"(GET)""#), "{record}");
        assert!(!stream.answer.is_ended, "the event would be lost");
        worker.callback("proxy_on_tick", &[ROOT]);
        stream.answer(&mut worker, Part::Body(b"data: more\n\n"), false);
        assert!(stream.answer.is_ended, "{stream:?}");
        assert_eq!(stream.answer.body.escape_ascii().to_string(), expected.escape_default().to_string());
    }
}

/// A body callback that asks for nothing costs no copy.
#[test]
fn an_answer_to_a_call_passes_byte_for_byte_without_a_call_into_the_host() {
    for mode in MODES {
        cases::run(300, &called(), |answer| {
            let (mut worker, mut stream) = sent(&configuration(mode), &call("ok"));
            answer.send(&mut worker, &mut stream);
            assert_untouched(&answer, &stream);
        });
    }
    let all = with_options(r#""lists":{"show":"full"},"protocol":{"legacy_sse":"allow"}"#);
    cases::run(300, &(select(vec![list(), get()]), any_answer()), |(request, answer)| {
        let (mut worker, mut stream) = sent(&all, &request);
        answer.send(&mut worker, &mut stream);
        assert_untouched(&answer, &stream);
    });
}

/// What a host does next, once a request for a list has gone on.
#[derive(Clone, Debug)]
enum Event {
    Head(bool),
    Body(&'static str, bool),
    Trailers,
    More(bool),
    Log,
    Fail(Fault),
    Recover,
}

#[test]
fn whatever_fails_no_entry_goes_on_that_no_caller_may_see() {
    let requests = select(vec![list(), get()]);
    let media = select(&["application/json", "text/event-stream"][..]);
    let values = (select(&MODES[..]), requests, media, vec(event(), 1..16));
    cases::run(4000, &values, |(mode, request, media, events)| {
        // A GET is answered by streams.
        let media = if request.chunks.is_empty() { "text/event-stream" } else { media };
        let (mut worker, mut stream) = sent(&configuration(mode), &request);
        for event in &events {
            play(event, media, &mut worker, &mut stream);
            assert!(!may_be_read(&stream, media), "{event:?}: {}", stream.answer.body.escape_ascii());
            if !stream.replies.is_empty() {
                break;
            }
        }
        worker.world().faults.clear();
        stream.close(&mut worker);
    });
}

fn play(event: &Event, media: &str, worker: &mut Worker, stream: &mut Stream) {
    match event {
        Event::Head(is_end) => {
            let head = [(":status", "200"), ("content-type", media), ("content-length", "9")];
            stream.answer(worker, Part::Head(&head), *is_end);
        }
        Event::Body(chunk, is_end) => {
            stream.answer(worker, Part::Body(chunk.replace("MARK", MARK).as_bytes()), *is_end);
        }
        Event::Trailers => stream.answer(worker, Part::Trailers, true),
        Event::More(is_end) => stream.body(worker, b"x", *is_end),
        Event::Log => stream.log(worker),
        Event::Fail(fault) => worker.world().faults.push(fault.clone()),
        Event::Recover => worker.world().faults.clear(),
    }
}

/// Whether some client could read the mark in what went on: of a stream, in its data.
fn may_be_read(stream: &Stream, media: &str) -> bool {
    if media == "application/json" {
        return has_mark(stream);
    }
    let body = String::from_utf8_lossy(&stream.answer.body).into_owned();
    body.split(['\r', '\n']).any(|line| line.starts_with("data") && line.contains(MARK))
}

/// Lists in pieces.
fn event() -> impl Strategy<Value = Event> {
    const PIECES: [&str; 9] = [
        "data: {\"id\":7,\"result\":{\"tools\":[{\"name\":\"ok\"},",
        "{\"id\":7,\"result\":{\"tools\":[",
        "{\"name\":\"evil\",\"m\":MARK},",
        "{\"name\":\"evil\",\"m\":MARK}]}}",
        "data: {\"id\":7,\"result\":{\"tools\":[{\"name\":\"evil\",\"m\":MARK}]}}\n\n",
        "{\"id\":7,\"result\":{\"tools\":[{\"name\":\"evil\",\"m\":MARK}]}}",
        "1]}}",
        "\n\n",
        "",
    ];
    let rarely = || prop::bool::weighted(0.1);
    prop_oneof![
        4 => rarely().prop_map(Event::Head),
        6 => (select(&PIECES[..]), rarely()).prop_map(|(chunk, is_end)| Event::Body(chunk, is_end)),
        1 => Just(Event::Trailers),
        1 => any::<bool>().prop_map(Event::More),
        1 => Just(Event::Log),
        3 => fault().prop_map(Event::Fail),
        1 => Just(Event::Recover),
    ]
}

/// A call that fails and says so. One that claims another status or type than the answer has, or to have changed what it
/// has not, is nothing that anybody could notice.
fn fault() -> impl Strategy<Value = Fault> {
    let call = prop_oneof![1 => Just(""), 8 => select(&CALLS[..])];
    let statuses = STATUSES.into_iter().filter(|status| *status != 1).collect::<Vec<_>>();
    (call, 0..6_u32, prop_oneof![1..4_u32, Just(u32::MAX)], select(statuses))
        .prop_map(|(call, after, times, status)| Fault { call, after, times, how: How::Status(status) })
}

/// A list with these tools, as an answer.
fn listing(tools: &[&str]) -> Answer {
    listing_of("tools", "name", tools)
}

/// A list with entries that this key identifies, as an answer.
fn listing_of(member: &str, key: &str, entries: &[&str]) -> Answer {
    let entries: Vec<String> = entries.iter().map(|entry| format!(r#"{{"{key}":"{entry}"}}"#)).collect();
    let body = format!(r#"{{"jsonrpc":"2.0","id":7,"result":{{"{member}":[{}]}}}}"#, entries.join(","));
    let head = vec![(":status", "200"), ("content-type", "application/json")];
    Answer { head, chunks: vec![body.into_bytes()], end: Some(End::Flag) }
}

#[test]
fn entries_that_no_list_shows_within_a_minute_are_counted_and_named_once() {
    let policy = r#"{"version":"1","default":"deny","hide":["drop_*"],"tools":{"ok":{},"genrate":{},"put":{}}}"#;
    let (mut worker, mut stream) = sent(policy, &list());
    listing(&["ok", "evil"]).send(&mut worker, &mut stream);
    stream.close(&mut worker);
    let told = |worker: &mut Worker| -> (Vec<String>, i64) {
        worker.callback("proxy_on_tick", &[ROOT]);
        let lines = worker.world().log.iter().filter(|line| line.contains("no list of the server")).cloned().collect();
        let count = worker.world().counted("mcp_policy_unlisted_entries");
        (lines, count)
    };
    assert_eq!(told(&mut worker), (Vec::<String>::new(), 0), "another page may come");
    worker.world().now += 60_000_000_000;
    let (lines, count) = told(&mut worker);
    let expected = "no list of the server has shown what `drop_*`, `genrate`, `put` of the policy `default` name: compare the policy \
                    with the server's lists, those of tools by `mcp-policy check --url`";
    assert!(lines.len() == 1 && lines[0].contains(expected), "{lines:?}");
    assert_eq!(count, 3);
    // A tool that the server has now is no longer counted, and nothing is reported again.
    let mut stream = list().send(&mut worker);
    listing(&["put"]).send(&mut worker, &mut stream);
    stream.close(&mut worker);
    assert_eq!(told(&mut worker), (lines, 2));
    assert!(worker.configure(&with_options(r#""audit":{"log":"all"}"#)));
    assert_eq!(worker.world().counted("mcp_policy_unlisted_entries"), 0);
}

#[test]
fn entries_for_prompts_and_resources_that_no_list_shows_are_named_like_those_of_tools() {
    let policy = r#"{"version":"1","default":"deny","tools":{"x":{}},"prompts":{"greet":{},"aks":{}},
        "resources":{"file:///a/*":{},"file:///b/x":{},"file:///c/*":{}}}"#;
    let (mut worker, mut stream) = sent(policy, &list());
    listing_of("prompts", "name", &["greet"]).send(&mut worker, &mut stream);
    stream.close(&mut worker);
    for (member, key, entries) in
        [("resources", "uri", &["file:///a/1"][..]), ("resourceTemplates", "uriTemplate", &["file:///c/{name}"])]
    {
        let mut stream = list().send(&mut worker);
        listing_of(member, key, entries).send(&mut worker, &mut stream);
        stream.close(&mut worker);
    }
    worker.world().now += 60_000_000_000;
    worker.callback("proxy_on_tick", &[ROOT]);
    let lines: Vec<String> =
        worker.world().log.iter().filter(|line| line.contains("no list of the server")).cloned().collect();
    let expected = "what `aks` (of `prompts`), `file:///b/x` (of `resources`) of the policy `default` name";
    assert!(lines.len() == 1 && lines[0].contains(expected), "no list of tools has come: {lines:?}");
    assert_eq!(worker.world().counted("mcp_policy_unlisted_entries"), 2);
}
