//! `mcp-policy man`: the manual pages of the command and of its verbs.

use std::fs;

use clap::{Command, CommandFactory as _};
use clap_mangen::Man;

use crate::{Cli, Exit, Stop, print};

/// The arguments of `man`.
#[derive(clap::Args)]
#[command(after_help = HELP)]
pub(crate) struct Args {
    /// A verb, such as `check` or `render envoy` [default: the page of the whole command]
    #[arg(value_name = "VERB")]
    verb: Vec<String>,
    /// Write the pages of the command and of all verbs into this folder instead
    #[arg(long, value_name = "DIR", conflicts_with = "verb")]
    all: Option<String>,
}

const HELP: &str = "\
Examples:
  mcp-policy man check | man -l -
  mcp-policy man --all ~/.local/share/man/man1
Exit codes: 0 printed or written, 2 usage.";

/// Prints a page, or writes all.
pub(crate) fn run(args: &Args) -> Result<Exit, Stop> {
    let mut command = Cli::command();
    // Each verb gets the name of its page: `mcp-policy-check`.
    command.build();
    if let Some(folder) = &args.all {
        fs::create_dir_all(folder).map_err(|error| Stop::usage(format!("cannot make `{folder}`: {error}")))?;
        write_pages(&command, folder)?;
        return Ok(Exit::Fine);
    }
    let unknown = |verb: &str| Stop::usage(format!("there is no verb `{verb}`; `mcp-policy --help` lists the verbs"));
    let found = args
        .verb
        .iter()
        .try_fold(&command, |found, verb| found.find_subcommand(verb).ok_or_else(|| unknown(&args.verb.join(" "))))?;
    Ok(print(&page(found)?))
}

fn write_pages(command: &Command, folder: &str) -> Result<(), Stop> {
    let name = command.get_display_name().unwrap_or_else(|| command.get_name());
    let file = format!("{folder}/{name}.1");
    fs::write(&file, page(command)?).map_err(|error| Stop::usage(format!("cannot write `{file}`: {error}")))?;
    // `help` repeats what `--help` prints.
    let verbs = command.get_subcommands().filter(|verb| verb.get_name() != "help");
    verbs.into_iter().try_for_each(|verb| write_pages(verb, folder))
}

fn page(command: &Command) -> Result<String, Stop> {
    let mut text = Vec::new();
    Man::new(command.clone())
        .render(&mut text)
        .map_err(|error| Stop::usage(format!("cannot write the page: {error}")))?;
    Ok(String::from_utf8_lossy(&text).into_owned())
}
