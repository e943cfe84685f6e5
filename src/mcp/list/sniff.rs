//! Recognizes by its first members whether a message lists something.
//!
//! It reads as the most lenient client would, keeps at most one name, and never decides which entries are visible: it only
//! finds messages that need not be held back.

use crate::json::{Reader, fold::is_read_as};

use super::{super::Id, LISTS};

/// Reads the text of one message as it comes.
#[derive(Clone, Debug, Default)]
pub(super) struct Sniffer {
    /// Arrays and objects that are open.
    depth: u32,
    in_string: bool,
    escaped: bool,
    /// Whether the next string is a member's name.
    name_next: bool,
    /// The name or the id that is being read, with its quotes.
    token: Vec<u8>,
    part: Part,
    /// The member of the message that is being read.
    member: Member,
    /// Whether the value of `result` is an object.
    in_result: bool,
    is_batch: bool,
    is_other: bool,
    is_list: bool,
    id: Option<String>,
}

/// What the current bytes belong to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Part {
    #[default]
    Nothing,
    /// The name of a member of the message or of its `result`.
    Name,
    /// The value of `id`.
    Id,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Member {
    #[default]
    Other,
    Result,
    Error,
    Id,
}

/// Members of results that are not lists: MCP 2025-03-26 to 2026-07-28, calls, prompts, resources, completions and the
/// handshake.
const OTHER_RESULTS: [&str; 6] = ["content", "contents", "messages", "completion", "capabilities", "task"];
/// The longest name that matters is `resourceTemplates`, each letter of it written as six characters; ids have 256
/// bytes.
const MAX_TOKEN: usize = 260;

impl Sniffer {
    /// Takes the next bytes.
    pub(super) fn push(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.byte(*byte);
        }
    }

    /// Whether a member shows that the message lists nothing.
    pub(super) fn is_not_list(&self) -> bool {
        self.is_other
    }

    /// Whether a member shows that the message lists something, after one that shows that it does not.
    pub(super) fn is_contradictory(&self) -> bool {
        self.is_other && self.is_list
    }

    /// Whether the message may list something: it has such a member, or is a batch.
    pub(super) fn may_contain_list(&self) -> bool {
        self.is_list || self.is_batch
    }

    /// The id as it is written, once it has come.
    pub(super) fn id(&self) -> Option<&str> {
        self.id.as_deref()
    }

    fn byte(&mut self, byte: u8) {
        if self.part != Part::Nothing && self.token.len() <= MAX_TOKEN {
            self.token.push(byte);
        }
        if self.in_string {
            match byte {
                _ if self.escaped => self.escaped = false,
                b'\\' => self.escaped = true,
                b'"' => {
                    self.in_string = false;
                    if self.part == Part::Name {
                        self.end_name();
                    }
                }
                _ => {}
            }
            return;
        }
        match byte {
            b'"' => {
                self.in_string = true;
                if self.name_next && self.is_watched() {
                    self.part = Part::Name;
                    self.token = vec![b'"'];
                }
                self.name_next = false;
            }
            b'{' | b'[' => {
                self.is_batch |= self.depth == 0 && byte == b'[';
                self.in_result |= self.depth == 1 && self.member == Member::Result && byte == b'{';
                // Some servers write `null` for no error, in front of the result.
                self.is_other |= self.depth == 1 && self.member == Member::Error && byte == b'{' && !self.is_list;
                self.depth = self.depth.saturating_add(1);
                self.name_next = byte == b'{';
            }
            b'}' | b']' => {
                self.end_value();
                self.depth = self.depth.saturating_sub(1);
                self.in_result &= self.depth > 1;
                self.name_next = false;
            }
            b',' => {
                self.end_value();
                self.name_next = true;
            }
            b':' if self.depth == 1 && self.member == Member::Id => {
                self.part = Part::Id;
                self.token.clear();
            }
            _ => {}
        }
    }

    /// Whether the members at this depth are those of the message or of its `result`.
    fn is_watched(&self) -> bool {
        !self.is_batch && (self.depth == 1 || self.depth == 2 && self.in_result)
    }

    fn end_name(&mut self) {
        self.part = Part::Nothing;
        let token = std::mem::take(&mut self.token);
        let name = Reader::new(&token, 1).and_then(|mut reader| reader.string().map(|name| name.into_owned()));
        let name = name.unwrap_or_default();
        if self.depth == 1 {
            self.is_other |= name == "method" && !self.is_list;
            self.member = match &*name {
                "error" => Member::Error,
                "id" => Member::Id,
                name if is_read_as(name, "result") => Member::Result,
                _ => Member::Other,
            };
        } else {
            self.is_list |= LISTS.iter().any(|list| is_read_as(&name, list));
            self.is_other |= OTHER_RESULTS.contains(&&*name) && !self.is_list;
        }
    }

    fn end_value(&mut self) {
        if self.part == Part::Id && self.depth == 1 {
            self.part = Part::Nothing;
            // The `,` or `}` that ended the value follows it in `token`, and is not read.
            let id = Reader::new(&self.token, 1).and_then(|mut reader| Id::read(&mut reader));
            self.id = id.ok().flatten().map(|id| id.token().to_owned());
        }
    }
}

