//! What was used: counters that are exact over all worker threads, bounded in memory, and never let a call through
//! because they could not be read or written.
//!
//! * [`window`]: the pure step from an old count and a moment to a new count, or to when there is room again
//! * [`table`]: many counts in one small record of bytes, which is what a store keeps
//! * [`totals`]: how many counts there are, and how many there may be
//! * [`CounterInfos`]: what some counts are of, for people to see
//! * [`Counters`]: all limits of a call charged together, or none
//! * [`rate_limit_service`]: the same asked of a service that several Envoys share
//!
//! A count is found by a keyed hash over everything that makes it *this* count ([`Key`]), so that no caller can
//! steer its count into another's place, and no key is ever created for a caller: the table has a fixed number of
//! cells, which exist before the first request.

mod counter_info;
mod counters;
mod key;
pub mod rate_limit_service;
pub mod table;
pub mod totals;
pub mod window;

pub use self::{
    counter_info::{CounterInfo, CounterInfos},
    counters::{Charge, ChargeError, Counters, Receipt},
    key::{CounterSlot, Key, Scope},
    window::{Algorithm, LimitExceeded, Quota, Window},
};
