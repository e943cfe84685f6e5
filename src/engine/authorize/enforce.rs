//! The last step: a request that no rule denies is charged, and its approval is consumed.

use std::sync::Arc;

use super::{
    Authorizer, Decision, Denial, MessageDenial, Passed,
    approval::PreparedApproval,
    charge::PendingCharge,
    evaluate::{Evaluation, ModeTracer, Rules},
    rate_limit_service::{Counting, require_integers},
};
use crate::{
    config::NamedPolicy,
    engine::trace::Tracer,
    identity::Grant,
    limit::{Charge, ChargeError, Counters, Receipt, totals::Capacity},
    mcp::Request,
    store::Store,
};

/// Limits of a request that an approver reads about.
const MAX_USES: usize = 8;

/// A request that the rules of one mode let pass. Only [`Authorizer::decide`] makes one, and only one can be charged.
pub(super) struct Prepared<'t, 'p, 'm> {
    pub(super) rules: Rules<'t, 'p, 'm>,
    pub(super) evaluation: Evaluation<'p>,
    /// The approval, if a rule needs one.
    pub(super) approval: Option<Box<PreparedApproval<'p>>>,
}

impl<'p, S: Store, W: Tracer> Authorizer<'p, S, W> {
    /// Tests whether the limits have room, and charges nothing: before a person is asked to approve the call. If no rule can
    /// ask, charging tests it. What a service counts cannot be tested without charging it.
    pub(super) fn check_room(
        &mut self,
        policy: &'p NamedPolicy,
        grant: &'p Grant,
        rules: &Rules<'_, 'p, '_>,
        evaluation: &Evaluation<'p>,
    ) -> Result<(), MessageDenial<'p>> {
        if self.config.limits.service.is_some() {
            require_integers(&evaluation.charges).map_err(|denial| rules.locate(denial))?;
        }
        if !rules.can_ask_for_approval() || self.remote_service().is_some() {
            return Ok(());
        }
        let charges = self.charges(policy, grant, evaluation);
        let room = self.counters().check(&charges, self.now);
        room.map_err(|error| rules.locate(self.not_charged(evaluation, error)))
    }

    /// What a request would use of its limits, for an approver: a JSON list, empty if there are none. What a service counts is not known
    /// here.
    #[cold]
    pub(super) fn describe_uses(
        &self,
        policy: &'p NamedPolicy,
        grant: &'p Grant,
        evaluation: &Evaluation<'p>,
    ) -> String {
        let mut uses = String::new();
        for pending in evaluation.charges.iter().take(MAX_USES) {
            let charge = pending.as_charge(&policy.name, self.filter, grant, self.session);
            let used = match self.config.limits.service {
                Some(_) => None,
                None => self.counters().used(&charge, self.now).ok().flatten(),
            };
            uses.push(if uses.is_empty() { '[' } else { ',' });
            uses.push_str(&pending.describe_use(used));
        }
        if !uses.is_empty() {
            uses.push(']');
        }
        uses
    }

    /// Charges all limits, those of rules in shadow last, and consumes the approval.
    pub(super) fn charge_and_consume(
        &mut self,
        policy: &'p NamedPolicy,
        grant: &'p Grant,
        enforced: Result<Prepared<'_, 'p, '_>, MessageDenial<'p>>,
        shadow: Option<Result<Prepared<'_, 'p, '_>, MessageDenial<'p>>>,
        single_request: Option<&Request<'_>>,
    ) -> Decision<'p> {
        // Every external service answers before anything is charged here.
        let enforced = enforced.and_then(|prepared| self.count_remotely(policy, grant, prepared));
        let enforced = match enforced {
            Ok(counted) => counted,
            Err(denied) => {
                let shadow = shadow.and_then(Result::err).map(|shadow| shadow.denial);
                return Decision { verdict: Err(denied), shadow };
            }
        };
        // As nearly always: no rule is in shadow.
        let Some(shadow) = shadow else {
            return match self.enforce(policy, grant, enforced, single_request) {
                Ok(passed) => Decision { verdict: Ok(passed), shadow: None },
                Err(denied) => Decision::denied(denied),
            };
        };
        let shadow = match shadow.and_then(|prepared| self.count_remotely(policy, grant, prepared)) {
            Err(pending @ MessageDenial { denial: Denial::CalloutPending { .. }, .. }) => {
                return Decision::denied(pending);
            }
            shadow => shadow,
        };
        let passed = match self.enforce(policy, grant, enforced, single_request) {
            Ok(passed) => passed,
            Err(denied) => return Decision { verdict: Err(denied), shadow: shadow.err().map(|shadow| shadow.denial) },
        };
        match shadow.and_then(|counted| self.enforce(policy, grant, counted, single_request)) {
            Ok(shadow) => Decision { verdict: Ok(passed.merge(shadow)), shadow: None },
            Err(shadow) => Decision { verdict: Ok(passed), shadow: Some(shadow.denial) },
        }
    }

    /// Has the rate-limit service charge a request, if one counts.
    fn count_remotely<'t, 'm>(
        &mut self,
        policy: &'p NamedPolicy,
        grant: &'p Grant,
        prepared: Prepared<'t, 'p, 'm>,
    ) -> Result<Counted<'t, 'p, 'm>, MessageDenial<'p>> {
        let counting = self.decide_counting(policy, grant, &prepared.evaluation);
        let counting = counting.map_err(|denial| prepared.rules.locate(denial))?;
        Ok(Counted { prepared, counting })
    }

    /// Charges the limits of one mode, then consumes the approval.
    fn enforce(
        &mut self,
        policy: &'p NamedPolicy,
        grant: &'p Grant,
        counted: Counted<'_, 'p, '_>,
        single_request: Option<&Request<'_>>,
    ) -> Result<Passed, MessageDenial<'p>> {
        let Counted { prepared: Prepared { rules, evaluation, approval }, counting } = counted;
        let (receipt, counted) = match counting {
            Counting::Remote(left) => (Receipt::EMPTY, left),
            Counting::Local => {
                let charged = self.charge(policy, grant, &evaluation);
                (charged.map_err(|error| rules.locate(self.not_charged(&evaluation, error)))?, Vec::new())
            }
        };
        let approval = match approval {
            None => None,
            Some(approval) => {
                let consumed = self.consume(policy, rules.mode, *approval, single_request);
                Some(Box::new(consumed.inspect_err(|_| self.counters().refund(&receipt))?))
            }
        };
        let mut passed = Passed { receipt, remaining: Vec::with_capacity(evaluation.charges.len()), approval };
        let mut tracer = ModeTracer { tracer: &mut self.tracer, mode: rules.mode, clock: self.config.clock };
        for (index, due) in evaluation.charges.iter().enumerate() {
            let left = match passed.receipt.counters().get(index) {
                Some(charged) => charged.quota.max.map(|max| max.minus(charged.used)),
                None => counted.get(index).copied().flatten(),
            };
            tracer.step(|| due.describe_charged(left));
            let Some(left) = left else { continue };
            // A counter with `key` has several counts: the record names the least.
            match passed.remaining.iter_mut().find(|(counter, _)| *counter == due.limit.counter) {
                Some((_, least)) => *least = left.min(*least),
                None => passed.remaining.push((Arc::clone(&due.limit.counter), left)),
            }
        }
        Ok(passed)
    }

    fn charge(
        &self,
        policy: &'p NamedPolicy,
        grant: &'p Grant,
        evaluation: &Evaluation<'p>,
    ) -> Result<Receipt, ChargeError> {
        match &*evaluation.charges {
            // As nearly always: without a list.
            [one] => {
                let charge = one.as_charge(&policy.name, self.filter, grant, self.session);
                self.counters().charge(&[charge], self.now)
            }
            _ => self.counters().charge(&self.charges(policy, grant, evaluation), self.now),
        }
    }

    pub(super) fn charges(
        &self,
        policy: &'p NamedPolicy,
        grant: &'p Grant,
        evaluation: &Evaluation<'p>,
    ) -> Vec<Charge<'p>> {
        let charge = |due| PendingCharge::as_charge(due, &policy.name, self.filter, grant, self.session);
        evaluation.charges.iter().map(charge).collect()
    }

    fn counters(&self) -> Counters<'p, S> {
        Counters::new(self.store, Capacity::new(self.config.limits.max_counters))
    }

    fn not_charged(&mut self, evaluation: &Evaluation<'p>, error: ChargeError) -> Denial<'p> {
        match error {
            ChargeError::Full { index, full } => {
                let mut tracer =
                    ModeTracer { tracer: &mut self.tracer, mode: evaluation.mode, clock: self.config.clock };
                evaluation.exceeded(index, full, &mut tracer)
            }
            ChargeError::Unavailable => Denial::Internal,
        }
    }
}

/// A request whose charges an external service has counted, if one counts; else they are counted when it is forwarded.
struct Counted<'t, 'p, 'm> {
    prepared: Prepared<'t, 'p, 'm>,
    counting: Counting,
}
