//! A Wasm filter for Envoy that lets through only the MCP calls a policy permits, and a command that checks, explains and
//! tests policies with the same engine.
//!
//! # The path of a request
//!
//! ```text
//!   src/filter (in Envoy only)              src/bin/mcp-policy, tests
//!        │  head, body, time, shared data         │  files, arguments
//!        ▼                                        ▼
//!   engine ── open(head), judge(body) ────────────┘
//!        ├───────────────┬─────────────────┬────────────────┬───────────────┐
//!        ▼               ▼                 ▼                ▼               ▼
//!   mcp              policy            limit            caller          approval
//!   what was said    what is permitted what was used    who says it     who said yes
//! ```
//!
//! 1. The filter copies the head, has [`identity`] tell who calls, and asks [`engine::check_headers`] what the head alone decides.
//! 2. It waits for the whole body, and hands it to [`engine::authorize`].
//! 3. The engine reads it as one [`mcp::Message`], finds what the [`policy`] says of it, charges its [`limit`]s, and
//!    answers: forward, or a reply. A refused call gets its HTTP status in [`mcp::answer`].
//! 4. The filter does that, and leaves the audit record.
//!
//! A call that somebody has to approve leaves a question in the same shared data ([`approval`]); [`console`] is the page on
//! which it is answered, served by the filter on a listener of its own.
//!
//! The core decides, the shell translates: nothing but `filter` calls Envoy, and nothing in the core asks a clock, writes
//! a log or opens a socket. Imports run one way, downwards; `mcp`, `policy`, `limit` and `caller` do not know each other, and
//! `approval` knows the cells that `limit` counts in. [`json`], [`http`], [`amount`] and [`protobuf`] are what they
//! share: the strict reader, documents read with all their mistakes, headers with repeats in sight, exact amounts, Envoy's own
//! structures. A failure is a refusing value everywhere.

pub mod amount;
pub mod approval;
pub mod audit;
#[cfg(not(target_os = "wasi"))]
pub mod cases;
pub mod config;
pub mod console;
pub mod engine;
#[cfg(target_os = "wasi")]
mod filter;
pub mod http;
pub mod identity;
pub mod json;
pub mod limit;
#[cfg(not(target_os = "wasi"))]
pub mod lint;
pub mod mcp;
pub mod policy;
pub mod protobuf;
pub mod store;
pub mod text;
pub mod time;
mod uri;
pub mod window;
