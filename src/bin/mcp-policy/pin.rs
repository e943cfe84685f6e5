//! `mcp-policy pin`: writes the digests of a server's tools into a policy, and compares them later.
//!
//! Exit codes: 0 if the pins are written, or with `--check` if every listed tool has its pinned definition; 1 with `--check` if one
//! has not, or if the pins cannot be written; 2 if the command could not run with these arguments.
//!
//! * `document`: the pins in the text of a configuration; every other part of the text stays as it is
//! * `difference`: how two definitions differ, for people
//! * `kept`: the definitions themselves, in a file beside the policy, since a digest does not say what has changed
//! * `schema`: what is enforced of the schemas, and what is left out
//! * `look_alike`: names that people could take for a pinned one, in whatever script

mod difference;
mod document;
mod kept;
mod look_alike;
mod schema;

#[cfg(test)]
mod tests;

use std::{collections::BTreeMap, io::Write};

use clap::ArgGroup;
use mcp_policy::{digest::Digest, mcp::list::definition, text::count};

use crate::{
    Exit, Stop, file, print, sanitize, source,
    tools::{self, Listing, Server},
};

use self::kept::Kept;
pub(crate) use self::{difference::describe as describe_difference, document::Document};

/// The arguments of `pin`.
#[derive(clap::Args)]
#[command(
    arg_required_else_help = true,
    after_help = HELP,
    group = ArgGroup::new("source").required(true).args(["tools", "url"])
)]
pub(crate) struct Args {
    /// The configuration; nothing but its pins changes
    #[arg(value_name = "POLICY")]
    file: String,
    /// An answer to `tools/list`, its `result`, or a list of tools; `-` reads stdin
    #[arg(value_name = "TOOLS.json")]
    tools: Option<String>,
    #[command(flatten)]
    server: Server,
    /// The policy to pin in, if the configuration has several
    #[arg(long, value_name = "NAME")]
    policy: Option<String>,
    /// Change nothing: say how the server differs from the pins, and exit 1 if it does
    #[arg(long)]
    check: bool,
    /// Keep the digests that a tool's pin has, for a server that answers by revision or language; without it, the pin gets the one
    /// that the server shows now
    #[arg(long, conflicts_with = "check")]
    add: bool,
    /// Keep the schemas of arguments, too; without it, only a policy with `arguments` gets them
    #[arg(long, conflicts_with = "check")]
    schemas: bool,
}

const HELP: &str = "\
Example:
  mcp-policy pin policy.json --url http://127.0.0.1:3000/mcp
  mcp-policy pin policy.json --url http://127.0.0.1:3000/mcp --check
The definitions go to `policy.json.pinned`, so that `--check` can say what has changed; Envoy does not read that file.
Exit codes: 0 written, or nothing differs; 1 a definition differs, or the pins cannot be written; 2 usage.";

/// A tool of a list with its definition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Definition {
    pub(crate) name: String,
    pub(crate) digest: Digest,
    /// Canonical JSON.
    pub(crate) text: String,
}

/// Whether pins get the schemas of arguments.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Schemas {
    /// They do.
    Keep,
    /// They keep those that they have.
    Leave,
}

impl Definition {
    /// `inputSchema`; `null` if there is none.
    fn input_schema(&self) -> serde_json::Value {
        let definition: serde_json::Value = serde_json::from_str(&self.text).unwrap_or_default();
        definition.get("inputSchema").cloned().unwrap_or_default()
    }
}

/// Pins, or compares.
pub(crate) fn run(args: &Args) -> Result<Exit, Stop> {
    let found = tools::find_definitions(args.tools.as_deref(), &args.server)?;
    let (listing, name) = found.ok_or_else(|| Stop::usage("name a file that lists tools, or a server with `--url`"))?;
    let definitions = definitions(&listing).map_err(|why| Stop::findings(format!("{name}: {why}")))?;
    if args.check { check(args, &definitions) } else { pin(args, &definitions) }
}

/// The definitions of a list.
///
/// # Errors
/// A sentence on a list that cannot be pinned.
pub(crate) fn definitions(listing: &Listing) -> Result<Vec<Definition>, String> {
    let read = |tool: &tools::Tool| {
        let (name, entry) = (tool.name.clone(), tool.definition.as_bytes());
        match (definition::digest(entry), definition::canonical(entry)) {
            (Some(digest), Some(text)) => Ok(Definition { name, digest, text }),
            _ => {
                Err(format!("the definition of `{}` cannot be pinned: it holds too many values", sanitize::line(&name)))
            }
        }
    };
    listing.tools.iter().map(read).collect()
}

fn pin(args: &Args, definitions: &[Definition]) -> Result<Exit, Stop> {
    let mut names: Vec<&str> = definitions.iter().map(|definition| definition.name.as_str()).collect();
    names.sort_unstable();
    if let Some(twice) = names.windows(2).find_map(|pair| pair.first().filter(|name| pair.last() == Some(name))) {
        return Err(found(
            &args.file,
            &format!("the server lists `{}` twice; no pin admits that", sanitize::line(twice)),
        ));
    }
    let held = file::Locked::open(&args.file).map_err(Stop::usage)?;
    let mut document = Document::read(held.text(), args.policy.as_deref()).map_err(|why| found(&args.file, &why))?;
    let before = document.pins();
    let schemas = if args.schemas || document.checks_arguments() { Schemas::Keep } else { Schemas::Leave };
    document.set(definitions, args.add, schemas).map_err(|why| found(&args.file, &why))?;
    document.check().map_err(|why| found(&args.file, &why))?;
    let kept = Kept::read(&args.file);
    let mut report = Report::new(&before, definitions, &kept);
    let mut text = report.differences();
    if !args.add {
        text.push_str(&report.forget_others());
    }
    if schemas == Schemas::Keep {
        text.extend(definitions.iter().map(describe_left_out));
    }
    note("the server does not list these pinned tools, whose pins stay", report.missing.iter().copied());
    let changed = report.changed.len().saturating_add(report.narrowed);
    let (fresh, same) = (report.fresh.len(), report.same.len());
    held.replace(&document.text()).map_err(Stop::usage)?;
    let pinned = Document::all_pins(&document.text());
    kept.replace(&args.file, definitions, &pinned).map_err(Stop::usage)?;
    text.push_str(&format!(
        "pinned {} in {}: {fresh} new, {changed} changed, {same} as before\n",
        count(definitions.len(), "tool"),
        source::display_name(&args.file),
    ));
    Ok(print(&text))
}

