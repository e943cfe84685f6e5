//! `mcp-policy check`: the errors for which Envoy would refuse a configuration, and warnings about what is valid but
//! probably a mistake.
//!
//! Exit codes: 0 if all files load, 1 if one does not, 2 if a file cannot be read; the others are checked all the same.
//! Warnings do not change the exit code without `--deny-warnings`. A case file is read, and `mcp-policy test` runs it.
//!
//! `--format json` prints one object:
//!
//! ```json
//! { "files": [ {
//!     "file": "policy.json",
//!     "fine": false,
//!     "problems": [ {
//!         "severity": "error",
//!         "pointer": "/tools/pay/limits/0/window",
//!         "line": 4, "column": 19,
//!         "message": "found `dya`, expected …"
//!     } ],
//!     "more": 0,
//!     "changes": [ { "counter": "spend", "fate": "restarts", "pointer": "/tools/pay/limits/0", "message": "…" } ]
//! } ] }
//! ```
//!
//! * `fine`: whether this file lets the command exit with 0
//! * `error`: why the file cannot be read; then it has no `problems`
//! * `cases`: how many cases it has, if it is a case file
//! * `severity`: `error` or `warning`; a warning has a `name`, which `--allow` takes
//! * `pointer`: RFC 6901; empty for the whole document. `line` and `column` start at 1 and count characters.
//! * `more`: how many warnings are not listed: the list ends after 100. The last of more than 100 errors counts the others
//! * `changes`: only with `--against`, and only for a gateway's file without errors; `fate` is `restarts`, `gone`, `new` or
//!   `kept`, and `counter` is `null` if the change is about `identity`

mod baseline;
mod excerpt;
mod report;
mod text;

use clap::{ValueEnum, builder::PossibleValuesParser};
use mcp_policy::{
    cases,
    config::{Config, ConfigErrors, LoadedConfig},
    lint::{self, Lint, ListedTool},
};

use crate::{
    Exit, Stop, print, sanitize,
    source::SourceFile,
    test::is_case_file,
    tools::{self, Server},
};

#[cfg(feature = "editor")]
pub(crate) use self::excerpt::value_length;
pub(crate) use self::report::Severity;
use self::{
    baseline::Baseline,
    report::{Checked, Entry, Problem, Report, UnreadableFile},
};

