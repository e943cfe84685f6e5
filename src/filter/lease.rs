//! The place of one stream among those of its worker, and what it holds of the worker's memory, until it is dropped. The rules are
//! in [`crate::budget`].
//!
//! One table for each worker, not for each filter: the streams of an old configuration go on beside those of the new one,
//! and two filters in one VM have one memory.

use std::{cell::RefCell, hash::RandomState};

use crate::{
    budget::{Caller, OpenStreams, Part, Share, ShareExhausted},
    engine::RequestInfo,
    identity,
};

use super::host;

thread_local! {
    static STREAMS: RefCell<OpenStreams> = const { RefCell::new(OpenStreams::new()) };
    static HASHES: RandomState = RandomState::new();
}

/// What this module keeps of a stream besides its headers and its body, in bytes; `tests/host` measures it.
const STREAM_BYTES: usize = 1024;

/// A stream's place and share, which the stream gives back when it is dropped, however it ends.
#[derive(Debug)]
pub(super) struct Lease {
    /// `None` while it is dropped.
    share: Option<Share>,
    /// `protocol.max_held_bytes`
    max: usize,
    /// What the request holds besides its body.
    head: usize,
}

impl Lease {
    /// Takes the place of a stream whose request has a head of so many bytes, which Envoy keeps until the request goes on.
    ///
    /// # Errors
    /// Its caller's share has no room for it.
    pub(super) fn new(request: &RequestInfo, head: usize, max: usize) -> Result<Self, ShareExhausted> {
        let head = head.saturating_add(request.headers.size()).saturating_add(STREAM_BYTES);
        let share = STREAMS.with_borrow_mut(|streams| streams.open(caller(request), head, max))?;
        Ok(Self { share: Some(share), max, head })
    }

    /// Takes room for a body of so many bytes, in Envoy and here together.
    ///
    /// # Errors
    /// There is none.
    pub(super) fn hold_body(&mut self, bytes: usize) -> Result<(), ShareExhausted> {
        let bytes = self.head.saturating_add(bytes);
        self.resize(Part::Request, bytes)
    }

    /// Gives back what the request holds: it goes on, or is answered.
    pub(super) fn release_request(&mut self) {
        // Holding less never fails.
        let _: Result<(), ShareExhausted> = self.resize(Part::Request, 0);
    }

    /// What may be held of the response besides what is held of it, in bytes.
    pub(super) fn response_room(&self) -> usize {
        let room = |share| STREAMS.with_borrow(|streams| streams.room(share, Part::Response, self.max));
        self.share.as_ref().map_or(0, room)
    }

    /// Takes room for so many bytes of the response.
    ///
    /// # Errors
    /// There is none.
    pub(super) fn hold_response(&mut self, bytes: usize) -> Result<(), ShareExhausted> {
        self.resize(Part::Response, bytes)
    }

    fn resize(&mut self, part: Part, bytes: usize) -> Result<(), ShareExhausted> {
        let share = self.share.as_mut().ok_or(ShareExhausted::Bytes)?;
        STREAMS.with_borrow_mut(|streams| streams.resize(share, part, bytes, self.max))
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        if let Some(share) = self.share.take() {
            STREAMS.with_borrow_mut(|streams| streams.close(share));
        }
    }
}

/// Who opens the stream of this request. A caller without identity is known by its address, but gets no grant by it: else one such
/// caller could take the places of all.
fn caller(request: &RequestInfo) -> Caller {
    let caller = |identity: &str, is_verified| HASHES.with(|hashes| Caller::new(identity, is_verified, hashes));
    if let Ok(grant) = &request.grant {
        return caller(grant.id(), grant.is_verified());
    }
    let address = host::property("source\0address").ok().flatten();
    let address = address.and_then(|address| identity::peer_address(&address)).unwrap_or_default();
    caller(&address, false)
}
