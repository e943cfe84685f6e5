//! What a policy may write as `value`: one function for each kind of value that operators take.

use crate::json::{Decimal, Node, Value};

use super::{
    ConditionError, Part,
    literal::{Literal, Set},
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
const HOST: &str =
    "an ASCII host name, `*.` and a name, an IPv4 address or `[…]` with an IPv6 address; no scheme, no port";

/// `eq`, `neq`
pub(super) fn literal(value: Written<'_>) -> Result<Set, Complaints> {
    let node = value.ok_or_else(|| wrong(value, LITERAL))?;
    let literal = Literal::new(node).map_err(|reason| because(value, LITERAL, reason))?;
    Ok(Set::new([literal]))
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
    decimal(value).ok_or_else(|| wrong(value, "a number, such as `100` or `0.5`"))
}

/// `max_length`
pub(super) fn length(value: Written<'_>) -> Result<u64, Complaints> {
    let whole = decimal(value).and_then(|number| number.scaled(0));
    whole.ok_or_else(|| wrong(value, "a whole number from 0"))
}

/// `regex`
pub(super) fn pattern(value: Written<'_>) -> Result<RegexMatcher, Complaints> {
    let text = value.and_then(as_text).ok_or_else(|| wrong(value, PATTERN))?;
    RegexMatcher::new(text).map_err(|reason| because(value, PATTERN, &reason))
}

/// `contains`
pub(super) fn part(value: Written<'_>) -> Result<Literal, Complaints> {
    let node = value.ok_or_else(|| wrong(value, LITERAL))?;
    match Literal::new(node).map_err(|reason| because(value, LITERAL, reason))? {
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

/// `path_within`
pub(super) fn folders(value: Written<'_>) -> Result<PathPrefixes, Complaints> {
    let read = |index, node: &Node<'_>| {
        let folder = as_text(node).and_then(path_prefix::folder);
        folder.ok_or_else(|| ConditionError::new(Part::Item(index), Some(node), FOLDER))
    };
    each(value, "a list of one or more folders, such as `[\"/srv/files\"]`", read).map(PathPrefixes::new)
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

fn decimal(value: Written<'_>) -> Option<Decimal> {
    match &value?.value {
        Value::Number(text) => Decimal::new(text),
        _ => None,
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
