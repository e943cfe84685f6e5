//! `mcp-policy explain`: every step of the decision on one call, in order, and what comes of it.

use std::{
    collections::BTreeMap,
    time::{Duration, SystemTime},
};

use clap::ValueEnum;
use mcp_policy::{
    amount::Amount,
    cases::{CallReport, CaseCall, Expected, RequestOrigin},
    config::Config,
    json,
    store::InMemory,
    time::Timestamp,
};
use serde::Serialize;
use serde_json::value::RawValue;

use crate::{Exit, complain, faults, input, print};

/// The words after `explain`.
#[derive(clap::Args)]
#[command(arg_required_else_help = true)]
pub(crate) struct Args {
    /// A policy, or a configuration with one in it; `-` reads stdin
    file: String,
    /// The tool that is called
    #[arg(long, required_unless_present = "request")]
    tool: Option<String>,
    /// Its arguments, a JSON object
    #[arg(long, value_name = "JSON", requires = "tool", default_value = "{}")]
    args: String,
    /// A whole message instead, as a client sends it; `-` reads stdin
    #[arg(long, value_name = "FILE", conflicts_with_all = ["tool", "args"])]
    request: Option<String>,
    /// Who calls: the whole grant, such as `jwt:alice`
    #[arg(long = "as", value_name = "GRANT", default_value = "anybody")]
    grant: String,
    /// The name of Envoy's route, for bindings
    #[arg(long, value_name = "NAME")]
    route: Option<String>,
    /// The host that the call names, for bindings
    #[arg(long, value_name = "HOST")]
    host: Option<String>,
    /// The path that the call names, for bindings
    #[arg(long, value_name = "PATH")]
    path: Option<String>,
    /// When, such as `2026-01-31T08:00:00Z`; now, where nothing is said
    #[arg(long, value_name = "TIME", value_parser = humantime::parse_rfc3339)]
    at: Option<SystemTime>,
    /// How to print it
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

/// For whom the output is.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people: one line a step
    Text,
    /// For programs: one object
    Json,
}

/// Explains, and prints it. A call that is refused is no finding: the policy may well mean it.
pub(crate) fn run(args: &Args) -> Exit {
    let call = match args.call() {
        Ok(call) => call,
        Err(message) => {
            complain(&message);
            return Exit::Usage;
        }
    };
    let document = match input::read(&args.file) {
        Ok(document) => document,
        Err(message) => {
            complain(&message);
            return Exit::Usage;
        }
    };
    let config = match Config::load(document.as_bytes()) {
        Ok(config) => config,
        Err(invalid) => {
            complain(&format!(
                "the policy does not load\n{}",
                faults::lines(&args.file, &document, &invalid.problems).trim_end()
            ));
            return Exit::Findings;
        }
    };
    // Nothing is counted yet; what the seed is does not matter to one call.
    let outcome = call.judge(&config, &InMemory::new(*b"a seed for one  "));
    match args.format {
        Format::Text => print(&text(&call, &outcome)),
        Format::Json => print(&format!("{}\n", Explanation::json(&outcome))),
    }
}

impl Args {
    fn call(&self) -> Result<CaseCall, String> {
        let (title, body) = match (&self.request, &self.tool) {
            (Some(_), _) if self.file == "-" && self.request.as_deref() == Some("-") => {
                return Err("stdin can be the policy or the request, not both".to_owned());
            }
            (Some(request), _) => ("the request".to_owned(), input::read(request)?),
            (None, tool) => {
                let name = tool.as_deref().unwrap_or_default();
                // Another fault would be the engine's to tell, but a shell's quotes go wrong often.
                json::parse(self.args.as_bytes(), 64).map_err(|fault| format!("`--args` is not JSON: {fault}"))?;
                (format!("the tool `{name}`"), CaseCall::tool(name, &self.args))
            }
        };
        let now = self.at.unwrap_or_else(SystemTime::now);
        // Before 1970 there is no moment to count from.
        let since = now.duration_since(SystemTime::UNIX_EPOCH).unwrap_or(Duration::ZERO);
        let at = Timestamp(u64::try_from(since.as_millis()).unwrap_or(u64::MAX));
        let place = RequestOrigin { route: self.route.clone(), host: self.host.clone(), path: self.path.clone() };
        let expected = Expected::Allow.into();
        Ok(CaseCall { title, body, grant: self.grant.clone(), session: None, place, at, times: 1, expected })
    }
}

fn text(call: &CaseCall, outcome: &CallReport) -> String {
    let mut text = format!("{} as `{}`\n", call.title, call.grant);
    for line in outcome.lines() {
        text.push_str(&format!("  {line}\n"));
    }
    text
}

/// An outcome for programs; also what `test` prints of a call that failed.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Explanation<'o> {
    steps: Vec<StepLine<'o>>,
    decision: &'static str,
    #[serde(skip_serializing_if = "str::is_empty")]
    rule: &'o str,
    #[serde(skip_serializing_if = "Option::is_none")]
    shadow: Option<Shadow<'o>>,
    /// What each counter that was charged has left; exact, as it is in the audit record.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    remaining: BTreeMap<&'o str, Box<RawValue>>,
    #[serde(skip_serializing_if = "str::is_empty")]
    message: &'o str,
    #[serde(skip_serializing_if = "Option::is_none")]
    retry_after: Option<u64>,
}

#[derive(Serialize)]
struct StepLine<'o> {
    #[serde(skip_serializing_if = "str::is_empty")]
    rule: &'o str,
    text: &'o str,
}

#[derive(Serialize)]
struct Shadow<'o> {
    decision: &'static str,
    rule: &'o str,
}

impl<'o> Explanation<'o> {
    pub(crate) fn of(outcome: &'o CallReport) -> Self {
        let CallReport { steps, record, told, retry_after } = outcome;
        let shadow = record.shadow.as_ref();
        let left = |(counter, left): &'o (String, Amount)| {
            // An amount shows itself as a JSON number.
            Some((counter.as_str(), RawValue::from_string(left.to_string()).ok()?))
        };
        Self {
            steps: steps.iter().map(|step| StepLine { rule: &step.rule, text: &step.text }).collect(),
            decision: record.decision.name(),
            rule: &record.rule,
            shadow: shadow.map(|shadow| Shadow { decision: shadow.decision.name(), rule: &shadow.rule }),
            remaining: record.remaining.iter().filter_map(left).collect(),
            message: told,
            retry_after: *retry_after,
        }
    }

    fn json(outcome: &CallReport) -> String {
        // Strings and numbers always serialise.
        serde_json::to_string(&Explanation::of(outcome)).unwrap_or_default()
    }
}
