//! Paths as policies write them, and texts that are not paths.

#[cfg(target_family = "wasm")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::{Path, Segment};

fn key(name: &str) -> Segment {
    Segment::Key(name.to_owned())
}

#[test]
fn reads_keys_quoted_keys_indexes_and_every() {
    let cases = [
        ("args.a", vec![key("a")]),
        ("args.config.region.name", vec![key("config"), key("region"), key("name")]),
        (r#"args["a.b"]"#, vec![key("a.b")]),
        (r#"args.x["a\"b\\\u00e9]["].y"#, vec![key("x"), key("a\"b\\é]["), key("y")]),
        (r#"args[""]"#, vec![key("")]),
        ("args.files[0]", vec![key("files"), Segment::Index(0)]),
        ("args.files[120].path", vec![key("files"), Segment::Index(120), key("path")]),
        ("args.a[*][*].b", vec![key("a"), Segment::Every, Segment::Every, key("b")]),
        ("args.dry-run", vec![key("dry-run")]),
        ("args.größe", vec![key("größe")]),
        // Digits behind a dot are a key, as in every path language of this family.
        ("args.a.0", vec![key("a"), key("0")]),
        ("args.args", vec![key("args")]),
    ];
    for (text, segments) in cases {
        assert_eq!(Path::new(text).map_err(|error| error.to_string()).unwrap().segments(), segments, "{text}");
    }
}

#[test]
fn shows_a_path_so_that_it_reads_back() {
    let texts = ["args.a", "args.a[0][*].b", r#"args["a.b"].c"#, r#"args[""]"#, r#"args["a b"]["\"\\\n"]"#, "args.é"];
    for text in texts {
        assert_eq!(Path::new(text).unwrap().to_string(), text);
    }
    assert_eq!(Path::new(r#"args["a"]"#).unwrap().to_string(), "args.a");
}

#[test]
fn an_error_names_the_place_and_what_is_allowed_there() {
    let cases = [
        (
            "",
            "`` is not a path: at offset 0, a path starts with `args`, `caller` or `now`; write an argument as `args.name`",
        ),
        (
            "amount",
            "`amount` is not a path: at offset 0, a path starts with `args`, `caller` or `now`; write an argument as `args.name`",
        ),
        (
            "argsx.a",
            "`argsx.a` is not a path: at offset 0, a path starts with `args`, `caller` or `now`; write an argument as `args.name`",
        ),
        (
            "Args.a",
            "`Args.a` is not a path: at offset 0, a path starts with `args`, `caller` or `now`; write an argument as `args.name`",
        ),
        (
            "args",
            "`args` is not a path: at offset 4, it names no argument; write a key behind `args`, as in `args.name`",
        ),
        ("args.", "`args.` is not a path: at offset 5, a key is missing; write one, or `[\"\"]` for the empty key"),
        (
            "args.a..b",
            "`args.a..b` is not a path: at offset 7, a key is missing; write one, or `[\"\"]` for the empty key",
        ),
        ("args.a[0]b", "`args.a[0]b` is not a path: at offset 9, expected `.` or `[`; write `.` before a key"),
        ("args.[0]", "`args.[0]` is not a path: at offset 5, a `.` cannot precede `[`; remove it"),
        (
            "args.*",
            "`args.*` is not a path: at offset 5, this character needs quotes in a key; write `[\"…\"]`, or `[*]` for every \
             element",
        ),
        (
            "args.a b",
            "`args.a b` is not a path: at offset 6, this character needs quotes in a key; write `[\"…\"]`, or `[*]` for \
             every element",
        ),
        (
            "args[0]",
            "`args[0]` is not a path: at offset 4, the arguments are an object; write a key behind `args`, as in \
             `args.name[0]`",
        ),
    ];
    for (text, message) in cases {
        assert_eq!(Path::new(text).expect_err(text).to_string(), message);
    }
}

#[test]
fn says_what_a_bracket_may_hold() {
    let hint = "expected an index such as `[0]`, `[*]` for every element, or a quoted key such as `[\"a.b\"]`";
    let bad = ["", "x", "-1", "+1", "01", "00", " 0", "1.5", "1e3", "1234567890", "a", "**", "99999999999999999999"];
    for inner in bad {
        let text = format!("args.a[{inner}]");
        assert_eq!(
            Path::new(&text).expect_err(&text).to_string(),
            format!("`{text}` is not a path: at offset 7, {hint}")
        );
    }
    assert_eq!(Path::new("args.a[0").expect_err("open").at(), 7);
    for text in [r#"args["a"#, r#"args["\x"]"#, r#"args["\ud800"]"#, "args[\"\n\"]"] {
        let error = Path::new(text).expect_err(text).to_string();
        assert!(error.ends_with("at offset 5, the quoted key is not a JSON string; write `[\"…\"]`"), "{error}");
    }
    let error = Path::new(r#"args["a"x"#).expect_err("x").to_string();
    assert_eq!(error, r#"`args["a"x` is not a path: at offset 8, expected `]` behind the quoted key"#);
}

#[test]
fn at_most_32_steps() {
    let text = format!("args{}", ".a".repeat(32));
    assert_eq!(Path::new(&text).unwrap().segments().len(), 32);
    let error = Path::new(&format!("{text}.b")).expect_err("33").to_string();
    assert!(error.ends_with("at offset 68, more than 32 steps; name a place that is less deep"), "{error}");
}

#[test]
fn knows_its_keys_and_whether_it_means_one_place() {
    let path = Path::new("args.a[*].b[0]").unwrap();
    assert_eq!(path.keys().collect::<Vec<_>>(), ["a", "b"]);
    assert!(!path.is_single());
    assert!(Path::new("args.a[0]").unwrap().is_single());
}

#[cfg(not(target_family = "wasm"))]
mod properties {
    use proptest::prelude::*;

    use super::Path;

    proptest! {
        #[test]
        fn any_text_is_read_or_refused_at_a_place_inside_it(text in "(args)?[.\\[\\]\"*a0é \\\\\u{0}u-]{0,24}") {
            match Path::new(&text) {
                Ok(path) => prop_assert_eq!(Path::new(&path.to_string()), Ok(path)),
                Err(error) => prop_assert!(text.is_char_boundary(error.at()), "{}", error),
            }
        }

        #[test]
        fn any_key_can_be_quoted(name in any::<String>()) {
            let text = format!("args[{}]", serde_json::Value::from(name.as_str()));
            let path = Path::new(&text).unwrap();
            prop_assert_eq!(path.keys().collect::<Vec<_>>(), [name.as_str()]);
            prop_assert_eq!(Path::new(&path.to_string()), Ok(path));
        }
    }
}
