//! JSON pointers, RFC 6901: places in a document, kept as links to the place above and spelled out on demand.

use std::{borrow::Cow, cell::RefCell};

use crate::text::excerpt;

/// A place; an index into [`Pointers`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Pointer(Option<usize>);

/// One step down: a reference token.
#[derive(Clone, Copy, Debug)]
pub(super) enum PointerToken<'w> {
    Key(&'w str),
    Index(usize),
}

/// All places that were looked at.
#[derive(Debug, Default)]
pub(super) struct Pointers<'w>(RefCell<Vec<(Pointer, PointerToken<'w>)>>);

/// The pointer of a member, from that of its object.
#[must_use]
pub fn member(pointer: &str, name: &str) -> String {
    format!("{pointer}/{}", escape(name))
}

/// A member's name as a reference token; RFC 6901, section 3.
fn escape(name: &str) -> Cow<'_, str> {
    match name.contains(['~', '/']) {
        true => Cow::Owned(name.replace('~', "~0").replace('/', "~1")),
        false => Cow::Borrowed(name),
    }
}

/// The member's name that a reference token is.
pub(super) fn unescape(token: &str) -> String {
    token.replace("~1", "/").replace("~0", "~")
}

impl Pointer {
    /// The document itself.
    pub(super) const TOP: Self = Self(None);
}

impl<'w> Pointers<'w> {
    pub(super) fn add(&self, above: Pointer, segment: PointerToken<'w>) -> Pointer {
        let mut places = self.0.borrow_mut();
        places.push((above, segment));
        Pointer(Some(places.len().saturating_sub(1)))
    }

    /// The JSON pointer of a place.
    pub(super) fn pointer(&self, place: Pointer) -> String {
        self.join(place, Cow::Borrowed)
    }

    /// The same for people: long names are cut.
    pub(super) fn excerpt(&self, place: Pointer) -> String {
        self.join(place, |key| Cow::Owned(excerpt(key)))
    }

    fn join(&self, place: Pointer, name: impl Fn(&'w str) -> Cow<'w, str>) -> String {
        let places = self.0.borrow();
        let mut tokens = Vec::new();
        let mut here = place;
        while let Some((above, token)) = here.0.and_then(|index| places.get(index)) {
            tokens.push(match token {
                PointerToken::Key(key) => escape(&name(key)).into_owned(),
                PointerToken::Index(index) => index.to_string(),
            });
            here = *above;
        }
        tokens.iter().rev().fold(String::new(), |pointer, token| pointer + "/" + token)
    }
}
