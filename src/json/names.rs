//! Compares the member names of each object that is read: finds repeated ones, and those that some readers take for another.

use std::collections::HashSet;

use super::{Fault, Reason, fold, string};
use crate::text::is_same;

/// Up to this many names are compared each with each; above, they are hashed under a random key, so that an object of a
/// hundred thousand names takes no quadratic time.
const FEW: usize = 16;

/// How strictly the names of one object are compared.
#[derive(Clone, Copy, Debug)]
pub enum NameComparison<'k> {
    /// No name twice, after unescaping.
    Distinct,
    /// Besides, no name that equals one of these, or another name of the object, only after Unicode simple case
    /// folding or but for control characters, or one of these up to a NUL. They are ASCII.
    Unmistakable(&'k [&'k str]),
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

/// Where an object's names begin.
#[derive(Clone, Copy, Debug)]
pub(super) struct ObjectStart {
    spans: usize,
    decoded: usize,
}

impl OpenObjects {
    /// No name, and room for those of most messages.
    pub(super) fn new() -> Self {
        Self { spans: Vec::with_capacity(FEW), decoded: String::new() }
    }

    /// Call where an object begins.
    pub(super) fn start(&self) -> ObjectStart {
        ObjectStart { spans: self.spans.len(), decoded: self.decoded.len() }
    }

    /// Notes a name of the innermost object.
    pub(super) fn push(&mut self, bytes: &[u8], span: string::Span) {
        if !span.escaped {
            self.spans.push(span);
            return;
        }
        let start = self.decoded.len();
        string::unescape_into(content(bytes, span), &mut self.decoded);
        self.spans.push(string::Span { start, end: self.decoded.len(), escaped: true });
    }

    /// Call where the object that began at `mark` ends, at `at`: compares its names and forgets them.
    pub(super) fn close(
        &mut self,
        bytes: &[u8],
        mark: ObjectStart,
        names: NameComparison<'_>,
        at: usize,
    ) -> Option<Fault> {
        let found = match names {
            NameComparison::Unchecked => None,
            NameComparison::Distinct => self.find_duplicate(bytes, mark),
            NameComparison::Unmistakable(known) => self.find_folded_duplicate(bytes, mark, known),
        };
        self.spans.truncate(mark.spans);
        self.decoded.truncate(mark.decoded);
        found.map(|reason| Fault { at, reason })
    }

    fn find_duplicate(&self, bytes: &[u8], mark: ObjectStart) -> Option<Reason> {
        let spans = self.spans.get(mark.spans..)?;
        let again = spans.get(find_repeated(bytes, &self.decoded, spans)?)?;
        Some(Reason::Duplicate(display_name(name_bytes(bytes, &self.decoded, *again))))
    }

    /// Also finds an exact duplicate, since that folds alike. If nothing is found, one comparison of all names suffices.
    fn find_folded_duplicate(&self, bytes: &[u8], mark: ObjectStart, known: &[&str]) -> Option<Reason> {
        let spans = self.spans.get(mark.spans..)?;
        // As in nearly every message: the known names differ by more than what is looked for here.
        let is_known = |span: &string::Span| {
            let name = name_bytes(bytes, &self.decoded, *span);
            known.iter().any(|known| is_same(known.as_bytes(), name))
        };
        if spans.iter().all(is_known) {
            return self.find_duplicate(bytes, mark);
        }
        // The names as a server that confuses them sees them.
        let (mut bare, mut bares) = (String::new(), Vec::with_capacity(spans.len()));
        let mut meant = None;
        for span in spans {
            let name = std::str::from_utf8(name_bytes(bytes, &self.decoded, *span)).unwrap_or_default();
            let start = bare.len();
            fold::fold_into(name, &mut bare);
            let folded = bare.get(start..).unwrap_or_default();
            // Some readers end a name at a NUL.
            let cut = name.split_once('\0').map(|(front, _)| front);
            // The known names are ASCII, and folding changes only the case of ASCII.
            let mistaken = |known: &str| {
                known != name && folded.eq_ignore_ascii_case(known)
                    || cut.is_some_and(|front| fold::same_folded(front, known))
            };
            meant = meant.or_else(|| known.iter().any(|known| mistaken(known)).then_some(*span));
            bares.push(string::Span { start, end: bare.len(), escaped: true });
        }
        let twin = find_repeated(bytes, &bare, &bares).and_then(|index| spans.get(index).copied());
        let duplicate = twin.and_then(|_| self.find_duplicate(bytes, mark));
        let found = |span| Reason::Lookalike(display_name(name_bytes(bytes, &self.decoded, span)));
        duplicate.or_else(|| meant.or(twin).map(found))
    }
}

/// The index of the first name that repeats an earlier one.
fn find_repeated(bytes: &[u8], decoded: &str, spans: &[string::Span]) -> Option<usize> {
    let mut names = spans.iter().map(|span| name_bytes(bytes, decoded, *span));
    if spans.len() > FEW {
        let mut seen = HashSet::with_capacity(spans.len());
        return names.position(|name| !seen.insert(name));
    }
    let before = |count| spans.iter().take(count).map(|span| name_bytes(bytes, decoded, *span));
    names.enumerate().position(|(index, name)| before(index).any(|other| is_same(other, name)))
}

/// A name whose UTF-8 has been checked, as text.
fn display_name(name: &[u8]) -> String {
    String::from_utf8_lossy(name).into_owned()
}

fn name_bytes<'t>(bytes: &'t [u8], decoded: &'t str, span: string::Span) -> &'t [u8] {
    let source = if span.escaped { decoded.as_bytes() } else { bytes };
    source.get(span.start..span.end).unwrap_or_default()
}

/// The content of a string with its escapes; `span` comes from a scan that has checked its UTF-8.
pub(super) fn content(bytes: &[u8], span: string::Span) -> &str {
    let content = bytes.get(span.start..span.end).unwrap_or_default();
    std::str::from_utf8(content).unwrap_or_default()
}
