//! A proxy-wasm host in Envoy's place.
//!
//! * [`module`] finds the built module and compiles it once
//! * [`worker`] is one instance of it, as each of Envoy's threads has one
//! * [`host_state`] is what that instance can read, and what it did
//! * [`calls`] answers its host calls, unless [`fault`] makes one fail; [`memory`] copies bytes in and out
//! * [`shared`] is the data that all workers share; [`scheduler`] decides which worker reaches it next
//! * [`stream`] takes one request through its callbacks by Envoy's rules; [`downstream`] takes its response

mod calls;
mod downstream;
pub(crate) mod fault;
mod host_state;
mod memory;
pub(crate) mod module;
mod scheduler;
pub(crate) mod shared;
mod stream;
mod wasi;
mod worker;

pub(crate) use self::{
    downstream::{Downstream, Part},
    fault::{Fault, How},
    host_state::{CallKind, CallResponse, Delivery, OwnCall, Pairs, Reply},
    scheduler::{PLAYER, Scheduler},
    shared::Shared,
    stream::Stream,
    worker::{ROOT, Worker},
};
