//! Which requests the console accepts. Any page in an approver's browser can send requests here, and its own host name can
//! point to this machine; so the `Host` has to be the console's, and a decision has to come from the console's own page.

use std::borrow::Cow;

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

use super::{assets, assets::File, error, pagination::ListQuery};

/// What an accepted request asks for.
#[derive(Debug)]
pub(super) enum ConsoleRequest<'v> {
    Page(File),
    Approvals(Approver<'v>, ListQuery<'v>),
    Decision { approver: Approver<'v>, id: [u8; 10], decision: Decision },
    Drifts(ListQuery<'v>),
    Acceptance { approver: Approver<'v>, id: [u8; 10], note: String },
    Counters(ListQuery<'v>),
    Decisions(ListQuery<'v>),
}

/// A caller who may approve.
#[derive(Clone, Debug)]
pub(super) struct Approver<'v> {
    pub(super) grant: &'v Grant,
    /// For display: without a secret.
    pub(super) name: Cow<'v, str>,
}

/// The body of a decision.
#[derive(Debug)]
pub(super) struct Decision {
    pub(super) approved: bool,
    pub(super) note: String,
}

/// The keys of a decision.
const DECISION_KEYS: Keys = Keys { known: &["decision", "note"] };
/// The longest note, in characters.
const MAX_NOTE: usize = 500;

/// Checks a request by its whole body.
///
/// # Errors
/// The answer to a request that is refused.
pub(super) fn authorize<'v>(
    console: &Console,
    call: &'v RequestInfo,
    body: &[u8],
) -> Result<ConsoleRequest<'v>, Response> {
    let headers = &call.headers;
    if !headers.str_value(":authority").is_some_and(|host| console.has_host(host)) {
        return Err(error(421, "the request's `Host` is not one of the console's; add it to `console.hosts`"));
    }
    let (method, path) =
        (headers.str_value(":method").unwrap_or_default(), headers.str_value(":path").unwrap_or_default());
    let (path, query) = path.split_once('?').unwrap_or((path, ""));
    let endpoint = endpoint(path).ok_or_else(|| error(404, "no such page; open `/`"))?;
    match (&endpoint, method) {
        (Endpoint::Approval(_) | Endpoint::Drift(_), "POST") => {}
        (Endpoint::Approval(_) | Endpoint::Drift(_), _) => return Err(error(405, "send a decision with POST")),
        (_, "GET" | "HEAD") if body.is_empty() => {}
        (_, "GET" | "HEAD") => return Err(error(400, "a GET request has no body; leave it out")),
        _ => return Err(error(405, "read this with GET")),
    }
    if let Endpoint::Page(file) = endpoint {
        return if accepts_gzip(headers) { Ok(ConsoleRequest::Page(file)) } else { Err(assets::not_acceptable()) };
    }
    let approver = identify_approver(console, &call.grant)?;
    let query = || ListQuery::read(query, headers).map_err(|why| error(400, why));
    match endpoint {
        Endpoint::Page(file) => Ok(ConsoleRequest::Page(file)),
        Endpoint::Approvals => Ok(ConsoleRequest::Approvals(approver, query()?)),
        Endpoint::Counters => query().map(ConsoleRequest::Counters),
        Endpoint::Decisions => query().map(ConsoleRequest::Decisions),
        Endpoint::Drifts => query().map(ConsoleRequest::Drifts),
        Endpoint::Approval(id) => {
            check_origin(console, headers)?;
            let decision = parse_decision(body, &[("approve", true), ("reject", false)])?;
            if !decision.approved && decision.note.trim_ascii().is_empty() {
                return Err(error(400, "a rejection needs a note; say why, since the agent reads it"));
            }
            Ok(ConsoleRequest::Decision { approver, id, decision })
        }
        Endpoint::Drift(id) => {
            check_origin(console, headers)?;
            let Decision { note, .. } = parse_decision(body, &[("accept", true)])?;
            Ok(ConsoleRequest::Acceptance { approver, id, note })
        }
    }
}

/// The paths of the console.
enum Endpoint {
    Page(File),
    Approvals,
    Approval([u8; 10]),
    Drifts,
    Drift([u8; 10]),
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
        "/api/drifts" => Endpoint::Drifts,
        other => match other.strip_prefix("/api/drifts/") {
            Some(id) => Endpoint::Drift(approval::parse_id(id)?),
            None => Endpoint::Approval(approval::parse_id(other.strip_prefix("/api/approvals/")?)?),
        },
    })
}

