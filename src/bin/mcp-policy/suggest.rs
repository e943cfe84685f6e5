//! `mcp-policy suggest`: a policy from the tools that a server lists.
//!
//! The policy goes to stdout alone, so that it can be redirected into a file; the reasons go to stderr.
//!
//! * `source` and `live`: tools out of a text, or out of a running server
//! * `class`, with `wording` and the lists in `words`: what each tool may do, and why
//! * `policy`: what follows for the policy

mod class;
mod live;
mod policy;
mod source;
mod tool;
mod wording;
mod words;

#[cfg(test)]
mod tests;

use std::io::Write;

use clap::{ArgGroup, ValueEnum};
use mcp_policy::config::Config;
use serde::Serialize;

use crate::{Exit, complain, input, print};
use live::Era;
use policy::{Suggestion, shown};
use tool::Listing;

/// The words after `suggest`.
#[derive(clap::Args)]
#[command(arg_required_else_help = true, group = ArgGroup::new("source").required(true))]
pub(crate) struct Args {
    /// The answer to `tools/list`, its result, or a list of tools; `-` reads stdin
    #[arg(group = "source", value_name = "TOOLS.json")]
    file: Option<String>,
    /// A running server's MCP endpoint, such as `http://127.0.0.1:10002/mcp`
    #[arg(long, group = "source")]
    url: Option<String>,
    /// The era of MCP in which to talk to the server
    #[arg(long, value_enum, default_value_t = Era::Auto, requires = "url")]
    era: Era,
    /// How to print what was found
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

/// For whom the output is.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// The policy on stdout, a table of reasons on stderr
    Text,
    /// One object with `policy`, `tools` and `remarks` on stdout
    Json,
}

/// Reads tools, and prints a policy for them.
pub(crate) fn run(args: &Args) -> Exit {
    let (listing, name) = match (&args.file, &args.url) {
        (Some(file), _) => match input::read(file) {
            Ok(text) => (source::read(&text), input::name(file)),
            Err(message) => return misused(&message),
        },
        (None, Some(url)) => match reachable(url).and_then(|()| live::list(url, args.era)) {
            Ok(listing) => (Ok(listing), format!("`{url}`")),
            Err(message) => return misused(&message),
        },
        (None, None) => return misused("name a file with tools, or a server with `--url`"),
    };
    let suggested = listing.and_then(|listing| suggest(&listing));
    let (suggestion, policy) = match suggested {
        Ok(suggested) => suggested,
        Err(message) => {
            complain(&format!("{name}: {message}"));
            return Exit::Findings;
        }
    };
    match args.format {
        Format::Text => {
            // Where stderr is closed, the policy still comes.
            let _ = std::io::stderr().write_all(table(&suggestion).as_bytes());
            print(&policy)
        }
        Format::Json => print(&machine_readable(&suggestion, &policy)),
    }
}

/// A suggestion and its policy, which the filter accepts.
fn suggest(listing: &Listing) -> Result<(Suggestion, String), String> {
    let suggestion = Suggestion::new(listing);
    if suggestion.tools.is_empty() {
        let remarks: String = suggestion.remarks.iter().map(|remark| format!("; {remark}")).collect();
        return Err(format!("there is no tool in it that a policy can name{remarks}"));
    }
    let policy = suggestion.policy();
    match Config::load(policy.as_bytes()) {
        Ok(_) => Ok((suggestion, policy)),
        // Too large, that is; nothing else is left to go wrong.
        Err(invalid) => Err(format!("no policy can hold these tools: {invalid}")),
    }
}

/// Whether the client can talk to a URL at all.
fn reachable(url: &str) -> Result<(), String> {
    if url.starts_with("https://") {
        return Err(format!(
            "`{url}`: this command speaks plain `http` only; save the server's answer to `tools/list` and name that file"
        ));
    }
    if !url.starts_with("http://") {
        return Err(format!("`{url}` is no address of a server; expected `http://HOST:PORT/PATH`"));
    }
    Ok(())
}

fn misused(message: &str) -> Exit {
    complain(message);
    Exit::Usage
}

/// One line a tool, then what else is to be known.
fn table(suggestion: &Suggestion) -> String {
    let names: Vec<String> = suggestion.tools.iter().map(|(name, _)| shown(name)).collect();
    let width = names.iter().map(|name| name.chars().count()).max().unwrap_or_default();
    let rows = names.iter().zip(&suggestion.tools).map(|(name, (_, found))| {
        let (class, treatment) = (found.class.name(), found.class.treatment());
        format!("{name:width$}  {class:11}  {treatment:14}  {}\n", found.why)
    });
    let remarks = suggestion.remarks.iter().map(|remark| format!("note: {remark}\n"));
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
    class: class::Class,
    why: &'s str,
}

fn machine_readable(suggestion: &Suggestion, policy: &str) -> String {
    let rows = suggestion.tools.iter().map(|(name, found)| Row { name, class: found.class, why: &found.why });
    // The policy was read already.
    let policy = serde_json::from_str(policy).unwrap_or_default();
    let output = Output { policy, tools: rows.collect(), remarks: &suggestion.remarks };
    format!("{}\n", serde_json::to_string(&output).unwrap_or_default())
}
