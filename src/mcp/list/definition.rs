//! The definition of a tool, as a server lists it: what a model and a person read of it.

use super::{ENTRIES_AT_ONCE, message::MAX_DEPTH};
use crate::{
    budget::MAX_VALUES,
    digest::{Digest, padded},
    json::{
        Reader,
        canonical::{Part, Writer},
        outline,
    },
};

/// The members of `_meta` that choose what a host shows in place of a result: MCP Apps and the Apps SDK. MCP Apps was released with
/// `ui.resourceUri`; hosts read `ui/resourceUri` of its drafts, too, so a server could swap the resource there unseen.
const USER_INTERFACE: [&str; 3] = ["ui", "ui/resourceUri", "openai/outputTemplate"];

/// The digest of an entry of `tools/list`, by its canonical JSON (RFC 8785): all of it but `icons`, and of `_meta` only what
/// chooses a user interface. `None` if the entry is not an object that the strict reader accepts, or holds more values than
/// rules read.
///
/// ```
/// # use mcp_policy::mcp::list::definition;
/// let plain = definition::digest(br#"{"name": "pay", "description": "Pays"}"#);
/// let same = definition::digest(br#"{"description": "P\u0061ys", "name": "pay", "icons": [], "_meta": {"v": 2}}"#);
/// assert_eq!(plain, same);
/// assert_ne!(plain, definition::digest(br#"{"name": "pay", "description": "Pays "}"#));
/// ```
#[must_use]
pub fn digest(entry: &[u8]) -> Option<Digest> {
    Some(Digest::of(canonical(entry)?.as_bytes()))
}

/// The canonical JSON that the digest is of.
#[must_use]
pub fn canonical(entry: &[u8]) -> Option<String> {
    let entry = Reader::new(entry, MAX_DEPTH).and_then(|mut reader| reader.skip()).ok()?;
    let mut text = Vec::with_capacity(entry.len());
    write(entry, &mut Writer::default(), &mut text)?;
    String::from_utf8(text).ok()
}

/// Appends the same of an entry that the strict reader has accepted.
fn write(entry: &[u8], writer: &mut Writer, out: &mut Vec<u8>) -> Option<()> {
    if entry.first() != Some(&b'{') {
        return None;
    }
    writer.write(entry, MAX_DEPTH, MAX_VALUES, Some(significant), out)
}

/// Makes the digests of many entries.
#[derive(Debug, Default)]
pub struct DefinitionDigests {
    writer: Writer,
    /// The canonical JSON of some. It is not digested piece by piece, which takes several times as long for many short pieces.
    text: Vec<u8>,
}

impl DefinitionDigests {
    /// The digests of some entries by their numbers, as [`digest`] makes them. Each is one that the strict reader has accepted.
    pub fn of_accepted<'e>(&mut self, entry: impl Fn(usize) -> Option<&'e [u8]>) -> [Option<Digest>; ENTRIES_AT_ONCE] {
        let Self { writer, text } = self;
        padded::digests(text, |number, text| write(entry(number)?, writer, text))
    }
}

/// The front of a tool's description, of up to 256 characters, and whether its annotations say that it reads only, or that it destroys;
/// MCP 2025-11-25, tool annotations. They are the server's word.
#[must_use]
pub fn summary(entry: &[u8]) -> (String, Option<ToolEffect>) {
    let (mut description, mut reads, mut destroys) = (String::new(), false, false);
    // The strict reader has accepted the entry; what is of another type says nothing.
    let _ = outline::members(entry, |name, value| match name {
        "description" => {
            let text = Reader::new(value, 1).and_then(|mut reader| reader.string().map(|text| text.into_owned()));
            description = text.unwrap_or_default().chars().take(MAX_DESCRIPTION).collect();
        }
        "annotations" => {
            let _ = outline::members(value, |name, value| match name {
                "readOnlyHint" => reads = value == b"true",
                "destructiveHint" => destroys = value == b"true",
                _ => {}
            });
        }
        _ => {}
    });
    let effect = match (reads, destroys) {
        (_, true) => Some(ToolEffect::Destroys),
        (true, false) => Some(ToolEffect::Reads),
        (false, false) => None,
    };
    (description, effect)
}

/// What a server says that a tool does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ToolEffect {
    /// It changes nothing.
    Reads,
    /// It may destroy something.
    Destroys,
}

/// Characters of a description that an approver reads.
const MAX_DESCRIPTION: usize = 256;

