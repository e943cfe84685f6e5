//! When a root of this worker ticks next: as soon as something has asked for.
//!
//! With each call that sets the period of a root, Envoy starts it again from zero, so that a root whose period is set all the time never
//! ticks. All roots of a worker share what is left to do, so the one that ticks first does it, but for the notices of each filter.

use std::cell::Cell;

use proxy_wasm::types::Status;

use super::host;

thread_local! {
    /// The shortest period that was requested since a root ticked, in milliseconds.
    static REQUESTED: Cell<Option<u32>> = const { Cell::new(None) };
}

/// The time between two ticks if nothing is left to do, in milliseconds.
const IDLE_MS: u32 = 5000;

/// Has the root of this stream, or this root, tick within `milliseconds`, unless some root ticks as soon as that.
///
/// # Errors
/// If Envoy does not tick.
pub(super) fn request(milliseconds: u32) -> Result<(), Status> {
    if REQUESTED.get().is_some_and(|sooner| sooner <= milliseconds) {
        return Ok(());
    }
    host::set_tick_period(milliseconds)?;
    REQUESTED.set(Some(milliseconds));
    Ok(())
}

/// A root ticks: what is still left to do requests the next tick.
pub(super) fn begin() {
    REQUESTED.set(None);
    // If this fails, the root goes on ticking as soon as it does now.
    let _: Result<(), Status> = host::set_tick_period(IDLE_MS);
}