/// The arguments of `check`.
#[derive(clap::Args)]
#[command(arg_required_else_help = true, after_help = HELP)]
pub(crate) struct Args {
    /// Policies, configurations that hold policies, or a console's configuration; `-` reads stdin
    #[arg(required = true, value_name = "FILE")]
    files: Vec<String>,
    /// Also report what happens to the counters of OLD when FILE replaces it
    #[arg(long, value_name = "OLD")]
    against: Option<String>,
    /// Also compare the policy with the tools of this file: an answer to `tools/list`, its `result`, or a list of tools
    #[arg(long, value_name = "TOOLS.json", conflicts_with = "url")]
    tools: Option<String>,
    #[command(flatten)]
    server: Server,
    /// Also warn of what each of N Envoys with this configuration keeps on its own
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    replicas: u32,
    /// Do not report warnings of this name, or of any with `all`; repeatable
    #[arg(long, value_name = "NAME", value_parser = lint_names())]
    allow: Vec<String>,
    /// Exit with 1 if there are warnings
    #[arg(long)]
    deny_warnings: bool,
    /// Output format
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

const HELP: &str = "\
Example, in CI:
  mcp-policy check policies/*.json --deny-warnings
Exit codes: 0 if all files load, 1 if one does not, or with --deny-warnings if there is a warning, 2 if a file cannot be read.
Whether a model reads why a call was denied depends on its framework and on `answers.deny_as`: \"What an agent sees\" in README.md has
the table.";

/// The output format.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// Each problem with its line of the file, for people
    Text,
    /// One JSON object, for programs
    Json,
}

/// The value of `--allow` that means every name.
const ALL: &str = "all";

fn lint_names() -> PossibleValuesParser {
    PossibleValuesParser::new(Lint::ALL.map(Lint::name).into_iter().chain([ALL]))
}

/// Checks the files and prints a report.
pub(crate) fn run(args: &Args) -> Result<Exit, Stop> {
    let report = args.check()?;
    let printed = print(&match args.format {
        Format::Text => text::render(&report),
        Format::Json => sanitize::json(&report.to_json()),
    });
    Ok(if printed == Exit::Fine { report.exit() } else { printed })
}

// === impl Args ===

impl Args {
    /// Checks every file.
    ///
    /// # Errors
    /// What the files are to be compared with cannot be read.
    fn check(&self) -> Result<Report, Stop> {
        let files = self.files.iter().chain(&self.against).chain(&self.tools);
        if files.filter(|file| *file == "-").count() > 1 {
            return Err(Stop::usage("stdin can be read only once; give one `-`"));
        }
        let baseline = self.against.as_deref().map(Baseline::read).transpose().map_err(Stop::usage)?;
        let tools = tools::find_definitions(self.tools.as_deref(), &self.server)?.map(|(listing, _)| listing.listed());
        let files = self.files.iter().map(|file| match SourceFile::read(file) {
            Ok(source) => Entry::Checked(self.check_one(source, baseline.as_ref(), tools.as_deref())),
            Err(error) => Entry::UnreadableFile(UnreadableFile { file: file.clone(), error }),
        });
        Ok(Report { files: files.collect(), against: baseline })
    }

    fn check_one(&self, source: SourceFile, baseline: Option<&Baseline>, tools: Option<&[ListedTool]>) -> Checked {
        if is_case_file(source.text()) {
            return match cases::read(source.text()) {
                Ok(cases) => Checked::of_cases(source, cases.len()),
                Err(problems) => {
                    let problems = problems.into_iter().map(Problem::error).collect();
                    Checked::new(source, Severity::Error, false, problems, None)
                }
            };
        }
        let loaded = LoadedConfig::load(source.text().as_bytes());
        let changes = match (&loaded, baseline) {
            (Ok(LoadedConfig::Gateway(config)), Some(baseline)) => Some(baseline.changes(config)),
            // A console has no counters.
            _ => None,
        };
        let (severity, mut problems) = diagnose_loaded(loaded, &source, tools, self.replicas);
        problems.retain(|problem| !self.allows(problem));
        let fine = problems.is_empty() || severity == Severity::Warning && !self.deny_warnings;
        Checked::new(source, severity, fine, problems, changes)
    }

    fn allows(&self, problem: &Problem) -> bool {
        problem.name.is_some_and(|own| self.allow.iter().any(|name| name == own || name == ALL))
    }
}

/// The mistakes of a text, or its warnings, in its order; with the warnings on the tools that a server lists. For one Envoy.
#[cfg(feature = "editor")]
pub(crate) fn diagnose(source: &SourceFile, tools: Option<&[ListedTool]>) -> (Severity, Vec<Problem>) {
    diagnose_loaded(LoadedConfig::load(source.text().as_bytes()), source, tools, 1)
}

fn diagnose_loaded(
    loaded: Result<LoadedConfig, ConfigErrors>,
    source: &SourceFile,
    tools: Option<&[ListedTool]>,
    replicas: u32,
) -> (Severity, Vec<Problem>) {
    match loaded {
        Ok(LoadedConfig::Gateway(config)) => (Severity::Warning, warnings(&config, source, tools, replicas)),
        Ok(LoadedConfig::Console(console)) => {
            let warnings = lint::check_console(&console, source.text().as_bytes());
            (Severity::Warning, warnings.into_iter().map(Problem::warning).collect())
        }
        Err(errors) => (Severity::Error, source.problems(errors).into_iter().map(Problem::error).collect()),
    }
}

fn warnings(config: &Config, source: &SourceFile, tools: Option<&[ListedTool]>, replicas: u32) -> Vec<Problem> {
    let document = source.text().as_bytes();
    let mut warnings = lint::check(config, document, tools.unwrap_or_default());
    warnings.extend(tools.map(|tools| lint::check_tools(config, document, tools)).unwrap_or_default());
    warnings.extend(lint::check_replicas(config, document, replicas));
    warnings.sort_by_key(|warning| warning.at);
    warnings.into_iter().map(Problem::warning).collect()
}
