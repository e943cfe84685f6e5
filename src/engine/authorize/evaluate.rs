//! The steps that evaluate the rules of one mode: `require`, `deny_if`, the price of `limits`, `require_approval`.

use super::{
    Authorizer, Denial, MessageDenial,
    charge::{self, PendingCharge},
    denial_text,
    lookup::{ResolvedTarget, too_much_work},
    target::TargetName,
};
use crate::{
    budget::Work,
    config::Clock,
    engine::trace::{Step, Tracer},
    limit::LimitExceeded,
    policy::{
        Contents, Mode, Predicate, Rule,
        condition::{Args, Clause, ConditionResult, Facts},
        path::Root,
    },
    store::Store,
};

/// The rules of one mode that apply to a request.
#[derive(Clone, Copy)]
pub(super) struct Rules<'t, 'p, 'm> {
    pub(super) mode: Mode,
    pub(super) targets: &'t [ResolvedTarget<'p, 'm>],
    /// The arguments of each target, by [`arguments`].
    args: &'t [Args<'t>],
    /// What conditions read besides arguments.
    facts: &'t Facts<'t>,
    /// What the lists of all of them have, if there is one: the steps that have nothing to do are left out.
    contents: Contents,
}

/// A rule that applies to a target.
struct TargetRule<'t, 'p, 'm> {
    /// The target's index.
    index: usize,
    target: &'t ResolvedTarget<'p, 'm>,
    rule: &'p Rule,
    args: &'t Args<'t>,
}

/// What the limits of one mode would be charged.
#[derive(Debug)]
pub(super) struct Evaluation<'p> {
    pub(super) mode: Mode,
    pub(super) charges: Vec<PendingCharge<'p>>,
}

/// An approval that a call needs. One approval satisfies all predicates that ask for it.
#[derive(Debug)]
pub(super) struct ApprovalRequirement<'p> {
    /// The first predicate that asks for approval.
    pub(super) predicate: &'p Predicate,
    /// The target, in words.
    pub(super) target: String,
    /// The target's name.
    pub(super) name: String,
    /// The index of its message.
    pub(super) message: usize,
    /// How long the approval lives, in seconds: the shortest `expires` of the predicates that ask.
    pub(super) ttl: u32,
}

/// The arguments that the rules of each target read. Both modes share them, since finding a name that differs from another
/// only in case is work that is done once.
pub(super) fn arguments<'t>(targets: &'t [ResolvedTarget<'_, '_>], work: &'t Work) -> Vec<Args<'t>> {
    let read =
        |target: &'t ResolvedTarget<'_, '_>| target.arguments.as_ref().map(Option::as_ref).map_err(|error| *error);
    targets.iter().map(|target| Args::counted(read(target), work)).collect()
}

impl<'t, 'p, 'm> Rules<'t, 'p, 'm> {
    /// The rules of a mode; the arguments of each target are by [`arguments`].
    pub(super) fn new(
        mode: Mode,
        targets: &'t [ResolvedTarget<'p, 'm>],
        args: &'t [Args<'t>],
        facts: &'t Facts<'t>,
    ) -> Self {
        let mut contents = Contents::default();
        for rule in targets.iter().flat_map(|target| target.rules(mode)) {
            contents = contents.or(rule.contents);
        }
        Self { mode, targets, args, facts, contents }
    }

    /// Each target with its rules, the target's own before `all_tools`.
    fn iter(self) -> impl Iterator<Item = TargetRule<'t, 'p, 'm>> {
        let targets = self.targets.iter().zip(self.args).enumerate();
        targets.flat_map(move |(index, (target, args))| {
            target.rules(self.mode).map(move |rule| TargetRule { index, target, rule, args })
        })
    }

    /// Finds the message that a denial by a limit is about: the first that the limit applies to.
    pub(super) fn locate(self, denial: Denial<'p>) -> MessageDenial<'p> {
        let decides = |rule: &Rule| rule.limits().any(|limit| *limit.pointer == *denial.rule());
        let found = self.iter().find(|applied| decides(applied.rule));
        MessageDenial { message: found.map(|applied| applied.target.message), denial }
    }

    /// Whether a rule can ask for approval.
    pub(super) fn can_ask_for_approval(self) -> bool {
        self.contents.approval
    }
}

