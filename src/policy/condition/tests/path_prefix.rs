//! `path_within`.

#[cfg(target_family = "wasm")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use crate::policy::condition::Operator;

use super::{NO, UNFIT, YES, assert_x, build};

const FOLDERS: &str = r#"["/srv/files", "/srv/files/deep", "/data/", "/srv/files2/sub"]"#;

#[test]
fn a_path_is_a_folder_or_lies_under_one() {
    let inside =
        ["/srv/files", "/srv/files/", "/srv/files/a", "/srv/files/deep/a", "/srv/files/x/y.txt", "/data", "/data/x"];
    let outside =
        ["/", "/srv", "/srv/", "/srv/file", "/srv/files2", "/srv/files2/su", "/srv/filesystem", "/Data", "/zzz"];
    for path in inside {
        assert_x("path_within", FOLDERS, &[(&format!("\"{path}\""), YES)]);
    }
    for path in outside {
        assert_x("path_within", FOLDERS, &[(&format!("\"{path}\""), NO)]);
    }
}

#[test]
fn dots_and_empty_parts_are_resolved_first() {
    let inside =
        ["/srv//files", "//srv/files", "/srv/./files/.", "/x/../srv/files", "/../../srv/files", "/srv/files/a/.."];
    let outside = [
        "/srv/files/..",
        "/srv/files/../",
        "/srv/files/../../etc/passwd",
        "/srv/files/./../etc",
        "/srv/files//../etc",
        "/srv/files/a/../../../data2",
        "/..",
        "/.",
        "//",
        "/data/../srv/files2",
    ];
    for path in inside {
        assert_x("path_within", FOLDERS, &[(&format!("\"{path}\""), YES)]);
    }
    for path in outside {
        assert_x("path_within", FOLDERS, &[(&format!("\"{path}\""), NO)]);
    }
    // Only `.` and `..` themselves: these are names.
    assert_x(
        "path_within",
        FOLDERS,
        &[("\"/srv/files/...\"", YES), ("\"/srv/files/..a\"", YES), ("\"/srv/files/.. /a\"", YES)],
    );
}

#[test]
fn what_is_no_plain_absolute_path_is_wrong() {
    let wrong = [
        r#""""#,
        r#""srv/files""#,
        r#""./srv/files""#,
        r#"" /srv/files""#,
        r#""~/x""#,
        r#""C:/srv/files""#,
        r#""file:///srv/files/a""#,
        r#""/srv/files\\..\\..\\etc""#,
        r#""/srv/files/%2e%2e/%2e%2e/etc""#,
        r#""/srv/files/100%""#,
        r#""/srv/files/a\u0000/../../etc""#,
        r#""/srv/files/a\n""#,
        r#""/srv/files/\u007f""#,
        r#""/srv/files/\u0085""#,
        r#""/srv/files/.. ""#,
        r#""/srv/files/a\u00a0""#,
        "5",
        "true",
        r#"["/srv/files"]"#,
    ];
    for path in wrong {
        assert_x("path_within", FOLDERS, &[(path, UNFIT)]);
    }
}

#[test]
fn a_relative_path_is_joined_to_the_base_first() {
    let value = r#"{"folders": ["/workspace/src", "/tmp"], "base": "/workspace"}"#;
    let inside =
        ["src", "src/", "./src/a", "src/../src/a", "a/../src", "../tmp/x", "/tmp", "/workspace/src/a", "../../../tmp"];
    let outside = ["a", ".", "..", "src/..", "src/../../etc", "../etc", "/src", "srcs", "../../etc/passwd"];
    for path in inside {
        assert_x("path_within", value, &[(&format!("\"{path}\""), YES)]);
    }
    for path in outside {
        assert_x("path_within", value, &[(&format!("\"{path}\""), NO)]);
    }
    for path in
        ["", " src", "src ", "~/src", "~root", "C:src", "file:src", "src\\\\a", "src%2fa", "src\\u0000", "src\\n"]
    {
        assert_x("path_within", value, &[(&format!("\"{path}\""), UNFIT)]);
    }
}

