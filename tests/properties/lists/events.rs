//! Event streams as the standard reads them, written for these tests alone:
//! <https://html.spec.whatwg.org/multipage/server-sent-events.html>, section 9.2.6.

/// An event that a client acts on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Event {
    /// What its data lines say, joined.
    pub(crate) data: Vec<u8>,
    /// Its other lines, comments among them.
    pub(crate) others: Vec<Vec<u8>>,
}

/// The events of a stream. The last one counts without its blank line, too, as for some clients. Lines outside an event belong
/// to the event that follows, or to a last one without data.
pub(crate) fn events(stream: &[u8]) -> Vec<(bool, Event)> {
    let (mut events, mut event, mut has_data) = (Vec::new(), Event::default(), false);
    for line in lines(stream.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(stream)) {
        if line.is_empty() {
            if has_data {
                events.push((true, std::mem::take(&mut event)));
                has_data = false;
            } else {
                event.others.push(Vec::new());
            }
            continue;
        }
        let colon = line.iter().position(|byte| *byte == b':');
        if &line[..colon.unwrap_or(line.len())] == b"data" {
            let value = colon.map_or(&[][..], |colon| &line[colon + 1..]);
            if std::mem::replace(&mut has_data, true) {
                event.data.push(b'\n');
            }
            event.data.extend_from_slice(value.strip_prefix(b" ").unwrap_or(value));
        } else {
            event.others.push(line.to_vec());
        }
    }
    events.push((has_data, event));
    events
}

/// The lines of a text; the text after the last line end is one, if it is not empty.
fn lines(text: &[u8]) -> Vec<&[u8]> {
    let (mut lines, mut start, mut at) = (Vec::new(), 0, 0);
    while at < text.len() {
        let end = match &text[at..] {
            [b'\r', b'\n', ..] => 2,
            [b'\r' | b'\n', ..] => 1,
            _ => 0,
        };
        if end > 0 {
            lines.push(&text[start..at]);
            start = at + end;
        }
        at += end.max(1);
    }
    if start < text.len() {
        lines.push(&text[start..]);
    }
    lines
}
