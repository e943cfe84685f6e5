//! Which methods pass.

#[cfg(target_family = "wasm")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::{NONE, differences, lines};

#[test]
fn a_method_that_is_closed_or_opened_is_one_exact_difference() {
    for (old, new, expected) in [
        (r#""methods":{"ping":"deny"}"#, r#""methods":{"ping":"allow"}"#, &["+ the method `ping`: is allowed"][..]),
        (r#""methods":{}"#, r#""methods":{"ping":"deny"}"#, &["- the method `ping`: is denied"]),
        (r#""methods":{"ping":"deny"}"#, r#""methods":{}"#, &["+ the method `ping`: is allowed"]),
        (r#""methods":{}"#, r#""methods":{"ping":"allow"}"#, &[]),
        (
            r#""methods":{}"#,
            r#""methods":{"notifications/progress":"deny"}"#,
            &["- the method `notifications/progress`: is denied"],
        ),
        (r#""methods":{}"#, r#""methods":{"tasks/list":"allow"}"#, &["+ the method `tasks/list`: is allowed"]),
        (r#""methods":{"tasks/list":"allow"}"#, r#""methods":{}"#, &["- the method `tasks/list`: is denied"]),
        (r#""methods":{}"#, r#""methods":{"tasks/list":"deny","x/y":"deny"}"#, &[]),
        (r#""methods":{}"#, r#""methods":{"x/y":"allow"}"#, &["+ the method `x/y`: is allowed"]),
        (
            r#""resources":{"a://b":{}}"#,
            r#""resources":{"a://b":{}},"methods":{"resources/read":"deny","completion/complete":"deny"}"#,
            &["- the method `completion/complete`, the method `resources/read`: is denied"],
        ),
        (
            r#""methods":{"subscriptions/listen":"deny"}"#,
            r#""methods":{}"#,
            &["+ the method `subscriptions/listen`: is allowed"],
        ),
        // No resource can be read anyway, and no prompt be referred to.
        (r#""methods":{}"#, r#""methods":{"resources/read":"deny","completion/complete":"deny"}"#, &[]),
        (
            r#""prompts":{"p":{}},"methods":{"completion/complete":"deny","resources/unsubscribe":"deny"}"#,
            r#""prompts":{"p":{}}"#,
            &["+ the method `completion/complete`: is allowed"],
        ),
    ] {
        assert_eq!(differences(old, new), expected, "{old} {new}");
    }
}

#[test]
fn the_method_that_calls_closes_and_opens_what_its_entries_allow() {
    let closed = r#""methods":{"tools/call":"deny","prompts/get":"deny"}"#;
    let entries = r#""tools":{"a":{}},"prompts":{"p":{}}"#;
    assert_eq!(
        differences(entries, &format!("{entries},{closed}")),
        [
            "- the tool `a`: is denied by `methods` (`tools/call`); it was allowed",
            "- the prompt `p`: is denied by `methods` (`prompts/get`); it was allowed",
        ]
    );
    assert_eq!(
        differences(&format!("{entries},{closed}"), entries),
        [
            "+ the tool `a`: is allowed; it was denied by `methods` (`tools/call`)",
            "+ the prompt `p`: is allowed; it was denied by `methods` (`prompts/get`)",
        ]
    );
    // What is new behind a closed method opens nothing.
    assert_eq!(differences(r#""tools":{}"#, r#""tools":{"a":{}},"methods":{"tools/call":"deny"}"#), NONE);
}

#[test]
fn an_entry_of_methods_denies_other_spellings_where_unknown_methods_pass() {
    let allow = |members: &str| format!(r#"{{"version":"1","default":"allow"{members}}}"#);
    let (without, with) = (allow(""), allow(r#","methods":{"x/y":"allow"}"#));
    assert_eq!(lines(&without, &with, None), ["- other spellings of the method `x/y`: are denied"]);
    assert_eq!(lines(&with, &without, None), ["+ other spellings of the method `x/y`: are allowed"]);
    assert_eq!(
        lines(&without, &allow(r#","methods":{"x/y":"deny"}"#), None),
        ["- the method `x/y`: is denied", "- other spellings of the method `x/y`: are denied"]
    );
    assert_eq!(lines(&without, &allow(r#","methods":{"ping":"allow"}"#), None), NONE);
}
