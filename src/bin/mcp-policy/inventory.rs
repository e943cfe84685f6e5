//! `mcp-policy inventory`: what the tools of several servers together can do, and what a policy does with each.
//!
//! * `report`: the tools with their classes, from the catalogue where it knows the server, else as `suggest` finds them
//! * `formats`: the report as text, Markdown, JSON and a page
//!
//! Nothing of a client's configuration is printed but the names of its servers.

mod formats;
mod report;

#[cfg(test)]
mod tests;

use clap::ValueEnum;
use mcp_policy::config::Config;

use crate::{Exit, Stop, catalog::embedded::Catalog, print, sanitize, source::SourceFile, tools::Sources};

use self::report::Report;
#[cfg(feature = "editor")]
pub(crate) use self::report::{classify, known_server};

/// The arguments of `inventory`.
#[derive(clap::Args)]
#[command(arg_required_else_help = true, after_help = HELP)]
pub(crate) struct Args {
    #[command(flatten)]
    sources: Sources,
    /// Say what this policy does with each tool, and mark those that none of its rules names. Of a configuration with several
    /// policies, the one that has the name of the server
    #[arg(long, value_name = "FILE")]
    policy: Option<String>,
    /// Output format
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

const HELP: &str = "\
Examples:
  mcp-policy inventory --url http://127.0.0.1:3000/mcp --tools tools.json
  mcp-policy inventory --client-config ~/.cursor/mcp.json --run-commands --policy policy.json
  mcp-policy inventory --client-config .vscode/mcp.json --format html >inventory.html
Exit codes: 0 if the tools of every server are printed, 1 if some server did not answer, 2 usage.";

/// The output format.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For a terminal
    Text,
    /// One JSON object, for programs
    Json,
    /// Tables for a document
    Markdown,
    /// A page without scripts
    Html,
}

/// Asks the servers and prints what they can do.
pub(crate) fn run(args: &Args) -> Result<Exit, Stop> {
    if args.sources.is_empty() {
        return Err(Stop::usage("name servers with `--url`, `--tools` or `--client-config`"));
    }
    let config = args.policy.as_deref().map(load).transpose()?;
    let catalog = Catalog::load().map_err(Stop::usage)?;
    let report = Report::new(args.sources.read(None)?, &catalog, config.as_ref());
    let printed = match args.format {
        Format::Text => print(&formats::text(&report)),
        Format::Json => print(&sanitize::json(&format!("{}\n", formats::json(&report)))),
        Format::Markdown => print(&formats::markdown(&report)),
        Format::Html => print(&formats::html(&report).map_err(Stop::usage)?),
    };
    Ok(if printed == Exit::Fine && report.has_silent_server() { Exit::Findings } else { printed })
}

fn load(file: &str) -> Result<Config, Stop> {
    SourceFile::read(file).and_then(|source| source.load("the policy")).map_err(Stop::usage)
}
