//! The case file beside a policy:
//!
//! ```json
//! {
//!   "description": "what the cases show",
//!   "policy": { "version": "1", "default": "deny", "tools": { "draw": { "rate_limit": "1/minute" } } },
//!   "cases": [
//!     { "name": "one a minute", "calls": [
//!       { "as": "alice", "tool": "draw", "args": { "what": "a cat" }, "expect": "allow" },
//!       { "as": "alice", "at": "00:00:59", "tool": "draw", "expect": "rate_limited", "rule": "/tools/draw/rate_limit" },
//!       { "as": "alice", "at": 60, "tool": "draw", "expect": "allow" } ] }
//!   ]
//! }
//! ```
//!
//! * `policy`: a policy or a configuration; without it, the command names one
//! * each case starts with empty counters
//! * a call is `tool` with `args`, or `method` with `params`, or `request`: a message, a batch, or a string that holds the
//!   body
//! * `listed`: tools that the server lists before the call, for policies with `definitions`
//! * `as`: the grant, such as `jwt:alice`, of a secret its SHA-256; `session`: the MCP session
//! * `claims`: the claims of the token that names the caller, an object
//! * `route`, `host`, `path`: Envoy's route, the host and the path of the request, for bindings
//! * `at`: the time, in seconds after midnight UTC or as `hours:minutes:seconds`, on Thursday, 2026-01-01, or in full, from 2026 to 2099,
//!   such as `2026-11-20T17:00:00Z`; without it, that of the call before
//! * `times`: how many times to send the call
//! * `expect`: `allow`, `deny`, `rate_limited`, `approval_required`, or `refused` for an unreadable or ambiguous request
//! * `rule`: the rule that denies the call; `message_contains`: a part of the message to the agent
//! * `answer`: the server's answer, or the `result` in it, which the policy's `results` judge; `expect_answer`: `unchanged`,
//!   `redacted` or `refused`; `answer_rule`: the rule that refuses it; `answer_contains`: a part of what the client gets
//! * `shadow`: the rule in shadow mode that would deny the call; `null` if there must be none

use crate::{
    identity::Claims,
    json::{
        Node, Reader, Value,
        cursor::{Cursor, Fields, Keys},
    },
    time::Timestamp,
};

use super::{AnswerOutcome, Case, CaseCall, Expectation, Expected, MIDNIGHT, RequestOrigin, clock, message};

const CASE_FILE_KEYS: Keys = Keys { known: &["description", "policy", "cases"] };
const CASE_KEYS: Keys = Keys { known: &["name", "calls"] };
const CALL_KEYS: Keys = Keys {
    known: &[
        "as",
        "claims",
        "session",
        "route",
        "host",
        "path",
        "at",
        "times",
        "tool",
        "args",
        "method",
        "params",
        "request",
        "expect",
        "rule",
        "message_contains",
        "shadow",
        "listed",
        "answer",
        "expect_answer",
        "answer_rule",
        "answer_contains",
    ],
};

/// The grant of a call without `as`.
const DEFAULT_GRANT: &str = "anybody";

/// More repetitions show nothing new.
const MAX_TIMES: u64 = 100_000;

/// Reads a case file whose text is `text`.
pub(super) fn read(at: &Cursor<'_, '_>, text: &str) -> Vec<Case> {
    let Some(fields) = at.fields(CASE_FILE_KEYS) else { return Vec::new() };
    if let Some(description) = fields.get("description") {
        description.string();
    }
    let policy = fields.get("policy").map(|policy| source_text(policy.node(), text).to_owned());
    let Some(list) = fields.required("cases") else { return Vec::new() };
    let items = list.items().unwrap_or_default();
    if items.is_empty() && matches!(list.node().value, Value::Array(_)) {
        list.report("the list has no case; add one");
    }
    let mut names = Vec::new();
    let cases = items.iter().filter_map(|item| read_case(item, text, policy.as_ref(), &mut names));
    cases.collect()
}

fn read_case<'w>(at: &Cursor<'w, '_>, text: &str, policy: Option<&String>, names: &mut Vec<&'w str>) -> Option<Case> {
    let fields = at.fields(CASE_KEYS)?;
    let name = fields.required("name").and_then(|name| {
        let text = name.string()?;
        if text.is_empty() || text.contains(char::is_control) {
            return name.report_expected("a name: a few words on one line");
        }
        if names.contains(&text) {
            name.report(format!("another case has the name `{text}`; give each case its own name"));
        }
        names.push(text);
        Some(text.to_owned())
    });
    let list = fields.required("calls")?;
    let items = list.items()?;
    if items.is_empty() {
        list.report("the list has no call; add one");
    }
    let mut now = MIDNIGHT;
    let calls = items.iter().filter_map(|item| read_call(item, text, &mut now)).collect();
    Some(Case { name: name?, policy: policy.cloned(), calls })
}

