//! The definition of a tool, as a server lists it: what a model and a person read of it.

use super::message::MAX_DEPTH;
use crate::{
    budget::MAX_VALUES,
    digest::Digest,
    json::{self, Member, Node, Reader, Value, outline},
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
    // Not piece by piece: a digest takes several times as long for many short pieces.
    Some(Digest::of(canonical(entry)?.as_bytes()))
}

/// The canonical JSON that the digest is of.
#[must_use]
pub fn canonical(entry: &[u8]) -> Option<String> {
    let mut reader = Reader::new(entry, MAX_DEPTH).ok()?;
    let mut left = MAX_VALUES;
    let Value::Object(members) = Node::read_at_most(&mut reader, &mut left).ok()?.value else { return None };
    let members = members.into_iter().filter_map(significant).collect();
    let mut text = String::with_capacity(entry.len());
    json::canonical::write(&Value::Object(members), &mut text);
    Some(text)
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
fn significant(mut member: Member<'_>) -> Option<Member<'_>> {
    match (&*member.name, &mut member.node.value) {
        ("icons", _) => None,
        ("_meta", Value::Object(members)) => {
            members.retain(|member| USER_INTERFACE.contains(&&*member.name));
            if members.is_empty() { None } else { Some(member) }
        }
        _ => Some(member),
    }
}

#[cfg(test)]
mod tests {
    #[cfg(target_family = "wasm")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::{ToolEffect, canonical, digest, summary};

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