/// The part of a member that a definition consists of.
fn significant(name: &[u8]) -> Part {
    match name {
        b"icons" => Part::Nothing,
        b"_meta" => Part::Members(|name| {
            if USER_INTERFACE.iter().any(|known| known.as_bytes() == name) { Part::Whole } else { Part::Nothing }
        }),
        _ => Part::Whole,
    }
}

#[cfg(test)]
mod tests {
    #[cfg(target_family = "wasm")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::{DefinitionDigests, ToolEffect, canonical, digest, summary};

    #[test]
    fn digests_of_several_are_those_of_each() {
        let long = format!(r#"{{"name":"a","description":"{}\u0021"}}"#, "é\\n".repeat(300));
        let entries = [r#"{"name":"b","a":1.0}"#, r#"{"icons":[],"name":"é"}"#, &long, r#"{"a":1}"#];
        let mut digests = DefinitionDigests::default();
        for missing in 0..=entries.len() {
            let entry = |number: usize| Some(entries[number].as_bytes()).filter(|_| number != missing);
            let expected = [0, 1, 2, 3].map(|number| digest(entry(number)?));
            assert_eq!(digests.of_accepted(entry), expected, "without {missing}");
            assert_eq!(expected.iter().flatten().count(), if missing < 4 { 3 } else { 4 });
        }
        assert_eq!(digests.of_accepted(|number| Some([&b"[]"[..], b"1", b"{}", b""][number]))[..2], [None, None]);
    }

    #[test]
    fn a_summary_has_what_the_server_says_of_a_tool() {
        let long = format!(r#"{{"name":"a","description":"{}"}}"#, "é".repeat(300));
        for (entry, description, effect) in [
            (r#"{"name":"a"}"#, String::new(), None),
            (
                r#"{"description":"P\u0061ys","annotations":{"readOnlyHint":true}}"#,
                "Pays".to_owned(),
                Some(ToolEffect::Reads),
            ),
            (
                r#"{"annotations":{"readOnlyHint":true,"destructiveHint":true}}"#,
                String::new(),
                Some(ToolEffect::Destroys),
            ),
            (r#"{"description":1,"annotations":{"readOnlyHint":"true"}}"#, String::new(), None),
            (&long, "é".repeat(256), None),
        ] {
            assert_eq!(summary(entry.as_bytes()), (description, effect), "{entry}");
        }
    }

    #[test]
    fn icons_and_meta_are_left_out_but_for_what_chooses_a_user_interface() {
        for (entry, expected) in [
            (r#"{"name":"a","icons":[{"src":"x"}]}"#, r#"{"name":"a"}"#),
            (r#"{"_meta":{"x":1},"name":"a"}"#, r#"{"name":"a"}"#),
            (r#"{"_meta":{},"name":"a"}"#, r#"{"name":"a"}"#),
            (r#"{"_meta":null,"name":"a"}"#, r#"{"_meta":null,"name":"a"}"#),
            (
                r#"{"_meta":{"x":1,"ui":{"resourceUri":"ui://a"},"openai/outputTemplate":"ui://b"},"name":"a"}"#,
                r#"{"_meta":{"openai/outputTemplate":"ui://b","ui":{"resourceUri":"ui://a"}},"name":"a"}"#,
            ),
            (r#"{"_meta":{"ui/resourceUri":"ui://a"}}"#, r#"{"_meta":{"ui/resourceUri":"ui://a"}}"#),
            (
                r#"{"inputSchema":{"icons":1,"_meta":{"x":1}},"annotations":{"readOnlyHint":true}}"#,
                r#"{"annotations":{"readOnlyHint":true},"inputSchema":{"_meta":{"x":1},"icons":1}}"#,
            ),
        ] {
            assert_eq!(canonical(entry.as_bytes()).as_deref(), Some(expected));
        }
        assert_eq!(canonical(b"[]"), None);
    }

    #[test]
    fn every_other_difference_changes_the_digest() {
        let plain = r#"{"name":"a","title":"A","description":"d","inputSchema":{"type":"object"},"annotations":{}}"#;
        let of = |text: &str| digest(text.as_bytes()).unwrap();
        for (from, to) in [
            ("\"d\"", "\"d\u{200b}\""),
            ("\"A\"", "\"B\""),
            ("{\"type\":\"object\"}", "{\"type\":\"object\",\"properties\":{\"x\":{}}}"),
            ("\"annotations\":{}", "\"annotations\":{\"readOnlyHint\":true}"),
            ("{\"name\"", "{\"outputSchema\":{},\"name\""),
            ("{\"name\"", "{\"_meta\":{\"ui\":{}},\"name\""),
        ] {
            assert_ne!(of(plain), of(&plain.replace(from, to)), "{to}");
        }
    }
}
