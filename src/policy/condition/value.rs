//! What a policy may write as `value`: one function for each kind of value that operators take.

use crate::json::{Decimal, Node, Value};

use super::{
    ConditionError, Part,
    literal::{Literal, NOT_KEPT, Set},
    path_prefix::{self, PathPrefixes},
    text::RegexMatcher,
    url::Hosts,
};

/// `value`, or nothing where the policy has none.
type Written<'v> = Option<&'v Node<'v>>;

/// All that is wrong with it.
type Complaints = Vec<ConditionError>;

const LITERAL: &str = "a string, a number, a boolean, a list or an object, without `null`";
const PATTERN: &str = "a regular expression without look-around, back-references and `\\p{…}`, at most 64 KiB compiled";
const FOLDER: &str = "an absolute path without `.`, `..`, `//`, `\\`, `%` and control characters";
const FOLDERS: &str = "a list of one or more folders, such as `[\"/srv/files\"]`, or \
                       `{\"folders\": [\"/srv/files\"], \"base\": \"/srv\"}`";
const HOST: &str =
    "an ASCII host name, `*.` and a name, an IPv4 address or `[…]` with an IPv6 address; no scheme, no port";

/// `eq`, `neq`
pub(super) fn literal(value: Written<'_>) -> Result<Set, Complaints> {
    element(value).map(|literal| Set::new([literal]))
}

/// `in`, `not_in`
pub(super) fn literals(value: Written<'_>) -> Result<Set, Complaints> {
    let list = "a list of one or more values, such as `[\"dev\", \"staging\"]`, without `null`";
    let read = |index, node: &Node<'_>| {
        let complaint = |reason| ConditionError::new(Part::Item(index), Some(node), LITERAL).because(reason);
        Literal::new(node).map_err(complaint)
    };
    each(value, list, read).map(Set::new)
}

/// `lt`, `lte`, `gt`, `gte`
pub(super) fn number(value: Written<'_>) -> Result<Decimal, Complaints> {
    decimal(value, "a number, such as `100` or `0.5`")
}

/// `max_length`, `max_items`
pub(super) fn length(value: Written<'_>) -> Result<u64, Complaints> {
    let allowed = "a whole number from 0";
    decimal(value, allowed)?.scaled(0).ok_or_else(|| wrong(value, allowed))
}

/// `regex`
pub(super) fn pattern(value: Written<'_>) -> Result<RegexMatcher, Complaints> {
    let text = value.and_then(as_text).ok_or_else(|| wrong(value, PATTERN))?;
    RegexMatcher::new(text).map_err(|reason| because(value, PATTERN, &reason))
}

/// `includes`
pub(super) fn element(value: Written<'_>) -> Result<Literal, Complaints> {
    let node = value.ok_or_else(|| wrong(value, LITERAL))?;
    Literal::new(node).map_err(|reason| because(value, LITERAL, reason))
}

/// `contains`
pub(super) fn part(value: Written<'_>) -> Result<Literal, Complaints> {
    match element(value)? {
        Literal::Text(text) if text.is_empty() => Err(because(value, LITERAL, "every string contains it")),
        literal => Ok(literal),
    }
}

/// `exists`
pub(super) fn flag(value: Written<'_>) -> Result<bool, Complaints> {
    match value.map(|node| &node.value) {
        Some(Value::Bool(flag)) => Ok(*flag),
        _ => Err(wrong(value, "`true` or `false`")),
    }
}

/// `starts_with`, `ends_with`; every string would satisfy an empty one.
pub(super) fn text(value: Written<'_>) -> Result<String, Complaints> {
    let text = value.and_then(as_text).filter(|text| !text.is_empty());
    text.map(str::to_owned).ok_or_else(|| wrong(value, "a string that is not empty"))
}

