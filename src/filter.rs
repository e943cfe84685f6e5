//! The shell: asks Envoy for bytes, and does what the engine says. It decides nothing.
//!
//! * [`exports`] is what Envoy calls, [`contexts`] whom that is for
//! * [`root`] configures
//! * [`http`] goes through the phases of a request, [`stream`] is what such a thing can be told; [`seen`] is what is known of it and its caller
//! * [`paid`] settles with its answer what a call was charged; [`edit`] takes out of it what may not be seen
//! * [`audit`] writes down what became of it, [`metrics`] counts it
//! * [`console`] serves the page on which people approve calls; [`labels`] and [`shared`] keep what it shows
//! * [`spread`] is how they find things in maps
//! * [`host`] holds every call into Envoy, with failures as values
//!
//! A trap here would end a worker's VM for every caller, so nothing in this module can panic. That is why it speaks the
//! proxy-wasm ABI itself: the SDK panics upon a context that it does not know, a status that it does not foresee and a
//! header that is not UTF-8; it also exports each callback there is, into which Envoy then calls for nothing.

mod audit;
mod console;
mod contexts;
mod edit;
mod exports;
mod host;
mod http;
mod labels;
mod metrics;
mod paid;
mod root;
mod seen;
mod shared;
mod spread;
mod stream;
