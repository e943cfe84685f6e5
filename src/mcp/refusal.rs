//! Why a request is not judged at all.

use std::fmt;

use crate::json;

/// A JSON-RPC error code of ours; MCP 2026-07-28, `basic`, error codes: own codes lie outside -32768..-32000.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Code {
    /// The body is not JSON.
    Parse,
    /// The body is JSON and no MCP message, or one that servers read differently.
    Invalid,
    /// The 2026-07-28 headers and the body disagree.
    HeaderMismatch,
    /// Our own failure.
    Internal,
    /// There is no such tool, as far as the caller is told.
    InvalidParams,
    /// The policy refuses the call.
    Denied,
    /// The call needs somebody's approval.
    ApprovalNeeded,
    /// A limit has no room.
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
            Self::Denied => -31403,
            Self::ApprovalNeeded => -31428,
            Self::RateLimited => -31429,
        }
    }
}

/// A request that servers may read differently from us, or not at all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// HTTP status.
    pub status: u16,
    /// JSON-RPC error code.
    pub code: Code,
    /// The id token as sent, where it was read beyond doubt.
    pub id: Option<String>,
    /// What is wrong and what to send instead.
    pub message: String,
}

impl Refusal {
    /// A refusal with an HTTP status of its own (405, 413, 415), found in the head.
    #[must_use]
    pub fn head(status: u16, why: impl Into<String>) -> Self {
        Self { status, code: Code::Invalid, id: None, message: why.into() }
    }

    /// A body that is JSON and no acceptable message.
    #[must_use]
    pub fn invalid(id: Option<String>, why: impl Into<String>) -> Self {
        Self { status: 400, code: Code::Invalid, id, message: why.into() }
    }

    /// Headers that contradict the body; MCP 2026-07-28, streamable HTTP, request headers.
    #[must_use]
    pub fn mismatch(id: Option<String>, why: impl Into<String>) -> Self {
        Self { status: 400, code: Code::HeaderMismatch, id, message: why.into() }
    }
}

impl Refusal {
    /// Why, as one word of a few: for statistics.
    #[must_use]
    pub fn reason(&self) -> &'static str {
        match (self.code, self.status) {
            (_, 405) => "method",
            (_, 413) => "too_large",
            (_, 415) => "media_type",
            (Code::Parse, _) => "unreadable",
            (Code::HeaderMismatch, _) => "header_mismatch",
            _ => "ambiguous",
        }
    }
}

/// A body that is no strict JSON; its id is never known beyond doubt.
impl From<json::Fault> for Refusal {
    fn from(fault: json::Fault) -> Self {
        Self { status: 400, code: Code::Parse, id: None, message: format!("the body is not strict JSON: {fault}") }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Refusal {}
