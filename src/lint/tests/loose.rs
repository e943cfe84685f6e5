//! Conditions that hold for more than their authors mean.

#[cfg(target_family = "wasm")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::{
    NONE, policy,
    predicates::{list, rule},
};

pub(super) const WHOLE: &str =
    "write the allowed ones with `in`, or as a `regex` from `^` to `$` that has no room for `..`";

#[test]
fn loose_text() {
    for (path, op, value, message) in [
        (
            "args.path",
            "starts_with",
            "/workspace",
            "`/workspace/../x` starts with `/workspace`, too; use `path_within`, which resolves `..`",
        ),
        ("args.path", "starts_with", "/a/", "`/a/../x` starts with `/a/`, too; use `path_within`, which resolves `..`"),
        (
            "args.file",
            "starts_with",
            "a/b",
            "`a/b/../x` starts with `a/b`, too; use `path_within`, which resolves `..`",
        ),
        (
            "args.sql",
            "starts_with",
            "SELECT * FROM a",
            "any text may follow `SELECT * FROM a`, also `; DROP TABLE x`; write the allowed statements with `in`, or as a \
             `regex` from `^` to `$`",
        ),
        (
            "args.url",
            "ends_with",
            ".example.com",
            "`https://example.net/?.example.com` matches `.example.com`, too; use `url_host_in`, which compares the host",
        ),
        (
            "args.url",
            "starts_with",
            "https://api.example.com",
            "`https://api.example.com.example.net` and `https://api.example.com@example.net` start with \
             `https://api.example.com`, too; use `url_host_in`, which compares the host",
        ),
        (
            "args.sql",
            "starts_with",
            "select ",
            "any text may follow `select `, also `; DROP TABLE x`; write the allowed statements with `in`, or as a `regex` \
             from `^` to `$`",
        ),
        (
            "args.host",
            "ends_with",
            "example.com",
            "`https://example.net/?example.com` and `notexample.com` match `example.com`, too; use `url_host_in` for a URL, \
             or `in` for a host",
        ),
    ] {
        let expected = format!("/tools/a/require/0/conditions/0/value: {message} [loose-text]");
        assert_eq!(rule("require", &list(path, op, &format!("\"{value}\"")), ""), [expected]);
    }
    let found = rule("require", &list("args.target_urls[*]", "contains", "\"example.com\""), "");
    assert!(found.iter().any(|lint| lint.ends_with("[loose-text]")), "{found:?}");
    for (path, op, value) in [
        ("args.url", "starts_with", "https://"),
        ("args.url", "starts_with", "https://example.com/v1/"),
        ("args.id", "starts_with", "pi_"),
        ("args.host", "ends_with", ".example.com"),
        ("args.file", "ends_with", "config.json"),
        ("args.mail", "ends_with", "@example.com"),
        ("args.sql", "starts_with", "SELECTED"),
        ("args.id", "starts_with", "a/b"),
    ] {
        assert_eq!(rule("require", &list(path, op, &format!("\"{value}\"")), ""), NONE, "{value}");
    }
}

/// The message of the only warning of a lint on one required condition.
#[track_caller]
fn loose(path: &str, op: &str, value: &str, lint: &str) -> Option<String> {
    let value = serde_json::to_string(value).unwrap();
    let found = rule("require", &list(path, op, &value), "");
    let mut loose = found.iter().filter(|line| line.ends_with(&format!("[{lint}]")));
    let message = loose.next().map(|line| {
        let message = line.strip_prefix("/tools/a/require/0/conditions/0/value: ").unwrap();
        message.strip_suffix(&format!(" [{lint}]")).unwrap().to_owned()
    });
    assert_eq!(loose.next(), None, "{found:?}");
    message
}

#[test]
fn loose_text_of_windows_paths_and_file_urls() {
    let no_folder = format!("and `path_within` knows only paths that begin with `/`; {WHOLE}");
    let no_file = format!("and no operator compares `file:` URLs; {WHOLE}");
    for (path, op, value, message) in [
        ("args.path", "starts_with", r"C:\work", format!(r"`C:\work\..\x` starts with `C:\work`, too, {no_folder}")),
        ("args.x", "starts_with", "C:/work/", format!("`C:/work/../x` starts with `C:/work/`, too, {no_folder}")),
        ("args.x", "starts_with", r"\\srv\a", format!(r"`\\srv\a\..\x` starts with `\\srv\a`, too, {no_folder}")),
        ("args.path", "contains", r"work\a", format!(r"`..\work\a` contains `work\a`, too, {no_folder}")),
        ("args.path", "ends_with", r"work\a.txt", format!(r"`..\work\a.txt` ends with `work\a.txt`, too, {no_folder}")),
        (
            "args.x",
            "starts_with",
            "file:///srv",
            format!("`file:///srv/../x` starts with `file:///srv`, too, {no_file}"),
        ),
        (
            "args.url",
            "contains",
            "file:///srv/",
            format!("`https://example.net/?file:///srv/` contains `file:///srv/`, too, {no_file}"),
        ),
    ] {
        assert_eq!(loose(path, op, value, "loose-text"), Some(message));
    }
}

