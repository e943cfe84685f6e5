//! Places in a document, as links to the place above.

use std::cell::RefCell;

/// A place; an index into [`Places`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Pointer(Option<usize>);

/// One step down.
#[derive(Clone, Copy, Debug)]
pub(super) enum PointerToken<'w> {
    Key(&'w str),
    Index(usize),
}

/// All places that were looked at.
#[derive(Debug, Default)]
pub(super) struct Pointers<'w>(RefCell<Vec<(Pointer, PointerToken<'w>)>>);

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

    /// The JSON pointer of a place; RFC 6901.
    pub(super) fn pointer(&self, place: Pointer) -> String {
        let places = self.0.borrow();
        let mut steps = Vec::new();
        let mut here = place;
        while let Some((above, segment)) = here.0.and_then(|index| places.get(index)) {
            steps.push(match segment {
                PointerToken::Key(key) => key.replace('~', "~0").replace('/', "~1"),
                PointerToken::Index(index) => index.to_string(),
            });
            here = *above;
        }
        steps.iter().rev().fold(String::new(), |pointer, step| pointer + "/" + step)
    }
}
