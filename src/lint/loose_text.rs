//! Conditions on the start, end or a part of a path, a URL, a host or an SQL statement: the rest is the caller's choice.

use crate::policy::condition::{Condition, Literal, Operator};

use super::quoted;

/// Names of arguments that hold a URL or a host.
const HOST_NAMES: [&str; 11] =
    ["url", "uri", "link", "href", "webhook", "endpoint", "host", "hostname", "domain", "site", "origin"];

/// Words that begin an SQL statement.
const STATEMENTS: [&str; 8] = ["SELECT", "SHOW", "WITH", "EXPLAIN", "DESCRIBE", "INSERT", "UPDATE", "DELETE"];

/// Why a condition in `require` holds for more texts than it seems to, if it does.
pub(super) fn describe_loose_text(condition: &Condition) -> Option<String> {
    let (Operator::StartsWith(text) | Operator::EndsWith(text) | Operator::Contains(Literal::Text(text))) =
        condition.operator()
    else {
        return None;
    };
    let shown = quoted(text);
    match condition.operator() {
        Operator::StartsWith(_) if text.starts_with('/') => {
            let path = text.trim_end_matches('/');
            Some(format!("`{path}/../x` starts with {shown}, too; use `path_within`, which resolves `..`"))
        }
        Operator::StartsWith(_) if begins_url(text) => Some(format!(
            "`{text}.example.net` and `{text}@example.net` start with {shown}, too; use `url_host_in`, which compares the host"
        )),
        Operator::StartsWith(_) if STATEMENTS.contains(&text.trim().to_ascii_uppercase().as_str()) => Some(format!(
            "any text may follow {shown}, also `; DROP TABLE x`; write the allowed statements with `in`, or as a `regex` from \
             `^` to `$`"
        )),
        Operator::EndsWith(_) | Operator::Contains(_) if is_host(text) && names_host(condition) => Some(format!(
            "`https://example.net/?{text}` and `not{text}` match {shown}, too; use `url_host_in` for a URL, or `in` for a host"
        )),
        _ => None,
    }
}

/// Whether a text is a scheme and a part of a host or more, but no end of the host.
fn begins_url(text: &str) -> bool {
    let rest = text.split_once("://").map_or("", |(_, rest)| rest);
    !rest.is_empty() && !rest.contains(['/', '?', '#'])
}

/// Whether a text is a name of two labels or more, the last of letters only.
fn is_host(text: &str) -> bool {
    let label =
        |label: &str| !label.is_empty() && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    let mut labels = text.rsplit('.');
    let last = labels.next().unwrap_or_default();
    last.len() >= 2
        && last.bytes().all(|byte| byte.is_ascii_alphabetic())
        && labels.clone().count() > 0
        && labels.all(label)
}

/// Whether the last key of the path is the name of a URL or a host, perhaps with words before it (`target_url`).
fn names_host(condition: &Condition) -> bool {
    let key = condition.path().keys().last().unwrap_or_default().to_ascii_lowercase();
    let key = key.trim_end_matches('s');
    HOST_NAMES.iter().any(|name| key.ends_with(name))
}
