//! Counts open streams, and the bytes that they hold.

use std::{
    collections::{HashMap, hash_map::Entry},
    hash::BuildHasher,
};

use rustc_hash::FxBuildHasher;

/// The open streams of one worker. Its own size is bounded by their number: a caller has an entry while it has a stream.
#[derive(Debug, Default)]
pub struct OpenStreams {
    pub(super) totals: Totals,
    /// By caller. The keys are hashes already, of a key that callers do not know.
    pub(super) callers: HashMap<u64, Held, FxBuildHasher>,
}

/// What all callers have together.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Totals {
    all: Held,
    /// Of callers whose identity is not verified: they can take any number of names.
    unverified: Held,
    /// The bytes of servers' responses.
    responses: usize,
}

/// Some of the streams, and what they hold.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Held {
    pub(super) streams: usize,
    pub(super) bytes: usize,
}

/// Who opens a stream.
#[derive(Clone, Copy, Debug)]
pub struct Caller {
    key: u64,
    is_verified: bool,
}

/// An open stream and what it holds, in bytes. Give it back by [`OpenStreams::close`].
#[derive(Debug)]
pub struct Share {
    caller: Caller,
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

/// There is no room for what was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ShareExhausted {
    /// The caller, or the class that it is in, has as many open streams as it may have.
    Streams,
    /// The caller, or the class that it is in, holds so many bytes that there is no room for more.
    Bytes,
}

/// Of all streams, and of all bytes, one caller may have an eighth.
const CALLER: usize = 8;
/// Of all streams, and of all bytes, unverified callers may have a half. Servers' responses may have a half of the bytes.
const CLASS: usize = 2;

/// The open streams of one worker if its bound on bytes is the default or less.
pub const MIN_STREAMS: usize = 1024;
/// With a larger bound on bytes, there is a stream for each so many of them.
pub const BYTES_PER_STREAM: usize = 64 << 10;

/// The streams that may be open in one worker if they may hold `max_bytes`.
#[must_use]
pub fn max_streams(max_bytes: usize) -> usize {
    (max_bytes / BYTES_PER_STREAM).max(MIN_STREAMS)
}

/// The bytes that one caller may hold of `max_bytes`.
#[must_use]
pub fn max_bytes_per_caller(max_bytes: usize) -> usize {
    max_bytes / CALLER
}

impl Caller {
    /// The caller with this identity. `hashes` has a key that callers do not know: no caller can choose a name that takes another's
    /// room.
    #[must_use]
    pub fn new(identity: &str, is_verified: bool, hashes: &impl BuildHasher) -> Self {
        Self { key: hashes.hash_one(identity), is_verified }
    }
}

impl Share {
    fn part(&mut self, part: Part) -> &mut usize {
        match part {
            Part::Request => &mut self.request,
            Part::Response => &mut self.response,
        }
    }
}

impl Held {
    fn resize(&mut self, more: usize, less: usize) {
        self.bytes = self.bytes.saturating_add(more).saturating_sub(less);
    }

    fn open(&mut self, bytes: usize) {
        self.streams = self.streams.saturating_add(1);
        self.resize(bytes, 0);
    }

    fn close(&mut self, bytes: usize) {
        self.streams = self.streams.saturating_sub(1);
        self.resize(0, bytes);
    }
}

impl Totals {
    /// The bytes that a part of a stream could hold besides what it holds, if its caller's streams hold `of_caller`.
    fn room(&self, of_caller: usize, is_verified: bool, part: Part, max_bytes: usize) -> usize {
        let all = max_bytes.saturating_sub(self.all.bytes);
        let mut room = all.min(max_bytes_per_caller(max_bytes).saturating_sub(of_caller));
        let class = max_bytes / CLASS;
        if !is_verified {
            room = room.min(class.saturating_sub(self.unverified.bytes));
        }
        if part == Part::Response {
            room = room.min(class.saturating_sub(self.responses));
        }
        room
    }

