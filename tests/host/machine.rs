//! A proxy-wasm host: what stands in Envoy's place.
//!
//! * [`module`] finds the built module and compiles it once
//! * [`worker`] is one instance of it, as each of Envoy's threads has one
//! * [`world`] is what that instance can see, and what it did
//! * [`calls`] answers its imports, after [`fault`] had a say; [`memory`] carries the bytes
//! * [`shared`] is what all workers share; [`turns`] can decide who reaches it next
//! * [`stream`] takes one request through its callbacks by Envoy's rules, and what is said of it while it waits;
//!   [`downstream`] takes its answer

mod calls;
mod downstream;
pub(crate) mod fault;
mod memory;
pub(crate) mod module;
pub(crate) mod shared;
mod stream;
mod turns;
mod wasi;
mod worker;
mod world;

pub(crate) use self::{
    downstream::{Downstream, Part},
    fault::{Fault, How},
    shared::Shared,
    stream::Stream,
    turns::{PLAYER, Turns},
    worker::{ROOT, Worker},
    world::{Came, Does, OwnCall, Pairs, Reply, Said},
};
