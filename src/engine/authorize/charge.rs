//! What a request costs, counter by counter. The calls, URIs and messages of a request are summed; product contract, section 2.

use super::{
    Denial, denial_text,
    evaluate::ModeTracer,
    limit_key,
    lookup::{ResolvedTarget, too_much_work},
    target::TargetName,
};
use crate::{
    amount::Amount,
    engine::trace::{Step, Tracer},
    identity::Grant,
    json::{Decimal, Value, Writer},
    limit::{Callers, Charge, Key, Part, Quota},
    policy::{
        Cost, Limit, Scope,
        condition::{Args, Leaf, Unfollowed},
    },
    window::Algorithm,
};

/// What a counter takes that a request is charged to, in units of [`crate::budget::Work`]: it is read and written.
const COUNTER: usize = 5000;
/// What comparing a limit with a counter takes that is charged already.
const COMPARE: usize = 5;

/// What a request costs of one counter.
#[derive(Clone, Copy, Debug)]
pub(super) struct PendingCharge<'p> {
    /// Of the limits that name the counter, the one with the smallest `max`.
    pub(super) limit: &'p Limit,
    /// The sum over the targets of the request.
    pub(super) amount: Amount,
    /// The last target that adds to the amount, by its index, and its part of the amount.
    last: (usize, Amount),
    /// A digest of the values that are counted apart.
    key: Option<[u8; 32]>,
}

/// Adds what a target costs of one limit. If two rules on one target name one counter, the target costs the larger of the two
/// amounts. The sum must fit the smallest `max`, so that every rule that names the counter permits the request.
///
/// # Errors
/// The arguments do not say the amount, the sum is more than one window lets through, or too many counters are charged.
pub(super) fn add<'p, W: Tracer>(
    charges: &mut Vec<PendingCharge<'p>>,
    (index, target): (usize, &ResolvedTarget<'p, '_>),
    limit: &'p Limit,
    args: &Args<'_>,
    tracer: &mut ModeTracer<'_, W>,
) -> Result<(), Denial<'p>> {
    let name = &target.name;
    let added = cost(limit, name, args).and_then(|amount| {
        tracer.step(|| describe_cost(limit, amount));
        let key = limit.key.as_ref().map(|key| limit_key::digest(limit, key, target, args)).transpose()?;
        let known = charges.len();
        add_amount(charges, (index, name), limit, amount, key)?;
        let added = charges.len().saturating_sub(known).saturating_mul(COUNTER);
        args.charge(known.saturating_mul(COMPARE).saturating_add(added)).map_err(|_| too_much_work(name))
    });
    added.inspect_err(|denial| tracer.step(|| denial.step()))
}

fn add_amount<'p>(
    charges: &mut Vec<PendingCharge<'p>>,
    (target, name): (usize, &TargetName<'_>),
    limit: &'p Limit,
    amount: Amount,
    key: Option<[u8; 32]>,
) -> Result<(), Denial<'p>> {
    let is_same = |pending: &&mut PendingCharge<'_>| pending.limit.counter == limit.counter && pending.key == key;
    let pending = match charges.iter_mut().find(is_same) {
        None => charges.push_mut(PendingCharge { limit, amount, last: (target, amount), key }),
        Some(pending) => {
            let known = if pending.last.0 == target { pending.last.1 } else { Amount::ZERO };
            pending.amount = match (pending.amount.plus(amount.minus(known)), limit.max.or(pending.limit.max)) {
                (Some(sum), _) => sum,
                // What only counts refuses nothing.
                (None, None) => Amount::MAX,
                (None, Some(_)) => return Err(too_much(name, limit, amount)),
            };
            pending.last = (target, amount.max(known));
            if limit.is_stricter_than(pending.limit) {
                pending.limit = limit;
            }
            pending
        }
    };
    if pending.is_too_much() { Err(too_much(name, pending.limit, pending.amount)) } else { Ok(()) }
}

