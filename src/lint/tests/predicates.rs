#[cfg(target_family = "wasm")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::{NONE, policy};

fn list(path: &str, op: &str, value: &str) -> String {
    format!(r#"[{{"conditions":[{{"path":"{path}","op":"{op}","value":{value}}}]}}]"#)
}

/// Warnings on one tool with this condition in this list, and other members of its rule.
#[track_caller]
fn rule(key: &str, list: &str, more: &str) -> Vec<String> {
    policy(&format!(r#""tools":{{"a":{{"{key}":{list}{more}}}}}"#))
}

#[test]
fn unguarded_deny() {
    let denied = list("args.env", "eq", r#""prod""#);
    assert_eq!(
        rule("deny_if", &denied, ""),
        [
            "/tools/a/deny_if/0/conditions/0/path: this does not deny a call without `args.env`, and no rule requires that \
          argument; add a `require` with `exists` `true`, or with the allowed values [unguarded-deny]"
        ]
    );
    for op in ["neq", "not_in"] {
        let value = if op == "neq" { r#""dev""# } else { r#"["dev"]"# };
        assert_eq!(rule("deny_if", &list("args.env", op, value), ""), NONE);
    }
    for flag in ["true", "false"] {
        assert_eq!(rule("deny_if", &list("args.env", "exists", flag), ""), NONE);
    }
    let beside =
        r#"[{"conditions":[{"path":"args.n","op":"exists","value":true},{"path":"args.n","op":"gt","value":0}]}]"#;
    assert_eq!(rule("deny_if", beside, ""), NONE, "its author thought of a call without it");
}

#[test]
fn unguarded_approval() {
    assert_eq!(
        rule("require_approval", &list("args.amount", "gt", "100"), ""),
        ["/tools/a/require_approval/0/conditions/0/path: this requires no approval for a call without `args.amount`, \
          and no rule requires that argument; add a `require` with `exists` `true`, or with the allowed values \
          [unguarded-approval]"]
    );
}

#[test]
fn what_is_required_is_guarded() {
    let guarded = |path: &str, required: &str, op: &str| {
        let required = list(required, op, if op == "exists" { "true" } else { "0" });
        rule("deny_if", &list(path, "gt", "9"), &format!(r#","require":{required}"#))
    };
    assert_eq!(guarded("args.n", "args.n", "exists"), NONE);
    assert_eq!(guarded("args.n", "args.n", "gte"), NONE);
    assert_eq!(guarded("args.n", "args.n.m", "exists"), NONE);
    assert_eq!(guarded("args.l[*].n", "args.l[*].n", "exists"), NONE);
    for (path, required) in [("args.n", "args.m"), ("args.n.m", "args.n"), ("args.l[*].n", "args.l[0].n")] {
        assert_eq!(guarded(path, required, "exists").len(), 1, "{path} {required}");
    }
    let absent = list("args.n", "exists", "false");
    assert_eq!(rule("deny_if", &list("args.n", "gt", "9"), &format!(r#","require":{absent}"#)).len(), 1);
}

#[test]
fn what_is_counted_or_required_of_all_tools_is_guarded() {
    let limit = r#","limits":[{"counter":"c","window":"minute","max":9,"scope":"grant","increment_from":"args.n"}]"#;
    let denied = list("args.n", "gt", "9");
    assert_eq!(rule("deny_if", &denied, limit), NONE);
    let required = list("args.n", "exists", "true");
    let all = |mode| format!(r#""all_tools":{{"require":{required}{mode}}},"tools":{{"a":{{"deny_if":{denied}}}}}"#);
    assert_eq!(policy(&all("")), NONE);
    assert_eq!(policy(&all(r#","mode":"shadow""#)).len(), 1);
    assert_eq!(policy(&format!(r#""resources":{{"a":{{"deny_if":{}}}}}"#, list("args.uri", "eq", "\"b\""))), NONE);
}

#[test]
fn inverted_max_length() {
    let guard = format!(r#","require":{}"#, list("args.s", "exists", "true"));
    assert_eq!(
        rule("deny_if", &list("args.s", "max_length", "100"), &guard),
        [
            "/tools/a/deny_if/0/conditions/0/op: `max_length` holds for short values, so this denies short values; put it \
          under `require` to deny long ones [inverted-max-length]"
        ]
    );
    assert_eq!(
        rule("require_approval", &list("args.s", "max_length", "100"), &guard),
        [
            "/tools/a/require_approval/0/conditions/0/op: `max_length` holds for short values, so this requires approval \
          for short values; put it under `require` to deny long ones [inverted-max-length]"
        ]
    );
    assert_eq!(rule("require", &list("args.s", "max_length", "100"), ""), NONE);
    assert_eq!(rule("deny_if", &list("args.s", "max_items", "9"), &guard).len(), 1);
}

#[test]
fn contains_in_require() {
    assert_eq!(
        rule("require", &list("args.s", "contains", "\"public\""), ""),
        ["/tools/a/require/0/conditions/0/op: `contains` holds for a string with this text and for a list with this \
             element, and the caller chooses which to send; use `includes` for a list, or `regex` for a string \
             [contains-in-require]"]
    );
    assert_eq!(rule("require", &list("args.s", "includes", "\"public\""), ""), NONE);
    assert_eq!(rule("require", &list("args.s", "contains", "5"), ""), NONE);
    let guard = format!(r#","require":{}"#, list("args.s", "exists", "true"));
    assert_eq!(rule("deny_if", &list("args.s", "contains", "\"DROP\""), &guard), NONE);
}

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
    let guard = format!(r#","require":{}"#, list("args.path", "exists", "true"));
    assert_eq!(rule("deny_if", &list("args.path", "starts_with", "\"/etc\""), &guard), NONE);
}

const WHOLE: &str = "write the allowed ones with `in`, or as a `regex` from `^` to `$` that has no room for `..`";

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

const PARTLY: &str = "in `^a|b$` an anchor binds only one alternative; group the alternatives, as in `^(?:a|b)$`";
const LINES: &str = "in `(?m)^a$` `(?m)` lets `^` and `$` match at every line, so one line of a text is enough; remove \
                     `(?m)`";

#[test]
fn loose_regex_in_require() {
    for (regex, message) in [
        ("^foo", "`^foo` matches only the start of a text, and any text may follow; end it with `$`"),
        ("foo$", "`foo$` matches only the end of a text, and any text may precede it; begin it with `^`"),
        ("foo", "`foo` matches anywhere in a text, and any text may surround it; write `^(?:…)$`"),
        ("(^|/)foo", "`(^|/)foo` matches anywhere in a text, and any text may surround it; write `^(?:…)$`"),
        ("^a|b$", PARTLY),
        ("(?m)^a$", LINES),
    ] {
        let expected = format!("/tools/a/require/0/conditions/0/value: {message} [loose-regex]");
        assert_eq!(rule("require", &list("args.s", "regex", &format!("\"{regex}\"")), ""), [expected]);
    }
    for regex in ["^foo$", "^(?:a|b)$", "^a$|^b$", "(?i)^foo$", "^.*\\\\d+.*$"] {
        assert_eq!(rule("require", &list("args.s", "regex", &format!("\"{regex}\"")), ""), NONE, "{regex}");
    }
}

#[test]
fn loose_regex_in_what_refuses() {
    let guard = format!(r#","require":{}"#, list("args.s", "exists", "true"));
    for (regex, message) in [("^a|b$", PARTLY), ("(?m)^a$", LINES)] {
        let expected = format!("/tools/a/deny_if/0/conditions/0/value: {message} [loose-regex]");
        assert_eq!(rule("deny_if", &list("args.s", "regex", &format!("\"{regex}\"")), &guard), [expected]);
    }
    for regex in ["^foo", "foo$", "foo", "^foo$", "(^|/)foo(/|$)", "(?i)drop|delete"] {
        assert_eq!(rule("deny_if", &list("args.s", "regex", &format!("\"{regex}\"")), &guard), NONE, "{regex}");
    }
}

#[test]
fn costly_regex() {
    for (regex, part) in [("^(?:[a-z]{1,20}-){1,20}x$", "(?:[a-z]{1,20}-){1,20}"), ("^[0-9a-f]{300}$", "[0-9a-f]{300}")]
    {
        let expected = format!(
            "/tools/a/require/0/conditions/0/value: a text of 16 KiB uses up the work that one request may take, so a call \
             with one is denied as `(too much to check)`; nearly all of it is for `{part}`: repeat it less often, or limit \
             the text by `max_length` [costly-regex]"
        );
        assert_eq!(rule("require", &list("args.s", "regex", &format!("\"{regex}\"")), ""), [expected]);
    }
    let email = r"^[A-Za-z0-9._%+-]+@[A-Za-z0-9.-]+\\.[A-Za-z]{2,}$";
    assert_eq!(rule("require", &list("args.s", "regex", &format!("\"{email}\"")), ""), NONE);
}
