//! The scripts of the repository: `build.sh` and `.ci/run`, in a copy of their files, with programs of the test's own in
//! place of cargo and npm.
#![expect(clippy::expect_used, reason = "a test that finds something else than it expects should stop and say so")]

use std::{
    fs,
    os::unix::fs::{PermissionsExt as _, symlink},
    path::{Path, PathBuf},
    process::{Command, Output},
};

use serde_json::Value;

/// A checkout with the scripts alone.
struct Checkout {
    folder: PathBuf,
}

impl Checkout {
    fn new(name: &str) -> Self {
        let repository = Path::new(env!("CARGO_MANIFEST_DIR"));
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("scripts").join(name);
        // One of an earlier run, if there is any.
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(folder.join("bin")).expect("a folder");
        fs::create_dir_all(folder.join(".ci")).expect("a folder");
        for shared in ["envoy", "tests", "Cargo.toml", "Cargo.lock"] {
            symlink(repository.join(shared), folder.join(shared)).expect("a link");
        }
        for copied in ["build.sh", ".ci/run"] {
            fs::copy(repository.join(copied), folder.join(copied)).expect("a copy");
        }
        Self { folder }
    }

    /// Puts a program on PATH, before all others.
    fn with(self, name: &str, script: &str) -> Self {
        self.write(&format!("bin/{name}"), script);
        self
    }

    fn write(&self, path: &str, script: &str) {
        let file = self.folder.join(path);
        fs::write(&file, format!("#!/bin/bash\n{script}\n")).expect("a script");
        fs::set_permissions(&file, fs::Permissions::from_mode(0o755)).expect("its mode");
    }

    fn run(&self, program: &str, arguments: &[&str], variables: &[(&str, &str)]) -> Output {
        let path = std::env::var("PATH").expect("a PATH");
        let mut command = Command::new(self.folder.join(program));
        for name in ["RUSTFLAGS", "MCP_POLICY_SKIP", "MCP_POLICY_ENVOY", "CARGO_HOME"] {
            command.env_remove(name);
        }
        command.args(arguments).env("PATH", format!("{}:{path}", self.folder.join("bin").display()));
        command.envs(variables.iter().copied()).current_dir(&self.folder).output().expect("it starts")
    }
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).expect("UTF-8")
}

#[test]
fn misuse_ends_with_exit_code_2_before_anything_is_built() {
    let checkout = Checkout::new("misuse").with("cargo", "exit 70");
    let help = "; `./build.sh help` shows how\n";
    for (arguments, message) in [
        (&["wasm", "now"][..], format!("error: unexpected argument `now`{help}")),
        (&["test", "--quick"], format!("error: unexpected argument `--quick`{help}")),
        (&["run", "--port"], format!("error: `--port` requires a value{help}")),
        (&["run", "--port", "70000"], format!("error: `--port 70000`: give a number from 1 to 65535{help}")),
        (&["run", "--polcy", "x"], format!("error: `--polcy` is not an option of `run`{help}")),
        (&["run", "--policy", "none.json"], format!("error: `--policy none.json`: there is no such file{help}")),
        (&["run", "--port", "9901"], format!("error: `--port 9901`: Envoy's admin interface listens there{help}")),
        (&["bench", "all"], format!("error: unknown benchmark `all`{help}")),
    ] {
        let output = checkout.run("build.sh", arguments, &[]);
        assert_eq!((output.status.code(), text(&output.stderr)), (Some(2), message.as_str()), "{arguments:?}");
        assert_eq!(text(&output.stdout), "", "{arguments:?}");
    }
    let unknown = checkout.run("build.sh", &["biuld"], &[]);
    assert_eq!(unknown.status.code(), Some(2));
    assert!(text(&unknown.stderr).starts_with("error: unknown verb `biuld`\n\nusage: ./build.sh VERB\n"));
}

#[test]
fn the_top_level_has_the_files_that_the_contract_names_and_hidden_ones() {
    let listed = Command::new("git").arg("ls-files").current_dir(env!("CARGO_MANIFEST_DIR")).output().expect("git");
    let mut names: Vec<&str> = text(&listed.stdout).lines().filter_map(|file| file.split('/').next()).collect();
    names.retain(|name| !name.starts_with('.'));
    names.dedup();
    let expected =
        ["CHANGELOG.md", "Cargo.lock", "Cargo.toml", "LICENSE", "README.md", "build.sh", "envoy", "src", "tests"];
    assert_eq!(names, expected);
}

