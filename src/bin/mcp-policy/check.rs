//! `mcp-policy check`: everything that is wrong with some configurations, as Envoy would refuse them, and what is
//! probably wrong though Envoy would take it.
//!
//! Exit codes: 0 where all files load, 1 where one does not, 2 where a file cannot be read. Warnings do not count
//! unless `--deny-warnings` says so.
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
//!     "changes": [ { "counter": "spend", "fate": "restarts", "pointer": "/tools/pay/limits/0", "message": "…" } ]
//! } ] }
//! ```
//!
//! * `fine`: whether this file lets the command exit with 0
//! * `severity`: `error` or `warning`; a warning has a `name`, which `--allow` takes
//! * `pointer`: RFC 6901; empty for the whole document. `line` and `column` start at 1 and count characters.
//! * `changes`: only with `--against`, and only for a gateway's file without errors; `fate` is `restarts`, `gone`, `new` or
//!   `kept`, and `counter` is `null` where the change is about who calls

mod compared;
mod report;
mod source;
mod text;

use clap::{ValueEnum, builder::PossibleValuesParser};
use mcp_policy::{
    config::{Config, ConfigErrors, LoadedConfig},
    lint::{self, Lint},
};

use crate::{Exit, complain, input, print};

use self::{
    compared::Old,
    report::{Checked, Problem, Report},
    source::Source,
};

/// The words after `check`.
#[derive(clap::Args)]
#[command(arg_required_else_help = true)]
pub(crate) struct Args {
    /// Policies, or configurations with a policy in them, or a console's; `-` reads stdin
    #[arg(required = true, value_name = "FILE")]
    files: Vec<String>,
    /// Say, too, what becomes of the counters of OLD when FILE replaces it
    #[arg(long, value_name = "OLD")]
    against: Option<String>,
    /// Leave out warnings of this name, or `all`; can be given several times
    #[arg(long, value_name = "NAME", value_parser = names())]
    allow: Vec<String>,
    /// Exit with 1 on warnings, too
    #[arg(long)]
    deny_warnings: bool,
    /// How to print what was found
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

/// For whom the output is.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people: each problem at its place in the text
    Text,
    /// For programs: one object
    Json,
}

/// What `--allow` takes for every name.
const ALL: &str = "all";

fn names() -> PossibleValuesParser {
    PossibleValuesParser::new(Lint::ALL.map(Lint::name).into_iter().chain([ALL]))
}

/// Checks, and prints what was found.
pub(crate) fn run(args: &Args) -> Exit {
    match args.check() {
        Ok(report) => {
            let printed = print(&match args.format {
                Format::Text => text::render(&report),
                Format::Json => report.json(),
            });
            if printed == Exit::Fine && !report.is_fine() { Exit::Findings } else { printed }
        }
        Err(message) => {
            complain(&message);
            Exit::Usage
        }
    }
}

// === impl Args ===

impl Args {
    /// Checks every file.
    ///
    /// # Errors
    /// A sentence on the first file that cannot be read.
    fn check(&self) -> Result<Report, String> {
        if self.files.iter().chain(&self.against).filter(|file| *file == "-").count() > 1 {
            return Err("stdin can be read once; give one `-`".to_owned());
        }
        let old = self.against.as_deref().map(Old::read).transpose()?;
        let files = self.files.iter().map(|file| self.check_one(file, old.as_ref()));
        Ok(Report { files: files.collect::<Result<_, _>>()?, against: old })
    }

    fn check_one(&self, file: &str, old: Option<&Old>) -> Result<Checked, String> {
        let source = Source::new(file, input::read(file)?);
        let (problems, changes) = match LoadedConfig::load(source.text().as_bytes()) {
            Ok(LoadedConfig::Gateway(config)) => (self.warnings(&config, &source), old.map(|old| old.changes(&config))),
            // It counts nothing.
            Ok(LoadedConfig::Console(_)) => (Vec::new(), None),
            Err(ConfigErrors { problems }) => {
                (problems.into_iter().map(|problem| Problem::error(&source, problem)).collect(), None)
            }
        };
        let fine = !problems.iter().any(|problem| self.deny_warnings || problem.is_error());
        Ok(Checked { fine, problems, changes, source })
    }

    fn warnings(&self, config: &Config, source: &Source) -> Vec<Problem> {
        let allowed = |kind: Lint| self.allow.iter().any(|name| name == kind.name() || name == ALL);
        let advice = lint::on(config, source.text().as_bytes()).into_iter().filter(|advice| !allowed(advice.kind));
        advice.map(|advice| Problem::warning(source, advice)).collect()
    }
}