impl<'p, S: Store, W: Tracer> Authorizer<'p, S, W> {
    /// Every predicate of `require` must hold.
    pub(super) fn check_require(&mut self, rules: &Rules<'_, 'p, '_>) -> Result<(), MessageDenial<'p>> {
        if !rules.contents.require {
            return Ok(());
        }
        let mut tracer = ModeTracer { tracer: &mut self.tracer, mode: rules.mode, clock: self.config.clock };
        for TargetRule { target, rule, args, .. } in rules.iter() {
            for predicate in rule.require() {
                let about = |denial: Denial<'p>| denial.about(target.message);
                if !holds(predicate, Clause::Require, &target.name, args, rules.facts, &mut tracer).map_err(about)? {
                    let reason = denial_text::requirement_failed(predicate, &target.name);
                    return Err(about(Denial::denied(&*predicate.pointer, reason)));
                }
            }
        }
        Ok(())
    }

    /// No predicate of `deny_if` may hold.
    pub(super) fn check_deny_if(&mut self, rules: &Rules<'_, 'p, '_>) -> Result<(), MessageDenial<'p>> {
        if !rules.contents.deny_if {
            return Ok(());
        }
        let mut tracer = ModeTracer { tracer: &mut self.tracer, mode: rules.mode, clock: self.config.clock };
        for TargetRule { target, rule, args, .. } in rules.iter() {
            for predicate in rule.deny_if() {
                let about = |denial: Denial<'p>| denial.about(target.message);
                if holds(predicate, Clause::Deny, &target.name, args, rules.facts, &mut tracer).map_err(about)? {
                    let reason = denial_text::denied_by(predicate, &target.name);
                    return Err(about(Denial::denied(&*predicate.pointer, reason)));
                }
            }
        }
        Ok(())
    }

    /// What the limits would be charged for the request.
    pub(super) fn price(&mut self, rules: &Rules<'_, 'p, '_>) -> Result<Evaluation<'p>, MessageDenial<'p>> {
        let mut tracer = ModeTracer { tracer: &mut self.tracer, mode: rules.mode, clock: self.config.clock };
        if !rules.contents.limits {
            return Ok(Evaluation { mode: rules.mode, charges: Vec::new() });
        }
        let mut charges: Vec<PendingCharge<'p>> = Vec::with_capacity(1);
        for TargetRule { index, target, rule, args } in rules.iter() {
            let about = |denial: Denial<'p>| denial.about(target.message);
            for limit in rule.limits() {
                charge::add(&mut charges, (index, target), limit, args, &mut tracer).map_err(about)?;
            }
        }
        Ok(Evaluation { mode: rules.mode, charges })
    }

    /// The approval that the request needs, if a predicate of `require_approval` holds.
    pub(super) fn required_approval(
        &mut self,
        rules: &Rules<'_, 'p, '_>,
    ) -> Result<Option<ApprovalRequirement<'p>>, MessageDenial<'p>> {
        let mut tracer = ModeTracer { tracer: &mut self.tracer, mode: rules.mode, clock: self.config.clock };
        let mut required: Option<ApprovalRequirement<'p>> = None;
        if !rules.contents.approval {
            return Ok(required);
        }
        for TargetRule { target, rule, args, .. } in rules.iter() {
            for predicate in rule.approval() {
                let held = holds(predicate, Clause::Deny, &target.name, args, rules.facts, &mut tracer);
                if !held.map_err(|denial| denial.about(target.message))? {
                    continue;
                }
                match &mut required {
                    Some(requirement) => requirement.ttl = requirement.ttl.min(predicate.expires),
                    None => required = Some(ApprovalRequirement::new(predicate, target)),
                }
            }
        }
        Ok(required)
    }
}

impl<'p> Evaluation<'p> {
    /// The denial if the limit with this index has no room.
    pub(super) fn exceeded<W: Tracer>(
        &self,
        index: usize,
        full: LimitExceeded,
        tracer: &mut ModeTracer<'_, W>,
    ) -> Denial<'p> {
        let Some(due) = self.charges.get(index) else { return Denial::Internal };
        tracer.step(|| due.exceeded());
        Denial::RateLimited { limit: due.limit, cost: due.amount, full }
    }
}

impl<'p> ApprovalRequirement<'p> {
    fn new(predicate: &'p Predicate, target: &ResolvedTarget<'_, '_>) -> Self {
        Self {
            predicate,
            target: target.name.to_string(),
            name: target.name.name.to_owned(),
            message: target.message,
            ttl: predicate.expires,
        }
    }
}

/// Traces steps, marked if the rule is in shadow.
pub(super) struct ModeTracer<'w, W> {
    pub(super) tracer: &'w mut W,
    pub(super) mode: Mode,
    /// The clock of conditions on time.
    pub(super) clock: Clock,
}

impl<W: Tracer> ModeTracer<'_, W> {
    pub(super) fn step(&mut self, step: impl FnOnce() -> Step) {
        let mode = self.mode;
        self.tracer.step(|| if mode == Mode::Shadow { step().in_shadow() } else { step() });
    }
}

/// Whether all conditions of a predicate hold. Each is evaluated, since a later one may find the arguments ambiguous, which
/// denies the call whatever the others say.
fn holds<'p, W: Tracer>(
    predicate: &'p Predicate,
    clause: Clause,
    target: &TargetName<'_>,
    args: &Args<'_>,
    facts: &Facts<'_>,
    tracer: &mut ModeTracer<'_, W>,
) -> Result<bool, Denial<'p>> {
    let mut all = true;
    if predicate.conditions.is_empty() {
        tracer.step(|| Step::new(&*predicate.pointer, "holds: there is no condition"));
    }
    for condition in &predicate.conditions {
        let finding = condition.holds(clause, args, facts);
        let clock = tracer.clock;
        tracer.step(|| {
            let is_of_time = condition.operand().root() == Some(Root::Now);
            let clock = if is_of_time { format!("; the clock is {clock}") } else { String::new() };
            Step::new(&*predicate.pointer, format!("{finding}{clock}"))
        });
        match finding {
            ConditionResult::Holds(_) => {}
            ConditionResult::Fails(_) => all = false,
            ConditionResult::Ambiguous(ambiguous) => {
                let reason = denial_text::ambiguous_arguments(target, &ambiguous);
                return Err(Denial::denied(&*predicate.pointer, reason));
            }
            ConditionResult::TooMuch => return Err(too_much_work(target)),
        }
    }
    Ok(all)
}