#[test]
fn flags_in_the_environment_do_not_change_the_module() {
    let tools = Checkout::new("flags").with("rustc", "echo /").with("npm", "exit 71").with("node", "cp \"$2\" \"$3\"");
    let checkout = tools.with(
        "cargo",
        "env | grep RUSTFLAGS >flags; printf '%s\\n' \"$@\" >arguments; mkdir -p target/wasm32-wasip1/release
             echo module >target/wasm32-wasip1/release/mcp_policy.wasm",
    );
    // As if it had been installed.
    fs::create_dir_all(checkout.folder.join("target/tools/binaryen/node_modules/.bin")).expect("a folder");
    // Behind all options: IN -o OUT
    let copy = "while [ \"$2\" != -o ]; do shift; done; cp \"$1\" \"$3\"";
    checkout.write("target/tools/binaryen/node_modules/.bin/wasm-metadce", "cp \"$3\" \"$5\"");
    checkout.write("target/tools/binaryen/node_modules/.bin/wasm-opt", copy);
    let lock = "binaryen/package-lock.json";
    fs::copy(checkout.folder.join("envoy").join(lock), checkout.folder.join("target/tools").join(lock))
        .expect("a copy");
    let flags =
        ["RUSTFLAGS", "CARGO_ENCODED_RUSTFLAGS", "CARGO_BUILD_RUSTFLAGS", "CARGO_TARGET_WASM32_WASIP1_RUSTFLAGS"];
    let variables: Vec<(&str, &str)> = flags.into_iter().map(|name| (name, "-Cdebuginfo=1")).collect();
    let output = checkout.run("build.sh", &["wasm"], &[&variables[..], &[("CARGO_HOME", "/home/a/.cargo")]].concat());
    assert!(output.status.success(), "{}", text(&output.stderr));
    assert_eq!(fs::read_to_string(checkout.folder.join("flags")).expect("the variables"), "");
    let arguments = fs::read_to_string(checkout.folder.join("arguments")).expect("the arguments");
    let remap = "target.wasm32-wasip1.rustflags=['--remap-path-prefix=/home/a/.cargo/registry/src=crates']";
    assert_eq!(arguments.lines().last(), Some(remap));
}

#[test]
fn test_says_first_what_it_fetches_and_how_to_do_without() {
    let checkout = Checkout::new("announce").with("cargo", "exit 72").with("rustc", "echo /");
    let tools = ["servers", "clients", "prometheus", "browser", "schemas", "registry", "rate_limit_service", "etcd"];
    let output = checkout.run("build.sh", &["test"], &[]);
    assert_eq!(output.status.code(), Some(72), "{}", text(&output.stderr));
    let announced = text(&output.stdout);
    assert!(announced.starts_with("\n== every test: about "), "{announced}");
    for name in tools.into_iter().chain(["envoy"]) {
        // One that is installed on this machine is not fetched.
        let installed = ["prometheus", "etcd"].contains(&name) && Command::new(name).arg("--version").output().is_ok();
        assert_eq!(announced.contains(&format!("\n  {name} ")), !installed, "{name}: {announced}");
    }
    assert!(announced.contains(&format!("MCP_POLICY_SKIP={} skips the tests that need them.", tools.join(","))));
    let skipped =
        checkout.run("build.sh", &["test"], &[("MCP_POLICY_SKIP", &tools.join(",")), ("MCP_POLICY_ENVOY", "/envoy")]);
    assert!(!text(&skipped.stdout).contains("Downloaded into"), "{}", text(&skipped.stdout));
}

#[test]
fn the_summary_of_ci_names_what_was_left_out() {
    let checkout = Checkout::new("ci");
    checkout.write("build.sh", "echo \"test $1 without '$MCP_POLICY_SKIP' ... ok\"");
    let summary = |variables: &[(&str, &str)]| {
        let output = checkout.run(".ci/run", &[], variables);
        assert!(output.status.success());
        let text = text(&output.stdout).replace(": 1 s, ", ": 0 s, ");
        text.split_once("\n== stages\n").expect("a summary").1.to_owned()
    };
    let expected = "lint: 0 s, passed\ndeny: 0 s, passed, without advisories\ntest: 0 s, passed, without servers,rate_limit_service\n\
                    \n== left out by MCP_POLICY_SKIP\ndeny: advisories\ntest: servers,rate_limit_service\n\
                    \n== tests\ntest lint without '' ... ok\ntest deny without 'advisories' ... ok\n\
                    test test without 'servers,rate_limit_service' ... ok\n";
    assert_eq!(summary(&[("MCP_POLICY_SKIP", "servers,rate_limit_service")]), expected);
    assert!(summary(&[]).contains("\n== left out by MCP_POLICY_SKIP\ndeny: advisories\n\n== tests\n"));
}

