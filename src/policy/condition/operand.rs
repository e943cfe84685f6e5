//! What a condition compares, and what it can be compared with.

use std::fmt;

use crate::{
    identity::SourceKind,
    json::{self, Node, Value},
    policy::path::{Path, Root, Segment},
    time::parse_date,
};

use super::{Clause, ConditionError, Literal, Operator, Part, Set};

/// What a condition compares.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Operand {
    /// The values that a path leads to.
    Path(Path),
    /// What the caller has used of a counter, by its name.
    Counter(Box<str>),
}

/// The days of the week, as `now.weekday` names them. 1970-01-01 was the fourth.
pub const WEEKDAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

/// The values that an operand can have.
struct Range {
    values: Values,
    /// In words.
    words: &'static str,
}

/// The values of a range, by their type.
enum Values {
    /// Numbers that a count may be.
    Counts,
    /// Whole numbers from 0 on, below this one.
    Below(u64),
    /// Some words.
    Words(&'static [&'static str]),
    /// The names of grants.
    Grants,
    /// Dates.
    Dates,
    /// `true` and `false`.
    Flags,
}

impl Operand {
    /// The path into the arguments, if it is one.
    #[must_use]
    pub fn args_path(&self) -> Option<&Path> {
        match self {
            Self::Path(path) if path.root() == Root::Args => Some(path),
            Self::Path(_) | Self::Counter(_) => None,
        }
    }

    /// What it starts from; `None` for a counter.
    #[must_use]
    pub fn root(&self) -> Option<Root> {
        match self {
            Self::Path(path) => Some(path.root()),
            Self::Counter(_) => None,
        }
    }

    /// Whether it is a claim of the caller's token.
    #[must_use]
    pub fn reads_claims(&self) -> bool {
        match self {
            Self::Path(path) => path.root() == Root::Caller && path.keys().next() == Some("claims"),
            Self::Counter(_) => false,
        }
    }

    /// Reports values that the operand never has, and operators that compare none of its values: a misspelled day would deny
    /// nothing. `op` is the operator as written.
    pub(super) fn check(&self, op: &str, operator: &Operator, value: Option<&Node<'_>>) -> Vec<ConditionError> {
        let Some(range) = self.range() else { return Vec::new() };
        let is_possible = match operator {
            Operator::Among(set) | Operator::NotAmong(set) => return misfits(&range, set, value),
            Operator::Less(_) | Operator::LessOrEqual(_) | Operator::Greater(_) | Operator::GreaterOrEqual(_) => {
                range.values.may_compare(operator)
            }
            Operator::Regex(_) | Operator::StartsWith(_) | Operator::EndsWith(_) | Operator::Contains(_) => {
                range.values.may_match(operator)
            }
            Operator::Exists(true) if !matches!(self, Self::Counter(_)) => Some(true),
            Operator::Exists(false) if !matches!(self, Self::Counter(_)) => {
                return vec![ConditionError::new(Part::Value, value, "`true`, since every call has it")];
            }
            _ => None,
        };
        match is_possible {
            Some(true) => Vec::new(),
            Some(false) => {
                let error = ConditionError::new(Part::Value, value, range.words);
                vec![error.because(format_args!("with `{op}` this never holds"))]
            }
            None => vec![range.unfit(op)],
        }
    }

    /// What the errors of an operator mean here: of a comparison with a number, where no number is.
    pub(super) fn explain(&self, op: &str, errors: Vec<ConditionError>) -> Vec<ConditionError> {
        let Some(range) = self.range().filter(|_| matches!(op, "lt" | "lte" | "gt" | "gte")) else { return errors };
        match range.values {
            Values::Counts | Values::Below(_) => {
                errors.into_iter().map(|error| ConditionError { allowed: range.words.into(), ..error }).collect()
            }
            _ => vec![range.unfit(op)],
        }
    }

