//! A proxy-wasm filter for Envoy that lets through only the MCP calls that a policy permits, and a command that checks,
//! explains and tests policies with the same engine.
//!
//! The core decides, the shell translates: only `filter` calls Envoy. The core reads no clock, writes no log and opens no
//! socket: bytes and time in, a decision out. A failure is a refusing value everywhere.
//!
//! ```
//! use mcp_policy::{
//!     config::Config,
//!     engine::{self, BoundRequest, Disposition, RequestInfo},
//!     http::Headers,
//!     identity::Grant,
//!     store::InMemory,
//!     time::Timestamp,
//! };
//!
//! let policy = br#"{"version": "1", "default": "deny", "tools": {"get_weather": {"rate_limit": "1/minute"}}}"#;
//! let config = Config::load(policy).expect("a valid policy");
//! let info = RequestInfo::new(Headers::default(), Ok(Grant::from_name("jwt:alice")));
//! let request = BoundRequest::new(&config, info);
//! let body = br#"{"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": "get_weather"}}"#;
//!
//! let store = InMemory::new([7; 16]);
//! let call = || engine::authorize(&config, &request, body, "my-filter", Timestamp(0), &store);
//! assert!(matches!(call().answer, Disposition::Forward(_)));
//! let Disposition::Reply(reply) = call().answer else { panic!("the limit has no room") };
//! assert!(reply.body.contains("the tool `get_weather` has reached the rate limit of 1 call a minute"));
//! ```
//!
//! # The walk of one request
//!
//! Each step names its file, and none goes back.
//!
//! 1. `filter/policy_filter.rs` gets the headers from Envoy; `filter/attributes.rs` copies what is needed of them.
//! 2. `identity.rs` names the caller, and [`engine::BoundRequest`] (`engine/request.rs`) finds the policy that a binding selects
//!    (`config/bindings.rs`), once for all later steps.
//! 3. [`engine::check_headers`] (`engine.rs`) decides what the head alone decides, by `mcp/head.rs`.
//! 4. The complete body goes to [`engine::authorize`]. `json/reader.rs` reads it in one pass, `mcp/batch.rs` and
//!    `mcp/message.rs` make messages of it, and `mcp/revision.rs` compares them with the headers.
//! 5. `engine/authorize.rs` has the order of the decision on one screen. Its steps are in `engine/authorize/`: `method.rs`,
//!    `lookup.rs` (names), `evaluate.rs` (`require`, `deny_if`), `charge.rs` (what limits cost), `approval.rs`, and `enforce.rs`,
//!    which charges the [`limit`]s and consumes the [`approval`] in the [`store`].
//! 6. `engine/audit_record.rs` makes an [`audit`] record of the decision; `engine/reply.rs` makes a reply of a denial, with
//!    the sentences of `engine/authorize/denial_text.rs` and the shape of `mcp/answer.rs`.
//! 7. `filter/policy_filter.rs` forwards the request or sends the reply; `filter/audit.rs` writes the record.
//! 8. `filter/response.rs` takes the server's response: what it holds is judged by [`results`], lists are filtered by
//!    `mcp/list.rs`, a failed call's quota comes back by `engine/refund.rs`.
//!
//! # The walk of one policy document
//!
//! 1. `config/load.rs` takes the bytes; `json/tree.rs` (or `protobuf/structure.rs`) makes a tree of them.
//! 2. `json/cursor.rs` walks the tree, and reports each mistake with its JSON pointer to `json/diagnostic.rs`.
//! 3. `policy/document.rs` holds the policy as it is written.
//! 4. `policy/compile.rs` makes a `policy/model.rs` of it, in which every value can be enforced: names and patterns become
//!    tables (`policy/pattern.rs`), conditions become operators (`policy/condition.rs`).
//! 5. `config/bindings.rs` gives each policy its name and its bindings.
//!
//! # Rooms
//!
//! Imports run one way. `mcp` (what was said), `policy` (what is permitted), `limit` (what was used), `identity` (who calls) and
//! `approval` (who approved) do not import each other, but for two lists of names that `policy` knows: the methods of `mcp`, and the
//! sources of `identity`. Of the core only `engine` imports all five, and `audit` records its decisions.
//! [`results`] judges what answers hold, by rules that `engine` selects.
//! [`console`] is the page on which people decide, served by the filter on a listener of its own. [`json`], [`http`],
//! [`amount`], [`window`], [`time`], [`text`], [`bytes`], [`digest`], [`protobuf`] and [`store`] are what all of them share. [`budget`] has what one request may
//! take of memory and of work.

pub mod amount;
pub mod approval;
pub mod audit;
pub mod budget;
pub mod bytes;
#[cfg(not(target_os = "wasi"))]
pub mod cases;
#[cfg(not(target_os = "wasi"))]
pub mod compare;
pub mod config;
pub mod console;
pub mod digest;
pub mod drift;
pub mod engine;
#[cfg(not(target_os = "wasi"))]
pub mod evidence;
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
pub mod results;
pub mod store;
pub mod text;
pub mod time;
mod uri;
pub mod window;
