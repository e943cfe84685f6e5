//! The trimming of one message that is complete. Product contract, section 5.

use std::ops::Range;

use crate::json::{Decimal, Fault, Names, Reader, ValueType as JsonKind, fold};

use super::{IsVisible, ListKind, edit::Edits};

/// Deeper answers are not read.
const MAX_DEPTH: u32 = 128;
/// The members of a result that matter here. Clients that fold names would read others as one of them.
const RESULT: [&str; 6] = ["tools", "prompts", "resources", "resourceTemplates", "cacheScope", "ttlMs"];
/// A trimmed list may be kept this long, in milliseconds: the policy may change.
const MAX_TTL: u64 = 60_000;

/// Takes the entries that are not shown out of a message, or of several in an array; `None` if nothing has to change.
/// Those that `is_cacheable` tell how long and by whom a list may be kept: revision 2026-07-28.
///
/// # Errors
/// The text is no strict JSON, or names that list something are not what they should be.
pub(super) fn filter(text: &[u8], is_cacheable: bool, shows: IsVisible<'_>) -> Result<Option<Vec<u8>>, Unreadable> {
    let mut reader = Reader::new(text, MAX_DEPTH)?;
    let mut pass = Pass { is_cacheable, shows, edits: Edits::default(), is_odd: false };
    match reader.kind()? {
        JsonKind::Array => reader.elements(|reader| pass.message(reader))?,
        _ => pass.message(&mut reader)?,
    }
    reader.finish()?;
    if pass.is_odd || reader.name_fault().is_some() {
        return Err(Unreadable);
    }
    Ok(pass.edits.apply(text))
}

/// A message that clients may read in more than one way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Unreadable;

impl From<Fault> for Unreadable {
    fn from(_: Fault) -> Self {
        Self
    }
}

/// One pass over a text.
struct Pass<'s> {
    is_cacheable: bool,
    shows: IsVisible<'s>,
    edits: Edits,
    /// Whether something that should be a list is none.
    is_odd: bool,
}

impl Pass<'_> {
    fn message(&mut self, reader: &mut Reader<'_>) -> Result<(), Fault> {
        if reader.kind()? != JsonKind::Object {
            return reader.skip().map(drop);
        }
        reader.members(Names::Unmistakable(&["result"]), |reader, name| match (&*name, reader.kind()?) {
            ("result", JsonKind::Object) => self.result(reader),
            _ => reader.skip().map(drop),
        })
    }

    fn result(&mut self, reader: &mut Reader<'_>) -> Result<(), Fault> {
        let start = reader.position();
        let (mut lists, mut scope, mut ttl) = (false, false, false);
        // What it says of caching matters only if it lists something, which may stand behind it.
        let mut caching = Edits::default();
        reader.members(Names::Unmistakable(&RESULT), |reader, name| {
            let kind = ListKind::of(&name);
            match (kind, &*name) {
                (Some(kind), _) => {
                    lists = true;
                    self.list(reader, kind)
                }
                (None, "cacheScope") => {
                    scope = true;
                    let (span, value) = spanned(reader)?;
                    if value != br#""private""# {
                        caching.replace(span, r#""private""#);
                    }
                    Ok(())
                }
                (None, "ttlMs") => {
                    ttl = true;
                    let (span, value) = spanned(reader)?;
                    if !is_short(value) {
                        caching.replace(span, "60000");
                    }
                    Ok(())
                }
                (None, _) => reader.skip().map(drop),
            }
        })?;
        if lists && self.is_cacheable {
            let inside = start.saturating_add(1);
            if !scope {
                caching.insert(inside, r#""cacheScope":"private","#);
            }
            if !ttl {
                caching.insert(inside, r#""ttlMs":0,"#);
            }
            self.edits.append(caching);
        }
        Ok(())
    }

    /// The entries of one list.
    fn list(&mut self, reader: &mut Reader<'_>, kind: ListKind) -> Result<(), Fault> {
        if reader.kind()? != JsonKind::Array {
            self.is_odd = true;
            return reader.skip().map(drop);
        }
        let mut entries: Vec<(Range<usize>, bool)> = Vec::new();
        reader.elements(|reader| {
            let start = reader.position();
            let name = Self::name(reader, kind)?;
            // An entry without a name cannot be called, and nobody could say whether it may.
            let is_shown = name.is_some_and(|name| (self.shows)(kind, &name));
            entries.push((start..reader.end(), is_shown));
            Ok(())
        })?;
        for span in cuts(&entries) {
            self.edits.cut(span);
        }
        Ok(())
    }

    /// The name of the entry that comes next.
    fn name(reader: &mut Reader<'_>, kind: ListKind) -> Result<Option<String>, Fault> {
        if reader.kind()? != JsonKind::Object {
            return reader.skip().map(|_| None);
        }
        let (mut found, mut is_ambiguous) = (None, false);
        reader.members(Names::Distinct, |reader, name| {
            if name == kind.key() && reader.kind()? == JsonKind::String {
                found = Some(reader.string()?.into_owned());
                return Ok(());
            }
            is_ambiguous |= fold::is_folded_match(&name, kind.key());
            reader.skip().map(drop)
        })?;
        Ok(found.filter(|_| !is_ambiguous))
    }
}

/// What to cut so that only the entries that are shown stay, each with what separates it from the one before.
fn cuts(entries: &[(Range<usize>, bool)]) -> Vec<Range<usize>> {
    let mut cuts = Vec::new();
    let (mut has_shown, mut end) = (false, None);
    for (index, (span, is_shown)) in entries.iter().enumerate() {
        if !is_shown {
            let next = entries.get(index.saturating_add(1)).map(|(next, _)| next.start);
            cuts.push(match end {
                Some(before) if has_shown => before..span.end,
                _ => span.start..next.unwrap_or(span.end),
            });
        }
        has_shown |= is_shown;
        end = Some(span.end);
    }
    cuts
}

/// The next value, and where it stands.
fn spanned<'a>(reader: &mut Reader<'a>) -> Result<(Range<usize>, &'a [u8]), Fault> {
    let start = reader.position();
    let value = reader.skip()?;
    Ok((start..start.saturating_add(value.len()), value))
}

/// Whether a `ttlMs` is at most what a trimmed list may have.
fn is_short(value: &[u8]) -> bool {
    let number = std::str::from_utf8(value).ok().and_then(Decimal::new);
    number.and_then(|number| number.scaled(0)).is_some_and(|number| number <= MAX_TTL)
}
