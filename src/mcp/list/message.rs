//! Filters one complete message. Product contract, section 5.

use std::{borrow::Cow, ops::Range};

use crate::{
    budget::Work,
    bytes::is_printable_ascii,
    json::{Decimal, Fault, KnownNames, NameComparison, Reader, Reason, ValueType as JsonKind, fold},
    mcp::params,
};

use super::{ENTRIES_AT_ONCE, ListKind, ListedEntry, PrivateLists, Visibility, edit::Edits};

/// A message that nests deeper is not read.
pub(super) const MAX_DEPTH: u32 = 128;
/// The members of a response, and of its result, that are read here. A client that folds names may read another name as one of them.
const RESULT: KnownNames<'_> =
    KnownNames::new(&["tools", "prompts", "resources", "resourceTemplates", "cacheScope", "ttlMs"]);
const RESPONSE: KnownNames<'_> = KnownNames::new(&["result"]);
/// Entries of one list; product contract, section 3.1.
const MAX_ENTRIES: usize = 100_000;
/// How long clients may cache a filtered list at most, in milliseconds: the policy may change.
const MAX_TTL: u64 = 60_000;

/// Removes the entries that are not visible from a message, or from several in an array, and sets how long and by whom lists may
/// be cached; `None` if nothing changes.
///
/// # Errors
/// If the text is not strict JSON, a member for a list is not a list, a list has too many entries, or to look them up takes too
/// much work.
pub(super) fn filter(
    text: &[u8],
    private: PrivateLists,
    shows: &dyn Visibility,
) -> Result<Option<Vec<u8>>, Unreadable> {
    let mut reader = Reader::new(text, MAX_DEPTH)?;
    let work = Work::of_list(text.len());
    let mut pass = Pass { private, shows, work, edits: Edits::default(), is_odd: false, excess: None };
    let read = match reader.value_type()? {
        JsonKind::Array => reader.elements(|reader| pass.filter_message(reader)),
        _ => pass.filter_message(&mut reader),
    };
    if let Some(excess) = pass.excess {
        return Err(excess);
    }
    read.and_then(|()| reader.finish())?;
    if pass.is_odd || reader.name_fault().is_some() {
        return Err(Unreadable::Ambiguous);
    }
    Ok(pass.edits.apply(text))
}

/// Why a message is not forwarded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unreadable {
    /// Clients may read it in more than one way, or not at all.
    Ambiguous,
    /// A list in it has more than [`MAX_ENTRIES`].
    TooManyEntries,
    /// To look its entries up takes more work than [`Work::of_list`].
    TooMuchWork,
}

impl From<Fault> for Unreadable {
    fn from(_: Fault) -> Self {
        Self::Ambiguous
    }
}

/// One pass over a text.
struct Pass<'s> {
    private: PrivateLists,
    shows: &'s dyn Visibility,
    /// What looking entries up may still take.
    work: Work,
    edits: Edits,
    /// Whether a member for a list is not a list.
    is_odd: bool,
    /// Why the rest is not read.
    excess: Option<Unreadable>,
}

