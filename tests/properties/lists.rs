//! What trimming does to any answer, whatever its chunks. The oracles read for themselves: [`events`] as the standard
//! reads a stream, [`members`] with `serde_json`.

mod events;
mod linear;
mod members;
mod messages;
mod streams;

use mcp_policy::mcp::list::{ListKind, ListRequest, ListStream, PrivateLists, StreamAborted};
use proptest::{
    collection::vec,
    prelude::*,
    sample::{Index, select},
};

use self::{
    members::assert_trimmed,
    messages::{Message, Sort, message},
    streams::{Stream, stream},
};

/// What entries that are not shown bear, in digits, which nothing escapes.
const MARK: &str = "987654321";

/// Everything is shown but names with `evil`.
fn shows(_: ListKind, name: &str) -> bool {
    !name.contains("evil")
}

/// What goes on of some chunks, and whether the stream had to end.
fn trimmed(mut trimmer: ListStream, chunks: &[&[u8]]) -> (Vec<u8>, Result<(), StreamAborted>) {
    let mut out = Vec::new();
    for chunk in chunks {
        match trimmer.push(chunk, usize::MAX, &shows) {
            Ok(more) => out.extend(more),
            Err(broken) => return (out, Err(broken)),
        }
    }
    let end = trimmer.end(&shows).map(|more| out.extend(more));
    (out, end)
}

/// What is forwarded of a text. It is the same for all chunks. A stream that must be reset is reset for all; smaller chunks
/// may have forwarded more before.
#[track_caller]
fn whole(trimmer: &ListStream, text: &[u8], cuts: &[Index]) -> (Vec<u8>, Result<(), StreamAborted>) {
    let whole = trimmed(trimmer.clone(), &[text]);
    let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut.index(text.len() + 1)).chain([0, text.len()]).collect();
    cuts.sort_unstable();
    let chunks: Vec<&[u8]> = cuts.windows(2).map(|pair| &text[pair[0]..pair[1]]).collect();
    let by_byte = trimmed(trimmer.clone(), &text.chunks(1).collect::<Vec<_>>());
    for other in [trimmed(trimmer.clone(), &chunks), by_byte.clone()] {
        assert_eq!(other.1, whole.1);
        assert!(whole.1.is_err() || other.0 == whole.0, "{}\n{}", other.0.escape_ascii(), whole.0.escape_ascii());
        assert!(by_byte.0.starts_with(&other.0));
    }
    assert!(!contains(&by_byte.0, MARK), "{}", by_byte.0.escape_ascii());
    whole
}

fn contains(text: &[u8], part: &str) -> bool {
    text.windows(part.len()).any(|window| window == part.as_bytes())
}

/// Whether it says why an answer was not passed on.
fn is_refusal(text: &[u8]) -> bool {
    contains(text, r#""message":"Response refused: "#) || contains(text, r#""data":"A message was dropped: "#)
}

/// The ids of requests for lists; none of a stream that answers any.
const IDS: [&[&str]; 3] = [&["7"], &["7", "8"], &[]];

/// What is known of what was asked by such ids.
fn asked(ids: &'static [&'static [&'static str]]) -> impl Strategy<Value = ListRequest> {
    let ids = select(ids);
    let max_bytes = prop_oneof![4 => Just(1 << 20), 1 => 1_usize..600];
    let private = select(&[PrivateLists::Never, PrivateLists::Filtered, PrivateLists::All]);
    (ids, private, max_bytes).prop_map(|(ids, private, max_bytes)| ListRequest {
        ids: ids.iter().map(ToString::to_string).collect(),
        is_batch: ids.len() > 1,
        private,
        is_unchanged: false,
        max_bytes,
    })
}

#[track_caller]
fn check_stream(asked: &ListRequest, stream: &Stream, cuts: &[Index]) {
    let (out, end) = whole(&ListStream::events(asked.clone()), &stream.bytes, cuts);
    if asked.max_bytes < 1000 {
        return;
    }
    if stream.sorts.iter().all(|sort| *sort == Sort::Other) {
        assert_eq!((out.escape_ascii().to_string(), end), (stream.bytes.escape_ascii().to_string(), Ok(())));
        return;
    }
    if end.is_err() {
        assert!(stream.sorts.iter().any(|sort| [Sort::Odd, Sort::Cut].contains(sort)));
        return;
    }
    let [before, after] = [&stream.bytes, &out].map(|bytes| events::events(bytes));
    assert_eq!(before.len(), after.len(), "{}", out.escape_ascii());
    let mut sorts = stream.sorts.iter();
    for ((is_event, before), (same, after)) in before.iter().zip(&after) {
        assert_eq!((is_event, &before.others), (same, &after.others));
        match sorts.next().filter(|_| *is_event) {
            Some(Sort::List) => assert_trimmed(&before.data, &after.data, asked.private),
            Some(Sort::Odd) => assert!(before.data == after.data || is_refusal(&after.data)),
            Some(Sort::Cut) => {}
            Some(Sort::Other) | None => assert_eq!(before.data, after.data),
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 3000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn of_a_stream_nothing_changes_but_entries_that_are_not_shown(
        asked in asked(&IDS), stream in stream(), cuts in vec(any::<Index>(), 0..8),
    ) {
        check_stream(&asked, &stream, &cuts);
    }

    #[test]
    fn of_a_body_nothing_changes_but_entries_that_are_not_shown(
        asked in asked(&IDS[..2]), message in message(), cuts in vec(any::<Index>(), 0..8),
    ) {
        check_body(&asked, &message, &cuts);
    }
}

#[track_caller]
fn check_body(asked: &ListRequest, message: &Message, cuts: &[Index]) {
    let text = message.text.as_bytes();
    let (out, end) = whole(&ListStream::json(asked.clone()), text, cuts);
    assert_eq!(end, Ok(()));
    match message.sort {
        _ if text.len() > asked.max_bytes => assert!(is_refusal(&out)),
        Sort::List => assert_trimmed(text, &out, asked.private),
        Sort::Other => assert!(out == text || is_refusal(&out)),
        // Unlike of an event, nothing of a body has gone on when it turns out to list something.
        Sort::Odd | Sort::Cut if is_refusal(&out) => {}
        Sort::Odd | Sort::Cut => assert_trimmed(text, &out, asked.private),
    }
}
