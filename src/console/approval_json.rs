//! An approval as the API shows it, and the audit record of a decision on it.

use std::borrow::Cow;

use crate::{
    approval::{
        Approval, ApprovalDetails, ApprovalKey, ApproverDecision, GrantDigest, NotedTool, State, ToolNote, ToolNotes,
    },
    audit::record::MAX_BYTES,
    json::{self, Writer},
    store::Store,
    text::front,
    time::Timestamp,
    uri,
};

use super::{auth::Approver, params, timestamp};

/// An approval with its details, if they could be read.
pub(super) struct ApprovalItem<'a> {
    entry: &'a Approval,
    details: Option<ApprovalDetails<'a>>,
}

impl<'a> ApprovalItem<'a> {
    /// Joins an entry and the cell with its details.
    pub(super) fn new(entry: &'a Approval, details: Option<&'a [u8]>) -> Self {
        Self { entry, details: details.and_then(|bytes| ApprovalDetails::read(bytes, entry.fingerprint)) }
    }

    /// Whether the details are there, and with a decision who took it.
    pub(super) fn is_complete(&self) -> bool {
        let is_signed = |details: &ApprovalDetails<'_>| !details.approver.is_empty();
        self.details.as_ref().is_some_and(|details| self.entry.state == State::Pending || is_signed(details))
    }

    /// What the server's list has said of the tool.
    pub(super) fn note<S: Store>(&self, store: &S) -> ToolNote {
        let key = self.details.as_ref().map(|details| details.key).filter(|key| key.method == "tools/call");
        let tool =
            key.map(|key| NotedTool { filter: key.filter, policy: key.policy, route: key.route, tool: key.name });
        tool.and_then(|tool| ToolNotes(store).get(tool)).unwrap_or_default()
    }

    /// The approval as JSON.
    pub(super) fn write(&self, approver: &Approver<'_>, note: &ToolNote) -> String {
        let Self { entry, details } = self;
        let at = |seconds: u64| timestamp(Timestamp::from_seconds(seconds));
        let mut item = Writer::default();
        item.add_string("id", &entry.id_text()).add_string("state", state(entry.state));
        if let Some(details) = details {
            write_summary(&mut item, details, details.key.name)
                .add_string("filter", details.key.filter)
                .add_optional_string("params", params::compact(details.key.params).as_deref())
                .add_string("reason", details.reason);
            if !details.uses.is_empty() {
                item.add_raw("uses", details.uses);
            }
            item.add_nonempty_string("description", &note.description)
                .add_nonempty_string("class", note.class)
                .add_json("yours", details.key.grant == GrantDigest::of(approver.grant))
                .add_nonempty_string("approver", details.approver)
                .add_nonempty_string("note", details.note);
        }
        item.add_string("askedAt", &at(entry.requested_at)).add_string("expiresAt", &at(entry.expires_at));
        item.finish()
    }

    /// The audit record of a decision; `None` if the details are lost. `store` is where a fleet keeps its approvals. As the records of
    /// calls, it has no secret of a URI, nothing invisible and at most 4 KiB; if the call and the note are longer, it is without them.
    pub(super) fn record(&self, decision: &ApproverDecision<'_>, store: Option<&str>) -> Option<String> {
        let details = self.details.as_ref()?;
        let write = |is_full: bool| {
            let mut approval = Writer::default();
            approval
                .add_string("id", &self.entry.id_text())
                .add_string("approver", decision.approver)
                .add_nonempty_string("note", if is_full { decision.note } else { "" })
                .add_optional_string("store", store);
            let mut record = Writer::default();
            record.add_string("decision", state(self.entry.state));
            if is_full {
                write_summary(&mut record, details, front(&target(&details.key)));
            }
            record.add_json("approval", approval.finish());
            json::visible(record.finish())
        };
        Some(write(true)).filter(|record| record.len() <= MAX_BYTES).or_else(|| Some(write(false)))
    }
}

/// The target of a call, as audit records name it.
fn target<'a>(key: &ApprovalKey<'a>) -> Cow<'a, str> {
    match key.method {
        "tools/call" | "prompts/get" => Cow::Borrowed(key.name),
        _ => uri::without_secrets(key.name),
    }
}

/// The call that needs the approval, under the name of its target, its caller, and the rule.
fn write_summary<'w>(out: &'w mut Writer, details: &ApprovalDetails<'_>, target: &str) -> &'w mut Writer {
    let key = &details.key;
    out.add_string("rule", key.rule)
        .add_string("policy", key.policy)
        .add_string("config", key.config)
        .add_nonempty_string("route", key.route)
        .add_nonempty_string("cluster", key.cluster)
        .add_string("grant", details.caller)
        .add_string("method", key.method)
        .add_string("tool", target)
}

/// A state as the API spells it.
pub(super) fn state(state: State) -> &'static str {
    match state {
        State::Pending => "pending",
        State::Approved => "approved",
        State::Rejected => "rejected",
    }
}
