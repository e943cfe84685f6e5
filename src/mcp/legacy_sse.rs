//! The first event of a stream: `endpoint` opens the transport of revision 2024-11-05, whose answers come on another
//! connection than the calls. A pure state machine over chunks.
//!
//! A client acts on an event at its blank line, by the last name that the event has. So everything goes on as it comes,
//! but for the line that names the event `endpoint` and what follows it.

use super::sse::{Token, Tokenizer, field};

/// Holds back what may open the old transport, until the first event is over.
#[derive(Clone, Debug, Default)]
pub struct EndpointGuard {
    lines: Tokenizer,
    /// The first bytes of the line that is coming: as many as tell it from [`NAMES`].
    line: Vec<u8>,
    /// Whether the last `event` field of the event so far is `endpoint`.
    is_endpoint: bool,
    has_data: bool,
    /// What does not go on yet.
    held: Vec<u8>,
}

/// How far a stream has been read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Forwarded {
    /// What goes on now.
    pub passes: Vec<u8>,
    /// Whether the first event is over, so that the rest of the stream needs no look.
    pub is_over: bool,
}

/// The first event opens the old transport.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LegacyEndpoint;

/// The lines that name an event `endpoint`.
const NAMES: [&[u8]; 2] = [b"event:endpoint", b"event: endpoint"];
/// Bytes of a line that are kept: one more than the longest of these has.
const MAX_LINE: usize = 16;
/// Bytes that are held back; an `endpoint` event with more of them is refused before its end.
const MAX_BYTES: usize = 64 * 1024;

impl EndpointGuard {
    /// Takes the next chunk.
    ///
    /// # Errors
    /// Nothing more may go on.
    pub fn push(&mut self, mut chunk: &[u8]) -> Result<Forwarded, LegacyEndpoint> {
        let mut passes = Vec::with_capacity(chunk.len());
        while let Some(piece) = self.lines.next(&mut chunk) {
            match piece {
                Token::Text(text) => {
                    let room = MAX_LINE.saturating_sub(self.line.len()).min(text.len());
                    self.line.extend_from_slice(text.get(..room).unwrap_or_default());
                    self.put(text, &mut passes);
                }
                Token::Ignored(bytes) => self.put(bytes, &mut passes),
                Token::End(end) if self.line.is_empty() => {
                    let is_over = self.event_ends()?;
                    self.put(end, &mut passes);
                    if is_over {
                        passes.extend_from_slice(chunk);
                        return Ok(Forwarded { passes, is_over });
                    }
                }
                Token::End(end) => {
                    self.line_ends();
                    self.put(end, &mut passes);
                }
            }
            if self.held.len() > MAX_BYTES {
                return Err(LegacyEndpoint);
            }
        }
        Ok(Forwarded { passes, is_over: false })
    }

    /// What goes on of what is held back, when the stream ends before its first event. Some clients act on a last event
    /// that lacks its blank line.
    #[must_use]
    pub fn rest(&mut self) -> Vec<u8> {
        self.line_ends();
        let is_event = self.event_ends().is_err();
        let held = std::mem::take(&mut self.held);
        if is_event { Vec::new() } else { held }
    }

    /// Lets bytes go on, behind what is held back, unless they may name the event `endpoint` or follow that name.
    fn put(&mut self, bytes: &[u8], passes: &mut Vec<u8>) {
        let may_name = !self.line.is_empty() && NAMES.iter().any(|name| name.starts_with(&self.line));
        if self.is_endpoint || may_name {
            self.held.extend_from_slice(bytes);
        } else {
            passes.append(&mut self.held);
            passes.extend_from_slice(bytes);
        }
    }

    fn line_ends(&mut self) {
        match field(&self.line) {
            (b"event", name) => self.is_endpoint = name == b"endpoint",
            (b"data", _) => self.has_data = true,
            _ => {}
        }
        self.line.clear();
    }

