//! `mcp-policy suggest`: a policy for the tools that a server lists.
//!
//! Only the policy goes to stdout, so that a shell can redirect it into a file; the reasons go to stderr.
//!
//! * `class`: the classes of tools
//! * `classify`, with `heuristics` and the words in `lexicon`: what a tool may do
//! * `arguments`, with `content`: rules on arguments, from `inputSchema`
//! * `policy`: the policy for classified tools
//! * `from_records`: a policy for what a log shows to be used
//! * `several`: a configuration with a policy for each of several servers

mod arguments;
mod class;
mod classify;
mod content;
mod from_records;
mod heuristics;
mod lexicon;
mod policy;
mod several;

#[cfg(test)]
mod tests;

use std::io::Write;

use clap::{ArgGroup, ValueEnum};
use mcp_policy::config::Config;
use serde::Serialize;

use crate::{
    Exit, Stop, pin, print, sanitize,
    table::align_columns,
    tools::{self, Listing, Sources},
};
#[cfg(feature = "editor")]
pub(crate) use arguments::argument_paths;
pub(crate) use class::Class;
use classify::{Hints, classify};
use policy::{Suggestion, display};
#[cfg(feature = "editor")]
pub(crate) use several::policy_name;

/// The arguments of `suggest`.
#[derive(clap::Args)]
#[command(
    arg_required_else_help = true,
    group = ArgGroup::new("source").required(true).args(["file", "urls", "files", "client_configs", "from"]).multiple(true),
    after_help = HELP
)]
pub(crate) struct Args {
    /// An answer to `tools/list`, its `result`, or a list of tools; `-` reads stdin
    #[arg(value_name = "TOOLS.json")]
    file: Option<String>,
    #[command(flatten)]
    sources: Sources,
    /// Pin the tools' definitions, too; of one server
    #[arg(long)]
    pin: bool,
    #[command(flatten)]
    records: from_records::Records,
    /// Output format
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

const HELP: &str = "\
Examples:
  mcp-policy suggest --url http://127.0.0.1:3000/mcp >policy.json
  mcp-policy suggest --client-config .vscode/mcp.json --run-commands >gateway.json    (a policy for each server)
Exit codes: 0 if a policy was printed, 1 if the server or the file lists no tool that a policy can name, 2 if it cannot be read.";

/// The output format.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// The policy on stdout, a table of reasons on stderr
    Text,
    /// One JSON object with `policy`, `tools` and `remarks` on stdout
    Json,
}

/// Reads tools and prints a policy for them.
pub(crate) fn run(args: &Args) -> Result<Exit, Stop> {
    if let Some(suggested) = from_records::run(&args.records, args.format == Format::Json) {
        return suggested;
    }
    let Some((file, server)) = args.sources.only(args.file.as_deref()) else { return several::run(args) };
    let find = if args.pin { tools::find_definitions } else { tools::find };
    let found = find(file.as_deref(), &server)?;
    let (listing, name) = found.ok_or_else(|| Stop::usage("name a file that lists tools, or a server with `--url`"))?;
    let suggested = suggest(&listing);
    let findings = |message: String| Stop::findings(format!("{name}: {message}"));
    let (suggestion, policy) = suggested.map_err(findings)?;
    let policy = if args.pin { pinned(&policy, &listing).map_err(findings)? } else { policy };
    Ok(match args.format {
        Format::Text => {
            // If stderr is closed, the policy is still printed.
            let _ = std::io::stderr().write_all(describe(&suggestion).as_bytes());
            print(&sanitize::json(&policy))
        }
        Format::Json => print(&sanitize::json(&to_json(&suggestion, &policy))),
    })
}

/// Classifies the tools, and writes a policy that the filter accepts.
fn suggest(listing: &Listing) -> Result<(Suggestion, String), String> {
    let suggestion = Suggestion::from_listing(listing);
    if suggestion.tools.is_empty() {
        let remarks: String = suggestion.remarks.iter().map(|remark| format!("; {remark}")).collect();
        return Err(format!("it lists no tool that a policy can name{remarks}"));
    }
    let policy = suggestion.policy();
    match Config::load(policy.as_bytes()) {
        Ok(_) => Ok((suggestion, policy)),
        // It is too large.
        Err(invalid) => Err(format!("a policy cannot hold so many tools: {invalid}")),
    }
}

/// The policy with pins of all its tools.
fn pinned(policy: &str, listing: &Listing) -> Result<String, String> {
    let mut document = pin::Document::read(policy, None)?;
    document.set(&pin::definitions(listing)?, false, pin::Schemas::Leave)?;
    document.check()?;
    Ok(document.text())
}

/// The name, the class and the reason of each tool of a list, in its order, also of those that no policy can name.
pub(crate) fn classify_all(listing: &Listing) -> Vec<(String, Class, String)> {
    let hints = Hints::of(&listing.tools);
    let classified = listing.tools.iter().map(|tool| {
        let found = classify(tool, hints);
        (tool.name.clone(), found.class, found.reason)
    });
    classified.collect()
}

/// A line for each tool, then the remarks.
fn describe(suggestion: &Suggestion) -> String {
    let rows = suggestion.tools.iter().map(|(name, found)| {
        [display(name), found.class.name().to_owned(), found.class.treatment().to_owned(), found.reason.clone()]
    });
    let remarks = suggestion.remarks.iter().map(|remark| format!("note: {}\n", sanitize::line(remark)));
    [align_columns(rows, [0, 11, 14, 0])].into_iter().chain(remarks).collect()
}

/// What `--format json` prints.
#[derive(Serialize)]
struct Output<'s> {
    policy: serde_json::Value,
    tools: Vec<Row<'s>>,
    remarks: &'s [String],
}

/// One tool.
#[derive(Serialize)]
struct Row<'s> {
    name: &'s str,
    class: Class,
    #[serde(rename = "why")]
    reason: &'s str,
}

fn to_json(suggestion: &Suggestion, policy: &str) -> String {
    let rows = suggestion.tools.iter().map(|(name, found)| Row { name, class: found.class, reason: &found.reason });
    // It has loaded, so it is JSON.
    let policy = serde_json::from_str(policy).unwrap_or_default();
    let output = Output { policy, tools: rows.collect(), remarks: &suggestion.remarks };
    format!("{}\n", serde_json::to_string(&output).unwrap_or_default())
}
