//! What the rules of one mode ask of a call: predicates first, then what to charge, then approval.

use super::{
    Denial, denied,
    target::{ResolvedTarget, TargetName},
    verdict,
};
use crate::{
    amount::Amount,
    engine::trace::{Step, Tracer},
    identity::Grant,
    json::{Decimal, Value},
    limit::{Callers, Charge, Key, LimitExceeded, Quota},
    policy::{
        Cost, Limit, Mode, Predicate, Scope,
        condition::{Args, Clause, Finding, Leaf},
    },
};

/// What is left to do for a call that no predicate stands against.
#[derive(Debug)]
pub(super) struct Evaluation<'p> {
    /// Of which rules it is.
    pub(super) mode: Mode,
    pub(super) charges: Vec<PendingCharge<'p>>,
    /// What somebody has to approve.
    pub(super) approval: Option<ApprovalRequirement<'p>>,
}

/// An approval that is needed. One satisfies all predicates that ask for it.
#[derive(Debug)]
pub(super) struct ApprovalRequirement<'p> {
    /// The first that asks.
    pub(super) predicate: &'p Predicate,
    /// Of what, in words.
    pub(super) subject: String,
    /// The same, by its name.
    pub(super) name: String,
    /// How long it lives, in seconds: as long as the strictest of them lets it.
    pub(super) ttl: u32,
}

/// What a request costs of one counter.
#[derive(Clone, Copy, Debug)]
pub(super) struct PendingCharge<'p> {
    /// Of the limits that name the counter, the one with the smallest `max`.
    pub(super) limit: &'p Limit,
    /// The sum over the targets of the request.
    pub(super) amount: Amount,
    /// The last target that adds to the amount, by its index, and its part of the amount.
    last: (usize, Amount),
}

impl<'p> Evaluation<'p> {
    /// Asks the rules of one mode, each step for all matters before the next. First refusal wins.
    pub(super) fn evaluate<W: Tracer>(
        matters: &[ResolvedTarget<'p, '_>],
        mode: Mode,
        witness: &mut W,
    ) -> Result<Self, Denial<'p>> {
        let args: Vec<Args<'_>> = matters.iter().map(|matter| Args::new(matter.arguments.as_ref())).collect();
        let rules = || {
            let each = matters.iter().zip(&args).enumerate();
            each.flat_map(|(index, (matter, args))| {
                matter.rules(mode).map(move |rule| (index, matter.subject, rule, args))
            })
        };
        let mut notes = ModeTracer { witness, mode };
        for (_, subject, rule, args) in rules() {
            for predicate in &rule.require {
                if !holds(predicate, Clause::Require, args, &mut notes)? {
                    return Err(verdict::requirement_failed(predicate, &subject));
                }
            }
        }
        for (_, subject, rule, args) in rules() {
            for predicate in &rule.deny_if {
                if holds(predicate, Clause::Deny, args, &mut notes)? {
                    return Err(verdict::denied_by(predicate, &subject));
                }
            }
        }
        let mut charges: Vec<PendingCharge<'p>> = Vec::new();
        for (target, _, rule, args) in rules() {
            for limit in &rule.limits {
                let amount = cost(limit, args).inspect_err(|denial| notes.note(|| denial.step()))?;
                notes.note(|| describe_charge(limit, amount));
                add(&mut charges, target, limit, amount).inspect_err(|denial| notes.note(|| denial.step()))?;
            }
        }
        let mut approval: Option<ApprovalRequirement<'p>> = None;
        for (_, subject, rule, args) in rules() {
            for predicate in &rule.approval {
                if !holds(predicate, Clause::Deny, args, &mut notes)? {
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

    /// That one of the limits, by its index, has no room.
    pub(super) fn exceeded<W: Tracer>(
        &self,
        index: usize,
        full: LimitExceeded,
        notes: &mut ModeTracer<'_, W>,
    ) -> Denial<'p> {
        let Some(due) = self.charges.get(index) else { return Denial::Internal };
        notes.note(|| due.exceeded());
        Denial::RateLimited { limit: due.limit, full }
    }
}

impl<'p> ApprovalRequirement<'p> {
    fn by(predicate: &'p Predicate, subject: &TargetName<'_>) -> Self {
        let name = subject.name.to_owned();
        Self { predicate, subject: subject.to_string(), name, ttl: predicate.expires }
    }
}

/// Notes that say whether a rule is in shadow.
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

/// What a limit asks for.
fn describe_charge(limit: &Limit, amount: Amount) -> Step {
    let counter = &limit.counter;
    let whose = match limit.scope {
        Scope::Grant => "each grant",
        Scope::Session => "each session",
        Scope::Global => "all callers together",
    };
    let quota = verdict::quota(limit);
    Step::new(&*limit.pointer, format!("costs {amount} of `{counter}`, {quota} for {whose}"))
}

/// Whether all conditions of a predicate hold. Each is looked at, since a later one may find the arguments ambiguous,
/// which denies whatever the others say.
fn holds<'p, W: Tracer>(
    predicate: &'p Predicate,
    side: Clause,
    args: &Args<'_>,
    notes: &mut ModeTracer<'_, W>,
) -> Result<bool, Denial<'p>> {
    let mut all = true;
    if predicate.conditions.is_empty() {
        notes.note(|| Step::new(&*predicate.pointer, "holds: there is no condition"));
    }
    for condition in &predicate.conditions {
        let finding = condition.holds(side, args);
        notes.note(|| Step::new(&*predicate.pointer, finding.to_string()));
        match finding {
            Finding::Holds(_) => {}
            Finding::Fails(_) => all = false,
            Finding::Ambiguous(ambiguous) => return Err(denied(&*predicate.pointer, ambiguous.to_string())),
        }
    }
    Ok(all)
}

