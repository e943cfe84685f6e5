//! What becomes of a call, by each of the three.

use std::{
    collections::BTreeMap,
    io::Write as _,
    process::{Command, Stdio},
};

use mcp_policy::{
    cases::{self, CallReport, MIDNIGHT},
    config::Config,
    store::InMemory,
};
use serde_json::{Value, json};

use super::Call;
use crate::{
    proxy::Worker,
    request::{self, End, Request, pairs},
};

/// What is compared. Ids of approvals differ, since they depend on the filter's name.
#[derive(Debug, PartialEq)]
pub(super) struct Verdict {
    decision: String,
    rule: String,
    shadow: Option<(String, String)>,
    /// What each counter that was charged has left.
    remaining: BTreeMap<String, Value>,
    /// What the agent reads: the distinct messages, a line each.
    message: String,
    retry_after: Option<u64>,
}

/// Sends the call to the module; its audit record and its reply say what became of it.
pub(super) fn by_module(worker: &mut Worker, call: &Call) -> Verdict {
    let Call { caller, session, at, body } = call;
    worker.world().now = at * 1_000_000;
    worker.world().properties = caller.properties();
    let session = session.map(|session| ("mcp-session-id", session));
    let headers = [caller.headers(), pairs(&session.into_iter().collect::<Vec<_>>()), request::call("").headers];
    let request = Request { headers: headers.concat(), chunks: vec![body.clone().into_bytes()], end: End::Flag };
    let mut stream = request.send(worker);
    // A server has got what passed: nothing is given back.
    worker.world().properties.insert(b"upstream\0address".to_vec(), Some(b"10.0.0.9:80".to_vec()));
    stream.close(worker);
    let [record] = stream.notes.as_slice() else { panic!("one record: {stream:?}") };
    let record: Value = serde_json::from_slice(record).expect("a record is JSON");
    let reply = stream.replies.first();
    assert_eq!(reply.is_none(), stream.went_on.is_whole, "{stream:?}");
    let header = |name: &str| reply?.headers.iter().find(|(other, _)| other == name.as_bytes());
    let retry_after = header("retry-after").map(|(_, value)| String::from_utf8_lossy(value).parse().expect("seconds"));
    let message = reply.map_or_else(String::new, |reply| message(&reply.body));
    Verdict { message: without_ids(&message), retry_after, ..Verdict::of(&record) }
}

/// What `mcp-policy explain` prints of the call, by the command itself.
pub(super) fn by_explain(configuration: &str, call: &Call) -> Verdict {
    let file = std::env::temp_dir().join(format!("mcp-policy-agreement-{}.json", std::process::id()));
    std::fs::write(&file, configuration).expect("a temporary file");
    let at = humantime::format_rfc3339_millis(std::time::UNIX_EPOCH + std::time::Duration::from_millis(call.at));
    let mut command = Command::new(env!("CARGO_BIN_EXE_mcp-policy"));
    command.arg("explain").arg(&file).args(["--request", "-", "--format", "json"]);
    command.arg(format!("--as={}", call.caller.grant())).arg(format!("--at={at}"));
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("the command");
    child.stdin.take().expect("its input").write_all(call.body.as_bytes()).expect("the request is read");
    let output = child.wait_with_output().expect("its output");
    std::fs::remove_file(file).expect("the temporary file");
    let explained: Value = serde_json::from_slice(&output.stdout).expect("an explanation is JSON");
    let message = explained["message"].as_str().unwrap_or_default();
    Verdict { message: without_ids(message), retry_after: explained["retryAfter"].as_u64(), ..Verdict::of(&explained) }
}

/// The calls as a case file that expects what became of them.
pub(super) fn case_file(calls: &[Call], done: &[Verdict]) -> String {
    let case = |(call, verdict): (&Call, &Verdict)| {
        let expect = match verdict.decision.as_str() {
            "allowed" => "allow",
            "denied" => "deny",
            other => other,
        };
        let mut case = json!({
            "as": call.caller.grant(), "at": (call.at - MIDNIGHT.0) as f64 / 1000.0, "request": call.body,
            "expect": expect, "shadow": verdict.shadow.as_ref().map(|(_, rule)| rule),
        });
        let mut set = |key: &str, value: Option<&str>| {
            if let Some(value) = value {
                case[key] = value.into();
            }
        };
        set("session", call.session);
        let is_refused = expect != "allow";
        set("rule", Some(verdict.rule.as_str()).filter(|rule| is_refused && !rule.is_empty()));
        // The text behind an id is not known in advance.
        let message = verdict.message.split(ID).next().filter(|message| is_refused && !message.is_empty());
        set("message_contains", message);
        case
    };
    json!({ "cases": [{ "name": "all calls", "calls": calls.iter().zip(done).map(case).collect::<Vec<_>>() }] })
        .to_string()
}

