//! Envoy as a process: found, started, watched and ended.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
    sync::{Mutex, MutexGuard, PoisonError},
};

/// How much of Envoy's log a failing test shows.
const TAIL_LINES: usize = 40;

/// One Envoy, ended when this is dropped or when the test process ends in whatever way.
pub(super) struct Process {
    envoy: Mutex<Child>,
    /// An interrupted test run drops nothing. This shell waits for the end of its input, which comes when this process
    /// ends in whatever way, and then ends Envoy.
    watchdog: Child,
    log: PathBuf,
}

impl Process {
    /// Starts Envoy with a configuration file; its log and the address of its admin interface go beside the file.
    pub(super) fn start(config: &Path) -> Self {
        let folder = config.parent().expect("a folder");
        let log = folder.join("envoy.log");
        let output = fs::File::create(&log).expect("the log file");
        let envoy = Command::new(binary())
            .arg("--config-path")
            .arg(config)
            .arg("--admin-address-path")
            .arg(folder.join("admin"))
            .args(["--concurrency", "2", "--disable-hot-restart", "--use-dynamic-base-id"])
            .args(["--log-level", "warning", "--component-log-level", "wasm:info"])
            .stdin(Stdio::null())
            .stdout(output.try_clone().expect("the log file"))
            .stderr(output)
            .spawn()
            .unwrap_or_else(|error| panic!("Envoy does not start ({error}): {NO_ENVOY}"));
        let watchdog = Command::new("sh")
            .args(["-c", "read -r _; kill -KILL \"$0\"", &envoy.id().to_string()])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("a shell");
        Self { envoy: Mutex::new(envoy), watchdog, log }
    }

    /// How Envoy ended, if it has.
    pub(super) fn ended(&self) -> Option<ExitStatus> {
        self.envoy().try_wait().expect("the state of a child process")
    }

    /// Everything that Envoy has logged.
    pub(super) fn log(&self) -> String {
        String::from_utf8_lossy(&fs::read(&self.log).unwrap_or_default()).into_owned()
    }

    /// The end of Envoy's log, for people.
    pub(super) fn log_tail(&self) -> String {
        let log = self.log();
        let lines: Vec<&str> = log.lines().collect();
        let tail = lines[lines.len().saturating_sub(TAIL_LINES)..].join("\n");
        format!("The end of {}:\n{tail}", self.log.display())
    }

    /// The child process, whether or not a test has panicked meanwhile.
    fn envoy(&self) -> MutexGuard<'_, Child> {
        self.envoy.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // The watchdog first: once Envoy is gone its number may be another process's.
        for child in [&mut self.watchdog, &mut *self.envoy.lock().unwrap_or_else(PoisonError::into_inner)] {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// What to do about a missing Envoy.
const NO_ENVOY: &str = "run `./build.sh test`, which gets Envoy, or name the binary in MCP_POLICY_ENVOY";

/// The Envoy to test with.
fn binary() -> PathBuf {
    if let Some(named) = env::var_os("MCP_POLICY_ENVOY") {
        return named.into();
    }
    let path = env::var_os("PATH").unwrap_or_default();
    let found = env::split_paths(&path).map(|folder| folder.join("envoy")).find(|file| file.is_file());
    found.unwrap_or_else(|| panic!("no Envoy on PATH: {NO_ENVOY}"))
}

/// The module under test.
pub(super) fn module() -> PathBuf {
    let module = target().join("wasm32-wasip1/release/mcp_policy.wasm");
    assert!(module.is_file(), "{} is missing: run `./build.sh test`, which builds it", module.display());
    module
}

/// An empty folder for the files of one Envoy; they stay after the test, to be looked at.
pub(super) fn fresh_folder(name: &str) -> PathBuf {
    let folder = target().join("e2e").join(name);
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).expect("a folder for the test");
    folder
}

/// Cargo's folder for everything that is built.
fn target() -> &'static Path {
    Path::new(env!("CARGO_TARGET_TMPDIR")).parent().expect("cargo's target folder")
}
