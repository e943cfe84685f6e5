//! `mcp-policy apply` and `credential`: files that Envoy watches, whole or unchanged.

use std::fs;

use super::{answer_all, assert_fails, run, run_with, scratch::Scratch};

const POLICY: &str = r#"{"version":"1","default":"deny"}"#;

#[test]
fn a_policy_replaces_the_filter_in_the_folder() {
    let scratch = Scratch::new("apply");
    let file = scratch.file("policy.json", POLICY);
    let folder = format!("{}/gateway.d", scratch.folder().display());
    let rendered = run(&["render", "envoy", &file, "--dynamic", &folder]);
    assert_eq!((rendered.code, rendered.stderr.as_str()), (0, ""));
    assert!(rendered.stdout.contains(&format!(r#"path: "{folder}/mcp-policy.json""#)), "{}", rendered.stdout);
    let written = format!("{folder}/mcp-policy.json");
    let before = fs::read_to_string(&written).unwrap();

    fs::write(&file, POLICY.replace("deny", "allow")).unwrap();
    let applied = run(&["apply", &file, &folder]);
    assert_eq!((applied.code, applied.stdout.as_str()), (0, ""), "{applied:?}");
    let start = format!("`{written}` has the configuration ");
    assert!(applied.stderr.starts_with(&start) && applied.stderr.ends_with(" now\n"), "{applied:?}");
    let after = fs::read_to_string(&written).unwrap();
    assert_ne!(after, before);

    fs::write(&file, POLICY.replace("deny", "maybe")).unwrap();
    let refused = run(&["apply", &file, &folder]);
    assert!(refused.code == 1 && refused.stderr.contains("/default: found `maybe`"), "{refused:?}");
    assert_eq!(fs::read_to_string(&written).unwrap(), after);
    // Nothing else is left there.
    assert_eq!(fs::read_dir(&folder).unwrap().count(), 1);
}

#[test]
fn a_folder_without_a_gateway_is_refused() {
    let scratch = Scratch::new("apply-nowhere");
    let file = scratch.file("policy.json", POLICY);
    let folder = scratch.folder().display().to_string();
    let missing = format!(
        "error: cannot read `{folder}/mcp-policy.json`: No such file or directory (os error 2); `mcp-policy render envoy POLICY \
         --dynamic {folder}` writes it\n"
    );
    assert_fails(&run(&["apply", &file, &folder]), 2, &missing);
    scratch.file("mcp-policy.json", "{}");
    let other = format!("error: `{file}`: this is not a file of `mcp-policy render envoy --dynamic`; render again\n");
    assert_fails(&run(&["apply", &file, &folder]), 1, &other);
    let admin = "error: `--admin x`: expected the address of an admin interface, such as `http://127.0.0.1:9901`\n";
    assert_fails(&run(&["apply", &file, &folder, "--admin", "x"]), 2, admin);
}

#[test]
fn the_file_stays_if_no_envoy_answers_and_each_error_says_whether_it_was_replaced() {
    let scratch = Scratch::new("apply-admin");
    let file = scratch.file("policy.json", POLICY);
    let folder = format!("{}/gateway.d", scratch.folder().display());
    assert_eq!(run(&["render", "envoy", &file, "--dynamic", &folder]).code, 0);
    let written = format!("{folder}/mcp-policy.json");
    let before = fs::read_to_string(&written).unwrap();
    fs::write(&file, POLICY.replace("deny", "allow")).unwrap();
    let other = answer_all("200 OK", "hello");
    for (admin, why) in [
        (
            "http://127.0.0.1:1/",
            "cannot reach `http://127.0.0.1:1/`: Connection refused (os error 111); check that Envoy runs and that this is its admin \
             interface"
                .to_owned(),
        ),
        (
            &other,
            format!("`{other}` is not Envoy's admin interface; name the address in `admin` of Envoy's configuration"),
        ),
    ] {
        let expected = format!("error: {why}; `{written}` was not replaced\n");
        assert_fails(&run(&["apply", &file, &folder, "--admin", admin]), 1, &expected);
        assert_eq!(fs::read_to_string(&written).unwrap(), before);
    }
    // It is an Envoy, and does not take the configuration up.
    let admin = answer_all("200 OK", r#"{"command_line_options":{"concurrency":1}}"#);
    let late = run(&["apply", &file, &folder, "--admin", &admin]);
    let end = format!(
        "on all of its threads within 10 s; its log says why; `{written}` was replaced, and Envoy may still take it up: to go back, \
         apply the old policy\n"
    );
    assert!(late.code == 1 && late.stderr.ends_with(&end), "{late:?}");
    assert_ne!(fs::read_to_string(&written).unwrap(), before);
}

#[cfg(unix)]
#[test]
fn a_credential_is_written_for_its_owner_alone_and_never_printed() {
    use std::os::unix::fs::PermissionsExt as _;
    let scratch = Scratch::new("credential");
    let file = format!("{}/credential.json", scratch.folder().display());
    let mode = || fs::metadata(&file).unwrap().permissions().mode() & 0o777;
    for (stdin, value, expected) in [("one\n", "Bearer one", 0o600), ("Basic dHdv", "Basic dHdv", 0o640)] {
        if expected == 0o640 {
            fs::set_permissions(&file, fs::Permissions::from_mode(0o640)).unwrap();
        }
        let ran = run_with(&["credential", &file], stdin);
        let note = format!("`{file}` has the credential now; Envoy reads it without a restart\n");
        assert_eq!((ran.code, ran.stdout.as_str(), ran.stderr.as_str()), (0, "", note.as_str()));
        let written: serde_json::Value = serde_json::from_str(&fs::read_to_string(&file).unwrap()).unwrap();
        assert_eq!(written["resources"][0]["generic_secret"]["secret"]["inline_string"], value);
        assert_eq!(mode(), expected);
    }
    let before = fs::read_to_string(&file).unwrap();
    let empty = "error: stdin has no credential; pipe a token into it\n";
    assert_fails(&run_with(&["credential", &file], "\n"), 1, empty);
    let refused = run_with(&["credential", &file], "secret\u{e9}");
    assert!(refused.code == 1 && !refused.stderr.contains("secret"), "{refused:?}");
    assert_fails(&run_with(&["credential", "-"], "x"), 2, "error: `-` names no file\n");
    assert_eq!(fs::read_to_string(&file).unwrap(), before);
}
