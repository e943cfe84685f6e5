//! The audit record: one JSON object for each request that was judged; product contract, section 8.

use serde::Serialize;

use crate::{
    config::Config,
    mcp::{Message, Target},
};

use super::{
    Call,
    decide::{Denial, Verdict},
};

/// What was decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Decision {
    /// It passed.
    Allowed,
    /// The policy denies it.
    Denied,
    /// A limit had no room.
    RateLimited,
    /// It could not be read, or not by every server alike.
    Refused,
    /// We failed, so it did not pass.
    Failed,
}

/// What is noted of a request: who, what, and by which rule. No argument, no secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Record {
    /// What was decided.
    pub decision: Decision,
    /// The rule that decided; empty when allowed.
    #[serde(skip_serializing_if = "str::is_empty")]
    pub rule: String,
    /// Why it was refused, where no rule did it.
    #[serde(skip_serializing_if = "str::is_empty")]
    pub why: String,
    /// Name of the policy.
    pub policy: String,
    /// Digest of the configuration.
    pub config: String,
    /// Who called, as people may see it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub grant: Option<String>,
    /// The method.
    #[serde(skip_serializing_if = "str::is_empty")]
    pub method: String,
    /// The tool, prompt or resource.
    #[serde(skip_serializing_if = "str::is_empty")]
    pub tool: String,
    /// Envoy's `x-request-id`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
}

/// Longest text from a caller that is noted, in characters.
const MAX_TEXT: usize = 256;

impl Record {
    /// The record of a message that was judged.
    pub(super) fn of(config: &Config, call: &Call, message: &Message<'_>, verdict: &Verdict<'_>) -> Self {
        let (decision, rule) = match verdict {
            Ok(_) => (Decision::Allowed, ""),
            Err(Denial::Denied { rule, .. }) => (Decision::Denied, &**rule),
            Err(Denial::Limited { limit, .. }) => (Decision::RateLimited, &*limit.pointer),
            Err(Denial::Failed) => (Decision::Failed, ""),
        };
        let (method, tool) = match message {
            Message::Request(request) => match &request.target {
                Target::Tool(name) | Target::Prompt(name) | Target::Resource(name) => (&*request.method, &**name),
                Target::Nothing | Target::Resources(_) | Target::Task(_) => (&*request.method, ""),
            },
            Message::Notification { method, .. } => (&**method, ""),
            Message::Response => ("", ""),
        };
        Self { rule: rule.to_owned(), method: short(method), tool: short(tool), ..Self::new(config, call, decision) }
    }

    /// The record of a request that was not judged.
    pub(super) fn refused(config: &Config, call: &Call, why: &str) -> Self {
        Self { why: short(why), ..Self::new(config, call, Decision::Refused) }
    }

    /// The record as one line of JSON.
    #[must_use]
    pub fn to_json(&self) -> String {
        // Strings always serialise; an empty record would be seen in the log.
        serde_json::to_string(self).unwrap_or_default()
    }

    fn new(config: &Config, call: &Call, decision: Decision) -> Self {
        Self {
            decision,
            rule: String::new(),
            why: String::new(),
            policy: config.policy_name.to_string(),
            config: config.digest.clone(),
            grant: call.grant.as_ref().ok().map(|grant| grant.shown().to_owned()),
            method: String::new(),
            tool: String::new(),
            request_id: call.request_id.clone(),
        }
    }
}

fn short(text: &str) -> String {
    text.chars().take(MAX_TEXT).collect()
}
