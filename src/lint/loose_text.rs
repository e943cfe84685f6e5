//! Conditions on the start, end or a part of a path, a URL, a host or an SQL statement: the rest is the caller's choice, and in a
//! condition that is to stop calls its spelling as well.

use crate::policy::condition::{Condition, Literal, Operator};

use super::{
    content::{ArgumentName, Content},
    quoted,
};

/// What to do where no operator compares such texts.
pub(super) const WHOLE: &str =
    "write the allowed ones with `in`, or as a `regex` from `^` to `$` that has no room for `..`";

/// Which rule a condition belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum RuleKind {
    /// A rule on a resource, whose URI no server reads as another one: the filter denies the others before.
    Resource,
    /// A rule on anything else.
    Other,
}

/// Why a condition in `require` holds for more texts than it seems to, if it does.
pub(super) fn describe_loose_text(condition: &Condition, kind: RuleKind) -> Option<String> {
    let argument = ArgumentName::of(condition);
    match condition.operator() {
        Operator::StartsWith(text) => describe_start(text, Content::of(text, argument)?, argument, kind),
        Operator::EndsWith(text) => {
            let content = Content::of(text, argument)?;
            // `/README.md` is a file in any folder, as its author means it.
            let is_file = matches!(content, Content::Path | Content::WindowsPath)
                && text.trim_start_matches(['/', '\\']).split(['/', '\\']).count() < 2;
            if is_file { None } else { describe_part(text, content, argument, "ends with") }
        }
        Operator::Contains(Literal::Text(text)) => {
            describe_part(text, Content::of(text, argument)?, argument, "contains")
        }
        _ => None,
    }
}

fn describe_start(text: &str, content: Content, argument: ArgumentName, kind: RuleKind) -> Option<String> {
    let shown = quoted(text);
    let folder = text.trim_end_matches(['/', '\\']);
    let found = match content {
        Content::Path => format!("`{folder}/../x` starts with {shown}, too; use `path_within`, which resolves `..`"),
        Content::WindowsPath => {
            let separator = if text.contains('\\') || !text.contains('/') { '\\' } else { '/' };
            format!(
                "`{folder}{separator}..{separator}x` starts with {shown}, too, and `path_within` knows only paths that begin \
                 with `/`; {WHOLE}"
            )
        }
        Content::FileUrl if kind == RuleKind::Resource => {
            if text.ends_with('/') {
                return None;
            }
            format!("`{text}-x` starts with {shown}, too; end it with `/`")
        }
        Content::FileUrl => {
            format!("`{folder}/../x` starts with {shown}, too, and no operator compares `file:` URLs; {WHOLE}")
        }
        Content::Url => {
            let stem = text.trim_end_matches(['.', ':']);
            let has_port = stem.split_once("://").is_some_and(|(_, host)| host.contains(':'));
            let examples = match (has_port, kind) {
                (true, _) => format!("`{stem}@example.net` starts"),
                (false, RuleKind::Resource) => format!("`{stem}.example.net` starts"),
                (false, RuleKind::Other) => format!("`{stem}.example.net` and `{stem}@example.net` start"),
            };
            format!("{examples} with {shown}, too; use `url_host_in`, which compares the host")
        }
        Content::Host => {
            let stem = text.trim_end_matches('.');
            let advice = match argument {
                ArgumentName::Url => "use `url_host_in`, which compares the host",
                _ => "write the allowed hosts with `in`",
            };
            format!("`{stem}.example.net` starts with {shown}, too; {advice}")
        }
        Content::Statement => format!(
            "any text may follow {shown}, also `; DROP TABLE x`; write the allowed statements with `in`, or as a `regex` from \
             `^` to `$`"
        ),
    };
    Some(found)
}

