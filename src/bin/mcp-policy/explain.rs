//! `mcp-policy explain`: every step of the decision on one call, in order, and the decision.

mod explanation;

use std::{
    ops::Range,
    time::{Duration, SystemTime},
};

use clap::ValueEnum;
use mcp_policy::{
    cases::{CallReport, CaseCall, Expected, RequestOrigin},
    config::Config,
    identity::Claims,
    json::{self, diagnostic::nearest_word},
    policy::Policy,
    store::InMemory,
    time::Timestamp,
};

use crate::{Exit, Stop, print, sanitize, source::SourceFile};

pub(crate) use explanation::Explanation;

/// The arguments of `explain`.
#[derive(clap::Args)]
#[command(arg_required_else_help = true, after_help = HELP)]
pub(crate) struct Args {
    /// A policy, or a configuration that holds one; `-` reads stdin
    file: String,
    /// The tool to call
    #[arg(long, required_unless_present = "request")]
    tool: Option<String>,
    /// The arguments of the tool, as a JSON object
    #[arg(long, value_name = "JSON", requires = "tool", default_value = "{}")]
    args: String,
    /// A JSON-RPC message, as a client sends it, instead of a tool; `-` reads stdin
    #[arg(long, value_name = "FILE", conflicts_with_all = ["tool", "args"])]
    request: Option<String>,
    /// The server's answer to the call, or the `result` in it: what the policy's `results` would change; `-` reads stdin
    #[arg(long, value_name = "FILE")]
    result: Option<String>,
    /// The grant: the caller's identity, such as `jwt:alice`; a secret by its SHA-256, such as `bearer:9f86d0…`
    #[arg(long = "as", value_name = "GRANT", default_value = ANYBODY)]
    grant: String,
    /// The claims of the token that names the caller, as a JSON object
    #[arg(long, value_name = "JSON")]
    claims: Option<String>,
    /// The name of Envoy's route, for bindings
    #[arg(long, value_name = "NAME")]
    route: Option<String>,
    /// The host of the request, for bindings
    #[arg(long, value_name = "HOST")]
    host: Option<String>,
    /// The path of the request, for bindings
    #[arg(long, value_name = "PATH")]
    path: Option<String>,
    /// The time of the call, such as `2026-01-31T08:00:00Z` [default: now]
    #[arg(long, value_name = "TIME", value_parser = read_time)]
    at: Option<SystemTime>,
    /// Output format
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

/// The caller if the arguments name none.
const ANYBODY: &str = "anybody";

const HELP: &str = "\
Example:
  mcp-policy explain policy.json --tool create_refund --args '{\"amount\": 250}' --as jwt:alice
Exit codes: 0 if the decision was explained, whatever it is, 1 if the policy does not load, 2 if a file cannot be read or with other
usage.";

/// The output format.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// One line for each step, for people
    Text,
    /// One JSON object, for programs
    Json,
}

/// Explains the decision. A call that is refused is not a finding: the policy may intend it.
pub(crate) fn run(args: &Args) -> Result<Exit, Stop> {
    let call = args.call().map_err(Stop::usage)?;
    let source = SourceFile::read(&args.file).map_err(Stop::usage)?;
    let config = source.load("the policy").map_err(Stop::findings)?;
    // All counters are empty, so one call does the same with any seed.
    let mut outcome = call.decide(&config, &InMemory::new(*b"a seed for one  "));
    if let Some(place) = args.place_in(&call.body) {
        locate_in_args(&mut outcome, &place);
    }
    let meant = args.tool.as_deref().and_then(|tool| find_nearest_key(&config, tool));
    Ok(print(&match args.format {
        Format::Text => text(&call, &outcome, meant.as_deref()),
        Format::Json => sanitize::json(&format!("{}\n", Explanation::new(&outcome).with_nearest_key(meant).json())),
    }))
}

/// Reads the value of `--at`.
fn read_time(text: &str) -> Result<SystemTime, String> {
    humantime::parse_rfc3339(text).map_err(|_| "expected a time in UTC, such as `2026-01-31T08:00:00Z`".to_owned())
}

