//! `$ref` within one document: `#`, or `#` and a JSON pointer (RFC 6901, section 6).

use serde_json::Value;

/// What a reference refers to.
pub(super) struct Target<'s> {
    pub(super) schema: &'s Value,
    /// Its JSON pointer.
    pub(super) pointer: String,
}

/// Finds the target; `None` if it is not in this document, or not named by a pointer.
pub(super) fn resolve<'s>(root: &'s Value, reference: &str) -> Option<Target<'s>> {
    let pointer = decode(reference.strip_prefix('#')?)?;
    Some(Target { schema: root.pointer(&pointer)?, pointer })
}

/// A URI fragment without its percent-encoding.
fn decode(fragment: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(fragment.len());
    let mut rest = fragment;
    while let Some((front, behind)) = rest.split_once('%') {
        bytes.extend_from_slice(front.as_bytes());
        bytes.push(u8::from_str_radix(behind.get(..2)?, 16).ok()?);
        rest = behind.get(2..)?;
    }
    bytes.extend_from_slice(rest.as_bytes());
    String::from_utf8(bytes).ok()
}