    /// Whether this was an event: without data it is none, and its name is forgotten.
    fn event_ends(&mut self) -> Result<bool, LegacyEndpoint> {
        if std::mem::take(&mut self.is_endpoint) && self.has_data { Err(LegacyEndpoint) } else { Ok(self.has_data) }
    }
}

#[cfg(test)]
mod tests {
    #[cfg(target_family = "wasm")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::{EndpointGuard, Forwarded, LegacyEndpoint, MAX_BYTES};

    /// What goes on of a text, and whether its first event is over; the same whole and in every two chunks.
    #[track_caller]
    fn heard(text: &str) -> Result<(String, bool), LegacyEndpoint> {
        let listen = |chunks: &[&[u8]]| {
            let (mut events, mut all, mut over) = (EndpointGuard::default(), Vec::new(), false);
            for chunk in chunks {
                let Forwarded { passes, is_over } =
                    if over { Forwarded { passes: chunk.to_vec(), is_over: true } } else { events.push(chunk)? };
                all.extend(passes);
                over = is_over;
            }
            Ok((String::from_utf8(all).unwrap(), over))
        };
        let whole = listen(&[text.as_bytes()]);
        for index in 0..text.len() {
            let (front, back) = text.as_bytes().split_at(index);
            assert_eq!(listen(&[front, back]), whole, "split at {index}");
        }
        whole
    }

    #[track_caller]
    fn passes(text: &str) {
        assert_eq!(heard(text), Ok((text.to_owned(), true)));
    }

    #[test]
    fn an_endpoint_event_is_heard_however_its_lines_end() {
        for end in ["\n", "\r\n", "\r"] {
            let text = format!("\u{feff}: hello{end}{end}event: endpoint{end}data: /messages?session_id=1{end}{end}");
            assert_eq!(heard(&text), Err(LegacyEndpoint), "{text:?}");
            let text = format!("data: x{end}event:endpoint{end}{end}");
            assert_eq!(heard(&text), Err(LegacyEndpoint), "{text:?}");
        }
    }

    #[test]
    fn other_events_open_nothing() {
        passes("event: message\ndata: {}\n\n");
        // Only the first event does.
        passes("id: 1\ndata:\n\nevent: endpoint\ndata: /m\n\n");
        // The last name counts.
        passes("event: endpoint\nevent: message\ndata: x\n\n");
        // One space is not part of the name, two are.
        passes("event:  endpoint\ndata: x\n\n");
    }

    #[test]
    fn an_event_without_data_is_none() {
        passes("event: endpoint\n\ndata: x\n\n");
        assert_eq!(heard("id: 1\n\nevent: endpoint\ndata: x\n"), Ok(("id: 1\n\n".to_owned(), false)));
        assert_eq!(heard("data: x\nevent: endpoint\n"), Ok(("data: x\n".to_owned(), false)));
    }

    #[test]
    fn comments_go_on_at_once() {
        assert_eq!(heard(": ping\n\n: ping\n"), Ok((": ping\n\n: ping\n".to_owned(), false)));
        assert_eq!(heard("event: endpoint\n: ping\n"), Ok((String::new(), false)));
    }

    /// A resumed stream begins with results, which have any length.
    #[test]
    fn a_long_first_event_goes_on_as_it_comes() {
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
    fn a_stream_that_ends_early_opens_nothing() {
        let rest = |text: &[u8]| {
            let mut guard = EndpointGuard::default();
            let Forwarded { passes, .. } = guard.push(text).unwrap();
            String::from_utf8([passes, guard.rest()].concat()).unwrap()
        };
        for text in [": ping\nevent: endp", "event: endpoint\n", "event: endpoint", "data: x", ""] {
            assert_eq!(rest(text.as_bytes()), text);
        }
        assert_eq!(rest(b"id: 1\nevent: endpoint\ndata: x\n"), "id: 1\n");
        assert_eq!(rest(b"data: x\nevent: endpoint"), "data: x\n");
    }
}
