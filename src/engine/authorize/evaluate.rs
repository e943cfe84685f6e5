//! What the rules of one mode say of a request: first `require` and `deny_if`, then what to charge, then approval.

use super::{
    Denial,
    charge::{self, PendingCharge},
    denied,
    target::{ResolvedTarget, TargetName},
    verdict,
};
use crate::{
    engine::trace::{Step, Tracer},
    limit::LimitExceeded,
    policy::{
        Mode, Predicate,
        condition::{Args, Clause, Finding},
    },
};

/// What remains to be done for a request that no predicate denies.
#[derive(Debug)]
pub(super) struct Evaluation<'p> {
    /// The mode of the rules.
    pub(super) mode: Mode,
    /// What to charge, one entry a counter.
    pub(super) charges: Vec<PendingCharge<'p>>,
    /// The approval that the request needs, if any.
    pub(super) approval: Option<ApprovalRequirement<'p>>,
}

/// An approval that a request needs. One approval satisfies all predicates that require one.
#[derive(Debug)]
pub(super) struct ApprovalRequirement<'p> {
    /// The first predicate that requires it.
    pub(super) predicate: &'p Predicate,
    /// What is called, in words.
    pub(super) subject: String,
    /// The name of the tool, prompt or resource.
    pub(super) name: String,
    /// How long it lives, in seconds: the shortest time of all predicates that require it.
    pub(super) ttl: u32,
}

impl<'p> Evaluation<'p> {
    /// Evaluates the rules of one mode, each step for all targets before the next. The first denial wins.
    pub(super) fn evaluate<W: Tracer>(
        targets: &[ResolvedTarget<'p, '_>],
        mode: Mode,
        witness: &mut W,
    ) -> Result<Self, Denial<'p>> {
        let args: Vec<Args<'_>> = targets.iter().map(|target| Args::new(target.arguments.as_ref())).collect();
        let rules = || {
            let each = targets.iter().zip(&args).enumerate();
            each.flat_map(|(index, (target, args))| {
                target.rules(mode).map(move |rule| (index, target.subject, rule, args))
            })
        };
        let mut tracer = ModeTracer { witness, mode };
        for (_, subject, rule, args) in rules() {
            for predicate in &rule.require {
                if !holds(predicate, Clause::Require, args, &mut tracer)? {
                    return Err(verdict::requirement_failed(predicate, &subject));
                }
            }
        }
        for (_, subject, rule, args) in rules() {
            for predicate in &rule.deny_if {
                if holds(predicate, Clause::Deny, args, &mut tracer)? {
                    return Err(verdict::denied_by(predicate, &subject));
                }
            }
        }
        let mut charges: Vec<PendingCharge<'p>> = Vec::new();
        for (target, _, rule, args) in rules() {
            for limit in &rule.limits {
                charge::add(&mut charges, target, limit, args, &mut tracer)?;
            }
        }
        let mut approval: Option<ApprovalRequirement<'p>> = None;
        for (_, subject, rule, args) in rules() {
            for predicate in &rule.approval {
                if !holds(predicate, Clause::Deny, args, &mut tracer)? {
                    continue;
                }
                match &mut approval {
                    Some(wanted) => wanted.ttl = wanted.ttl.min(predicate.expires),
                    None => approval = Some(ApprovalRequirement::by(predicate, &subject)),
                }
            }
        }
        Ok(Self { mode, charges, approval })
    }

    /// The denial by the limit of a charge that has no room.
    pub(super) fn exceeded<W: Tracer>(
        &self,
        index: usize,
        full: LimitExceeded,
        tracer: &mut ModeTracer<'_, W>,
    ) -> Denial<'p> {
        let Some(due) = self.charges.get(index) else { return Denial::Internal };
        tracer.note(|| due.exceeded());
        Denial::RateLimited { limit: due.limit, full }
    }
}

impl<'p> ApprovalRequirement<'p> {
    fn by(predicate: &'p Predicate, subject: &TargetName<'_>) -> Self {
        let name = subject.name.to_owned();
        Self { predicate, subject: subject.to_string(), name, ttl: predicate.expires }
    }
}

/// A tracer whose steps say whether a rule is in shadow.
pub(super) struct ModeTracer<'w, W> {
    pub(super) witness: &'w mut W,
    pub(super) mode: Mode,
}

impl<W: Tracer> ModeTracer<'_, W> {
    pub(super) fn note(&mut self, step: impl FnOnce() -> Step) {
        let mode = self.mode;
        self.witness.step(|| if mode == Mode::Shadow { step().in_shadow() } else { step() });
    }
}

/// Whether all conditions of a predicate hold. It evaluates each of them, since a later one may find the arguments
/// ambiguous, which denies whatever the others say.
fn holds<'p, W: Tracer>(
    predicate: &'p Predicate,
    side: Clause,
    args: &Args<'_>,
    tracer: &mut ModeTracer<'_, W>,
) -> Result<bool, Denial<'p>> {
    let mut all = true;
    if predicate.conditions.is_empty() {
        tracer.note(|| Step::new(&*predicate.pointer, "holds: there is no condition"));
    }
    for condition in &predicate.conditions {
        let finding = condition.holds(side, args);
        tracer.note(|| Step::new(&*predicate.pointer, finding.to_string()));
        match finding {
            Finding::Holds(_) => {}
            Finding::Fails(_) => all = false,
            Finding::Ambiguous(ambiguous) => return Err(denied(&*predicate.pointer, ambiguous.to_string())),
        }
    }
    Ok(all)
}
