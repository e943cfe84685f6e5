//! How a case went otherwise than expected.

use std::fmt;

use super::{CallReport, CaseCall, clock};
use crate::json::diagnostic::Problem;

/// How a case went otherwise than expected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Failure {
    /// The case brings no policy, and none was given.
    NoPolicy,
    /// The policy does not load, though it should.
    Invalid(Vec<Problem>),
    /// The policy loads, though it should not.
    Loads,
    /// A call went another way.
    Call(Box<FailedCall>),
}

/// A call that went another way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FailedCall {
    /// Its index in the case.
    pub index: usize,
    /// How often it went as expected before.
    pub time: u32,
    /// The call.
    pub call: CaseCall,
    /// What was expected, and what came instead; a sentence each.
    pub wrong: Vec<String>,
    /// What became of it.
    pub outcome: CallReport,
}

impl Failure {
    /// What happened on the way there, a line each.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        match self {
            Self::Call(failed) => failed.outcome.lines(),
            Self::Invalid(problems) => problems.iter().map(ToString::to_string).collect(),
            Self::NoPolicy | Self::Loads => Vec::new(),
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoPolicy => f.write_str("there is no policy; name one, or write `policy` in the case file"),
            Self::Invalid(_) => f.write_str("the policy does not load"),
            Self::Loads => f.write_str("the policy loads, and should not"),
            Self::Call(failed) => failed.fmt(f),
        }
    }
}

impl fmt::Display for FailedCall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { index, time, call, wrong, .. } = self;
        let CaseCall { title, grant, at, times, .. } = call;
        write!(f, "call {}, {title} as `{grant}` at {}", index.saturating_add(1), clock::shown(*at))?;
        if *times > 1 {
            write!(f, ", time {} of {times}", time.saturating_add(1))?;
        }
        write!(f, ": {}", wrong.join("; "))
    }
}
