//! `mcp-policy test`: runs case files against a policy and reports as a test runner does.

use std::path::Path;

use clap::ValueEnum;
use mcp_policy::{
    cases::{self, Case, Failure},
    config::Config,
    json::{self, cursor::Cursor, diagnostic::Problems},
};
use serde::Serialize;

use crate::{
    Exit, Stop,
    explain::Explanation,
    print, sanitize,
    source::{SourceFile, display_name},
};

/// The arguments of `test`.
#[derive(clap::Args)]
#[command(arg_required_else_help = true, after_help = FORMAT)]
pub(crate) struct Args {
    /// A policy, or a configuration that holds one; or a case file that holds its own policy; `-` reads stdin
    file: String,
    /// Case files for the policy [default: FILE.cases.json beside FILE.json]
    cases: Vec<String>,
    /// Output format
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

/// The case format, in brief.
const FORMAT: &str = r#"Examples:
  mcp-policy test policy.json
  mcp-policy test policy.json more.cases.json

A case file:

  { "cases": [
      { "name": "one a minute", "calls": [
          { "as": "alice", "tool": "draw", "args": { "what": "a cat" }, "expect": "allow" },
          { "as": "alice", "at": "00:00:59", "tool": "draw", "expect": "rate_limited", "rule": "/tools/draw/rate_limit" },
          { "as": "alice", "at": 60, "tool": "draw", "expect": "allow" } ] } ] }

  policy             beside `cases`: the file's own policy or configuration
  tool, args         the tool to call and its arguments; or `method` and `params`; or `request`: a message, a batch, or
                     a string that holds the body
  as                 the caller's grant, such as `jwt:alice`; for a secret, its SHA-256
  claims             the claims of the token that names the caller, an object
  session            the MCP session
  route, host, path  Envoy's route, the host and the path of the request, for bindings
  at                 the time: seconds after midnight UTC on 2026-01-01, hours:minutes:seconds, or in full, from 2026 to
                     2099, such as `2026-11-20T17:00:00Z` [default: as the call before]
  times              how many times to send the call
  expect             allow, deny, rate_limited, approval_required, or refused: unreadable or ambiguous
  rule               the rule that denies the call
  message_contains   a part of the message to the agent
  shadow             the rule in shadow mode that would deny the call; null if there is none
  listed             the tools that the server lists before the call, for policies with `definitions`
  answer             the server's answer to the call, or the `result` in it, for policies with `results`
  expect_answer      what becomes of it: unchanged, redacted or refused
  answer_rule        the rule that refuses it
  answer_contains    a part of what the client gets

Each case starts with empty counters. Exit codes: 0 if all cases pass, 1 if one fails or the policy does not load,
2 if no case can run."#;

/// The output format.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// One line for each case, and an explanation of each failure, for people
    Text,
    /// One JSON list, for programs
    Json,
}

/// The cases of one file.
struct Suite {
    file: String,
    cases: Vec<Case>,
}

/// The outcome of one case.
struct Run<'s> {
    suite: &'s Suite,
    name: &'s str,
    outcome: Result<(), Failure>,
}

/// Runs the cases and prints a report.
pub(crate) fn run(args: &Args) -> Result<Exit, Stop> {
    let (config, suites) = args.read()?;
    let runs = suites.iter().flat_map(|suite| {
        let run = |case: &'_ Case| case.run(config.as_ref());
        suite.cases.iter().map(move |case| Run { suite, name: &case.name, outcome: run(case) })
    });
    let runs: Vec<Run<'_>> = runs.collect();
    let printed = match args.format {
        Format::Text => print(&render_text(&args.file, &suites, &runs)),
        Format::Json => print(&sanitize::json(&format!("{}\n", render_json(&runs)))),
    };
    let failed = runs.iter().any(|run| run.outcome.is_err());
    Ok(if printed == Exit::Fine && failed { Exit::Findings } else { printed })
}

impl Args {
    /// The policy, if one is named, and the case files.
    fn read(&self) -> Result<(Option<Config>, Vec<Suite>), Stop> {
        let source = SourceFile::read(&self.file).map_err(Stop::usage)?;
        if self.cases.is_empty() && is_case_file(source.text()) {
            let suite = Suite::new(&source)?;
            return if suite.has_policy() { Ok((None, vec![suite])) } else { Err(Stop::usage(suite.no_policy())) };
        }
        let config = source.load("the policy").map_err(Stop::findings)?;
        if self.cases.is_empty() && self.file == "-" {
            let message = "no case file is beside stdin; name one: `mcp-policy test - CASES`";
            return Err(Stop::usage(message));
        }
        let default = [default_cases(&self.file)];
        let files = if self.cases.is_empty() { &default[..] } else { &self.cases };
        let suites = files.iter().map(|file| {
            let source =
                SourceFile::read(file).map_err(|why| match self.cases.is_empty() && !Path::new(file).exists() {
                    true => format!(
                        "{why}; if the cases are in another file, name it: `mcp-policy test {} CASES`",
                        self.file
                    ),
                    false => why,
                });
            let suite = Suite::new(&source.map_err(Stop::usage)?)?;
            suite.without_policy(&self.file)
        });
        Ok((Some(config), suites.collect::<Result<_, _>>()?))
    }
}

