//! The pinned definitions that a worker has seen, so that the same bytes are not digested again.

use std::hash::Hasher as _;

use siphasher::sip128::{Hash128, Hasher128 as _, SipHasher24};

use crate::store::Seed;

/// What one worker remembers of the lists that it has seen under one policy of one configuration.
#[derive(Debug, Default)]
pub struct DefinitionMemo {
    seed: Seed,
    /// By the number of the pin.
    known: Vec<Known>,
    /// The bytes of all texts.
    size: usize,
    unlisted: usize,
}

/// What is known of one pinned tool.
#[derive(Clone, Debug, Default)]
struct Known {
    /// A hash of the entry that the pin admitted last.
    hash: Option<u128>,
    /// The entry, to show how it has changed.
    text: Box<[u8]>,
}

/// Bytes of entries that are kept; beyond, a drift is shown without what was there before.
const MAX_TEXTS: usize = 1 << 20;

impl DefinitionMemo {
    /// Nothing is known of so many pins. Servers do not know the seed, so no entry has the hash of another one.
    #[must_use]
    pub fn new(seed: Seed, pins: usize) -> Self {
        Self { seed, known: vec![Known::default(); pins], size: 0, unlisted: pins }
    }

    /// The number of pinned tools of which no list has shown the pinned definition.
    #[must_use]
    pub fn unlisted(&self) -> usize {
        self.unlisted
    }

    pub(super) fn hash(&self, entry: &[u8]) -> u128 {
        let mut hasher = SipHasher24::new_with_key(&self.seed);
        hasher.write(entry);
        let Hash128 { h1, h2 } = hasher.finish128();
        u128::from(h1) << 64 | u128::from(h2)
    }

    pub(super) fn is_known(&self, pin: usize, hash: u128) -> bool {
        self.known.get(pin).is_some_and(|known| known.hash == Some(hash))
    }

    pub(super) fn remember(&mut self, pin: usize, hash: u128, entry: &[u8]) {
        let Some(known) = self.known.get_mut(pin) else { return };
        if known.hash.replace(hash).is_none() {
            self.unlisted = self.unlisted.saturating_sub(1);
        }
        let size = self.size.saturating_sub(known.text.len()).saturating_add(entry.len());
        if size <= MAX_TEXTS {
            (known.text, self.size) = (entry.into(), size);
        }
    }

    /// The entry that the pin admitted last.
    pub(super) fn text(&self, pin: usize) -> Option<&[u8]> {
        self.known.get(pin).map(|known| &*known.text).filter(|text| !text.is_empty())
    }
}
