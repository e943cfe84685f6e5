//! A decision and its steps as JSON.

use std::{collections::BTreeMap, sync::Arc};

use mcp_policy::{
    amount::Amount,
    cases::{AnswerReport, CallReport},
    results::{FindPlace, LocatedFinds},
};
use serde::Serialize;
use serde_json::value::RawValue;

/// A decision and its steps for programs. `test` prints it for a call that failed.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Explanation<'o> {
    steps: Vec<StepLine<'o>>,
    decision: &'static str,
    #[serde(skip_serializing_if = "str::is_empty")]
    rule: &'o str,
    #[serde(skip_serializing_if = "Option::is_none")]
    shadow: Option<Shadow<'o>>,
    /// What each charged counter has left; exact, as in the audit record.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    remaining: BTreeMap<&'o str, Box<RawValue>>,
    #[serde(skip_serializing_if = "str::is_empty")]
    message: &'o str,
    #[serde(skip_serializing_if = "Option::is_none")]
    retry_after: Option<u64>,
    /// What becomes of the server's answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    answer: Option<Answer<'o>>,
    /// A key that is near the name of the tool, if no key names it.
    #[serde(skip_serializing_if = "Option::is_none")]
    did_you_mean: Option<String>,
}

/// What becomes of the server's answer, and the entries of the policy that found something.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Answer<'o> {
    outcome: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    rule: Option<&'o str>,
    finds: Vec<AnswerFind<'o>>,
    text: &'o str,
}

#[derive(Serialize)]
struct AnswerFind<'o> {
    finder: &'o str,
    count: usize,
    rule: &'o str,
    places: Vec<AnswerPlace<'o>>,
}

/// Where something was found: a JSON pointer into the answer's message.
#[derive(Serialize)]
struct AnswerPlace<'o> {
    pointer: &'o str,
    part: &'static str,
    count: usize,
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

impl<'o> Answer<'o> {
    fn new(answer: &'o AnswerReport) -> Self {
        let find = |find: &'o LocatedFinds| {
            let place = |(place, count): &'o (FindPlace, usize)| AnswerPlace {
                pointer: &place.pointer,
                part: place.part.name(),
                count: *count,
            };
            let places = find.places.iter().map(place).collect();
            AnswerFind { finder: find.finder, count: find.count, rule: &find.entry, places }
        };
        let refusal = answer.report.refusal.as_ref().or(answer.report.shadow_refusal.as_ref());
        Self {
            outcome: answer.outcome.name(),
            rule: refusal.map(|why| why.rule()),
            finds: answer.finds.iter().map(find).collect(),
            text: &answer.text,
        }
    }
}

impl<'o> Explanation<'o> {
    pub(crate) fn new(outcome: &'o CallReport) -> Self {
        let CallReport { steps, record, message, retry_after, reply: _, answer } = outcome;
        let shadow = record.shadow.as_ref();
        let left = |(counter, left): &'o (Arc<str>, Amount)| {
            // An amount shows itself as a JSON number.
            Some((&**counter, RawValue::from_string(left.to_string()).ok()?))
        };
        Self {
            steps: steps.iter().map(|step| StepLine { rule: &step.rule, text: &step.text }).collect(),
            decision: record.decision.name(),
            rule: &record.rule,
            shadow: shadow.map(|shadow| Shadow { decision: shadow.decision.name(), rule: &shadow.rule }),
            remaining: record.remaining.iter().filter_map(left).collect(),
            message,
            retry_after: *retry_after,
            answer: answer.as_ref().map(Answer::new),
            did_you_mean: None,
        }
    }

    /// What it is for a tool that no key names, if a key is near.
    pub(super) fn with_nearest_key(self, key: Option<String>) -> Self {
        Self { did_you_mean: key, ..self }
    }

    pub(super) fn json(&self) -> String {
        // Strings and numbers always serialise.
        serde_json::to_string(self).unwrap_or_default()
    }
}
