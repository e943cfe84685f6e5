//! The shell: asks Envoy for bytes, and does what the engine decides. It decides nothing itself.
//!
//! * [`root`] loads the configuration and makes a filter for each HTTP stream
//! * [`policy_filter`] takes a request through its phases, [`console_filter`] serves the page on which people approve calls
//! * [`attributes`] collects what Envoy knows of a request and its caller
//! * [`response`] takes the response through: a refund, and what the caller may not see
//! * [`audit`] writes audit records, [`metrics`] counts them, [`counter_info`] names counters for the console
//! * [`lease`] counts open streams and what they hold; [`discarding`] has replies wait for the end of bodies that are too large
//! * [`notices`] announces new requests for approval
//! * [`pinned`] remembers and reports what lists show of pinned tools, [`listed`] which entries of policies none shows, both
//!   [`per_policy`]; [`tool_notes`] keeps what lists say of tools, for approvers
//! * [`shared_data`] is the store that all workers share
//! * [`unsafe_code`] has the host calls that the SDK lacks, and the allocator
//! * [`host`] makes every host call, with failures as values
//!
//! # What can trap
//!
//! A trap ends the VM of one worker, so no code of this crate panics. The SDK panics where a host breaks the ABI, or calls it again
//! from within a host call:
//! 1. A host call returns a status that the SDK does not expect. Envoy cannot: [`host`] makes each call where it succeeds or
//!    returns a status that the SDK hands on (`tests/host` has the table).
//! 2. A callback names a context or an HTTP callout that the SDK does not know. Envoy announces contexts before it uses
//!    them, deletes them last, and looks callouts up first.
//! 3. A host call ends the stream at once, and Envoy calls `on_log` from within it. Envoy does so where a buffer that it holds for
//!    a filter grows beyond its limit; [`response`] puts nothing into such a buffer.
//! 4. The VM's memory is exhausted. Envoy can bring that about; `protocol.max_held_bytes` keeps clients and servers from it.
//!
//! A trap refuses: Envoy answers 503 to every open request of that worker, and `FAIL_RELOAD` starts a new VM, which finds all
//! counters in shared data. Upstream: <https://github.com/proxy-wasm/proxy-wasm-rust-sdk/issues/310> and
//! <https://github.com/proxy-wasm/proxy-wasm-rust-sdk/pull/319>.

mod attributes;
mod audit;
mod console_filter;
mod counter_info;
mod discarding;
mod ending;
mod host;
mod lease;
mod listed;
mod metrics;
mod notices;
mod per_policy;
mod pinned;
mod policy_filter;
mod response;
mod root;
mod shared_data;
mod tick;
mod tool_notes;
mod unsafe_code;

use proxy_wasm::types::LogLevel;

proxy_wasm::main! {{
    // The level of Envoy's log is not known before a configuration comes.
    proxy_wasm::set_log_level(LogLevel::Info);
    proxy_wasm::set_root_context(|id| Box::new(root::FilterRoot::new(id)));
}}
