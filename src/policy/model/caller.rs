//! Which predicates deny a caller whatever it sends, so that lists need not show what they guard.

use super::{Policy, Predicate};
use crate::{
    budget::Work,
    policy::{
        condition::{Args, Clause, Condition, ConditionResult, Facts},
        path::Root,
    },
};

/// The predicates of a policy that deny one caller, by their `caller_index`: a bit for each.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CallerDenials(Box<[u64]>);

impl CallerDenials {
    /// Whether a predicate denies the caller.
    pub(super) fn has(&self, index: u32) -> bool {
        let word = usize::try_from(index / u64::BITS).ok().and_then(|word| self.0.get(word));
        word.is_some_and(|word| word >> (index % u64::BITS) & 1 == 1)
    }

    /// Whether none does.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn set(&mut self, index: u32) {
        let word = usize::try_from(index / u64::BITS).ok().and_then(|word| self.0.get_mut(word));
        word.into_iter().for_each(|word| *word |= 1 << (index % u64::BITS));
    }
}

impl Policy {
    /// Whether lists differ by caller: a predicate can deny one whatever it sends.
    #[must_use]
    pub fn shows_by_caller(&self) -> bool {
        self.caller_predicates > 0
    }

    /// The predicates that deny the caller that `facts` are about. Where that takes more work than one request may, the rest
    /// does, too.
    #[must_use]
    pub fn caller_denials(&self, facts: &Facts<'_>) -> CallerDenials {
        if self.caller_predicates == 0 {
            return CallerDenials::default();
        }
        let words = usize::try_from(self.caller_predicates.div_ceil(u64::BITS)).unwrap_or_default();
        let mut denials = CallerDenials(vec![0; words].into());
        let work = Work::default();
        let args = Args::counted(Ok(None), &work);
        for checks in self.checks() {
            denials.add(&checks.require, |predicate| !may_hold(&predicate.conditions, &args, facts));
            denials.add(&checks.deny_if, |predicate| hold_all(&predicate.conditions, &args, facts));
        }
        denials
    }
}

impl CallerDenials {
    fn add(&mut self, predicates: &[Predicate], denies: impl Fn(&Predicate) -> bool) {
        for predicate in predicates {
            if let Some(index) = predicate.caller_index.filter(|_| denies(predicate)) {
                self.set(index);
            }
        }
    }
}

/// Whether the conditions of a `require` predicate can hold for a caller.
fn may_hold<'f>(conditions: &'f [Condition], args: &Args<'f>, facts: &'f Facts<'_>) -> bool {
    let mut on_caller = conditions.iter().filter(|condition| reads_caller(condition));
    on_caller.all(|condition| matches!(condition.holds(Clause::Require, args, facts), ConditionResult::Holds(_)))
}

/// Whether the conditions of a `deny_if` predicate, all of them on the caller, hold for it.
fn hold_all<'f>(conditions: &'f [Condition], args: &Args<'f>, facts: &'f Facts<'_>) -> bool {
    conditions.iter().all(|condition| !matches!(condition.holds(Clause::Deny, args, facts), ConditionResult::Fails(_)))
}

/// Whether a condition looks at nothing but the caller.
pub(in crate::policy) fn reads_caller(condition: &Condition) -> bool {
    condition.operand().root() == Some(Root::Caller)
}
