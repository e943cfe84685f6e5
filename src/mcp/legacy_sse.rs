//! The first event of a stream: `endpoint` opens the transport of revision 2024-11-05, whose answers come on another
//! connection than the calls. A pure state machine over chunks.

use super::sse::{Token, Tokenizer, field};

/// Holds a stream back while its first event may open the old transport. Comments go on at once: they keep a stream
/// alive that has nothing to say.
#[derive(Clone, Debug, Default)]
pub struct EndpointGuard {
    lines: Tokenizer,
    line: Vec<u8>,
    /// Whether the last `event` field of the event so far is `endpoint`.
    is_endpoint: bool,
    has_data: bool,
    /// The event so far.
    held: Vec<u8>,
}

/// How far a stream has been heard.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Forwarded {
    /// What goes on now.
    pub passes: Vec<u8>,
    /// Whether the first event is over, so that the rest of the stream is of no matter.
    pub is_over: bool,
}

/// The first event opens the old transport, or is too long to tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LegacyEndpoint;

/// An event that has not ended after this many bytes is no first event that any client waits for.
const MAX_BYTES: usize = 64 * 1024;

impl EndpointGuard {
    /// Takes the next chunk.
    ///
    /// # Errors
    /// Nothing more may go on.
    pub fn push(&mut self, mut chunk: &[u8]) -> Result<Forwarded, LegacyEndpoint> {
        let mut passes = Vec::new();
        while let Some(piece) = self.lines.next(&mut chunk) {
            let (Token::Text(bytes) | Token::End(bytes) | Token::Ignored(bytes)) = piece;
            self.held.extend_from_slice(bytes);
            let is_over = match piece {
                Token::Text(text) => {
                    self.line.extend_from_slice(text);
                    false
                }
                Token::End(_) if self.line.is_empty() => self.event_ends(&mut passes)?,
                Token::End(_) => {
                    self.line_ends(&mut passes);
                    false
                }
                Token::Ignored(_) => false,
            };
            if is_over {
                passes.extend_from_slice(chunk);
                return Ok(Forwarded { passes, is_over });
            }
            if self.held.len() > MAX_BYTES {
                return Err(LegacyEndpoint);
            }
        }
        Ok(Forwarded { passes, is_over: false })
    }

    /// What is held back, when the stream ends before its first event.
    #[must_use]
    pub fn rest(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.held)
    }

    fn line_ends(&mut self, passes: &mut Vec<u8>) {
        let line = std::mem::take(&mut self.line);
        match field(&line) {
            (b"event", name) => self.is_endpoint = name == b"endpoint",
            (b"data", _) => self.has_data = true,
            (b"", _) if !self.has_data && !self.is_endpoint => passes.append(&mut self.held),
            _ => {}
        }
    }

    /// Whether this was an event: without data it is none, and its name is forgotten.
    fn event_ends(&mut self, passes: &mut Vec<u8>) -> Result<bool, LegacyEndpoint> {
        if std::mem::take(&mut self.is_endpoint) && self.has_data {
            return Err(LegacyEndpoint);
        }
        passes.append(&mut self.held);
        Ok(self.has_data)
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
    }

    #[test]
    fn comments_go_on_at_once() {
        assert_eq!(heard(": ping\n\n: ping\n"), Ok((": ping\n\n: ping\n".to_owned(), false)));
        assert_eq!(heard("event: endpoint\n: ping\n"), Ok((String::new(), false)));
    }

    #[test]
    fn a_first_event_that_never_ends_is_not_waited_for() {
        let held = Forwarded { passes: Vec::new(), is_over: false };
        assert_eq!(EndpointGuard::default().push(&vec![b'x'; MAX_BYTES]), Ok(held));
        assert_eq!(EndpointGuard::default().push(&vec![b'x'; MAX_BYTES + 1]), Err(LegacyEndpoint));
    }
}