#[test]
fn loose_text_of_paths_within_others() {
    let advice = "use `path_within`, which compares the path from its start";
    for (op, value, example) in [
        ("contains", "/workspace/", "`/other/workspace/` contains `/workspace/`"),
        ("ends_with", "/workspace/a.txt", "`/other/workspace/a.txt` ends with `/workspace/a.txt`"),
    ] {
        assert_eq!(loose("args.path", op, value, "loose-text"), Some(format!("{example}, too; {advice}")));
    }
    for (path, op, value) in [
        ("args.path", "ends_with", "/README.md"),
        ("args.path", "ends_with", r"\README.md"),
        ("args.path", "ends_with", ".md"),
        ("args.note", "contains", "a/b"),
        ("args.note", "contains", r"a\b"),
    ] {
        assert_eq!(loose(path, op, value, "loose-text"), None, "{value}");
    }
}

#[test]
fn loose_text_of_single_labels_and_addresses() {
    for (path, op, value, message) in [
        (
            "args.url",
            "starts_with",
            "http://localhost",
            "`http://localhost.example.net` and `http://localhost@example.net` start with `http://localhost`, too; use \
             `url_host_in`, which compares the host",
        ),
        (
            "args.url",
            "starts_with",
            "http://localhost:8080",
            "`http://localhost:8080@example.net` starts with `http://localhost:8080`, too; use `url_host_in`, which compares \
             the host",
        ),
        (
            "args.url",
            "starts_with",
            "http://10.0.",
            "`http://10.0.example.net` and `http://10.0@example.net` start with `http://10.0.`, too; use `url_host_in`, which \
             compares the host",
        ),
        ("args.host", "starts_with", "db", "`db.example.net` starts with `db`, too; write the allowed hosts with `in`"),
        (
            "args.host",
            "starts_with",
            "10.0.",
            "`10.0.example.net` starts with `10.0.`, too; write the allowed hosts with `in`",
        ),
        (
            "args.url",
            "contains",
            "localhost",
            "`https://example.net/?localhost` and `notlocalhost` match `localhost`, too; use `url_host_in` for a URL, or `in` \
             for a host",
        ),
        (
            "args.url",
            "contains",
            "127.0.0.1:80",
            "`https://example.net/?127.0.0.1:80` and `1127.0.0.1:80` match `127.0.0.1:80`, too; use `url_host_in` for a URL, or \
             `in` for a host",
        ),
        (
            "args.host",
            "ends_with",
            "internal",
            "`https://example.net/?internal` and `notinternal` match `internal`, too; use `url_host_in` for a URL, or `in` for a \
             host",
        ),
        (
            "args.url",
            "ends_with",
            ".internal",
            "`https://example.net/?.internal` matches `.internal`, too; use `url_host_in`, which compares the host",
        ),
        (
            "args.url",
            "contains",
            "https://api.example.com",
            "`https://example.net/?https://api.example.com` contains `https://api.example.com`, too; use `url_host_in`, which \
             compares the host",
        ),
    ] {
        assert_eq!(loose(path, op, value, "loose-text"), Some(message.to_owned()));
    }
    for (path, op, value) in [
        ("args.url", "ends_with", ".pdf"),
        ("args.url", "contains", "download"),
        ("args.host", "ends_with", ".internal"),
        ("args.note", "contains", "localhost"),
    ] {
        assert_eq!(loose(path, op, value, "loose-text"), None, "{value}");
    }
}

