//! Who comes in. A page in somebody's browser can send requests here, too, and have its own name point to this machine; so
//! the host has to be ours, and whoever changes something has to come from our own page.

use crate::{
    approval,
    config::Console,
    engine::RequestInfo,
    http::{Headers, Response},
    identity::{Grant, IdentityError},
    json::{
        self, Value,
        cursor::{Cursor, Keys},
        diagnostic::Problems,
    },
};

use super::{assets::File, error};

/// What is asked for, by somebody who may.
#[derive(Debug)]
pub(super) enum Route<'v> {
    Page(File),
    Approvals(Approver<'v>),
    Decision { approver: Approver<'v>, id: [u8; 10], decision: Decision },
    Counters,
    Decisions,
}

/// Somebody who may approve.
#[derive(Clone, Copy, Debug)]
pub(super) struct Approver<'v>(pub(super) &'v Grant);

/// What an approver says.
#[derive(Debug)]
pub(super) struct Decision {
    pub(super) yes: bool,
    pub(super) note: String,
}

/// The keys of a decision.
const DECISION: Keys = Keys { known: &["decision", "note"] };
/// The longest note, in characters.
const MAX_NOTE: usize = 500;

/// Lets a request in.
///
/// # Errors
/// The answer to one that may not come in.
pub(super) fn authorize<'v>(console: &Console, call: &'v RequestInfo, body: &[u8]) -> Result<Route<'v>, Response> {
    let headers = &call.headers;
    if !headers.text(":authority").is_some_and(|host| console.has_host(host)) {
        return Err(error(421, "the console is not reached by this host; name it in `console.hosts`"));
    }
    let (method, path) = (headers.text(":method").unwrap_or_default(), headers.text(":path").unwrap_or_default());
    let path = path.split('?').next().unwrap_or_default();
    let place = endpoint(path).ok_or_else(|| error(404, "there is nothing here; the page is at `/`"))?;
    match (&place, method) {
        (Endpoint::Question(_), "POST") => {}
        (Endpoint::Question(_), _) => return Err(error(405, "a decision is sent with POST")),
        (_, "GET" | "HEAD") if body.is_empty() => {}
        (_, "GET" | "HEAD") => return Err(error(400, "there is a body where none belongs; leave it out")),
        _ => return Err(error(405, "this is read with GET")),
    }
    if let Endpoint::Page(file) = place {
        return Ok(Route::Page(file));
    }
    let approver = approver(console, &call.grant)?;
    match place {
        Endpoint::Page(file) => Ok(Route::Page(file)),
        Endpoint::Approvals => Ok(Route::Approvals(approver)),
        Endpoint::Counters => Ok(Route::Counters),
        Endpoint::Decisions => Ok(Route::Decisions),
        Endpoint::Question(id) => {
            from_our_page(console, headers)?;
            decision(body).map(|decision| Route::Decision { approver, id, decision })
        }
    }
}

/// What there is.
enum Endpoint {
    Page(File),
    Approvals,
    Question([u8; 10]),
    Counters,
    Decisions,
}

fn endpoint(path: &str) -> Option<Endpoint> {
    Some(match path {
        "/" => Endpoint::Page(File::Html),
        "/console.js" => Endpoint::Page(File::Script),
        "/console.css" => Endpoint::Page(File::Style),
        "/api/approvals" => Endpoint::Approvals,
        "/api/counters" => Endpoint::Counters,
        "/api/decisions" => Endpoint::Decisions,
        other => Endpoint::Question(approval::id(other.strip_prefix("/api/approvals/")?)?),
    })
}

fn approver<'v>(console: &Console, grant: &'v Result<Grant, IdentityError>) -> Result<Approver<'v>, Response> {
    match grant {
        Ok(grant) if console.matches_approver(grant) => Ok(Approver(grant)),
        Ok(grant) => {
            Err(error(403, &format!("`{}` is no approver; have it named in `console.approvers`", grant.display())))
        }
        Err(IdentityError::NoIdentity) => Err(error(401, "nobody knows who you are; send the token of an approver")),
        Err(IdentityError::Malformed(why)) => Err(error(401, &format!("nobody can tell who you are; {why}"))),
    }
}

/// RFC 6454, section 7: a browser says which page a request comes from, and no page can have it lie.
fn from_our_page(console: &Console, headers: &Headers) -> Result<(), Response> {
    let host = headers.text("origin").and_then(|origin| origin.split_once("://"));
    if !host.is_some_and(|(scheme, host)| (scheme == "https" || scheme == "http") && console.has_host(host)) {
        return Err(error(403, "the decision does not come from the console's own page; send its `Origin`"));
    }
    let media = headers.text("content-type").and_then(|media| media.split(';').next()).unwrap_or_default();
    if !media.trim_ascii().eq_ignore_ascii_case("application/json") {
        return Err(error(415, "the decision is not labelled as JSON; set `Content-Type: application/json`"));
    }
    Ok(())
}

fn decision(body: &[u8]) -> Result<Decision, Response> {
    let malformed = |why: &str| error(400, &format!("the decision is malformed: {why}"));
    let node = json::parse(body, 4).map_err(|fault| malformed(&fault.to_string()))?;
    let problems = Problems::default();
    let read = read(&Cursor::top(&node, &problems));
    match (read, problems.take().first()) {
        (Some(decision), None) => Ok(decision),
        (_, first) => Err(malformed(&first.map(ToString::to_string).unwrap_or_default())),
    }
}

fn read(at: &Cursor<'_, '_>) -> Option<Decision> {
    let fields = at.fields(DECISION)?;
    let yes = fields.required("decision")?.choice(&[("approve", true), ("reject", false)])?;
    let Some(note) = fields.get("note") else { return Some(Decision { yes, note: String::new() }) };
    match &note.node().value {
        Value::String(text) if text.chars().count() <= MAX_NOTE && !text.chars().any(char::is_control) => {
            Some(Decision { yes, note: text.clone().into_owned() })
        }
        _ => note.report_expected("a text of up to 500 characters on one line"),
    }
}