/// How a caller avoids a condition that is to stop calls: servers read another spelling alike.
pub(super) fn describe_avoidable_text(condition: &Condition, kind: RuleKind) -> Option<String> {
    // The filter denies other spellings of a resource's URI before.
    if kind == RuleKind::Resource {
        return None;
    }
    let (text, verb) = match condition.operator() {
        Operator::StartsWith(text) => (text, "start with"),
        Operator::EndsWith(text) => (text, "end with"),
        Operator::Contains(Literal::Text(text)) => (text, "contain"),
        _ => return None,
    };
    let argument = ArgumentName::of(condition);
    let content = Content::of_denied(text, argument)?;
    let hosts = match argument {
        ArgumentName::Host => "list the allowed hosts with `in` under `require`",
        _ => "list the allowed hosts with `url_host_in` under `require`",
    };
    let whole = format!("under `require`, {WHOLE}");
    let is_written = |other: String, how: &str, advice: &str| {
        let (other, shown) = (quoted(&other), quoted(text));
        format!("{other} {how} and does not {verb} {shown}; {advice}")
    };
    let found = match content {
        Content::Path => {
            is_written(other_path(text, verb, argument)?, "leads there, too,", "use `path_within`, which resolves `..`")
        }
        Content::WindowsPath => is_written(swap_case(text), "names the same file", &whole),
        Content::FileUrl => is_written(swap_scheme(text), "is the same to servers", &whole),
        Content::Url => is_written(swap_scheme(text), "is the same to servers", hosts),
        Content::Host if text.bytes().any(|byte| byte.is_ascii_alphabetic()) => {
            is_written(swap_case(text), "is the same host", hosts)
        }
        Content::Host => format!(
            "an address has other spellings (`2130706433` is `127.0.0.1`), and any name may resolve to it, so callers avoid {}; \
             {hosts}",
            quoted(text)
        ),
        Content::Statement => is_written(
            swap_case(text),
            "is the same to servers",
            "write the allowed statements under `require`, with `in` or as a `regex` from `^` to `$`",
        ),
    };
    Some(found)
}

/// Another path to the same place, if there is one.
fn other_path(text: &str, verb: &str, argument: ArgumentName) -> Option<String> {
    if text.contains("..") {
        return None;
    }
    if verb == "start with" {
        let separator = if text.starts_with('/') { "" } else { "/" };
        let root = if text.starts_with('/') { "/" } else { "" };
        return Some(format!("{root}x/..{separator}{text}"));
    }
    if argument != ArgumentName::Path {
        return None;
    }
    let (names, root) = (text.trim_start_matches('/'), text.starts_with('/'));
    match names.split_once('/') {
        Some((first, rest)) if !rest.is_empty() => Some(format!("{}{first}//{rest}", if root { "/" } else { "" })),
        // A relative path.
        _ if root && verb == "contain" => Some(names.to_owned()),
        _ => None,
    }
}

fn swap_scheme(text: &str) -> String {
    let (scheme, rest) = text.split_at_checked(text.find(':').unwrap_or_default()).unwrap_or_default();
    swap_case(scheme) + rest
}

fn swap_case(text: &str) -> String {
    let swap = |c: char| if c.is_ascii_lowercase() { c.to_ascii_uppercase() } else { c.to_ascii_lowercase() };
    text.chars().map(swap).collect()
}

/// For a text at the end, or anywhere.
fn describe_part(text: &str, content: Content, argument: ArgumentName, verb: &str) -> Option<String> {
    let shown = quoted(text);
    let bare = text.trim_start_matches(['/', '\\']);
    let found = match content {
        Content::Path if argument == ArgumentName::Path => {
            format!("`/other/{bare}` {verb} {shown}, too; use `path_within`, which compares the path from its start")
        }
        Content::WindowsPath if argument == ArgumentName::Path || text.contains(':') => {
            let other = if text.contains(':') { text } else { bare };
            format!(
                r"`..\{other}` {verb} {shown}, too, and `path_within` knows only paths that begin with `/`; {WHOLE}"
            )
        }
        Content::FileUrl => {
            format!("`https://example.net/?{text}` {verb} {shown}, too, and no operator compares `file:` URLs; {WHOLE}")
        }
        Content::Url => {
            format!("`https://example.net/?{text}` {verb} {shown}, too; use `url_host_in`, which compares the host")
        }
        Content::Host if text.starts_with('.') => {
            // A host that ends with it lies under it.
            if argument == ArgumentName::Host && verb == "ends with" {
                return None;
            }
            format!("`https://example.net/?{text}` matches {shown}, too; use `url_host_in`, which compares the host")
        }
        Content::Host => {
            let longer = if text.starts_with(|c: char| c.is_ascii_digit()) { "1" } else { "not" };
            format!(
                "`https://example.net/?{text}` and `{longer}{text}` match {shown}, too; use `url_host_in` for a URL, or `in` \
                 for a host"
            )
        }
        _ => return None,
    };
    Some(found)
}
