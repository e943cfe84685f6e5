//! End to end in a real Envoy.
#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test that finds something else than it expects should stop and say so"
)]

mod across_the_minute;
mod answer;
mod client;
mod clock;
mod concurrency;
mod configuration;
mod corpus;
mod forwarding;
mod gateway;
mod harness;
mod runtime;
mod samples;
mod upstream;
