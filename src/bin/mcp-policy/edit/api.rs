//! What the page asks, and the answers: JSON in, JSON out. Each answer is the engine's own.

use mcp_policy::{compare::compare, config::Config};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::{Value, json};

use crate::{compare as compared, render, sanitize, source::SourceFile};

use super::{
    attempt::Call,
    decision::{self, Decision, Section},
    outline::Part,
    places,
    session::{Session, Texts},
    splice::{Change, Splice},
    suite,
    utf16::Utf16,
    view::View,
};

/// Why a request has no answer.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Refused {
    pub(super) status: u16,
    pub(super) why: String,
}

impl From<String> for Refused {
    /// The text or the call has mistakes.
    fn from(why: String) -> Self {
        Self { status: 422, why }
    }
}

#[derive(Deserialize)]
struct OfText {
    text: String,
}

#[derive(Deserialize)]
struct OfChanges {
    text: String,
    changes: Vec<Change>,
}

#[derive(Deserialize)]
struct OfDecision {
    text: String,
    decision: Decision,
    entries: Vec<Entry>,
}

#[derive(Deserialize)]
struct Entry {
    /// The index of its policy.
    policy: usize,
    section: Section,
    name: String,
}

#[derive(Deserialize)]
struct OfKnownTools {
    text: String,
    entries: Vec<KnownTool>,
}

/// A tool of a server that the catalogue knows.
#[derive(Deserialize)]
struct KnownTool {
    policy: usize,
    server: String,
    name: String,
}

#[derive(Deserialize)]
struct OfCall {
    text: String,
    call: Call,
}

#[derive(Deserialize)]
struct OfCase {
    text: String,
    cases: String,
    name: String,
    call: Call,
}

#[derive(Deserialize)]
struct OfIndex {
    cases: String,
    index: usize,
}

#[derive(Deserialize)]
struct OfCases {
    text: String,
    cases: String,
}

#[derive(Deserialize)]
struct OfGateway {
    text: String,
    gateway: render::Target,
    /// The value of the option that the gateway needs: `--upstream` or `--image`; empty for its default.
    option: String,
}

/// A replacement for the page's editor. Each is for the text that the one before it makes.
#[derive(Debug, PartialEq, Eq, Serialize)]
struct Replacement {
    from: usize,
    to: usize,
    insert: String,
}

/// The changes that one request makes at most: one for each tool of a large selection.
const MAX_CHANGES: usize = 2000;

/// Answers a request of the page.
///
/// # Errors
/// What is wrong with it, for the page to show.
pub(super) fn answer(session: &Session, name: &str, body: &[u8]) -> Result<String, Refused> {
    match name {
        "open" => write(&session.opened()),
        "view" => {
            let listed = session.listed();
            write(&View::new(&read::<OfText>(body)?.text, &listed.names, &listed.tools))
        }
        "ask_again" => write(&*session.ask_again()?),
        "change" => {
            let OfChanges { text, changes } = read(body)?;
            bound(changes.len())?;
            write(&replacements(&text, decision::apply_all(&text, &changes)?))
        }
        "decide" => decide(read(body)?),
        "recommend" => recommend(session, read(body)?),
        "try" => {
            let OfCall { text, call } = read(body)?;
            let attempt = call.attempt(&load(session, &text)?)?;
            write(&attempt.shown())
        }
        "keep" => {
            let OfCase { text, cases, name, call } = read(body)?;
            let attempt = call.attempt(&load(session, &text)?)?;
            let kept = suite::keep(&session.cases_file, &cases, &name, |name| call.to_case(name, &attempt))?;
            write(&json!({ "cases": kept }))
        }
        "drop" => {
            let OfIndex { cases, index } = read(body)?;
            write(&json!({ "cases": suite::remove(&cases, index)? }))
        }
        "run" => {
            let OfCases { text, cases } = read(body)?;
            write(&suite::run(&session.cases_file, &cases, &load(session, &text)?)?)
        }
        "changes" => changes(session, read(body)?),
        "render" => {
            let OfGateway { text, gateway, option } = read(body)?;
            write(&render::preview(gateway, &session.file, &option, &text)?)
        }
        "save" => {
            let OfCases { text, cases } = read(body)?;
            let saved = session.save(Texts { policy: text, cases });
            saved.map_err(|why| Refused { status: 409, why })?;
            write(&session.saved())
        }
        "reload" => write(&session.reload()?),
        _ => Err(Refused { status: 404, why: format!("there is no `{name}`") }),
    }
}

fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, Refused> {
    serde_json::from_slice(body).map_err(|error| Refused { status: 400, why: error.to_string() })
}

fn write<T: Serialize>(answer: &T) -> Result<String, Refused> {
    let text = serde_json::to_string(answer);
    text.map(|text| sanitize::json(&text)).map_err(|error| Refused { status: 500, why: error.to_string() })
}

fn load(session: &Session, text: &str) -> Result<Config, String> {
    SourceFile::new(&session.file, text.to_owned()).load("the policy")
}

fn decide(request: OfDecision) -> Result<String, Refused> {
    let OfDecision { text, decision, entries } = request;
    write_entries(
        &text,
        &entries,
        |entry| entry.policy,
        |text, place, Entry { section, name, .. }| decision.write(text, place, *section, name),
    )
}

fn recommend(session: &Session, request: OfKnownTools) -> Result<String, Refused> {
    let OfKnownTools { text, entries } = request;
    let listed = session.listed();
    write_entries(
        &text,
        &entries,
        |entry| entry.policy,
        |text, place, KnownTool { server, name, .. }| {
            let rule = listed.recommended(server, name);
            let rule = rule.ok_or_else(|| format!("the catalogue has no rule for `{}`", sanitize::line(name)))?;
            decision::write_recommended(text, place, name, rule)
        },
    )
}

/// The replacements that `write` makes for each entry, one after the other. It gets the text and the place of the entry's policy.
fn write_entries<T>(
    text: &str,
    entries: &[T],
    policy: impl Fn(&T) -> usize,
    write_entry: impl Fn(&str, &[String], &T) -> Result<Vec<Splice>, String>,
) -> Result<String, Refused> {
    bound(entries.len())?;
    let policies = places::policies(&Part::read(text));
    let (mut new, mut splices) = (text.to_owned(), Vec::new());
    for entry in entries {
        let place = policies.get(policy(entry)).ok_or_else(|| "the text has no such policy".to_owned())?;
        for splice in write_entry(&new, &place.pointer, entry)? {
            new = splice.apply(&new);
            splices.push(splice);
        }
    }
    write(&replacements(text, splices))
}

fn bound(changes: usize) -> Result<(), Refused> {
    if changes <= MAX_CHANGES {
        return Ok(());
    }
    Err(Refused::from(format!("at most {MAX_CHANGES} entries are changed at once; use a pattern such as `get_*`")))
}

fn replacements(text: &str, splices: Vec<Splice>) -> Vec<Replacement> {
    let mut text = text.to_owned();
    let each = splices.into_iter().map(|splice| {
        let units = Utf16::new(&text);
        let (from, to) = (units.units(splice.span.start), units.units(splice.span.end));
        text = splice.apply(&text);
        Replacement { from, to, insert: splice.text }
    });
    each.collect()
}

/// What a text decides otherwise than the file.
fn changes(session: &Session, request: OfCases) -> Result<String, Refused> {
    let saved = session.saved().policy;
    let new = load(session, &request.text)?;
    let Ok(old) = Config::load(saved.as_bytes()) else {
        let is_faulty = !saved.trim().is_empty();
        return write(&json!({ "old": false, "faulty": is_faulty, "differences": [], "flips": [] }));
    };
    let differences = compare((&old, saved.as_bytes()), (&new, request.text.as_bytes()), None);
    let differences: Value = serde_json::from_str(&compared::json(&differences)).unwrap_or_default();
    let flips = suite::compare(&session.cases_file, &request.cases, &old, &new)?;
    write(&json!({ "old": true, "differences": differences.get("differences"), "flips": flips }))
}

#[cfg(test)]
mod tests;