#[test]
fn a_stage_that_fails_ends_ci_and_is_named() {
    let checkout = Checkout::new("ci-fails");
    checkout.write("build.sh", "[[ $1 != deny ]]");
    let output = checkout.run(".ci/run", &[], &[]);
    assert_eq!(output.status.code(), Some(1));
    let text = text(&output.stdout).replace(": 1 s, ", ": 0 s, ");
    assert!(text.contains("deny: 0 s, failed, without advisories\n"), "{text}");
    assert!(!text.contains("test: "), "{text}");
    assert!(text.ends_with("\n== tests\nno test has run\n"), "{text}");
}

#[test]
fn every_python_package_that_is_installed_is_pinned_by_checksums() {
    let mut packages = 0;
    for file in [
        "envoy/versions.txt",
        "envoy/run/requirements.txt",
        "envoy/image/requirements.txt",
        "tests/rate_limit_service/requirements.txt",
        "tests/servers/python/requirements-1.txt",
        "tests/servers/python/requirements-fastmcp.txt",
    ] {
        let text = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(file)).expect("a file");
        let mut lines = text.lines().filter(|line| !line.trim_start().starts_with('#')).peekable();
        while let Some(line) = lines.next() {
            if !line.trim_start().starts_with("--hash=sha256:") {
                assert!(line.contains("=="), "{file}: `{line}` names no version");
                let next = lines.peek().is_some_and(|next| next.trim_start().starts_with("--hash=sha256:"));
                assert!(next, "{file}: `{line}` has no checksum");
                packages += 1;
            }
        }
    }
    assert!(packages > 80, "only {packages} packages");
}

/// The commands of a workflow's steps, one a line.
fn commands(workflow: &Value, found: &mut Vec<String>) {
    match workflow {
        Value::Object(members) => {
            if let Some(Value::String(run)) = members.get("run") {
                found.extend(run.lines().flat_map(|line| line.split("&&")).map(|command| command.trim().to_owned()));
            }
            members.values().for_each(|member| commands(member, found));
        }
        Value::Array(elements) => elements.iter().for_each(|element| commands(element, found)),
        _ => {}
    }
}

#[test]
fn the_steps_of_workflows_run_scripts_and_verbs_and_mutate_files_that_exist() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let script = fs::read_to_string(root.join("build.sh")).expect("a script");
    let verbs = script.lines().find(|line| line.trim_start().starts_with("wasm | run |")).expect("the verbs");
    let verbs: Vec<&str> = verbs.trim().trim_end_matches(')').split(" | ").collect();
    let mut found = Vec::new();
    for file in fs::read_dir(root.join(".github/workflows")).expect("workflows") {
        let text = fs::read_to_string(file.expect("a file").path()).expect("a text");
        commands(&serde_saphyr::from_str(&text).expect("YAML"), &mut found);
    }
    let (mut scripts, mut files) = (0, 0);
    for command in &found {
        let mut words = command.split_whitespace();
        match words.next() {
            Some("./build.sh") => {
                let verb = words.next().expect("a verb");
                assert!(verbs.contains(&verb), "`build.sh` has no verb `{verb}`");
                scripts += 1;
            }
            Some(".ci/run") => {
                let mode = fs::metadata(root.join(".ci/run")).expect("a script").permissions().mode();
                assert_eq!(mode & 0o111, 0o111, "`.ci/run` is not executable");
                scripts += 1;
            }
            _ => {}
        }
        for pattern in command.split("--file '").skip(1) {
            let pattern = pattern.split('\'').next().expect("a pattern");
            assert!(root.join(pattern.trim_end_matches("/**")).exists(), "`{pattern}` names no file");
            files += 1;
        }
    }
    assert!(scripts >= 3 && files >= 10, "{found:?}");
}
