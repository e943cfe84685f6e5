//! Why arguments do not fit a schema, or were not looked at to the end.

use crate::{budget::TooMuchWork, policy::path::Segment};

use super::Violation;

/// Why arguments do not fit, or were not looked at to the end.
#[derive(Debug)]
pub enum Unfit {
    /// It takes more work than is left.
    TooMuch,
    /// They violate the schema; the violation, if it is to be explained.
    Violation(Option<Box<Violation>>),
}

impl Unfit {
    /// The same, found in a part of a schema and perhaps of a value.
    pub(super) fn below(mut self, tokens: &[&str], index: Option<usize>, step: Option<&dyn Fn() -> Segment>) -> Self {
        if let Self::Violation(Some(violation)) = &mut self {
            if let Some(index) = index {
                violation.add_keyword(&[&index.to_string()]);
            }
            violation.add_keyword(tokens);
            if let Some(step) = step {
                violation.add_step(step());
            }
        }
        self
    }
}

impl From<TooMuchWork> for Unfit {
    fn from(_: TooMuchWork) -> Self {
        Self::TooMuch
    }
}
