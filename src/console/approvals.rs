//! The questions that wait for an answer, and the answers.

use crate::{
    approval::{Answer, Desk, Entry, NotAnswered, State, Text, digest},
    http::Response,
    json::Writer,
    store::Store,
    time::Moment,
};

use super::{
    Answered,
    door::{Approver, Decision},
    error, failed, listed, page, pretty, written,
};

/// All questions, in the order in which they were asked.
pub(super) fn list<S: Store>(approver: Approver<'_>, now: Moment, store: &S) -> Response {
    let desk = Desk(store);
    let Ok(entries) = desk.entries(now) else { return failed() };
    let items: Vec<String> = entries.iter().map(|entry| item(entry, desk.text(entry), approver)).collect();
    listed("approvals", &items, now, Some(approver.0.shown()))
}

/// Answers a question, and answers how it stands then.
pub(super) fn decide<S: Store>(
    approver: Approver<'_>,
    id: [u8; 10],
    decision: &Decision,
    now: Moment,
    store: &S,
) -> Answered {
    let desk = Desk(store);
    let Decision { yes, note } = decision;
    let answer = Answer { yes: *yes, grant: digest(approver.0.whole()), approver: approver.0.shown(), note };
    match desk.answer(id, &answer, now) {
        Ok(entry) => {
            let text = desk.text(&entry);
            let record = text.as_deref().and_then(|text| record(&entry, text, &answer));
            Answered { response: page::json(200, item(&entry, text, approver)), record }
        }
        Err(not_answered) => refused(not_answered).into(),
    }
}

fn refused(not_answered: NotAnswered) -> Response {
    match not_answered {
        NotAnswered::Unknown => error(404, "no such request waits for approval; its time may be over"),
        NotAnswered::Before => error(409, "somebody has decided on this request before"),
        NotAnswered::Lost => error(409, "what is asked is not known any more; have the call repeated"),
        NotAnswered::Own => error(403, "whoever asks must not approve; leave it to somebody else"),
        NotAnswered::Unavailable => failed(),
    }
}

/// A question as JSON.
fn item(entry: &Entry, text: Option<Vec<u8>>, approver: Approver<'_>) -> String {
    let text = text.as_deref().and_then(|text| Text::read(text, entry.fingerprint));
    let at = |seconds: u64| written(Moment(seconds.saturating_mul(1000)));
    let mut item = Writer::default();
    item.text("id", &entry.name()).text("state", state(entry.state));
    if let Some(text) = text {
        described(&mut item, &text)
            .text("filter", text.question.filter)
            .optional("params", pretty::params(text.question.params).as_deref())
            .text("reason", text.reason)
            .json("yours", text.question.grant == digest(approver.0.whole()))
            .nonempty("approver", text.approver)
            .nonempty("note", text.note);
    }
    item.text("askedAt", &at(entry.asked)).text("expiresAt", &at(entry.until));
    item.finish()
}

/// The audit record of an answer.
fn record(entry: &Entry, text: &[u8], answer: &Answer<'_>) -> Option<String> {
    let text = Text::read(text, entry.fingerprint)?;
    let mut approval = Writer::default();
    approval.text("id", &entry.name()).text("approver", answer.approver).nonempty("note", answer.note);
    let mut record = Writer::default();
    record.text("decision", state(entry.state));
    described(&mut record, &text).json("approval", approval.finish());
    Some(record.finish())
}

/// What is asked, and by whom.
fn described<'w>(out: &'w mut Writer, text: &Text<'_>) -> &'w mut Writer {
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
