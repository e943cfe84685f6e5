//! What a path starts from, and the members that are known of it.

use super::{Reason, Segment};

/// What a path starts from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Root {
    /// `args`: what the call says.
    Args,
    /// `caller`: who sends it.
    Caller,
    /// `now`: when it comes.
    Now,
}

impl Root {
    /// The root at the front of a path, and the rest.
    pub(super) fn split(text: &str) -> Option<(Self, &str)> {
        [Self::Args, Self::Caller, Self::Now].into_iter().find_map(|root| {
            let rest = text.strip_prefix(root.name())?;
            (rest.is_empty() || rest.starts_with(['.', '['])).then_some((root, rest))
        })
    }

    /// As a path writes it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Args => "args",
            Self::Caller => "caller",
            Self::Now => "now",
        }
    }

    /// Why nothing is there, if that is known.
    pub(super) fn check_members(self, segments: &[Segment]) -> Option<Reason> {
        let no_member = match (self, segments) {
            (Self::Args, []) => return Some(Reason::Whole),
            (Self::Args, _) => return None,
            (Self::Caller, [Segment::Key(key)]) if key == "claims" => return Some(Reason::NoClaim),
            (Self::Caller, [Segment::Key(key)]) => !["grant", "source", "authenticated"].contains(&&**key),
            (Self::Caller, [Segment::Key(key), Segment::Key(_), ..]) => key != "claims",
            (Self::Caller, _) => true,
            (Self::Now, [Segment::Key(key)]) => !["weekday", "hour", "time", "date"].contains(&&**key),
            (Self::Now, _) => true,
        };
        no_member.then_some(Reason::NoMember(self))
    }
}
