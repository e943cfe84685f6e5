#[cfg(target_family = "wasm")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::{NONE, policy};

pub(super) fn list(path: &str, op: &str, value: &str) -> String {
    format!(r#"[{{"conditions":[{{"path":"{path}","op":"{op}","value":{value}}}]}}]"#)
}

/// Warnings on one tool with this condition in this list, and other members of its rule.
#[track_caller]
pub(super) fn rule(key: &str, list: &str, more: &str) -> Vec<String> {
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
fn what_is_denied_without_its_value_is_guarded() {
    let denied = |absent: &str, path: &str| {
        let present = list(path, "gt", "9");
        rule("deny_if", &format!("[{},{}", absent, present.trim_start_matches('[')), "")
    };
    let absent = |path: &str| format!(r#"{{"conditions":[{{"path":"{path}","op":"exists","value":false}}]}}"#);
    assert_eq!(denied(&absent("args.n"), "args.n"), NONE);
    assert_eq!(denied(&absent("args.n.m"), "args.n"), NONE);
    let more = absent("args.n").replace("]}", r#",{"path":"args.m","op":"exists","value":true}]}"#);
    for (absent, path) in [(more, "args.n"), (absent("args.m"), "args.n"), (absent("args.l[*].n"), "args.l[*].n")] {
        let warnings = denied(&absent, path);
        assert!(
            warnings.iter().any(|warning| warning.contains(&format!("without `{path}`"))),
            "{absent} {path} {warnings:?}"
        );
    }
    let approval = format!(r#","deny_if":[{}]"#, absent("args.n"));
    assert_eq!(rule("require_approval", &list("args.n", "gt", "9"), &approval), NONE);
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
fn contains_in_require_on_the_caller() {
    let caller = |path: &str| {
        let mut found = rule("require", &list(path, "contains", "\"admin\""), "");
        found.retain(|warning| warning.ends_with("[contains-in-require]"));
        found
    };
    assert_eq!(
        caller("caller.claims.roles"),
        [
            "/tools/a/require/0/conditions/0/op: `contains` holds for a claim that is a string with this text, in a longer word too, \
          and for one that is a list with this element; use `has_scope`, which compares whole words of both, or `includes` for a \
          list [contains-in-require]"
        ]
    );
    assert_eq!(caller("caller.grant"), NONE);
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
