//! What matters of a response's head.

use proxy_wasm::types::Status;

use crate::mcp::ResponseFormat;

use super::host;

/// The head of a response, as far as anything here needs it.
#[derive(Debug)]
pub(super) struct ResponseHead {
    /// Whether its status is neither a redirection nor an error: errors list nothing.
    pub(super) is_success: bool,
    /// `None` if the body is neither JSON nor an event stream.
    pub(super) format: Option<ResponseFormat>,
    /// Whether the body is not compressed.
    pub(super) is_plain: bool,
}

impl ResponseHead {
    /// Reads the head. Call it in the response-headers callback only.
    ///
    /// # Errors
    /// If Envoy does not return a header.
    pub(super) fn read() -> Result<Self, Status> {
        let status = host::response_header(":status")?;
        let content_type = host::response_header("content-type")?;
        let encoding = host::response_header("content-encoding")?;
        Ok(Self {
            is_success: !status.is_some_and(|status| matches!(*status, [b'3'..=b'5', _, _])),
            format: content_type.and_then(|content_type| ResponseFormat::from_content_type(&content_type)),
            is_plain: encoding.is_none_or(|encoding| encoding == b"identity"),
        })
    }
}
