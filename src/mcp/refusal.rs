//! Why a request is refused before any rule is evaluated.

use std::fmt;

use super::refusal_text;
use crate::json;

/// A JSON-RPC error code of ours; MCP 2026-07-28, `basic`, error codes: own codes lie outside -32768..-32000.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Code {
    /// The body is not JSON.
    Parse,
    /// The body is JSON but not an MCP message, or one that servers read differently.
    Invalid,
    /// The 2026-07-28 headers and the body disagree.
    HeaderMismatch,
    /// The gateway failed.
    Internal,
    /// The server has no such tool, as far as the caller may know.
    InvalidParams,
    /// The policy denies a method that MCP does not define.
    MethodNotFound,
    /// The policy denies the call.
    Denied,
    /// A person has to approve the call.
    ApprovalNeeded,
    /// A limit is exhausted.
    RateLimited,
}

impl Code {
    /// The number on the wire.
    #[must_use]
    pub const fn number(self) -> i32 {
        match self {
            Self::Parse => -32700,
            Self::Invalid => -32600,
            Self::HeaderMismatch => -32020,
            Self::Internal => -32603,
            Self::InvalidParams => -32602,
            Self::MethodNotFound => -32601,
            Self::Denied => -31403,
            Self::ApprovalNeeded => -31428,
            Self::RateLimited => -31429,
        }
    }
}

/// A request that servers may read in another way than the gateway, or not at all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// HTTP status.
    pub status: u16,
    /// JSON-RPC error code.
    pub code: Code,
    /// The id token as sent, if it is unambiguous.
    pub id: Option<String>,
    /// What is wrong, and what to send instead.
    pub message: String,
}

impl Refusal {
    /// A refusal that the HTTP head decides, with its own status: 400, 405, 413 or 415.
    #[must_use]
    pub fn head(status: u16, message: impl Into<String>) -> Self {
        Self { status, code: Code::Invalid, id: None, message: message.into() }
    }

    /// A body that is JSON but not a valid message.
    #[must_use]
    pub fn invalid(id: Option<String>, message: impl Into<String>) -> Self {
        Self { status: 400, code: Code::Invalid, id, message: message.into() }
    }

    /// Headers that contradict the body; MCP 2026-07-28, streamable HTTP, request headers.
    #[must_use]
    pub fn mismatch(id: Option<String>, message: impl Into<String>) -> Self {
        Self { status: 400, code: Code::HeaderMismatch, id, message: message.into() }
    }

    /// A request for which its caller's share of memory has no room; product contract, section 3.1.
    #[must_use]
    pub fn no_room() -> Self {
        Self { status: 503, code: Code::Internal, id: None, message: refusal_text::NO_ROOM.to_owned() }
    }

    /// The reason as one word of a closed set, for statistics.
    #[must_use]
    pub fn reason(&self) -> &'static str {
        match (self.code, self.status) {
            (_, 405) => "method",
            (_, 413) => "too_large",
            (_, 415) => "media_type",
            (Code::Parse, _) => "unreadable",
            (Code::HeaderMismatch, _) => "header_mismatch",
            (Code::Internal, _) => "no_room",
            _ => "ambiguous",
        }
    }
}

/// A body that is not strict JSON: servers may disagree on its id.
impl From<json::Fault> for Refusal {
    fn from(fault: json::Fault) -> Self {
        Self { status: 400, code: Code::Parse, id: None, message: refusal_text::not_strict_json(&fault) }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Refusal {}
