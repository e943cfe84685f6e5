//! What a text in a condition is, or the start of: a path, a URL, a host or a statement.

use std::net::Ipv6Addr;

use crate::{bytes::whole_number, policy::condition::Condition};

/// Names of arguments that hold a URL.
const URL_NAMES: [&str; 7] = ["url", "uri", "link", "href", "webhook", "endpoint", "origin"];

/// Names of arguments that hold a host, or a URL.
const HOST_NAMES: [&str; 4] = ["host", "hostname", "domain", "site"];

/// Names of arguments that hold a path.
const PATH_NAMES: [&str; 6] = ["path", "file", "filename", "dir", "directory", "folder"];

/// Names of arguments that hold SQL.
const SQL_NAMES: [&str; 3] = ["sql", "query", "statement"];

/// Words by which SQL changes what it should not, besides those that [`STATEMENTS`] names.
const SQL_CHANGES: [&str; 10] =
    ["DROP", "ALTER", "CREATE", "TRUNCATE", "GRANT", "REVOKE", "EXEC", "EXECUTE", "CALL", "MERGE"];

/// Words that begin an SQL statement.
const STATEMENTS: [&str; 8] = ["SELECT", "SHOW", "WITH", "EXPLAIN", "DESCRIBE", "INSERT", "UPDATE", "DELETE"];

/// Names of one label, and last labels, that name a host in URLs; RFC 6761, RFC 8375 and what networks use besides.
const PRIVATE_LABELS: [&str; 9] =
    ["localhost", "local", "internal", "intranet", "lan", "corp", "home", "svc", "localdomain"];

/// What a text is, or the start of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Content {
    /// A path with `/`, absolute or relative.
    Path,
    /// A path with a drive letter or with `\`.
    WindowsPath,
    /// A `file:` URL.
    FileUrl,
    /// A scheme and a part of a host or more, but no end of the host.
    Url,
    /// A host: names of labels, and addresses, whole or in part.
    Host,
    /// An SQL statement.
    Statement,
}

/// What an argument's name says that it holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ArgumentName {
    Path,
    Url,
    Host,
    Sql,
    Other,
}

impl ArgumentName {
    /// By the last key of a condition's path, perhaps with words before it (`target_url`).
    pub(super) fn of(condition: &Condition) -> Self {
        let Some(path) = condition.args_path() else { return Self::Other };
        let key = path.keys().last().unwrap_or_default().to_ascii_lowercase();
        let key = key.trim_end_matches('s');
        let is_one_of = |names: &[&str]| names.iter().any(|name| key.ends_with(name));
        match () {
            () if is_one_of(&HOST_NAMES) => Self::Host,
            () if is_one_of(&URL_NAMES) => Self::Url,
            () if is_one_of(&PATH_NAMES) => Self::Path,
            () if is_one_of(&SQL_NAMES) => Self::Sql,
            () => Self::Other,
        }
    }
}

impl Content {
    /// What a text is in an argument of that name.
    pub(super) fn of(text: &str, argument: ArgumentName) -> Option<Self> {
        let is_path = argument == ArgumentName::Path;
        match () {
            () if text.get(..5).is_some_and(|scheme| scheme.eq_ignore_ascii_case("file:")) => Some(Self::FileUrl),
            () if begins_windows_path(text) || is_path && text.contains('\\') => Some(Self::WindowsPath),
            () if text.starts_with('/') || is_path && text.contains('/') && !text.contains("://") => Some(Self::Path),
            () if begins_url(text) => Some(Self::Url),
            () if argument == ArgumentName::Host && is_host(text, |_| true)
                || argument == ArgumentName::Url && is_host(text, is_private) =>
            {
                Some(Self::Host)
            }
            () if begins_statement(text) => Some(Self::Statement),
            () => None,
        }
    }

    /// What a text is in a condition that is to stop calls: a URL also with its path or as a scheme alone, and a statement only in an
    /// argument for SQL, where any of its words counts.
    pub(super) fn of_denied(text: &str, argument: ArgumentName) -> Option<Self> {
        let is_scheme = |scheme: &str| !scheme.is_empty() && scheme.bytes().all(|byte| byte.is_ascii_alphabetic());
        let is_change = |word: &str| SQL_CHANGES.contains(&word.trim_end_matches(';').to_ascii_uppercase().as_str());
        match Self::of(text, argument) {
            None | Some(Self::Statement) if argument == ArgumentName::Sql => (begins_statement(text)
                || text.split_whitespace().next().is_some_and(is_change))
            .then_some(Self::Statement),
            None if text.split_once("://").is_some_and(|(scheme, _)| is_scheme(scheme)) => Some(Self::Url),
            Some(Self::Statement) => None,
            content => content,
        }
    }
}

