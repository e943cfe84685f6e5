//! Limits that a rate-limit service counts for several Envoys; product contract, section 6.

use super::{
    Authorizer, Denial,
    charge::PendingCharge,
    denial_text,
    evaluate::{Evaluation, ModeTracer},
};
use crate::{
    amount::Amount,
    config::{LimitService, NamedPolicy, OnFailure},
    engine::{callout::Callout, trace::Tracer},
    identity::Grant,
    limit::{
        Charge, LimitExceeded,
        rate_limit_service::{self, RateLimitResult},
    },
    store::Store,
    time::Timestamp,
};

/// Who counts the charges of a request.
#[derive(Debug)]
pub(super) enum Counting {
    /// This Envoy, when the request is forwarded.
    Local,
    /// The service, which has charged them: what each limit has left, as far as the service said it.
    Remote(Vec<Option<Amount>>),
}

impl<'p, S: Store, W: Tracer> Authorizer<'p, S, W> {
    /// The service that counts; `None` if this Envoy counts.
    pub(super) fn remote_service(&self) -> Option<&'p LimitService> {
        self.config.limits.service.as_ref().filter(|_| !self.request.info.callouts.counts_here)
    }

    /// Reads the service's responses to the charges.
    ///
    /// # Errors
    /// A request to it is pending, a limit has no room, or the service failed.
    pub(super) fn decide_counting(
        &mut self,
        policy: &'p NamedPolicy,
        grant: &'p Grant,
        evaluation: &Evaluation<'p>,
    ) -> Result<Counting, Denial<'p>> {
        let Some(service) = self.remote_service() else { return Ok(Counting::Local) };
        let charges = &*self.charges(policy, grant, evaluation);
        let mut tracer = ModeTracer { tracer: &mut self.tracer, mode: evaluation.mode, clock: self.config.clock };
        if let Some(index) = charges.iter().position(|charge| charge.quota.never_fits(charge.amount)) {
            return Err(evaluation.exceeded(index, LimitExceeded { retry_at: None, remaining: None }, &mut tracer));
        }
        let mut remaining = vec![None; charges.len()];
        let mut results = self.request.info.callouts.rate_limits(evaluation.mode).iter();
        for group in rate_limit_service::group_by_hits(charges) {
            match results.next() {
                None => return Err(request(service, evaluation, charges, &group)),
                Some(RateLimitResult::Charged(left)) => {
                    for (index, left) in group.into_iter().zip(left) {
                        if let Some(remaining) = remaining.get_mut(index) {
                            *remaining = left.and_then(|units| Amount::from_units(units.into()));
                        }
                    }
                }
                Some(RateLimitResult::Full { index, wait }) => {
                    let index = group.get(*index).copied().unwrap_or_default();
                    let Some(charge) = charges.get(index) else { return Err(Denial::Internal) };
                    let retry_at = wait.map(|wait| Timestamp(self.now.0.saturating_add(wait.saturating_mul(1000))));
                    let retry_at = Some(retry_at.unwrap_or_else(|| charge.quota.ends(self.now)));
                    return Err(evaluation.exceeded(index, LimitExceeded { retry_at, remaining: None }, &mut tracer));
                }
                Some(RateLimitResult::Failed) => match service.on_failure {
                    OnFailure::Local => return Ok(Counting::Local),
                    OnFailure::Deny => return Err(Denial::Internal),
                },
            }
        }
        Ok(Counting::Remote(remaining))
    }
}

/// The request to the service for a group of charges.
fn request<'p>(
    service: &LimitService,
    evaluation: &Evaluation<'p>,
    charges: &[Charge<'p>],
    group: &[usize],
) -> Denial<'p> {
    let requested = || group.iter().filter_map(|index| charges.get(*index));
    let rule = group.first().and_then(|index| evaluation.charges.get(*index)).map(|pending| &*pending.limit.pointer);
    match (rule, rate_limit_service::request(&service.domain, requested())) {
        (Some(rule), Some(message)) => {
            Denial::CalloutPending { rule, ask: Box::new(Callout::Charge { mode: evaluation.mode, message }) }
        }
        _ => Denial::Internal,
    }
}

/// Checks that a request costs whole units of every limit, since the protocol has no fractions.
///
/// # Errors
/// It costs a fraction.
pub(super) fn require_integers<'p>(charges: &[PendingCharge<'p>]) -> Result<(), Denial<'p>> {
    let Some(PendingCharge { limit, amount, .. }) = charges.iter().find(|pending| pending.amount.units().is_none())
    else {
        return Ok(());
    };
    Err(Denial::denied(&*limit.pointer, denial_text::not_an_integer(*amount)))
}
