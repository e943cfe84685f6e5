//! Why a request is refused before any rule is evaluated.

use std::fmt;

use super::refusal_text;
use crate::{budget::ShareExhausted, json};

/// A JSON-RPC error code of this gateway; MCP 2026-07-28, `basic`, error codes: own codes lie outside -32768..-32000.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Code {
    /// The body is not JSON.
    Parse,
    /// The body is JSON but not an MCP message, or one that servers read differently.
    Invalid,
    /// The 2026-07-28 headers and the body disagree.
    HeaderMismatch,
    /// The protocol revision is not accepted.
    UnsupportedVersion,
    /// The gateway failed.
    Internal,
    /// The server has no such tool, as far as the caller may know; or a 2026-07-28 request lacks what `_meta` must have.
    InvalidParams,
    /// The protocol revision does not have the method, or the policy denies a method that MCP does not define.
    MethodNotFound,
    /// The policy denies the call.
    Denied,
    /// A person has to approve the call.
    ApprovalNeeded,
    /// The same, for a client of revision 2025-11-25 that shows addresses to its user.
    UrlElicitationRequired,
    /// A limit is exhausted.
    RateLimited,
    /// The answer to a call is larger than the policy allows, or than there is room for.
    ResultTooLarge,
    /// The answer to a call holds what the policy does not let through, or cannot be read.
    ResultDenied,
}

impl Code {
    /// The number on the wire.
    #[must_use]
    pub const fn number(self) -> i32 {
        match self {
            Self::Parse => -32700,
            Self::Invalid => -32600,
            Self::HeaderMismatch => -32020,
            Self::UnsupportedVersion => -32022,
            Self::Internal => -32603,
            Self::InvalidParams => -32602,
            Self::MethodNotFound => -32601,
            Self::Denied => -31403,
            Self::ApprovalNeeded => -31428,
            Self::UrlElicitationRequired => -32042,
            Self::RateLimited => -31429,
            Self::ResultTooLarge => -31413,
            Self::ResultDenied => -31451,
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
    /// The id token as sent, if it is unambiguous; [`complete_refusal`](super::refused::complete_refusal) finds it.
    pub id: Option<String>,
    /// What is wrong, and what to send instead.
    pub message: String,
    /// What is wrong, as one word of a closed set, for statistics.
    pub reason: &'static str,
}

impl Refusal {
    /// A refusal that the HTTP head decides, with its own status: 400, 405, 413 or 415.
    #[must_use]
    pub fn head(status: u16, message: impl Into<String>) -> Self {
        let reason = match status {
            405 => "method",
            413 => "too_large",
            415 => "media_type",
            _ => AMBIGUOUS,
        };
        Self { status, ..Self::new(Code::Invalid, reason, message) }
    }

    /// A body that is JSON but not a valid message.
    #[must_use]
    pub fn invalid(message: impl Into<String>) -> Self {
        Self::new(Code::Invalid, AMBIGUOUS, message)
    }

    /// Headers that contradict the body; MCP 2026-07-28, streamable HTTP, request headers.
    #[must_use]
    pub fn mismatch(message: impl Into<String>) -> Self {
        Self::new(Code::HeaderMismatch, "header_mismatch", message)
    }

    /// A request for which its caller's share has no room; product contract, section 3.1.
    #[must_use]
    pub fn no_room(exhausted: ShareExhausted) -> Self {
        let message = match exhausted {
            ShareExhausted::Streams => refusal_text::TOO_MANY_STREAMS,
            ShareExhausted::Bytes => refusal_text::NO_ROOM,
        };
        Self { status: 503, ..Self::new(Code::Internal, "no_room", message) }
    }

    /// A refusal with status 400 and no id.
    #[must_use]
    pub fn new(code: Code, reason: &'static str, message: impl Into<String>) -> Self {
        Self { status: 400, code, id: None, message: message.into(), reason }
    }
}

const AMBIGUOUS: &str = "ambiguous";

/// A body that is not strict JSON, or nests too deeply.
impl From<json::Fault> for Refusal {
    fn from(fault: json::Fault) -> Self {
        const UNREADABLE: &str = "unreadable";
        match fault.reason {
            json::Reason::TooDeep(_) => Self::new(Code::Invalid, UNREADABLE, refusal_text::too_deep(&fault)),
            json::Reason::Surrogate => Self::new(Code::Parse, UNREADABLE, refusal_text::half_surrogate(&fault)),
            _ => Self::new(Code::Parse, UNREADABLE, refusal_text::not_strict_json(&fault)),
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Refusal {}