#[cfg(test)]
mod tests {
    #[cfg(target_family = "wasm")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::Sniffer;

    fn sniffed(text: &str) -> Sniffer {
        let mut sniffer = Sniffer::default();
        sniffer.push(text.as_bytes());
        sniffer
    }

    #[test]
    fn a_message_with_a_method_an_error_or_the_result_of_a_call_lists_nothing() {
        for text in [
            r#"{"jsonrpc":"2.0","method":"notifications/progress","params":{"#,
            r#"{"id":1,"error":{"#,
            r#"{"result": {"content":["#,
            r#"{"result":{"_meta":{"tools":[]},"m\u0065ssages""#,
        ] {
            assert!(sniffed(text).is_not_list(), "{text}");
            assert!(!sniffed(text).may_contain_list(), "{text}");
        }
    }

    #[test]
    fn a_result_with_the_member_of_a_list_may_list() {
        for text in [
            r#"{"result":{"tools":["#,
            r#"{"jsonrpc":"2.0","id":1,"result":{"_meta":{},"nextCursor":"x","resourceTemplates""#,
            r#"{"result":{"\u0074ools":1"#,
            r#"{"error":null,"result":{"tools""#,
            r#"{"result":{"tools":[],"content":[]},"method":"x""#,
            r#"{"Result":{"TOOLS""#,
            r#"{"re\u017Fult\u0000x":{"prompts\u0000""#,
            "[{",
        ] {
            assert!(sniffed(text).may_contain_list(), "{text}");
            assert!(!sniffed(text).is_not_list(), "{text}");
        }
    }

    #[test]
    fn a_message_that_lists_something_after_a_member_of_another_kind_is_contradictory() {
        for text in [
            r#"{"method":"x","result":{"prompts""#,
            r#"{"error":{},"result":{"tools""#,
            r#"{"result":{"content":[]},"result":{"tools""#,
            r#"{"result":{"content":[]},"Result":{"tools""#,
        ] {
            assert!(sniffed(text).is_contradictory(), "{text}");
        }
        assert!(!sniffed(r#"{"result":{"tools":[],"content":[]},"error":{"#).is_contradictory());
    }

    #[test]
    fn names_elsewhere_have_no_meaning() {
        for text in [
            r#"{"params":{"tools":[],"method":"x"},"#,
            r#"{"result":["tools","error"],"#,
            r#"{"result":{"x":{"tools":1},"y":"tools","#,
            r#"{"result":{},"x":{"tools":1},"#,
            r#"{"x":"method","y":"\"error\":"#,
        ] {
            assert!(!sniffed(text).is_not_list() && !sniffed(text).may_contain_list(), "{text}");
        }
    }

    #[test]
    fn the_id_is_returned_as_it_is_written() {
        for (text, id) in [
            (r#"{"id": 7 ,"#, Some("7")),
            (r#"{"jsonrpc":"2.0","id":"a\",b"}"#, Some(r#""a\",b""#)),
            (r#"{"id":7"#, None),
            (r#"{"params":{"id":7},"#, None),
            (r#"{"id":{"id":7},"#, None),
            (r#"{"id":[7],"#, None),
        ] {
            assert_eq!(sniffed(text).id(), id, "{text}");
        }
    }
}
