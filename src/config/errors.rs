//! The mistakes in a configuration, as one error.

use std::fmt;

use crate::json::diagnostic::{MAX_LISTED, Problem};

/// The mistakes in a configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigErrors {
    /// The first problems, in the order of the text; the last one counts the others, if there are more than
    /// [`MAX_LISTED`].
    pub problems: Vec<Problem>,
}

impl ConfigErrors {
    /// A problem with the whole configuration.
    pub(super) fn top_level(message: impl Into<String>) -> Self {
        Self { problems: vec![Problem { pointer: String::new(), at: 0, message: message.into() }] }
    }
}

impl fmt::Display for ConfigErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let problems: Vec<String> = self.problems.iter().map(ToString::to_string).collect();
        match problems.len() {
            1 => f.write_str("1 problem")?,
            count @ ..=MAX_LISTED => write!(f, "{count} problems")?,
            _ => write!(f, "more than {MAX_LISTED} problems")?,
        }
        write!(f, " in the configuration:\n  {}", problems.join("\n  "))
    }
}

impl std::error::Error for ConfigErrors {}
