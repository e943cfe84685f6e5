//! The format of a server's response, by its content type.

/// The format of a response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ResponseFormat {
    /// One message.
    Json,
    /// Messages as events; <https://html.spec.whatwg.org/multipage/server-sent-events.html>.
    Sse,
}

impl ResponseFormat {
    /// The format that the most lenient client takes a content type for: many clients search it for a substring, event
    /// streams first.
    #[must_use]
    pub fn from_content_type(content_type: &[u8]) -> Option<Self> {
        let lower = content_type.to_ascii_lowercase();
        let has = |media: &[u8]| lower.windows(media.len()).any(|part| part == media);
        match () {
            () if has(b"text/event-stream") => Some(Self::Sse),
            () if has(b"json") => Some(Self::Json),
            () => None,
        }
    }
}

#[cfg(test)]
mod tests {
    #[cfg(target_family = "wasm")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::ResponseFormat;

    #[test]
    fn a_content_type_is_read_as_the_most_lenient_client_reads_it() {
        for (content_type, form) in [
            ("application/json", Some(ResponseFormat::Json)),
            ("Application/JSON; charset=utf-8", Some(ResponseFormat::Json)),
            ("application/problem+json", Some(ResponseFormat::Json)),
            ("text/event-stream", Some(ResponseFormat::Sse)),
            ("text/plain; x=Text/Event-Stream", Some(ResponseFormat::Sse)),
            ("application/json, text/event-stream", Some(ResponseFormat::Sse)),
            ("text/html", None),
            ("", None),
        ] {
            assert_eq!(ResponseFormat::from_content_type(content_type.as_bytes()), form, "{content_type}");
        }
    }
}
