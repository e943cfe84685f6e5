//! Drift: what lists of a server showed of pinned tools other than their pins, on all workers of one Envoy; product contract,
//! section 12.
//!
//! Transitions are pure: bytes and a timestamp in, bytes out. The store has a fixed number of places, so what cannot be kept is a
//! drift of every pinned tool of the policy.
//!
//! * [`DriftKey`]: the route, policy, tool and pin that a drift belongs to
//! * [`Drifts`]: all that is known, and its transitions
//! * [`DriftDetails`]: what the approver reads
//! * [`DriftStore`]: both in a store

mod details;
mod key;
mod registry;
mod store;

#[cfg(test)]
mod tests;

pub use self::{
    details::{DriftDetails, MAX_DEFINITION},
    key::{Configuration, DriftKey, Place},
    registry::{Drift, DriftState, Drifts, Listed, UnknownDrift},
    store::{AcceptError, DriftStore, Pins, Sighting},
};