#[test]
fn a_base_is_written_plainly_beside_its_folders() {
    let plain = "an absolute path without `.`, `..`, `//`, `\\`, `%` and control characters";
    let either = "a list of one or more folders, such as `[\"/srv/files\"]`, or \
                  `{\"folders\": [\"/srv/files\"], \"base\": \"/srv\"}`";
    for (value, message) in [
        (
            r#"{"folders": ["a"], "base": "b"}"#,
            format!(
                "/value/base: found `\"b\"`, allowed is {plain}\n/value/folders/0: found `\"a\"`, allowed is {plain}"
            ),
        ),
        (r#"{"folders": ["/a"]}"#, format!("/value: found `{{\"folders\": [\"/a\"]}}`, allowed is {either}")),
        (r#"{"base": "/a"}"#, format!("/value: found `{{\"base\": \"/a\"}}`, allowed is {either}")),
        (r#"{"folders": [], "base": "/a"}"#, format!("/value: found `[]`, allowed is {either}")),
        (
            r#"{"folders": ["/a"], "bas": "/a"}"#,
            format!("/value: found `{{\"folders\": [\"/a\"], \"bas\": \"/a\"}}`, allowed is {either}"),
        ),
    ] {
        assert_eq!(build("args.x", "path_within", value).unwrap_err(), message);
    }
}

#[test]
fn folders_and_base_are_written_once() {
    for value in
        [r#"{"folders": ["/a"], "folders": ["/"], "base": "/a"}"#, r#"{"folders": ["/a"], "base": "/a", "base": "/"}"#]
    {
        let message = format!(
            "/value: found `{value}`, allowed is a list of one or more folders, such as `[\"/srv/files\"]`, or \
             `{{\"folders\": [\"/srv/files\"], \"base\": \"/srv\"}}`"
        );
        assert_eq!(build("args.x", "path_within", value).unwrap_err(), message);
    }
}

#[test]
fn the_root_holds_every_path() {
    assert_x("path_within", "[\"/\"]", &[("\"/\"", YES), ("\"/etc\"", YES), ("\"/..\"", YES), ("\"etc\"", UNFIT)]);
}

#[test]
fn each_of_many_folders_is_found() {
    let folders: Vec<String> = (0..300).map(|n| format!("\"/f{n}/a\"")).collect();
    let list = format!("[{},\"/f7\",\"/f7/a/b\"]", folders.join(","));
    for n in 0..300 {
        let other = if n == 7 { YES } else { NO };
        assert_x("path_within", &list, &[(&format!("\"/f{n}/a/x\""), YES), (&format!("\"/f{n}/b\""), other)]);
    }
}

#[test]
fn folders_are_written_plainly() {
    for folder in ["", "srv", "/srv/../etc", "/srv/.", "/srv//a", "//srv", "/srv\\\\a", "/srv/%41", "/a\\n", "/srv//"] {
        let message = build("args.x", "path_within", &format!("[\"/ok\", \"{folder}\"]")).expect_err(folder);
        assert!(message.starts_with("/value/1: found `\""), "{message}");
        assert!(
            message.ends_with("an absolute path without `.`, `..`, `//`, `\\`, `%` and control characters"),
            "{message}"
        );
    }
}

#[test]
fn folders_and_base_are_as_the_policy_has_them() {
    for (value, expected, base) in [
        (r#"["/srv/b/","/srv/a"]"#, &["/srv/b/", "/srv/a/"][..], None),
        (r#"{"folders":["/srv/a"],"base":"/srv"}"#, &["/srv/a/"], Some("/srv/")),
        (r#"{"folders":["/srv/a"],"base":"/"}"#, &["/srv/a/"], Some("/")),
    ] {
        let condition = build("args.x", "path_within", value).unwrap();
        let Operator::PathWithin(folders) = condition.operator() else { panic!("{value}") };
        assert_eq!((folders.folders().collect::<Vec<_>>(), folders.base()), (expected.to_vec(), base), "{value}");
    }
}
