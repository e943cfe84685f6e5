//! What is done about a call that no predicate stands against: it is approved and charged, or it does not pass.

use crate::{
    approval::{Desk, Question, digest},
    limit::{Counters, Refused, store::Store, totals::Bounds},
    mcp::Request,
    policy::Mode,
};

use super::{
    Denial, Judge, Passed, Verdict,
    consent::{Consent, Yes},
    plan::{Notes, Plan, Wanted},
};
use crate::engine::trace::{Step, Witness};

impl<'p, S: Store, W: Witness> Judge<'p, S, W> {
    /// Has a call approved where that is needed, charges it, and uses the approval up. `alone` is the one request there is.
    pub(super) fn carry_out(&mut self, plan: &Plan<'p>, alone: Option<&Request<'_>>) -> Verdict<'p> {
        let Ok(grant) = &self.call.grant else { return Err(Denial::Failed) };
        let charges: Vec<_> =
            plan.charges.iter().map(|due| due.to(&self.named.name, self.filter, grant, self.session)).collect();
        let counters = Counters::new(self.store, Bounds::of(self.config.limits.max_counters));
        let digest = plan.approval.as_ref().map(|_| digest(grant.whole())).unwrap_or_default();
        let consent = plan.approval.as_ref().map(|wanted| Consent {
            wanted,
            question: self.question(plan.mode, wanted, &digest, alone),
            grant,
            desk: Desk(self.store),
            now: self.now,
        });
        let (ruling, by_service) = (self.call.ruling.as_ref(), self.config.approvals.service.is_some());
        let mut notes = Notes { witness: &mut self.witness, mode: plan.mode };
        let mut approved = None;
        if let Some(consent) = &consent {
            counters.has_room(&charges, self.now).map_err(|refused| not_charged(plan, refused, &mut notes))?;
            let given = if by_service { consent.ruled(ruling) } else { consent.given() };
            notes.note(|| asked(consent.wanted, &given));
            approved = Some(given?);
        }
        let receipt = counters.charge(&charges, self.now).map_err(|refused| not_charged(plan, refused, &mut notes))?;
        if let (Some(consent), Some(yes)) = (&consent, &mut approved) {
            consent.use_up(yes).inspect_err(|_| counters.refund(&receipt))?;
        }
        for (due, used) in plan.charges.iter().zip(receipt.used()) {
            notes.note(|| due.paid(used));
        }
        Ok(Passed { receipt, limits: plan.charges.iter().map(|due| due.limit).collect(), approved })
    }

    /// What those who approve a call are asked; `None` where nobody is: in shadow, and in a batch.
    fn question<'q>(
        &self,
        mode: Mode,
        wanted: &'q Wanted<'p>,
        grant: &'q [u8],
        alone: Option<&'q Request<'_>>,
    ) -> Option<Question<'q>>
    where
        'p: 'q,
    {
        let is_shadow = [mode, self.config.mode, self.named.policy.mode()].contains(&Mode::Shadow);
        alone.filter(|_| !is_shadow).map(|request| Question {
            filter: self.filter,
            policy: &self.named.name,
            config: &self.config.digest,
            rule: &wanted.predicate.pointer,
            grant,
            method: &request.method,
            name: &wanted.name,
            params: request.params,
        })
    }
}

/// Why a call was not charged.
fn not_charged<'p, W: Witness>(plan: &Plan<'p>, refused: Refused, notes: &mut Notes<'_, W>) -> Denial<'p> {
    match refused {
        Refused::Full { index, full } => match plan.charges.get(index) {
            Some(due) => {
                notes.note(|| due.full());
                Denial::Limited { limit: due.limit, full }
            }
            None => Denial::Failed,
        },
        Refused::Unavailable => Denial::Failed,
    }
}

/// What came of asking for approval.
fn asked(wanted: &Wanted<'_>, given: &Result<Yes, Denial<'_>>) -> Step {
    let text = match given {
        Ok(_) => "asks for approval, which was given",
        Err(_) => "asks for approval, so nothing is charged yet",
    };
    Step::new(&*wanted.predicate.pointer, text)
}
