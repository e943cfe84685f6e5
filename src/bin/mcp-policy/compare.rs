//! `mcp-policy compare`: what a new configuration permits that the old one does not, and the reverse.
//!
//! Exit codes: 0 if both were compared, 1 if one does not load, or with `--deny-wider` if the new one permits, or may permit,
//! calls that the old one denies, 2 if a file cannot be read.
//!
//! `--format json` prints one object: `differences`, each with `direction` (`wider` or `narrower`), `certain`, `policy`,
//! `callers`, `targets` and `what`.

use clap::ValueEnum;
use mcp_policy::{
    compare::{Difference, Direction, compare},
    config::Config,
};
use serde::Serialize;

use crate::{
    Exit, Stop, print, sanitize,
    source::SourceFile,
    tools::{self, Server},
};

/// The arguments of `compare`.
#[derive(clap::Args)]
#[command(arg_required_else_help = true, after_help = EXAMPLES)]
pub(crate) struct Args {
    /// The policy or configuration that is in force; `-` reads stdin
    old: String,
    /// The one that is to replace it
    new: String,
    /// Compare only the tools of this file: an answer to `tools/list`, its `result`, or a list of tools
    #[arg(long, value_name = "TOOLS.json", conflicts_with = "url")]
    tools: Option<String>,
    #[command(flatten)]
    server: Server,
    /// Exit with 1 if NEW permits, or may permit, calls that OLD denies
    #[arg(long)]
    deny_wider: bool,
    /// Output format
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

const EXAMPLES: &str = "Example, in CI:
  git show main:policy.json | mcp-policy compare - policy.json --deny-wider

Exit codes: 0 if both were compared, 1 if one does not load, or with --deny-wider if NEW permits, or may permit, calls that
OLD denies, 2 if a file cannot be read. Calls whose arguments are too much to check are not compared.";

/// The output format.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// What becomes wider, then what becomes narrower, for people
    Text,
    /// One JSON object, for programs
    Json,
}

/// Targets, and callers, that one line names.
const MAX_SHOWN: usize = 8;

/// Compares the two and prints the differences.
pub(crate) fn run(args: &Args) -> Result<Exit, Stop> {
    if args.old == "-" && args.new == "-" {
        return Err(Stop::usage("stdin can be read only once; give one `-`"));
    }
    let [old, new] = [&args.old, &args.new].map(|file| load(file));
    let ((old, old_text), (new, new_text)) = (old?, new?);
    let tools = tools::find(args.tools.as_deref(), &args.server)?;
    let tools: Option<Vec<String>> =
        tools.map(|(listing, _)| listing.tools.into_iter().map(|tool| tool.name).collect());
    let differences = compare((&old, old_text.text().as_bytes()), (&new, new_text.text().as_bytes()), tools.as_deref());
    let printed = print(&match args.format {
        Format::Text => text(&differences, tools.as_deref()),
        Format::Json => sanitize::json(&json(&differences)),
    });
    let is_wider = differences.iter().any(|difference| difference.direction == Direction::Wider);
    Ok(if printed == Exit::Fine && args.deny_wider && is_wider { Exit::Findings } else { printed })
}

fn load(file: &str) -> Result<(Config, SourceFile), Stop> {
    let source = SourceFile::read(file).map_err(Stop::usage)?;
    let config = source.load(&source.display_name()).map_err(Stop::findings)?;
    Ok((config, source))
}

fn text(differences: &[Difference], tools: Option<&[String]>) -> String {
    let scope = tools
        .map(|tools| format!(" (of the tools, only the {} listed ones were compared)", tools.len()))
        .unwrap_or_default();
    if differences.is_empty() {
        return format!("no difference: both permit the same calls{scope}\n");
    }
    let mut text = String::new();
    for (direction, certain, title) in [
        (Direction::Wider, true, "permits more"),
        (Direction::Wider, false, "may permit more"),
        (Direction::Narrower, true, "permits less"),
        (Direction::Narrower, false, "may permit less"),
    ] {
        let mut found = differences
            .iter()
            .filter(|difference| difference.direction == direction && difference.is_certain == certain)
            .peekable();
        if found.peek().is_some() {
            text.push_str(&format!("{title}{scope}:\n"));
        }
        for difference in found {
            text.push_str(&format!("  {}\n", sanitize::line(&line(difference))));
        }
    }
    text
}

fn line(difference: &Difference) -> String {
    let Difference { policy, callers, targets, what, .. } = difference;
    let policy = match (policy.is_empty(), callers.is_empty()) {
        (true, true) => String::new(),
        (true, false) => format!("{}: ", some(callers)),
        (false, true) if policy == "default" => String::new(),
        (false, true) => format!("policy `{policy}`: "),
        (false, false) => format!("policy `{policy}` ({}): ", some(callers)),
    };
    if targets.is_empty() { format!("{policy}{what}") } else { format!("{policy}{}: {what}", some(targets)) }
}

/// The first of some texts, and how many more there are.
fn some(texts: &[String]) -> String {
    let shown = texts.get(..texts.len().min(MAX_SHOWN)).unwrap_or_default().join(", ");
    match texts.len().saturating_sub(MAX_SHOWN) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}

/// A difference as JSON.
#[derive(Serialize)]
struct Row<'d> {
    direction: &'static str,
    certain: bool,
    policy: &'d str,
    callers: &'d [String],
    targets: &'d [String],
    what: &'d str,
}

#[derive(Serialize)]
struct Output<'d> {
    differences: Vec<Row<'d>>,
}

/// The differences as one JSON document.
pub(crate) fn json(differences: &[Difference]) -> String {
    let rows = differences.iter().map(|difference| Row {
        direction: if difference.direction == Direction::Wider { "wider" } else { "narrower" },
        certain: difference.is_certain,
        policy: &difference.policy,
        callers: &difference.callers,
        targets: &difference.targets,
        what: &difference.what,
    });
    // Strings and booleans always serialise.
    format!("{}\n", serde_json::to_string(&Output { differences: rows.collect() }).unwrap_or_default())
}
