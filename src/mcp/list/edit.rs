//! Changes to a text: everything else stays byte for byte.

use std::ops::Range;

/// Changes that do not overlap, in the order of the text.
#[derive(Clone, Debug, Default)]
pub(super) struct Edits(Vec<(Range<usize>, &'static str)>);

impl Edits {
    /// Takes bytes out.
    pub(super) fn cut(&mut self, span: Range<usize>) {
        self.replace(span, "");
    }

    /// Puts a text in.
    pub(super) fn insert(&mut self, at: usize, text: &'static str) {
        self.replace(at..at, text);
    }

    /// Puts a text in the place of bytes.
    pub(super) fn replace(&mut self, span: Range<usize>, text: &'static str) {
        self.0.push((span, text));
    }

    /// Takes over others.
    pub(super) fn append(&mut self, others: Self) {
        self.0.extend(others.0);
    }

    /// The changed text; `None` if nothing changes.
    pub(super) fn apply(mut self, text: &[u8]) -> Option<Vec<u8>> {
        if self.0.is_empty() {
            return None;
        }
        self.0.sort_by_key(|(span, _)| span.start);
        let (mut out, mut at) = (Vec::with_capacity(text.len()), 0);
        for (span, with) in &self.0 {
            out.extend_from_slice(text.get(at..span.start).unwrap_or_default());
            out.extend_from_slice(with.as_bytes());
            at = span.end;
        }
        out.extend_from_slice(text.get(at..).unwrap_or_default());
        Some(out)
    }
}
