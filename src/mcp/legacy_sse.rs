//! Finds the first event of a stream if it is named `endpoint`: it opens the transport of revision 2024-11-05, whose
//! responses come on another connection than the calls, so no policy could be enforced on them. A pure state machine over
//! chunks.
//!
//! A client acts on an event at its blank line, by the last `event` field. So everything is forwarded as it comes, except
//! the line that names the event `endpoint` and what follows it.

use super::{
    Code,
    answer::{self, DenialData},
    sse::{StreamPart, Tokenizer, append, parse_field},
};

/// Holds back what may open the old transport, until the first event ends.
#[derive(Clone, Debug, Default)]
pub struct EndpointGuard {
    lines: Tokenizer,
    /// The first bytes of the current line, up to [`MAX_LINE`]: enough to compare it with [`NAMES`].
    line: Vec<u8>,
    /// Whether the last `event` field of the event so far is `endpoint`.
    is_endpoint: bool,
    has_data: bool,
    /// Bytes that are not forwarded yet.
    held: Vec<u8>,
}

/// What the guard forwards of a chunk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Forwarded {
    /// The bytes to forward now.
    pub passes: Vec<u8>,
    /// Whether the first event has ended, so that the rest of the stream needs no check.
    pub is_over: bool,
}

/// The stream's first event opens the old transport, so the stream must end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LegacyEndpoint;

impl LegacyEndpoint {
    /// Why the stream ends.
    pub const REASON: &str = "the stream opens the transport of revision 2024-11-05, which the gateway does not accept; use \
                              streamable HTTP, or ask its operator for `protocol.legacy_sse`";

    /// The last event of the stream, whatever was forwarded before: the field lines of an event that has begun are complete.
    #[must_use]
    pub fn last_event() -> String {
        let data = DenialData::refused(Self::REASON);
        let message = ["Request refused: ", Self::REASON].concat();
        let error = answer::error_reply(200, None, Code::Invalid, &message, &data);
        format!("\n\nevent: error\ndata: {}\n\n", error.body)
    }
}

/// The lines that name an event `endpoint`.
const NAMES: [&[u8]; 2] = [b"event:endpoint", b"event: endpoint"];
/// Bytes of a line that are kept: one more than the longest of [`NAMES`] has.
const MAX_LINE: usize = 16;
/// Bytes that are held back at most; a longer `endpoint` event is refused before its end.
const MAX_BYTES: usize = 64 * 1024;

impl EndpointGuard {
    /// Takes the next chunk.
    ///
    /// # Errors
    /// If the first event is `endpoint`: nothing more may be forwarded.
    pub fn push(&mut self, mut chunk: &[u8]) -> Result<Forwarded, LegacyEndpoint> {
        let mut passes = Vec::with_capacity(chunk.len());
        while let Some(piece) = self.lines.next(&mut chunk) {
            match piece {
                StreamPart::Text(text) => {
                    let room = MAX_LINE.saturating_sub(self.line.len()).min(text.len());
                    append(&mut self.line, text.get(..room).unwrap_or_default());
                    self.forward(text, &mut passes);
                }
                StreamPart::Ignored(bytes) => self.forward(bytes, &mut passes),
                StreamPart::End(end) if self.line.is_empty() => {
                    let is_over = self.end_event()?;
                    self.forward(end, &mut passes);
                    if is_over {
                        append(&mut passes, chunk);
                        return Ok(Forwarded { passes, is_over });
                    }
                }
                StreamPart::End(end) => {
                    self.end_line();
                    self.forward(end, &mut passes);
                }
            }
            if self.held.len() > MAX_BYTES {
                return Err(LegacyEndpoint);
            }
        }
        Ok(Forwarded { passes, is_over: false })
    }

    /// The bytes that are held.
    #[must_use]
    pub fn held_bytes(&self) -> usize {
        self.held.len()
    }

    /// The held bytes to forward if the stream ends before its first event does. Some clients act on a last event that lacks
    /// its blank line.
    ///
    /// # Errors
    /// If that event is `endpoint`.
    pub fn rest(&mut self) -> Result<Vec<u8>, LegacyEndpoint> {
        self.end_line();
        self.end_event()?;
        Ok(std::mem::take(&mut self.held))
    }

    /// Forwards bytes behind the held ones, unless they may name the event `endpoint` or follow that name.
    fn forward(&mut self, bytes: &[u8], passes: &mut Vec<u8>) {
        let may_name = !self.line.is_empty() && NAMES.iter().any(|name| name.starts_with(&self.line));
        if self.is_endpoint || may_name {
            append(&mut self.held, bytes);
        } else {
            passes.append(&mut self.held);
            append(passes, bytes);
        }
    }

    fn end_line(&mut self) {
        match parse_field(&self.line) {
            (b"event", name) => self.is_endpoint = name == b"endpoint",
            (b"data", _) => self.has_data = true,
            _ => {}
        }
        self.line.clear();
    }

    /// Ends the event, and returns whether it was one: without data it is not, and its name is dropped.
    fn end_event(&mut self) -> Result<bool, LegacyEndpoint> {
        if std::mem::take(&mut self.is_endpoint) && self.has_data { Err(LegacyEndpoint) } else { Ok(self.has_data) }
    }
}