/// What one call costs of a limit.
fn cost<'p>(limit: &'p Limit, target: &TargetName<'_>, args: &Args<'_>) -> Result<Amount, Denial<'p>> {
    let path = match &limit.cost {
        Cost::Fixed(amount) => return Ok(*amount),
        Cost::Argument(path) => path,
    };
    let leaf = args.find_one(path).map_err(|unfollowed| match unfollowed {
        Unfollowed::Ambiguous(ambiguous) => {
            Denial::denied(&*limit.pointer, denial_text::ambiguous_arguments(target, &ambiguous))
        }
        Unfollowed::TooMuch => too_much_work(target),
    })?;
    let number = match leaf {
        Leaf::Found(node) => match &node.value {
            Value::Number(text) => Decimal::kept_by_double(text),
            _ => None,
        },
        Leaf::Missing | Leaf::Empty | Leaf::TypeMismatch { .. } => None,
    };
    number
        .and_then(|number| Amount::new(&number))
        .ok_or_else(|| Denial::denied(&*limit.pointer, denial_text::not_an_amount(target, path)))
}

fn describe_cost(limit: &Limit, amount: Amount) -> Step {
    let counter = &limit.counter;
    let whose = match limit.scope {
        Scope::Grant => "each grant",
        Scope::Session => "each session",
        Scope::Global => "all callers together",
    };
    let quota = denial_text::describe_quota(limit);
    Step::new(&*limit.pointer, format!("costs {amount} of `{counter}`, {quota} for {whose}"))
}

fn too_much<'p>(target: &TargetName<'_>, limit: &'p Limit, amount: Amount) -> Denial<'p> {
    Denial::denied(&*limit.pointer, denial_text::too_much(target, limit, amount))
}

/// The callers that count together with this one.
pub(in crate::engine) fn callers<'c>(scope: Scope, grant: &'c Grant, session: Option<&'c [u8]>) -> Callers<'c> {
    match (scope, session) {
        (Scope::Global, _) => Callers::All,
        (Scope::Session, Some(session)) => Callers::Session(grant.id(), session),
        (Scope::Grant, _) | (Scope::Session, None) => Callers::Grant(grant.id()),
    }
}

impl<'p> PendingCharge<'p> {
    /// Whether waiting cannot help, since the request costs more than a window lets through. The usual cost of 1 under a `max`
    /// of 0 is a full limit instead.
    fn is_too_much(&self) -> bool {
        let Self { limit, amount, .. } = self;
        limit.max.is_some_and(|max| *amount > max && (max > Amount::ZERO || limit.cost != Cost::Fixed(Amount::ONE)))
    }

    /// A step that says what was charged, and how much is used if that is known.
    pub(super) fn describe_charged(&self, left: Option<Amount>) -> Step {
        let Self { limit, amount, .. } = self;
        let used = left.zip(limit.max).map_or_else(String::new, |(left, max)| {
            format!(": {} of {} used", max.minus(left), denial_text::describe_quota(limit))
        });
        Step::new(&*limit.pointer, format!("charges {amount} to `{}`{used}", limit.counter))
    }

    /// What the request uses of the counter, which has `used` so much: a JSON object, for an approver.
    pub(super) fn describe_use(&self, used: Option<Amount>) -> String {
        let Limit { counter, window, max, scope, algorithm, .. } = self.limit;
        let mut item = Writer::default();
        item.add_string("counter", counter)
            .add_json("cost", self.amount)
            .add_json("window", window.seconds())
            .add_optional_string("algorithm", (*algorithm == Algorithm::Sliding).then_some("sliding"))
            .add_string("scope", if self.key.is_some() { "key" } else { scope.name() });
        for (name, amount) in [("max", *max), ("used", used)] {
            if let Some(amount) = amount {
                item.add_json(name, amount);
            }
        }
        item.finish()
    }

    /// A step that says that the counter has no room.
    pub(super) fn exceeded(&self) -> Step {
        let Self { limit, amount, .. } = self;
        let text =
            format!("`{}` has no room for {amount}: {} at most", limit.counter, denial_text::describe_quota(limit));
        Step::new(&*limit.pointer, text)
    }

    /// The charge to a counter in the store.
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
        let callers = callers(limit.scope, grant, session);
        let part = self.key.map_or(Part::Whole, |digest| Part::Key { caller: grant.id(), digest });
        Charge {
            key: Key { filter, policy, counter: &limit.counter, callers, part },
            quota: Quota { window: limit.window, algorithm: limit.algorithm, max: limit.max },
            amount: self.amount,
            verified: grant.is_verified(),
        }
    }
}
