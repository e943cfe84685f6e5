//! The tools of a server that is started, and speaks MCP over its input and output.

use std::{
    io::{BufRead, BufReader, Read, Write},
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
    sync::mpsc::{Receiver, sync_channel},
    thread,
    time::{Duration, Instant},
};

use serde_json::{Value, json};

use super::{Listing, client_config::Program, listing};

/// For the whole list; many servers are downloaded at their first start.
const TIMEOUT: Duration = Duration::from_secs(120);
/// How long a server has to end by itself.
const GRACE: Duration = Duration::from_secs(2);
/// In bytes; no list of tools has a longer line.
const MAX_LINE: u64 = 16 << 20;
/// No server has a list of more pages.
const MAX_PAGES: u32 = 1000;

/// Starts a server, reads all pages of its list of tools, and ends it.
///
/// # Errors
/// A sentence on why there is none. It repeats nothing of the program, and nothing that the server has written.
pub(super) fn list_tools(program: &Program) -> Result<Listing, &'static str> {
    let mut running = Running::start(program)?;
    let tools = running.read_tools();
    running.end();
    listing::read(&json!({ "tools": tools? }).to_string()).map_err(|_| "its list of tools cannot be read")
}

/// A server that runs.
struct Running {
    process: Child,
    stdin: Option<ChildStdin>,
    lines: Receiver<Vec<u8>>,
    until: Instant,
}

impl Running {
    fn start(program: &Program) -> Result<Self, &'static str> {
        let mut command = Command::new(&program.command);
        command.args(&program.arguments).envs(&program.environment);
        if let Some(folder) = &program.folder {
            command.current_dir(folder);
        }
        // What it says of itself may hold a secret.
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        #[cfg(unix)]
        std::os::unix::process::CommandExt::process_group(&mut command, 0);
        let mut process = command.spawn().map_err(|_| "its command cannot be started")?;
        let (stdin, stdout) = (process.stdin.take(), process.stdout.take());
        let stdout = stdout.ok_or("its output cannot be read")?;
        Ok(Self { process, stdin, lines: read_lines(stdout), until: Instant::now() + TIMEOUT })
    }

    fn read_tools(&mut self) -> Result<Vec<Value>, &'static str> {
        let client = json!({"name": "mcp-policy", "version": env!("CARGO_PKG_VERSION")});
        let hello = json!({"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": client});
        self.ask(0, "initialize", &hello)?;
        self.send(&json!({"jsonrpc": "2.0", "method": "notifications/initialized"}))?;
        let mut tools = Vec::new();
        let mut params = json!({});
        for id in 1..=MAX_PAGES {
            let page = self.ask(id, "tools/list", &params)?;
            let listed = page.get("tools").and_then(Value::as_array).ok_or("its answer has no list `tools`")?;
            tools.extend(listed.iter().cloned());
            match page.get("nextCursor").and_then(Value::as_str) {
                Some(cursor) => params = json!({ "cursor": cursor }),
                None => return Ok(tools),
            }
        }
        Err("its list of tools never ends")
    }

    /// Sends a request and waits for its result.
    fn ask(&mut self, id: u32, method: &str, params: &Value) -> Result<Value, &'static str> {
        self.send(&json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params}))?;
        loop {
            let left = self.until.saturating_duration_since(Instant::now());
            let line = self.lines.recv_timeout(left).map_err(|_| "it ended, or did not answer in time")?;
            // Some servers also write other lines.
            let Ok(mut message) = serde_json::from_slice::<Value>(&line) else { continue };
            if message.get("id") == Some(&Value::from(id)) && message.get("method").is_none() {
                return match message.get_mut("result") {
                    Some(result) => Ok(result.take()),
                    None => Err("it answered with an error"),
                };
            }
        }
    }

    fn send(&mut self, message: &Value) -> Result<(), &'static str> {
        let stdin = self.stdin.as_mut().ok_or("its input is closed")?;
        let written = stdin.write_all(format!("{message}\n").as_bytes()).and_then(|()| stdin.flush());
        written.map_err(|_| "it ended before it answered")
    }

    /// Closes its input, and ends it and the programs that it has started if it goes on.
    fn end(mut self) {
        drop(self.stdin.take());
        let until = Instant::now() + GRACE;
        while Instant::now() < until && matches!(self.process.try_wait(), Ok(None)) {
            thread::sleep(Duration::from_millis(20));
        }
        // What it started may go on after it: `npx` starts Node. The group is gone if all have ended.
        #[cfg(unix)]
        let _ = Command::new("kill")
            .args(["-KILL", "--", &format!("-{}", self.process.id())])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status();
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Reads lines in a thread of its own, so that the reader can stop waiting. A line that is too long ends the reading.
fn read_lines(stdout: ChildStdout) -> Receiver<Vec<u8>> {
    // The server waits while so many lines are not read.
    let (sender, lines) = sync_channel(16);
    thread::spawn(move || {
        let mut reader = BufReader::new(stdout);
        loop {
            let mut line = Vec::new();
            let read = reader.by_ref().take(MAX_LINE).read_until(b'\n', &mut line);
            let is_whole = read.is_ok() && line.ends_with(b"\n");
            if !is_whole || sender.send(line).is_err() {
                return;
            }
        }
    });
    lines
}
