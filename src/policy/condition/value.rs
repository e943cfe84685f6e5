//! What a policy may write as `value`: one function for each kind of value that operators take.

use crate::json::{Decimal, Node, Value};

use super::{
    ConditionError, Part,
    literal::{Literal, NOT_KEPT, Set},
    path_prefix::{self, AllowedFolders},
    text::RegexMatcher,
    url::AllowedHosts,
};

/// `value`, or nothing where the policy has none.
type ValueNode<'v> = Option<&'v Node<'v>>;

/// All that is wrong with it.
type ConditionErrors = Vec<ConditionError>;

const LITERAL: &str = "a string, a number, a boolean, a list or an object, without `null`";
const PATTERN: &str = "a regular expression without look-around, back-references and `\\p{…}`, at most 64 KiB compiled";
const FOLDER: &str = "an absolute path without `.`, `..`, `//`, `\\`, `%` and control characters";
const FOLDERS: &str = "a list of one or more folders, such as `[\"/srv/files\"]`, or \
                       `{\"folders\": [\"/srv/files\"], \"base\": \"/srv\"}`";
const HOST: &str =
    "an ASCII host name, `*.` and a name, an IPv4 address or `[…]` with an IPv6 address; no scheme, no port";

/// `eq`, `neq`
pub(super) fn read_literal(value: ValueNode<'_>) -> Result<Set, ConditionErrors> {
    read_single_literal(value).map(|literal| Set::new([literal]))
}

/// `in`, `not_in`
pub(super) fn read_literals(value: ValueNode<'_>) -> Result<Set, ConditionErrors> {
    let list = "a list of one or more values, such as `[\"dev\", \"staging\"]`, without `null`";
    let read = |index, node: &Node<'_>| {
        let complaint = |reason| ConditionError::new(Part::Item(index), Some(node), LITERAL).because(reason);
        Literal::new(node).map_err(complaint)
    };
    read_each(value, list, read).map(Set::new)
}

/// `lt`, `lte`, `gt`, `gte`
pub(super) fn read_number(value: ValueNode<'_>) -> Result<Decimal, ConditionErrors> {
    read_decimal(value, "a number, such as `100` or `0.5`")
}

/// `max_length`, `max_items`
pub(super) fn read_length(value: ValueNode<'_>) -> Result<u64, ConditionErrors> {
    let allowed = "a whole number from 0";
    read_decimal(value, allowed)?.scaled(0).ok_or_else(|| mismatch(value, allowed))
}

/// `regex`
pub(super) fn read_regex(value: ValueNode<'_>) -> Result<RegexMatcher, ConditionErrors> {
    let text = value.and_then(Node::as_str).ok_or_else(|| mismatch(value, PATTERN))?;
    RegexMatcher::new(text).map_err(|reason| mismatch_because(value, PATTERN, &reason))
}

/// `includes`, and what `eq` and `contains` begin with
pub(super) fn read_single_literal(value: ValueNode<'_>) -> Result<Literal, ConditionErrors> {
    let node = value.ok_or_else(|| mismatch(value, LITERAL))?;
    Literal::new(node).map_err(|reason| mismatch_because(value, LITERAL, reason))
}

/// `contains`
pub(super) fn read_contained(value: ValueNode<'_>) -> Result<Literal, ConditionErrors> {
    match read_single_literal(value)? {
        Literal::Text(text) if text.is_empty() => Err(mismatch_because(value, LITERAL, "every string contains it")),
        literal => Ok(literal),
    }
}

/// `exists`
pub(super) fn read_boolean(value: ValueNode<'_>) -> Result<bool, ConditionErrors> {
    match value.map(|node| &node.value) {
        Some(Value::Bool(flag)) => Ok(*flag),
        _ => Err(mismatch(value, "`true` or `false`")),
    }
}

/// `starts_with`, `ends_with`; every string would satisfy an empty one.
pub(super) fn read_affix(value: ValueNode<'_>) -> Result<String, ConditionErrors> {
    let text = value.and_then(Node::as_str).filter(|text| !text.is_empty());
    text.map(str::to_owned).ok_or_else(|| mismatch(value, "a string that is not empty"))
}

