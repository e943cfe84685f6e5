//! The trimming of one message that is complete. Product contract, section 5.

use std::{borrow::Cow, ops::Range};

use crate::{
    json::{Decimal, Fault, Names, Reader, Reason, ValueType as JsonKind, fold},
    mcp::{MAX_NAME, MAX_URI},
};

use super::{IsVisible, ListKind, edit::Edits};

/// Deeper answers are not read.
const MAX_DEPTH: u32 = 128;
/// The members of a result that matter here. Clients that fold names would read others as one of them.
const RESULT: [&str; 6] = ["tools", "prompts", "resources", "resourceTemplates", "cacheScope", "ttlMs"];
/// Entries of one list; product contract, section 3.1.
const MAX_ENTRIES: usize = 100_000;
/// A trimmed list may be kept this long, in milliseconds: the policy may change.
const MAX_TTL: u64 = 60_000;

/// Takes the entries that are not shown out of a message, or of several in an array; `None` if nothing has to change.
/// Those that `is_cacheable` tell how long and by whom a list may be kept: revision 2026-07-28.
///
/// # Errors
/// The text is no strict JSON, names that list something are not what they should be, or a list has too many entries.
pub(super) fn filter(text: &[u8], is_cacheable: bool, shows: IsVisible<'_>) -> Result<Option<Vec<u8>>, Unreadable> {
    let mut reader = Reader::new(text, MAX_DEPTH)?;
    let mut pass = Pass { is_cacheable, shows, edits: Edits::default(), is_odd: false, has_too_many: false };
    let read = match reader.kind()? {
        JsonKind::Array => reader.elements(|reader| pass.message(reader)),
        _ => pass.message(&mut reader),
    };
    if pass.has_too_many {
        return Err(Unreadable::TooManyEntries);
    }
    read.and_then(|()| reader.finish())?;
    if pass.is_odd || reader.name_fault().is_some() {
        return Err(Unreadable::Ambiguous);
    }
    Ok(pass.edits.apply(text))
}

/// Why a message is not passed on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unreadable {
    /// Clients may read it in more than one way, or not at all.
    Ambiguous,
    /// A list in it has more than [`MAX_ENTRIES`].
    TooManyEntries,
}

impl From<Fault> for Unreadable {
    fn from(_: Fault) -> Self {
        Self::Ambiguous
    }
}

/// One pass over a text.
struct Pass<'s> {
    is_cacheable: bool,
    shows: IsVisible<'s>,
    edits: Edits,
    /// Whether something that should be a list is none.
    is_odd: bool,
    has_too_many: bool,
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
        let mut run = HiddenRun::default();
        let mut count: usize = 0;
        reader.elements(|reader| {
            let start = reader.position();
            count = count.saturating_add(1);
            if count > MAX_ENTRIES {
                self.has_too_many = true;
                return Err(Fault { at: start, reason: Reason::Expected("fewer entries") });
            }
            let name = Self::name(reader, kind)?;
            // An entry without a name cannot be called, and no rule says whether it may.
            let is_shown = name.is_some_and(|name| is_callable(kind, &name) && (self.shows)(kind, &name));
            if let Some(cut) = run.push(start..reader.end(), is_shown) {
                self.edits.cut(cut);
            }
            Ok(())
        })?;
        if let Some(cut) = run.end() {
            self.edits.cut(cut);
        }
        Ok(())
    }

    /// The name of the entry that comes next.
    fn name<'a>(reader: &mut Reader<'a>, kind: ListKind) -> Result<Option<Cow<'a, str>>, Fault> {
        if reader.kind()? != JsonKind::Object {
            return reader.skip().map(|_| None);
        }
        let (mut found, mut is_ambiguous) = (None, false);
        reader.members(Names::Distinct, |reader, name| {
            if name == kind.key() && reader.kind()? == JsonKind::String {
                found = Some(reader.string()?);
                return Ok(());
            }
            is_ambiguous |= fold::is_folded_match(&name, kind.key());
            reader.skip().map(drop)
        })?;
        Ok(found.filter(|_| !is_ambiguous))
    }
}

/// Whether a call can name an entry: the text that rules compare is bounded, whatever a server sends.
fn is_callable(kind: ListKind, name: &str) -> bool {
    name.len() <= if kind.key() == "name" { MAX_NAME } else { MAX_URI }
}

/// Entries next to each other that are not shown: one cut takes all of them out, each with what separates it from the
/// one before.
#[derive(Debug, Default)]
struct HiddenRun {
    /// Where the last entry that is shown ends.
    shown_end: Option<usize>,
    hidden: Option<Range<usize>>,
}

impl HiddenRun {
    /// Takes the next entry, and answers what to cut in front of it.
    fn push(&mut self, span: Range<usize>, is_shown: bool) -> Option<Range<usize>> {
        if !is_shown {
            let start = self.hidden.take().map_or(span.start, |hidden| hidden.start);
            self.hidden = Some(start..span.end);
            return None;
        }
        let shown_end = self.shown_end.replace(span.end);
        let hidden = self.hidden.take()?;
        // The first entries that are shown have no comma before them.
        Some(shown_end.map_or(hidden.start..span.start, |end| end..hidden.end))
    }

    /// What to cut behind the last entry that is shown.
    fn end(self) -> Option<Range<usize>> {
        let hidden = self.hidden?;
        Some(self.shown_end.unwrap_or(hidden.start)..hidden.end)
    }
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
