//! Compares the member names of each object that is read: finds repeated ones, and those that some readers take for another.

use super::{
    Fault, Reason, fold,
    repeated::{find_repeated, name_bytes},
    string,
};
use crate::bytes::mark;

/// Room for the names of the objects of most texts.
const USUAL_NAMES: usize = 16;

/// How strictly the names of one object are compared.
#[derive(Clone, Copy, Debug)]
pub enum NameComparison<'k> {
    /// No name twice, after unescaping.
    Distinct,
    /// Besides, no name that equals one of these, or another name of the object, only after Unicode simple case
    /// folding or but for control characters, or one of these up to a NUL.
    Unmistakable(&'k KnownNames<'k>),
    /// Not compared here: the caller reports duplicates itself.
    Unchecked,
}

/// The names read so far of all objects that are open, innermost last. One for a whole text, so that skipping an
/// object allocates nothing once the list has grown.
#[derive(Debug)]
pub(super) struct OpenObjects {
    spans: Vec<string::Span>,
    /// Decoded forms of those names that were written with escapes.
    decoded: String,
}

/// The names of one open object.
#[derive(Debug)]
pub(super) struct OpenObject<'k> {
    names: NameComparison<'k>,
    /// Where they begin.
    spans: usize,
    decoded: usize,
    /// The [`mark`]s that they have, a bit for each. These three are found out while the names are read; nearly no message needs more.
    marks: u64,
    /// Whether two of them have one mark.
    may_repeat: bool,
    /// Whether one is none of those that are known.
    has_unknown: bool,
}

impl OpenObject<'_> {
    #[inline(always)]
    fn note(&mut self, name: &[u8]) {
        let mark = mark(name);
        let bit = 1_u64.wrapping_shl(mark);
        self.may_repeat |= self.marks & bit != 0;
        self.marks |= bit;
        if let NameComparison::Unmistakable(known) = self.names {
            self.has_unknown |= !known.has(name, mark);
        }
    }
}

impl OpenObjects {
    /// No name, and room for those of most messages.
    pub(super) fn new() -> Self {
        Self { spans: Vec::with_capacity(USUAL_NAMES), decoded: String::new() }
    }

    /// Call where an object begins.
    #[inline(always)]
    pub(super) fn open<'k>(&self, names: NameComparison<'k>) -> OpenObject<'k> {
        let (spans, decoded) = (self.spans.len(), self.decoded.len());
        OpenObject { names, spans, decoded, marks: 0, may_repeat: false, has_unknown: false }
    }

    /// Notes a name of the innermost object.
    #[inline(always)]
    pub(super) fn push(&mut self, object: &mut OpenObject<'_>, bytes: &[u8], span: string::Span) {
        if span.escaped {
            let span = self.decode(bytes, span);
            self.spans.push(span);
            object.note(self.last_decoded().unwrap_or_default().as_bytes());
        } else {
            self.spans.push(span);
            object.note(bytes.get(span.start..span.end).unwrap_or_default());
        }
    }

    fn decode(&mut self, bytes: &[u8], span: string::Span) -> string::Span {
        let start = self.decoded.len();
        string::unescape_into(content(bytes, span), &mut self.decoded);
        string::Span { start, end: self.decoded.len(), escaped: true }
    }

    /// The name that was noted last, if it was written with escapes.
    pub(super) fn last_decoded(&self) -> Option<&str> {
        let span = self.spans.last().filter(|span| span.escaped)?;
        self.decoded.get(span.start..span.end)
    }

    /// Call where an object ends that began at the offset `at`: compares its names and forgets them. The fault is at the name, or at the
    /// object if the name was written with escapes.
    #[inline(always)]
    pub(super) fn close(&mut self, object: &OpenObject<'_>, bytes: &[u8], at: usize) -> Option<Fault> {
        let fault = if object.may_repeat || object.has_unknown { self.find_fault(object, bytes, at) } else { None };
        self.spans.truncate(object.spans);
        self.decoded.truncate(object.decoded);
        fault
    }

    fn find_fault(&self, object: &OpenObject<'_>, bytes: &[u8], at: usize) -> Option<Fault> {
        let found = match object.names {
            NameComparison::Unmistakable(known) if object.has_unknown => {
                self.find_folded_duplicate(bytes, object.spans, known)
            }
            // Known names differ by more than what is looked for here.
            NameComparison::Unmistakable(_) | NameComparison::Distinct => self.find_duplicate(bytes, object.spans),
            NameComparison::Unchecked => None,
        };
        let place = |span: string::Span| if span.escaped { at } else { span.start.saturating_sub(1) };
        found.map(|(span, reason)| Fault { at: place(span), reason })
    }

    fn text<'t>(&'t self, bytes: &'t [u8], span: string::Span) -> &'t str {
        let decoded = || self.decoded.get(span.start..span.end).unwrap_or_default();
        if span.escaped { decoded() } else { content(bytes, span) }
    }

    fn find_duplicate(&self, bytes: &[u8], from: usize) -> Option<(string::Span, Reason)> {
        let spans = self.spans.get(from..)?;
        let again = spans.get(find_repeated(bytes, self.decoded.as_bytes(), spans)?)?;
        Some((*again, Reason::Duplicate(display_name(name_bytes(bytes, self.decoded.as_bytes(), *again)))))
    }

    /// Also finds an exact duplicate, since that folds alike. If nothing is found, one comparison of all names suffices.
    fn find_folded_duplicate(
        &self,
        bytes: &[u8],
        from: usize,
        known: &KnownNames<'_>,
    ) -> Option<(string::Span, Reason)> {
        let spans = self.spans.get(from..)?;
        // The names as a server that confuses them sees them.
        let (mut bare, mut bares) = (Vec::new(), Vec::with_capacity(spans.len()));
        let mut meant = None;
        for span in spans {
            let (start, name) = (bare.len(), name_bytes(bytes, self.decoded.as_bytes(), *span));
            if !fold::fold_printable_into(name, &mut bare) {
                fold::fold_into(self.text(bytes, *span), &mut bare);
            }
            let folded = bare.get(start..).unwrap_or_default();
            // A NUL is written as an escape.
            let has_front = || span.escaped && known.has_front_of(self.text(bytes, *span));
            if meant.is_none() && (known.has_folded(name, folded) || has_front()) {
                meant = Some(*span);
            }
            bares.push(string::Span { start, end: bare.len(), escaped: true });
        }
        let twin = find_repeated(bytes, &bare, &bares).and_then(|index| spans.get(index).copied());
        let duplicate = twin.and_then(|_| self.find_duplicate(bytes, from));
        let found = |span| (span, Reason::Lookalike(display_name(name_bytes(bytes, self.decoded.as_bytes(), span))));
        duplicate.or_else(|| meant.or(twin).map(found))
    }
}

