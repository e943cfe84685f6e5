//! An approval as the API shows it, and the audit record of a decision on it.

use crate::{
    approval::{Approval, ApprovalDetails, ApproverDecision, State, digest},
    json::Writer,
    time::Timestamp,
};

use super::{auth::Approver, params, timestamp};

/// An approval with its details, if they could be read.
pub(super) struct Item<'a> {
    entry: &'a Approval,
    details: Option<ApprovalDetails<'a>>,
}

impl<'a> Item<'a> {
    /// Joins an entry and the cell with its details.
    pub(super) fn new(entry: &'a Approval, details: Option<&'a [u8]>) -> Self {
        Self { entry, details: details.and_then(|bytes| ApprovalDetails::read(bytes, entry.fingerprint)) }
    }

    /// Whether the details are there, and with a decision who took it.
    pub(super) fn is_complete(&self) -> bool {
        let is_signed = |details: &ApprovalDetails<'_>| !details.approver.is_empty();
        self.details.as_ref().is_some_and(|details| self.entry.state == State::Pending || is_signed(details))
    }

    /// The approval as JSON.
    pub(super) fn write(&self, approver: Approver<'_>) -> String {
        let Self { entry, details } = self;
        let at = |seconds: u64| timestamp(Timestamp(seconds.saturating_mul(1000)));
        let mut item = Writer::default();
        item.text("id", &entry.name()).text("state", state(entry.state));
        if let Some(details) = details {
            write_summary(&mut item, details)
                .text("filter", details.key.filter)
                .optional("params", params::compact(details.key.params).as_deref())
                .text("reason", details.reason)
                .json("yours", details.key.grant == digest(approver.0.id()))
                .nonempty("approver", details.approver)
                .nonempty("note", details.note);
        }
        item.text("askedAt", &at(entry.requested_at)).text("expiresAt", &at(entry.expires_at));
        item.finish()
    }

    /// The audit record of a decision; `None` if the details are lost.
    pub(super) fn record(&self, decision: &ApproverDecision<'_>) -> Option<String> {
        let details = self.details.as_ref()?;
        let mut approval = Writer::default();
        approval.text("id", &self.entry.name()).text("approver", decision.approver).nonempty("note", decision.note);
        let mut record = Writer::default();
        record.text("decision", state(self.entry.state));
        write_summary(&mut record, details).json("approval", approval.finish());
        Some(record.finish())
    }
}

/// The call that needs the approval, its caller, and the rule.
fn write_summary<'w>(out: &'w mut Writer, details: &ApprovalDetails<'_>) -> &'w mut Writer {
    let key = &details.key;
    out.text("rule", key.rule)
        .text("policy", key.policy)
        .text("config", key.config)
        .nonempty("route", key.route)
        .nonempty("cluster", key.cluster)
        .text("grant", details.caller)
        .text("method", key.method)
        .text("tool", key.name)
}

/// A state as the API spells it.
pub(super) fn state(state: State) -> &'static str {
    match state {
        State::Pending => "pending",
        State::Approved => "approved",
        State::Rejected => "rejected",
    }
}
