//! `mcp-policy test`: case files against a policy, as a test runner shows them.

use clap::ValueEnum;
use mcp_policy::{
    cases::{self, Case, Failure},
    config::Config,
    json::{self, Reason, cursor::Cursor, diagnostic::Problems},
};
use serde::Serialize;

use crate::{Exit, complain, explain::Explanation, faults, input, print};

/// The words after `test`.
#[derive(clap::Args)]
#[command(arg_required_else_help = true, after_long_help = FORMAT)]
pub(crate) struct Args {
    /// A policy, or a configuration with one in it; or a case file that brings its own
    file: String,
    /// Case files; without any, `FILE.cases.json` beside `FILE.json`
    cases: Vec<String>,
    /// How to print what came of them
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

/// The case format, in brief.
const FORMAT: &str = r#"A case file:

  { "cases": [
      { "name": "one a minute", "calls": [
          { "as": "alice", "tool": "draw", "args": { "what": "a cat" }, "expect": "allow" },
          { "as": "alice", "at": "00:00:59", "tool": "draw", "expect": "rate_limited", "rule": "/tools/draw/rate_limit" },
          { "as": "alice", "at": 60, "tool": "draw", "expect": "allow" } ] } ] }

  policy             a policy or configuration of the file's own, beside `cases`
  tool, args         what is called; or `method` and `params`; or `request`: a message, a batch, or a string of bytes
  as, session        who calls, any text such as `jwt:alice`; the MCP session
  route, host, path  where it comes in, for bindings
  at                 when: seconds after a midnight UTC, or hours:minutes:seconds; else as the call before
  times              how often, one after the other
  expect             allow, deny, rate_limited, approval_required, or refused: cannot be read beyond doubt
  rule               the rule that refuses it
  message_contains   a part of what the agent is told
  shadow             the rule in shadow that would refuse it; null: none

Each case counts from nothing. Exit codes: 0 all pass, 1 some fail or the policy does not load, 2 nothing could be run."#;

/// For whom the output is.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people: one line a case, and the explanation of what failed
    Text,
    /// For programs: one list
    Json,
}

/// Why nothing could be run.
struct Stop {
    exit: Exit,
    message: String,
}

/// A case file, read.
struct Suite {
    file: String,
    cases: Vec<Case>,
}

/// A case that was run.
struct Run<'s> {
    suite: &'s Suite,
    name: &'s str,
    outcome: Result<(), Failure>,
}

/// Runs the cases, and prints what came of them.
pub(crate) fn run(args: &Args) -> Exit {
    let (config, suites) = match args.read() {
        Ok(read) => read,
        Err(stop) => {
            complain(&stop.message);
            return stop.exit;
        }
    };
    let runs = suites.iter().flat_map(|suite| {
        let run = |case: &'_ Case| case.run(config.as_ref());
        suite.cases.iter().map(move |case| Run { suite, name: &case.name, outcome: run(case) })
    });
    let runs: Vec<Run<'_>> = runs.collect();
    let printed = match args.format {
        Format::Text => print(&text(&args.file, &suites, &runs)),
        Format::Json => print(&format!("{}\n", to_json(&runs))),
    };
    let failed = runs.iter().any(|run| run.outcome.is_err());
    if printed == Exit::Fine && failed { Exit::Findings } else { printed }
}

impl Args {
    /// The policy, if one is named, and the case files.
    fn read(&self) -> Result<(Option<Config>, Vec<Suite>), Stop> {
        let document = input::read(&self.file).map_err(Stop::usage)?;
        if self.cases.is_empty() && is_case_file(&document) {
            return Ok((None, vec![Suite::new(&self.file, &document)?]));
        }
        let config = Config::load(document.as_bytes()).map_err(|invalid| {
            let faults = faults::lines(&self.file, &document, &invalid.problems);
            Stop { exit: Exit::Findings, message: format!("the policy does not load\n{}", faults.trim_end()) }
        })?;
        let beside = [beside(&self.file)];
        let files = if self.cases.is_empty() { &beside[..] } else { &self.cases };
        let suites = files.iter().map(|file| Suite::new(file, &input::read(file).map_err(Stop::usage)?));
        Ok((Some(config), suites.collect::<Result<_, _>>()?))
    }
}

