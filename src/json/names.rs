//! The names of the objects that are open: no name twice, none that some readers take for another.

use std::collections::HashSet;

use super::{Fault, Reason, fold, string};

/// Up to this many names are compared each with each; above, they are hashed under a random key, so that an object of a
/// hundred thousand names takes no quadratic time.
const FEW: usize = 16;

/// How strictly the names of one object are compared.
#[derive(Clone, Copy, Debug)]
pub enum Names<'k> {
    /// No name twice, after unescaping.
    Distinct,
    /// Besides, no name that equals one of these, or another name of the object, only after Unicode simple case
    /// folding or but for control characters.
    Unmistakable(&'k [&'k str]),
    /// Not compared here: the caller reports duplicates itself.
    Unchecked,
}

/// The names read so far of all objects that are open, innermost last. One for a whole text, so that skipping an
/// object allocates nothing once the list has grown.
#[derive(Debug, Default)]
pub(super) struct Open {
    spans: Vec<string::Span>,
    /// Decoded forms of those names that were written with escapes.
    decoded: String,
}

/// Where an object's names begin.
#[derive(Clone, Copy, Debug)]
pub(super) struct Mark {
    spans: usize,
    decoded: usize,
}

impl Open {
    /// Call where an object begins.
    pub(super) fn mark(&self) -> Mark {
        Mark { spans: self.spans.len(), decoded: self.decoded.len() }
    }

    /// Notes a name of the innermost object.
    pub(super) fn push(&mut self, bytes: &[u8], span: string::Span) {
        if !span.escaped {
            self.spans.push(span);
            return;
        }
        let start = self.decoded.len();
        string::unescape_into(text(bytes, span), &mut self.decoded);
        self.spans.push(string::Span { start, end: self.decoded.len(), escaped: true });
    }

    /// Call where the object that began at `mark` ends, at `at`: compares its names and forgets them.
    pub(super) fn close(&mut self, bytes: &[u8], mark: Mark, names: Names<'_>, at: usize) -> Option<Fault> {
        let found = match names {
            Names::Unchecked => None,
            Names::Distinct => self.duplicate(bytes, mark),
            Names::Unmistakable(known) => self.duplicate(bytes, mark).or_else(|| self.lookalike(bytes, mark, known)),
        };
        self.spans.truncate(mark.spans);
        self.decoded.truncate(mark.decoded);
        found.map(|reason| Fault { at, reason })
    }

    fn duplicate(&self, bytes: &[u8], mark: Mark) -> Option<Reason> {
        let spans = self.spans.get(mark.spans..)?;
        let names = || spans.iter().map(|span| name(bytes, &self.decoded, *span));
        let twice = if spans.len() > FEW {
            let mut seen = HashSet::with_capacity(spans.len());
            names().find(|name| !seen.insert(*name))
        } else {
            let again = |(index, one): &(usize, &[u8])| names().take(*index).any(|other| other == *one);
            names().enumerate().find(again).map(|(_, name)| name)
        };
        twice.map(|name| Reason::Duplicate(shown(name)))
    }

    fn lookalike(&self, bytes: &[u8], mark: Mark, known: &[&str]) -> Option<Reason> {
        let spans = self.spans.get(mark.spans..)?;
        let names = || spans.iter().map(|span| name(bytes, &self.decoded, *span));
        // Most names are printable ASCII, for which all this is a matter of ASCII case.
        let alike = if names().all(is_plain) { <[u8]>::eq_ignore_ascii_case } else { alike };
        let meant = |name: &[u8]| known.iter().any(|known| known.as_bytes() != name && alike(known.as_bytes(), name));
        if let Some(name) = names().find(|name| meant(name)) {
            return Some(Reason::Lookalike(shown(name)));
        }
        let twin = if spans.len() > FEW {
            let bare = |name: &[u8]| -> String {
                shown(name).chars().filter(|c| !c.is_control()).map(fold::fold_char).collect()
            };
            let mut seen = HashSet::with_capacity(spans.len());
            names().find(|name| !seen.insert(bare(name)))
        } else {
            let again = |(index, one): &(usize, &[u8])| names().take(*index).any(|other| alike(other, one));
            names().enumerate().find(again).map(|(_, name)| name)
        };
        twin.map(|name| Reason::Lookalike(shown(name)))
    }
}

/// Whether two names are equal but for case folding and control characters.
fn alike(one: &[u8], other: &[u8]) -> bool {
    fold::same_but_control(&shown(one), &shown(other))
}

fn is_plain(name: &[u8]) -> bool {
    name.iter().all(|byte| matches!(byte, b' '..=b'~'))
}

/// A name whose UTF-8 has been checked, as text.
fn shown(name: &[u8]) -> String {
    String::from_utf8_lossy(name).into_owned()
}

fn name<'t>(bytes: &'t [u8], decoded: &'t str, span: string::Span) -> &'t [u8] {
    let source = if span.escaped { decoded.as_bytes() } else { bytes };
    source.get(span.start..span.end).unwrap_or_default()
}

/// The content of a string as it stands in the text; `span` comes from a scan that has checked its UTF-8.
pub(super) fn text(bytes: &[u8], span: string::Span) -> &str {
    let content = bytes.get(span.start..span.end).unwrap_or_default();
    std::str::from_utf8(content).unwrap_or_default()
}