/// The names that an object may have, in ASCII. Nearly every other name has another length than any of them, which is found out at
/// once.
#[derive(Debug)]
pub struct KnownNames<'k> {
    names: &'k [&'k str],
    /// For each [`mark`], the number of the first name that has it, from 1; 0 if there is none.
    first: [u8; 64],
    /// A bit for each length in bytes that one of them has.
    lengths: u64,
    longest: usize,
}

impl<'k> KnownNames<'k> {
    /// These names, fewer than 256.
    #[must_use]
    pub const fn new(names: &'k [&'k str]) -> Self {
        let mut known = Self { names, first: [0; 64], lengths: 0, longest: 0 };
        let (mut number, mut rest) = (1, names);
        while let [name, others @ ..] = rest {
            let (_, behind) = known.first.split_at_mut(mark(name.as_bytes()) as usize);
            if let [first @ 0, ..] = behind {
                *first = number;
            }
            known.lengths |= bit(name.len());
            known.longest = if name.len() > known.longest { name.len() } else { known.longest };
            (number, rest) = (number + 1, others);
        }
        known
    }

    /// Whether this name, which has this [`mark`], is one of them.
    fn has(&self, name: &[u8], mark: u32) -> bool {
        let first = self.first.get(mark as usize).map_or(0, |first| usize::from(*first));
        first > 0 && self.names.iter().skip(first.saturating_sub(1)).any(|known| known.as_bytes() == name)
    }

    /// Whether one of them, but not this name, is this folded form of it. They are ASCII, and folding changes only the case
    /// of ASCII.
    fn has_folded(&self, name: &[u8], folded: &[u8]) -> bool {
        self.lengths & bit(folded.len()) != 0
            && self
                .names
                .iter()
                .map(|known| known.as_bytes())
                .any(|known| known.len() == folded.len() && folded.eq_ignore_ascii_case(known) && known != name)
    }

    /// Whether a reader that ends a name at a NUL reads this name as one of them.
    fn has_front_of(&self, name: &str) -> bool {
        // Of a character that folds to ASCII there are three bytes at most.
        let end = name.bytes().take(self.longest.saturating_mul(3).saturating_add(1)).position(|byte| byte == 0);
        let Some(front) = end.and_then(|end| name.get(..end)) else { return false };
        self.lengths & bit(front.chars().count()) != 0 && self.names.iter().any(|known| fold::same_folded(front, known))
    }
}

/// The bit of a length; all bits for a length of 64 and more.
const fn bit(length: usize) -> u64 {
    if length < 64 { 1 << length } else { u64::MAX }
}

/// A name whose UTF-8 has been checked, as text.
fn display_name(name: &[u8]) -> String {
    String::from_utf8_lossy(name).into_owned()
}

/// The content of a string with its escapes; `span` comes from a scan that has checked its UTF-8.
pub(super) fn content(bytes: &[u8], span: string::Span) -> &str {
    let content = bytes.get(span.start..span.end).unwrap_or_default();
    std::str::from_utf8(content).unwrap_or_default()
}
