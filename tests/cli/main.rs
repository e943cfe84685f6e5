//! The command as it is called: whole outputs and exit codes.
#![expect(clippy::expect_used, clippy::unwrap_used, reason = "a test that cannot run the command has failed")]

mod apply;
mod approvals;
mod check;
mod ci;
mod edit;
mod evidence;
mod explain;
mod grant;
mod help;
mod pin;
mod readme;
mod scratch;
mod servers;
mod test;

use std::{
    io::{Read as _, Write as _},
    net::TcpListener,
    process::{Command, Stdio},
    thread,
};

/// What a run of the command comes to.
#[derive(Debug, PartialEq, Eq)]
struct Ran {
    code: i32,
    stdout: String,
    stderr: String,
}

/// Runs the command in the repository's root.
fn run(arguments: &[&str]) -> Ran {
    run_with(arguments, "")
}

/// As [`run`], with something on stdin.
fn run_with(arguments: &[&str], stdin: &str) -> Ran {
    let mut child = Command::new(env!("CARGO_BIN_EXE_mcp-policy"))
        .args(arguments)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the command starts");
    // It may well end without having read anything.
    let _ = child.stdin.take().expect("a pipe").write_all(stdin.as_bytes());
    let output = child.wait_with_output().expect("the command ends");
    let text = |bytes| String::from_utf8(bytes).expect("text");
    Ran { code: output.status.code().unwrap_or(-1), stdout: text(output.stdout), stderr: text(output.stderr) }
}

/// An HTTP server that gives each request the same answer, until the process ends.
fn answer_all(status: &'static str, answer: &'static str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = format!("http://{}/", listener.local_addr().expect("an address"));
    thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            // A client that hangs up is answered no more.
            let _ = stream.read(&mut [0; 4096]);
            let length = answer.len();
            let head = format!("HTTP/1.1 {status}\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n");
            let _ = stream.write_all(format!("{head}{answer}").as_bytes());
        }
    });
    address
}

/// Asserts that a run ends well and prints exactly this.
#[track_caller]
fn assert_prints(ran: &Ran, code: i32, stdout: &str) {
    assert_eq!(ran.stdout, stdout);
    assert_eq!((ran.code, ran.stderr.as_str()), (code, ""));
}

/// Asserts that a run prints nothing but exactly this error.
#[track_caller]
fn assert_fails(ran: &Ran, code: i32, stderr: &str) {
    assert_eq!(ran.stderr, stderr);
    assert_eq!((ran.code, ran.stdout.as_str()), (code, ""));
}