impl Suite {
    fn new(file: &str, document: &str) -> Result<Self, Stop> {
        let cases = cases::read(document).map_err(|problems| {
            let faults = faults::lines(file, document, &problems);
            Stop::usage(format!("the case file cannot be read\n{}", faults.trim_end()))
        })?;
        Ok(Self { file: file.to_owned(), cases })
    }

    /// What the cases are run against, in words.
    fn against(&self, policy: &str) -> String {
        let own = self.cases.iter().filter(|case| case.policy.is_some()).count();
        if own == 0 { input::name(policy) } else { "the policy they bring".to_owned() }
    }
}

impl Stop {
    fn usage(message: String) -> Self {
        Self { exit: Exit::Usage, message }
    }
}

/// `a.cases.json` beside `a.json`.
fn beside(file: &str) -> String {
    format!("{}.cases.json", file.strip_suffix(".json").unwrap_or(file))
}

/// Whether a text is a case file rather than a policy; what is neither is better explained as a policy.
fn is_case_file(document: &str) -> bool {
    match json::parse(document.as_bytes(), 64) {
        Ok(node) => Cursor::top(&node, &Problems::default()).has(&["cases", "calls"]),
        // One case a line.
        Err(fault) => fault.reason == Reason::Trailing,
    }
}

fn text(policy: &str, suites: &[Suite], runs: &[Run<'_>]) -> String {
    let mut text = String::new();
    for suite in suites {
        let plural = if suite.cases.len() == 1 { "case" } else { "cases" };
        let (count, against) = (suite.cases.len(), suite.against(policy));
        text.push_str(&format!("running {count} {plural} of {} against {against}\n", input::name(&suite.file)));
        for run in runs.iter().filter(|run| std::ptr::eq(run.suite, suite)) {
            text.push_str(&format!("test {} ... {}\n", run.name, if run.outcome.is_ok() { "ok" } else { "FAILED" }));
        }
        text.push('\n');
    }
    let failed: Vec<(&Run<'_>, &Failure)> =
        runs.iter().filter_map(|run| Some((run, run.outcome.as_ref().err()?))).collect();
    if !failed.is_empty() {
        text.push_str("failures:\n\n");
    }
    for (run, failure) in &failed {
        text.push_str(&format!("---- {} ----\n{failure}\n", run.name));
        for line in failure.lines() {
            text.push_str(&format!("  {line}\n"));
        }
        text.push('\n');
    }
    let result = if failed.is_empty() { "ok" } else { "FAILED" };
    let passed = runs.len().saturating_sub(failed.len());
    text.push_str(&format!("test result: {result}. {passed} passed; {} failed\n", failed.len()));
    text
}

/// A case for programs.
#[derive(Serialize)]
struct Line<'r> {
    file: &'r str,
    name: &'r str,
    ok: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    failure: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    explanation: Option<Explanation<'r>>,
}

impl<'r> Line<'r> {
    fn of(run: &'r Run<'r>) -> Self {
        let failure = run.outcome.as_ref().err();
        let explanation = match failure {
            Some(Failure::Call(failed)) => Some(Explanation::of(&failed.outcome)),
            _ => None,
        };
        let (file, name) = (&run.suite.file, run.name);
        Self { file, name, ok: failure.is_none(), failure: failure.map(ToString::to_string), explanation }
    }
}

fn to_json(runs: &[Run<'_>]) -> String {
    let lines: Vec<Line<'_>> = runs.iter().map(Line::of).collect();
    // Strings and numbers always serialise.
    serde_json::to_string(&lines).unwrap_or_default()
}
