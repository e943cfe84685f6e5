//! `mcp-policy suggest`: a policy for the tools that a server lists.
//!
//! Only the policy goes to stdout, so that a shell can redirect it into a file; the reasons go to stderr.
//!
//! * `tool`: a tool, and the classes of tools
//! * `listing` and `server`: the tools of a file, or of a running server
//! * `classify`, with `heuristics` and the words in `lexicon`: what a tool may do
//! * `policy`: the policy for classified tools

mod classify;
mod heuristics;
mod lexicon;
mod listing;
mod policy;
mod server;
mod tool;

#[cfg(test)]
mod tests;

use std::io::Write;

use clap::{ArgGroup, ValueEnum};
use mcp_policy::config::Config;
use serde::Serialize;

use crate::{Exit, Stop, print, sanitize, source::SourceFile};
use policy::{Suggestion, display};
use server::Era;
use tool::{Class, Listing};

/// The arguments of `suggest`.
#[derive(clap::Args)]
#[command(arg_required_else_help = true, group = ArgGroup::new("source").required(true))]
pub(crate) struct Args {
    /// An answer to `tools/list`, its `result`, or a list of tools; `-` reads stdin
    #[arg(group = "source", value_name = "TOOLS.json")]
    file: Option<String>,
    /// A running server's MCP endpoint, such as `http://127.0.0.1:10002/mcp`
    #[arg(long, group = "source")]
    url: Option<String>,
    /// The MCP revision to speak with the server
    #[arg(long, value_enum, default_value_t = Era::Auto, requires = "url")]
    era: Era,
    /// Output format
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

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
    let (listing, name) = match (&args.file, &args.url) {
        (Some(file), _) => {
            let source = SourceFile::read(file).map_err(Stop::usage)?;
            (listing::read(source.text()), source.display_name())
        }
        (None, Some(url)) => {
            let listing = check_scheme(url).and_then(|()| server::list_tools(url, args.era)).map_err(Stop::usage)?;
            (Ok(listing), format!("`{url}`"))
        }
        (None, None) => return Err(Stop::usage("name a file that lists tools, or a server with `--url`")),
    };
    let suggested = listing.and_then(|listing| suggest(&listing));
    let (suggestion, policy) = suggested.map_err(|message| Stop::findings(format!("{name}: {message}")))?;
    Ok(match args.format {
        Format::Text => {
            // If stderr is closed, the policy is still printed.
            let _ = std::io::stderr().write_all(table(&suggestion).as_bytes());
            print(&sanitize::json(&policy))
        }
        Format::Json => print(&sanitize::json(&to_json(&suggestion, &policy))),
    })
}

/// Classifies the tools, and writes a policy that the filter accepts.
fn suggest(listing: &Listing) -> Result<(Suggestion, String), String> {
    let suggestion = Suggestion::new(listing);
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

/// The client speaks plain HTTP only.
fn check_scheme(url: &str) -> Result<(), String> {
    if url.starts_with("https://") {
        return Err(format!(
            "`{url}`: this command speaks plain `http` only; save the server's answer to `tools/list` and name that file"
        ));
    }
    if !url.starts_with("http://") {
        return Err(format!("`{url}` is not a server's address; expected `http://HOST:PORT/PATH`"));
    }
    Ok(())
}

/// A line for each tool, then the remarks.
fn table(suggestion: &Suggestion) -> String {
    let names: Vec<String> = suggestion.tools.iter().map(|(name, _)| display(name)).collect();
    let width = names.iter().map(|name| name.chars().count()).max().unwrap_or_default();
    let rows = names.iter().zip(&suggestion.tools).map(|(name, (_, found))| {
        let (class, treatment) = (found.class.name(), found.class.treatment());
        format!("{name:width$}  {class:11}  {treatment:14}  {}\n", sanitize::line(&found.reason))
    });
    let remarks = suggestion.remarks.iter().map(|remark| format!("note: {}\n", sanitize::line(remark)));
    rows.chain(remarks).collect()
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
