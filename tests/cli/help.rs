//! `--help`, `--version`, completions and manual pages: what a person finds without the documents.

use std::{fs, process::Command};

use super::{assert_fails, run, scratch::Scratch};

/// Every verb, with the verbs under it.
const VERBS: [&[&str]; 33] = [
    &[],
    &["check"],
    &["compare"],
    &["explain"],
    &["test"],
    &["render"],
    &["render", "envoy"],
    &["render", "sidecar"],
    &["render", "istio"],
    &["render", "envoy-gateway"],
    &["render", "limitador"],
    &["apply"],
    &["schema"],
    &["pin"],
    &["suggest"],
    &["edit"],
    &["inventory"],
    &["catalog"],
    &["grant"],
    &["grant", "new"],
    &["grant", "revoke"],
    &["grant", "list"],
    &["credential"],
    &["approvals"],
    &["approvals", "list"],
    &["approvals", "approve"],
    &["approvals", "reject"],
    &["approvals", "drifts"],
    &["approvals", "accept"],
    &["verify-log"],
    &["replay"],
    &["completions"],
    &["man"],
];

/// The verbs that a help text lists.
fn listed(help: &str) -> Vec<&str> {
    let Some((_, commands)) = help.split_once("Commands:\n") else { return Vec::new() };
    let lines = commands.lines().take_while(|line| line.starts_with("  "));
    let verbs = lines.filter_map(|line| line.strip_prefix("  ")?.split(' ').next()).filter(|verb| !verb.is_empty());
    verbs.filter(|verb| *verb != "help").collect()
}

#[test]
fn every_help_has_an_example_and_the_exit_codes() {
    let mut named = 1;
    for verb in VERBS {
        for flag in ["--help", "-h"] {
            let ran = run(&[verb, &[flag][..]].concat());
            assert_eq!((ran.code, ran.stderr.as_str()), (0, ""), "{verb:?}");
            let has = |words: &[&str]| words.iter().any(|word| ran.stdout.contains(word));
            assert!(
                has(&["Example:\n", "Examples:\n", "Example, in CI:\n"]),
                "{verb:?} has no example:\n{}",
                ran.stdout
            );
            assert!(has(&["xit codes: 0 "]), "{verb:?} has no exit codes:\n{}", ran.stdout);
        }
        let help = run(&[verb, &["--help"][..]].concat()).stdout;
        named += listed(&help).len();
        for listed in listed(&help) {
            assert!(VERBS.contains(&&*[verb, &[listed][..]].concat()), "{verb:?} {listed} is not checked here");
        }
    }
    assert_eq!(named, VERBS.len());
}

#[test]
fn the_version_names_the_commit_or_says_that_it_does_not_know() {
    let ran = run(&["--version"]);
    let version = env!("CARGO_PKG_VERSION");
    let build = ran.stdout.strip_prefix(&format!("mcp-policy {version} (")).and_then(|rest| rest.strip_suffix(")\n"));
    let build = build.unwrap_or_else(|| panic!("{ran:?}"));
    let Some(commit) = build.strip_prefix("commit ") else { return assert_eq!(build, "development build") };
    if commit != "unknown" {
        let digits = commit.strip_suffix(" with changes").unwrap_or(commit);
        let head =
            Command::new("git").args(["rev-parse", "HEAD"]).current_dir(env!("CARGO_MANIFEST_DIR")).output().unwrap();
        assert!(String::from_utf8(head.stdout).unwrap().starts_with(digits), "{build}");
    }
}

#[test]
fn each_shell_gets_a_script_that_names_every_verb() {
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let ran = run(&["completions", shell]);
        assert_eq!((ran.code, ran.stderr.as_str()), (0, ""), "{shell}");
        for verb in VERBS.into_iter().flatten() {
            assert!(ran.stdout.contains(verb), "{shell}: {verb}");
        }
    }
    let unknown = run(&["completions", "tcl"]);
    assert!(unknown.code == 2 && unknown.stderr.contains("[possible values: bash, "), "{unknown:?}");
}

#[test]
fn bash_completes_verbs_and_options() {
    let script = r#"
        source /dev/stdin
        function=$(complete -p mcp-policy | sed "s/.* -F \\([^ ]*\\).*/\\1/")
        complete_line() { COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); COMPREPLY=(); $function mcp-policy "${@: -1}" "${@: -2:1}"; echo "${COMPREPLY[@]}"; }
        complete_line mcp-policy com
        complete_line mcp-policy check --deny
        complete_line mcp-policy render en
        complete_line mcp-policy render envoy-gateway --ima"#;
    let mut bash = Command::new("bash");
    bash.args(["-c", script]).stdin(std::process::Stdio::piped()).stdout(std::process::Stdio::piped());
    let mut child = bash.spawn().unwrap();
    std::io::Write::write_all(&mut child.stdin.take().unwrap(), run(&["completions", "bash"]).stdout.as_bytes())
        .unwrap();
    let output = child.wait_with_output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert_eq!(text, "compare completions\n--deny-warnings\nenvoy envoy-gateway\n--image\n");
}

