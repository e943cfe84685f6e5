//! Texts that a reader sees one after the other: the `text` members of a message, such as blocks of content. A secret may begin in
//! one and end in another.
//!
//! Short texts are joined whole, and of longer ones the part on either side of a seam. What was joined is looked at once, when
//! a longer text or the message ends: so the work and the finds are those of one text, however many texts there are.

use std::ops::Range;

use super::scan::Find;

/// Bytes that are joined on either side of a seam.
const SIDE: usize = 256;

/// The texts since the last one that was too long to be joined whole, and its end. A message bounds them.
#[derive(Debug, Default)]
pub(super) struct Joined {
    pub(super) text: Vec<u8>,
    /// The texts, in order.
    pub(super) pieces: Vec<Piece>,
    /// Where the first piece begins in its text; all others begin with theirs.
    offset: usize,
}

/// A text, or the part of it that is joined.
#[derive(Clone, Debug)]
pub(super) struct Piece {
    /// Where it is in the joined text.
    range: Range<usize>,
    /// The number of its text.
    pub(super) text: usize,
}

/// The front and the end of a text that is too long to be joined whole, with the offset of the end.
pub(super) fn sides(text: &[u8]) -> Option<(&[u8], &[u8], usize)> {
    let end = text.len().saturating_sub(SIDE);
    (text.len() > SIDE.saturating_mul(2))
        .then(|| (text.get(..SIDE).unwrap_or_default(), text.get(end..).unwrap_or_default(), end))
}

impl Joined {
    /// Begins with the end of a text, which has this number and begins there at this offset.
    pub(super) fn behind(number: usize, end: &[u8], offset: usize) -> Self {
        let mut joined = Self { offset, ..Self::default() };
        joined.push(number, end);
        joined
    }

    /// Joins the next text, which has this number, or its front.
    pub(super) fn push(&mut self, number: usize, text: &[u8]) {
        if !text.is_empty() {
            let start = self.text.len();
            self.text.extend_from_slice(text);
            self.pieces.push(Piece { range: start..self.text.len(), text: number });
        }
    }

    /// The pieces that a find crosses, if they are several. Those that end in front of it are taken off `pieces`: finds come in order,
    /// and apart from each other.
    pub(super) fn crossed_by<'j>(find: &Find, pieces: &mut &'j [Piece]) -> Option<&'j [Piece]> {
        while let [first, rest @ ..] = *pieces
            && first.range.end <= find.range.start
        {
            *pieces = rest;
        }
        let count = pieces.iter().take_while(|piece| piece.range.start < find.range.end).count();
        pieces.get(..count).filter(|crossed| crossed.len() > 1)
    }

    /// What a find has of the text that is in a piece.
    pub(super) fn part(&self, piece: &Piece, find: &Find) -> Find {
        let offset = if piece.range.start == 0 { self.offset } else { 0 };
        let inside = |at: usize| offset.saturating_add(at.saturating_sub(piece.range.start));
        let (start, end) = (find.range.start.max(piece.range.start), find.range.end.min(piece.range.end));
        Find { range: inside(start)..inside(end), finder: find.finder }
    }
}
