//! What became of a call, and on which way.

use serde::Deserialize;

use super::{CaseCall, Expectation, Expected, message};
use crate::{
    config::Config,
    engine::{self, AuditRecord, Decision, Disposition, RequestInfo, callout::CalloutResults, trace::Step},
    identity::Grant,
    store::Store,
};

/// What became of a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallReport {
    /// What the decision saw, in order.
    pub steps: Vec<Step>,
    /// What was decided, by which rule.
    pub record: AuditRecord,
    /// The message to the agent; empty where it gets none.
    pub told: String,
    /// Seconds after which the agent may come back.
    pub retry_after: Option<u64>,
}

impl CaseCall {
    /// Judges the call once.
    #[must_use]
    pub fn judge<S: Store>(&self, config: &Config, store: &S) -> CallReport {
        let headers = message::head(&self.body, self.session.as_deref(), &self.place);
        let heard = CalloutResults::local_only();
        let call = RequestInfo {
            route: self.place.route.clone(),
            callouts: heard,
            ..RequestInfo::new(headers, Ok(Grant::named(&self.grant)))
        };
        let mut steps = Vec::new();
        let judgement = engine::explain(config, &call, self.body.as_bytes(), "cases", self.at, store, &mut steps);
        let (told, retry_after) = match &judgement.answer {
            Disposition::Forward(_) => (String::new(), None),
            Disposition::Callout(_) => ("what the approval service says".to_owned(), None),
            Disposition::Reply(reply) => (told(&reply.body), reply.retry_after),
        };
        CallReport { steps, record: judgement.record, told, retry_after }
    }
}

impl CallReport {
    /// The steps, the verdict and what the agent is told, a line each.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        let step = |(index, Step { rule, text }): (usize, &Step)| {
            let number = index.saturating_add(1);
            if rule.is_empty() { format!("{number}. {text}") } else { format!("{number}. {rule}: {text}") }
        };
        let mut lines: Vec<String> = self.steps.iter().enumerate().map(step).collect();
        lines.push(format!("verdict: {}", verdict(self.record.decision, &self.record.rule)));
        if let Some(shadow) = &self.record.shadow {
            lines.push(format!("in shadow: {}", verdict(shadow.decision, &shadow.rule)));
        }
        if !self.told.is_empty() {
            lines.push(format!("the agent is told: {}", self.told));
        }
        lines
    }
}

impl Expectation {
    /// In what an outcome differs from it.
    pub(super) fn differences(&self, outcome: &CallReport) -> Vec<String> {
        let mut wrong = Vec::new();
        let record = &outcome.record;
        let unnamed = |rule: &str| if rule.is_empty() { "none".to_owned() } else { format!("`{rule}`") };
        if !self.decision.matches(record.decision) {
            wrong.push(format!("expected {}, got {}", self.decision.name(), verdict(record.decision, &record.rule)));
        } else if let Some(rule) = self.rule.as_ref().filter(|rule| **rule != record.rule) {
            wrong.push(format!("expected the rule `{rule}`, got {}", unnamed(&record.rule)));
        }
        if let Some(text) = self.message_contains.as_ref().filter(|text| !outcome.told.contains(text.as_str())) {
            wrong.push(format!("expected the agent to be told `{text}`, got `{}`", outcome.told));
        }
        let shadow = record.shadow.as_ref().map(|shadow| shadow.rule.as_str());
        if let Some(expected) = self.shadow.as_ref().filter(|expected| expected.as_deref() != shadow) {
            let [expected, got] = [expected.as_deref(), shadow].map(|rule| unnamed(rule.unwrap_or_default()));
            wrong.push(format!("expected in shadow {expected}, got {got}"));
        }
        wrong
    }
}

/// An expectation that nothing contradicts.
impl From<Expected> for Expectation {
    fn from(decision: Expected) -> Self {
        Self { decision, rule: None, message_contains: None, shadow: None }
    }
}

fn verdict(decision: Decision, rule: &str) -> String {
    if rule.is_empty() { decision.name().to_owned() } else { format!("{} by {rule}", decision.name()) }
}

/// The message in an answer of ours.
fn told(body: &str) -> String {
    #[derive(Deserialize)]
    struct Answer {
        error: Error,
    }
    #[derive(Deserialize)]
    struct Error {
        message: String,
    }
    serde_json::from_str::<Answer>(body).map(|answer| answer.error.message).unwrap_or_default()
}