/// RFC 9110, section 12.5.3. A request without the header accepts any coding, but its client would show the bytes.
fn accepts_gzip(headers: &Headers) -> bool {
    let codings = headers.str_value("accept-encoding").unwrap_or_default().split(',');
    codings.map(|coding| coding.split(';')).any(|mut parts| {
        let name = parts.next().unwrap_or_default().trim_ascii();
        let is_refused = |part: &str| {
            let weight = part.trim_ascii().strip_prefix("q=");
            weight.is_some_and(|weight| weight.bytes().all(|byte| byte == b'0' || byte == b'.'))
        };
        (name == "*" || name.eq_ignore_ascii_case("gzip")) && !parts.any(is_refused)
    })
}

fn identify_approver<'v>(console: &Console, grant: &'v Result<Grant, IdentityError>) -> Result<Approver<'v>, Response> {
    match grant {
        Ok(grant) if console.matches_approver(grant) => Ok(Approver { grant, name: console.display_name(grant) }),
        Ok(grant) => {
            let why = "is not an approver; ask the console's owner to add it to `console.approvers`";
            Err(error(403, &format!("`{}` {why}", grant.display())))
        }
        Err(IdentityError::NoIdentity) => Err(error(401, "not signed in: send an approver's token")),
        Err(IdentityError::UnknownToken) => {
            Err(error(401, "not signed in: the console does not list this token; send an approver's token"))
        }
        Err(IdentityError::Invalid(why)) => Err(error(401, &format!("not signed in: {why}"))),
    }
}

/// RFC 6454, section 7: a browser says which page a request comes from, and no page can change that.
fn check_origin(console: &Console, headers: &Headers) -> Result<(), Response> {
    let host = headers.str_value("origin").and_then(|origin| origin.split_once("://"));
    if !host.is_some_and(|(scheme, host)| (scheme == "https" || scheme == "http") && console.has_host(host)) {
        return Err(error(403, "the request's `Origin` is not the console's own; decide on its page"));
    }
    let media = headers.str_value("content-type").and_then(|media| media.split(';').next()).unwrap_or_default();
    if !media.trim_ascii().eq_ignore_ascii_case("application/json") {
        return Err(error(415, "the decision's media type is not JSON; set `Content-Type: application/json`"));
    }
    Ok(())
}

fn parse_decision(body: &[u8], words: &[(&'static str, bool)]) -> Result<Decision, Response> {
    let malformed = |why: &str| error(400, &format!("the decision is malformed: {why}"));
    let node = json::parse(body, 4).map_err(|fault| malformed(&fault.to_string()))?;
    let problems = Problems::default();
    let read = read(&Cursor::top(&node, &problems), words);
    match (read, problems.take().first()) {
        (Some(decision), None) => Ok(decision),
        (_, first) => Err(malformed(&first.map(ToString::to_string).unwrap_or_default())),
    }
}

fn read(at: &Cursor<'_, '_>, words: &[(&'static str, bool)]) -> Option<Decision> {
    let fields = at.fields(DECISION_KEYS)?;
    let approved = fields.required("decision")?.choice(words)?;
    let Some(note) = fields.get("note") else { return Some(Decision { approved, note: String::new() }) };
    match &note.node().value {
        Value::String(text) if text.chars().count() <= MAX_NOTE && !text.chars().any(char::is_control) => {
            Some(Decision { approved, note: text.clone().into_owned() })
        }
        _ => note.report_expected("a text of up to 500 characters on one line"),
    }
}
