//! Answers that clients read in different ways: by other content types, other lines, other charsets.

use super::{has_mark, list, listen, sent};
use crate::{
    proxy::{Part, Stream},
    request::{MODES, Request, call, get},
};

/// A policy that hides `evil` and redacts addresses in answers of `ok`.
fn policy(options: &str) -> String {
    let tools = r#""ok":{"results":{"redact":[{"find":"email"}]}}"#;
    format!(r#"{{"policy":{{"version":"1","default":"deny","tools":{{{tools}}}}}{options}}}"#)
}

/// What each of these policies takes out.
const LIST: &str = r#"{"jsonrpc":"2.0","id":7,"result":{"tools":[{"name":"ok"},{"name":"evil","m":987654321}]}}"#;
const ANSWER: &str =
    r#"{"jsonrpc":"2.0","id":7,"result":{"content":[{"type":"text","text":"bob@example.com 987654321"}]}}"#;

/// A stream after an answer of this type with this body, in chunks of `size`.
fn answered(configuration: &str, request: &Request, media: &str, body: &[u8], size: usize) -> Stream {
    let (mut worker, mut stream) = sent(configuration, request);
    stream.answer(&mut worker, Part::Head(&[(":status", "200"), ("content-type", media)]), false);
    for chunk in body.chunks(size) {
        if stream.replies.is_empty() && !stream.answer.is_ended {
            stream.answer(&mut worker, Part::Body(chunk), false);
        }
    }
    if stream.replies.is_empty() && !stream.answer.is_ended {
        stream.answer(&mut worker, Part::Body(b""), true);
    }
    stream.close(&mut worker);
    stream
}

fn body(stream: &Stream) -> String {
    String::from_utf8_lossy(&stream.answer.body).into_owned()
}

/// What the client got instead of the answer.
fn reply(stream: &Stream) -> (u32, String) {
    assert!(stream.answer.head.is_none() && stream.answer.body.is_empty(), "{stream:?}");
    let [reply] = &*stream.replies else { panic!("{stream:?}") };
    (reply.code, String::from_utf8_lossy(&reply.body).into_owned())
}

#[test]
fn an_answer_that_some_client_reads_in_another_format_or_charset_is_refused() {
    for media in [
        "application/json; x=text/event-stream",
        "application/json,text/event-stream",
        "text/event-stream, application/json",
        "text/event-stream; x=application/json",
        "text/event-stream+json",
        "text/plain; x=application/json",
        "application/json; charset=utf-16",
        "text/event-stream; charset=utf-16",
    ] {
        for text in [LIST.to_owned(), format!("data: {LIST}\n\n")] {
            let (status, error) = reply(&answered(&policy(""), &list(), media, text.as_bytes(), 9));
            let message = "Response refused: the server's response is neither plain JSON nor a plain event stream, so the list in it \
                           was not forwarded; report this to the server's operator";
            assert!(status == 200 && error.contains(message) && error.contains("\"id\":7"), "{media}: {error}");
        }
        for text in [ANSWER.to_owned(), format!("data: {ANSWER}\n\n")] {
            let (status, error) = reply(&answered(&policy(""), &call("ok"), media, text.as_bytes(), 9));
            let message = "Result refused: the answer is neither JSON nor an event stream; report this to the server's operator. \
                           The call itself was carried out.";
            assert!(status == 200 && error.contains(message) && error.contains("\"id\":7"), "{media}: {error}");
        }
    }
}

#[test]
fn in_shadow_an_answer_that_cannot_be_read_passes() {
    let pinned = format!(
        r#"{{"version":"1","default":"allow","mode":"shadow","definitions":{{"ok":{{"sha256":"{}"}}}}}}"#,
        "0".repeat(64)
    );
    let shadow = policy(r#","mode":"shadow","protocol":{"legacy_sse":"allow"}"#);
    let media = "application/json; x=text/event-stream";
    for (configuration, request, text) in
        [(&pinned, list(), LIST), (&shadow, list(), LIST), (&shadow, call("ok"), ANSWER), (&shadow, listen(), ANSWER)]
    {
        let stream = answered(configuration, &request, media, text.as_bytes(), 9);
        assert_eq!((body(&stream), stream.answer.is_whole), (text.to_owned(), true));
    }
    let odd = format!("foo\r:\u{2028}\rdata: {ANSWER}\r\r");
    let stream = answered(&shadow, &listen(), "text/event-stream", odd.as_bytes(), 9);
    assert_eq!(body(&stream), odd);
}

#[test]
fn the_answer_to_a_get_that_asks_for_events_is_read_as_events_whatever_its_type_says() {
    for mode in MODES {
        let configuration = policy(&format!(r#","protocol":{{"headers":"{mode}"}}"#));
        for media in ["text/event-stream", "text/plain", "application/json", "text/html; charset=utf-16", ""] {
            for (text, expected) in [
                (format!("data: {LIST}\n\n"), LIST.replace(r#",{"name":"evil","m":987654321}"#, "")),
                (format!("data: {ANSWER}\n\n"), ANSWER.replace("bob@example.com", "[redacted]")),
            ] {
                let stream = answered(&configuration, &listen(), media, text.as_bytes(), 9);
                assert_eq!(body(&stream), format!("data: {expected}\n\n"), "{media}");
            }
            // No client reads events in it, so nothing is left of it.
            let page = format!("<html>\n{LIST}\n");
            assert_eq!(body(&answered(&configuration, &listen(), media, page.as_bytes(), 9)), "", "{media}");
        }
    }
    let listed = |accept: &[&str]| {
        let accept = accept.iter().map(|media| (b"accept".to_vec(), media.as_bytes().to_vec()));
        let request = Request { headers: get().headers.into_iter().chain(accept).collect(), ..get() };
        body(&answered(&policy(""), &request, "text/plain", format!("data: {LIST}\n\n").as_bytes(), 9))
    };
    assert!(!listed(&["application/json, Text/Event-Stream"]).contains("evil"));
    assert!(!listed(&["text/html", "application/json"]).contains("evil"), "one of them may have been joined");
}

/// Metadata of OAuth, checks of health and pages, which no client of MCP reads as events.
#[test]
fn the_answer_to_any_other_get_is_a_page_and_passes() {
    for accept in [None, Some("*/*"), Some("application/json"), Some("text/html,*/*;q=0.8")] {
        let accept = accept.map(|media| (b"accept".to_vec(), media.as_bytes().to_vec()));
        let request = Request { headers: get().headers.into_iter().chain(accept).collect(), ..get() };
        for media in ["application/json", "text/plain", "text/html; charset=iso-8859-1"] {
            let stream = answered(&policy(""), &request, media, LIST.as_bytes(), 9);
            assert_eq!((body(&stream), stream.answer.is_whole), (LIST.to_owned(), true), "{media}");
        }
        for media in
            ["text/plain; x=text/event-stream", "text/event-stream, text/plain", "text/event-stream; charset=utf-16"]
        {
            assert_eq!(reply(&answered(&policy(""), &request, media, LIST.as_bytes(), 9)).0, 503, "{media}");
        }
    }
    let (mut worker, mut stream) = sent(&policy(""), &listen());
    stream.answer(&mut worker, Part::Head(&[(":status", "405"), ("content-type", "application/json")]), false);
    stream.answer(&mut worker, Part::Body(br#"{"error":"no stream"}"#), true);
    assert_eq!(body(&stream), r#"{"error":"no stream"}"#, "an error is no stream");
    stream.close(&mut worker);
}

#[test]
fn what_only_some_clients_read_as_data_of_an_event_stream_does_not_go_on() {
    for request in [list(), call("ok"), listen()] {
        for message in [LIST, ANSWER] {
            for text in [
                format!("\u{ef}\u{bb}\u{bf}data: {message}\n\n"),
                format!("\u{feff}\u{feff}data: {message}\n\n"),
                format!(":x\u{b}data: {message}\n\n"),
                format!(":x\u{c}data: {message}\n\n"),
                format!("id: 1\u{1c}data: {message}\n\n"),
                format!("event: message\u{85}data: {message}\n\n"),
                format!("foo: \u{2028}data: {message}\n\n"),
                format!("x data: {message}\n\n"),
                format!("Data: {message}\n\n"),
            ] {
                let stream = answered(&policy(""), &request, "text/event-stream", text.as_bytes(), 9);
                assert!(!has_mark(&stream), "{text:?}: {stream:?}");
            }
            // In a text of a message that itself passes, as Python's `str.splitlines` would find it.
            for separator in ["\u{85}", "\u{2028}", "\u{2029}"] {
                let text = format!(
                    "data: {{\"method\":\"x\",\"a\":\"{separator}{separator}data: {}{separator}{separator}\"}}\n\n",
                    message.replace('"', "'")
                );
                let stream = answered(&policy(""), &request, "text/event-stream", text.as_bytes(), 9);
                assert!(!body(&stream).contains(separator) && body(&stream).contains("\\u"), "{text:?}: {stream:?}");
            }
        }
    }
}

#[test]
fn a_message_that_a_lone_cr_cuts_for_some_clients_does_not_go_on() {
    for request in [list(), call("ok"), listen()] {
        for message in [LIST, ANSWER] {
            let text = format!("data: {}\n\n", message.replace("\"id\"", "\r\"id\""));
            let stream = answered(&policy(""), &request, "text/event-stream", text.as_bytes(), 9);
            assert!(!has_mark(&stream) && !body(&stream).contains('\r'), "{stream:?}");
        }
    }
}

#[test]
fn a_stream_that_may_open_the_old_transport_for_some_client_does_not() {
    let full = policy(r#","lists":{"show":"full"}"#);
    for front in ["", "\u{ef}\u{bb}\u{bf}", ":x\u{b}", ":\u{2028}"] {
        for media in ["text/event-stream", "text/plain"] {
            let text = format!("{front}event: endpoint\ndata: /messages?session=987654321\n\n: more\n\n");
            let stream = answered(&full, &listen(), media, text.as_bytes(), 9);
            // With another front, the line that names the event is none, and the address is the data of an event without a name.
            assert!(!body(&stream).contains("endpoint"), "{stream:?}");
        }
    }
}

#[test]
fn an_answer_in_another_encoding_than_utf_8_is_refused_however_it_is_labelled() {
    let units: Vec<u16> = ANSWER.encode_utf16().collect();
    let big: Vec<u8> = units.iter().flat_map(|unit| unit.to_be_bytes()).collect();
    let long: Vec<u8> = units.iter().flat_map(|unit| u32::from(*unit).to_be_bytes()).collect();
    for text in [big, long] {
        let stream = answered(&policy(""), &call("ok"), "application/json", &text, 16);
        assert!(body(&stream).contains("the answer is not JSON that all clients read alike"), "{stream:?}");
        assert_eq!(reply(&answered(&policy(""), &call("ok"), "application/json; charset=UTF-16", &text, 16)).0, 200);
    }
}