impl Suite {
    fn new(source: &SourceFile) -> Result<Self, Stop> {
        let cases = cases::read(source.text()).map_err(|problems| {
            Stop::usage(format!("the case file cannot be read\n{}", source.problem_lines(&problems)))
        })?;
        Ok(Self { file: source.file().to_owned(), cases })
    }

    /// Refuses cases that hold a policy of their own: they would say nothing about the policy in `file`.
    fn without_policy(self, file: &str) -> Result<Self, Stop> {
        if !self.has_policy() {
            return Ok(self);
        }
        let (own, policy) = (display_name(&self.file), display_name(file));
        let message = format!(
            "{own} holds its own `policy`, so its cases would not test {policy}; remove `policy` from {own}, or run \
             `mcp-policy test {}`",
            self.file
        );
        Err(Stop::usage(message))
    }

    /// That no policy was named, and what to run instead.
    fn no_policy(&self) -> String {
        let own = display_name(&self.file);
        let policy = self.file.strip_suffix(".cases.json").map(|stem| format!("{stem}.json"));
        let command = match policy.filter(|policy| Path::new(policy).is_file()) {
            Some(policy) => format!("mcp-policy test {policy}"),
            None => format!("mcp-policy test POLICY {}", self.file),
        };
        format!("{own} holds cases and no policy; run `{command}`, or add `policy` to {own}")
    }

    fn has_policy(&self) -> bool {
        self.cases.iter().any(|case| case.policy.is_some())
    }

    /// The policy under test, in a sentence.
    fn policy_name(&self, file: &str) -> String {
        if self.has_policy() { "its own policy".to_owned() } else { display_name(file) }
    }
}

/// `a.cases.json` beside `a.json`.
pub(crate) fn default_cases(file: &str) -> String {
    format!("{}.cases.json", file.strip_suffix(".json").unwrap_or(file))
}

/// Whether a text is a case file rather than a policy. The errors of a text that is neither are those of a policy.
pub(crate) fn is_case_file(document: &str) -> bool {
    json::parse(document.as_bytes(), 64)
        .is_ok_and(|node| Cursor::top(&node, &Problems::default()).has_any_key(&["cases"]))
}

fn render_text(policy: &str, suites: &[Suite], runs: &[Run<'_>]) -> String {
    let mut text = String::new();
    for suite in suites {
        let plural = if suite.cases.len() == 1 { "case" } else { "cases" };
        let (count, file, policy) = (suite.cases.len(), display_name(&suite.file), suite.policy_name(policy));
        text.push_str(&sanitize::line(&format!("running {count} {plural} of {file} against {policy}")));
        text.push('\n');
        for run in runs.iter().filter(|run| std::ptr::eq(run.suite, suite)) {
            let (name, outcome) = (sanitize::line(run.name), if run.outcome.is_ok() { "ok" } else { "FAILED" });
            text.push_str(&format!("test {name} ... {outcome}\n"));
        }
        text.push('\n');
    }
    let failed: Vec<(&Run<'_>, &Failure)> =
        runs.iter().filter_map(|run| Some((run, run.outcome.as_ref().err()?))).collect();
    if !failed.is_empty() {
        text.push_str("failures:\n\n");
    }
    for (run, failure) in &failed {
        let (name, failed) = (sanitize::line(run.name), sanitize::line(&failure.to_string()));
        text.push_str(&format!("---- {name} ----\n{failed}\n"));
        for line in failure.lines() {
            text.push_str(&format!("  {}\n", sanitize::line(&line)));
        }
        text.push('\n');
    }
    let result = if failed.is_empty() { "ok" } else { "FAILED" };
    let passed = runs.len().saturating_sub(failed.len());
    text.push_str(&format!("test result: {result}. {passed} passed; {} failed\n", failed.len()));
    text
}

/// The outcome of a case for programs.
#[derive(Serialize)]
struct CaseResult<'r> {
    file: &'r str,
    name: &'r str,
    ok: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    failure: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    explanation: Option<Explanation<'r>>,
}

impl<'r> CaseResult<'r> {
    fn new(run: &'r Run<'r>) -> Self {
        let failure = run.outcome.as_ref().err();
        let explanation = match failure {
            Some(Failure::Call(failed)) => Some(Explanation::new(&failed.outcome)),
            _ => None,
        };
        let (file, name) = (&run.suite.file, run.name);
        Self { file, name, ok: failure.is_none(), failure: failure.map(ToString::to_string), explanation }
    }
}

fn render_json(runs: &[Run<'_>]) -> String {
    let lines: Vec<CaseResult<'_>> = runs.iter().map(CaseResult::new).collect();
    // Strings and numbers always serialise.
    serde_json::to_string(&lines).unwrap_or_default()
}
