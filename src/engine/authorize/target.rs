//! The name of a tool, prompt or resource.

use std::{borrow::Cow, fmt};

use crate::{mcp::Target, text::front};

/// The name of what a message calls, gets or reads.
#[derive(Clone, Copy, Debug)]
pub(in crate::engine) struct TargetName<'m> {
    pub(in crate::engine) kind: TargetKind,
    pub(in crate::engine) name: &'m str,
}

/// What a name names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::engine) enum TargetKind {
    Tool,
    Prompt,
    Resource,
}

impl<'m> TargetName<'m> {
    /// Every name in a message's target.
    pub(in crate::engine) fn all(target: &'m Target<'_>) -> impl Iterator<Item = Self> {
        let (kind, names) = match target {
            Target::Tool(name) => (TargetKind::Tool, std::slice::from_ref(name)),
            Target::Prompt(name) => (TargetKind::Prompt, std::slice::from_ref(name)),
            Target::Resource(uri) => (TargetKind::Resource, std::slice::from_ref(uri)),
            Target::Subscriptions { resources, .. } => (TargetKind::Resource, resources.as_slice()),
            Target::Nothing | Target::Task(_) => (TargetKind::Tool, &[][..]),
        };
        names.iter().map(move |name: &Cow<'_, str>| Self { kind, name })
    }

    /// The text of its `Display`, for the denials that callers cause most often.
    pub(super) fn describe(&self) -> String {
        ["the ", self.kind.word(), " `", front(self.name), "`"].concat()
    }
}

impl TargetKind {
    /// The word for it, in texts and in `error.data`.
    pub(in crate::engine) fn word(self) -> &'static str {
        match self {
            Self::Tool => "tool",
            Self::Prompt => "prompt",
            Self::Resource => "resource",
        }
    }
}

/// As texts name it: at most 256 characters of what the client sent.
impl fmt::Display for TargetName<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.describe())
    }
}
