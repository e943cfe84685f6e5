//! How a case fails.

use std::fmt;

use super::{CallReport, CaseCall, clock};
use crate::json::diagnostic::Problem;

/// How a case fails.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Failure {
    /// There is no policy to run the case against.
    NoPolicy,
    /// The case's own policy does not load.
    Invalid(Vec<Problem>),
    /// A call has another outcome than the case expects.
    Call(Box<FailedCall>),
}

/// A call that has another outcome than the case expects.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FailedCall {
    /// Its index in the case.
    pub index: usize,
    /// How many times it had the expected outcome before.
    pub time: u32,
    /// The call.
    pub call: CaseCall,
    /// The differences, each as a sentence.
    pub wrong: Vec<String>,
    /// The outcome.
    pub outcome: CallReport,
}

impl Failure {
    /// The steps that led there, a line each.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        match self {
            Self::Call(failed) => failed.outcome.lines(),
            Self::Invalid(problems) => problems.iter().map(ToString::to_string).collect(),
            Self::NoPolicy => Vec::new(),
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoPolicy => f.write_str("there is no policy; name one, or add `policy` to the case file"),
            Self::Invalid(_) => f.write_str("the policy does not load"),
            Self::Call(failed) => failed.fmt(f),
        }
    }
}

impl fmt::Display for FailedCall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { index, time, call, wrong, .. } = self;
        let CaseCall { title, grant, at, times, .. } = call;
        write!(f, "call {}, {title} as `{grant}` at {}", index.saturating_add(1), clock::format_time(*at))?;
        if *times > 1 {
            write!(f, ", time {} of {times}", time.saturating_add(1))?;
        }
        write!(f, ": {}", wrong.join("; "))
    }
}
