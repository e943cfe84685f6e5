//! `mcp-policy catalog`: what the tools of widely used servers do, and the rule that the catalogue recommends for each.
//!
//! * `entry`, `attack`: the mirrors of the files in `envoy/catalog/`
//! * `embedded`: these files, which the command contains
//! * `text`, `json`, `pages`: the catalogue for a terminal, for programs and for a site

pub(crate) mod attack;
pub(crate) mod embedded;
pub(crate) mod entry;
mod json;
mod pages;
mod text;

#[cfg(test)]
mod tests;

use std::path::PathBuf;

use clap::ValueEnum;
use mcp_policy::config::Config;

use crate::{Exit, Stop, policy_words, print, sanitize};

use self::{
    embedded::{Catalog, Server},
    entry::CatalogTool,
};

/// The arguments of `catalog`.
#[derive(clap::Args)]
#[command(after_help = HELP)]
pub(crate) struct Args {
    /// A server of the catalogue
    server: Option<String>,
    /// One of its tools
    tool: Option<String>,
    /// Print the policy that the catalogue recommends for the server
    #[arg(long, requires = "server", conflicts_with_all = ["tool", "format", "output"])]
    policy: bool,
    /// Output format
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    /// The folder for pages: with `--format html`, and without a server
    #[arg(long, value_name = "FOLDER", conflicts_with = "server")]
    output: Option<PathBuf>,
}

const HELP: &str = "\
Examples:
  mcp-policy catalog                               # the servers
  mcp-policy catalog github merge_pull_request     # a tool: class, risk, attacks, rule
  mcp-policy catalog github --policy >github.json  # the policy to start from
  mcp-policy catalog --format html --output site   # pages for a site
Exit codes: 0 printed or written, 1 the catalogue has no such server or tool, 2 usage.";

/// The output format.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For a terminal
    Text,
    /// One JSON document, for programs
    Json,
    /// Static pages without scripts: all of them with `--output`, or the page of a server or tool
    Html,
}

/// What to show.
pub(super) enum Shown<'c> {
    All,
    Server(&'c Server),
    Tool(&'c Server, &'c CatalogTool),
}

/// Prints a part of the catalogue, or writes pages.
pub(crate) fn run(args: &Args) -> Result<Exit, Stop> {
    let catalog = Catalog::load().map_err(Stop::usage)?;
    let shown = find(&catalog, args)?;
    if let (true, Shown::Server(server)) = (args.policy, &shown) {
        return Ok(print(server.policy));
    }
    match (args.format, &args.output) {
        (Format::Text, None) => Ok(print(&text::render(&catalog, &shown))),
        (Format::Json, None) => Ok(print(&sanitize::json(&format!("{}\n", json::render(&catalog, &shown))))),
        (Format::Html, None) if matches!(shown, Shown::All) => {
            Err(Stop::usage("these are several pages; name a folder for them with `--output FOLDER`"))
        }
        (Format::Html, None) => Ok(print(&pages::one(&catalog, &shown).map_err(Stop::usage)?)),
        (Format::Html, Some(folder)) => pages::write_all(&catalog, folder).map_err(Stop::usage).map(|()| Exit::Fine),
        (Format::Text | Format::Json, Some(_)) => {
            Err(Stop::usage("only pages go into a folder; add `--format html`, or leave out `--output`"))
        }
    }
}

fn find<'c>(catalog: &'c Catalog, args: &Args) -> Result<Shown<'c>, Stop> {
    let Some(name) = &args.server else { return Ok(Shown::All) };
    let unknown = |kind: &str, name: &str, known: Vec<&str>, next: &str| {
        let near = mcp_policy::json::diagnostic::suggest_nearest(name, &known);
        Stop::findings(format!("the catalogue has no {kind} `{name}`{near}; {next}"))
    };
    let server = catalog.server(name).ok_or_else(|| {
        let known = catalog.servers.iter().map(|server| server.entry.server.as_str()).collect();
        unknown("server", name, known, "`mcp-policy catalog` lists them")
    })?;
    let Some(tool) = &args.tool else { return Ok(Shown::Server(server)) };
    let found = server.entry.tool(tool).ok_or_else(|| {
        let known = server.entry.tools.iter().map(|tool| tool.name.as_str()).collect();
        unknown("tool", tool, known, &format!("`mcp-policy catalog {name}` lists those of the server"))
    })?;
    Ok(Shown::Tool(server, found))
}

impl Server {
    /// What the recommended policy does with each tool, in the order of the entry.
    fn treatments(&self) -> Vec<String> {
        let config = Config::load(self.policy.as_bytes()).ok();
        let policy = config.as_ref().and_then(|config| config.only_policy());
        let tools = self.entry.tools.iter();
        let words = |tool: &CatalogTool| {
            policy.map(|named| policy_words::describe(&named.policy, tool.name.as_str()).words).unwrap_or_default()
        };
        tools.map(words).collect()
    }

    /// What the recommended policy does with a tool.
    fn treatment(&self, tool: &CatalogTool) -> String {
        let tools = self.entry.tools.iter().zip(self.treatments());
        tools.filter(|(other, _)| other.name == tool.name).map(|(_, words)| words).next().unwrap_or_default()
    }
}
