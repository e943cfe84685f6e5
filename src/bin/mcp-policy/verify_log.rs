//! `mcp-policy verify-log`: whether a log has all records of its chains, unchanged and in order.
//!
//! Exit codes: 0 if each chain is whole as far as the log can show it, 1 if something is wrong or no record has a link, 2 if the
//! log cannot be read.
//!
//! `--format json` prints one object: `whole`, `lines`, `chains` (each with `worker`, `records`, `first`, `last`, `trusted`, `fault` and
//! `laterFaults`), `unlinked` and `unreadable`.

use clap::ValueEnum;
use mcp_policy::{
    evidence::verify::{ChainReport, Lines, Place, Report, Verifier},
    text::{count, verb},
};
use serde::Serialize;

use crate::{
    Exit, Stop,
    log_file::{Line, LogFile},
    print,
};

/// The arguments of `verify-log`.
#[derive(clap::Args)]
#[command(arg_required_else_help = true, after_help = EXAMPLES)]
pub(crate) struct Args {
    /// A log of JSON lines whose records have links (`audit.chain`); `-` reads stdin
    #[arg(value_name = "FILE")]
    file: String,
    /// Envoy's own log: its heads of chains show records that were cut off, and chains that were made again
    #[arg(long, value_name = "FILE")]
    heads: Vec<String>,
    /// The log should have every record since Envoy's start: each chain has to begin with its first
    #[arg(long)]
    complete: bool,
    /// Output format
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

const EXAMPLES: &str = "Example:
  cat access.log.1 access.log | mcp-policy verify-log - --heads envoy.log

Exit codes: 0 if each chain is whole, 1 if a record is missing, changed, twice or out of order, or if no record has a link, 2 if a
file cannot be read. Without --heads, records that were cut off at the end, and a change of the last record, do not show;
without --complete, records that were cut off at the front do not.";

/// The output format.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// A line for each chain, for people
    Text,
    /// One JSON object, for programs
    Json,
}

/// Reads the log and prints what the check found.
pub(crate) fn run(args: &Args) -> Result<Exit, Stop> {
    let mut verifier = Verifier::default();
    for file in &args.heads {
        let mut log = LogFile::open(file).map_err(Stop::usage)?;
        while let Some(line) = log.next_line().map_err(Stop::usage)? {
            if let Line::Text(text) = line {
                verifier.add_head(text);
            }
        }
    }
    let mut log = LogFile::open(&args.file).map_err(Stop::usage)?;
    while let Some(line) = log.next_line().map_err(Stop::usage)? {
        match line {
            Line::Text(text) => verifier.add_line(text),
            Line::Unreadable => verifier.skip_line(),
        }
    }
    let report = verifier.finish(args.complete);
    let printed = print(&match args.format {
        Format::Text => text(&report, log.display_name()),
        Format::Json => json(&report),
    });
    Ok(if printed == Exit::Fine && !report.is_whole() { Exit::Findings } else { printed })
}

fn text(report: &Report, name: &str) -> String {
    let mut text = String::new();
    if report.chains.is_empty() {
        text.push_str("no record has a link; set `audit.chain` in the gateway's configuration\n");
    }
    for chain in &report.chains {
        text.push_str(&line(chain));
    }
    let mut note = |lines: Lines, thing: &str, single: &'static str, several: &'static str| {
        if lines.count > 0 {
            let what = verb(lines.count, single, several);
            text.push_str(&format!("{} {what}, the first on line {}\n", count(lines.count, thing), lines.first));
        }
    };
    note(report.unlinked, "record", "has no link", "have no link");
    note(report.unreadable, "line", "holds a part of a record", "hold a part of a record");
    note(
        report.beyond,
        "record",
        "is of a further chain than the check has room for",
        "are of further chains than the check has room for",
    );
    let broken = report.chains.iter().filter(|chain| chain.fault.is_some()).count();
    let chains = count(report.chains.len(), "chain");
    let are = |number| verb(number, "is", "are");
    let summary = match broken {
        _ if report.chains.is_empty() => return text,
        0 if report.is_whole() => format!("{chains} {} whole", are(report.chains.len())),
        0 => format!("{chains} {} whole, but the log was damaged", are(report.chains.len())),
        broken => format!("{broken} of {chains} {} broken", are(broken)),
    };
    text.push_str(&format!("{name}: {summary}; {}\n", count(report.lines, "line")));
    text
}

fn line(chain: &ChainReport) -> String {
    let ChainReport { worker, records, first, last, trusted, fault, later_faults } = chain;
    let records = count(*records, "record");
    let trusted = match trusted {
        Some(to) if to.seq == first.seq => format!("record {} (line {}) can be trusted", to.seq, to.line),
        Some(to) => format!("records {} to {} (lines {} to {}) can be trusted", first.seq, to.seq, first.line, to.line),
        None => "no record of it is confirmed by another".to_owned(),
    };
    let Some(fault) = fault else {
        let begins = if first.seq > 1 { format!(", begins with record {}", first.seq) } else { String::new() };
        let end = if trusted_seq(chain) < last.seq {
            format!("; nothing confirms record {} yet", last.seq)
        } else {
            String::new()
        };
        return format!("chain {worker}: {records}{begins}: whole; {trusted}{end}\n");
    };
    let later = match later_faults {
        0 => String::new(),
        1 => "; 1 further fault follows".to_owned(),
        more => format!("; {more} further faults follow"),
    };
    format!("chain {worker}: {records}: BROKEN: {fault}{later}; {trusted}\n")
}

fn trusted_seq(chain: &ChainReport) -> u64 {
    chain.trusted.map_or(0, |place| place.seq)
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Output<'r> {
    whole: bool,
    lines: u64,
    chains: Vec<Row<'r>>,
    unlinked: Option<Count>,
    unreadable: Option<Count>,
    beyond: Option<Count>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Row<'r> {
    worker: &'r str,
    records: u64,
    first: Spot,
    last: Spot,
    trusted: Option<Spot>,
    fault: Option<FaultRow>,
    later_faults: u64,
}

#[derive(Serialize)]
struct Spot {
    seq: u64,
    line: u64,
}

#[derive(Serialize)]
struct FaultRow {
    kind: &'static str,
    seq: u64,
    line: u64,
    message: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Count {
    count: u64,
    first_line: u64,
}

impl From<Place> for Spot {
    fn from(Place { seq, line }: Place) -> Self {
        Self { seq, line }
    }
}

impl<'r> Row<'r> {
    fn new(chain: &'r ChainReport) -> Self {
        let fault = chain.fault.as_ref().map(|fault| FaultRow {
            kind: fault.kind.name(),
            seq: fault.seq,
            line: fault.line,
            message: fault.to_string(),
        });
        Self {
            worker: &chain.worker,
            records: chain.records,
            first: chain.first.into(),
            last: chain.last.into(),
            trusted: chain.trusted.map(Spot::from),
            fault,
            later_faults: chain.later_faults,
        }
    }
}

fn json(report: &Report) -> String {
    let count = |lines: Lines| (lines.count > 0).then_some(Count { count: lines.count, first_line: lines.first });
    let output = Output {
        whole: report.is_whole(),
        lines: report.lines,
        chains: report.chains.iter().map(Row::new).collect(),
        unlinked: count(report.unlinked),
        unreadable: count(report.unreadable),
        beyond: count(report.beyond),
    };
    // Strings and numbers always serialise.
    format!("{}\n", serde_json::to_string(&output).unwrap_or_default())
}
