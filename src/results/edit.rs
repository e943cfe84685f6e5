//! A message with the replacements: only the strings that hold a find are written again.

use std::{borrow::Cow, ops::Range};

use crate::json;

use super::{inspection::Inspection, scan::Find};

/// A string of a message, or a number.
#[derive(Debug)]
pub(super) struct Text<'m> {
    /// Where it is in the message, its quotes included.
    pub(super) span: Range<usize>,
    pub(super) text: Cow<'m, str>,
    /// The finds in it.
    pub(super) finds: Vec<Find>,
}

/// Writes a message with the finds of some of its texts replaced, which are in the order of the message.
pub(super) fn rewrite(message: &[u8], texts: &[Text<'_>], inspection: &Inspection) -> Option<Vec<u8>> {
    let mut changed = texts.iter().filter(|text| !text.finds.is_empty()).peekable();
    changed.peek()?;
    let (mut out, mut at) = (Vec::with_capacity(message.len()), 0);
    for text in changed {
        out.extend_from_slice(message.get(at..text.span.start).unwrap_or_default());
        // Some clients take invisible characters for the end of a line, in an event stream.
        out.extend_from_slice(json::visible(json::quoted(&text.replaced(inspection))).as_bytes());
        at = text.span.end;
    }
    out.extend_from_slice(message.get(at..).unwrap_or_default());
    Some(out)
}

impl Text<'_> {
    /// The text with its finds replaced. Finds begin and end between characters, as far as they are in UTF-8; else their
    /// characters go with them.
    pub(super) fn replaced(&self, inspection: &Inspection) -> String {
        let (mut out, mut at) = (String::with_capacity(self.text.len()), 0);
        for find in &self.finds {
            let start = floor(&self.text, find.range.start);
            out.push_str(self.text.get(at..start).unwrap_or_default());
            if start >= at {
                out.push_str(inspection.replacement(find.finder).unwrap_or_default());
            }
            at = at.max(ceil(&self.text, find.range.end));
        }
        out.push_str(self.text.get(at..).unwrap_or_default());
        out
    }
}

fn floor(text: &str, at: usize) -> usize {
    (at.saturating_sub(3)..=at).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0)
}

fn ceil(text: &str, at: usize) -> usize {
    (at..at.saturating_add(4)).find(|at| text.is_char_boundary(*at)).unwrap_or(text.len())
}
