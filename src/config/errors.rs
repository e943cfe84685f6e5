//! What is wrong with a configuration.

use std::fmt;

use crate::json::diagnostic::Problem;

/// Everything that is wrong with a configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigErrors {
    /// The problems, in the order of the text.
    pub problems: Vec<Problem>,
}

impl ConfigErrors {
    /// A problem with the whole of it.
    pub(super) fn whole(message: impl Into<String>) -> Self {
        Self { problems: vec![Problem { pointer: String::new(), at: 0, message: message.into() }] }
    }
}

impl fmt::Display for ConfigErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let problems: Vec<String> = self.problems.iter().map(ToString::to_string).collect();
        let plural = if problems.len() == 1 { "problem" } else { "problems" };
        write!(f, "{} {plural} in the configuration:\n  {}", problems.len(), problems.join("\n  "))
    }
}

impl std::error::Error for ConfigErrors {}
