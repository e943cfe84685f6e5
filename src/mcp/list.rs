//! Removes entries that the caller may not call from lists in a server's response, in JSON and in event streams. Which
//! entries are visible is decided elsewhere. Product contract, section 5.
//!
//! A pure state machine over chunks. Visible entries, and everything that is not a list, stay byte for byte; a message that
//! lists nothing is not held back. A list that cannot be read is replaced by an error.
//!
//! * [`ListStream`] takes the chunks of one response
//! * `message` filters one message, by `edit`s to its text
//! * [`definition`] has the digest of a tool's entry
//! * `events` finds the messages of a stream; `sniff` recognizes early which of them are not lists

pub mod definition;
mod edit;
mod events;
mod kind;
mod message;
mod sniff;

#[cfg(test)]
mod tests;

use std::borrow::Cow;

use super::{
    Code,
    answer::{self, DenialData},
    refusal_text, sse,
};
use crate::digest::padded;

use self::{events::Events, message::Unreadable};

pub use self::kind::ListKind;

/// Which entries of lists are visible, by their kind and their name, URI or URI template.
pub trait Visibility {
    /// Marks which of some entries that follow one another are visible; there are at most [`ENTRIES_AT_ONCE`].
    fn mark_visible(&self, kind: ListKind, entries: &mut [ListedEntry<'_>]);

    /// Notes that a list of this kind begins.
    fn begin_list(&self, _kind: ListKind) {}

    /// Notes that the list has ended.
    fn end_list(&self, _kind: ListKind) {}

    /// Notes that an entry is taken out that no call could name.
    fn drop_unnamed(&self) {}

    /// The work that [`Self::mark_visible`] takes at most for an entry, in units of [`crate::budget::Work`].
    fn work(&self, _kind: ListKind, _name: &str) -> usize {
        0
    }
}

/// An entry of a list.
#[derive(Clone, Debug)]
pub struct ListedEntry<'e> {
    /// Its name, URI or URI template.
    pub name: Cow<'e, str>,
    /// Its bytes.
    pub bytes: &'e [u8],
    /// Where they begin in the message.
    start: usize,
    /// Whether it is visible.
    pub is_visible: bool,
}

#[cfg(test)]
impl<'e> ListedEntry<'e> {
    /// An entry that begins its message, for tests of what judges entries.
    pub(crate) fn new(name: &'e str, bytes: &'e [u8]) -> Self {
        Self { name: name.into(), bytes, start: 0, is_visible: true }
    }
}

/// Entries that are judged together.
pub const ENTRIES_AT_ONCE: usize = padded::AT_ONCE;

/// A function that takes no work worth counting.
impl<F: Fn(ListKind, &str) -> bool> Visibility for F {
    fn mark_visible(&self, kind: ListKind, entries: &mut [ListedEntry<'_>]) {
        for entry in entries {
            entry.is_visible = self(kind, &entry.name);
        }
    }
}

/// The request whose response is filtered.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ListRequest {
    /// The ids of its requests, as they were sent. Empty for a GET stream, which carries responses to other requests.
    pub ids: Vec<String>,
    /// Whether it was a batch.
    pub is_batch: bool,
    /// Which of its lists clients and caches must not share or keep for long.
    pub private: PrivateLists,
    /// Bytes of a message that may be held back to be read; a longer list becomes an error.
    pub max_bytes: usize,
    /// Whether its lists are read and go on as they are, whatever is found: nothing is enforced.
    pub is_unchanged: bool,
}

/// Which lists become private and short-lived: `cacheScope` and `ttlMs` of revision 2026-07-28.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PrivateLists {
    /// None: before that revision, lists are not cached.
    #[default]
    Never,
    /// Those from which entries were removed: all callers are shown the same.
    Filtered,
    /// All: another caller may be shown another list.
    All,
}

/// Filters the lists of one response.
#[derive(Clone, Debug)]
pub struct ListStream {
    request: ListRequest,
    form: Form,
    /// Why the list was refused, if it was not one of events.
    refusal: Option<&'static str>,
}

#[derive(Clone, Debug)]
enum Form {
    /// One message, or an array of them, held back up to its end.
    Json {
        text: Vec<u8>,
    },
    Events(Box<Events>),
    /// Replaced by an error with this reason.
    Refused(&'static str),
    /// Too long to be read, and not to be replaced.
    Unread,
}

/// A stream contains something that must not be forwarded, and no error can take its place: the stream has to be reset.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StreamAborted;

/// The members of a result that list something.
const LISTS: [&str; 4] = ["tools", "prompts", "resources", "resourceTemplates"];

impl ListStream {
    /// Filters a response that is JSON.
    #[must_use]
    pub fn json(request: ListRequest) -> Self {
        Self { request, form: Form::Json { text: Vec::new() }, refusal: None }
    }

