//! Texts that a reader sees one after the other: the `text` members of a message, such as two blocks of content. A secret may begin
//! in one and end in another.

use std::ops::Range;

use crate::budget::{TooMuchWork, Work};

use super::{
    inspection::{Inspection, intersect},
    scan::Find,
};

/// Bytes that are looked at on either side of a seam.
const SIDE: usize = 256;

/// The end of the texts so far.
#[derive(Debug, Default)]
pub(super) struct Tail {
    text: Vec<u8>,
    pieces: Vec<Piece>,
    /// Whether a private key goes on.
    pub(super) is_key_open: bool,
}

/// A part of the tail, or of the text that follows it.
#[derive(Clone, Debug)]
struct Piece {
    /// Where it is in the joined text.
    range: Range<usize>,
    /// The number of its text, and where it begins there.
    text: usize,
    offset: usize,
}

/// A part of a find that crosses a seam.
pub(super) struct Part {
    /// The number of its text.
    pub(super) text: usize,
    pub(super) find: Find,
}

impl Tail {
    /// Takes the next text, which has this number, and returns what crosses the seams in front of it.
    ///
    /// # Errors
    /// The expressions take more work than is left.
    pub(super) fn push(
        &mut self,
        number: usize,
        text: &[u8],
        inspection: &Inspection,
        work: &Work,
    ) -> Result<Vec<Part>, TooMuchWork> {
        let mut parts = Vec::new();
        if !self.text.is_empty() {
            let seam = self.text.len();
            let front = text.get(..text.len().min(SIDE)).unwrap_or_default();
            let piece = Piece { range: seam..seam.saturating_add(front.len()), text: number, offset: 0 };
            self.text.extend_from_slice(front);
            self.pieces.push(piece);
            let finds = inspection.find(&self.text, false, work)?.finds;
            for find in finds.iter().filter(|find| find.range.start < seam && find.range.end > seam) {
                parts.extend(self.pieces.iter().filter_map(|piece| piece.part(find)));
            }
            self.text.truncate(seam);
            self.pieces.pop();
        }
        self.append(number, text);
        Ok(parts)
    }

    /// Keeps the end of what there is.
    fn append(&mut self, number: usize, text: &[u8]) {
        let start = self.text.len();
        let kept = text.len().min(SIDE);
        let offset = text.len().saturating_sub(kept);
        self.text.extend_from_slice(text.get(offset..).unwrap_or_default());
        self.pieces.push(Piece { range: start..self.text.len(), text: number, offset });
        let excess = self.text.len().saturating_sub(SIDE);
        self.text.drain(..excess);
        self.pieces.retain_mut(|piece| {
            let lost = excess.saturating_sub(piece.range.start);
            piece.offset = piece.offset.saturating_add(lost);
            piece.range = piece.range.start.saturating_sub(excess)..piece.range.end.saturating_sub(excess);
            !piece.range.is_empty()
        });
    }
}

impl Piece {
    fn part(&self, find: &Find) -> Option<Part> {
        let both = intersect(&self.range, &find.range)?;
        let inside = |at: usize| self.offset.saturating_add(at.saturating_sub(self.range.start));
        Some(Part { text: self.text, find: Find { range: inside(both.start)..inside(both.end), finder: find.finder } })
    }
}
