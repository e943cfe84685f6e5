//! The shell: asks Envoy for bytes, and does what the engine says. It decides nothing.
//!
//! * [`host`] holds every call into Envoy, with failures as values
//! * [`root`] configures
//! * [`http`] goes through the phases of a request; [`seen`] is what is known of it and its caller
//! * [`paid`] settles with its answer what a call was charged; [`edit`] takes out of it what may not be seen
//!
//! A trap here would end a worker's VM for every caller, so nothing in this module can panic. Of the SDK only the
//! dispatcher is used, which brings each callback to its context: its own calls panic when the host fails.

mod edit;
mod host;
mod http;
mod paid;
mod root;
mod seen;
mod shared;

proxy_wasm::main! {{
    host::start_log();
    proxy_wasm::set_root_context(|_| Box::new(root::Root::default()));
}}
