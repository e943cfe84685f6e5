//! Whether somebody has approved a call; product contract, section 7.

use super::{Denial, denied, evaluate::ApprovalRequirement, verdict};
use crate::{
    approval::{Approval, ApprovalDetails, ApprovalKey, ApprovalStore, Fingerprint, MAX_PARAMS, RequestError, State},
    engine::{
        approval_service::{ApprovalRequest, ApprovalResponse, ApproverNote},
        callout::Callout,
    },
    store::Store,
    time::Timestamp,
};

/// A call that needs approval, and where that is asked for.
pub(super) struct ApprovalCheck<'a, 'p, S> {
    pub(super) requirement: &'a ApprovalRequirement<'p>,
    /// What is asked; `None` where nobody is: in shadow, and in a batch.
    pub(super) question: Option<ApprovalKey<'a>>,
    /// Who calls, as people may see it.
    pub(super) shown: &'a str,
    pub(super) desk: ApprovalStore<'a, S>,
    pub(super) now: Timestamp,
}

/// A yes.
#[derive(Clone, Debug)]
pub(in crate::engine) struct Approved {
    /// What it answers in the book, until it is used up; `None` if a service said it, which keeps its own.
    pub(super) asked: Option<Fingerprint>,
    /// What was used up.
    pub(in crate::engine) consumed: Option<Approval>,
    /// Who said it, and what they said besides.
    pub(in crate::engine) by: ApproverNote,
}

impl<'p, S: Store> ApprovalCheck<'_, 'p, S> {
    /// Finds a yes, or asks for one.
    ///
    /// # Errors
    /// Nobody has said it.
    pub(super) fn check_local(&self) -> Result<Approved, Denial<'p>> {
        let (question, asked) = self.asked()?;
        match self.desk.find(asked, self.now) {
            Ok(Some(entry)) if entry.state == State::Approved => {
                Ok(Approved { asked: Some(asked), consumed: None, by: self.said(&entry) })
            }
            Ok(_) => Err(self.refused(question, asked)),
            Err(_) => Err(Denial::Internal),
        }
    }

    /// Uses a yes up, once the call is charged.
    ///
    /// # Errors
    /// Another call was faster, so that nobody has said it any more.
    pub(super) fn consume(&self, yes: &mut Approved) -> Result<(), Denial<'p>> {
        let Some(asked) = yes.asked else { return Ok(()) };
        match self.desk.consume(asked, self.now) {
            Ok(Some(taken)) => {
                // The yes that was found may be gone, and another one given meanwhile: that is the one to name.
                if yes.by.id != taken.name() {
                    yes.by = self.said(&taken);
                }
                yes.consumed = Some(taken);
                Ok(())
            }
            Ok(None) => self.asked().and_then(|(question, asked)| Err(self.refused(question, asked))),
            Err(_) => Err(Denial::Internal),
        }
    }

    /// Asks, and says how that stands.
    fn refused(&self, question: ApprovalKey<'_>, asked: Fingerprint) -> Denial<'p> {
        let ApprovalRequirement { predicate, subject, ttl: life, .. } = self.requirement;
        let reason = verdict::approval_reason(predicate, subject);
        let text = ApprovalDetails { question, shown: self.shown, reason: &reason, approver: "", note: "" };
        match self.desk.request(&text, asked, *life, self.now) {
            Ok(entry) if entry.state == State::Rejected => verdict::rejected(predicate, subject, &self.said(&entry)),
            Ok(entry) => verdict::approval_required(predicate, reason, Some(entry.into())),
            Err(RequestError::Full) => denied(
                "(approvals full)",
                "too many calls wait for approval; repeat this one when some are answered".to_owned(),
            ),
            Err(RequestError::Unavailable) => Denial::Internal,
        }
    }

    /// What a service has said, or what to ask it.
    pub(super) fn check_remote(&self, ruling: Option<&ApprovalResponse>) -> Result<Approved, Denial<'p>> {
        let ApprovalRequirement { predicate, subject, ttl: life, .. } = self.requirement;
        let (question, asked) = self.asked()?;
        let reason = verdict::approval_reason(predicate, subject);
        match ruling {
            None => {
                let inquiry = ApprovalRequest::new(asked, &question, self.shown, &reason, *life);
                Err(Denial::CalloutPending { rule: &predicate.pointer, ask: Box::new(Callout::Approval(inquiry)) })
            }
            Some(ApprovalResponse::Approved(said)) => Ok(Approved { asked: None, consumed: None, by: said.clone() }),
            Some(ApprovalResponse::Rejected(said)) => Err(verdict::rejected(predicate, subject, said)),
            Some(ApprovalResponse::Pending(pending)) => {
                Err(verdict::approval_required(predicate, reason, Some(pending.clone())))
            }
            Some(ApprovalResponse::Failed) => Err(denied(
                &*predicate.pointer,
                "the approval service did not answer; repeat the call later".to_owned(),
            )),
        }
    }

    /// What is asked.
    fn asked(&self) -> Result<(ApprovalKey<'_>, Fingerprint), Denial<'p>> {
        let ApprovalRequirement { predicate, subject, .. } = self.requirement;
        let Some(question) = self.question else {
            return Err(verdict::approval_required(predicate, verdict::approval_reason(predicate, subject), None));
        };
        let asked = question.fingerprint().ok_or_else(|| {
            let why =
                format!("{subject} needs approval, and nobody reads parameters of over {MAX_PARAMS} bytes; send less");
            denied(&*predicate.pointer, why)
        });
        asked.map(|asked| (question, asked))
    }

    fn said(&self, entry: &Approval) -> ApproverNote {
        let bytes = self.desk.details(entry).unwrap_or_default();
        let text = ApprovalDetails::read(&bytes, entry.fingerprint);
        let [approver, note] = text.map_or(["", ""], |text| [text.approver, text.note]).map(str::to_owned);
        ApproverNote { id: entry.name(), approver, note }
    }
}
