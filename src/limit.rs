//! How much was used: counters that are exact over all workers of one Envoy and bounded in memory. No call passes because a
//! counter could not be read or written.
//!
//! * [`quota`]: the pure step from an old count and a timestamp to a new count, or to the time to retry
//! * [`shard`]: the counters in one cell of a store, as bytes
//! * [`totals`]: how many counters there are, and how many there may be
//! * [`Counters`]: all limits of a call are charged, or none
//! * [`CounterInfos`]: what some counters count, for the console
//! * [`rate_limit_service`]: the same limits, counted by a service that several Envoys share
//!
//! A keyed hash over everything that names a counter ([`Key`]) chooses its place, so that no caller can steer its counter
//! into another's. No key is ever created for a caller: the table is a fixed number of cells, which exist before the first
//! request.

mod counter_info;
mod counters;
mod key;
pub mod quota;
pub mod rate_limit_service;
pub mod shard;
pub mod totals;

pub use self::{
    counter_info::{CounterInfo, CounterInfos, CounterUse},
    counters::{Charge, ChargeError, Charged, Counters, MAX_OWNED_SECONDS, Owned, Ownership, Receipt},
    key::{Callers, CounterSlot, Key, Part},
    quota::{LimitExceeded, Quota},
};