    /// Changes what all have, and what unverified callers have if this is one of them.
    fn change(&mut self, is_verified: bool, change: impl Fn(&mut Held)) {
        change(&mut self.all);
        if !is_verified {
            change(&mut self.unverified);
        }
    }
}

impl OpenStreams {
    /// No stream is open.
    #[must_use]
    pub const fn new() -> Self {
        const NONE: Held = Held { streams: 0, bytes: 0 };
        let totals = Totals { all: NONE, unverified: NONE, responses: 0 };
        Self { totals, callers: HashMap::with_hasher(FxBuildHasher) }
    }

    /// Opens a stream whose request holds so many bytes, if all streams hold at most `max_bytes` then and are no more than
    /// [`max_streams`].
    ///
    /// # Errors
    /// There is no room. Nothing has changed.
    pub fn open(&mut self, caller: Caller, bytes: usize, max_bytes: usize) -> Result<Share, ShareExhausted> {
        let (max, totals) = (max_streams(max_bytes), &mut self.totals);
        let held = self.callers.entry(caller.key).or_default();
        let is_class_full = !caller.is_verified && totals.unverified.streams >= max / CLASS;
        let exhausted = if totals.all.streams >= max || held.streams >= max / CALLER || is_class_full {
            Some(ShareExhausted::Streams)
        } else {
            let has_room = bytes == 0 || bytes <= totals.room(held.bytes, caller.is_verified, Part::Request, max_bytes);
            (!has_room).then_some(ShareExhausted::Bytes)
        };
        if let Some(exhausted) = exhausted {
            if held.streams == 0 {
                self.callers.remove(&caller.key);
            }
            return Err(exhausted);
        }
        held.open(bytes);
        totals.change(caller.is_verified, |held| held.open(bytes));
        Ok(Share { caller, request: bytes, response: 0 })
    }

    /// Sets what a part of a share holds, if all streams hold at most `max_bytes` then. Less is always possible.
    ///
    /// # Errors
    /// There is no room. The part holds what it held.
    pub fn resize(
        &mut self,
        share: &mut Share,
        part: Part,
        bytes: usize,
        max_bytes: usize,
    ) -> Result<(), ShareExhausted> {
        let (caller, totals) = (share.caller, &mut self.totals);
        let part_bytes = share.part(part);
        let (more, less) = (bytes.saturating_sub(*part_bytes), part_bytes.saturating_sub(bytes));
        let held = self.callers.entry(caller.key).or_default();
        if more > 0 && more > totals.room(held.bytes, caller.is_verified, part, max_bytes) {
            return Err(ShareExhausted::Bytes);
        }
        held.resize(more, less);
        totals.change(caller.is_verified, |held| held.resize(more, less));
        if part == Part::Response {
            totals.responses = totals.responses.saturating_add(more).saturating_sub(less);
        }
        *part_bytes = bytes;
        Ok(())
    }

    /// The bytes that a part of a share could hold besides what it holds.
    #[must_use]
    pub fn room(&self, share: &Share, part: Part, max_bytes: usize) -> usize {
        let of_caller = self.callers.get(&share.caller.key).map_or(0, |held| held.bytes);
        self.totals.room(of_caller, share.caller.is_verified, part, max_bytes)
    }

    /// Closes a stream, and gives back what it holds.
    #[expect(clippy::needless_pass_by_value, reason = "what is closed cannot be closed again")]
    pub fn close(&mut self, share: Share) {
        let bytes = share.request.saturating_add(share.response);
        self.totals.change(share.caller.is_verified, |held| held.close(bytes));
        self.totals.responses = self.totals.responses.saturating_sub(share.response);
        if let Entry::Occupied(mut entry) = self.callers.entry(share.caller.key) {
            entry.get_mut().close(bytes);
            if entry.get().streams == 0 {
                entry.remove();
            }
        }
    }
}
