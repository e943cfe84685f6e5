//! What takes the place of an answer is bounded, whatever the server sends.

#[cfg(target_family = "wasm")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::{
    enforced, inspection, request,
    streams::{ANSWER, MAIL, run, sse, whole},
};
use crate::{
    mcp::ResponseFormat,
    results::{Inspection, Inspections, ResultRequest, ResultStream},
};

/// An array of answers with these ids, and one more that holds an address; as an event.
fn answers(ids: impl IntoIterator<Item = String>) -> String {
    let answers: Vec<String> = ids.into_iter().map(|id| format!(r#"{{"id":{id}}}"#)).collect();
    format!("data: [{},{{\"id\":2,\"result\":\"{MAIL}\"}}]\n\n", answers.join(","))
}

/// The ids of the errors in an event, in order.
fn refused_ids(event: &str) -> Vec<String> {
    let data = event.strip_prefix("data: ").expect("one event");
    let message: serde_json::Value = serde_json::from_str(data).unwrap();
    let errors = message.as_array().map_or(std::slice::from_ref(&message), Vec::as_slice);
    assert!(errors.iter().all(|error| error["error"]["code"] == -31451), "{event}");
    errors.iter().map(|error| error["id"].to_string()).collect()
}

#[test]
fn a_refused_message_is_answered_once_for_each_call_that_waits_for_it() {
    let denied = Inspections { enforced: Some(inspection(r#"{"deny_if":[{"find":"email"}]}"#)), shadow: None };
    let refused = |request: ResultRequest, event: &str| {
        let out = run(ResultStream::new(request, denied.clone(), Some(ResponseFormat::Sse)), &[event.as_bytes()]);
        assert!(!out.contains(MAIL), "{out}");
        refused_ids(&out)
    };
    let many = || vec!["1".to_owned(); 10_000];
    let all = |count: usize| (0..count).map(|id| id.to_string());
    // Of a call, only its own id is answered: also if the message answers only others.
    assert_eq!(refused(request(), &answers(many())), ["1"]);
    assert_eq!(refused(request(), &answers(all(10_000))), ["1"]);
    assert_eq!(refused(request(), &answers(["7".to_owned()])), ["1"]);
    let batch = ResultRequest { ids: vec!["1".into(), "2".into()], is_batch: true, ..ResultRequest::default() };
    assert_eq!(refused(batch, &answers(many())), ["1", "2"]);
    // Where any call may be answered, each id is, as many as a batch may have.
    let listens = ResultRequest { is_subscription: true, ..request() };
    for stream in [listens, ResultRequest::default()] {
        assert_eq!(refused(stream.clone(), &answers(many())), ["1", "2"]);
        assert_eq!(refused(stream, &answers(all(10_000))), all(64).collect::<Vec<_>>());
    }
}

#[test]
fn an_answer_to_another_call_that_is_refused_ends_the_call() {
    let denied = inspection(r#"{"deny_if":[{"find":"email"}]}"#);
    let other = format!("data: {}\n\n", ANSWER.replace('M', MAIL).replace("\"id\":1,", "\"id\":3,"));
    let out = whole(sse(&denied), &format!("{other}data: {}\n\n", ANSWER.replace('M', "fine")));
    assert_eq!(refused_ids(&out), ["1"]);
}

/// An answer with so many addresses, and rules that replace each of them by 64 bytes.
fn addresses(count: usize) -> (Inspection, String) {
    let long = inspection(&format!(r#"{{"redact":[{{"find":"email","replace":"{}"}}]}}"#, "-".repeat(64)));
    (long, ANSWER.replace('M', &"a@b.co ".repeat(count)))
}

const TOO_LONG: &str =
    "the answer is larger than 8388608 bytes once its finds are replaced; ask for less, such as one page";

#[test]
fn an_answer_that_its_replacements_make_too_long_is_refused() {
    // Each of 65 bytes behind a replacement.
    for (count, is_refused) in [(129_000, false), (129_100, true)] {
        let (long, answer) = addresses(count);
        let event = format!("data: {answer}\n\n");
        for (format, text) in [(ResponseFormat::Json, &answer), (ResponseFormat::Sse, &event)] {
            let mut stream = ResultStream::new(request(), enforced(&long), Some(format));
            let mut out = stream.push(text.as_bytes(), usize::MAX);
            out.extend(stream.end());
            let out = String::from_utf8(out).unwrap();
            let report = stream.take_report();
            assert_eq!(report.refusal.as_ref().map(|why| why.reason()), is_refused.then(|| TOO_LONG.to_owned()));
            assert_eq!(
                report.refusal.as_ref().map(|why| why.rule()),
                is_refused.then_some("/all_tools/results/max_bytes")
            );
            assert_eq!(out.contains(r#""id":1,"error":{"code":-31413,"#), is_refused);
            assert_eq!(out.len() > 8_300_000, !is_refused, "{}", out.len());
        }
        // Of a text that is not JSON, too.
        let text = "a@b.co ".repeat(count);
        let mut stream = ResultStream::new(request(), enforced(&long), None);
        assert_eq!(stream.push(text.as_bytes(), usize::MAX), b"");
        assert_eq!(stream.end().len() > 8_300_000, !is_refused);
    }
}

#[test]
fn a_small_max_bytes_leaves_room_for_replacements() {
    let small =
        inspection(&format!(r#"{{"max_bytes":100,"redact":[{{"find":"email","replace":"{}"}}]}}"#, "-".repeat(64)));
    let answer = ANSWER.replace('M', "a@b.co c@d.co");
    let expected = ANSWER.replace('M', &["-".repeat(64), "-".repeat(64)].join(" "));
    assert_eq!(
        whole(move || ResultStream::new(request(), enforced(&small), Some(ResponseFormat::Json)), &answer),
        expected
    );
}

#[test]
fn an_answer_whose_replacements_have_no_room_is_refused() {
    let (long, answer) = addresses(10);
    let event = format!("data: {answer}\n\n");
    let growth = 10 * (64 - 6);
    for (format, text) in [(ResponseFormat::Json, &answer), (ResponseFormat::Sse, &event)] {
        for (room, is_refused) in [(growth, false), (growth - 1, true)] {
            let mut stream = ResultStream::new(request(), enforced(&long), Some(format));
            let mut out = stream.push(text.as_bytes(), text.len() + room);
            out.extend(stream.end());
            let out = String::from_utf8(out).unwrap();
            assert_eq!(out.contains("the gateway has no room to hold the answer at present"), is_refused, "{out}");
            assert_eq!(out.len(), if is_refused { out.len() } else { text.len() + growth });
        }
    }
}
