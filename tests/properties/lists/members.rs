//! The parts of a message that filtering may change, and the bytes of those that it may not.

use std::fmt;

use mcp_policy::mcp::list::{ListKind, PrivateLists};
use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, Visitor},
};
use serde_json::value::RawValue;

use super::shows;

/// The members of an object, in order, each with its bytes.
#[derive(Debug)]
struct Members<'t>(Vec<(String, &'t RawValue)>);

impl<'de> Deserialize<'de> for Members<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Collect)
    }
}

struct Collect;

impl<'de> Visitor<'de> for Collect {
    type Value = Members<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut members = Vec::new();
        while let Some(member) = map.next_entry()? {
            members.push(member);
        }
        Ok(Members(members))
    }
}

fn read<'t, T: Deserialize<'t>>(text: &'t str) -> T {
    serde_json::from_str(text).unwrap_or_else(|error| unreadable(text, &error))
}

#[expect(clippy::panic, reason = "a test that finds no JSON should stop and say where")]
fn unreadable<T>(text: &str, error: &serde_json::Error) -> T {
    panic!("{error}: {text}")
}

/// Asserts that `after` is `before` without the entries that are not shown, and nothing else; of one message or of
/// several in an array.
#[track_caller]
pub(crate) fn assert_trimmed(before: &[u8], after: &[u8], private: PrivateLists) {
    let [before, after] = [before, after].map(|text| std::str::from_utf8(text).expect("UTF-8"));
    if !before.trim_start().starts_with('[') {
        return message(before, after, private);
    }
    let [before, after]: [Vec<&RawValue>; 2] = [read(before), read(after)];
    assert_eq!(before.len(), after.len());
    before.iter().zip(after).for_each(|(before, after)| message(before.get(), after.get(), private));
}

#[track_caller]
fn message(before: &str, after: &str, private: PrivateLists) {
    let [before, after]: [Members<'_>; 2] = [read(before), read(after)];
    let names = |members: &Members<'_>| members.0.iter().map(|(name, _)| name.clone()).collect::<Vec<_>>();
    assert_eq!(names(&before), names(&after));
    for ((name, before), (_, after)) in before.0.iter().zip(after.0) {
        if name == "result" && before.get().starts_with('{') {
            result(before.get(), after.get(), private);
        } else {
            assert_eq!(before.get(), after.get(), "{name}");
        }
    }
}

#[track_caller]
fn result(before: &str, after: &str, private: PrivateLists) {
    let [mut before, mut after]: [Members<'_>; 2] = [read(before), read(after)];
    let is_private = match private {
        PrivateLists::Never => false,
        PrivateLists::Filtered => before.0.iter().any(|(name, _)| is_cut(name, &before, &after)),
        PrivateLists::All => before.0.iter().any(|(name, _)| kind(name).is_some()),
    };
    if is_private {
        let of = |name: &str| after.0.iter().find(|(key, _)| key == name).expect("the member is there").1.get();
        assert_eq!(of("cacheScope"), r#""private""#);
        assert!(of("ttlMs").parse::<f64>().expect("a number") <= 60_000.0, "{}", of("ttlMs"));
        for members in [&mut before, &mut after] {
            members.0.retain(|(name, _)| !["cacheScope", "ttlMs"].contains(&name.as_str()));
        }
    }
    assert_eq!(before.0.len(), after.0.len());
    for ((name, before), (same, after)) in before.0.iter().zip(&after.0) {
        assert_eq!(name, same);
        let Some((kind, key)) = kind(name) else {
            assert_eq!(before.get(), after.get(), "{name}");
            continue;
        };
        let [before, after]: [Vec<&RawValue>; 2] = [read(before.get()), read(after.get())];
        let is_shown = |entry: &&RawValue| {
            let entry: serde_json::Value = read(entry.get());
            entry.get(key).and_then(|name| name.as_str()).is_some_and(|name| shows(kind, name))
        };
        let expected: Vec<&str> = before.into_iter().filter(is_shown).map(RawValue::get).collect();
        assert_eq!(expected, after.into_iter().map(RawValue::get).collect::<Vec<_>>());
    }
}

/// Whether the list in this member lost an entry.
fn is_cut(name: &str, before: &Members<'_>, after: &Members<'_>) -> bool {
    let count = |members: &Members<'_>| {
        let list = members.0.iter().find(|(key, _)| key == name).map(|(_, list)| read::<Vec<&RawValue>>(list.get()));
        list.map(|entries| entries.len())
    };
    kind(name).is_some() && count(before) != count(after)
}

/// What a member of a result lists, and by which of its members an entry is named.
fn kind(name: &str) -> Option<(ListKind, &'static str)> {
    match name {
        "tools" => Some((ListKind::Tools, "name")),
        "prompts" => Some((ListKind::Prompts, "name")),
        "resources" => Some((ListKind::Resources, "uri")),
        "resourceTemplates" => Some((ListKind::Templates, "uriTemplate")),
        _ => None,
    }
}
