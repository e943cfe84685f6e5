//! What an inspection says of a message.

use super::report::{FinderCounts, ResultDenial};

/// What an inspection says of a message.
#[derive(Debug)]
pub struct Inspected {
    /// What it is; several in an array.
    pub kinds: Vec<MessageKind>,
    /// How often each finder found something.
    pub counts: FinderCounts,
    /// What becomes of it.
    pub outcome: Outcome,
}

/// What becomes of a message.
#[derive(Debug)]
pub enum Outcome {
    /// It stays as it is.
    Same,
    /// This takes its place.
    Rewritten(Vec<u8>),
    /// It is refused by a find.
    Denied(ResultDenial),
    /// It is refused, since it would be longer with its replacements than it may be.
    TooLong,
    /// It is refused, since the expressions would take too much work.
    TooMuchWork,
    /// It is refused, since clients may read it in more than one way, or not at all.
    Unreadable,
}

/// What a message is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MessageKind {
    /// Its `id` as it is written.
    pub id: Option<String>,
    /// Whether it has a `method`: it is a request or a notification.
    pub has_method: bool,
}

impl MessageKind {
    /// Whether it answers a request.
    #[must_use]
    pub fn is_response(&self) -> bool {
        !self.has_method
    }
}
