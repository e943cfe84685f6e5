//! A body that is too large, thrown away as it comes.
//!
//! Envoy ends the connection of an HTTP/1.1 request that is answered before its end, and stops to read it: a client that writes
//! its whole request before it reads would see a reset instead of the reply. So the reply waits for the end of the body, and no
//! longer than these bounds allow.

use crate::time::Timestamp;

/// The bytes of one body that are thrown away at most. A client that announces more gets its reply at once.
pub const MAX_DISCARDED: usize = 64 << 20;
/// The time that a body has to come, in milliseconds.
const MAX_TIME: u64 = 10_000;
/// The time that a client may send nothing, in milliseconds: it may wait for the reply before it sends the body.
const MAX_SILENCE: u64 = 1000;

/// What has come of such a body.
#[derive(Clone, Copy, Debug)]
pub struct Discarded {
    bytes: usize,
    started: Timestamp,
    /// When the last bytes had come, as far as [`Discarded::is_over`] has looked.
    heard: Timestamp,
    is_silent: bool,
}

impl Discarded {
    /// A body of which so many bytes have come by `now`.
    #[must_use]
    pub fn new(bytes: usize, now: Timestamp) -> Self {
        Self { bytes, started: now, heard: now, is_silent: true }
    }

    /// Counts more bytes. Whether still more may come.
    pub fn push(&mut self, bytes: usize) -> bool {
        self.bytes = self.bytes.saturating_add(bytes);
        self.is_silent &= bytes == 0;
        self.bytes <= MAX_DISCARDED
    }

    /// Whether its end has been waited for long enough. It is to be called several times a second.
    pub fn is_over(&mut self, now: Timestamp) -> bool {
        if !self.is_silent {
            self.heard = now;
            self.is_silent = true;
        }
        let since = |then: Timestamp| now.0.saturating_sub(then.0);
        since(self.heard) >= MAX_SILENCE || since(self.started) >= MAX_TIME
    }
}
