//! Ways to look for a member.

use std::borrow::Cow;

use crate::lenient_parser::Value;

type Members = [(String, Value)];

fn matching<'t>(
    members: &'t Members,
    same: impl Fn(&str) -> bool + 't,
) -> impl DoubleEndedIterator<Item = &'t Value> + 't {
    members.iter().filter(move |(name, _)| same(name)).map(|(_, value)| value)
}

/// The last of this name.
pub(super) fn last<'t>(members: &'t Members, wanted: &str) -> Option<Cow<'t, Value>> {
    members.iter().rev().find(|(name, _)| name == wanted).map(|(_, value)| Cow::Borrowed(value))
}

/// The first of this name.
pub(super) fn first<'t>(members: &'t Members, wanted: &str) -> Option<Cow<'t, Value>> {
    members.iter().find(|(name, _)| name == wanted).map(|(_, value)| Cow::Borrowed(value))
}

/// The last of this name in any case; objects of one name are one, as when Go decodes into a struct.
pub(super) fn merged_and_folded<'t>(members: &'t Members, wanted: &str) -> Option<Cow<'t, Value>> {
    let wanted = folded(wanted);
    let found: Vec<&Value> = matching(members, move |name| folded(name) == wanted).collect();
    let last = *found.last()?;
    if !matches!(last, Value::Object(_)) {
        return Some(Cow::Borrowed(last));
    }
    let all = found.into_iter().flat_map(|value| match value {
        Value::Object(members) => members.clone(),
        _ => Vec::new(),
    });
    Some(Cow::Owned(Value::Object(all.collect())))
}

/// The last of this name, control characters left out.
pub(super) fn without_controls<'t>(members: &'t Members, wanted: &str) -> Option<Cow<'t, Value>> {
    let same = |name: &str| name.chars().filter(|c| !c.is_control()).eq(wanted.chars());
    members.iter().rev().find(|(name, _)| same(name)).map(|(_, value)| Cow::Borrowed(value))
}

/// The first of this name, names and texts ending at a NUL.
pub(super) fn first_to_nul<'t>(members: &'t Members, wanted: &str) -> Option<Cow<'t, Value>> {
    members.iter().find(|(name, _)| to_nul(name) == wanted).map(|(_, value)| Cow::Owned(cut(value, wanted)))
}

/// The last of this name, names and texts ending at a NUL.
pub(super) fn last_to_nul<'t>(members: &'t Members, wanted: &str) -> Option<Cow<'t, Value>> {
    members.iter().rev().find(|(name, _)| to_nul(name) == wanted).map(|(_, value)| Cow::Owned(cut(value, wanted)))
}

/// Exact in the envelope, the last in any case below it.
pub(super) fn folded_in_params<'t>(members: &'t Members, wanted: &str) -> Option<Cow<'t, Value>> {
    if ["id", "method", "params"].contains(&wanted) {
        return last(members, wanted);
    }
    let wanted = folded(wanted);
    members.iter().rev().find(|(name, _)| folded(name) == wanted).map(|(_, value)| Cow::Borrowed(value))
}

fn to_nul(text: &str) -> &str {
    text.split('\0').next().unwrap_or_default()
}

/// A method or a name as a C string; values that a rule reads are compared unchanged, in any language.
fn cut(value: &Value, wanted: &str) -> Value {
    match value {
        Value::Text(text) if wanted == "method" || wanted == "uri" => Value::Text(to_nul(text).to_owned()),
        other => other.clone(),
    }
}

/// Simple case folding by way of the standard library: lower case of upper case, where each is one character.
fn folded(text: &str) -> String {
    let simple = |c: char, mut chars: Box<dyn Iterator<Item = char>>| match (chars.next(), chars.next()) {
        (Some(one), None) => one,
        _ => c,
    };
    text.chars().map(|c| simple(c, Box::new(c.to_uppercase()))).map(|c| simple(c, Box::new(c.to_lowercase()))).collect()
}
