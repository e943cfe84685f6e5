//! The pinned definitions that a worker has seen, so that the same bytes are not digested again.

/// What one worker remembers of the lists that it has seen under one policy of one configuration.
#[derive(Debug, Default)]
pub struct DefinitionMemo {
    /// By the number of the pin.
    known: Vec<Known>,
    /// The bytes of all entries.
    size: usize,
    unlisted: usize,
}

/// What is known of one pinned tool.
#[derive(Clone, Debug, Default)]
struct Known {
    is_listed: bool,
    /// The entry that the pin admitted last; empty if there was none, or no room for it.
    entry: Box<[u8]>,
}

/// Bytes of entries that are kept. Only entries that a pin admits are, so the pins of a policy bound them, too; beyond, a list costs
/// as much as the first one, and a drift is shown without what was there before.
const MAX_ENTRIES: usize = 4 << 20;

impl DefinitionMemo {
    /// Nothing is known of so many pins.
    #[must_use]
    pub fn new(pins: usize) -> Self {
        Self { known: vec![Known::default(); pins], size: 0, unlisted: pins }
    }

    /// The number of pinned tools whose pinned definition no list has shown.
    #[must_use]
    pub fn unlisted(&self) -> usize {
        self.unlisted
    }

    /// Whether the pin has admitted this very entry before.
    pub(super) fn is_known(&self, pin: usize, entry: &[u8]) -> bool {
        self.entry(pin).is_some_and(|known| known == entry)
    }

    pub(super) fn remember(&mut self, pin: usize, entry: &[u8]) {
        let Some(known) = self.known.get_mut(pin) else { return };
        if !std::mem::replace(&mut known.is_listed, true) {
            self.unlisted = self.unlisted.saturating_sub(1);
        }
        let size = self.size.saturating_sub(known.entry.len()).saturating_add(entry.len());
        if size <= MAX_ENTRIES {
            (known.entry, self.size) = (entry.into(), size);
        }
    }

    /// The entry that the pin admitted last.
    pub(super) fn entry(&self, pin: usize) -> Option<&[u8]> {
        self.known.get(pin).map(|known| &*known.entry).filter(|entry| !entry.is_empty())
    }
}
