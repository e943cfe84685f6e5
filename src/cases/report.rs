//! The decision on a call, and its steps.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::{AnswerReport, CaseCall, Expectation, Expected, message, result};
use crate::{
    audit::{AuditRecord, Decision},
    config::Config,
    engine::{
        self, AuthorizationResponse, BoundRequest, Disposition, HeadersVerdict, RequestInfo,
        callout::CalloutResults,
        definitions::{DefinitionMemo, ListedDefinitions},
        lists::ListFilter,
        refund::{Receipt, is_refundable},
        trace::{NoTrace, Step, Tracer},
    },
    identity,
    mcp::answer::Reply,
    policy::{Definitions, Policy},
    store::Store,
};

/// The filter's name.
const FILTER: &str = "cases";

/// The decision on a call, and its steps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallReport {
    /// The steps of the decision, in order.
    pub steps: Vec<Step>,
    /// The decision and its rule.
    pub record: AuditRecord,
    /// The message to the agent, or the distinct messages to the requests of a batch, a line each; empty if there is none.
    pub message: String,
    /// The seconds after which the agent may retry.
    pub retry_after: Option<u64>,
    /// What the agent gets in place of the server's answer, if the call is not forwarded.
    pub reply: Option<Reply>,
    /// What becomes of the server's answer, if the call has one and is allowed.
    pub answer: Option<AnswerReport>,
}

impl CaseCall {
    /// Decides on the call once.
    #[must_use]
    pub fn decide<S: Store>(&self, config: &Config, store: &S) -> CallReport {
        let mut steps = Vec::new();
        let response = self.respond("POST", config, store, &mut steps);
        let (message, retry_after) = match &response.answer {
            Disposition::Forward(_) => (String::new(), None),
            Disposition::Callout(_) => ("the answer of the approval service".to_owned(), None),
            Disposition::Reply(reply) => (messages(&reply.body), reply.retry_after),
        };
        let is_forwarded = matches!(response.answer, Disposition::Forward(_));
        let answer = self.answer.as_ref().filter(|_| is_forwarded);
        let answer = answer.map(|answer| result::judge(response.results, answer));
        let reply = match response.answer {
            Disposition::Reply(reply) => Some(reply),
            Disposition::Forward(_) | Disposition::Callout(_) => None,
        };
        CallReport { steps, record: *response.record, message, retry_after, reply, answer }
    }

    /// Decides on the request once, without its steps. If no server gets it, it is given back what it was charged.
    pub(crate) fn judge<S: Store>(
        &self,
        http_method: &str,
        config: &Config,
        store: &S,
        is_delivered: bool,
    ) -> AuditRecord {
        let response = self.respond(http_method, config, store, NoTrace);
        if let Disposition::Forward(receipt) = response.answer
            && !is_delivered
            && is_refundable(config.limits.refund, &receipt)
        {
            // A replay has only this store: of a fleet's approvals there is nothing to put back.
            let _ = receipt.give_back(store, || Some(self.at));
        }
        *response.record
    }

    fn respond<S: Store, W: Tracer>(
        &self,
        http_method: &str,
        config: &Config,
        store: &S,
        tracer: W,
    ) -> AuthorizationResponse {
        let headers = message::headers(http_method, &self.body, self.session.as_deref(), &self.origin);
        let call = RequestInfo {
            route: self.origin.route.clone(),
            claims: self.claims.clone(),
            callouts: CalloutResults::local_only(),
            ..RequestInfo::new(headers, identity::grant_from_name(&config.identity, &self.grant, self.at))
        };
        let call = BoundRequest::new(config, call);
        if !self.listed.is_empty() {
            self.list_tools(config, &call, store);
        }
        match engine::check_headers(config, &call, !self.body.is_empty()) {
            HeadersVerdict::Reply(response) | HeadersVerdict::Discard(response) => *response,
            HeadersVerdict::Continue(record) => {
                AuthorizationResponse::new(Disposition::Forward(Receipt::EMPTY), record)
            }
            _ => engine::explain(config, &call, self.body.as_bytes(), FILTER, self.at, store, tracer),
        }
    }
}

impl CaseCall {
    /// Has the server list its tools, if the call says what it lists.
    fn list_tools<S: Store>(&self, config: &Config, call: &BoundRequest, store: &S) {
        let list = message::message_body("tools/list", None);
        let filter = engine::authorize(config, call, list.as_bytes(), FILTER, self.at, store).lists;
        let filter = filter.filter(|_| !self.listed.is_empty()).map(|filter| *filter);
        let Some(ListFilter { policy, origin: Some(origin), .. }) = filter else { return };
        let pins = config.policy(&policy).and_then(Policy::definitions).map_or(0, Definitions::count);
        let mut memo = DefinitionMemo::new(pins);
        let judge = ListedDefinitions::new(config, &policy, FILTER, &origin, &mut memo, self.at, store);
        let Some(judge) = judge else { return };
        judge.begin_list();
        for entry in &self.listed {
            let name = serde_json::from_str(entry).ok().map(|tool: ListedName| tool.name);
            judge.shows(&name.unwrap_or_default(), entry.as_bytes());
        }
        judge.end_list();
    }
}

/// What is read of a listed tool.
#[derive(Deserialize)]
struct ListedName {
    name: String,
}

