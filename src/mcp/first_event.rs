//! The first event of a stream: `endpoint` opens the transport of revision 2024-11-05, whose answers come on another
//! connection than the calls. A pure state machine over chunks.

/// Listens for the first event.
#[derive(Clone, Debug, Default)]
pub struct FirstEvent {
    /// The line so far.
    line: Vec<u8>,
    /// Whether the line before ended in CR, so that a LF belongs to it.
    after_return: bool,
    /// The `event` field of the event so far.
    is_endpoint: bool,
    has_data: bool,
    heard: usize,
}

/// What the first event is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum First {
    /// It has not ended yet.
    Coming,
    /// It opens the old transport, or is too long to tell.
    Endpoint,
    /// Something else.
    Other,
}

/// An event that has not ended after this many bytes is no first event that any client waits for.
const MAX_BYTES: usize = 64 * 1024;

impl FirstEvent {
    /// Takes the next chunk. Lines, fields and dispatch as in
    /// <https://html.spec.whatwg.org/multipage/server-sent-events.html>.
    pub fn hear(&mut self, chunk: &[u8]) -> First {
        for byte in chunk {
            self.heard = self.heard.saturating_add(1);
            if self.heard > MAX_BYTES {
                return First::Endpoint;
            }
            let is_second_half = *byte == b'\n' && self.after_return;
            self.after_return = *byte == b'\r';
            match byte {
                _ if is_second_half => {}
                b'\n' | b'\r' => {
                    let line = std::mem::take(&mut self.line);
                    if let Some(first) = self.line_ends(line.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(&line)) {
                        return first;
                    }
                }
                other => self.line.push(*other),
            }
        }
        First::Coming
    }

    fn line_ends(&mut self, line: &[u8]) -> Option<First> {
        let mut parts = line.splitn(2, |byte| *byte == b':');
        let field = parts.next().unwrap_or_default();
        let value = parts.next().unwrap_or_default();
        let value = value.strip_prefix(b" ").unwrap_or(value);
        match field {
            b"event" => self.is_endpoint = value == b"endpoint",
            b"data" => self.has_data = true,
            // A blank line: an event without data is none, and its name is forgotten.
            b"" if line.is_empty() => {
                let (has_data, is_endpoint) = (self.has_data, self.is_endpoint);
                (self.has_data, self.is_endpoint) = (false, false);
                return has_data.then_some(if is_endpoint { First::Endpoint } else { First::Other });
            }
            _ => {}
        }
        None
    }
}

#[cfg(test)]
mod tests {
    #[cfg(target_family = "wasm")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::{First, FirstEvent, MAX_BYTES};

    /// What is heard in a text, whole and in every two chunks.
    #[track_caller]
    fn first(text: &str) -> First {
        let whole = FirstEvent::default().hear(text.as_bytes());
        for index in 0..text.len() {
            let (front, back) = text.as_bytes().split_at(index);
            let mut events = FirstEvent::default();
            let heard = match events.hear(front) {
                First::Coming => events.hear(back),
                decided => decided,
            };
            assert_eq!(heard, whole, "split at {index}");
        }
        whole
    }

    #[test]
    fn an_endpoint_event_is_heard_however_its_lines_end() {
        for end in ["\n", "\r\n", "\r"] {
            let text = format!("\u{feff}: hello{end}{end}event: endpoint{end}data: /messages?session_id=1{end}{end}");
            assert_eq!(first(&text), First::Endpoint, "{text:?}");
            let text = format!("data: x{end}event:endpoint{end}{end}");
            assert_eq!(first(&text), First::Endpoint, "{text:?}");
        }
    }

    #[test]
    fn other_events_open_nothing() {
        assert_eq!(first("event: message\ndata: {}\n\n"), First::Other);
        assert_eq!(first("id: 1\ndata:\n\nevent: endpoint\ndata: /m\n\n"), First::Other, "only the first event");
        assert_eq!(first("event: endpoint\nevent: message\ndata: x\n\n"), First::Other, "the last name counts");
        assert_eq!(first("event:  endpoint\ndata: x\n\n"), First::Other, "one space is not part of the name");
    }

    #[test]
    fn an_event_without_data_is_none() {
        assert_eq!(first("event: endpoint\n\ndata: x\n\n"), First::Other);
        assert_eq!(first("id: 1\n\n: ping\n\nevent: endpoint\ndata: x\n"), First::Coming);
    }

    #[test]
    fn a_first_event_that_never_ends_is_not_waited_for() {
        assert_eq!(FirstEvent::default().hear(&vec![b'x'; MAX_BYTES]), First::Coming);
        assert_eq!(FirstEvent::default().hear(&vec![b'x'; MAX_BYTES + 1]), First::Endpoint);
    }
}
