//! A call that the page tries: the decision, its steps, and the answer as the agent gets it.

use std::collections::BTreeMap;

use mcp_policy::{
    audit::Decision,
    cases::{self, CallReport, CaseCall, Expected},
    config::Config,
    json::diagnostic::Problem,
    store::InMemory,
};
use serde::{Deserialize, Serialize};
use serde_json::{json, value::RawValue};

use crate::explain::Explanation;

/// A call: the members of a call in a case file, but for what it expects.
#[derive(Clone, Debug, Deserialize)]
#[serde(transparent)]
pub(super) struct Call(BTreeMap<String, Box<RawValue>>);

/// What becomes of a call.
#[derive(Debug)]
pub(super) struct Attempt {
    /// Of the last time that it is sent.
    report: CallReport,
    /// How often in a row each decision is made, and by which rule.
    runs: Vec<(u32, Decision, String)>,
}

/// What the page shows of it.
#[derive(Serialize)]
pub(super) struct Shown<'a> {
    #[serde(flatten)]
    explanation: Explanation<'a>,
    /// The HTTP status of the answer that the gateway gives in place of the server's.
    status: Option<u16>,
    /// Its body.
    reply: Option<&'a str>,
    runs: Vec<Run<'a>>,
}

#[derive(Serialize)]
struct Run<'a> {
    times: u32,
    decision: &'static str,
    rule: &'a str,
}

/// The members of a call in the order in which a case has them.
const ORDER: [&str; 13] =
    ["as", "claims", "session", "route", "host", "path", "at", "tool", "args", "method", "params", "request", "listed"];

/// How often one call is tried at most: each time takes milliseconds.
const MAX_TIMES: u32 = 1000;

impl Call {
    /// Tries the call with empty counters.
    ///
    /// # Errors
    /// A sentence on what is wrong with it.
    pub(super) fn attempt(&self, config: &Config) -> Result<Attempt, String> {
        let call = self.read()?;
        if call.times > MAX_TIMES {
            return Err(format!("a call is tried at most {MAX_TIMES} times"));
        }
        let store = InMemory::new(*b"a seed for cases");
        let mut runs: Vec<(u32, Decision, String)> = Vec::new();
        let mut last = None;
        for _ in 0..call.times {
            let report = call.decide(config, &store);
            let CallReport { record, .. } = &report;
            match runs.last_mut() {
                Some((times, decision, rule)) if *decision == record.decision && *rule == record.rule => {
                    *times = times.saturating_add(1);
                }
                _ => runs.push((1, record.decision, record.rule.clone())),
            }
            last = Some(report);
        }
        last.map(|report| Attempt { report, runs }).ok_or_else(|| "the call is sent no time".to_owned())
    }

    /// The call as a case file reads it.
    fn read(&self) -> Result<CaseCall, String> {
        let allow = RawValue::from_string("\"allow\"".to_owned()).unwrap_or_default();
        let with_expectation: BTreeMap<&str, &RawValue> =
            self.0.iter().map(|(key, value)| (key.as_str(), &**value)).chain([("expect", &*allow)]).collect();
        // Raw JSON always serialises.
        let call = serde_json::to_string(&with_expectation).unwrap_or_default();
        let text = format!(r#"{{"cases": [{{"name": "a call", "calls": [{call}]}}]}}"#);
        let read =
            cases::read(&text).map_err(|problems| problems.iter().map(sentence).collect::<Vec<_>>().join("; "))?;
        let call = read.into_iter().flat_map(|case| case.calls).next();
        call.ok_or_else(|| "there is no call".to_owned())
    }

    /// The calls of a case that expects what happened: one for each run of a decision.
    pub(super) fn to_case(&self, name: &str, attempt: &Attempt) -> String {
        let calls = attempt.runs.iter().map(|(times, decision, rule)| {
            let own =
                ORDER.iter().filter_map(|key| self.0.get(*key).map(|value| format!("\"{key}\": {}", value.get())));
            let times = (*times > 1).then(|| format!("\"times\": {times}"));
            let expected = Expected::NAMED.iter().find(|(_, expected)| expected.matches(*decision));
            let expected = expected.map(|(name, _)| format!("\"expect\": {}", json!(name)));
            let rule =
                (*decision != Decision::Allowed && !rule.is_empty()).then(|| format!("\"rule\": {}", json!(rule)));
            let members = own.chain(times).chain(expected).chain(rule);
            format!("{{{}}}", members.collect::<Vec<_>>().join(", "))
        });
        format!("{{\"name\": {}, \"calls\": [{}]}}", json!(name), calls.collect::<Vec<_>>().join(", "))
    }
}

impl Attempt {
    pub(super) fn shown(&self) -> Shown<'_> {
        let runs =
            self.runs.iter().map(|(times, decision, rule)| Run { times: *times, decision: decision.name(), rule });
        let reply = self.report.reply.as_ref();
        Shown {
            explanation: Explanation::new(&self.report),
            status: reply.map(|reply| reply.status),
            reply: reply.map(|reply| reply.body.as_str()),
            runs: runs.collect(),
        }
    }
}

