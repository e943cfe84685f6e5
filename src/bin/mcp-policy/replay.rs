//! `mcp-policy replay`: what another policy would have decided on the calls of a log.
//!
//! Exit codes: 0 if the log was replayed, 1 if no call in it could be, if a configuration does not load, or with `--deny-regressions` if a
//! call that passed would be refused, 2 if a file cannot be read.
//!
//! `--format json` prints one object: `same`, `changed`, `unknown`, `skipped`, `untimed`, `unreadable`, `first`, `last`, `changes` (each with `target`,
//! `caller`, `from`, `to`, `rule`, `regression`, `count`, `first`, `last`) and `cannotTell` (`target`, `missing`, `count`, `first`, `last`).

use std::time::{Duration, SystemTime};

use clap::ValueEnum;
use mcp_policy::{
    config::Config,
    evidence::replay::{Replay, Report},
    text::{count, verb},
    time::Timestamp,
};
use serde::Serialize;

use crate::{
    Exit, Stop,
    log_file::{Line, LogFile},
    print, sanitize,
    source::SourceFile,
    table::align_columns,
};

/// The arguments of `replay`.
#[derive(clap::Args)]
#[command(arg_required_else_help = true, after_help = EXAMPLES)]
pub(crate) struct Args {
    /// A log of JSON lines with audit records in them, such as Envoy's access log; `-` reads stdin
    #[arg(value_name = "RECORDS")]
    file: String,
    /// The policy or configuration to try
    #[arg(long, value_name = "NEW")]
    policy: String,
    /// Compare with what this one decides, instead of with what was recorded
    #[arg(long, value_name = "OLD")]
    against: Option<String>,
    /// Exit with 1 if a call that passed would be refused
    #[arg(long)]
    deny_regressions: bool,
    /// Output format
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

const EXAMPLES: &str = "Example:
  mcp-policy replay access.log --policy policy.json --deny-regressions

Each call is decided again at the time of its line, so counters fill as they would have. A rule on arguments needs records with
their values (`\"audit\": {\"arguments\": \"values\"}`); without them the table says `cannot tell`.

Exit codes: 0 if the log was replayed, 1 if no call in it could be, if a configuration does not load, or with --deny-regressions if
a call that passed would be refused, 2 if a file cannot be read.";

/// The output format.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// A table, for people
    Text,
    /// One JSON object, for programs
    Json,
}

/// Rows of a table for people.
const MAX_ROWS: usize = 200;

/// Replays the log and prints what is decided otherwise.
pub(crate) fn run(args: &Args) -> Result<Exit, Stop> {
    let new = load(&args.policy)?;
    let old = args.against.as_deref().map(load).transpose()?;
    let mut log = LogFile::open(&args.file).map_err(Stop::usage)?;
    let mut replay = Replay::new(new, old);
    let mut lines = Lines::default();
    while let Some(line) = log.next_line().map_err(Stop::usage)? {
        lines.read = lines.read.saturating_add(1);
        match line {
            Line::Text(text) => replay.add_line(text),
            Line::Unreadable => lines.unreadable = lines.unreadable.saturating_add(1),
        }
    }
    let report = replay.finish();
    let is_empty = report.span.is_none();
    let printed = match args.format {
        Format::Text if is_empty => Exit::Fine,
        Format::Text => print(&text(&report, lines)),
        Format::Json => print(&sanitize::json(&json(&report, lines))),
    };
    if printed == Exit::Fine && is_empty {
        // A gate on the wrong file must not pass for ever.
        return Err(Stop::findings(format!("{}: {}", log.display_name(), nothing_to_replay(&report, lines))));
    }
    let is_found = args.deny_regressions && report.has_regressions();
    Ok(if printed == Exit::Fine && is_found { Exit::Findings } else { printed })
}

fn load(file: &str) -> Result<Config, Stop> {
    let source = SourceFile::read(file).map_err(Stop::usage)?;
    source.load(&source.display_name()).map_err(Stop::findings)
}

/// The lines of the log.
#[derive(Clone, Copy, Default)]
struct Lines {
    read: u64,
    /// Those that are too long, or not UTF-8.
    unreadable: u64,
}

/// Why no call was replayed, and what to do.
fn nothing_to_replay(report: &Report, lines: Lines) -> String {
    let why = match (lines.read, report.skipped) {
        (0, _) => "the file is empty".to_owned(),
        (1, 0) => "its only line has no audit record".to_owned(),
        (read, 0) => format!("none of its {read} lines has an audit record"),
        (_, skipped) => {
            format!("it has {}, and none is of a policy's decision on a call", count(skipped, "audit record"))
        }
    };
    let unreadable = match lines.unreadable {
        0 => String::new(),
        number => format!("; {} {}", count(number, "line"), verb(number, NOT_READ.0, NOT_READ.1)),
    };
    format!(
        "no call in it can be replayed: {why}{unreadable}; name a log with audit records, such as Envoy's access log"
    )
}