#[cfg(test)]
mod tests {
    #[cfg(target_family = "wasm")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::{EndpointGuard, Forwarded, LegacyEndpoint, MAX_BYTES};

    /// What is forwarded of a text, and whether its first event has ended; the same in one chunk and in any two.
    #[track_caller]
    fn forwarded(text: &str) -> Result<(String, bool), LegacyEndpoint> {
        let push_all = |chunks: &[&[u8]]| {
            let (mut events, mut all, mut over) = (EndpointGuard::default(), Vec::new(), false);
            for chunk in chunks {
                let Forwarded { passes, is_over } =
                    if over { Forwarded { passes: chunk.to_vec(), is_over: true } } else { events.push(chunk)? };
                all.extend(passes);
                over = is_over;
            }
            Ok((String::from_utf8(all).unwrap(), over))
        };
        let whole = push_all(&[text.as_bytes()]);
        for index in 0..text.len() {
            let (front, back) = text.as_bytes().split_at(index);
            assert_eq!(push_all(&[front, back]), whole, "split at {index}");
        }
        whole
    }

    #[track_caller]
    fn passes(text: &str) {
        assert_eq!(forwarded(text), Ok((text.to_owned(), true)));
    }

    #[test]
    fn an_endpoint_event_is_found_with_each_kind_of_line_end() {
        for end in ["\n", "\r\n", "\r"] {
            let text = format!("\u{feff}: hello{end}{end}event: endpoint{end}data: /messages?session_id=1{end}{end}");
            assert_eq!(forwarded(&text), Err(LegacyEndpoint), "{text:?}");
            let text = format!("data: x{end}event:endpoint{end}{end}");
            assert_eq!(forwarded(&text), Err(LegacyEndpoint), "{text:?}");
        }
    }

    #[test]
    fn other_events_are_forwarded() {
        passes("event: message\ndata: {}\n\n");
        // Only the first event does.
        passes("id: 1\ndata:\n\nevent: endpoint\ndata: /m\n\n");
        // The last name counts.
        passes("event: endpoint\nevent: message\ndata: x\n\n");
        // One space is not part of the name, two are.
        passes("event:  endpoint\ndata: x\n\n");
    }

    #[test]
    fn an_event_without_data_is_not_an_event() {
        passes("event: endpoint\n\ndata: x\n\n");
        assert_eq!(forwarded("id: 1\n\nevent: endpoint\ndata: x\n"), Ok(("id: 1\n\n".to_owned(), false)));
        assert_eq!(forwarded("data: x\nevent: endpoint\n"), Ok(("data: x\n".to_owned(), false)));
    }

    #[test]
    fn comments_are_forwarded_at_once() {
        assert_eq!(forwarded(": ping\n\n: ping\n"), Ok((": ping\n\n: ping\n".to_owned(), false)));
        assert_eq!(forwarded("event: endpoint\n: ping\n"), Ok((String::new(), false)));
    }

    /// A resumed stream begins with results, which have any length.
    #[test]
    fn a_long_first_event_is_forwarded_as_it_comes() {
        let mut guard = EndpointGuard::default();
        let long = [&b"id: 7\ndata: "[..], &vec![b'x'; 3 * MAX_BYTES]].concat();
        assert_eq!(guard.push(&long), Ok(Forwarded { passes: long.clone(), is_over: false }));
        let end = b"\n\ndata: y\n\n".to_vec();
        assert_eq!(guard.push(&end), Ok(Forwarded { passes: end.clone(), is_over: true }));
        let mut guard = EndpointGuard::default();
        guard.push(&long).unwrap();
        let named = guard.push(b"\nevent: endpoint\n").unwrap();
        assert_eq!(named, Forwarded { passes: b"\n".to_vec(), is_over: false });
        assert_eq!(guard.push(b"\n"), Err(LegacyEndpoint));
    }

    #[test]
    fn what_follows_the_name_of_an_endpoint_is_held_back_up_to_a_bound() {
        let mut guard = EndpointGuard::default();
        let front = b"event: endpoint\ndata: ";
        let held = Forwarded { passes: Vec::new(), is_over: false };
        assert_eq!(guard.push(&[&front[..], &vec![b'x'; MAX_BYTES - front.len()]].concat()), Ok(held));
        assert_eq!(guard.push(b"x"), Err(LegacyEndpoint));
    }

    #[test]
    fn a_stream_that_ends_in_its_first_event_forwards_no_endpoint() {
        let rest = |text: &[u8]| {
            let mut guard = EndpointGuard::default();
            let Forwarded { passes, .. } = guard.push(text).unwrap();
            guard.rest().map(|rest| String::from_utf8([passes, rest].concat()).unwrap())
        };
        for text in [": ping\nevent: endp", "event: endpoint\n", "event: endpoint", "data: x", ""] {
            assert_eq!(rest(text.as_bytes()), Ok(text.to_owned()));
        }
        assert_eq!(rest(b"id: 1\nevent: endpoint\ndata: x\n"), Err(LegacyEndpoint));
        assert_eq!(rest(b"data: x\nevent: endpoint"), Err(LegacyEndpoint));
    }
}