/// `path_within`: a list of folders, or `{"folders": […], "base": "…"}`, where relative paths are joined to `base`.
pub(super) fn folders(value: Written<'_>) -> Result<PathPrefixes, Complaints> {
    let Some(Value::Object(members)) = value.map(|node| &node.value) else {
        return folder_list(value, FOLDERS, Part::Item).map(|folders| PathPrefixes::new(folders, None));
    };
    let (mut list, mut base, mut complaints) = (None, None, Vec::new());
    for member in members {
        match &*member.name {
            "folders" => list = Some(&member.node),
            "base" => base = Some(&member.node),
            _ => return Err(wrong(value, FOLDERS)),
        }
    }
    let base = base.and_then(|node| {
        let folder = as_text(node).and_then(path_prefix::folder);
        if folder.is_none() {
            complaints.push(ConditionError::new(Part::Base, Some(node), FOLDER));
        }
        folder
    });
    let Some(list) = list else { return Err(wrong(value, FOLDERS)) };
    match (folder_list(Some(list), FOLDERS, Part::Folder), base) {
        (Ok(folders), Some(base)) if complaints.is_empty() => Ok(PathPrefixes::new(folders, Some(base))),
        (Ok(_), None) if complaints.is_empty() => Err(wrong(value, FOLDERS)),
        (Ok(_), _) => Err(complaints),
        (Err(more), _) => Err(complaints.into_iter().chain(more).collect()),
    }
}

fn folder_list(value: Written<'_>, allowed: &'static str, part: fn(usize) -> Part) -> Result<Vec<String>, Complaints> {
    let read = |index, node: &Node<'_>| {
        let folder = as_text(node).and_then(path_prefix::folder);
        folder.ok_or_else(|| ConditionError::new(part(index), Some(node), FOLDER))
    };
    each(value, allowed, read)
}

/// `url_host_in`
pub(super) fn hosts(value: Written<'_>) -> Result<Hosts, Complaints> {
    let mut hosts = Hosts::default();
    let read = |index, node: &Node<'_>| {
        let added = as_text(node).and_then(|text| hosts.add(text));
        added.ok_or_else(|| ConditionError::new(Part::Item(index), Some(node), HOST))
    };
    each(value, "a list of one or more hosts, such as `[\"example.com\", \"*.example.com\"]`", read)?;
    Ok(hosts)
}

fn decimal(value: Written<'_>, allowed: &'static str) -> Result<Decimal, Complaints> {
    match value.map(|node| &node.value) {
        Some(Value::Number(text)) => Decimal::kept_by_double(text).ok_or_else(|| because(value, allowed, NOT_KEPT)),
        _ => Err(wrong(value, allowed)),
    }
}

fn as_text<'v>(node: &'v Node<'_>) -> Option<&'v str> {
    match &node.value {
        Value::String(text) => Some(text),
        _ => None,
    }
}

/// Reads each element of a list that must not be empty, and reports all that is wrong.
fn each<T>(
    value: Written<'_>,
    allowed: &'static str,
    mut read: impl FnMut(usize, &Node<'_>) -> Result<T, ConditionError>,
) -> Result<Vec<T>, Complaints> {
    let elements = match value.map(|node| &node.value) {
        Some(Value::Array(elements)) if !elements.is_empty() => elements,
        _ => return Err(wrong(value, allowed)),
    };
    let (mut good, mut complaints) = (Vec::new(), Vec::new());
    for (index, element) in elements.iter().enumerate() {
        match read(index, element) {
            Ok(one) => good.push(one),
            Err(complaint) => complaints.push(complaint),
        }
    }
    if complaints.is_empty() { Ok(good) } else { Err(complaints) }
}

fn wrong(value: Written<'_>, allowed: &'static str) -> Complaints {
    vec![ConditionError::new(Part::Value, value, allowed)]
}

fn because(value: Written<'_>, allowed: &'static str, reason: &str) -> Complaints {
    vec![ConditionError::new(Part::Value, value, allowed).because(reason)]
}
