//! Pages of lists, and their entity tags: one answer is short, whatever callers have stored, and a page that has not changed is
//! not sent again.

use std::fmt;

use base16ct::lower;

use crate::{
    digest::Digest,
    http::{Headers, Response},
    json::Writer,
    time::Timestamp,
};

use super::{assets, timestamp};

/// A page takes no further item once its items have so many bytes together. Every item is a small multiple of one stored
/// cell, so no page is much larger.
pub(super) const PAGE: usize = 64 << 10;

/// The parameters of a request for a list.
#[derive(Clone, Copy, Debug)]
pub(super) struct ListQuery<'q> {
    /// The last item of the page before; `None` for the first page.
    pub(super) after: Option<Cursor>,
    /// `If-None-Match`: the versions that the client has.
    known: Option<&'q str>,
}

/// The place of an item in its list, which stays the same while other items come and go.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Cursor {
    /// What the list is sorted by, in the list's own unit; 0 in a list that is sorted by cells alone.
    pub(super) time: u64,
    /// The item's cell.
    pub(super) slot: u8,
}

/// A page of items under construction.
#[derive(Debug, Default)]
pub(super) struct Page {
    items: String,
    last: Option<Cursor>,
    has_more: bool,
}

/// A version of a page: an entity tag; RFC 9110, section 8.8.3.
#[derive(Debug)]
pub(super) struct Version(String);

// === impl ListQuery ===

impl<'q> ListQuery<'q> {
    /// Reads the query of a path, and the header.
    ///
    /// # Errors
    /// A sentence about a cursor that no answer has named.
    pub(super) fn read(query: &str, headers: &'q Headers) -> Result<Self, &'static str> {
        let after = query.split('&').find_map(|pair| pair.strip_prefix("after="));
        let after = after.map(|text| Cursor::read(text).ok_or("`after` is malformed; send `next` of the page before"));
        Ok(Self { after: after.transpose()?, known: headers.str_value("if-none-match") })
    }

    /// Whether the client has this version already; RFC 9110, section 13.1.2.
    pub(super) fn has(&self, version: &Version) -> bool {
        let tags = self.known.unwrap_or_default().split(',').map(str::trim_ascii);
        // A proxy that compresses makes the tag a weak one.
        tags.map(|tag| tag.strip_prefix("W/").unwrap_or(tag)).any(|tag| tag == version.0)
    }
}

// === impl Cursor ===

impl Cursor {
    fn read(text: &str) -> Option<Self> {
        let (time, slot) = text.split_once('.')?;
        Some(Self { time: time.parse().ok()?, slot: slot.parse().ok()? })
    }
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.time, self.slot)
    }
}

// === impl Version ===

impl Version {
    /// A version that no other state of the page has.
    pub(super) fn new(state: &[u8]) -> Self {
        Self(format!("\"{}\"", lower::encode_string(&Digest::of(state).first_bytes::<16>())))
    }

    /// The answer to a client that has this version.
    pub(super) fn not_modified(self) -> Response {
        assets::not_modified(self.0)
    }
}

// === impl Page ===

impl Page {
    /// Whether the page takes another item; if it does not, it remembers that there is one.
    pub(super) fn has_room(&mut self) -> bool {
        self.has_more = self.items.len() >= PAGE;
        !self.has_more
    }

    /// Ends the page, which has further items behind it.
    pub(super) fn end(&mut self) {
        self.has_more = true;
    }

    /// Adds an item, JSON.
    pub(super) fn add(&mut self, at: Cursor, item: &str) {
        if !self.items.is_empty() {
            self.items.push(',');
        }
        self.items.push_str(item);
        self.last = Some(at);
    }

    /// The version of a page that is its items.
    pub(super) fn version(&self) -> Version {
        Version::new([self.items.as_bytes(), &[u8::from(self.has_more)]].concat().as_slice())
    }

    /// The answer: the items under `name`, and where the next page begins. Without a version, the next request for the same
    /// page is answered in full.
    pub(super) fn response(
        self,
        name: &'static str,
        now: Timestamp,
        version: Option<Version>,
        more: impl FnOnce(&mut Writer),
    ) -> Response {
        let Self { items, last, has_more } = self;
        let mut body = Writer::with_capacity(items.len().saturating_add(256));
        body.add_string("now", &timestamp(now));
        more(&mut body);
        body.add_json(name, format_args!("[{items}]"));
        if let Some(next) = last.filter(|_| has_more) {
            body.add_string("next", &next.to_string());
        }
        assets::list_response(body.finish(), version.map(|version| version.0))
    }
}
