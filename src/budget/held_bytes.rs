//! Counts the bytes that streams hold.

use std::{collections::HashMap, hash::Hasher as _};

use rustc_hash::FxBuildHasher;
use siphasher::sip128::{Hasher128 as _, SipHasher24};

use crate::store::Seed;

/// The bytes that the open streams of one worker hold. Its own size is bounded by them: a caller has an entry while it holds
/// something, and a stream holds a kibibyte at least.
#[derive(Debug, Default)]
pub struct HeldBytes {
    pub(super) all: usize,
    /// Of callers whose identity is not verified: they can take any number of names.
    pub(super) unverified: usize,
    /// Of servers' responses.
    pub(super) responses: usize,
    /// By caller, see [`Share::new`]. The keys are hashes already, of a key that callers do not know.
    pub(super) callers: HashMap<u64, usize, FxBuildHasher>,
}

/// What one stream holds, in bytes. Give it back by [`HeldBytes::release`].
#[derive(Debug)]
pub struct Share {
    caller: u64,
    is_verified: bool,
    request: usize,
    response: usize,
}

/// The parts of a [`Share`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// The request: its headers and its body.
    Request,
    /// The server's response.
    Response,
}

/// The caller, or the class that it is in, holds so much that there is no room for more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ShareExhausted;

/// Of all bytes, one caller may hold an eighth.
const CALLER: usize = 8;
/// Of all bytes, unverified callers may hold a half, and so may servers' responses.
const CLASS: usize = 2;

impl Share {
    /// What a new stream of the caller with this identity holds, which is nothing. `seed` is a key that callers do not know:
    /// no caller can choose a name that takes another's room.
    #[must_use]
    pub fn new(caller: &str, is_verified: bool, seed: &Seed) -> Self {
        let mut hasher = SipHasher24::new_with_key(seed);
        hasher.write(caller.as_bytes());
        Self { caller: hasher.finish128().h1, is_verified, request: 0, response: 0 }
    }

    fn part(&mut self, part: Part) -> &mut usize {
        match part {
            Part::Request => &mut self.request,
            Part::Response => &mut self.response,
        }
    }
}

/// The bytes that one caller may hold of `max`.
#[must_use]
pub fn most_of_one_caller(max: usize) -> usize {
    max / CALLER
}

impl HeldBytes {
    /// No stream holds anything.
    #[must_use]
    pub const fn new() -> Self {
        Self { all: 0, unverified: 0, responses: 0, callers: HashMap::with_hasher(FxBuildHasher) }
    }

    /// Sets what a part of a share holds, if all streams hold at most `max` bytes then. Less is always possible.
    ///
    /// # Errors
    /// There is no room. The part holds what it held.
    pub fn resize(&mut self, share: &mut Share, part: Part, bytes: usize, max: usize) -> Result<(), ShareExhausted> {
        let held = *share.part(part);
        let more = bytes.saturating_sub(held);
        if more > self.room(share, part, max) {
            return Err(ShareExhausted);
        }
        let less = held.saturating_sub(bytes);
        let change = |count: &mut usize| *count = count.saturating_add(more).saturating_sub(less);
        change(&mut self.all);
        if !share.is_verified {
            change(&mut self.unverified);
        }
        if part == Part::Response {
            change(&mut self.responses);
        }
        let of_caller = self.callers.entry(share.caller).or_default();
        change(of_caller);
        if *of_caller == 0 {
            self.callers.remove(&share.caller);
        }
        change(share.part(part));
        Ok(())
    }

    /// The bytes that a part of a share could hold besides what it holds.
    #[must_use]
    pub fn room(&self, share: &Share, part: Part, max: usize) -> usize {
        let of_caller = self.callers.get(&share.caller).copied().unwrap_or_default();
        let mut room = max.saturating_sub(self.all).min(most_of_one_caller(max).saturating_sub(of_caller));
        let class = max / CLASS;
        if !share.is_verified {
            room = room.min(class.saturating_sub(self.unverified));
        }
        if part == Part::Response {
            room = room.min(class.saturating_sub(self.responses));
        }
        room
    }

    /// Gives back what a share holds.
    pub fn release(&mut self, mut share: Share) {
        for part in [Part::Request, Part::Response] {
            // Holding less never fails.
            let _: Result<(), ShareExhausted> = self.resize(&mut share, part, 0, 0);
        }
    }
}
