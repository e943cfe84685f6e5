//! The command, end to end: the sessions in `tests/cli`, with their whole output. After a change that is meant,
//! `TRYCMD=overwrite cargo test --test cli` writes down what comes.

use std::{
    io,
    process::{Command, Output},
};

#[test]
fn sessions() {
    trycmd::TestCases::new().case("tests/cli/*.trycmd").case("tests/cli/*.toml");
}

/// What `check` prints of a file with faults.
fn check(variables: &[(&str, &str)]) -> io::Result<Output> {
    let mut command = Command::new(env!("CARGO_BIN_EXE_mcp-policy"));
    command.args(["check", "tests/cli/check.in/broken.json"]).current_dir(env!("CARGO_MANIFEST_DIR"));
    command.env_remove("NO_COLOR").env_remove("CLICOLOR_FORCE").envs(variables.iter().copied());
    command.output()
}

#[test]
fn colours_are_for_terminals_and_those_who_ask() {
    let coloured = |variables: &[_]| check(variables).unwrap().stdout.contains(&b'\x1b');
    assert!(!coloured(&[]));
    assert!(coloured(&[("CLICOLOR_FORCE", "1")]));
    assert!(!coloured(&[("CLICOLOR_FORCE", "1"), ("NO_COLOR", "1")]));
}
