//! Whether a condition holds, and why.

use std::fmt;

use crate::{json::Node, policy::path::Segment, text::excerpt};

use super::{Ambiguous, Condition, Operand, display};

/// The answer of [`Condition::holds`]. It borrows, and builds no text before it is displayed: a call that is let through pays
/// for no text.
#[derive(Clone, Debug)]
#[must_use]
pub enum ConditionResult<'f> {
    /// It holds.
    Holds(Evidence<'f>),
    /// It does not hold.
    Fails(Evidence<'f>),
    /// Servers may disagree on what the arguments say: to be denied in both clauses.
    Ambiguous(Ambiguous<'f>),
    /// To find out takes more work than one request may: to be denied in both clauses, too.
    TooMuch,
}

/// The place that decided: where every place satisfies the condition, or none does, the first one.
#[derive(Clone, Debug)]
pub struct Evidence<'f> {
    pub(super) condition: &'f Condition,
    pub(super) indexes: Vec<usize>,
    pub(super) why: Why<'f>,
}

/// What was found at a place.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Why<'f> {
    /// A value that the operator compared.
    Compared(&'f Node<'f>),
    /// Nothing, or `null`.
    Missing,
    /// An array without elements, if the path says `[*]`.
    Empty,
    /// A value of the wrong type: never in the caller's favour.
    TypeMismatch {
        /// The value, there or on the way.
        found: &'f Node<'f>,
        /// What the operator or the path needs.
        wanted: &'static str,
    },
}

impl<'f> Evidence<'f> {
    /// What was found.
    #[must_use]
    pub fn why(&self) -> Why<'f> {
        self.why
    }

    /// The place in back-ticks, with an index for each `[*]` of the condition's path that was reached.
    #[must_use]
    pub fn place(&self) -> String {
        let Operand::Path(path) = &self.condition.operand else { return self.condition.operand.to_string() };
        let mut indexes = self.indexes.iter();
        let mut place = ["`", path.root().name()].concat();
        for segment in path.segments() {
            let step = match (segment, indexes.len()) {
                (Segment::Every, 1..) => indexes.next().map(|index| Segment::Index(*index)),
                _ => None,
            };
            place.push_str(&step.as_ref().unwrap_or(segment).to_string());
        }
        place.push('`');
        place
    }
}

impl fmt::Display for Evidence<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ", self.place())?;
        match self.why {
            Why::Compared(found) => write!(f, "is `{}`", display::display_value(&found.value))?,
            Why::Missing => f.write_str("is missing")?,
            Why::Empty => f.write_str("has no element")?,
            Why::TypeMismatch { found, wanted } => {
                write!(f, "is of the wrong type: `{}` where {wanted} is needed", display::display_value(&found.value))?;
            }
        }
        write!(f, "; compared with {}", self.condition.text)
    }
}

impl fmt::Display for ConditionResult<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Holds(evidence) => write!(f, "holds: {evidence}"),
            Self::Fails(evidence) => write!(f, "does not hold: {evidence}"),
            Self::Ambiguous(ambiguous) => ambiguous.fmt(f),
            Self::TooMuch => f.write_str("takes more work than one request may"),
        }
    }
}

impl fmt::Display for Ambiguous<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = excerpt(self.name);
        write!(
            f,
            "the argument name `{name}` resembles another one; send each name once, spelled as the tool declares it"
        )
    }
}
