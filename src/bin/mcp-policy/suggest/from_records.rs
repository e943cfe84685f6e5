//! `mcp-policy suggest --from`: a policy for what a log shows to be used.

use std::io::Write;

use mcp_policy::{
    config::Config,
    evidence::usage::{Options, Row, Usage},
    text::count,
};
use serde::Serialize;

use crate::{
    Exit, Stop,
    log_file::{Line, LogFile},
    print, sanitize,
    table::align_columns,
};

/// The arguments that name a log.
#[derive(clap::Args)]
pub(super) struct Records {
    /// Suggest a policy for what passed, from a log of JSON lines with audit records in them; `-` reads stdin
    #[arg(long, value_name = "RECORDS", conflicts_with_all = ["file", "urls", "files", "client_configs", "pin"])]
    from: Option<String>,
    /// Count also the calls of callers whose identity is not verified
    #[arg(long)]
    all_callers: bool,
    /// Count only calls that this policy of the log's configuration decided on
    #[arg(long, value_name = "NAME")]
    of_policy: Option<String>,
}

/// Prints a policy for the log, if one is named.
pub(super) fn run(args: &Records, as_json: bool) -> Option<Result<Exit, Stop>> {
    // `requires` of the parser asks for the whole group of sources, not for `--from`.
    let without_log = [(args.all_callers, "--all-callers"), (args.of_policy.is_some(), "--of-policy")];
    match &args.from {
        Some(file) => Some(suggest(file, args, as_json)),
        None => without_log.into_iter().find(|(is_given, _)| *is_given).map(|(_, option)| {
            Err(Stop::usage(format!("`{option}` is for the calls of a log; name the log with `--from RECORDS`")))
        }),
    }
}

fn suggest(file: &str, args: &Records, as_json: bool) -> Result<Exit, Stop> {
    let mut log = LogFile::open(file).map_err(Stop::usage)?;
    let mut usage = Usage::new(Options { all_callers: args.all_callers, policy: args.of_policy.clone() });
    while let Some(line) = log.next_line().map_err(Stop::usage)? {
        if let Line::Text(text) = line {
            usage.add_line(text);
        }
    }
    usage.finish();
    let (name, remarks) = (log.display_name(), usage.remarks());
    if usage.passed() == 0 {
        let remarks: String = match remarks.as_slice() {
            [] => "; name a log with audit records of calls that passed, such as Envoy's access log".to_owned(),
            remarks => remarks.iter().map(|remark| format!("; {remark}")).collect(),
        };
        return Err(Stop::findings(format!("{name}: no call in it counts{remarks}")));
    }
    let names: Vec<&str> = usage.policies().collect();
    if names.len() > 1 {
        let names = names.join("`, `");
        let message =
            format!("{name}: several policies decided on its calls (`{names}`); choose one with `--of-policy`");
        return Err(Stop::findings(message));
    }
    let (policy, rows) = (usage.policy(), usage.rows());
    Config::load(policy.as_bytes())
        .map_err(|invalid| Stop::findings(format!("{name}: a policy cannot hold what was used: {invalid}")))?;
    if as_json {
        return Ok(print(&sanitize::json(&json(&policy, &rows, &remarks))));
    }
    // If stderr is closed, the policy is still printed.
    let _ = std::io::stderr().write_all(describe(&rows, &remarks).as_bytes());
    Ok(print(&sanitize::json(&policy)))
}

/// A line for each entry, then the remarks.
fn describe(rows: &[Row], remarks: &[String]) -> String {
    let rows = rows.iter().map(|row| {
        let Row { name, kind, calls, percentile_99, most, limit, approval } = row;
        let approval = if *approval { ", approval" } else { "" };
        let used = format!(
            "{}; in a minute of one caller {percentile_99} (99 %), {most} (most): {limit}/minute{approval}",
            count(*calls, "call")
        );
        [name.clone(), (*kind).to_owned(), used]
    });
    let remarks = remarks.iter().map(|remark| format!("note: {}\n", sanitize::line(remark)));
    [align_columns(rows, [0, 8, 0])].into_iter().chain(remarks).collect()
}

#[derive(Serialize)]
struct Output<'r> {
    policy: serde_json::Value,
    used: Vec<UsedRow<'r>>,
    remarks: &'r [String],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct UsedRow<'r> {
    kind: &'static str,
    name: &'r str,
    calls: u64,
    percentile99: u64,
    most: u64,
    limit: u64,
    approval: bool,
}

fn json(policy: &str, rows: &[Row], remarks: &[String]) -> String {
    let used = rows.iter().map(|row| UsedRow {
        kind: row.kind,
        name: &row.name,
        calls: row.calls,
        percentile99: row.percentile_99,
        most: row.most,
        limit: row.limit,
        approval: row.approval,
    });
    // It has loaded, so it is JSON.
    let policy = serde_json::from_str(policy).unwrap_or_default();
    // Strings and numbers always serialise.
    format!("{}\n", serde_json::to_string(&Output { policy, used: used.collect(), remarks }).unwrap_or_default())
}
