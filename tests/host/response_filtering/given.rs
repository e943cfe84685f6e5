//! Answers of a server, as they come.

use std::fmt;

use proptest::{
    collection::vec,
    prelude::*,
    sample::{Index, select},
};

use crate::{
    proxy::{Part, Stream, Worker},
    request::End,
};

/// What entries that no caller may see bear.
pub(crate) const MARK: &str = "987654321";

/// An answer.
#[derive(Clone)]
pub(crate) struct Answer {
    pub(crate) head: Vec<(&'static str, &'static str)>,
    pub(crate) chunks: Vec<Vec<u8>>,
    /// `None` where the server resets it.
    pub(crate) end: Option<End>,
}

const JSON: (&str, &str) = ("content-type", "application/json");
const EVENTS: (&str, &str) = ("content-type", "text/event-stream");
const TYPES: [(&str, &str); 6] = [
    JSON,
    EVENTS,
    ("content-type", "Application/JSON; charset=utf-8"),
    ("content-type", "text/plain"),
    ("content-type", "application/json, text/event-stream"),
    ("x-content-type", "application/json"),
];

/// Bodies: lists, answers to calls that look like lists, and junk.
const BODIES: [&str; 13] = [
    r#"{"jsonrpc":"2.0","id":7,"result":{"tools":[{"name":"ok"},{"name":"evil","m":MARK}],"nextCursor":"c"}}"#,
    r#"{"id":7,"result":{"tools":[{"name":"evil","m":MARK},{"name":"limited"},{"name":"worse","m":MARK}]}}"#,
    r#"{"id":7,"result":{"tools":[{"name":"ok"}]}}"#,
    r#"{"id":7,"result":{"Tools":[{"name":"evil","m":MARK}]}}"#,
    r#"{"id":7,"result":{"tools":[{"name":"evil","m":MARK}]"#,
    "id: 1\ndata: {\"id\":7,\"result\":{\"tools\":[{\"name\":\"evil\",\"m\":MARK},{\"name\":\"ok\"}]}}\n\n: ping\n\n",
    ": ping\r\rdata: {\"id\":7,\"result\":\rdata: {\"tools\":[{\"name\":\"ok\"},{\"name\":\"evil\",\"m\":MARK}]}}\r\rdata: {}",
    "data: {\"method\":\"x\"}\n\ndata: {\"result\":{\"tools\":[{\"name\":\"evil\",\"m\":MARK}]}}",
    "data: {\"method\":\"x\",\"result\":{\"tools\":[{\"name\":\"evil\",\"m\":MARK}]}}\n\n",
    "event: endpoint\ndata: /messages?session=1\n\n",
    r#"{"jsonrpc":"2.0","id":7,"error":{"code":-32601,"message":"no"}}"#,
    "",
    "<html>",
];

/// The answers to a call of a tool, in which nothing may be looked for.
const CALLED: [&str; 3] = [
    r#"{"id":7,"result":{"content":[],"structuredContent":{"tools":[{"name":"evil","m":MARK}]}}}"#,
    r#"{"id":7,"result":{"tools":[{"name":"evil","m":MARK}]}}"#,
    "data: {\"id\":7,\"result\":{\"tools\":[{\"name\":\"evil\",\"m\":MARK}]}}\n\n",
];

/// Any answer with a body like these.
fn with(bodies: &'static [&'static str]) -> impl Strategy<Value = Answer> {
    let status = prop_oneof![6 => Just("200"), 1 => select(&["202", "206", "404", "500"][..])];
    let coding = prop_oneof![5 => Just(None), 1 => select(&["gzip", "identity", ""][..]).prop_map(Some)];
    let end =
        prop_oneof![6 => select(&[End::Flag, End::EmptyChunk, End::Trailers][..]).prop_map(Some), 1 => Just(None)];
    (status, select(&TYPES[..]), coding, any::<bool>(), select(bodies), vec(any::<Index>(), 0..6), end).prop_map(
        |(status, media, coding, has_length, body, cuts, end)| {
            let mut head = vec![(":status", status), media];
            head.extend(coding.map(|coding| ("content-encoding", coding)));
            head.extend(has_length.then_some(("content-length", "1234")));
            let body = body.replace("MARK", MARK);
            let is_bare = media.1.contains("event-stream") && body.starts_with('{');
            // No client reads a message outside an event.
            let body = if is_bare { format!("id: 2\r\ndata:{body}\r\n\r\n") } else { body };
            Answer { head, chunks: cut(body.as_bytes(), &cuts), end }
        },
    )
}

/// Any answer.
pub(crate) fn any_answer() -> impl Strategy<Value = Answer> {
    with(&BODIES)
}

/// Any answer to a call.
pub(crate) fn called() -> impl Strategy<Value = Answer> {
    with(&CALLED)
}

/// A text in chunks, some of them empty.
fn cut(text: &[u8], cuts: &[Index]) -> Vec<Vec<u8>> {
    let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut.index(text.len() + 1)).chain([0, text.len()]).collect();
    cuts.sort_unstable();
    cuts.windows(2).map(|pair| text[pair[0]..pair[1]].to_vec()).collect()
}

impl Answer {
    pub(crate) fn body(&self) -> Vec<u8> {
        self.chunks.concat()
    }

    pub(crate) fn is_success(&self) -> bool {
        self.head.iter().any(|(name, value)| *name == ":status" && value.starts_with('2'))
    }

    /// The value of a header.
    pub(crate) fn header(&self, wanted: &str) -> Option<&'static str> {
        self.head.iter().find(|(name, _)| *name == wanted).map(|(_, value)| *value)
    }

    /// Sends it, as far as the stream goes.
    pub(crate) fn send(&self, worker: &mut Worker, stream: &mut Stream) {
        let mut send = |part: Part<'_>, is_end: bool| {
            if !stream.answer.is_ended && stream.replies.is_empty() {
                stream.answer(worker, part, is_end);
            }
        };
        send(Part::Head(&self.head), false);
        for (index, chunk) in self.chunks.iter().enumerate() {
            send(Part::Body(chunk), self.end == Some(End::Flag) && index + 1 == self.chunks.len());
        }
        match self.end {
            Some(End::EmptyChunk) => send(Part::Body(b""), true),
            Some(End::Trailers) => send(Part::Trailers, true),
            Some(End::Flag) | None => {}
        }
    }
}

impl fmt::Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let chunks: Vec<String> = self.chunks.iter().map(|chunk| chunk.escape_ascii().to_string()).collect();
        write!(f, "{:?} {chunks:?}, {:?}", self.head, self.end)
    }
}