fn check(args: &Args, definitions: &[Definition]) -> Result<Exit, Stop> {
    let source = source::SourceFile::read(&args.file).map_err(Stop::usage)?;
    let document = Document::read(source.text(), args.policy.as_deref()).map_err(|why| found(&args.file, &why))?;
    let pins = document.pins();
    let kept = Kept::read(&args.file);
    let report = Report::new(&pins, definitions, &kept);
    let look_alikes = look_alike::find(&pins, definitions);
    let mut text = report.differences();
    for name in &report.repeated {
        text.push_str(&format!("`{}` is listed twice\n", sanitize::line(name)));
    }
    for (name, pinned) in &look_alikes {
        let (name, pinned) = (sanitize::line(name), sanitize::line(pinned));
        text.push_str(&format!("`{name}` is not pinned and looks like `{pinned}`, which is\n"));
    }
    let is_fine = report.changed.is_empty() && report.repeated.is_empty() && look_alikes.is_empty();
    // These are no differences: a server may list a part of its tools, and rules decide on what has no pin.
    note("these tools have no pin", report.fresh.iter().copied());
    note("the server does not list these pinned tools", report.missing.iter().copied());
    if is_fine {
        text.push_str(&match report.same.len() {
            1 => "1 tool has its pinned definition\n".to_owned(),
            several => format!("{several} tools have their pinned definitions\n"),
        });
    }
    let printed = print(&text);
    Ok(if printed == Exit::Fine && !is_fine { Exit::Findings } else { printed })
}

/// What a list says of each tool, compared with the pins.
struct Report<'r> {
    changed: Vec<(&'r Definition, Option<&'r str>)>,
    fresh: Vec<&'r str>,
    repeated: Vec<&'r str>,
    missing: Vec<&'r str>,
    /// Tools whose pins hold the definition, and how many other digests each has.
    same: Vec<(&'r str, usize)>,
    /// How many pins lose digests, beside those that change.
    narrowed: usize,
}

impl<'r> Report<'r> {
    fn new(pins: &'r BTreeMap<String, Vec<Digest>>, definitions: &'r [Definition], kept: &'r Kept) -> Self {
        let mut report = Self {
            changed: Vec::new(),
            fresh: Vec::new(),
            repeated: Vec::new(),
            missing: Vec::new(),
            same: Vec::new(),
            narrowed: 0,
        };
        let mut listed = std::collections::HashSet::new();
        for definition in definitions {
            let name = definition.name.as_str();
            let is_repeated = !listed.insert(name);
            match pins.get(name) {
                None => report.fresh.push(name),
                Some(_) if is_repeated => report.repeated.push(name),
                Some(pin) if pin.contains(&definition.digest) => {
                    report.same.push((name, pin.iter().filter(|digest| **digest != definition.digest).count()));
                }
                Some(pin) => report.changed.push((definition, pin.iter().find_map(|digest| kept.get(*digest)))),
            }
        }
        report.missing = pins.keys().map(String::as_str).filter(|name| !listed.contains(name)).collect();
        report
    }

    /// Says which pins lose digests that the server does not show, and counts these pins as changed.
    fn forget_others(&mut self) -> String {
        let (narrowed, same): (Vec<_>, Vec<_>) = self.same.drain(..).partition(|(_, others)| *others > 0);
        (self.same, self.narrowed) = (same, narrowed.len());
        let line = |(name, others): (&str, usize)| {
            format!(
                "`{}`: removed {} that the server does not show now; `--add` keeps such digests\n",
                sanitize::line(name),
                count(others, "other digest")
            )
        };
        narrowed.into_iter().map(line).collect()
    }

    /// How each changed definition differs from the pinned one.
    fn differences(&self) -> String {
        self.changed.iter().map(|(now, before)| difference::describe(&now.name, *before, &now.text)).collect()
    }
}

/// Says something beside the output. If stderr is closed, the exit code still tells the outcome.
fn note<'n>(what: &str, names: impl Iterator<Item = &'n str>) {
    let names: Vec<String> = names.map(|name| format!("`{}`", sanitize::line(name))).collect();
    if !names.is_empty() {
        let _ = writeln!(std::io::stderr(), "note: {what}: {}", names.join(", "));
    }
}

/// What the pinned schema of a tool leaves out, in a line; nothing if it is whole.
fn describe_left_out(definition: &Definition) -> String {
    let left_out = schema::enforced(&definition.input_schema()).left_out;
    let parts = left_out.iter().map(|(what, places)| {
        let places = places.iter().map(|place| if place.is_empty() { "the top" } else { place });
        format!("{what} at {}", places.collect::<Vec<_>>().join(", "))
    });
    let parts: Vec<String> = parts.collect();
    if parts.is_empty() {
        return String::new();
    }
    sanitize::line(&format!("`{}`: not enforced of its schema: {}", definition.name, parts.join("; "))) + "\n"
}

fn found(file: &str, why: &str) -> Stop {
    Stop::findings(format!("{}: {why}", source::display_name(file)))
}
