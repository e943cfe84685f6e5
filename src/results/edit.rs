//! A message with the replacements: only the strings that hold a find are written again. What is written is bounded: a short find may
//! have a long replacement.

use std::{borrow::Cow, ops::Range};

use crate::json;

use super::{inspected::Outcome, inspection::Inspection, scan::Find};

/// A string of a message, or a number.
#[derive(Debug)]
pub(super) struct Text<'m> {
    /// Where it is in the message, its quotes included.
    pub(super) span: Range<usize>,
    pub(super) text: Cow<'m, str>,
    /// The finds in it.
    pub(super) finds: Vec<Find>,
}

/// What is written would be longer than it may be.
struct TooLong;

/// Writes a message, in at most `room` bytes, with the finds of some of its texts replaced, which are in the order of the message.
pub(super) fn rewrite(message: &[u8], texts: &[Text<'_>], inspection: &Inspection, room: usize) -> Outcome {
    if texts.iter().all(|text| text.finds.is_empty()) {
        return Outcome::Same;
    }
    // It was read as JSON, which is UTF-8.
    let Ok(message) = std::str::from_utf8(message) else { return Outcome::Unreadable };
    let (mut out, mut at) = (String::with_capacity(message.len()), 0);
    for text in texts.iter().filter(|text| !text.finds.is_empty()) {
        out.push_str(message.get(at..text.span.start).unwrap_or_default());
        let mut quoted = String::from('"');
        if text.push_replaced(inspection, room, json::escape, &mut quoted).is_err() {
            return Outcome::TooLong;
        }
        quoted.push('"');
        // Some clients take invisible characters for the end of a line, in an event stream.
        out.push_str(&json::visible(quoted));
        if out.len() > room {
            return Outcome::TooLong;
        }
        at = text.span.end;
    }
    out.push_str(message.get(at..).unwrap_or_default());
    within(room, out)
}

fn within(room: usize, out: String) -> Outcome {
    if out.len() > room { Outcome::TooLong } else { Outcome::Rewritten(out.into_bytes()) }
}

impl Text<'_> {
    /// The text itself with its finds replaced, in at most `room` bytes.
    pub(super) fn rewritten(&self, inspection: &Inspection, room: usize) -> Outcome {
        let mut out = String::with_capacity(self.text.len());
        match self.push_replaced(inspection, room, |text, out| out.push_str(text), &mut out) {
            Ok(()) => within(room, out),
            Err(TooLong) => Outcome::TooLong,
        }
    }

    /// Appends the text with its finds replaced. Finds begin and end between characters, as far as they are in UTF-8; else their
    /// characters go with them.
    #[inline(never)]
    fn push_replaced(
        &self,
        inspection: &Inspection,
        room: usize,
        push: fn(&str, &mut String),
        out: &mut String,
    ) -> Result<(), TooLong> {
        let mut at = 0;
        for find in &self.finds {
            if out.len() > room {
                return Err(TooLong);
            }
            let start = floor(&self.text, find.range.start);
            push(self.text.get(at..start).unwrap_or_default(), out);
            if start >= at {
                push(inspection.replacement(find.finder).unwrap_or_default(), out);
            }
            at = at.max(ceil(&self.text, find.range.end));
        }
        push(self.text.get(at..).unwrap_or_default(), out);
        Ok(())
    }
}

fn floor(text: &str, at: usize) -> usize {
    (at.saturating_sub(3)..=at).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0)
}

fn ceil(text: &str, at: usize) -> usize {
    (at..at.saturating_add(4)).find(|at| text.is_char_boundary(*at)).unwrap_or(text.len())
}
