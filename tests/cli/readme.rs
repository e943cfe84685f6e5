//! What the README shows of `explain` and `test` is what they print.

use std::process::Command;

const README: &str = include_str!("../../README.md");

#[test]
fn the_readme_shows_what_is_printed() {
    let blocks = README.split("```text\n$ mcp-policy ").skip(1).map(|rest| rest.split("```").next().unwrap());
    let shown = blocks.filter_map(|block| block.split_once('\n'));
    let shown: Vec<_> = shown.filter(|(verb, _)| verb.starts_with("explain") || verb.starts_with("test")).collect();
    assert_eq!(shown.len(), 2);
    for (arguments, expected) in shown {
        let output = Command::new("sh")
            .args(["-c", &format!("\"$0\" {arguments}"), env!("CARGO_BIN_EXE_mcp-policy")])
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .output()
            .expect("a shell");
        assert_eq!(String::from_utf8(output.stdout).expect("text"), expected, "{arguments}");
    }
}
