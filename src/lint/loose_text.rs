//! Conditions on the start, end or a part of a path, a URL, a host or an SQL statement: the rest is the caller's choice.

use crate::policy::condition::{Condition, Literal, Operator};

use super::quoted;

/// Names of arguments that hold a URL.
const URL_NAMES: [&str; 7] = ["url", "uri", "link", "href", "webhook", "endpoint", "origin"];

/// Names of arguments that hold a host, or a URL.
const HOST_NAMES: [&str; 4] = ["host", "hostname", "domain", "site"];

/// Names of arguments that hold a path.
const PATH_NAMES: [&str; 6] = ["path", "file", "filename", "dir", "directory", "folder"];

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
        Operator::StartsWith(_) if text.starts_with('/') || text.contains('/') && is_named(condition, &PATH_NAMES) => {
            let path = text.trim_end_matches('/');
            Some(format!("`{path}/../x` starts with {shown}, too; use `path_within`, which resolves `..`"))
        }
        Operator::StartsWith(_) if begins_url(text) => Some(format!(
            "`{text}.example.net` and `{text}@example.net` start with {shown}, too; use `url_host_in`, which compares the host"
        )),
        Operator::StartsWith(_) if begins_statement(text) => Some(format!(
            "any text may follow {shown}, also `; DROP TABLE x`; write the allowed statements with `in`, or as a `regex` from \
             `^` to `$`"
        )),
        Operator::EndsWith(_) | Operator::Contains(_)
            if text.strip_prefix('.').is_some_and(is_host) && is_named(condition, &URL_NAMES) =>
        {
            Some(format!(
                "`https://example.net/?{text}` matches {shown}, too; use `url_host_in`, which compares the host"
            ))
        }
        Operator::EndsWith(_) | Operator::Contains(_)
            if is_host(text) && (is_named(condition, &URL_NAMES) || is_named(condition, &HOST_NAMES)) =>
        {
            Some(format!(
                "`https://example.net/?{text}` and `not{text}` match {shown}, too; use `url_host_in` for a URL, or `in` for a host"
            ))
        }
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

/// Whether the first word of a text begins an SQL statement.
fn begins_statement(text: &str) -> bool {
    let word = text.split_whitespace().next().unwrap_or_default().to_ascii_uppercase();
    STATEMENTS.contains(&word.as_str())
}

/// Whether the last key of the path is one of these names, perhaps with words before it (`target_url`).
fn is_named(condition: &Condition, names: &[&str]) -> bool {
    let Some(path) = condition.args_path() else { return false };
    let key = path.keys().last().unwrap_or_default().to_ascii_lowercase();
    let key = key.trim_end_matches('s');
    names.iter().any(|name| key.ends_with(name))
}
