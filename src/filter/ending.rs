//! Streams of this worker that end at the next tick, a millisecond later: a stream that ended in its own callback would lose what the
//! callback lets through.

use std::cell::RefCell;

use proxy_wasm::types::Status;

use super::{host, tick};

thread_local! {
    /// The numbers of their contexts. Each is an open stream, or one that ended since the last tick.
    static ENDING: RefCell<Vec<u32>> = const { RefCell::new(Vec::new()) };
}

/// The time to the tick, in milliseconds.
const SOON_MS: u32 = 1;

/// Resets the response of this stream at the next tick of its root.
///
/// # Errors
/// If Envoy does not tick.
pub(super) fn reset_soon(stream: u32) -> Result<(), Status> {
    tick::request(SOON_MS)?;
    ENDING.with_borrow_mut(|ending| ending.push(stream));
    Ok(())
}

/// Resets the streams that were to end, in a callback of `root`.
pub(super) fn on_tick(root: u32) {
    let ending = ENDING.take();
    for stream in &ending {
        // A stream that has ended meanwhile has no context any more.
        if host::set_effective_context(*stream).is_ok() && host::reset_http_response().is_err() {
            log::error!("a response could not be reset; it stays paused");
        }
    }
    if !ending.is_empty() && host::set_effective_context(root).is_err() {
        log::error!("Envoy lost the context of a filter");
    }
}
