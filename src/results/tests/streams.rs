//! Responses in any chunks.

#[cfg(target_family = "wasm")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::{all_formats, enforced, format_named, inspection, random::Random, request};
use crate::{
    budget::Work,
    mcp::ResponseFormat,
    results::{Inspection, Inspections, ResultRequest, ResultStream},
};

pub(super) fn run(mut stream: ResultStream, chunks: &[&[u8]]) -> String {
    let mut out = Vec::new();
    for chunk in chunks {
        out.extend(stream.push(chunk, usize::MAX));
    }
    out.extend(stream.end());
    String::from_utf8(out).unwrap()
}

/// What goes on of a text, the same in every two chunks and byte by byte.
#[track_caller]
pub(super) fn whole(new: impl Fn() -> ResultStream, text: &str) -> String {
    let whole = run(new(), &[text.as_bytes()]);
    for index in 0..text.len() {
        let (front, back) = text.as_bytes().split_at(index);
        assert_eq!(run(new(), &[front, back]), whole, "split at {index} of {text:?}");
    }
    assert_eq!(run(new(), &text.as_bytes().chunks(1).collect::<Vec<_>>()), whole);
    whole
}

pub(super) fn sse(inspection: &Inspection) -> impl Fn() -> ResultStream {
    let inspection = inspection.clone();
    move || ResultStream::new(request(), enforced(&inspection), Some(ResponseFormat::Sse))
}

fn unknown_call(inspection: &Inspection) -> impl Fn() -> ResultStream {
    let inspection = inspection.clone();
    move || ResultStream::new(ResultRequest::default(), enforced(&inspection), Some(ResponseFormat::Sse))
}

const PROGRESS: &str =
    r#"{"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":1,"message":"M"}}"#;
pub(super) const ANSWER: &str = r#"{"jsonrpc":"2.0","id":1,"result":{"content":[{"type":"text","text":"M"}]}}"#;
pub(super) const MAIL: &str = "bob@example.com";

#[test]
fn each_message_of_a_stream_is_judged() {
    for end in ["\n", "\r\n", "\r"] {
        let text = |message: &str| {
            format!(
                ": hi{end}{end}id: 1{end}data:{end}{end}event: message{end}id: 2{end}data: {}{end}{end}data: {}{end}{end}",
                PROGRESS.replace('M', message),
                ANSWER.replace('M', message)
            )
        };
        let email = format_named("email");
        assert_eq!(whole(sse(&email), &text(MAIL)), text("[redacted]"));
        assert_eq!(whole(sse(&email), &text("hello")), text("hello"));
    }
    let split = "data: {\"jsonrpc\":\"2.0\",\"id\":1,\ndata:\"result\":{\"x\":\"bob@example.com\"}}\n\n";
    assert_eq!(
        whole(sse(&format_named("email")), split),
        "data: {\"jsonrpc\":\"2.0\",\"id\":1,\ndata: \"result\":{\"x\":\"[redacted]\"}}\n\n"
    );
}

#[test]
fn lines_before_the_data_are_not_held() {
    let mut stream = sse(&format_named("email"))();
    assert_eq!(stream.push(b": ping\n\nid: 7\nda", usize::MAX), b": ping\n\nid: 7\n");
    assert_eq!(stream.push(b"ta: {\"a\":", usize::MAX), b"");
    assert_eq!(stream.push(b"1}\n\n", usize::MAX), b"data: {\"a\":1}\n\n");
    assert_eq!(stream.held(), 0);
}