#[test]
fn loose_text_of_a_resource_knows_that_its_uri_has_no_dot_segment() {
    let resource = |value: &str| {
        let required = list("args.uri", "starts_with", &format!("\"{value}\""));
        policy(&format!(r#""resources":{{"*":{{"require":{required}}}}}"#))
    };
    let place = "/resources/*/require/0/conditions/0/value:";
    assert_eq!(resource("file:///srv/"), NONE);
    assert_eq!(
        resource("file:///srv"),
        [format!("{place} `file:///srv-x` starts with `file:///srv`, too; end it with `/` [loose-text]")]
    );
    assert_eq!(
        resource("https://a.example"),
        [format!(
            "{place} `https://a.example.example.net` starts with `https://a.example`, too; use `url_host_in`, which compares \
             the host [loose-text]"
        )]
    );
}

#[test]
fn loose_regex_of_paths_urls_hosts_and_statements() {
    let no_folder = format!("and `path_within` knows only paths that begin with `/`; {WHOLE}");
    let folder = "use `path_within`, which resolves `..`";
    let host = "use `url_host_in`, which compares the host";
    let listed = "write the allowed hosts with `in`";
    for (path, regex, message) in [
        ("args.x", "^/workspace/.*$", format!("matches `/workspace/../x`, too; {folder}")),
        ("args.x", "^/workspace", format!("matches `/workspace/../x`, too; {folder}")),
        ("args.path", r"^docs/[\w./-]+\.md$", format!("matches `docs/../x.md`, too; {folder}")),
        ("args.path", "^(?:/srv/a|/tmp/.*)$", format!("matches `/tmp/../x`, too; {folder}")),
        ("args.x", r"^C:\\work\\.*$", format!(r"matches `C:\work\..\x`, too, {no_folder}")),
        (
            "args.x",
            "^file:///srv/.+$",
            format!("matches `file:///srv/../x`, too, and no operator compares `file:` URLs; {WHOLE}"),
        ),
        ("args.u", r"^https://example\.com", format!("matches `https://example.com.example.net`, too; {host}")),
        ("args.u", r"^https?://localhost.*$", format!("matches `http://localhost.example.net`, too; {host}")),
        ("args.u", r"^http://10\.0\..*$", format!("matches `http://10.0.x.example.net`, too; {host}")),
        (
            "args.u",
            r"^https://.*\.example\.com/.*$",
            format!("matches `https://example.net/.example.com/example.net/`, too; {host}"),
        ),
        (
            "args.u",
            r"^https://[^/]+\.example\.com$",
            format!("matches `https://example.net?.example.com`, too; {host}"),
        ),
        ("args.u", r"(?i)^https://example\.com.*$", format!("matches `https://example.com.example.net`, too; {host}")),
        ("args.host", r"^.*example\.com$", format!("matches `notexample.com`, too; {listed}")),
        ("args.host", r"example\.com$", format!("matches `notexample.com`, too; {listed}")),
        ("args.host", r"^10\.0\..*$", format!("matches `10.0.x.example.net`, too; {listed}")),
        ("args.url", "^localhost", format!("matches `localhostx.example.net`, too; {host}")),
        ("args.sql", r"^SELECT\b.*$", "matches `SELECT; DROP TABLE x`, too; write `[^;]*` for what follows".to_owned()),
    ] {
        let found = loose(path, "regex", regex, "loose-regex");
        assert_eq!(found, Some(format!("`{regex}` {message}")));
    }
    for (path, regex, other) in [
        (
            "args.url",
            r"^https://api.example\.com/.*$",
            "`https://apixexample.com/` matches, too; write `\\.`, or use `url_host_in`",
        ),
        ("args.host", "^api.example.com$", "`apixexamplexcom` matches, too; write `\\.`, or list the hosts with `in`"),
    ] {
        let message = format!("in `{regex}` a `.` matches any character, so {other}");
        assert_eq!(loose(path, "regex", regex, "loose-regex"), Some(message));
    }
    for (path, regex) in [
        ("args.path", r"^/workspace/[\w-]+\.txt$"),
        ("args.path", r"^(?:/srv/a|/srv/b)$"),
        ("args.x", r"^C:\\work\\[\w-]+$"),
        ("args.url", r"^https://(?:[a-z0-9-]+\.)*example\.com(?:/.*)?$"),
        ("args.url", r"^https?://localhost(?::\d+)?/.*$"),
        ("args.url", "^https://.+$"),
        ("args.url", "^https://.*/download$"),
        ("args.host", r"^.+\.example\.com$"),
        ("args.host", r"^notion\.so$"),
        ("args.host", r"^db-\d+$"),
        ("args.sql", r"^\s*(?i:select|show|describe)\s[^;]*$"),
        ("args.note", "^v.+$"),
    ] {
        assert_eq!(loose(path, "regex", regex, "loose-regex"), None, "{regex}");
    }
}
