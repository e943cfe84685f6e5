//! Edits of a text; all other bytes stay as they are.

use std::ops::Range;

use crate::mcp::sse::append;

/// Edits that do not overlap, in the order of the text.
#[derive(Clone, Debug, Default)]
pub(super) struct Edits(Vec<(Range<usize>, &'static str)>);

impl Edits {
    /// Removes bytes.
    pub(super) fn cut(&mut self, span: Range<usize>) {
        self.replace(span, "");
    }

    /// Inserts a text.
    pub(super) fn insert(&mut self, at: usize, text: &'static str) {
        self.replace(at..at, text);
    }

    /// Replaces bytes by a text.
    pub(super) fn replace(&mut self, span: Range<usize>, text: &'static str) {
        // Edits come nearly in order, so this is mostly at the end.
        let index = self.0.partition_point(|(other, _)| other.start <= span.start);
        self.0.insert(index, (span, text));
    }

    /// Adds the edits of another list.
    pub(super) fn append(&mut self, others: Self) {
        others.0.into_iter().for_each(|(span, text)| self.replace(span, text));
    }

    /// The number of edits.
    pub(super) fn count(&self) -> usize {
        self.0.len()
    }

    /// The edited text; `None` if there are no edits.
    pub(super) fn apply(self, text: &[u8]) -> Option<Vec<u8>> {
        if self.0.is_empty() {
            return None;
        }
        let (mut out, mut at) = (Vec::with_capacity(text.len()), 0);
        for (span, with) in &self.0 {
            append(&mut out, text.get(at..span.start).unwrap_or_default());
            append(&mut out, with.as_bytes());
            at = span.end;
        }
        append(&mut out, text.get(at..).unwrap_or_default());
        Some(out)
    }
}