impl Args {
    fn call(&self) -> Result<CaseCall, String> {
        let answer = self.result.as_ref().map(|file| SourceFile::read(file)).transpose()?;
        let (title, body) = match (&self.request, &self.tool) {
            (Some(_), _) if self.file == "-" && self.request.as_deref() == Some("-") => {
                return Err("stdin can be read only once; give one `-`".to_owned());
            }
            (Some(request), _) => ("the request".to_owned(), SourceFile::read(request)?.text().to_owned()),
            (None, tool) => {
                let name = tool.as_deref().unwrap_or_default();
                // The engine would report this, too, but quotes in a shell often go wrong.
                json::parse(self.args.as_bytes(), 64).map_err(|fault| format!("`--args` is not JSON: {fault}"))?;
                (format!("the tool `{name}`"), CaseCall::tool(name, &self.args))
            }
        };
        let now = self.at.unwrap_or_else(SystemTime::now);
        // A time before 1970 counts as 1970.
        let since = now.duration_since(SystemTime::UNIX_EPOCH).unwrap_or(Duration::ZERO);
        let at = Timestamp(u64::try_from(since.as_millis()).unwrap_or(u64::MAX));
        let origin = RequestOrigin { route: self.route.clone(), host: self.host.clone(), path: self.path.clone() };
        let expected = Expected::Allow.into();
        let (grant, claims) = (self.grant()?, self.claims()?);
        let (session, listed) = (None, Vec::new());
        let answer = answer.map(|answer| answer.text().to_owned());
        Ok(CaseCall { title, body, grant, claims, session, origin, at, times: 1, listed, answer, expected })
    }
}

impl Args {
    fn grant(&self) -> Result<String, String> {
        if self.grant.is_empty() {
            return Err("`--as` names no grant; name one, such as `jwt:alice`".to_owned());
        }
        Ok(self.grant.clone())
    }

    fn claims(&self) -> Result<Claims, String> {
        let Some(text) = &self.claims else { return Ok(Claims::Absent) };
        match json::parse(text.as_bytes(), 64) {
            Ok(node) if matches!(node.value, json::Value::Object(_)) => Ok(Claims::from_json(&node)),
            Ok(_) => Err("`--claims` is not a JSON object".to_owned()),
            Err(fault) => Err(format!("`--claims` is not JSON: {fault}")),
        }
    }

    /// Where `--args` is in the body of the call.
    fn place_in(&self, body: &str) -> Option<Range<usize>> {
        self.tool.as_ref()?;
        let start = body.rfind(&self.args)?;
        Some(start..start.saturating_add(self.args.len()))
    }
}

/// The key that is near the name of a tool, if no key names that tool.
fn find_nearest_key(config: &Config, tool: &str) -> Option<String> {
    let policies = || config.policies.iter().map(|named| &named.policy);
    let is_named = |policy: &Policy| policy.hides(tool) || policy.tools().get(tool).is_some();
    if policies().any(is_named) {
        return None;
    }
    let keys: Vec<&str> = policies().flat_map(|policy| policy.tools().keys().chain(policy.hidden().keys())).collect();
    nearest_word(tool, &keys).map(str::to_owned)
}

/// Counts bytes from the start of `--args`, which is at `args` in the message that this command makes: the user has not written that.
fn locate_in_args(outcome: &mut CallReport, args: &Range<usize>) {
    const START: &str = "(byte ";
    let locate = |text: &str| {
        let (front, rest) = text.split_once(START)?;
        let (byte, rest) = rest.split_once(')')?;
        let byte = byte.parse::<usize>().ok().filter(|byte| args.contains(byte))?.checked_sub(args.start)?;
        Some(format!("{front}{START}{byte} of `--args`){rest}"))
    };
    for step in &mut outcome.steps {
        if let Some(text) = locate(&step.text) {
            step.text = text;
        }
    }
    if let Some(message) = locate(&outcome.message) {
        outcome.message = message;
    }
}

fn text(call: &CaseCall, outcome: &CallReport, meant: Option<&str>) -> String {
    let title = format!("{} as `{}`", call.title, call.grant);
    let steps = outcome.lines().into_iter().map(|line| format!("  {}\n", sanitize::line(&line)));
    let meant = meant.map(|key| format!("  no key names this tool; did you mean `{}`?\n", sanitize::line(key)));
    format!("{}\n{}{}", sanitize::line(&title), steps.collect::<String>(), meant.unwrap_or_default())
}