    /// Filters a response that is an event stream.
    #[must_use]
    pub fn events(request: ListRequest) -> Self {
        Self { request, form: Form::Events(Box::default()), refusal: None }
    }

    /// Takes the next chunk, and returns the bytes to forward now. Of the response, `room` bytes may be held besides what is
    /// held.
    ///
    /// # Errors
    /// If the stream has to be reset.
    pub fn push(&mut self, chunk: &[u8], room: usize, shows: &dyn Visibility) -> Result<Vec<u8>, StreamAborted> {
        let limit = self.limit(room);
        match &mut self.form {
            Form::Json { text } if text.len().saturating_add(chunk.len()) > limit.bytes => {
                if self.request.is_unchanged {
                    let text = std::mem::take(text);
                    self.form = Form::Unread;
                    return Ok([&text, chunk].concat());
                }
                self.form = Form::Refused(limit.reason);
            }
            Form::Unread => return Ok(chunk.to_vec()),
            Form::Json { text } => sse::append(text, chunk),
            Form::Events(events) => return events.push(chunk, &self.request, limit, shows),
            Form::Refused(_) => {}
        }
        Ok(Vec::new())
    }

    /// Whether the next chunk is only held, or passes: nothing of it is read before the end.
    #[must_use]
    pub fn only_holds(&self) -> bool {
        !matches!(self.form, Form::Events(_))
    }

    /// The bytes that are held.
    #[must_use]
    pub fn held(&self) -> usize {
        match &self.form {
            Form::Json { text } => text.len(),
            Form::Events(events) => events.held(),
            Form::Refused(_) | Form::Unread => 0,
        }
    }

    /// Why a list in the response was refused, if one was: the last of them.
    #[must_use]
    pub fn refusal(&self) -> Option<&'static str> {
        if let Form::Events(events) = &self.form { events.refusal() } else { self.refusal }
    }

    fn limit(&self, room: usize) -> HoldLimit {
        let bytes = self.held().saturating_add(room);
        if bytes < self.request.max_bytes {
            HoldLimit { bytes, reason: refusal_text::NO_ROOM_FOR_RESPONSE }
        } else {
            HoldLimit { bytes: self.request.max_bytes, reason: refusal_text::LONG_LIST }
        }
    }

    /// The bytes to forward at the end of the response.
    ///
    /// # Errors
    /// If the stream has to be reset.
    pub fn end(&mut self, shows: &dyn Visibility) -> Result<Vec<u8>, StreamAborted> {
        match &mut self.form {
            Form::Json { text } if text.is_empty() => Ok(Vec::new()),
            Form::Json { text } => {
                let text = std::mem::take(text);
                Ok(match message::filter(&text, self.request.private, shows) {
                    _ if self.request.is_unchanged => text,
                    Ok(trimmed) => trimmed.unwrap_or(text),
                    Err(why) => self.request.refused(self.refusal.insert(why.message())).into_bytes(),
                })
            }
            Form::Events(events) => events.end(&self.request, shows),
            Form::Unread => Ok(Vec::new()),
            Form::Refused(why) => Ok(self.request.refused(self.refusal.insert(why)).into_bytes()),
        }
    }
}

/// How much of a message may be held back, and why not more.
#[derive(Clone, Copy, Debug)]
struct HoldLimit {
    bytes: usize,
    reason: &'static str,
}

impl Unreadable {
    fn message(self) -> &'static str {
        match self {
            Self::Ambiguous => refusal_text::UNREADABLE_LIST,
            Self::TooManyEntries => refusal_text::TOO_MANY_ENTRIES,
            Self::TooMuchWork => refusal_text::LIST_TOO_MUCH_WORK,
        }
    }
}

impl ListRequest {
    /// The error that replaces a response that is not forwarded.
    #[must_use]
    pub fn refused(&self, why: &str) -> String {
        let one = |id: &str| refused(Some(id), why);
        let all: Vec<String> = self.ids.iter().map(|id| one(id)).collect();
        match all.as_slice() {
            [only] if !self.is_batch => only.clone(),
            _ => format!("[{}]", all.join(",")),
        }
    }
}

/// The error that replaces the response to one request.
fn refused(id: Option<&str>, why: &str) -> String {
    let message = format!("Response refused: {why}");
    answer::error_reply(200, id, Code::Internal, &message, &DenialData::refused(why)).body
}