/// What the runner of `mcp-policy test` sees of each call.
pub(super) fn by_cases(configuration: &str, file: &str) -> Vec<Verdict> {
    let config = Config::load(configuration.as_bytes()).expect("a sound configuration");
    let store = InMemory::new([3; 16]);
    let cases = cases::read(file).unwrap_or_else(|problems| panic!("{problems:?}: {file}"));
    cases[0].calls.iter().map(|call| Verdict::reported(&call.decide(&config, &store))).collect()
}

/// The runner finds that all expectations of the file hold.
pub(super) fn assert_cases_pass(configuration: &str, file: &str) {
    let config = Config::load(configuration.as_bytes()).expect("a sound configuration");
    for case in cases::read(file).expect("a case file") {
        case.run(Some(&config)).unwrap_or_else(|failure| panic!("{failure}: {file}"));
    }
}

impl Verdict {
    /// What the call shows: its decision, and whether a refusal is in shadow or a counter is charged.
    pub(super) fn kinds(&self) -> impl Iterator<Item = String> {
        let shadow = self.shadow.as_ref().map(|_| "refused in shadow");
        let charged = (!self.remaining.is_empty()).then_some("charged");
        [self.decision.as_str()].into_iter().chain(shadow).chain(charged).map(str::to_owned)
    }

    /// What a record and an explanation have in common.
    fn of(said: &Value) -> Self {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let shadow = said.get("shadow").map(|shadow| (text(&shadow["decision"]), text(&shadow["rule"])));
        let remaining = said.get("remaining").and_then(Value::as_object).into_iter().flatten();
        Self {
            decision: text(&said["decision"]),
            rule: text(&said["rule"]),
            shadow,
            remaining: remaining.map(|(counter, left)| (counter.clone(), left.clone())).collect(),
            message: String::new(),
            retry_after: None,
        }
    }

    fn reported(report: &CallReport) -> Self {
        let CallReport { record, message, retry_after, .. } = report;
        let number = |text: String| serde_json::from_str(&text).expect("a number");
        Self {
            decision: record.decision.name().to_owned(),
            rule: record.rule.clone(),
            shadow: record.shadow.as_ref().map(|shadow| (shadow.decision.name().to_owned(), shadow.rule.clone())),
            remaining: record
                .remaining
                .iter()
                .map(|(name, left)| (name.to_string(), number(left.to_string())))
                .collect(),
            message: without_ids(message),
            retry_after: *retry_after,
        }
    }
}

/// The distinct messages of a reply, in order.
fn message(body: &[u8]) -> String {
    if body.is_empty() {
        return String::new();
    }
    let body: Value = serde_json::from_slice(body).expect("a reply is JSON");
    let replies = body.as_array().cloned().unwrap_or_else(|| vec![body]);
    let text = |reply: &Value| {
        let text = reply.pointer("/error/message").or_else(|| reply.pointer("/result/content/0/text"));
        text.and_then(Value::as_str).unwrap_or_else(|| panic!("no message: {reply}")).to_owned()
    };
    let mut messages: Vec<String> = Vec::new();
    for message in replies.iter().map(text) {
        if !messages.contains(&message) {
            messages.push(message);
        }
    }
    messages.join("\n")
}

/// A placeholder for the id of an approval.
const ID: &str = "<id>";

/// A message without the ids of approvals, which are 20 hexadecimal digits.
fn without_ids(message: &str) -> String {
    let is_id = |word: &&str| word.len() == 20 && word.bytes().all(|byte| byte.is_ascii_hexdigit());
    let ids = message.split(|c: char| !c.is_ascii_alphanumeric()).filter(is_id);
    ids.fold(message.to_owned(), |message, id| message.replace(id, ID))
}
