//! The traces that a request belongs to; <https://www.w3.org/TR/trace-context/#traceparent-header>.

use crate::json::Writer;

/// The traces that a request says it belongs to: one by its header, which gateways and meshes write, one by its `_meta`, which agents
/// write. With both, a record joins the trace of the network to that of the agent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TraceParents {
    header: Option<Box<str>>,
    meta: Option<Box<str>>,
}

impl TraceParents {
    /// The trace that a header names, if it has the form of a `traceparent`; a client may send anything.
    #[must_use]
    pub fn from_header(header: Option<&str>) -> Self {
        Self { header: header.and_then(read), meta: None }
    }

    /// Adds the trace that `_meta` names, by the same rule.
    pub fn add_meta(&mut self, meta: Option<&str>) {
        self.meta = meta.and_then(read);
    }

    /// The trace that `_meta` names.
    pub(super) fn meta(&self) -> Option<&str> {
        self.meta.as_deref()
    }

    pub(super) fn write(&self, record: &mut Writer) {
        if self.header.is_some() || self.meta.is_some() {
            record.add_object("traceparent", |traces| {
                traces.add_optional_string("header", self.header.as_deref());
                traces.add_optional_string("meta", self.meta.as_deref());
            });
        }
    }
}

fn read(text: &str) -> Option<Box<str>> {
    is_traceparent(text.as_bytes()).then(|| text.into())
}

/// Whether this is a version, a trace, a span and flags, each in lower-case hexadecimal digits of a fixed length.
fn is_traceparent(text: &[u8]) -> bool {
    let is_digit = |(at, byte): (usize, &u8)| match at {
        2 | 35 | 52 => *byte == b'-',
        _ => matches!(byte, b'0'..=b'9' | b'a'..=b'f'),
    };
    text.len() == 55 && text.iter().enumerate().all(is_digit)
}

#[cfg(test)]
mod tests {
    #[cfg(target_family = "wasm")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::{TraceParents, Writer};

    const TRACE: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

    fn written(header: Option<&str>, meta: Option<&str>) -> String {
        let (mut record, mut traces) = (Writer::default(), TraceParents::from_header(header));
        traces.add_meta(meta);
        traces.write(&mut record);
        record.finish()
    }

    #[test]
    fn both_traces_are_written_and_nothing_else_is() {
        assert_eq!(written(Some(TRACE), None), format!(r#"{{"traceparent":{{"header":"{TRACE}"}}}}"#));
        let other = TRACE.replace("4b", "5b");
        let both = format!(r#"{{"traceparent":{{"header":"{TRACE}","meta":"{other}"}}}}"#);
        assert_eq!(written(Some(TRACE), Some(&other)), both);
        for text in [
            "",
            "00",
            &TRACE.to_uppercase(),
            &TRACE.replace('-', "0"),
            &format!("{TRACE}-x"),
            &TRACE.replace("4b", "\"b"),
        ] {
            assert_eq!(written(Some(text), Some(text)), "{}", "{text}");
        }
    }
}
