//! What matters of a response's head.

use proxy_wasm::types::Status;

use crate::{
    config::Config,
    mcp::{ResponseFormat, names_event_stream},
};

use super::host;

/// The head of a response, as far as anything here needs it.
#[derive(Debug)]
pub(super) struct ResponseHead {
    /// Whether its status is neither a redirection nor an error: errors list nothing.
    pub(super) is_success: bool,
    /// How the body is read; `None` if clients do not agree on what it is.
    pub(super) format: Option<ResponseFormat>,
    /// Whether the body is not compressed.
    pub(super) is_plain: bool,
    /// Whether some client may read the body as an event stream; of a GET, anything else is a page.
    pub(super) is_stream: bool,
    /// Whether its status is 202.
    is_accepted: bool,
}

impl ResponseHead {
    /// Reads the head of the response to a request that asks for an event stream, or not. Call it in the response-headers callback only.
    ///
    /// # Errors
    /// If Envoy does not return a header.
    pub(super) fn read(asks_for_events: bool) -> Result<Self, Status> {
        let status = host::response_header(":status")?;
        let content_type = host::response_header("content-type")?.unwrap_or_default();
        let encoding = host::response_header("content-encoding")?;
        let status = status.as_deref().unwrap_or_default();
        let is_success = !matches!(status, [b'3'..=b'5', _, _]);
        let is_named = names_event_stream(&content_type);
        // A client that asks for a stream reads one, whatever the type says. Of any other body, no line goes on.
        let is_unnamed = asks_for_events && is_success && !is_named;
        Ok(Self {
            is_success,
            format: match ResponseFormat::from_content_type(&content_type) {
                _ if is_unnamed => Some(ResponseFormat::Sse),
                format => format,
            },
            is_plain: encoding.is_none_or(|encoding| encoding == b"identity"),
            is_stream: is_named || is_unnamed,
            is_accepted: status == b"202",
        })
    }

    /// Whether the answer to a message comes on another stream, as by the transport of revision 2024-11-05: no client reads this one.
    pub(super) fn defers_answer(&self, config: &Config) -> bool {
        config.protocol.legacy_sse && self.is_accepted && self.format.is_none()
    }
}