/// Whether a text begins with a drive letter or a server's name.
fn begins_windows_path(text: &str) -> bool {
    let mut bytes = text.bytes();
    match (bytes.next(), bytes.next(), bytes.next()) {
        (Some(b'\\'), Some(b'\\'), _) => true,
        (Some(drive), Some(b':'), Some(b'\\' | b'/') | None) => drive.is_ascii_alphabetic(),
        _ => false,
    }
}

/// Whether a text is a scheme and a part of a host or more, but no end of the host.
fn begins_url(text: &str) -> bool {
    let rest = text.split_once("://").map_or("", |(_, rest)| rest);
    !rest.is_empty() && !rest.contains(['/', '?', '#'])
}

/// Whether a text is a host, perhaps with a port: an address or its start, a name of two labels or more, the last of letters
/// only, or one label that counts as one. A `.` may precede it.
pub(super) fn is_host(text: &str, is_single_label: impl Fn(&str) -> bool) -> bool {
    if text.trim_matches(['[', ']']).parse::<Ipv6Addr>().is_ok() {
        return true;
    }
    let (name, port) = text.split_once(':').unwrap_or((text, "0"));
    let name = name.strip_prefix('.').unwrap_or(name);
    let is_label =
        |label: &str| !label.is_empty() && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    let labels: Vec<&str> = name.split('.').collect();
    let is_numeric = |label: &&str| label.bytes().all(|byte| byte.is_ascii_digit()) && label.len() <= 3;
    // `10.0.` as well as `10.0.0.1`.
    let is_address = labels.len() > 1 && labels.len() <= 4 && labels.iter().all(is_numeric) && name.len() > 2;
    let is_name = labels.iter().all(|label| is_label(label))
        && labels.last().is_some_and(|last| last.len() >= 2 && last.bytes().all(|byte| byte.is_ascii_alphabetic()));
    let is_one = labels.len() == 1 && name.bytes().any(|byte| byte.is_ascii_alphabetic());
    whole_number(port.as_bytes()).is_some()
        && (is_address || is_name && !is_one || is_one && is_label(name) && is_single_label(name))
}

/// Whether a name of one label is a host's wherever it is.
pub(super) fn is_private(label: &str) -> bool {
    PRIVATE_LABELS.iter().any(|known| label.eq_ignore_ascii_case(known))
}

/// Whether the first word of a text begins an SQL statement.
fn begins_statement(text: &str) -> bool {
    let word = text.split_whitespace().next().unwrap_or_default().to_ascii_uppercase();
    STATEMENTS.contains(&word.as_str())
}

#[cfg(test)]
mod tests {
    use super::{ArgumentName, Content, is_host, is_private};

    #[test]
    fn hosts_are_names_and_addresses_and_their_parts() {
        for host in [
            "example.com",
            ".example.com",
            "a-b.example.com:8080",
            "localhost",
            "localhost:80",
            ".internal",
            "127.0.0.1",
        ] {
            assert!(is_host(host, is_private), "{host}");
        }
        for host in ["10.0.", "192.168.", "::1", "[fe80::1]", "[::1]"] {
            assert!(is_host(host, is_private), "{host}");
        }
        for other in
            ["", ".", "pdf", ".pdf", "a/b.c", "a b.com", "example.", "1.", "3.14x", "2024-01-01.x1", "host:", "host:x"]
        {
            assert!(!is_host(other, is_private), "{other}");
        }
        assert!(is_host("db", |_| true) && !is_host("5", |_| true) && !is_host("a_b", |_| true));
    }

    #[test]
    fn a_text_is_known_by_its_start_and_by_the_name_of_its_argument() {
        use ArgumentName::{Host, Other, Path, Url};
        for (text, argument, content) in [
            ("/srv", Other, Some(Content::Path)),
            ("a/b", Path, Some(Content::Path)),
            ("a/b", Other, None),
            (r"C:\work", Other, Some(Content::WindowsPath)),
            ("C:/work", Other, Some(Content::WindowsPath)),
            ("c:", Path, Some(Content::WindowsPath)),
            (r"\\server\share", Other, Some(Content::WindowsPath)),
            (r"work\a", Path, Some(Content::WindowsPath)),
            (r"work\a", Other, None),
            ("file:///srv", Other, Some(Content::FileUrl)),
            ("FILE:/srv", Url, Some(Content::FileUrl)),
            ("https://localhost", Other, Some(Content::Url)),
            ("https://", Url, None),
            ("https://a.example/", Url, None),
            ("db", Host, Some(Content::Host)),
            ("db", Url, None),
            ("localhost", Url, Some(Content::Host)),
            ("10.0.", Host, Some(Content::Host)),
            ("SELECT 1", Other, Some(Content::Statement)),
            ("SELECTED", Other, None),
        ] {
            assert_eq!(Content::of(text, argument), content, "{text}");
        }
    }
}
