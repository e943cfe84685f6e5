//! `mcp-policy edit`: what it refuses at its start, and how it ends.

use crate::{assert_fails, run, scratch::Scratch};

#[test]
fn what_could_not_be_saved_or_asked_is_refused_at_the_start() {
    let scratch = Scratch::new("edit-refused");
    let folder = format!("{}/none", scratch.folder().display());
    let file = format!("{folder}/p.json");
    let expected =
        format!("error: `{file}` could not be saved: there is no folder `{folder}`; create it (`mkdir -p {folder}`)\n");
    assert_fails(&run(&["edit", &file]), 2, &expected);
    let file = scratch.file("p.json", "");
    for (url, word) in [("nope", "nope"), ("ftp://h/x", "h/x"), ("user:secret@h/mcp?key=secret", "h/mcp")] {
        let expected =
            format!("error: `{word}` is not a server's address; expected `http://HOST:PORT/PATH` or `https://…`\n");
        assert_fails(&run(&["edit", &file, "--url", url]), 2, &expected);
        assert_fails(&run(&["inventory", "--url", url]), 2, &expected);
    }
}

#[cfg(unix)]
#[test]
fn ctrl_c_ends_the_page_without_an_error() {
    use std::{
        io::{BufRead as _, BufReader, Read as _, Write as _},
        process::{Command, Stdio},
    };
    let scratch = Scratch::new("edit-end");
    let mut edit = Command::new(env!("CARGO_BIN_EXE_mcp-policy"))
        .args(["edit", &scratch.file("p.json", "")])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut address = String::new();
    BufReader::new(edit.stdout.take().unwrap()).read_line(&mut address).unwrap();
    assert!(address.starts_with("http://127.0.0.1:"), "{address}");
    // A command that answers waits for the signal, too.
    let place = address.trim_start_matches("http://").split('/').next().unwrap();
    let mut stream = std::net::TcpStream::connect(place).unwrap();
    stream.write_all(format!("GET / HTTP/1.1\r\nHost: {place}\r\nConnection: close\r\n\r\n").as_bytes()).unwrap();
    stream.read_to_string(&mut String::new()).unwrap();
    let sent = Command::new("kill").args(["-INT", &edit.id().to_string()]).status().unwrap();
    assert!(sent.success());
    let mut stderr = String::new();
    edit.stderr.take().unwrap().read_to_string(&mut stderr).unwrap();
    assert_eq!((edit.wait().unwrap().code(), stderr.as_str()), (Some(0), ""));
}
