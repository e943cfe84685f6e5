//! What is done about a call that no predicate stands against: it is approved and charged, or it does not pass.

use super::{
    Denial, Judge, Passed, Verdict,
    consent::{Consent, Yes},
    plan::{Notes, Plan, Wanted},
    service::{Counts, check_whole},
};
use crate::{
    approval::{Desk, Question, digest},
    engine::trace::{Step, Witness},
    identity::Grant,
    limit::{Charge, Counters, Receipt, Refused, totals::Bounds},
    mcp::Request,
    policy::Mode,
    store::Store,
};

/// A call that is approved as far as need be, and that a service has charged where one counts: nothing is left to ask.
#[derive(Debug)]
pub(super) struct Ready<'p> {
    plan: Plan<'p>,
    charges: Vec<Charge<'p>>,
    counts: Counts,
    /// Who approved it, where that was needed, and the digest of the grant that it is for.
    approved: Option<(Yes, [u8; 32])>,
}

impl<'p, S: Store, W: Witness> Judge<'p, S, W> {
    /// Has a call approved where that is needed, and asks the service where one counts; nothing here is used up yet. `alone`
    /// is the one request there is.
    pub(super) fn prepare(&mut self, plan: Plan<'p>, alone: Option<&Request<'_>>) -> Result<Ready<'p>, Denial<'p>> {
        let Ok(grant) = &self.call.grant else { return Err(Denial::Failed) };
        let charges: Vec<_> =
            plan.charges.iter().map(|due| due.to(&self.named.name, self.filter, grant, self.session)).collect();
        if self.config.limits.service.is_some() {
            check_whole(&plan.charges)?;
        }
        let mut approved = None;
        if let Some(wanted) = &plan.approval {
            // What a service counts cannot be looked at without charging it.
            let room = match self.service() {
                Some(_) => Ok(()),
                None => self.counters().has_room(&charges, self.now),
            };
            let digest = digest(grant.whole());
            let consent = self.consent(plan.mode, wanted, &digest, alone);
            let mut notes = Notes { witness: &mut self.witness, mode: plan.mode };
            room.map_err(|refused| not_charged(&plan, refused, &mut notes))?;
            let given = match self.config.approvals.service {
                Some(_) => consent.ruled(self.call.heard.ruling.as_ref()),
                None => consent.given(),
            };
            notes.note(|| asked(wanted, &given));
            approved = Some((given?, digest));
        }
        let counts = self.counts(&plan, &charges)?;
        Ok(Ready { plan, charges, counts, approved })
    }

    /// Charges a call, and uses its approval up.
    pub(super) fn carry_out(&mut self, ready: Ready<'p>, alone: Option<&Request<'_>>) -> Verdict<'p> {
        let Ready { plan, charges, counts, mut approved } = ready;
        let counters = self.counters();
        let (receipt, left) = match counts {
            Counts::There(left) => (Receipt::NOTHING, left),
            Counts::Here => {
                let mut notes = Notes { witness: &mut self.witness, mode: plan.mode };
                let charged = counters.charge(&charges, self.now);
                let receipt = charged.map_err(|refused| not_charged(&plan, refused, &mut notes))?;
                let used = plan.charges.iter().zip(receipt.used());
                let left = used.map(|(due, used)| Some(due.limit.max.minus(used))).collect();
                (receipt, left)
            }
        };
        if let (Some(wanted), Some((yes, digest))) = (&plan.approval, &mut approved) {
            let used_up = self.consent(plan.mode, wanted, digest, alone).use_up(yes);
            used_up.inspect_err(|_| counters.refund(&receipt))?;
        }
        let mut notes = Notes { witness: &mut self.witness, mode: plan.mode };
        let approved = approved.map(|(yes, _)| yes);
        let mut passed = Passed { receipt, left: Vec::with_capacity(left.len()), approved };
        for (due, left) in plan.charges.iter().zip(left) {
            notes.note(|| due.paid(left));
            passed.left.extend(left.map(|left| (due.limit, left)));
        }
        Ok(passed)
    }

    fn counters(&self) -> Counters<'p, S> {
        Counters::new(self.store, Bounds::of(self.config.limits.max_counters))
    }

    /// Where approval is asked for. Nobody is asked in shadow, and about a batch.
    fn consent<'q>(
        &self,
        mode: Mode,
        wanted: &'q Wanted<'p>,
        grant: &'q [u8],
        alone: Option<&'q Request<'_>>,
    ) -> Consent<'q, 'p, S>
    where
        'p: 'q,
    {
        let is_shadow = [mode, self.config.mode, self.named.policy.mode()].contains(&Mode::Shadow);
        let question = alone.filter(|_| !is_shadow).map(|request| Question {
            filter: self.filter,
            policy: &self.named.name,
            config: &self.config.digest,
            rule: &wanted.predicate.pointer,
            grant,
            method: &request.method,
            name: &wanted.name,
            params: request.params,
        });
        let shown = self.call.grant.as_ref().map_or("", Grant::shown);
        Consent { wanted, question, shown, desk: Desk(self.store), now: self.now }
    }
}

/// Why a call was not charged.
fn not_charged<'p, W: Witness>(plan: &Plan<'p>, refused: Refused, notes: &mut Notes<'_, W>) -> Denial<'p> {
    match refused {
        Refused::Full { index, full } => plan.full(index, full, notes),
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
