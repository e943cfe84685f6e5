//! `mcp-policy check`: everything that is wrong with some configurations, as Envoy would refuse them.

use clap::ValueEnum;
use mcp_policy::{config::Config, walk::Problem};
use serde::Serialize;

use crate::{Exit, complain, input, print};

/// The words after `check`.
#[derive(clap::Args)]
#[command(arg_required_else_help = true)]
pub(crate) struct Args {
    /// Policies, or configurations with a policy in them; `-` reads stdin
    #[arg(required = true)]
    files: Vec<String>,
    /// How to print what was found
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

/// For whom the output is.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people: one line a problem
    Text,
    /// For programs: one list
    Json,
}

/// One problem in one file.
#[derive(Serialize)]
struct Finding<'f> {
    file: &'f str,
    line: usize,
    column: usize,
    pointer: String,
    message: String,
}

/// Checks, and prints what was found.
pub(crate) fn run(args: &Args) -> Exit {
    let mut findings = Vec::new();
    let mut text = String::new();
    for file in &args.files {
        let document = match input::read(file) {
            Ok(document) => document,
            Err(message) => {
                complain(&message);
                return Exit::Usage;
            }
        };
        match Config::load(document.as_bytes()) {
            Ok(_) => text.push_str(&format!("{}: fine\n", input::name(file))),
            Err(invalid) => {
                let found = invalid.problems.into_iter().map(|problem| Finding::new(file, &document, problem));
                findings.extend(found.inspect(|finding| text.push_str(&finding.line())));
            }
        }
    }
    let printed = match args.format {
        Format::Text => print(&text),
        // Strings and numbers always serialise.
        Format::Json => print(&format!("{}\n", serde_json::to_string(&findings).unwrap_or_default())),
    };
    if printed == Exit::Fine && !findings.is_empty() { Exit::Findings } else { printed }
}

impl<'f> Finding<'f> {
    fn new(file: &'f str, document: &str, problem: Problem) -> Self {
        let before = document.get(..problem.at).unwrap_or(document);
        let line = before.matches('\n').count().saturating_add(1);
        let column = before.rsplit('\n').next().unwrap_or_default().chars().count().saturating_add(1);
        Self { file, line, column, pointer: problem.pointer, message: problem.message }
    }

    /// `file:line:column: pointer: message`, which editors can jump to.
    fn line(&self) -> String {
        let pointer = if self.pointer.is_empty() { "(top level)" } else { &self.pointer };
        format!("{}:{}:{}: {pointer}: {}\n", self.file, self.line, self.column, self.message)
    }
}