/// A problem without the place of the call in the file that it is not in.
fn sentence(problem: &Problem) -> String {
    let place = problem.pointer.strip_prefix("/cases/0/calls/0").unwrap_or_default();
    if place.is_empty() { problem.message.clone() } else { format!("{place}: {}", problem.message) }
}

#[cfg(test)]
mod tests {
    use mcp_policy::{cases, config::Config};
    use serde_json::json;

    use super::Call;

    fn config() -> Config {
        let text = br#"{"version": "1", "default": "deny", "tools": {"draw": {"rate_limit": "2/minute"}, "pay": {"require_approval": [
            {"conditions": [{"path": "args.amount", "op": "gt", "value": 100}]}]}}}"#;
        Config::load(text).map_err(|errors| errors.to_string()).unwrap()
    }

    fn call(text: &str) -> Call {
        serde_json::from_str(text).unwrap()
    }

    #[test]
    fn a_call_is_decided_as_often_as_it_is_sent() {
        let attempt = call(r#"{"as": "jwt:alice", "tool": "draw", "times": 3}"#).attempt(&config()).unwrap();
        let shown = serde_json::to_value(attempt.shown()).unwrap();
        assert_eq!(shown["decision"], "rate_limited");
        assert_eq!(shown["status"], 200);
        let runs = json!([{"times": 2, "decision": "allowed", "rule": ""}, {"times": 1, "decision": "rate_limited", "rule": "/tools/draw/rate_limit"}]);
        assert_eq!(shown["runs"], runs);
        let reply: serde_json::Value = serde_json::from_str(shown["reply"].as_str().unwrap()).unwrap();
        assert_eq!(reply["error"]["code"], -31429);
    }

    #[test]
    fn a_kept_case_passes() {
        let config = config();
        for (text, kept) in [
            (
                r#"{"as": "jwt:alice", "tool": "draw", "times": 3}"#,
                r#"{"name": "n", "calls": [{"as": "jwt:alice", "tool": "draw", "times": 2, "expect": "allow"}, {"as": "jwt:alice", "tool": "draw", "expect": "rate_limited", "rule": "/tools/draw/rate_limit"}]}"#,
            ),
            (
                r#"{"tool": "pay", "args": {"amount": 100.50}, "at": "09:00:00"}"#,
                r#"{"name": "n", "calls": [{"at": "09:00:00", "tool": "pay", "args": {"amount": 100.50}, "expect": "approval_required", "rule": "/tools/pay/require_approval/0"}]}"#,
            ),
        ] {
            let call = call(text);
            let case = call.to_case("n", &call.attempt(&config).unwrap());
            assert_eq!(case, kept);
            let read = cases::read(&format!(r#"{{"cases": [{case}]}}"#)).unwrap();
            assert_eq!(read[0].run(Some(&config)).map_err(|failure| failure.to_string()), Ok(()));
        }
    }

    #[test]
    fn a_wrong_call_says_what_is_wrong() {
        for (text, why) in [
            (r#"{}"#, "the call names no target; add `tool`, `method` or `request`"),
            (r#"{"tool": "draw", "times": 1001}"#, "a call is tried at most 1000 times"),
            (
                r#"{"tool": "draw", "claims": 1}"#,
                "/claims: found the number `1`, expected the claims of a token, such as `{\"groups\": [\"billing\"]}`",
            ),
        ] {
            assert_eq!(call(text).attempt(&config()).map(drop), Err(why.to_owned()), "{text}");
        }
    }
}
