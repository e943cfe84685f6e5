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
    /// The format that every client takes a content type for; RFC 9110, section 8.3.1. `None` if some client may take it for another
    /// one, or may decode the text by another charset than UTF-8: some clients compare the media type, others the front of the value,
    /// and others look for a name anywhere in it. Envoy joins several content types by commas.
    #[must_use]
    pub fn from_content_type(content_type: &[u8]) -> Option<Self> {
        let size = content_type.iter().position(|byte| *byte == b';').unwrap_or(content_type.len());
        let (media, parameters) = content_type.split_at_checked(size)?;
        let media = media.trim_ascii();
        let (format, other) = match () {
            () if is(media, b"text/event-stream") => (Self::Sse, &b"json"[..]),
            () if is(media, b"application/json") || is(media.last_chunk::<5>()?, b"+json") => {
                (Self::Json, EVENT_STREAM)
            }
            () => return None,
        };
        let charset = parameters.strip_prefix(b";").unwrap_or_default().trim_ascii();
        let is_utf8 = !names(parameters, b"charset") || UTF_8.iter().any(|name| is(charset, name));
        (is_utf8 && !content_type.contains(&b',') && !names(content_type, other)).then_some(format)
    }
}

/// What names an event stream, wherever it is in a header.
const EVENT_STREAM: &[u8] = b"event-stream";
/// The parameters that name UTF-8, or a part of it. The value may be quoted; RFC 9110, section 5.6.6. As in requests, a charset is the
/// only parameter: readers differ in which of several they take.
const UTF_8: [&[u8]; 3] = [b"charset=utf-8", b"charset=\"utf-8\"", b"charset=us-ascii"];

/// Whether a content type, or a list of them, may name an event stream to some reader.
#[must_use]
pub fn names_event_stream(value: &[u8]) -> bool {
    names(value, EVENT_STREAM)
}

/// Whether a value is this name.
fn is(value: &[u8], name: &[u8]) -> bool {
    value.len() == name.len() && names(value, name)
}

/// Whether a name is anywhere in a value.
#[inline(never)]
fn names(value: &[u8], name: &[u8]) -> bool {
    value.windows(name.len()).any(|part| part.eq_ignore_ascii_case(name))
}

#[cfg(test)]
mod tests {
    #[cfg(target_family = "wasm")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::{ResponseFormat, names_event_stream};

    #[track_caller]
    fn check(format: Option<ResponseFormat>, content_types: &[&str]) {
        for content_type in content_types {
            assert_eq!(ResponseFormat::from_content_type(content_type.as_bytes()), format, "{content_type}");
        }
    }

    #[test]
    fn a_content_type_is_one_media_type_with_any_parameters_in_utf_8() {
        let json = [
            "application/json",
            "Application/JSON; charset=utf-8",
            " application/json ;charset=\"UTF-8\"",
            "application/problem+json",
            "application/json; charset=us-ascii",
            "application/json; profile=\"x\"",
        ];
        check(Some(ResponseFormat::Json), &json);
        check(
            Some(ResponseFormat::Sse),
            &["text/event-stream", "Text/Event-Stream;charset=UTF-8", "text/event-stream; x=1"],
        );
        check(None, &["text/html", "application/jsonx", "text/event-streams", "x-json", ""]);
    }

    #[test]
    fn a_content_type_that_some_client_takes_for_another_one_is_none() {
        let both = [
            "application/json; x=text/event-stream",
            "text/event-stream; x=application/json",
            "text/event-stream+json",
            "application/json;x=\"; TEXT/EVENT-STREAM\"",
            "text/plain; x=text/event-stream",
            "text/plain; application/json",
        ];
        check(None, &both);
        let repeated = [
            "application/json, text/event-stream",
            "application/json,text/event-stream",
            "application/json,application/json",
            "text/event-stream, text/plain",
            "application/json; x=1, text/plain",
        ];
        check(None, &repeated);
    }

    #[test]
    fn a_content_type_with_another_charset_than_utf_8_is_none() {
        for charset in [
            "charset=utf-16",
            "charset=UTF-16BE",
            "charset=iso-8859-1",
            "charset=\"utf-16\"",
            "charset=utf-8; charset=utf-16",
            "x=1; charset=utf-8",
            "x=\"; charset=utf-7\"",
            "charset*=utf-8''utf-16",
            "charset*0=utf-; charset*1=16",
            "charset = utf-16",
            "charset",
        ] {
            check(None, &[&format!("application/json; {charset}"), &format!("text/event-stream;{charset}")]);
        }
    }

    #[test]
    fn what_names_an_event_stream_anywhere_may_be_read_as_one() {
        for value in ["text/event-stream", "application/json, Text/Event-Stream;q=0.9", "x; y=text/event-stream"] {
            assert!(names_event_stream(value.as_bytes()), "{value}");
        }
        for value in ["", "text/html", "*/*", "text/event"] {
            assert!(!names_event_stream(value.as_bytes()), "{value}");
        }
    }
}
