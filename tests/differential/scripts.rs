//! Python's `json` and JavaScript's `JSON.parse`, asked about many bodies at once.

use std::{
    io::Write as _,
    process::{Command, Stdio},
    thread,
};

use base64::{Engine as _, engine::general_purpose::STANDARD};

use super::{effect::Act, request::Request};

/// An interpreter and what it runs.
pub(crate) struct Script {
    /// What it simulates.
    pub(crate) name: &'static str,
    program: &'static str,
    arguments: [&'static str; 3],
}

/// What each reads: a body in base64 a line; and answers: a list of acts a line, or `null` where it refuses.
pub(crate) const SCRIPTS: [Script; 3] = [
    Script { name: "Python, last wins", program: "python3", arguments: ["-c", include_str!("read.py"), "last"] },
    Script { name: "Python, first wins", program: "python3", arguments: ["-c", include_str!("read.py"), "first"] },
    Script { name: "JavaScript", program: "node", arguments: ["-e", include_str!("read.js"), "--"] },
];

impl Script {
    /// What it would do for each request; `None` where it refuses.
    pub(crate) fn read(&self, requests: &[Request]) -> Vec<Option<Vec<Act>>> {
        let mut child = Command::new(self.program)
            .args(self.arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("`{}` is needed to compare with {}: {error}", self.program, self.name));
        let mut stdin = child.stdin.take().unwrap();
        let lines: String = requests.iter().map(|request| STANDARD.encode(&request.body) + "\n").collect();
        // Beside the reading, since either pipe can be full.
        let writer = thread::spawn(move || stdin.write_all(lines.as_bytes()));
        let output = child.wait_with_output().unwrap();
        writer.join().unwrap().unwrap_or_else(|error| panic!("{} reads no more: {error}", self.name));
        assert!(output.status.success(), "{} ended with {}", self.name, output.status);
        let text = String::from_utf8(output.stdout).unwrap();
        let read: Vec<_> = text.lines().map(|line| serde_json::from_str(line).expect(line)).collect();
        assert_eq!(read.len(), requests.len(), "{} answers each body", self.name);
        read
    }
}