    /// `None` if any value may be there.
    fn range(&self) -> Option<Range> {
        let path = match self {
            Self::Counter(_) => return Some(Range { values: Values::Counts, words: "a number" }),
            Self::Path(path) => path,
        };
        let [Segment::Key(member)] = path.segments() else { return None };
        let (values, words) = match (path.root(), member.as_str()) {
            (Root::Now, "weekday") => (Values::Words(&WEEKDAYS), "`mon`, `tue`, `wed`, `thu`, `fri`, `sat` or `sun`"),
            (Root::Now, "hour") => (Values::Below(24), "a whole number from 0 to 23"),
            (Root::Now, "time") => (Values::Below(1440), "the minutes since midnight: a whole number from 0 to 1439"),
            (Root::Now, _) => (Values::Dates, "a date such as `2026-11-21`, as a string"),
            (Root::Caller, "source") => (
                Values::Words(&SourceKind::NAMES),
                "`jwt`, `peer`, `token`, `header`, `bearer`, `address` or `constant`",
            ),
            (Root::Caller, "authenticated") => (Values::Flags, "`true` or `false`"),
            (Root::Caller, "grant") => (
                Values::Grants,
                "a grant that begins with its source, such as `jwt:alice`: `jwt:`, `peer:`, `token:`, `header:`, `bearer:`, \
                 `address:` or `constant:`",
            ),
            _ => return None,
        };
        Some(Range { values, words })
    }
}

impl Range {
    /// Reports an operator that compares none of the values.
    fn unfit(&self, op: &str) -> ConditionError {
        ConditionError {
            part: Part::Op,
            found: ["`", op, "`"].concat(),
            allowed: ["an operator that compares ", self.words].concat().into(),
            is_unknown: false,
        }
    }
}

impl Values {
    /// Whether one of them equals a literal.
    fn has(&self, literal: &Literal) -> bool {
        match (self, literal) {
            (Self::Counts, Literal::Number(_)) | (Self::Flags, Literal::Flag(_)) => true,
            (Self::Below(end), Literal::Number(number)) => number.scaled(0).is_some_and(|number| number < *end),
            (Self::Words(words), Literal::Text(text)) => words.contains(&text.as_str()),
            // A configuration says which sources there are, and `check` warns of a grant that none yields.
            (Self::Grants, Literal::Text(_)) => true,
            (Self::Dates, Literal::Text(text)) => parse_date(text).is_some(),
            _ => false,
        }
    }

    /// Whether a comparison of numbers holds for one of them; `None` if they are not numbers.
    fn may_compare(&self, operator: &Operator) -> Option<bool> {
        let end = match self {
            Self::Counts => return Some(true),
            Self::Below(end) => *end,
            _ => return None,
        };
        let is_met =
            |number: &u64| operator.holds(Clause::Require, &Value::Number(json::decimal_digits(*number).into()));
        // If it holds for any, it holds for the least or for the greatest.
        Some([0, end.saturating_sub(1)].iter().any(is_met))
    }

    /// Whether a comparison of strings holds for one of them; `None` if they are not strings.
    fn may_match(&self, operator: &Operator) -> Option<bool> {
        let is_met = |word: &&str| operator.holds(Clause::Require, &Value::String((*word).into()));
        match (self, operator) {
            (Self::Counts | Self::Below(_) | Self::Flags, _) => None,
            (Self::Words(words), _) => Some(words.iter().any(is_met)),
            (_, Operator::Contains(literal)) => Some(matches!(literal, Literal::Text(_))),
            _ => Some(true),
        }
    }
}

/// Values of a set that the operand never has, at their places.
fn misfits(range: &Range, set: &Set, value: Option<&Node<'_>>) -> Vec<ConditionError> {
    if set.literals().all(|literal| range.values.has(&literal)) {
        return Vec::new();
    }
    let items = match value.map(|node| &node.value) {
        // `in` and `not_in` take a list; these operands never are a list that `eq` compares with.
        Some(Value::Array(items)) => items.as_slice(),
        _ => return vec![ConditionError::new(Part::Value, value, range.words)],
    };
    let is_misfit = |node: &Node<'_>| !Literal::new(node).is_ok_and(|literal| range.values.has(&literal));
    let misfits = items.iter().enumerate().filter(|(_, node)| is_misfit(node));
    let mut errors: Vec<ConditionError> =
        misfits.map(|(index, node)| ConditionError::new(Part::Item(index), Some(node), range.words)).collect();
    if errors.is_empty() {
        errors.push(ConditionError::new(Part::Value, value, range.words));
    }
    errors
}

impl From<Path> for Operand {
    fn from(path: Path) -> Self {
        Self::Path(path)
    }
}

/// In back-ticks, as messages name it.
impl fmt::Display for Operand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Path(path) => write!(f, "`{path}`"),
            Self::Counter(name) => write!(f, "the counter `{}`", crate::text::excerpt(name)),
        }
    }
}
