//! What others run in their CI: the hooks for pre-commit, the action, and the archive of a release.

use std::{fs, process::Command};

use serde_json::Value;

use super::{Ran, run, scratch::Scratch};

const COMMAND: &str = env!("CARGO_BIN_EXE_mcp-policy");

fn repository(path: &str) -> String {
    format!("{}/{path}", env!("CARGO_MANIFEST_DIR"))
}

fn ran(command: &mut Command) -> Ran {
    let output = command.output().expect("it starts");
    let text = |bytes| String::from_utf8(bytes).expect("text");
    Ran { code: output.status.code().unwrap_or(-1), stdout: text(output.stdout), stderr: text(output.stderr) }
}

/// Runs the action in a folder.
fn act(scratch: &Scratch, files: &str, deny_warnings: &str) -> Ran {
    let mut command = Command::new("bash");
    command.arg(repository(".github/actions/check/check.sh")).current_dir(scratch.folder());
    command.env("MCP_POLICY_COMMAND", COMMAND).env("MCP_POLICY_FILES", files);
    ran(command.env("MCP_POLICY_DENY_WARNINGS", deny_warnings))
}

#[test]
fn the_action_marks_each_problem_at_its_line_and_ends_as_check_does() {
    let scratch = Scratch::new("action");
    scratch.file("fine.json", r#"{"version":"1","default":"deny","tools":{"a":{}}}"#);
    scratch.file("wrong.json", "{\"version\":\"1\",\n\"default\":\"dney\"}");
    scratch.file("odd.json", r#"{"version":"1","default":"deny","tools":{"a b":{}}}"#);
    let fine = act(&scratch, "fine.json", "false");
    assert_eq!((fine.code, fine.stdout.as_str()), (0, "`fine.json`: fine\n"), "{fine:?}");
    let wrong = act(&scratch, "*.json none-*.json", "false");
    let error = "::error file=wrong.json,line=2,col=11::/default: found `dney`, expected `allow` or `deny` (did you mean `deny`?)\n";
    assert!(wrong.code == 1 && wrong.stdout.contains(error), "{wrong:?}");
    assert!(wrong.stdout.contains("::warning file=odd.json,line=1,col="), "{wrong:?}");
    assert_eq!(act(&scratch, "odd.json", "false").code, 0);
    assert_eq!(act(&scratch, "odd.json", "true").code, 1);
    let none = act(&scratch, "none-*.json", "false");
    assert_eq!((none.code, none.stdout.as_str()), (2, "::error::no file matches `none-*.json`\n"));
    let gone = act(&scratch, "gone.json", "false");
    assert!(gone.code == 2 && gone.stdout.starts_with("::error file=gone.json::cannot read `gone.json`: "), "{gone:?}");
}

#[test]
fn no_text_of_a_policy_forges_a_workflow_command() {
    let scratch = Scratch::new("action-forged");
    scratch.file("a.json", r#"{"version":"1","default":"x\n::error file=b::y%0A"}"#);
    let found = act(&scratch, "a.json", "false");
    let commands: Vec<&str> = found.stdout.lines().filter(|line| line.starts_with("::")).collect();
    assert!(matches!(&commands[..], [one] if one.contains("%250A")), "{found:?}");
}

#[test]
fn the_hooks_run_verbs_that_there_are_on_files_that_are_policies() {
    let text = fs::read_to_string(repository(".pre-commit-hooks.yaml")).unwrap();
    let hooks: Vec<Value> = serde_saphyr::from_str(&text).unwrap();
    assert_eq!(hooks.len(), 2);
    for hook in &hooks {
        let entry: Vec<&str> = hook["entry"].as_str().unwrap().split(' ').collect();
        assert_eq!((entry[0], hook["language"].as_str()), ("mcp-policy", Some("rust")));
        assert_eq!(run(&[&entry[1..], &["--help"]].concat()).code, 0, "{hook}");
    }
    let pattern = regex_lite::Regex::new(hooks[0]["files"].as_str().unwrap()).unwrap();
    let excluded = regex_lite::Regex::new(hooks[0]["exclude"].as_str().unwrap()).unwrap();
    let is_checked = |file: &str| pattern.is_match(file) && !excluded.is_match(file);
    for file in ["policy.json", "my-policy.json", "policies/krea.json", "a/b/gateway.json", "payments.policy.json"] {
        assert!(is_checked(file), "{file}");
    }
    for file in ["package.json", "policy.cases.json", "mcp-policy.schema.json", "policyholder.json"] {
        assert!(!is_checked(file), "{file}");
    }
}

#[test]
fn an_archive_of_a_release_has_the_command_its_pages_and_a_checksum() {
    let scratch = Scratch::new("archive");
    let folder = scratch.folder().join("archive");
    let mut command = Command::new(repository(".github/archive.sh"));
    command.args([COMMAND, "x86_64-unknown-linux-gnu"]).arg(&folder).current_dir(env!("CARGO_MANIFEST_DIR"));
    let made = ran(&mut command);
    assert_eq!((made.code, made.stderr.as_str()), (0, ""));
    let name = "mcp-policy-x86_64-unknown-linux-gnu.tar.gz";
    let checked = ran(Command::new("sha256sum").args(["--check", &format!("{name}.sha256")]).current_dir(&folder));
    assert_eq!((checked.code, checked.stdout), (0, format!("{name}: OK\n")));
    let listed = ran(Command::new("tar").args(["-tzf", name]).current_dir(&folder)).stdout;
    for file in ["./mcp-policy", "./LICENSE", "./man/mcp-policy-render-envoy.1", "./completions/mcp-policy.zsh"] {
        assert!(listed.lines().any(|line| line == file), "{file}: {listed}");
    }
}