/// What a call costs.
fn cost<'p>(limit: &'p Limit, args: &Args<'_>) -> Result<Amount, Denial<'p>> {
    let path = match &limit.cost {
        Cost::Fixed(amount) => return Ok(*amount),
        Cost::Argument(path) => path,
    };
    let leaf = args.one(path).map_err(|ambiguous| denied(&*limit.pointer, ambiguous.to_string()))?;
    let number = match leaf {
        Leaf::Found(node) => match &node.value {
            Value::Number(text) => Decimal::kept_by_double(text),
            _ => None,
        },
        Leaf::Missing | Leaf::Empty | Leaf::TypeMismatch { .. } => None,
    };
    number.and_then(|number| Amount::new(&number)).ok_or_else(|| {
        let why = format!(
            "`{path}` is counted by `{}`, so it must be a number of at least 0, below 9e12, with up to six decimals",
            limit.counter
        );
        denied(&*limit.pointer, why)
    })
}

/// Adds what a target costs of one limit. The targets of a request are summed. If two rules on one target name one counter,
/// the target costs the larger of the two amounts. The sum must fit the smallest `max`, so that every rule that names the
/// counter permits the request.
fn add<'p>(
    charges: &mut Vec<PendingCharge<'p>>,
    target: usize,
    limit: &'p Limit,
    amount: Amount,
) -> Result<(), Denial<'p>> {
    let pending = match charges.iter_mut().find(|pending| pending.limit.counter == limit.counter) {
        None => charges.push_mut(PendingCharge { limit, amount, last: (target, amount) }),
        Some(pending) => {
            let known = if pending.last.0 == target { pending.last.1 } else { Amount::ZERO };
            pending.amount = pending.amount.plus(amount.minus(known)).ok_or_else(|| too_much(limit, amount))?;
            pending.last = (target, amount.max(known));
            if limit.max < pending.limit.max {
                pending.limit = limit;
            }
            pending
        }
    };
    if is_too_much(pending) { Err(too_much(pending.limit, pending.amount)) } else { Ok(()) }
}

/// Whether waiting cannot help: one call costs more than a window lets through. A call that costs one, as most do,
/// against a maximum of nothing is a full limit instead.
fn is_too_much(due: &PendingCharge<'_>) -> bool {
    let PendingCharge { limit, amount, .. } = due;
    *amount > limit.max && (limit.max > Amount::ZERO || limit.cost != Cost::Fixed(Amount::ONE))
}

fn too_much<'p>(limit: &'p Limit, amount: Amount) -> Denial<'p> {
    let why = format!(
        "this request costs {amount}, and `{}` lets no more than {} through at once; ask for less",
        limit.counter, limit.max
    );
    denied(&*limit.pointer, why)
}

impl<'p> PendingCharge<'p> {
    /// What the counter stands at once it is charged, if that is known.
    pub(super) fn describe_charged(&self, left: Option<Amount>) -> Step {
        let Self { limit, amount, .. } = self;
        let used = left
            .map_or_else(String::new, |left| format!(": {} of {} used", limit.max.minus(left), verdict::quota(limit)));
        Step::new(&*limit.pointer, format!("charges {amount} to `{}`{used}", limit.counter))
    }

    /// That the counter has no room.
    pub(super) fn exceeded(&self) -> Step {
        let Self { limit, amount, .. } = self;
        let text = format!("`{}` has no room for {amount}: {} at most", limit.counter, verdict::quota(limit));
        Step::new(&*limit.pointer, text)
    }

    /// As a charge to a counter.
    pub(super) fn as_charge<'c>(
        &self,
        policy: &'c str,
        filter: &'c str,
        grant: &'c Grant,
        session: Option<&'c [u8]>,
    ) -> Charge<'c>
    where
        'p: 'c,
    {
        let limit = self.limit;
        let callers = match (limit.scope, session) {
            (Scope::Global, _) => Callers::All,
            (Scope::Session, Some(session)) => Callers::Session(grant.id(), session),
            (Scope::Grant, _) | (Scope::Session, None) => Callers::Grant(grant.id()),
        };
        Charge {
            key: Key { filter, policy, counter: &limit.counter, callers },
            quota: Quota { window: limit.window, algorithm: limit.algorithm, max: limit.max },
            amount: self.amount,
            verified: grant.is_verified(),
        }
    }
}
