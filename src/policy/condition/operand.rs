//! What a condition compares, and what it can be compared with.

use std::fmt;

use crate::{
    json::{Node, Value},
    policy::path::{Path, Root, Segment},
    time::parse_date,
};

use super::{ConditionError, Literal, Operator, Part, Set};

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

/// Where an identity comes from, as `caller.source` names it.
pub const SOURCES: [&str; 7] = ["jwt", "peer", "token", "header", "bearer", "address", "constant"];

/// The values that an operand can have.
struct Range {
    /// Whether one of them equals the literal.
    has: fn(&Literal) -> bool,
    /// Whether they are numbers, so that operators of strings compare none.
    is_number: bool,
    /// In words.
    values: &'static str,
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

    /// Reports values that the operand never has, and operators that compare none of its values: a misspelled day would deny
    /// nothing. `op` is the operator as written.
    pub(super) fn check(&self, op: &str, operator: &Operator, value: Option<&Node<'_>>) -> Vec<ConditionError> {
        let Some(range) = self.range() else { return Vec::new() };
        match operator {
            Operator::Among(set) | Operator::NotAmong(set) => misfits(&range, set, value),
            Operator::Less(_) | Operator::LessOrEqual(_) | Operator::Greater(_) | Operator::GreaterOrEqual(_)
                if range.is_number =>
            {
                Vec::new()
            }
            Operator::Regex(_) | Operator::StartsWith(_) | Operator::EndsWith(_) | Operator::Contains(_)
                if !range.is_number && !matches!(self, Self::Counter(_)) =>
            {
                Vec::new()
            }
            Operator::Exists(_) if !matches!(self, Self::Counter(_)) => Vec::new(),
            _ => vec![ConditionError {
                part: Part::Op,
                found: ["`", op, "`"].concat(),
                allowed: ["an operator that compares ", range.values].concat().into(),
                meant: None,
            }],
        }
    }

    /// `None` if any value may be there.
    fn range(&self) -> Option<Range> {
        let path = match self {
            Self::Counter(_) => {
                let has = |literal: &Literal| matches!(literal, Literal::Number(_));
                return Some(Range { has, is_number: true, values: "a number" });
            }
            Self::Path(path) => path,
        };
        let [Segment::Key(member)] = path.segments() else { return None };
        let text = |has, values| Some(Range { has, is_number: false, values });
        let number = |has, values| Some(Range { has, is_number: true, values });
        match (path.root(), member.as_str()) {
            (Root::Now, "weekday") => {
                text(|literal| is_one_of(literal, &WEEKDAYS), "`mon`, `tue`, `wed`, `thu`, `fri`, `sat` or `sun`")
            }
            (Root::Now, "hour") => number(|literal| is_below(literal, 24), "a whole number from 0 to 23"),
            (Root::Now, "time") => {
                number(|literal| is_below(literal, 1440), "the minutes since midnight: a whole number from 0 to 1439")
            }
            (Root::Now, _) => text(is_date, "a date such as `2026-11-21`, as a string"),
            (Root::Caller, "source") => text(
                |literal| is_one_of(literal, &SOURCES),
                "`jwt`, `peer`, `token`, `header`, `bearer`, `address` or `constant`",
            ),
            (Root::Caller, "authenticated") => text(|literal| matches!(literal, Literal::Flag(_)), "`true` or `false`"),
            (Root::Caller, "grant") => {
                text(|literal| matches!(literal, Literal::Text(_)), "a grant with its prefix, such as `jwt:alice`")
            }
            _ => None,
        }
    }
}

/// Values of a set that the operand never has, at their places.
fn misfits(range: &Range, set: &Set, value: Option<&Node<'_>>) -> Vec<ConditionError> {
    if set.literals().all(|literal| (range.has)(&literal)) {
        return Vec::new();
    }
    let items = match value.map(|node| &node.value) {
        // `in` and `not_in` take a list; these operands never are a list that `eq` compares with.
        Some(Value::Array(items)) => items.as_slice(),
        _ => return vec![ConditionError::new(Part::Value, value, range.values)],
    };
    let is_misfit = |node: &Node<'_>| !Literal::new(node).is_ok_and(|literal| (range.has)(&literal));
    let misfits = items.iter().enumerate().filter(|(_, node)| is_misfit(node));
    let mut errors: Vec<ConditionError> =
        misfits.map(|(index, node)| ConditionError::new(Part::Item(index), Some(node), range.values)).collect();
    if errors.is_empty() {
        errors.push(ConditionError::new(Part::Value, value, range.values));
    }
    errors
}

fn is_one_of(literal: &Literal, words: &[&str]) -> bool {
    matches!(literal, Literal::Text(text) if words.contains(&text.as_str()))
}

fn is_below(literal: &Literal, end: u64) -> bool {
    matches!(literal, Literal::Number(number) if number.scaled(0).is_some_and(|number| number < end))
}

fn is_date(literal: &Literal) -> bool {
    matches!(literal, Literal::Text(text) if parse_date(text).is_some())
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
