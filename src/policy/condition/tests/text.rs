//! `regex starts_with ends_with max_length max_items`.

#[cfg(target_family = "wasm")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::{NO, UNFIT, YES, assert_x, build};

#[test]
fn regex_is_unanchored_and_exact_about_case() {
    assert_x("regex", "\"foo\"", &[("\"foo\"", YES), ("\"xfoox\"", YES), ("\"FOO\"", NO), ("\"\"", NO)]);
    assert_x("regex", "\"foo\"", &[("5", UNFIT), ("true", UNFIT), ("[\"foo\"]", UNFIT), ("{}", UNFIT)]);
    assert_x("regex", "\"(?i)foo\"", &[("\"FoO\"", YES)]);
}

#[test]
fn regex_anchors_mean_the_whole_string() {
    let email = r#""^[^@]+@company\\.com$""#;
    assert_x("regex", email, &[("\"a@company.com\"", YES), ("\"a@companyXcom\"", NO), ("\"a@company.com.evil\"", NO)]);
    // `$` is the very end, unlike in Perl, Python and Java; a line feed before it does not slip through.
    assert_x("regex", email, &[("\"a@company.com\\n\"", NO), ("\"x\\na@company.com\"", YES), ("\"@company.com\"", NO)]);
    assert_x("regex", "\"^a.b$\"", &[("\"a\\nb\"", NO), ("\"a\\rb\"", YES), ("\"aéb\"", YES), ("\"a😀b\"", YES)]);
    assert_x("regex", "\"(?s)^a.b$\"", &[("\"a\\nb\"", YES)]);
    assert_x("regex", "\"(?m)^b$\"", &[("\"a\\nb\"", YES)]);
}

#[test]
fn regex_classes_are_ascii() {
    assert_x("regex", r#""^\\d$""#, &[("\"7\"", YES), ("\"\u{0667}\"", NO), ("\"\u{ff17}\"", NO)]);
    assert_x("regex", r#""^\\w$""#, &[("\"a\"", YES), ("\"é\"", NO)]);
    assert_x("regex", r#""^\\s$""#, &[("\" \"", YES), ("\"\u{a0}\"", NO)]);
    assert_x("regex", r#""(?i)^k$""#, &[("\"K\"", YES), ("\"\u{212a}\"", NO)]);
    assert_x("regex", r#""^[^a]$""#, &[("\"é\"", YES), ("\"b\"", YES)]);
}

#[test]
fn regex_takes_the_patterns_of_the_policy_pages() {
    let command = r#""[;&|`]|\\$\\(|\\brm\\b|\\bcurl\\b|\\bwget\\b|\\bnc\\b|\\bbash\\b\\s+-c""#;
    assert_x("regex", command, &[("\"ls; rm x\"", YES), ("\"npm test\"", NO), ("\"bash  -c x\"", YES)]);
    assert_x("regex", r#""^/Users/[^/]+/(\\.ssh|\\.aws|secrets)""#, &[("\"/Users/a/.ssh/id\"", YES), ("\"/x\"", NO)]);
}

#[test]
fn regex_takes_a_string_of_16_kib_at_most() {
    let text = |length: usize| format!("\"{}\"", "a".repeat(length));
    assert_x("regex", "\"b\"", &[(&text(16 * 1024), NO), (&text(16 * 1024 + 1), UNFIT)]);
    assert_x("regex", "\"a\"", &[(&text(16 * 1024), YES), (&text(16 * 1024 + 1), UNFIT)]);
    // Bytes, not characters: 8193 of two bytes each are too many.
    let accents = format!("\"{}\"", "é".repeat(8 * 1024 + 1));
    assert_x("regex", "\"a\"", &[(&accents, UNFIT)]);
}

#[test]
fn regex_is_bounded_when_compiled() {
    let found = |pattern: &str| build("args.x", "regex", &serde_json::Value::from(pattern).to_string()).err();
    for pattern in [
        "a{5000}",
        "(?:a{100}){100}",
        "(?:(?:(?:){1000}){1000}){1000}",
        "[a-z]{1000}[0-9]{1000}[a-z]{1000}[0-9]{1000}[a-z]{1000}",
        &"ab".repeat(2048 * 2),
    ] {
        let message = found(pattern).unwrap();
        assert!(message.contains("compiled regex exceeded size limit"), "{message}");
    }
    assert!(found(&"(?x) ".repeat(20_000)).unwrap().contains("longer than 64 KiB"));
    assert!(found(&format!("{}{}", "(?:".repeat(70), ")".repeat(70))).unwrap().contains("nesting"));
    assert!(found(&"()".repeat(65)).unwrap().contains("more than 64 groups; write `(?:…)`"));
    assert_eq!(found(&"()".repeat(64)), None);
    assert_eq!(found("^a{500}$"), None);
}

#[test]
fn regex_is_linear_in_the_string() {
    // Takes a backtracking engine 2^n steps.
    let pattern = r#""^(a+)+$|^(?:a?){50}a{50}$|(x+x+)+y""#;
    let text = format!("\"{}!\"", "a".repeat(16 * 1024 - 1));
    assert_x("regex", pattern, &[(&text, NO), (&format!("\"{}\"", "x".repeat(16 * 1024)), NO)]);
}

#[test]
fn starts_with_and_ends_with_take_strings() {
    assert_x(
        "starts_with",
        "\"ab\"",
        &[("\"abc\"", YES), ("\"ab\"", YES), ("\"Abc\"", NO), ("\"a\"", NO), ("\"\"", NO)],
    );
    assert_x("ends_with", "\".md\"", &[("\"a.md\"", YES), ("\"a.md \"", NO), ("\"a.mdx\"", NO)]);
    for op in ["starts_with", "ends_with"] {
        assert_x(op, "\"5\"", &[("5", UNFIT), ("[\"5\"]", UNFIT), ("{\"5\":1}", UNFIT), ("false", UNFIT)]);
    }
}

#[test]
fn max_length_counts_code_points() {
    assert_x(
        "max_length",
        "3",
        &[("\"abc\"", YES), ("\"abcd\"", NO), ("\"äöü\"", YES), ("\"😀😀😀\"", YES), ("\"\"", YES)],
    );
    // A family emoji is seven code points, an accent behind its letter two.
    assert_x("max_length", "3", &[("\"e\\u0301e\\u0301\"", NO), ("[]", UNFIT), ("[\"a\"]", UNFIT)]);
    assert_x("max_length", "3", &[("123", UNFIT), ("{}", UNFIT), ("true", UNFIT)]);
    assert_x("max_length", "0", &[("\"\"", YES), ("\"a\"", NO)]);
    assert_x("max_length", "9007199254740992", &[("\"a\"", YES)]);
}

#[test]
fn max_items_counts_elements() {
    assert_x("max_items", "2", &[("[]", YES), ("[1,2]", YES), ("[1,2,3]", NO), ("[null,null,null]", NO)]);
    assert_x("max_items", "2", &[("\"ab\"", UNFIT), ("{}", UNFIT), ("1", UNFIT), ("true", UNFIT)]);
    assert_x("max_items", "0", &[("[]", YES), ("[null]", NO)]);
}