#[test]
fn each_verb_has_a_manual_page() {
    let page = run(&["man"]).stdout;
    assert!(page.contains(".TH mcp-policy 1") && page.contains("Exit codes: 0 fine"), "{page}");
    let page = run(&["man", "render", "envoy"]).stdout;
    assert!(page.contains(".TH mcp-policy-render-envoy 1"), "{page}");
    let unknown = "error: there is no verb `render enovy`; `mcp-policy --help` lists the verbs\n";
    assert_fails(&run(&["man", "render", "enovy"]), 2, unknown);
    let scratch = Scratch::new("man");
    let folder = format!("{}/man1", scratch.folder().display());
    assert_fails(&run(&["man", "--all", &folder]), 0, "");
    let mut pages: Vec<String> =
        fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    pages.sort();
    let mut expected: Vec<String> =
        VERBS.iter().map(|verb| [&["mcp-policy"][..], verb].concat().join("-") + ".1").collect();
    expected.sort();
    assert_eq!(pages, expected);
}

#[test]
fn documents_may_name_their_schema() {
    let scratch = Scratch::new("schema");
    let policy = r#"{"$schema":"./s.json","version":"1","default":"deny","tools":{"a":{}}}"#;
    for (name, text) in [
        ("policy.json", policy.to_owned()),
        ("options.json", format!(r#"{{"$schema":"./s.json","policy":{policy}}}"#)),
        (
            "policies.json",
            format!(r#"{{"$schema":"./s.json","policies":{{"a":{policy}}},"bindings":[{{"policy":"a"}}]}}"#),
        ),
        ("console.json", r#"{"$schema":"./s.json","console":{"approvers":["peer:a"]}}"#.to_owned()),
        (
            "cases.json",
            r#"{"$schema":"./s.json","cases":[{"name":"a","calls":[{"tool":"a","expect":"allow"}]}]}"#.to_owned(),
        ),
    ] {
        let file = scratch.file(name, &text);
        let ran = run(&["check", &file]);
        assert_eq!((ran.code, ran.stderr.as_str()), (0, ""), "{name}: {}", ran.stdout);
        if !matches!(name, "console.json" | "cases.json") {
            assert_eq!(run(&["render", "envoy", &file]).code, 0, "{name}");
        }
    }
    let file = scratch.file("rule.json", r#"{"version":"1","default":"deny","tools":{"a":{"$schema":"./s.json"}}}"#);
    let refused = run(&["check", &file]);
    assert!(refused.code == 1 && refused.stdout.contains("unknown key `$schema`"), "{refused:?}");
    let file = scratch.file("number.json", r#"{"$schema":1,"version":"1","default":"deny"}"#);
    assert_eq!(run(&["check", &file]).code, 1);
}

#[test]
fn render_says_if_no_approver_could_approve() {
    let policy = "envoy/policies/payments.json";
    for gateway in ["envoy", "sidecar"] {
        let ran = run(&["render", gateway, policy]);
        let warning = "warning: a rule of this policy requires approval, but no approver is named: name one with `--approver`, such as ";
        assert!(ran.code == 0 && ran.stderr.starts_with(warning), "{}", ran.stderr);
        let named = run(&["render", gateway, policy, "--approver", "peer:boss"]);
        assert_eq!((named.code, named.stderr.as_str()), (0, ""));
        let open = run(&["render", gateway, "envoy/policies/krea.json"]);
        assert_eq!((open.code, open.stderr.as_str()), (0, ""));
    }
}

#[test]
fn render_for_a_mesh_says_how_approvals_can_be_given_there() {
    let policy = r#"{"version":"1","default":"deny","tools":{"pay":{"action":"require_approval"}}}"#;
    let with = |approvals: &str| format!(r#"{{"policy":{policy},"approvals":{approvals}}}"#);
    let warning = "warning: a rule of this policy requires approval, and a mesh has no console to approve at: keep approvals in an \
                   etcd (`approvals.store`) and render an Envoy with a console beside the mesh (`render envoy` or `render sidecar`, \
                   with `--approver`), or let a service of yours decide (`approvals.service`)\n";
    let scratch = Scratch::new("render-mesh");
    for gateway in ["istio", "envoy-gateway"] {
        let ran = run(&["render", gateway, &scratch.file("p.json", policy)]);
        assert_eq!((ran.code, ran.stderr.as_str()), (0, warning), "{gateway}");
        for approvals in [
            r#"{"service":{"cluster":"approvals","path":"/decide","authority":"approvals.internal"}}"#,
            r#"{"url":"https://approvals.example.com/","store":{"etcd":{"cluster":"etcd"}}}"#,
        ] {
            let ran = run(&["render", gateway, &scratch.file("g.json", &with(approvals))]);
            assert_eq!((ran.code, ran.stderr.as_str()), (0, ""), "{gateway} {approvals}");
        }
    }
}

#[test]
fn the_module_has_a_path_from_the_root() {
    let root = env!("CARGO_MANIFEST_DIR");
    let ran = run(&["render", "envoy", "envoy/policies/krea.json"]);
    let path = format!("filename: \"{root}/target/wasm32-wasip1/release/mcp_policy.wasm\"");
    assert_eq!(ran.stdout.matches(&path).count(), 2, "{}", ran.stdout);
    let ran = run(&["render", "envoy", "envoy/policies/krea.json", "--module", "/opt/m.wasm"]);
    assert_eq!(ran.stdout.matches("filename: \"/opt/m.wasm\"").count(), 2);
}
