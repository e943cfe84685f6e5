//! `mcp-policy check`: the sessions in `check*.trycmd` and `check*.toml`, with their whole output. After a change that
//! is meant, `TRYCMD=overwrite cargo test --test cli check` writes down what comes.

use std::process::Command;

#[test]
fn sessions() {
    trycmd::TestCases::new().case("tests/cli/check*.trycmd").case("tests/cli/check*.toml");
}

/// Whether what `check` prints of a file with faults is coloured.
fn is_coloured(variables: &[(&str, &str)]) -> bool {
    let mut command = Command::new(env!("CARGO_BIN_EXE_mcp-policy"));
    command.args(["check", "tests/cli/check.in/broken.json"]).current_dir(env!("CARGO_MANIFEST_DIR"));
    command.env_remove("NO_COLOR").env_remove("CLICOLOR_FORCE").envs(variables.iter().copied());
    command.output().unwrap().stdout.contains(&b'\x1b')
}

#[test]
fn colours_are_for_terminals_and_those_who_ask() {
    assert!(!is_coloured(&[]));
    assert!(is_coloured(&[("CLICOLOR_FORCE", "1")]));
    assert!(!is_coloured(&[("CLICOLOR_FORCE", "1"), ("NO_COLOR", "1")]));
}
