//! Conditions that are to stop calls, and that a caller avoids by another spelling.

#[cfg(target_family = "wasm")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::{
    NONE,
    loose::WHOLE,
    policy,
    predicates::{list, rule},
};

#[test]
fn loose_text_in_what_refuses_names_another_spelling() {
    let path = "use `path_within`, which resolves `..`";
    let hosts = "list the allowed hosts with `url_host_in` under `require`";
    let names = "list the allowed hosts with `in` under `require`";
    let whole = format!("under `require`, {WHOLE}");
    let statements = "write the allowed statements under `require`, with `in` or as a `regex` from `^` to `$`";
    let same = "is the same to servers and does not";
    let found = |list_name: &str, path: &str, op: &str, value: &str| {
        let guard = format!(r#","require":{}"#, list(path, "exists", "true"));
        rule(list_name, &list(path, op, &serde_json::to_string(value).unwrap()), &guard)
    };
    for (argument, op, value, message) in [
        (
            "path",
            "starts_with",
            "/etc/",
            format!("`/x/../etc/` leads there, too, and does not start with `/etc/`; {path}"),
        ),
        ("file", "starts_with", "a/b", format!("`x/../a/b` leads there, too, and does not start with `a/b`; {path}")),
        (
            "path",
            "contains",
            "/.ssh/id",
            format!("`/.ssh//id` leads there, too, and does not contain `/.ssh/id`; {path}"),
        ),
        ("path", "contains", "/etc/", format!("`etc/` leads there, too, and does not contain `/etc/`; {path}")),
        (
            "path",
            "starts_with",
            r"C:\Work",
            format!(r"`c:\wORK` names the same file and does not start with `C:\Work`; {whole}"),
        ),
        ("url", "contains", "file:///a", format!("`FILE:///a` {same} contain `file:///a`; {whole}")),
        (
            "url",
            "starts_with",
            "http://169.254.169.254",
            format!("`HTTP://169.254.169.254` {same} start with `http://169.254.169.254`; {hosts}"),
        ),
        ("x", "starts_with", "http://", format!("`HTTP://` {same} start with `http://`; {hosts}")),
        (
            "host",
            "contains",
            "internal",
            format!("`INTERNAL` is the same host and does not contain `internal`; {names}"),
        ),
        (
            "url",
            "ends_with",
            ".internal",
            format!("`.INTERNAL` is the same host and does not end with `.internal`; {hosts}"),
        ),
        (
            "host",
            "starts_with",
            "10.0.",
            format!(
                "an address has other spellings (`2130706433` is `127.0.0.1`), and any name may resolve to it, so callers avoid \
                 `10.0.`; {names}"
            ),
        ),
        ("sql", "contains", "DROP", format!("`drop` {same} contain `DROP`; {statements}")),
        ("query", "starts_with", "delete ", format!("`DELETE ` {same} start with `delete `; {statements}")),
    ] {
        for key in ["deny_if", "require_approval"] {
            let expected = format!("/tools/a/{key}/0/conditions/0/value: {message} [loose-text]");
            assert_eq!(found(key, &format!("args.{argument}"), op, value), [expected]);
        }
    }
    for (argument, op, value) in [
        ("path", "contains", ".."),
        ("path", "contains", "../"),
        ("path", "ends_with", "/.env"),
        ("path", "ends_with", ".key"),
        ("command", "contains", "/etc/"),
        ("action", "starts_with", "delete"),
        ("note", "contains", "DROP"),
        ("sql", "contains", "name"),
    ] {
        assert_eq!(found("deny_if", &format!("args.{argument}"), op, value), NONE, "{argument} {value}");
    }
    let uri = policy(&format!(
        r#""resources":{{"*":{{"deny_if":{}}}}}"#,
        list("args.uri", "starts_with", "\"file:///etc/\"")
    ));
    assert_eq!(uri, NONE);
}
