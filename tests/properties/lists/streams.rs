//! Event streams, well-formed and malformed.

use proptest::{
    collection::vec,
    prelude::*,
    sample::{Index, select},
};

use super::messages::{Message, Sort, message};

/// A stream.
#[derive(Clone)]
pub(crate) struct Stream {
    pub(crate) bytes: Vec<u8>,
    /// What must come of the data of each event that has some.
    pub(crate) sorts: Vec<Sort>,
}

/// A part of a stream: an event if it has data.
#[derive(Clone, Debug)]
struct Part {
    before: Vec<&'static str>,
    message: Option<Message>,
    after: Vec<&'static str>,
    /// A source of choices: how lines end, and whether a space follows the colon.
    choices: Vec<u8>,
}

const MARK: &[u8] = b"\xEF\xBB\xBF";
const OTHERS: [&str; 14] = [
    "id: 1",
    "id",
    "id:2\u{0}",
    "event: message",
    "event:endpoint",
    "retry: 10",
    ": ping",
    ":",
    "",
    "dat",
    "dat: a",
    "database: x",
    "foo: data: x",
    "\u{feff}data: y",
];

/// Any stream; one of some is cut off anywhere.
pub(crate) fn stream() -> impl Strategy<Value = Stream> {
    let part = (
        vec(select(&OTHERS[..]), 0..4),
        prop::option::weighted(0.8, message()),
        vec(select(&OTHERS[..]), 0..3),
        vec(any::<u8>(), 8),
    );
    let part = part.prop_map(|(before, message, after, choices)| {
        let after = after.into_iter().filter(|line| !line.is_empty()).collect();
        Part { before, message, after, choices }
    });
    (any::<bool>(), vec(part, 0..5), prop::option::weighted(0.3, any::<Index>())).prop_map(|(marked, parts, cut)| {
        let mut bytes = Vec::new();
        let mut sorts = Vec::new();
        for part in &parts {
            part.write(&mut bytes);
            sorts.extend(part.message.as_ref().map(|message| message.sort));
        }
        // A mark that a line begins with would be none at the very front.
        if marked || bytes.starts_with(MARK) {
            bytes = [MARK, &bytes].concat();
        }
        if let Some(cut) = cut.filter(|_| !bytes.is_empty()) {
            bytes.truncate(cut.index(bytes.len()));
            let whole = super::events::events(&bytes).len() - 1;
            sorts.truncate(whole);
            sorts.push(Sort::Cut);
        }
        Stream { bytes, sorts }
    })
}

impl Part {
    fn write(&self, out: &mut Vec<u8>) {
        let mut choices = self.choices.iter().cycle();
        let mut choose = |count: u8| choices.next().map_or(0, |choice| choice % count);
        let mut line = |out: &mut Vec<u8>, text: &str| {
            out.extend_from_slice(text.as_bytes());
            // An LF behind a CR would be part of its end, and no blank line.
            let glued = text.is_empty() && out.last() == Some(&b'\r');
            out.extend_from_slice([&b"\r"[..], b"\r\n", b"\n"][usize::from(choose(if glued { 2 } else { 3 }))]);
        };
        self.before.iter().for_each(|text| line(out, text));
        for data in self.message.iter().flat_map(|message| message.text.split('\n')) {
            let data = data.trim_end_matches('\r');
            line(out, &if data.len() % 3 == 0 { format!("data:{data}") } else { format!("data: {data}") });
        }
        self.after.iter().for_each(|text| line(out, text));
        line(out, "");
    }
}

impl std::fmt::Debug for Stream {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:?} {}", self.sorts, self.bytes.escape_ascii())
    }
}