#[test]
fn a_log_message_with_a_find_of_deny_if_is_dropped_and_the_answer_refused() {
    let denied = inspection(r#"{"deny_if":[{"find":"email"}]}"#);
    let text = format!("id: 1\ndata: {}\n\ndata: {}\n\n", PROGRESS.replace('M', MAIL), ANSWER.replace('M', "fine"));
    let out = whole(sse(&denied), &text);
    assert!(out.starts_with("id: 1\n\ndata: {\"jsonrpc\":\"2.0\",\"id\":1,\"error\":{\"code\":-31451,"), "{out}");
    assert!(!out.contains(MAIL) && !out.contains("fine") && out.matches("data:").count() == 1, "{out}");
}

#[test]
fn a_request_of_the_server_with_a_find_ends_the_call() {
    let denied = inspection(r#"{"deny_if":[{"find":"email"}]}"#);
    let sampling =
        format!(r#"{{"jsonrpc":"2.0","id":9,"method":"sampling/createMessage","params":{{"systemPrompt":"{MAIL}"}}}}"#);
    let text = format!("data: {sampling}\n\ndata: {}\n\n", ANSWER.replace('M', "fine"));
    let out = whole(sse(&denied), &text);
    assert!(out.starts_with("data: {\"jsonrpc\":\"2.0\",\"id\":1,\"error\":{\"code\":-31451,"), "{out}");
    assert_eq!(out.matches("data:").count(), 1, "{out}");
}

#[test]
fn a_message_that_is_too_long_becomes_an_error_and_the_stream_goes_on() {
    let small = inspection(r#"{"max_bytes":120}"#);
    let long = ANSWER.replace('M', &"x".repeat(100));
    let out = whole(sse(&small), &format!("event: message\ndata: {long}\n\n: bye\n\n"));
    assert!(out.contains("\"id\":1,\"error\":{\"code\":-31413,") && out.ends_with(": bye\n\n"), "{out}");
    // A long notification is dropped, and the answer says so.
    let text = format!("data: {}\n\ndata: {}\n\n", PROGRESS.replace('M', &"x".repeat(100)), ANSWER.replace('M', "y"));
    let out = whole(sse(&small), &text);
    assert!(out.contains("\"id\":1,\"error\":{\"code\":-31413,") && !out.contains("xxx"), "{out}");
    // Of a call that is not known, the id is in the message.
    let out = whole(unknown_call(&small), &format!("data: {}\n\ndata: {}\n\n", long.replace(":1,", ":\"a\","), ANSWER));
    assert!(out.contains("\"id\":\"a\",\"error\":{\"code\":-31413,"), "{out}");
    let out = whole(unknown_call(&small), &format!("data: {{\"x\":\"{}\"}}\n\n", "x".repeat(200)));
    assert!(out.contains("notifications/message") && out.contains("A message was dropped"), "{out}");
}

#[test]
fn an_answer_that_is_refused_on_a_stream_of_any_call_refuses_no_other_one() {
    let denied = inspection(r#"{"deny_if":[{"find":"email"}],"max_bytes":120}"#);
    let answer = |id: u32, text: &str| ANSWER.replace(":1,", &format!(":{id},")).replace('M', text);
    let progress = |text: &str| PROGRESS.replace('M', text);
    let long = "x".repeat(100);
    for (found, refused, passed) in [
        (answer(1, MAIL), "1", "23"),
        (answer(1, &long), "1", "23"),
        // The answer that belongs to these may be any that follows.
        (progress(MAIL), "23", ""),
        (progress(&long), "23", ""),
    ] {
        let messages = [found, answer(2, "two"), answer(3, "three")];
        let out = whole(unknown_call(&denied), &messages.map(|message| format!("data: {message}\n\n")).concat());
        let ids = |kind: &str| {
            let of_kind = |id: &&str| out.contains(&format!(r#""id":{id},"{kind}""#));
            ["1", "2", "3"].iter().filter(|id| of_kind(id)).copied().collect::<String>()
        };
        assert_eq!((&*ids("error"), &*ids("result")), (refused, passed), "{out}");
    }
}

#[test]
fn what_cannot_be_read_on_a_stream_becomes_an_error_that_says_why() {
    let email = format_named("email");
    let out = whole(sse(&email), "data: {\"id\":1,\"result\":{\"a\":1,\"a\":2}}\n\n");
    assert!(out.contains("\"id\":1,\"error\":{\"code\":-31451,"), "{out}");
    let out = whole(unknown_call(&email), "data: {\"id\":1,\"result\":{\"a\":1,\"a\":2}}\n\n");
    assert!(out.contains("notifications/message"), "{out}");
    // Some clients skip what comes before a brace, so it is no other text.
    for odd in ["/**/{\"id\":1,\"result\":{}}", "\u{a0}{\"id\":1}", "x {", "{\"jsonrpc\":\"2.0\","] {
        let out = whole(sse(&email), &format!("data: {odd}\n\n"));
        assert!(
            out.contains("\"id\":1,\"error\":{\"code\":-31451,") && !out.contains(&format!("data: {odd}\n")),
            "{out}"
        );
        let out = whole(unknown_call(&email), &format!("data: {odd}\n\n"));
        assert!(out.contains("notifications/message") && !out.contains(&format!("data: {odd}\n")), "{out}");
    }
    // An address of the old transport is no message, but a text.
    let endpoint = "event: endpoint\ndata: /messages?session_id=1\n\n";
    assert_eq!(whole(unknown_call(&email), endpoint), endpoint);
    assert_eq!(whole(sse(&email), "data: bob@example.com\n\n"), "data: [redacted]\n\n");
}

#[test]
fn without_room_an_answer_is_refused() {
    let email = format_named("email");
    let answer = ANSWER.replace('M', "x");
    let mut stream = sse(&email)();
    let out = String::from_utf8(stream.push(format!("data: {answer}\n\n").as_bytes(), 20)).unwrap();
    assert!(out.contains("-31413") && out.contains("no room"), "{out}");
    let mut json = ResultStream::new(request(), enforced(&email), Some(ResponseFormat::Json));
    assert_eq!(json.push(answer.as_bytes(), 20), b"");
    assert!(String::from_utf8(json.end()).unwrap().contains("-31413"));
}

#[test]
fn what_a_server_labels_as_json_is_refused_if_it_is_not_strict_json_and_an_error_of_a_proxy_is_a_text() {
    let email = format_named("email");
    let answer = ANSWER.replace('M', MAIL);
    let units: Vec<u16> = answer.encode_utf16().collect();
    let encoded = [
        units.iter().flat_map(|unit| unit.to_be_bytes()).collect::<Vec<u8>>(),
        units.iter().flat_map(|unit| unit.to_le_bytes()).collect(),
        units.iter().flat_map(|unit| u32::from(*unit).to_be_bytes()).collect(),
        units.iter().flat_map(|unit| u32::from(*unit).to_le_bytes()).collect(),
    ];
    let read = |format, text: &[u8]| {
        let mut stream = ResultStream::new(request(), enforced(&email), format);
        let out = [stream.push(text, usize::MAX), stream.end()].concat();
        String::from_utf8_lossy(&out).into_owned()
    };
    let texts = [&b"/**/{\"id\":1}"[..], b"no", b" ", b"\xC2\xA0{}", b"\"\\x\""];
    for text in encoded.iter().map(Vec::as_slice).chain(texts) {
        let out = read(Some(ResponseFormat::Json), text);
        let why = "Result refused: the answer is not JSON that all clients read alike; report this to the server's operator. \
                   The call itself was carried out.";
        assert!(out.contains("\"id\":1,\"error\":{\"code\":-31451,") && out.contains(why), "{out}");
    }
    assert_eq!(read(None, b"no healthy upstream, ask bob@example.com {}"), "no healthy upstream, ask [redacted] {}");
    assert_eq!(read(Some(ResponseFormat::Json), b" [\"bob@example.com\"]"), " [\"[redacted]\"]");
}

/// An expression, and an answer and a progress message whose search takes more than half of the work of one result.
fn costly() -> (Inspection, [String; 2]) {
    let own = inspection(r#"{"redact":[{"regex":"sk-[a-z]{20}","near":"sk-"}]}"#);
    let text = format!("sk-{}", " ".repeat(600));
    let used = |times: usize| {
        let work = Work::default();
        let _ = own.inspect_text(&text.repeat(times), &work, usize::MAX);
        work.charge(crate::budget::MAX_WORK / 2).is_err()
    };
    let times = (1..200).find(|times| used(*times)).expect("a text that takes half of the work");
    let text = text.repeat(times);
    let messages = [ANSWER, PROGRESS].map(|message| format!("data: {}\n\n", message.replace('M', &text)));
    (own, messages)
}

#[test]
fn expressions_have_one_budget_for_an_answer_and_the_messages_before_it() {
    let (own, [answer, progress]) = costly();
    let pushed = |new: &dyn Fn() -> ResultStream, text: &str| run(new(), &[text.as_bytes()]);
    let plain = format!("data: {}\n\n", ANSWER.replace('M', "fine"));
    for passes in [&answer, &progress, &format!("{progress}{plain}")] {
        assert_eq!(pushed(&sse(&own), passes), *passes);
    }
    for (refused, kept) in
        [(format!("{progress}{answer}"), &*progress), (format!("{progress}{progress}{plain}"), &progress)]
    {
        let out = pushed(&sse(&own), &refused);
        let rest = out.strip_prefix(kept).expect("the first message is within the budget");
        assert!(
            rest.contains("\"id\":1,\"error\":{\"code\":-31451,") && rest.contains("(too much to check)"),
            "{rest}"
        );
    }
}

#[test]
fn each_result_of_several_calls_has_a_budget_of_its_own_and_answers_to_other_ids_have_none() {
    let (own, [answer, _]) = costly();
    let batch = || {
        let request = ResultRequest { ids: vec!["1".into(), "2".into()], is_batch: true, ..ResultRequest::default() };
        ResultStream::new(request, enforced(&own), Some(ResponseFormat::Sse))
    };
    let both = format!("{answer}{}", answer.replace("\"id\":1,", "\"id\":2,"));
    assert_eq!(run(batch(), &[both.as_bytes()]), both);
    let others = answer.replace("\"id\":1,", "\"id\":3,");
    let plain = format!("data: {}\n\n", ANSWER.replace('M', "fine"));
    let out = run(batch(), &[format!("{others}{others}{plain}").as_bytes()]);
    let rest = out.strip_prefix(&others).expect("the first message is within the budget");
    assert!(rest.contains("\"id\":1,\"error\":{\"code\":-31451,") && rest.contains("(too much to check)"), "{rest}");
    assert_eq!(rest.matches("data:").count(), 1, "the second one is dropped: {rest}");
}

#[test]
fn on_a_stream_that_stays_open_each_message_has_a_budget_of_its_own() {
    let (own, [answer, progress]) = costly();
    let subscription = || {
        let request = ResultRequest { is_subscription: true, ..request() };
        ResultStream::new(request, enforced(&own), Some(ResponseFormat::Sse))
    };
    let text = format!("{progress}{progress}{answer}");
    for new in [&subscription as &dyn Fn() -> ResultStream, &unknown_call(&own)] {
        assert_eq!(run(new(), &[text.as_bytes()]), text);
    }
}

#[test]
fn rules_in_shadow_get_the_work_that_is_left_and_take_none() {
    let (own, [answer, _]) = costly();
    let both = Inspections { enforced: Some(own.clone()), shadow: Some(own) };
    let mut stream = ResultStream::new(request(), both, Some(ResponseFormat::Sse));
    assert_eq!(stream.push(answer.as_bytes(), usize::MAX), answer.as_bytes());
    let report = stream.take_report();
    assert_eq!((report.refusal, report.shadow_refusal), (None, Some(crate::results::ResultRefusal::TooMuchWork)));
}

#[test]
fn rules_in_shadow_change_nothing_and_report_all() {
    let shadow = Inspections {
        enforced: None,
        shadow: Some(inspection(r#"{"max_bytes":150,"redact":[{"find":"email"}],"deny_if":[{"find":"iban"}]}"#)),
    };
    for format in [ResponseFormat::Json, ResponseFormat::Sse] {
        for (message, refused) in [
            (ANSWER.replace('M', MAIL), None),
            (ANSWER.replace('M', "DE89370400440532013000"), Some("/all_tools/results/deny_if/0")),
            (ANSWER.replace('M', &"x".repeat(200)), Some("/all_tools/results/max_bytes")),
        ] {
            let text = if format == ResponseFormat::Sse { format!("data: {message}\n\n") } else { message.clone() };
            for size in [1, 7, text.len()] {
                let mut stream = ResultStream::new(request(), shadow.clone(), Some(format));
                let mut out = Vec::new();
                for chunk in text.as_bytes().chunks(size) {
                    out.extend(stream.push(chunk, usize::MAX));
                }
                out.extend(stream.end());
                assert_eq!(String::from_utf8(out).unwrap(), text);
                let report = stream.take_report();
                assert!(report.counts.is_empty() && report.refusal.is_none());
                assert_eq!(report.shadow_refusal.as_ref().map(|why| why.rule()), refused);
                assert_eq!(report.shadow_counts.is_empty(), message.contains("xxx"));
            }
        }
    }
}

#[test]
fn a_batch_is_refused_whole() {
    let denied = inspection(r#"{"deny_if":[{"find":"email"}]}"#);
    let batch = ResultRequest { ids: vec!["1".into(), "2".into()], is_batch: true, ..ResultRequest::default() };
    let text = format!("[{},{}]", ANSWER.replace('M', MAIL), ANSWER.replace(":1,", ":2,"));
    let out = run(ResultStream::new(batch, enforced(&denied), Some(ResponseFormat::Json)), &[text.as_bytes()]);
    assert!(out.starts_with("[{") && out.matches("-31451").count() == 2 && !out.contains(MAIL), "{out}");
}

/// Random messages with secrets in every spelling, in random chunks: what goes on is what judging each message at once gives.
#[test]
fn what_goes_on_does_not_depend_on_chunks() {
    let inspection = all_formats();
    let mut random = Random(11);
    for round in 0..150 {
        let mut text = String::new();
        let mut expected = String::new();
        for _ in 0..1 + random.below(4) {
            let finder = random.pick(&crate::policy::BuiltIn::ALL).0;
            let mut secret = super::random::sample(&mut random, finder);
            if finder == "bearer_token" {
                secret = format!("Bearer {secret}");
            }
            let spelled: String = match random.below(3) {
                0 => secret.encode_utf16().map(|unit| format!("\\u{unit:04X}")).collect(),
                _ => crate::json::quoted(&secret).trim_matches('"').to_owned(),
            };
            let message = if random.below(2) == 0 { PROGRESS } else { ANSWER }.replace('M', &format!("a {spelled} b"));
            let end = *random.pick(&["\n", "\r\n", "\r"]);
            let event = format!("id: {round}{end}data: {message}{end}{end}");
            expected.push_str(&run(sse(&inspection)(), &[event.as_bytes()]));
            text.push_str(&event);
            assert!(
                !expected.contains(spelled.get(spelled.len() / 2..).unwrap()) || finder == "bearer_token",
                "{finder} {spelled}"
            );
        }
        for _ in 0..8 {
            let (mut chunks, mut rest) = (Vec::new(), text.as_bytes());
            while !rest.is_empty() {
                let (chunk, behind) = rest.split_at(1 + random.below(rest.len().min(90)));
                chunks.push(chunk);
                rest = behind;
            }
            assert_eq!(run(sse(&inspection)(), &chunks), expected);
        }
    }
}
