//! The names of a call's arguments, for its audit record.

use std::borrow::Cow;

use crate::json;

/// Names of arguments as a JSON list. It is made while they are read, since most are in it as they were sent.
#[derive(Debug, Default)]
pub(in crate::mcp) struct NameList {
    /// The list without its end, in UTF-8.
    text: Vec<u8>,
    count: usize,
}

/// How many names of arguments are kept, for audit records, and how long they may be, in bytes.
const MAX_ARGUMENT_NAMES: usize = 32;
const MAX_ARGUMENT_NAME: usize = 64;
/// Room for the names of the arguments of most calls, in bytes.
const USUAL_NAMES: usize = 128;

impl NameList {
    /// Adds a name, which is borrowed if it was sent without escapes, and may then be written without them, too.
    pub(super) fn push(&mut self, name: Cow<'_, [u8]>) {
        if self.count >= MAX_ARGUMENT_NAMES {
            return;
        }
        if self.count == 0 {
            self.text.reserve(USUAL_NAMES);
        }
        self.text.extend_from_slice(if self.count == 0 { b"[\"" } else { b",\"" });
        match name {
            Cow::Borrowed(name) if name.len() <= MAX_ARGUMENT_NAME => self.text.extend_from_slice(name),
            _ => {
                let name = std::str::from_utf8(&name).unwrap_or_default();
                let front = name.get(..name.floor_char_boundary(MAX_ARGUMENT_NAME)).unwrap_or_default();
                let quoted = json::quoted(front);
                let escaped = quoted.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or_default();
                self.text.extend_from_slice(escaped.as_bytes());
            }
        }
        self.text.push(b'"');
        self.count = self.count.saturating_add(1);
    }

    /// The list.
    pub(in crate::mcp) fn into_text(mut self) -> String {
        self.text.extend_from_slice(if self.count == 0 { b"[]" } else { b"]" });
        String::from_utf8(self.text).unwrap_or_default()
    }
}
