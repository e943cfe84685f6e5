//! The questions that wait for an answer, and the answers.

use crate::{
    approval::{Approval, ApprovalDetails, ApprovalStore, ApproverDecision, DecideError, State, digest},
    http::Response,
    json::Writer,
    store::Store,
    time::Timestamp,
};

use super::{
    ConsoleResponse, assets,
    auth::{Approver, Decision},
    error, failed, listed, pretty, timestamp,
};

/// All questions, in the order in which they were asked.
pub(super) fn list<S: Store>(approver: Approver<'_>, now: Timestamp, store: &S) -> Response {
    let desk = ApprovalStore(store);
    let Ok(entries) = desk.entries(now) else { return failed() };
    let items: Vec<String> = entries.iter().map(|entry| item(entry, desk.details(entry), approver)).collect();
    listed("approvals", &items, now, Some(approver.0.display()))
}

/// Answers a question, and answers how it stands then.
pub(super) fn decide<S: Store>(
    approver: Approver<'_>,
    id: [u8; 10],
    decision: &Decision,
    now: Timestamp,
    store: &S,
) -> ConsoleResponse {
    let desk = ApprovalStore(store);
    let Decision { yes, note } = decision;
    let answer = ApproverDecision { yes: *yes, grant: digest(approver.0.id()), approver: approver.0.display(), note };
    match desk.decide(id, &answer, now) {
        Ok(entry) => {
            let text = desk.details(&entry);
            let record = text.as_deref().and_then(|text| record(&entry, text, &answer));
            ConsoleResponse { response: assets::json(200, item(&entry, text, approver)), record }
        }
        Err(not_answered) => refused(not_answered).into(),
    }
}

fn refused(not_answered: DecideError) -> Response {
    match not_answered {
        DecideError::Unknown => error(404, "no such request waits for approval; its time may be over"),
        DecideError::AlreadyDecided => error(409, "somebody has decided on this request before"),
        DecideError::DetailsLost => error(409, "what is asked is not known any more; have the call repeated"),
        DecideError::SelfApproval => error(403, "whoever asks must not approve; leave it to somebody else"),
        DecideError::Unavailable => failed(),
    }
}

/// A question as JSON.
fn item(entry: &Approval, text: Option<Vec<u8>>, approver: Approver<'_>) -> String {
    let text = text.as_deref().and_then(|text| ApprovalDetails::read(text, entry.fingerprint));
    let at = |seconds: u64| timestamp(Timestamp(seconds.saturating_mul(1000)));
    let mut item = Writer::default();
    item.text("id", &entry.name()).text("state", state(entry.state));
    if let Some(text) = text {
        write_summary(&mut item, &text)
            .text("filter", text.question.filter)
            .optional("params", pretty::params(text.question.params).as_deref())
            .text("reason", text.reason)
            .json("yours", text.question.grant == digest(approver.0.id()))
            .nonempty("approver", text.approver)
            .nonempty("note", text.note);
    }
    item.text("askedAt", &at(entry.asked)).text("expiresAt", &at(entry.expires_at));
    item.finish()
}

/// The audit record of an answer.
fn record(entry: &Approval, text: &[u8], answer: &ApproverDecision<'_>) -> Option<String> {
    let text = ApprovalDetails::read(text, entry.fingerprint)?;
    let mut approval = Writer::default();
    approval.text("id", &entry.name()).text("approver", answer.approver).nonempty("note", answer.note);
    let mut record = Writer::default();
    record.text("decision", state(entry.state));
    write_summary(&mut record, &text).json("approval", approval.finish());
    Some(record.finish())
}

/// What is asked, and by whom.
fn write_summary<'w>(out: &'w mut Writer, text: &ApprovalDetails<'_>) -> &'w mut Writer {
    let question = &text.question;
    out.text("rule", question.rule)
        .text("policy", question.policy)
        .text("config", question.config)
        .text("grant", text.shown)
        .text("method", question.method)
        .text("tool", question.name)
}

fn state(state: State) -> &'static str {
    match state {
        State::Pending => "pending",
        State::Approved => "approved",
        State::Rejected => "rejected",
    }
}
