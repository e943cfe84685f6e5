//! `mcp-policy grant`: a token for each agent, in the `tokens` of a configuration.
//!
//! Only a new token goes to stdout, so that a shell can store it; everything else that `new` and `revoke` say goes to stderr.
//!
//! * `document`: the tokens in the text of a configuration; every other part of the text stays as it is
//! * `secret`: the tokens themselves

mod document;
mod secret;

#[cfg(test)]
mod tests;

use std::{io::Write, time::SystemTime};

use clap::{Subcommand, ValueEnum};
use serde::Serialize;

use mcp_policy::digest::Digest;

use crate::{Exit, Stop, file, print, sanitize, table::align_columns};
use document::{Document, Token, WithoutTokens};

/// The arguments of `grant`.
#[derive(clap::Args)]
#[command(arg_required_else_help = true, after_help = HELP)]
pub(crate) struct Args {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    /// Make a token, print it once, and write its SHA-256 into the configuration
    #[command(after_help = NEW_HELP)]
    New {
        /// The name of the caller: its grant is `token:NAME`
        name: String,
        /// The configuration; nothing else in its text changes
        #[arg(value_name = "CONFIG")]
        file: String,
        /// When the token expires: a number of days such as `90d`, or a date such as `2027-01-31`, which is the first day on
        /// which it is refused
        #[arg(long, value_name = "TIME")]
        expires: Option<String>,
        /// The SHA-256 of a token that the agent has already: then no token is made or printed
        #[arg(long, value_name = "DIGEST")]
        sha256: Option<String>,
    },
    /// Remove a token from the configuration
    #[command(after_help = REVOKE_HELP)]
    Revoke {
        /// The name of the caller
        name: String,
        /// The configuration; nothing else in its text changes
        #[arg(value_name = "CONFIG")]
        file: String,
    },
    /// List the tokens of a configuration, and when they expire
    #[command(after_help = LIST_HELP)]
    List {
        /// The configuration; `-` reads stdin
        #[arg(value_name = "CONFIG")]
        file: String,
        /// Output format
        #[arg(long, value_enum, default_value_t = Format::Text)]
        format: Format,
    },
}

/// The output format.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// A line for each token, for people
    Text,
    /// One JSON object, for programs
    Json,
}

const HELP: &str = "\
Example:
  mcp-policy grant new alice-laptop gateway.json --expires 90d
Exit codes: 0 done, 1 not possible with this configuration, 2 usage.";

const NEW_HELP: &str = "\
Example:
  mcp-policy grant new alice-laptop gateway.json --expires 90d
The token is the only line on stdout. For one that the agent has: --sha256 \"$(printf %s \"$TOKEN\" | sha256sum | cut -c 1-64)\".
Exit codes: 0 written, 1 not possible with this configuration, 2 usage.";

const REVOKE_HELP: &str = "\
Example:
  mcp-policy grant revoke alice-laptop gateway.json
Envoy refuses the token when it has the new configuration. Exit codes: 0 written, 1 no such token, 2 usage.";

const LIST_HELP: &str = "\
Example:
  mcp-policy grant list gateway.json
Exit codes: 0 listed, 1 the configuration does not load, 2 usage.";

/// Makes, revokes or lists tokens.
pub(crate) fn run(args: &Args) -> Result<Exit, Stop> {
    match &args.verb {
        Verb::New { name, file, expires, sha256 } => new(name, file, expires.as_deref(), sha256.as_deref()),
        Verb::Revoke { name, file } => revoke(name, file),
        Verb::List { file, format } => list(file, *format),
    }
}

const NO_DIGEST: &str = "`--sha256`: expected the SHA-256 of the token, 64 digits from `0` to `f`, as `printf %s \"$TOKEN\" | sha256sum | \
                         cut -c 1-64` prints them";

fn new(name: &str, file: &str, expires: Option<&str>, sha256: Option<&str>) -> Result<Exit, Stop> {
    let expires = expires.map(|time| expiry(time, SystemTime::now())).transpose().map_err(Stop::usage)?;
    let (token, digest) = match sha256 {
        // The message does not repeat it: people take the token itself for its digest.
        Some(digest) if Digest::parse(digest).is_none() => return Err(Stop::usage(NO_DIGEST)),
        Some(digest) => (None, digest.to_owned()),
        None => {
            let token = secret::generate().map_err(Stop::usage)?;
            let digest = secret::sha256(&token);
            (Some(token), digest)
        }
    };
    let mut is_first_source = false;
    edit(file, |document| {
        document.refuse_listed(name, &digest)?;
        is_first_source = document.add(name, &digest, expires.as_deref())?;
        Ok(())
    })?;
    let until = expires.map_or("it never expires".to_owned(), |date| format!("it expires on {date}"));
    let mut note = format!("added a token for `token:{name}` to `{file}`; {until}");
    if token.is_some() {
        note.push_str("; save the token now, since this command cannot show it again");
    }
    if is_first_source {
        note.push_str("\nthe configuration had no `identity`; now every caller needs a token");
    }
    say(&note);
    Ok(token.map_or(Exit::Fine, |token| print(&format!("{token}\n"))))
}

