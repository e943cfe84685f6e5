//! The Envoy and the module under test: found and started.

use crate::process::{Process, target};
use std::{
    env, fs,
    net::SocketAddr,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

/// Starts Envoy with a configuration file; its log and the address of its admin interface go beside the file.
pub(super) fn start(config: &Path) -> Process {
    let folder = config.parent().expect("a folder");
    let mut command = Command::new(envoy());
    command
        .arg("--config-path")
        .arg(config)
        .arg("--admin-address-path")
        .arg(folder.join("admin"))
        .args(["--concurrency", "2", "--disable-hot-restart", "--use-dynamic-base-id"])
        .args(["--file-flush-interval-msec", "50"])
        // How long a listener that was replaced stays.
        .args(["--drain-time-s", "1"])
        .args(["--log-level", "warning", "--component-log-level", "wasm:info"])
        .stdin(Stdio::null());
    Process::start(&mut command, folder.join("envoy.log"))
        .unwrap_or_else(|error| panic!("Envoy does not start ({error}): {NO_ENVOY}"))
}

/// What `envoy --mode validate` says against a configuration file; nothing if it is fine.
pub(crate) fn validate(config: &Path) -> Option<String> {
    let checked = Command::new(envoy())
        .args(["--mode", "validate", "--config-path"])
        .arg(config)
        .args(["--use-dynamic-base-id", "--log-level", "error"])
        .output()
        .unwrap_or_else(|error| panic!("Envoy does not start ({error}): {NO_ENVOY}"));
    (!checked.status.success()).then(|| String::from_utf8_lossy(&checked.stderr).into_owned())
}

/// What `mcp-policy render envoy` makes of a policy, on ports of Envoy's choice.
pub(crate) fn render(folder: &Path, policy: &str, upstream: SocketAddr, options: &[&str]) -> String {
    let file = folder.join("policy.json");
    fs::write(&file, policy).expect("the policy");
    let rendered = Command::new(env!("CARGO_BIN_EXE_mcp-policy"))
        .args([
            "render",
            "envoy",
            "--port",
            "0",
            "--admin-port",
            "0",
            "--console-port",
            "0",
            "--upstream",
            &format!("http://{upstream}"),
        ])
        .args(options)
        .arg("--module")
        .arg(module())
        .arg(file)
        .output()
        .expect("the command");
    assert!(rendered.status.success(), "{}", String::from_utf8_lossy(&rendered.stderr));
    String::from_utf8(rendered.stdout).expect("text")
}

/// What to do about a missing Envoy.
const NO_ENVOY: &str = "run `./build.sh test`, which gets Envoy, or name the binary in MCP_POLICY_ENVOY";

/// The Envoy to test with.
pub(crate) fn envoy() -> PathBuf {
    if let Some(named) = env::var_os("MCP_POLICY_ENVOY") {
        return named.into();
    }
    let path = env::var_os("PATH").unwrap_or_default();
    let found = env::split_paths(&path).map(|folder| folder.join("envoy")).find(|file| file.is_file());
    found.unwrap_or_else(|| panic!("no Envoy on PATH: {NO_ENVOY}"))
}

/// The module under test.
pub(crate) fn module() -> PathBuf {
    let module = target().join("wasm32-wasip1/release/mcp_policy.wasm");
    assert!(module.is_file(), "{} is missing: run `./build.sh test`, which builds it", module.display());
    module
}
