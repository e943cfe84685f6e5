//! `mcp-policy check`: the errors for which Envoy would refuse a configuration, and warnings about what is valid but
//! probably a mistake.
//!
//! Exit codes: 0 if all files load, 1 if one does not, 2 if a file cannot be read. Warnings do not change the exit code
//! without `--deny-warnings`.
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
    config::{Config, ConfigErrors, LoadedConfig},
    lint::{self, Lint},
};

use crate::{Exit, Stop, print, sanitize, source::SourceFile};

use self::{
    baseline::Baseline,
    report::{Checked, Problem, Report, Severity},
};

/// The arguments of `check`.
#[derive(clap::Args)]
#[command(
    arg_required_else_help = true,
    after_long_help = "Whether a model reads why a call was denied depends on its framework and on `answers.deny_as`: \
                       \"What an agent sees\" in README.md has the table."
)]
pub(crate) struct Args {
    /// Policies, configurations that hold policies, or a console's configuration; `-` reads stdin
    #[arg(required = true, value_name = "FILE")]
    files: Vec<String>,
    /// Also report what happens to the counters of OLD when FILE replaces it
    #[arg(long, value_name = "OLD")]
    against: Option<String>,
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
    let report = args.check().map_err(Stop::usage)?;
    let printed = print(&match args.format {
        Format::Text => text::render(&report),
        Format::Json => sanitize::json(&report.to_json()),
    });
    Ok(if printed == Exit::Fine && !report.is_fine() { Exit::Findings } else { printed })
}

// === impl Args ===

impl Args {
    /// Checks every file.
    ///
    /// # Errors
    /// A sentence on the first file that cannot be read.
    fn check(&self) -> Result<Report, String> {
        if self.files.iter().chain(&self.against).filter(|file| *file == "-").count() > 1 {
            return Err("stdin can be read only once; give one `-`".to_owned());
        }
        let baseline = self.against.as_deref().map(Baseline::read).transpose()?;
        let files = self.files.iter().map(|file| self.check_one(file, baseline.as_ref()));
        Ok(Report { files: files.collect::<Result<_, _>>()?, against: baseline })
    }

    fn check_one(&self, file: &str, baseline: Option<&Baseline>) -> Result<Checked, String> {
        let source = SourceFile::read(file)?;
        let (severity, problems, changes) = match LoadedConfig::load(source.text().as_bytes()) {
            Ok(LoadedConfig::Gateway(config)) => {
                let changes = baseline.map(|baseline| baseline.changes(&config));
                (Severity::Warning, self.warnings(&config, &source), changes)
            }
            // A console has no counters.
            Ok(LoadedConfig::Console(_)) => (Severity::Warning, Vec::new(), None),
            Err(ConfigErrors { problems }) => {
                (Severity::Error, problems.into_iter().map(Problem::error).collect(), None)
            }
        };
        let fine = problems.is_empty() || severity == Severity::Warning && !self.deny_warnings;
        Ok(Checked::new(source, severity, fine, problems, changes))
    }

    fn warnings(&self, config: &Config, source: &SourceFile) -> Vec<Problem> {
        let is_allowed = |lint: Lint| self.allow.iter().any(|name| name == lint.name() || name == ALL);
        let warnings = lint::check(config, source.text().as_bytes());
        warnings.into_iter().filter(|warning| !is_allowed(warning.lint)).map(Problem::warning).collect()
    }
}
