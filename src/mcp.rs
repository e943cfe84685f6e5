//! What was said: from an HTTP request to one valid MCP message, or to the reason why it is none.
//!
//! Nothing here knows what a policy permits. The order of a request:
//!
//! 1. [`head::inspect`] looks at the HTTP head: pass on without a look, refuse, or wait for the body
//! 2. [`Message::read`] reads the body: a message by construction, with the names a policy decides on
//! 3. [`revision::check_headers`] compares the two, where the protocol revision mirrors parts of the body in headers
//! 4. [`answer`] writes JSON-RPC replies
//! 5. [`list`] takes out of the server's lists what may not be called
//! 6. [`call_result`] hears whether the server's answer says that the call failed
//!
//! Protocol revisions 2025-03-26, 2025-06-18, 2025-11-25 and 2026-07-28.

pub mod answer;
pub(crate) mod base64;
mod batch;
pub mod call_result;
pub mod head;
mod id;
pub mod legacy_sse;
pub mod list;
mod message;
mod method;
mod params;
mod refusal;
mod response_format;
pub mod revision;
mod sse;

pub use self::{
    batch::{Body, calls, requests},
    id::Id,
    message::{Message, Request},
    method::{Method, MethodClass},
    params::{MAX_NAME, MAX_URI, Target},
    refusal::{Code, Refusal},
    response_format::ResponseFormat,
};
