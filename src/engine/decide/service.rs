//! Limits that a service counts for several Envoys; product contract, section 6.

use super::{
    Denial, Judge, denied,
    plan::{Due, Notes, Plan},
};
use crate::{
    amount::Amount,
    config::{LimitService, OnFailure},
    engine::{heard::Ask, trace::Witness},
    limit::{
        Charge, Full,
        fleet::{self, Counted},
    },
    store::Store,
    time::Moment,
};

/// Where the charges of a plan are counted.
#[derive(Debug)]
pub(super) enum Counts {
    /// In this Envoy, when the call goes.
    Here,
    /// By the service, which has charged them; what each has left, as far as it told.
    There(Vec<Option<Amount>>),
}

impl<'p, S: Store, W: Witness> Judge<'p, S, W> {
    /// The service that counts, if one does.
    pub(super) fn service(&self) -> Option<&'p LimitService> {
        self.config.limits.service.as_ref().filter(|_| !self.call.heard.counts_here)
    }

    /// Where the charges of a plan are counted, once the service has said what it is asked.
    ///
    /// # Errors
    /// It has to be asked first, or has no room, or does not count.
    pub(super) fn counts(&mut self, plan: &Plan<'p>, charges: &[Charge<'p>]) -> Result<Counts, Denial<'p>> {
        let Some(service) = self.service() else { return Ok(Counts::Here) };
        let mut notes = Notes { witness: &mut self.witness, mode: plan.mode };
        if let Some(index) = charges.iter().position(|charge| charge.amount > charge.quota.max) {
            return Err(plan.full(index, Full { back_at: None }, &mut notes));
        }
        let mut left = vec![None; charges.len()];
        let mut heard = self.call.heard.counted(plan.mode).iter();
        for group in fleet::together(charges) {
            match heard.next() {
                None => return Err(ask(service, plan, charges, &group)),
                Some(Counted::Charged(told)) => {
                    for (index, told) in group.into_iter().zip(told) {
                        if let Some(left) = left.get_mut(index) {
                            *left = told.and_then(|units| Amount::whole(units.into()));
                        }
                    }
                }
                Some(Counted::Full { index, wait }) => {
                    let index = group.get(*index).copied().unwrap_or_default();
                    let Some(charge) = charges.get(index) else { return Err(Denial::Failed) };
                    let told = wait.map(|wait| Moment(self.now.0.saturating_add(wait.saturating_mul(1000))));
                    let back_at = Some(told.unwrap_or_else(|| charge.quota.ends(self.now)));
                    return Err(plan.full(index, Full { back_at }, &mut notes));
                }
                Some(Counted::Failed) => match service.on_failure {
                    OnFailure::Local => return Ok(Counts::Here),
                    OnFailure::Deny => return Err(Denial::Failed),
                },
            }
        }
        Ok(Counts::There(left))
    }
}

/// That the service has to be asked for some charges of a plan.
fn ask<'p>(service: &LimitService, plan: &Plan<'p>, charges: &[Charge<'p>], group: &[usize]) -> Denial<'p> {
    let asked = || group.iter().filter_map(|index| charges.get(*index));
    let rule = group.first().and_then(|index| plan.charges.get(*index)).map(|due| &*due.limit.pointer);
    match (rule, fleet::request(&service.domain, asked())) {
        (Some(rule), Some(message)) => {
            Denial::Unasked { rule, ask: Box::new(Ask::Charge { mode: plan.mode, message }) }
        }
        _ => Denial::Failed,
    }
}

/// Whether a call costs whole units of everything: no service counts parts of them.
///
/// # Errors
/// It does not.
pub(super) fn check_whole<'p>(charges: &[Due<'p>]) -> Result<(), Denial<'p>> {
    let Some(Due { limit, amount }) = charges.iter().find(|due| due.amount.units().is_none()) else { return Ok(()) };
    let why = format!("this call costs {amount}, and `{}` is counted in whole numbers; ask for one", limit.counter);
    Err(denied(&*limit.pointer, why))
}
