//! The servers: how each is started, and what it tells of itself.

use super::rust;
use crate::{
    client::{self, Request},
    process::{Process, fresh_folder},
    runtime::until,
};
use std::{
    fs::File,
    net::SocketAddr,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::Arc,
};

/// A running server; it ends when this is dropped.
pub(crate) struct Server {
    /// The SDK with its major version, and what reads the body for it.
    pub(crate) name: &'static str,
    /// Where it listens.
    pub(crate) address: SocketAddr,
    /// Whether it speaks revision 2026-07-28, too.
    pub(crate) modern: bool,
    /// Nothing for the one that runs in this process.
    _process: Option<Process>,
}

/// A server that may not listen yet.
struct Starting {
    name: &'static str,
    modern: bool,
    process: Process,
}

impl Server {
    /// Starts all those that are attacked, side by side; their logs go into one folder. They answer with `json` or with
    /// `events`.
    pub(crate) async fn start_all(test: &str, place: &Path, form: &str) -> Vec<Arc<Self>> {
        let folder = fresh_folder(&format!("servers-{test}"));
        let start = |name, modern, command| Starting::new(name, modern, command, &folder);
        let starting = [
            start("typescript-1-express", false, node(place, "typescript-1", &["express", form])),
            start("typescript-1-node", false, node(place, "typescript-1", &["node", form])),
            start("typescript-2-express", true, node(place, "typescript-2", &["express", form])),
            start("typescript-2-node", true, node(place, "typescript-2", &["node", form])),
            start("python-1", false, python(place, "python-1", form)),
            start("python-2", true, python(place, "python-2", form)),
        ];
        let mut servers = Vec::new();
        for starting in starting {
            servers.push(Arc::new(starting.listening().await));
        }
        let address = rust::start(form).await;
        servers.push(Arc::new(Self { name: "rust", address, modern: true, _process: None }));
        servers
    }

    /// Starts a server of FastMCP, which is only asked for the values that its tools receive.
    pub(super) async fn start_fastmcp(test: &str, place: &Path) -> Arc<Self> {
        let folder = fresh_folder(&format!("servers-{test}-fastmcp"));
        let mut command = Command::new(place.join("fastmcp/bin/python"));
        command.arg(program("python/fastmcp_server.py")).stdin(Stdio::null());
        Arc::new(Starting::new("fastmcp", true, command, &folder).listening().await)
    }

    /// Starts the reference server.
    pub(crate) async fn start_everything(test: &str, place: &Path) -> Self {
        let folder = fresh_folder(&format!("servers-{test}"));
        Starting::new("everything", false, node(place, "everything", &[]), &folder).listening().await
    }

    /// Starts a server of both lifecycles.
    pub(crate) async fn start_both_lifecycles(test: &str, place: &Path) -> Self {
        let folder = fresh_folder(&format!("servers-{test}-both"));
        Starting::new("typescript-2", true, node(place, "typescript-2", &["node", "json"]), &folder).listening().await
    }

    /// Starts what the conformance suites expect of a server: with `sessions`, of SDK 1.x, or `stateless`, of 2.x; a `lenient` one
    /// is of the second kind, and does not look at mirrored headers.
    pub(crate) async fn start_for_conformance(test: &str, place: &Path, kind: &'static str) -> Self {
        let folder = fresh_folder(&format!("servers-{test}-{kind}"));
        let (packages, server) = match kind {
            "sessions" => ("typescript-1", "sessions.mjs"),
            _ => ("typescript-2", "stateless.mjs"),
        };
        let programs = program("conformance");
        let mut command = Command::new("node");
        command.args(["--input-type=module", "-"]).arg(programs.join("features.mjs")).arg(kind);
        command.current_dir(place.join(packages)).stdin(open(&programs.join(server)));
        Starting::new(kind, kind != "sessions", command, &folder).listening().await
    }

    /// How often `evil` has run.
    pub(crate) async fn evil_runs(&self) -> u64 {
        let answer = client::send(self.address, &Request::new("GET", "/evil-runs")).await;
        answer.text().parse().unwrap_or_else(|error| panic!("{}: {error} in {answer}", self.name))
    }
}

impl Starting {
    fn new(name: &'static str, modern: bool, mut command: Command, folder: &Path) -> Self {
        let process = Process::start(&mut command, folder.join(format!("{name}.log"))).unwrap_or_else(|error| {
            panic!("{name} does not start ({error}): run `./build.sh test`, which installs it")
        });
        Self { name, modern, process }
    }

    /// Waits until it says where it listens.
    async fn listening(self) -> Server {
        let Self { name, modern, process } = self;
        let port = until("the server listens", || async {
            let ended = process.ended();
            assert_eq!(ended, None, "{name} has ended. {}", process.log_tail());
            let log = process.log();
            log.lines().find_map(|line| line.strip_prefix("listening on ")?.parse::<u16>().ok())
        });
        let address = SocketAddr::from(([127, 0, 0, 1], port.await));
        Server { name, address, modern, _process: Some(process) }
    }
}

/// A program for Node. From its standard input, since Node looks for the packages of such a program in the
/// current folder.
fn node(place: &Path, name: &str, arguments: &[&str]) -> Command {
    let text = open(&program(name).join("server.mjs"));
    let mut command = Command::new("node");
    command.args(["--input-type=module", "-"]).args(arguments).current_dir(place.join(name)).stdin(text);
    command
}

/// The program of the Python SDK, with the packages of one version of it.
fn python(place: &Path, sdk: &str, form: &str) -> Command {
    let mut command = Command::new(place.join(sdk).join("bin/python"));
    command.arg(program("python/server.py")).arg(form).stdin(Stdio::null());
    command
}

fn open(program: &PathBuf) -> File {
    File::open(program).unwrap_or_else(|error| panic!("{}: {error}", program.display()))
}

/// A program under `tests/servers/`.
fn program(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/servers").join(path)
}
