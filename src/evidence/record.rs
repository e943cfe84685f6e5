//! What a record says, read from its text; [`crate::audit::record`] writes it.

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::text::MAX_CHARS;

/// A record, as far as a replay and a suggestion read it.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Record {
    /// What was decided.
    pub decision: String,
    /// The rule that decided; empty if the request was allowed.
    pub rule: String,
    /// The policy's name; empty if no binding matched.
    pub policy: String,
    /// The caller's identity, as records show it; empty if it is not known.
    pub grant: String,
    /// The JSON-RPC method; in parentheses, what is not a message.
    pub method: String,
    /// The tool, prompt or resource.
    pub tool: String,
    /// The names of the arguments; `None` if the record does not say.
    pub arguments: Option<Vec<String>>,
    /// The arguments as sent, if the configuration has them logged.
    pub argument_values: Option<Box<RawValue>>,
    /// The JSON pointer of the argument that does not fit the pinned schema; empty if there is none, or if the record does not say.
    pub argument: String,
    /// Who approved the call, or which request waits for approval.
    pub approval: Option<RecordedApproval>,
    /// What shadow mode would have decided.
    pub shadow: Option<RecordedShadow>,
}

/// Who approved a call, or which request waits for approval.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct RecordedApproval {
    /// The approver; empty while the request is pending.
    pub approver: String,
}

/// What shadow mode would have decided.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct RecordedShadow {
    /// The decision.
    pub decision: String,
    /// The rule that would have decided.
    pub rule: String,
}

/// The decision of a request that passed.
pub(super) const ALLOWED: &str = "allowed";

impl Record {
    /// Reads a record's text; `None` if it is none.
    #[must_use]
    pub fn read(text: &str) -> Option<Self> {
        serde_json::from_str(text).ok()
    }

    /// Whether the request passed.
    #[must_use]
    pub fn is_allowed(&self) -> bool {
        self.decision == ALLOWED
    }

    /// What was called: the tool, prompt or resource, or the method where it names none.
    #[must_use]
    pub fn target(&self) -> &str {
        if self.tool.is_empty() { &self.method } else { &self.tool }
    }

    /// Whether the record may hold a part of the target's name only: a longer one was cut.
    pub(super) fn has_long_target(&self) -> bool {
        self.tool.len() >= MAX_CHARS && self.tool.chars().count() >= MAX_CHARS
    }

    /// Leaves out what became of the answer: `results` refuse it when the call has passed.
    pub(super) fn forget_answer(&mut self) {
        if self.decision == "denied" && is_of_results(&self.rule) {
            ALLOWED.clone_into(&mut self.decision);
            self.rule.clear();
        }
        self.forget_answer_in_shadow();
    }

    /// The same of rules in shadow only.
    pub(super) fn forget_answer_in_shadow(&mut self) {
        self.shadow.take_if(|shadow| is_of_results(&shadow.rule));
    }

    /// Whether the record is of a request that a policy decided on: not of one that was refused unread, that failed, or of what
    /// an approver decided at the console.
    pub(super) fn is_of_a_decision(&self) -> bool {
        let is_decision = [ALLOWED, "denied", "rate_limited", "approval_required"].contains(&&*self.decision);
        is_decision && !self.method.is_empty() && !self.grant.is_empty()
    }
}

/// Whether a rule is one about answers.
fn is_of_results(rule: &str) -> bool {
    let mut tokens = rule.split('/').skip(1);
    let key = match tokens.next() {
        Some("all_tools") => tokens.next(),
        Some("tools" | "prompts" | "resources" | "rules") => tokens.nth(1),
        _ => return ["(no room for the result)", "(unreadable result)"].contains(&rule),
    };
    key == Some("results")
}
