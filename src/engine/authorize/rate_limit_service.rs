//! Limits that a service counts for several Envoys; product contract, section 6.

use super::{
    Authorizer, Denial, denied,
    evaluate::{Evaluation, ModeTracer, PendingCharge},
};
use crate::{
    amount::Amount,
    config::{LimitService, OnFailure},
    engine::{callout::Callout, trace::Tracer},
    limit::{
        Charge, LimitExceeded,
        rate_limit_service::{self, RateLimitResult},
    },
    store::Store,
    time::Timestamp,
};

/// Where the charges of a plan are counted.
#[derive(Debug)]
pub(super) enum Counting {
    /// In this Envoy, when the call goes.
    Local,
    /// By the service, which has charged them; what each has left, as far as it told.
    Remote(Vec<Option<Amount>>),
}

impl<'p, S: Store, W: Tracer> Authorizer<'p, S, W> {
    /// The service that counts, if one does.
    pub(super) fn service(&self) -> Option<&'p LimitService> {
        self.config.limits.service.as_ref().filter(|_| !self.call.callouts.counts_here)
    }

    /// Where the charges of a plan are counted, once the service has said what it is asked.
    ///
    /// # Errors
    /// It has to be asked first, or has no room, or does not count.
    pub(super) fn decide_counting(
        &mut self,
        plan: &Evaluation<'p>,
        charges: &[Charge<'p>],
    ) -> Result<Counting, Denial<'p>> {
        let Some(service) = self.service() else { return Ok(Counting::Local) };
        let mut notes = ModeTracer { witness: &mut self.witness, mode: plan.mode };
        if let Some(index) = charges.iter().position(|charge| charge.amount > charge.quota.max) {
            return Err(plan.exceeded(index, LimitExceeded { retry_at: None }, &mut notes));
        }
        let mut left = vec![None; charges.len()];
        let mut heard = self.call.callouts.counted(plan.mode).iter();
        for group in rate_limit_service::group_by_hits(charges) {
            match heard.next() {
                None => return Err(ask(service, plan, charges, &group)),
                Some(RateLimitResult::Charged(told)) => {
                    for (index, told) in group.into_iter().zip(told) {
                        if let Some(left) = left.get_mut(index) {
                            *left = told.and_then(|units| Amount::whole(units.into()));
                        }
                    }
                }
                Some(RateLimitResult::Full { index, wait }) => {
                    let index = group.get(*index).copied().unwrap_or_default();
                    let Some(charge) = charges.get(index) else { return Err(Denial::Internal) };
                    let told = wait.map(|wait| Timestamp(self.now.0.saturating_add(wait.saturating_mul(1000))));
                    let back_at = Some(told.unwrap_or_else(|| charge.quota.ends(self.now)));
                    return Err(plan.exceeded(index, LimitExceeded { retry_at: back_at }, &mut notes));
                }
                Some(RateLimitResult::Failed) => match service.on_failure {
                    OnFailure::Local => return Ok(Counting::Local),
                    OnFailure::Deny => return Err(Denial::Internal),
                },
            }
        }
        Ok(Counting::Remote(left))
    }
}

/// That the service has to be asked for some charges of a plan.
fn ask<'p>(service: &LimitService, plan: &Evaluation<'p>, charges: &[Charge<'p>], group: &[usize]) -> Denial<'p> {
    let asked = || group.iter().filter_map(|index| charges.get(*index));
    let rule = group.first().and_then(|index| plan.charges.get(*index)).map(|due| &*due.limit.pointer);
    match (rule, rate_limit_service::request(&service.domain, asked())) {
        (Some(rule), Some(message)) => {
            Denial::CalloutPending { rule, ask: Box::new(Callout::Charge { mode: plan.mode, message }) }
        }
        _ => Denial::Internal,
    }
}

/// Whether a call costs whole units of everything: no service counts parts of them.
///
/// # Errors
/// It does not.
pub(super) fn require_integers<'p>(charges: &[PendingCharge<'p>]) -> Result<(), Denial<'p>> {
    let Some(PendingCharge { limit, amount, .. }) = charges.iter().find(|due| due.amount.units().is_none()) else {
        return Ok(());
    };
    let why = format!("this call costs {amount}, and `{}` is counted in whole numbers; ask for one", limit.counter);
    Err(denied(&*limit.pointer, why))
}
