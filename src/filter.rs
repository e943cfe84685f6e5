//! The shell: asks Envoy for bytes, and does what the engine says. It decides nothing.
//!
//! * [`host`] holds every call into Envoy, with failures as values
//! * [`root`] configures
//! * [`http`] goes through the phases of a request
//!
//! A trap here would end a worker's VM for every caller, so nothing in this module can panic.

mod host;
mod http;
mod paid;
mod root;
mod shared;

use proxy_wasm::types::LogLevel;

proxy_wasm::main! {{
    proxy_wasm::set_log_level(LogLevel::Info);
    proxy_wasm::set_root_context(|_| Box::new(root::Root::default()));
}}