impl Pass<'_> {
    fn filter_message(&mut self, reader: &mut Reader<'_>) -> Result<(), Fault> {
        if reader.value_type()? != JsonKind::Object {
            return reader.skip().map(drop);
        }
        reader.members(NameComparison::Unmistakable(&RESPONSE), |reader, name| match (&*name, reader.value_type()?) {
            ("result", JsonKind::Object) => self.filter_result(reader),
            _ => reader.skip().map(drop),
        })
    }

    fn filter_result(&mut self, reader: &mut Reader<'_>) -> Result<(), Fault> {
        let start = reader.position();
        let (mut lists, mut scope, mut ttl) = (false, false, false);
        let edits_before = self.edits.count();
        // Caching members are edited only if the result has a list, which may come after them.
        let mut caching = Edits::default();
        reader.members(NameComparison::Unmistakable(&RESULT), |reader, name| {
            let kind = ListKind::by_member(&name);
            match (kind, &*name) {
                (Some(kind), _) => {
                    lists = true;
                    self.filter_list(reader, kind)
                }
                (None, "cacheScope") => {
                    scope = true;
                    let (span, value) = read_span(reader)?;
                    if value != br#""private""# {
                        caching.replace(span, r#""private""#);
                    }
                    Ok(())
                }
                (None, "ttlMs") => {
                    ttl = true;
                    let (span, value) = read_span(reader)?;
                    if !is_short(value) {
                        caching.replace(span, "60000");
                    }
                    Ok(())
                }
                (None, _) => reader.skip().map(drop),
            }
        })?;
        let is_private = match self.private {
            PrivateLists::Never => false,
            PrivateLists::Filtered => self.edits.count() > edits_before,
            PrivateLists::All => lists,
        };
        if is_private {
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

    /// Filters the entries of one list.
    fn filter_list(&mut self, reader: &mut Reader<'_>, kind: ListKind) -> Result<(), Fault> {
        if reader.value_type()? != JsonKind::Array {
            self.is_odd = true;
            return reader.skip().map(drop);
        }
        let mut run = HiddenRun::default();
        let mut waiting = Vec::with_capacity(ENTRIES_AT_ONCE);
        let mut count: usize = 0;
        self.shows.begin_list(kind);
        reader.elements(|reader| {
            let start = reader.position();
            count = count.saturating_add(1);
            if count > MAX_ENTRIES {
                return Err(self.stop(Unreadable::TooManyEntries, start));
            }
            // An entry without a name cannot be called, and no rule can allow it.
            let Some(name) = Self::read_name(reader, kind)?.filter(|name| is_callable(kind, name)) else {
                self.judge(kind, &mut waiting, &mut run);
                self.cut(run.push(start..reader.end_position(), false));
                self.shows.drop_unnamed();
                return Ok(());
            };
            if self.work.charge(self.shows.work(kind, &name)).is_err() {
                return Err(self.stop(Unreadable::TooMuchWork, start));
            }
            waiting.push(ListedEntry { name, bytes: reader.bytes_since(start), start, is_visible: false });
            if waiting.len() >= ENTRIES_AT_ONCE {
                self.judge(kind, &mut waiting, &mut run);
            }
            Ok(())
        })?;
        self.judge(kind, &mut waiting, &mut run);
        self.shows.end_list(kind);
        self.cut(run.end());
        Ok(())
    }

    /// Judges the entries that wait for it.
    #[inline(never)]
    fn judge(&mut self, kind: ListKind, waiting: &mut Vec<ListedEntry<'_>>, run: &mut HiddenRun) {
        self.shows.mark_visible(kind, waiting);
        for entry in waiting.drain(..) {
            self.cut(run.push(entry.start..entry.start.saturating_add(entry.bytes.len()), entry.is_visible));
        }
    }

    fn cut(&mut self, span: Option<Range<usize>>) {
        span.into_iter().for_each(|span| self.edits.cut(span));
    }

    /// Reads no further, since the entry at `at` is one too many.
    fn stop(&mut self, excess: Unreadable, at: usize) -> Fault {
        self.excess = Some(excess);
        Fault { at, reason: Reason::Expected("fewer entries") }
    }

    /// Reads the next entry, and returns its name, if it has exactly one.
    fn read_name<'a>(reader: &mut Reader<'a>, kind: ListKind) -> Result<Option<Cow<'a, str>>, Fault> {
        if reader.value_type()? != JsonKind::Object {
            return reader.skip().map(|_| None);
        }
        let (mut found, mut is_ambiguous) = (None, false);
        reader.members_by_bytes(NameComparison::Distinct, |reader, name| {
            if *name == *kind.key().as_bytes() && reader.value_type()? == JsonKind::String {
                found = Some(reader.string()?);
                return Ok(());
            }
            // Nearly every name is in ASCII, and another one whatever its case.
            is_ambiguous |= (name.len() == kind.key().len() || !is_printable_ascii(&name))
                && fold::is_folded_match(&String::from_utf8_lossy(&name), kind.key());
            reader.skip().map(drop)
        })?;
        Ok(found.filter(|_| !is_ambiguous))
    }
}

/// Whether a call could name this entry.
fn is_callable(kind: ListKind, name: &str) -> bool {
    params::is_target_name(name, kind.key() != "name")
}

/// A run of entries that are not visible: one cut removes all of them, each with the comma before it.
#[derive(Debug, Default)]
struct HiddenRun {
    /// Where the last visible entry ends.
    shown_end: Option<usize>,
    hidden: Option<Range<usize>>,
}

impl HiddenRun {
    /// Takes the next entry, and returns the span to cut before it.
    fn push(&mut self, span: Range<usize>, is_shown: bool) -> Option<Range<usize>> {
        if !is_shown {
            let start = self.hidden.take().map_or(span.start, |hidden| hidden.start);
            self.hidden = Some(start..span.end);
            return None;
        }
        let shown_end = self.shown_end.replace(span.end);
        let hidden = self.hidden.take()?;
        // The first visible entry has no comma before it.
        Some(shown_end.map_or(hidden.start..span.start, |end| end..hidden.end))
    }

    /// The span to cut after the last visible entry.
    fn end(self) -> Option<Range<usize>> {
        let hidden = self.hidden?;
        Some(self.shown_end.unwrap_or(hidden.start)..hidden.end)
    }
}

/// Reads the next value, and returns its span.
fn read_span<'a>(reader: &mut Reader<'a>) -> Result<(Range<usize>, &'a [u8]), Fault> {
    let start = reader.position();
    let value = reader.skip()?;
    Ok((start..start.saturating_add(value.len()), value))
}

/// Whether a `ttlMs` is at most [`MAX_TTL`].
fn is_short(value: &[u8]) -> bool {
    let number = std::str::from_utf8(value).ok().and_then(Decimal::new);
    number.and_then(|number| number.scaled(0)).is_some_and(|number| number <= MAX_TTL)
}