fn read_call(at: &Cursor<'_, '_>, text: &str, now: &mut Timestamp) -> Option<CaseCall> {
    let fields = at.fields(CALL_KEYS)?;
    let request = read_request(&fields, text);
    let words = |key: &str| fields.get(key).map_or(Some(None), |at| at.string().map(|text| Some(text.to_owned())));
    let (grant, session) = (words("as"), words("session"));
    let (route, host, path) = (words("route"), words("host"), words("path"));
    let moment = fields.get("at").map_or(Some(*now), |at| clock::read(&at));
    *now = moment.unwrap_or(*now);
    let times = fields.get("times").map_or(Some(1), |times| times.integer(1, MAX_TIMES));
    let expected = read_expectation(&fields);
    let listed = fields.get("listed").map_or(Some(Vec::new()), |at| at.items());
    let listed = listed.map(|items| items.iter().map(|item| source_text(item.node(), text).to_owned()).collect());
    let claims = fields.get("claims").map_or(Some(Claims::Absent), |claims| read_claims(&claims));
    let (title, body) = request?;
    Some(CaseCall {
        title,
        body,
        claims: claims?,
        grant: grant?.unwrap_or_else(|| DEFAULT_GRANT.to_owned()),
        session: session?,
        origin: RequestOrigin { route: route?, host: host?, path: path? },
        at: moment?,
        times: u32::try_from(times?).unwrap_or(u32::MAX),
        listed: listed?,
        answer: fields.get("answer").map(|answer| source_text(answer.node(), text).to_owned()),
        expected: expected?,
    })
}

fn read_claims(at: &Cursor<'_, '_>) -> Option<Claims> {
    match &at.node().value {
        Value::Object(_) => Some(Claims::from_json(at.node())),
        _ => at.report_expected("the claims of a token, such as `{\"groups\": [\"billing\"]}`"),
    }
}

/// The request: its name in reports, and its body.
fn read_request(fields: &Fields<'_, '_>, text: &str) -> Option<(String, String)> {
    let object = fields.object();
    let of_kind = |key: &str| fields.get(key).map(|at| source_text(at.node(), text));
    for (key, of) in [("args", "tool"), ("params", "method")] {
        if let (Some(at), None) = (fields.get(key), fields.get(of)) {
            at.report(format!("`{key}` belongs to `{of}`, which is missing; add it, or remove `{key}`"));
        }
    }
    match (fields.get("tool"), fields.get("method"), fields.get("request")) {
        (Some(tool), None, None) => {
            let name = tool.string()?;
            Some((format!("the tool `{name}`"), message::tool_call_body(name, of_kind("args"))))
        }
        (None, Some(method), None) => {
            let name = method.string()?;
            Some((format!("`{name}`"), message::message_body(name, of_kind("params"))))
        }
        (None, None, Some(request)) => match &request.node().value {
            Value::String(bytes) => Some(("the request".to_owned(), bytes.to_string())),
            Value::Object(_) | Value::Array(_) => {
                Some(("the request".to_owned(), source_text(request.node(), text).to_owned()))
            }
            _ => request.report_expected("a message, a batch, or a string that holds the body"),
        },
        (None, None, None) => {
            object.report("the call names no target; add `tool`, `method` or `request`");
            None
        }
        _ => {
            object.report("`tool`, `method` and `request` exclude each other; keep one");
            None
        }
    }
}

fn read_expectation(fields: &Fields<'_, '_>) -> Option<Expectation> {
    let decision = fields.required("expect").and_then(|expect| expect.choice(&Expected::NAMED));
    let texts = ["rule", "message_contains"].map(|key| {
        let at = fields.get(key)?;
        if decision == Some(Expected::Allow) {
            at.report(format!("`{key}` applies to a denial, but the case expects `allow`; remove it, or use `shadow`"));
        }
        at.string().map(ToOwned::to_owned)
    });
    let shadow = fields.get("shadow").map(|at| match at.node().value {
        Value::Null => None,
        _ => at.string().map(ToOwned::to_owned),
    });
    let [rule, message_contains] = texts;
    let answer = fields.get("expect_answer").map(|at| at.choice(&AnswerOutcome::NAMED));
    let [answer_rule, answer_contains] = ["answer_rule", "answer_contains"].map(|key| {
        let at = fields.get(key)?;
        at.string().map(ToOwned::to_owned)
    });
    for key in ["expect_answer", "answer_rule", "answer_contains"] {
        if let (Some(at), None) = (fields.get(key), fields.get("answer")) {
            at.report(format!("`{key}` belongs to `answer`, which is missing; add it, or remove `{key}`"));
        }
    }
    if let (Some(at), Some(Expected::Deny | Expected::RateLimited | Expected::ApprovalRequired | Expected::Refused)) =
        (fields.get("answer"), decision)
    {
        at.report("a call that is denied has no answer; remove `answer`, or expect `allow`");
    }
    let answer = match answer {
        Some(None) => return None,
        Some(outcome) => outcome,
        None => None,
    };
    Some(Expectation { decision: decision?, rule, message_contains, shadow, answer, answer_rule, answer_contains })
}

/// A value as it is written: with every digit, escape and repeated name.
fn source_text<'t>(node: &Node<'_>, text: &'t str) -> &'t str {
    let bytes = text.as_bytes().get(node.at..).unwrap_or_default();
    let value = Reader::new(bytes, u32::MAX).and_then(|mut reader| reader.skip()).unwrap_or_default();
    std::str::from_utf8(value).unwrap_or_default()
}
