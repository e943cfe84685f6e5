//! Conditions on a call's arguments, on its caller, on its time and on what was counted before: an operand, an operator and a
//! value to compare with.
//!
//! A condition is evaluated for one of two [`Clause`]s, and what an operator cannot compare is never in the caller's
//! favour: it does not hold where holding would let the call through, and holds where holding would refuse it. This is
//! what keeps `"5000"` from slipping past `deny_if` `gt` `100`.
//!
//! * [`Args`]: the arguments, walked along a [`Path`]; finds member names that some server may take for another
//! * [`Operand`]: what is compared; [`Facts`]: what is known of the caller, the time and the counters
//! * `cost`: the work that a comparison takes at most, charged before it is made
//! * `operator`, with `literal`, `text`, `path_prefix` and `url`: what each operator compares, and with what
//! * [`ConditionResult`]: whether a condition holds, and why
//! * [`ConditionError`]: why an operator and a value are not a condition
//!
//! Source of the rules: the product contract, sections 1.2 (Condition), 1.3 (`increment_from` uses [`Args::find_one`]) and 11.

mod args;
mod cost;
mod display;
mod error;
mod facts;
mod literal;
mod operand;
mod operator;
mod path_prefix;
mod result;
mod text;
mod url;
mod value;

#[cfg(test)]
mod tests;

use std::fmt;

use crate::{
    budget::TooMuchWork,
    json::{Node, Value},
};

use self::operator::Verdict;
use super::path::{Path, Root};

#[cfg(not(target_os = "wasi"))]
pub use self::facts::NoFacts;
pub use self::{
    args::{Ambiguous, Args, Leaf, Unfollowed},
    error::{ConditionError, Part},
    facts::{FactSource, Facts},
    literal::{Literal, Set},
    operand::{Operand, WEEKDAYS},
    operator::{NAMES, Operator},
    path_prefix::AllowedFolders,
    result::{ConditionResult, Evidence, Why},
    text::RegexMatcher,
    url::AllowedHosts,
};
pub(super) use self::{display::display_value, url::is_plain_host};

/// One condition, as meant: its operator is known, its value is one the operator can compare with.
#[derive(Clone, Debug)]
pub struct Condition {
    operand: Operand,
    operator: Operator,
    /// The operator and the value, for people.
    text: String,
}

/// What it means for a condition to hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Clause {
    /// `require`: the call goes on only if it holds.
    Require,
    /// `deny_if` and `require_approval`: the call is stopped if it holds.
    Deny,
}

impl Condition {
    /// Puts a condition together; `value` is `None` where the policy has none.
    ///
    /// # Errors
    /// Everything that is wrong with `op` and `value`, never an empty list.
    pub fn new(operand: impl Into<Operand>, op: &str, value: Option<&Node<'_>>) -> Result<Self, Vec<ConditionError>> {
        let operand = operand.into();
        let operator = Operator::new(op, value).map_err(|errors| operand.explain(op, errors))?;
        let misfits = operand.check(op, &operator, value);
        if !misfits.is_empty() {
            return Err(misfits);
        }
        let text = format!("`{op}` `{}`", value.map(|node| display_value(&node.value)).unwrap_or_default());
        Ok(Self { operand, operator, text })
    }

    /// What it compares.
    #[must_use]
    pub fn operand(&self) -> &Operand {
        &self.operand
    }

    /// The arguments that it compares; `None` if it compares something else.
    #[must_use]
    pub fn args_path(&self) -> Option<&Path> {
        self.operand.args_path()
    }

    /// The operator and the value it compares with.
    #[must_use]
    pub fn operator(&self) -> &Operator {
        &self.operator
    }

    /// Whether it holds where the argument is missing.
    #[must_use]
    pub fn holds_without(&self, clause: Clause) -> bool {
        self.operator.test_missing(clause)
    }

