//! What is done about a call that no predicate stands against: it is approved and charged, or it does not pass.

use super::{
    Authorizer, Denial, Passed, Verdict,
    approval::{ApprovalCheck, Approved},
    evaluate::{ApprovalRequirement, Evaluation, ModeTracer},
    rate_limit_service::{Counting, require_integers},
};
use crate::{
    approval::{ApprovalKey, ApprovalStore, digest},
    engine::trace::{Step, Tracer},
    identity::Grant,
    limit::{Charge, ChargeError, Counters, Receipt, totals::Capacity},
    mcp::Request,
    policy::Mode,
    store::Store,
};

/// A call that is approved as far as need be, and that a service has charged where one counts: nothing is left to ask.
#[derive(Debug)]
pub(super) struct Prepared<'p> {
    plan: Evaluation<'p>,
    charges: Vec<Charge<'p>>,
    counts: Counting,
    /// Who approved it, where that was needed, and the digest of the grant that it is for.
    approved: Option<(Approved, [u8; 32])>,
}

impl<'p, S: Store, W: Tracer> Authorizer<'p, S, W> {
    /// Has a call approved where that is needed, and asks the service where one counts; nothing here is used up yet. `alone`
    /// is the one request there is.
    pub(super) fn prepare(
        &mut self,
        plan: Evaluation<'p>,
        alone: Option<&Request<'_>>,
    ) -> Result<Prepared<'p>, Denial<'p>> {
        let Ok(grant) = &self.call.grant else { return Err(Denial::Internal) };
        let charges: Vec<_> =
            plan.charges.iter().map(|due| due.as_charge(&self.named.name, self.filter, grant, self.session)).collect();
        if self.config.limits.service.is_some() {
            require_integers(&plan.charges)?;
        }
        let mut approved = None;
        if let Some(wanted) = &plan.approval {
            // What a service counts cannot be looked at without charging it.
            let room = match self.service() {
                Some(_) => Ok(()),
                None => self.counters().check(&charges, self.now),
            };
            let digest = digest(grant.id());
            let consent = self.approval_check(plan.mode, wanted, &digest, alone);
            let mut notes = ModeTracer { witness: &mut self.witness, mode: plan.mode };
            room.map_err(|refused| not_charged(&plan, refused, &mut notes))?;
            let given = match self.config.approvals.service {
                Some(_) => consent.check_remote(self.call.callouts.ruling.as_ref()),
                None => consent.check_local(),
            };
            notes.note(|| describe_approval(wanted, &given));
            approved = Some((given?, digest));
        }
        let counts = self.decide_counting(&plan, &charges)?;
        Ok(Prepared { plan, charges, counts, approved })
    }

    /// Charges a call, and uses its approval up.
    pub(super) fn enforce(&mut self, ready: Prepared<'p>, alone: Option<&Request<'_>>) -> Verdict<'p> {
        let Prepared { plan, charges, counts, mut approved } = ready;
        let counters = self.counters();
        let (receipt, left) = match counts {
            Counting::Remote(left) => (Receipt::NOTHING, left),
            Counting::Local => {
                let mut notes = ModeTracer { witness: &mut self.witness, mode: plan.mode };
                let charged = counters.charge(&charges, self.now);
                let receipt = charged.map_err(|refused| not_charged(&plan, refused, &mut notes))?;
                let left =
                    receipt.charged().iter().map(|charged| Some(charged.quota.max.minus(charged.used))).collect();
                (receipt, left)
            }
        };
        if let (Some(wanted), Some((yes, digest))) = (&plan.approval, &mut approved) {
            let used_up = self.approval_check(plan.mode, wanted, digest, alone).consume(yes);
            used_up.inspect_err(|_| counters.refund(&receipt))?;
        }
        let mut notes = ModeTracer { witness: &mut self.witness, mode: plan.mode };
        let approved = approved.map(|(yes, _)| yes);
        let mut passed = Passed { receipt, remaining: Vec::with_capacity(left.len()), approval: approved };
        for (due, left) in plan.charges.iter().zip(left) {
            notes.note(|| due.describe_charged(left));
            passed.remaining.extend(left.map(|left| (due.limit, left)));
        }
        Ok(passed)
    }

    fn counters(&self) -> Counters<'p, S> {
        Counters::new(self.store, Capacity::of(self.config.limits.max_counters))
    }

    /// Where approval is asked for. Nobody is asked in shadow, and about a batch.
    fn approval_check<'q>(
        &self,
        mode: Mode,
        wanted: &'q ApprovalRequirement<'p>,
        grant: &'q [u8],
        alone: Option<&'q Request<'_>>,
    ) -> ApprovalCheck<'q, 'p, S>
    where
        'p: 'q,
    {
        let is_shadow = [mode, self.config.mode, self.named.policy.mode()].contains(&Mode::Shadow);
        let question = alone.filter(|_| !is_shadow).map(|request| ApprovalKey {
            filter: self.filter,
            policy: &self.named.name,
            config: &self.config.digest,
            rule: &wanted.predicate.pointer,
            grant,
            method: &request.method,
            name: &wanted.name,
            params: request.params,
        });
        let shown = self.call.grant.as_ref().map_or("", Grant::display);
        ApprovalCheck { requirement: wanted, question, shown, desk: ApprovalStore(self.store), now: self.now }
    }
}

/// Why a call was not charged.
fn not_charged<'p, W: Tracer>(
    plan: &Evaluation<'p>,
    refused: ChargeError,
    notes: &mut ModeTracer<'_, W>,
) -> Denial<'p> {
    match refused {
        ChargeError::Full { index, full } => plan.exceeded(index, full, notes),
        ChargeError::Unavailable => Denial::Internal,
    }
}

/// What came of asking for approval.
fn describe_approval(wanted: &ApprovalRequirement<'_>, given: &Result<Approved, Denial<'_>>) -> Step {
    let text = match given {
        Ok(_) => "asks for approval, which was given",
        Err(_) => "asks for approval, so nothing is charged yet",
    };
    Step::new(&*wanted.predicate.pointer, text)
}
