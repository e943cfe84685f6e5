//! The command beside a running Envoy.

use std::{
    io::Write as _,
    process::{Command, Stdio},
};

/// Runs the command with these arguments and this text on stdin; what it prints on stdout.
///
/// # Panics
/// If it fails.
pub(crate) fn command(arguments: &[&str], stdin: &str) -> String {
    match try_command(arguments, stdin) {
        (0, stdout, _) => stdout,
        (code, _, stderr) => panic!("{arguments:?} ended with {code}: {stderr}"),
    }
}

/// The same; exit code, stdout and stderr.
pub(crate) fn try_command(arguments: &[&str], stdin: &str) -> (i32, String, String) {
    let mut child = Command::new(env!("CARGO_BIN_EXE_mcp-policy"))
        .args(arguments)
        .env("NO_PROXY", "127.0.0.1,localhost")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the command");
    // It may end without reading anything.
    let _ = child.stdin.take().expect("a pipe").write_all(stdin.as_bytes());
    let output = child.wait_with_output().expect("the command ends");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("text");
    (output.status.code().unwrap_or(-1), text(output.stdout), text(output.stderr))
}