    /// Asks whether it holds for these arguments and facts.
    ///
    /// Where the path says `[*]`, `require` wants every element to satisfy the condition and at least one to be there;
    /// to refuse, one suffices. An empty array therefore satisfies neither.
    ///
    /// [`ConditionResult::Ambiguous`] denies in both clauses, so a caller may not stop at the first condition of a predicate
    /// that does not hold: a later one may still find the arguments ambiguous.
    pub fn holds<'f>(&'f self, clause: Clause, args: &Args<'f>, facts: &'f Facts<'_>) -> ConditionResult<'f> {
        // The element that decides, or the first one as long as none does.
        let mut kept: Option<(bool, Evidence<'f>)> = None;
        let decides = |satisfied: bool| satisfied == (clause == Clause::Deny);
        let walked = self.visit_operand(args, facts, |leaf, indexes| {
            if kept.as_ref().is_some_and(|(satisfied, _)| decides(*satisfied)) {
                return Ok(());
            }
            if let Leaf::Found(node) = leaf {
                args.charge(self.operator.cost(&node.value))?;
            }
            let (satisfied, why) = self.test_leaf(clause, leaf);
            if kept.is_none() || decides(satisfied) {
                kept = Some((satisfied, Evidence { condition: self, indexes: indexes.to_vec(), why }));
            }
            Ok(())
        });
        match (walked, kept) {
            (Err(Unfollowed::Ambiguous(ambiguous)), _) => ConditionResult::Ambiguous(ambiguous),
            (Err(Unfollowed::TooMuch), _) => ConditionResult::TooMuch,
            (Ok(()), Some((true, evidence))) => ConditionResult::Holds(evidence),
            (Ok(()), Some((false, evidence))) => ConditionResult::Fails(evidence),
            // A walk always ends somewhere; were it not so, nothing would have been compared.
            (Ok(()), None) => {
                let evidence = Evidence { condition: self, indexes: Vec::new(), why: Why::Missing };
                if clause == Clause::Deny { ConditionResult::Holds(evidence) } else { ConditionResult::Fails(evidence) }
            }
        }
    }

    /// Calls `visit` with each place that is compared.
    fn visit_operand<'f, V>(&'f self, args: &Args<'f>, facts: &'f Facts<'_>, mut visit: V) -> Result<(), Unfollowed<'f>>
    where
        V: FnMut(Leaf<'f>, &[usize]) -> Result<(), TooMuchWork>,
    {
        let path = match &self.operand {
            Operand::Path(path) => path,
            Operand::Counter(name) => {
                args.charge(facts::READ_COUNTER)?;
                return Ok(visit(Leaf::Found(facts.counter(name)), &[])?);
            }
        };
        match path.root() {
            Root::Args => args.follow(path, visit),
            Root::Caller => {
                args.charge(facts.caller_work())?;
                args.follow_fact(facts.caller(), path, visit)
            }
            Root::Now => args.follow_fact(facts.now(), path, visit),
        }
    }

    /// Whether one place satisfies the condition.
    fn test_leaf<'f>(&self, clause: Clause, leaf: Leaf<'f>) -> (bool, Why<'f>) {
        match leaf {
            Leaf::Found(node) => match self.operator.test(clause, &node.value) {
                Verdict::Yes => (true, Why::Compared(node)),
                Verdict::No => (false, Why::Compared(node)),
                Verdict::TypeMismatch(wanted) => (clause == Clause::Deny, Why::TypeMismatch { found: node, wanted }),
            },
            Leaf::Missing => (self.operator.test_missing(clause), Why::Missing),
            Leaf::Empty => (false, Why::Empty),
            Leaf::TypeMismatch { found, wanted } => (clause == Clause::Deny, Why::TypeMismatch { found, wanted }),
        }
    }
}

impl fmt::Display for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.operand, self.text)
    }
}

/// Whether a value counts as missing: JSON writers disagree on whether an absent member is left out or `null`.
fn is_missing(value: &Value<'_>) -> bool {
    matches!(value, Value::Null)
}
