//! Whether somebody has approved a call; product contract, section 7.

use super::{Denial, denied, plan::Wanted, verdict};
use crate::{
    approval::{Desk, Entry, Fingerprint, MAX_PARAMS, NotAsked, Question, State, Text},
    engine::{
        heard::Ask,
        ruling::{Inquiry, Ruling, Said},
    },
    store::Store,
    time::Moment,
};

/// A call that needs approval, and where that is asked for.
pub(super) struct Consent<'a, 'p, S> {
    pub(super) wanted: &'a Wanted<'p>,
    /// What is asked; `None` where nobody is: in shadow, and in a batch.
    pub(super) question: Option<Question<'a>>,
    /// Who calls, as people may see it.
    pub(super) shown: &'a str,
    pub(super) desk: Desk<'a, S>,
    pub(super) now: Moment,
}

/// A yes.
#[derive(Clone, Debug)]
pub(in crate::engine) struct Yes {
    /// What it answers in the book, until it is used up; `None` if a service said it, which keeps its own.
    pub(super) asked: Option<Fingerprint>,
    /// What was used up.
    pub(in crate::engine) taken: Option<Entry>,
    /// Who said it, and what they said besides.
    pub(in crate::engine) by: Said,
}

impl<'p, S: Store> Consent<'_, 'p, S> {
    /// Finds a yes, or asks for one.
    ///
    /// # Errors
    /// Nobody has said it.
    pub(super) fn given(&self) -> Result<Yes, Denial<'p>> {
        let (question, asked) = self.asked()?;
        match self.desk.find(asked, self.now) {
            Ok(Some(entry)) if entry.state == State::Approved => {
                Ok(Yes { asked: Some(asked), taken: None, by: self.said(&entry) })
            }
            Ok(_) => Err(self.refused(question, asked)),
            Err(_) => Err(Denial::Failed),
        }
    }

    /// Uses a yes up, once the call is charged.
    ///
    /// # Errors
    /// Another call was faster, so that nobody has said it any more.
    pub(super) fn use_up(&self, yes: &mut Yes) -> Result<(), Denial<'p>> {
        let Some(asked) = yes.asked else { return Ok(()) };
        match self.desk.take(asked, self.now) {
            Ok(Some(taken)) => {
                // The yes that was found may be gone, and another one given meanwhile: that is the one to name.
                if yes.by.id != taken.name() {
                    yes.by = self.said(&taken);
                }
                yes.taken = Some(taken);
                Ok(())
            }
            Ok(None) => self.asked().and_then(|(question, asked)| Err(self.refused(question, asked))),
            Err(_) => Err(Denial::Failed),
        }
    }

    /// Asks, and says how that stands.
    fn refused(&self, question: Question<'_>, asked: Fingerprint) -> Denial<'p> {
        let Wanted { predicate, subject, life, .. } = self.wanted;
        let reason = verdict::why_approval(predicate, subject);
        let text = Text { question, shown: self.shown, reason: &reason, approver: "", note: "" };
        match self.desk.ask(&text, asked, *life, self.now) {
            Ok(entry) if entry.state == State::Rejected => verdict::rejected(predicate, subject, &self.said(&entry)),
            Ok(entry) => verdict::approval_needed(predicate, reason, Some(entry.into())),
            Err(NotAsked::Full) => denied(
                "(approvals full)",
                "too many calls wait for approval; repeat this one when some are answered".to_owned(),
            ),
            Err(NotAsked::Unavailable) => Denial::Failed,
        }
    }

    /// What a service has said, or what to ask it.
    pub(super) fn ruled(&self, ruling: Option<&Ruling>) -> Result<Yes, Denial<'p>> {
        let Wanted { predicate, subject, life, .. } = self.wanted;
        let (question, asked) = self.asked()?;
        let reason = verdict::why_approval(predicate, subject);
        match ruling {
            None => {
                let inquiry = Inquiry::new(asked, &question, self.shown, &reason, *life);
                Err(Denial::Unasked { rule: &predicate.pointer, ask: Box::new(Ask::Approval(inquiry)) })
            }
            Some(Ruling::Approved(said)) => Ok(Yes { asked: None, taken: None, by: said.clone() }),
            Some(Ruling::Rejected(said)) => Err(verdict::rejected(predicate, subject, said)),
            Some(Ruling::Pending(pending)) => Err(verdict::approval_needed(predicate, reason, Some(pending.clone()))),
            Some(Ruling::Failed) => Err(denied(
                &*predicate.pointer,
                "the approval service did not answer; repeat the call later".to_owned(),
            )),
        }
    }

    /// What is asked.
    fn asked(&self) -> Result<(Question<'_>, Fingerprint), Denial<'p>> {
        let Wanted { predicate, subject, .. } = self.wanted;
        let Some(question) = self.question else {
            return Err(verdict::approval_needed(predicate, verdict::why_approval(predicate, subject), None));
        };
        let asked = question.fingerprint().ok_or_else(|| {
            let why =
                format!("{subject} needs approval, and nobody reads parameters of over {MAX_PARAMS} bytes; send less");
            denied(&*predicate.pointer, why)
        });
        asked.map(|asked| (question, asked))
    }

    fn said(&self, entry: &Entry) -> Said {
        let bytes = self.desk.text(entry).unwrap_or_default();
        let text = Text::read(&bytes, entry.fingerprint);
        let [approver, note] = text.map_or(["", ""], |text| [text.approver, text.note]).map(str::to_owned);
        Said { id: entry.name(), approver, note }
    }
}