/// `has_scope`: one word.
pub(super) fn read_scope(value: ValueNode<'_>) -> Result<String, ConditionErrors> {
    let scope = value.and_then(Node::as_str).filter(|text| !text.is_empty() && !text.contains(char::is_whitespace));
    scope.map(str::to_owned).ok_or_else(|| mismatch(value, "one scope: a string without spaces that is not empty"))
}

/// `path_within`: a list of folders, or `{"folders": […], "base": "…"}`, where relative paths are joined to `base`.
pub(super) fn read_folders(value: ValueNode<'_>) -> Result<AllowedFolders, ConditionErrors> {
    let Some(Value::Object(members)) = value.map(|node| &node.value) else {
        return read_folder_list(value, FOLDERS, Part::Item).map(|folders| AllowedFolders::new(folders, None));
    };
    let (mut list, mut base, mut complaints) = (None, None, Vec::new());
    for member in members {
        match &*member.name {
            "folders" if list.is_none() => list = Some(&member.node),
            "base" if base.is_none() => base = Some(&member.node),
            _ => return Err(mismatch(value, FOLDERS)),
        }
    }
    let base = base.and_then(|node| {
        let folder = node.as_str().and_then(path_prefix::read_folder);
        if folder.is_none() {
            complaints.push(ConditionError::new(Part::Base, Some(node), FOLDER));
        }
        folder
    });
    let Some(list) = list else { return Err(mismatch(value, FOLDERS)) };
    match (read_folder_list(Some(list), FOLDERS, Part::Folder), base) {
        (Ok(folders), Some(base)) if complaints.is_empty() => Ok(AllowedFolders::new(folders, Some(base))),
        (Ok(_), None) if complaints.is_empty() => Err(mismatch(value, FOLDERS)),
        (Ok(_), _) => Err(complaints),
        (Err(more), _) => Err(complaints.into_iter().chain(more).collect()),
    }
}

fn read_folder_list(
    value: ValueNode<'_>,
    allowed: &'static str,
    part: fn(usize) -> Part,
) -> Result<Vec<String>, ConditionErrors> {
    let read = |index, node: &Node<'_>| {
        let folder = node.as_str().and_then(path_prefix::read_folder);
        folder.ok_or_else(|| ConditionError::new(part(index), Some(node), FOLDER))
    };
    read_each(value, allowed, read)
}

/// `url_host_in`
pub(super) fn read_hosts(value: ValueNode<'_>) -> Result<AllowedHosts, ConditionErrors> {
    let mut hosts = AllowedHosts::default();
    let read = |index, node: &Node<'_>| {
        let added = node.as_str().and_then(|text| hosts.add(text));
        added.ok_or_else(|| ConditionError::new(Part::Item(index), Some(node), HOST))
    };
    read_each(value, "a list of one or more hosts, such as `[\"example.com\", \"*.example.com\"]`", read)?;
    Ok(hosts)
}

fn read_decimal(value: ValueNode<'_>, allowed: &'static str) -> Result<Decimal, ConditionErrors> {
    match value.map(|node| &node.value) {
        Some(Value::Number(text)) => {
            Decimal::kept_by_double(text).ok_or_else(|| mismatch_because(value, allowed, NOT_KEPT))
        }
        _ => Err(mismatch(value, allowed)),
    }
}

/// Reads each element of a list that must not be empty, and reports all that is wrong.
fn read_each<T>(
    value: ValueNode<'_>,
    allowed: &'static str,
    mut read: impl FnMut(usize, &Node<'_>) -> Result<T, ConditionError>,
) -> Result<Vec<T>, ConditionErrors> {
    let elements = match value.map(|node| &node.value) {
        Some(Value::Array(elements)) if !elements.is_empty() => elements,
        _ => return Err(mismatch(value, allowed)),
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

fn mismatch(value: ValueNode<'_>, allowed: &'static str) -> ConditionErrors {
    vec![ConditionError::new(Part::Value, value, allowed)]
}

fn mismatch_because(value: ValueNode<'_>, allowed: &'static str, reason: &str) -> ConditionErrors {
    vec![ConditionError::new(Part::Value, value, allowed).because(reason)]
}