impl CallReport {
    /// The steps, the decision and the message to the agent, a line each.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        let step = |(index, Step { rule, text }): (usize, &Step)| {
            let number = index.saturating_add(1);
            if rule.is_empty() { format!("{number}. {text}") } else { format!("{number}. {rule}: {text}") }
        };
        let mut lines: Vec<String> = self.steps.iter().enumerate().map(step).collect();
        lines.push(format!("decision: {}", describe(self.record.decision, &self.record.rule)));
        if let Some(shadow) = &self.record.shadow {
            lines.push(format!("in shadow mode: {}", describe(shadow.decision, &shadow.rule)));
        }
        if !self.message.is_empty() {
            lines.extend(self.message.split('\n').map(|message| format!("message to the agent: {message}")));
        }
        lines.extend(self.answer.iter().flat_map(AnswerReport::lines));
        lines
    }
}

impl Expectation {
    /// How an outcome differs from it, a sentence each.
    pub(super) fn differences(&self, outcome: &CallReport) -> Vec<String> {
        let mut wrong = Vec::new();
        let record = &outcome.record;
        let unnamed = |rule: &str| if rule.is_empty() { "none".to_owned() } else { format!("`{rule}`") };
        if !self.decision.matches(record.decision) {
            wrong.push(format!("expected {}, got {}", self.decision.name(), describe(record.decision, &record.rule)));
        } else if let Some(rule) = self.rule.as_ref().filter(|rule| **rule != record.rule) {
            wrong.push(format!("expected the rule `{rule}`, got {}", unnamed(&record.rule)));
        }
        if let Some(text) = self.message_contains.as_ref().filter(|text| !outcome.message.contains(text.as_str())) {
            wrong.push(format!("expected a message with `{text}`, got `{}`", outcome.message));
        }
        let shadow = record.shadow.as_ref().map(|shadow| shadow.rule.as_str());
        if let Some(expected) = self.shadow.as_ref().filter(|expected| expected.as_deref() != shadow) {
            let [expected, got] = [expected.as_deref(), shadow].map(|rule| unnamed(rule.unwrap_or_default()));
            wrong.push(format!("expected in shadow mode {expected}, got {got}"));
        }
        if let Some(answer) = &outcome.answer {
            wrong.extend(self.answer_differences(answer));
        }
        wrong
    }

    fn answer_differences(&self, answer: &AnswerReport) -> Vec<String> {
        let mut wrong = Vec::new();
        if let Some(expected) = self.answer.filter(|expected| *expected != answer.outcome) {
            wrong.push(format!("expected the answer {}, got it {}", expected.name(), answer.outcome.name()));
        }
        let refusal = answer.report.refusal.as_ref().or(answer.report.shadow_refusal.as_ref());
        let rule = refusal.map_or("none", |why| why.rule());
        if let Some(expected) = self.answer_rule.as_ref().filter(|expected| **expected != rule) {
            wrong.push(format!("expected the rule `{expected}` on the answer, got `{rule}`"));
        }
        if let Some(text) = self.answer_contains.as_ref().filter(|text| !answer.text.contains(text.as_str())) {
            wrong.push(format!("expected an answer with `{text}`, got `{}`", answer.text));
        }
        wrong
    }
}

/// An expectation of the decision alone.
impl From<Expected> for Expectation {
    fn from(decision: Expected) -> Self {
        Self {
            decision,
            rule: None,
            message_contains: None,
            shadow: None,
            answer: None,
            answer_rule: None,
            answer_contains: None,
        }
    }
}

fn describe(decision: Decision, rule: &str) -> String {
    if rule.is_empty() { decision.name().to_owned() } else { format!("{} by {rule}", decision.name()) }
}

/// The distinct messages in a local reply, a line each: a batch has a reply for each request.
fn messages(body: &str) -> String {
    let replies: Vec<&RawValue> =
        serde_json::from_str(body).or_else(|_| serde_json::from_str(body).map(|one| vec![one])).unwrap_or_default();
    let mut messages: Vec<String> = Vec::new();
    for message in replies.into_iter().filter_map(message_of) {
        if !messages.contains(&message) {
            messages.push(message);
        }
    }
    messages.join("\n")
}

/// The message of an error, of a result that says that a tool call failed, or of one that has the user open a page.
fn message_of(reply: &RawValue) -> Option<String> {
    #[derive(Deserialize)]
    #[serde(rename_all = "lowercase")]
    enum Outcome {
        Error { message: String },
        Result(Ending),
    }
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Ending {
        #[serde(rename_all = "camelCase")]
        Dialogue {
            input_requests: BTreeMap<String, InputRequest>,
        },
        Content {
            content: Vec<Content>,
        },
    }
    #[derive(Deserialize)]
    struct InputRequest {
        params: Page,
    }
    #[derive(Deserialize)]
    struct Page {
        url: String,
        message: String,
    }
    #[derive(Deserialize)]
    struct Content {
        text: String,
    }
    #[derive(Deserialize)]
    struct Reply {
        #[serde(flatten)]
        outcome: Outcome,
    }
    match serde_json::from_str(reply.get()).ok()? {
        Reply { outcome: Outcome::Error { message } } => Some(message),
        Reply { outcome: Outcome::Result(Ending::Content { content }) } => {
            content.into_iter().next().map(|content| content.text)
        }
        Reply { outcome: Outcome::Result(Ending::Dialogue { input_requests }) } => input_requests
            .into_values()
            .next()
            .map(|InputRequest { params }| format!("{}: {}", params.message, params.url)),
    }
}