fn revoke(name: &str, file: &str) -> Result<Exit, Stop> {
    let mut last = None;
    edit(file, |document| {
        document.remove(name)?;
        last = document.without_tokens();
        Ok(())
    })?;
    let mut note = format!(
        "removed the token of `token:{name}` from `{file}`; Envoy refuses it once it has loaded this configuration"
    );
    if let Some(effect) = last {
        note.push_str("\nit was the last token: now ");
        note.push_str(match effect {
            WithoutTokens::NoOne => "no caller has an identity, and every call is denied",
            WithoutTokens::OtherSources => "only the other sources of `identity` identify callers",
        });
        note.push_str("; `mcp-policy grant new` adds a token");
    }
    say(&note);
    Ok(Exit::Fine)
}

fn list(file: &str, format: Format) -> Result<Exit, Stop> {
    let text = crate::source::SourceFile::read(file).map_err(Stop::usage)?;
    let tokens = Document::read(text.text()).map_err(|why| found(file, &why))?.tokens();
    let today = date(SystemTime::now());
    Ok(print(&match format {
        Format::Text => describe(&tokens, &today),
        Format::Json => sanitize::json(&to_json(&tokens, &today)),
    }))
}

/// Changes a configuration under a lock, so that two changes at once both arrive.
fn edit(file: &str, change: impl FnOnce(&mut Document) -> Result<(), String>) -> Result<(), Stop> {
    let held = file::Locked::open(file).map_err(Stop::usage)?;
    let mut document = Document::read(held.text()).map_err(|why| found(file, &why))?;
    change(&mut document).and_then(|()| document.check()).map_err(|why| found(file, &why))?;
    held.replace(&document.text()).map_err(Stop::usage)
}

fn found(file: &str, why: &str) -> Stop {
    Stop::findings(format!("{}: {why}", crate::source::display_name(file)))
}

/// Says something beside the output. If stderr is closed, the exit code still tells the outcome.
fn say(text: &str) {
    let _ = writeln!(std::io::stderr(), "{}", sanitize::message(text));
}

/// The date from which a token is refused.
///
/// # Errors
/// If `time` is neither a date to come nor a duration of at least a day.
fn expiry(time: &str, now: SystemTime) -> Result<String, String> {
    let expected = || format!("`--expires {time}`: expected days such as `90d`, or a date such as `2027-01-31`");
    if let Ok(day) = humantime::parse_rfc3339(&format!("{time}T00:00:00Z")) {
        return if day > now {
            Ok(date(day))
        } else {
            Err(format!(
                "`--expires {time}`: from that day on the token is refused, and today is {}; choose a later date",
                date(now)
            ))
        };
    }
    let duration = humantime::parse_duration(time).map_err(|_| expected())?;
    let end = now.checked_add(duration).filter(|_| duration.as_secs() >= 86_400).ok_or_else(expected)?;
    // The year 9999 is the last that a date can have.
    if end > SystemTime::UNIX_EPOCH.checked_add(LAST).unwrap_or(end) {
        return Err(expected());
    }
    Ok(date(end))
}

/// The start of 9999-12-31, after the epoch.
const LAST: std::time::Duration = std::time::Duration::from_secs(253_402_214_400);

fn date(time: SystemTime) -> String {
    humantime::format_rfc3339_seconds(time).to_string().chars().take("2027-01-31".len()).collect()
}

/// A line for each token.
fn describe(tokens: &[Token], today: &str) -> String {
    let row = |token: &Token| {
        let state = match token.expires.as_deref() {
            None => "never expires".to_owned(),
            Some(date) if date <= today => format!("expired on {date}"),
            Some(date) => format!("expires on {date}"),
        };
        [token.name.clone(), state]
    };
    if tokens.is_empty() { "no tokens\n".to_owned() } else { align_columns(tokens.iter().map(row), [0; 2]) }
}

/// What `--format json` prints.
#[derive(Serialize)]
struct Output<'t> {
    tokens: Vec<Row<'t>>,
}

/// One token.
#[derive(Serialize)]
struct Row<'t> {
    name: &'t str,
    sha256: &'t str,
    expires: Option<&'t str>,
    expired: bool,
}

fn to_json(tokens: &[Token], today: &str) -> String {
    let rows = tokens.iter().map(|token| Row {
        name: &token.name,
        sha256: &token.sha256,
        expires: token.expires.as_deref(),
        expired: token.expires.as_deref().is_some_and(|date| date <= today),
    });
    format!("{}\n", serde_json::to_string(&Output { tokens: rows.collect() }).unwrap_or_default())
}