/// What is said of one line that cannot be read, and of several.
const NOT_READ: (&str, &str) = ("is too long or not UTF-8", "are too long or not UTF-8");

fn text(report: &Report, lines: Lines) -> String {
    let mut rows: Vec<[String; 8]> = Vec::new();
    for (change, tally) in report.changes() {
        rows.push([
            change.target.clone(),
            change.caller.clone(),
            change.from.clone(),
            change.to.clone(),
            change.rule.clone(),
            tally.count.to_string(),
            time(tally.first),
            time(tally.last),
        ]);
    }
    for (doubt, tally) in report.doubts() {
        rows.push([
            doubt.target.clone(),
            String::new(),
            String::new(),
            "cannot tell".to_owned(),
            format!("lacks {}", doubt.missing),
            tally.count.to_string(),
            time(tally.first),
            time(tally.last),
        ]);
    }
    let more = rows.len().saturating_sub(MAX_ROWS);
    rows.truncate(MAX_ROWS);
    let mut text = String::new();
    if !rows.is_empty() {
        let heads = ["TOOL", "CALLER", "FROM", "TO", "RULE", "CALLS", "FIRST", "LAST"].map(str::to_owned);
        text = align_columns(std::iter::once(heads).chain(rows), [0; 8]);
    }
    if more > 0 {
        text.push_str(&format!("and {}; `--format json` has all\n", count(more, "further row")));
    }
    let Report { same, changed, unknown, skipped, untimed, .. } = report;
    let regressions = if report.has_regressions() { "; some of these passed before" } else { "" };
    text.push_str(&format!(
        "{} {} decided as before, {changed} otherwise{regressions}; {} {} what a decision needs\n",
        count(*same, "call"),
        verb(*same, "is", "are"),
        count(*unknown, "record"),
        verb(*unknown, "lacks", "lack"),
    ));
    let mut note = |number: u64, thing: &str, single: &'static str, several: &'static str| {
        if number > 0 {
            text.push_str(&format!("{} {}\n", count(number, thing), verb(number, single, several)));
        }
    };
    note(
        *skipped,
        "record",
        "is not of a policy's decision on a call, and was not replayed",
        "are not of a policy's decision on a call, and were not replayed",
    );
    note(
        *untimed,
        "record",
        "has no time, so limits may decide otherwise than they would have",
        "have no time, so limits may decide otherwise than they would have",
    );
    note(lines.unreadable, "line", NOT_READ.0, NOT_READ.1);
    text
}

fn time(at: Timestamp) -> String {
    let time = SystemTime::UNIX_EPOCH.checked_add(Duration::from_millis(at.0));
    time.map(|time| humantime::format_rfc3339_seconds(time).to_string()).unwrap_or_default()
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Output<'r> {
    same: u64,
    changed: u64,
    unknown: u64,
    skipped: u64,
    untimed: u64,
    unreadable: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    first: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    last: Option<String>,
    changes: Vec<ChangeRow<'r>>,
    cannot_tell: Vec<DoubtRow<'r>>,
}

#[derive(Serialize)]
struct ChangeRow<'r> {
    target: &'r str,
    caller: &'r str,
    from: &'r str,
    to: &'r str,
    rule: &'r str,
    regression: bool,
    count: u64,
    first: String,
    last: String,
}

#[derive(Serialize)]
struct DoubtRow<'r> {
    target: &'r str,
    missing: &'static str,
    count: u64,
    first: String,
    last: String,
}

fn json(report: &Report, lines: Lines) -> String {
    let changes = report.changes().into_iter().map(|(change, tally)| ChangeRow {
        target: &change.target,
        caller: &change.caller,
        from: &change.from,
        to: &change.to,
        rule: &change.rule,
        regression: change.is_regression,
        count: tally.count,
        first: time(tally.first),
        last: time(tally.last),
    });
    let doubts = report.doubts().into_iter().map(|(doubt, tally)| DoubtRow {
        target: &doubt.target,
        missing: doubt.missing.name(),
        count: tally.count,
        first: time(tally.first),
        last: time(tally.last),
    });
    let output = Output {
        same: report.same,
        changed: report.changed,
        unknown: report.unknown,
        skipped: report.skipped,
        untimed: report.untimed,
        unreadable: lines.unreadable,
        first: report.span.map(|(first, _)| time(first)),
        last: report.span.map(|(_, last)| time(last)),
        changes: changes.collect(),
        cannot_tell: doubts.collect(),
    };
    // Strings and numbers always serialise.
    format!("{}\n", serde_json::to_string(&output).unwrap_or_default())
}
