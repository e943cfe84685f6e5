//! What `mcp-policy render limitador` writes, in Limitador itself: its own reader, its own expressions, its own counts, and
//! requests as the filter makes them.
#![expect(
    clippy::expect_used,
    clippy::panic,
    reason = "a test that finds something else than it expects should stop and say so"
)]

mod asked;
mod counting;
mod service;
