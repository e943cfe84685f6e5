//! The limits of a call as charges to counters.

use crate::{
    caller::Grant,
    config::Config,
    limit::{self, Algorithm, Amount, Charge, Key, Quota, Window},
    policy::{Limit, Rule, Scope},
};

/// What a call has to be charged, and for which limits.
#[derive(Debug)]
pub(super) struct Charges<'p, 'c> {
    pub(super) list: Vec<Charge<'c>>,
    /// The limit behind each charge.
    pub(super) limits: Vec<&'p Limit>,
}

/// Charges for the limits of some rules, in their order. A counter that two rules name is charged once, against the
/// smaller maximum: what that lets through, the other does too.
pub(super) fn of<'p: 'c, 'c>(
    config: &'p Config,
    filter: &'c str,
    grant: &'c Grant,
    rules: [&'p Rule; 2],
) -> Charges<'p, 'c> {
    let mut limits: Vec<&'p Limit> = Vec::new();
    for limit in rules.into_iter().flat_map(|rule| &rule.limits) {
        match limits.iter_mut().find(|other| other.counter == limit.counter) {
            Some(other) if limit.max < other.max => *other = limit,
            Some(_) => {}
            None => limits.push(limit),
        }
    }
    let list = limits.iter().map(|limit| charge(config, filter, grant, limit)).collect();
    Charges { list, limits }
}

fn charge<'c>(config: &'c Config, filter: &'c str, grant: &'c Grant, limit: &'c Limit) -> Charge<'c> {
    let algorithm = if limit.sliding { Algorithm::Sliding } else { Algorithm::Fixed };
    // Both bounds are the policy's own; were they ever to part, the longest window and no room are the safe reading.
    let window = Window::new(limit.period.seconds()).unwrap_or(Window::LONGEST);
    let max = Amount::whole(limit.max).unwrap_or(Amount::ZERO);
    let scope = match limit.scope {
        Scope::Grant => limit::Scope::Grant(grant.whole()),
        Scope::Global => limit::Scope::Global,
    };
    Charge {
        key: Key { filter, policy: &config.policy_name, counter: &limit.counter, window, algorithm, scope },
        quota: Quota { window, algorithm, max },
        amount: Amount::ONE,
        verified: grant.is_verified(),
    }
}
