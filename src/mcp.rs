//! The MCP protocol: reads HTTP requests as MCP messages, or refuses them, and reads and filters the server's responses.
//! What a policy permits is decided elsewhere.
//!
//! The order of a request:
//!
//! 1. [`head::check_head`] checks the HTTP headers: continue without a body, refuse, or wait for the body
//! 2. [`Message::read`] parses the body into a message, with the names that a policy decides on
//! 3. [`revision::check_headers`] compares both; [`refused::complete_refusal`] gives what is refused up to here its id and status
//! 4. [`answer`] writes JSON-RPC responses
//! 5. [`list`] removes entries that the caller may not call from the server's lists
//! 6. [`elicitation`] reads whether the client shows pages to its user, if a person has to approve the call
//! 7. [`call_result`] reads from the server's response whether the call failed, [`created_task`] which tasks it created
//!
//! Protocol revisions 2025-03-26, 2025-06-18, 2025-11-25 and 2026-07-28.

pub mod answer;
pub(crate) mod base64;
mod batch;
pub mod call_result;
pub mod created_task;
pub mod elicitation;
pub mod head;
mod id;
pub mod legacy_sse;
pub mod list;
mod message;
mod method;
pub(crate) mod notice;
mod params;
mod refusal;
pub mod refusal_text;
pub mod refused;
mod response_format;
pub mod revision;
pub(crate) mod sse;

pub use self::{
    batch::{Body, calls, requests},
    id::Id,
    message::{Message, Request},
    method::{Method, MethodClass},
    params::{MAX_NAME, MAX_URI, Target},
    refusal::{Code, Refusal},
    response_format::{ResponseFormat, names_event_stream},
    sse::UniformEvents,
};
