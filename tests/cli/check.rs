//! `mcp-policy check`: the sessions in `check*.trycmd` and `check*.toml`, with their whole output. After a change that
//! is meant, `TRYCMD=overwrite cargo test --test cli check` writes down what comes.

use std::process::Command;

use crate::{run, scratch::Scratch};

#[test]
fn sessions() {
    trycmd::TestCases::new()
        .case("tests/cli/check*.trycmd")
        .case("tests/cli/check*.toml")
        .case("tests/cli/compare.trycmd");
}

/// Whether what `check` prints of a file with faults is coloured.
fn is_coloured(variables: &[(&str, &str)]) -> bool {
    let mut command = Command::new(env!("CARGO_BIN_EXE_mcp-policy"));
    command.args(["check", "tests/cli/check.in/broken.json"]).current_dir(env!("CARGO_MANIFEST_DIR"));
    command.env_remove("NO_COLOR").env_remove("CLICOLOR_FORCE").envs(variables.iter().copied());
    command.output().unwrap().stdout.contains(&b'\x1b')
}

#[test]
fn colours_are_for_terminals_and_those_who_ask() {
    assert!(!is_coloured(&[]));
    assert!(is_coloured(&[("CLICOLOR_FORCE", "1")]));
    assert!(!is_coloured(&[("CLICOLOR_FORCE", "1"), ("NO_COLOR", "1")]));
}

/// A file of this many bytes or a little less, whose every entry is wrong.
fn broken(bytes: usize) -> String {
    let entry = "\"tool0000000\":{\"lim\":1}";
    let entries = (0..bytes / (entry.len() + 1)).map(|index| format!("\"tool{index:07}\":{{\"lim\":1}}"));
    format!("{{\"version\":\"1\",\"default\":\"deny\",\"tools\":{{{}}}}}", entries.collect::<Vec<_>>().join(","))
}

#[test]
fn the_first_hundred_errors_of_a_file_are_listed_and_the_rest_counted() {
    let scratch = Scratch::new("check-many");
    let text = broken(24 * 1024);
    let file = scratch.file("p.json", &text);
    let more = format!("{} more problems are not listed; correct these first", text.matches("lim").count() - 100);
    let ran = run(&["check", &file]);
    assert_eq!((ran.code, ran.stdout.matches("error: unknown key `lim`").count()), (1, 100));
    assert!(ran.stdout.ends_with(&format!("\n\n`{file}`: more than 100 errors\n")), "{}", ran.stdout);
    assert!(ran.stdout.contains(&more), "{}", ran.stdout);
    for arguments in [&["explain", &file, "--tool", "a"][..], &["render", "envoy", &file]] {
        let ran = run(arguments);
        assert_eq!((ran.code, ran.stdout.as_str(), ran.stderr.matches("unknown key").count()), (1, "", 100));
        assert!(ran.stderr.ends_with(&format!("{more}\n")), "{arguments:?}: {}", ran.stderr);
    }
}

#[test]
fn the_first_hundred_warnings_of_a_file_are_listed_and_the_rest_counted() {
    let scratch = Scratch::new("check-warnings");
    let text = broken(24 * 1024).replace("\"lim\":1", "\"rate_limit\":\"1/day\"");
    let count = text.matches("rate_limit").count();
    let file = scratch.file("p.json", &text);
    let ran = run(&["check", &file]);
    assert_eq!((ran.code, ran.stdout.matches("warning[local-window]").count()), (0, 100));
    let end = format!("\n`{file}`: and {} more\n`{file}`: fine, with {count} warnings\n", count - 100);
    assert!(ran.stdout.ends_with(&end), "{}", ran.stdout);
    let ran = run(&["check", &file, "--format", "json"]);
    let report: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
    let listed = report["files"][0]["problems"].as_array().unwrap().len();
    assert_eq!((listed, &report["files"][0]["more"]), (100, &serde_json::json!(count - 100)));
}

#[test]
fn a_long_line_of_problems_takes_linear_time() {
    let scratch = Scratch::new("check-long");
    let seconds = |bytes: usize| {
        let file = scratch.file("p.json", &broken(bytes));
        let start = std::time::Instant::now();
        assert_eq!(run(&["check", &file]).code, 1);
        start.elapsed().as_secs_f64()
    };
    let (small, large) = (seconds(100_000), seconds(800_000));
    assert!(large < 24.0 * small, "8 times the text: {small} s and {large} s");
}

#[test]
fn no_text_of_a_file_acts_on_the_terminal() {
    let scratch = Scratch::new("check-hostile");
    let hostile = "\u{9b}31m\u{202e}\u{200b}";
    let text =
        format!("{{\"version\":\"1\",\"default\":\"{hostile}\",\"tools\":{{\"{hostile}\":{{\"{hostile}\":1}}}}}}");
    let file = scratch.file("p.json", &text);
    let cases = format!(
        "{{\"cases\":[{{\"name\":\"{hostile}\",\"calls\":[{{\"tool\":\"{hostile}\",\"expect\":\"deny\"}}]}}]}}"
    );
    let fine = "tests/cli/check.in/fine.json";
    let suite = scratch.file("c.json", &cases.replace('\u{9b}', "x"));
    for arguments in [
        &["check", &file][..],
        &["check", &file, "--format", "json"],
        &["explain", &file, "--tool", "a"],
        &["explain", fine, "--tool", hostile, "--as", hostile],
        &["render", "envoy", &file],
        &["test", &file, &suite],
        &["test", fine, &suite],
        &["test", fine, &suite, "--format", "json"],
        &["suggest", &file],
        &["check", hostile],
    ] {
        let ran = run(arguments);
        for character in ['\u{9b}', '\u{202e}', '\u{200b}'] {
            assert!(!ran.stdout.contains(character) && !ran.stderr.contains(character), "{arguments:?}: {ran:?}");
        }
    }
    let shown = r#""default":"\u{9b}31m\u{202e}\u{200b}""#;
    let ran = run(&["check", &file]);
    assert!(ran.stdout.contains(shown) && ran.stdout.contains("p.json:1:26\n"), "{}", ran.stdout);
}
