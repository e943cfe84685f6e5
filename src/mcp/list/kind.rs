//! The kinds of lists, and the names that tell them.

/// The kind of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ListKind {
    /// `tools/list`
    Tools,
    /// `prompts/list`
    Prompts,
    /// `resources/list`
    Resources,
    /// `resources/templates/list`
    Templates,
}

impl ListKind {
    /// The kind of the list in the member of a result with this name.
    pub(super) fn by_member(name: &str) -> Option<Self> {
        match name {
            "tools" => Some(Self::Tools),
            "prompts" => Some(Self::Prompts),
            "resources" => Some(Self::Resources),
            "resourceTemplates" => Some(Self::Templates),
            _ => None,
        }
    }

    /// The member that identifies an entry.
    pub(super) fn key(self) -> &'static str {
        match self {
            Self::Tools | Self::Prompts => "name",
            Self::Resources => "uri",
            Self::Templates => "uriTemplate",
        }
    }

    /// The kind of list that a method returns.
    #[must_use]
    pub fn by_method(method: &str) -> Option<Self> {
        // Nearly no call is of a method that ends like this, and to compare texts takes long.
        match method.strip_suffix("/list")? {
            "tools" => Some(Self::Tools),
            "prompts" => Some(Self::Prompts),
            "resources" => Some(Self::Resources),
            "resources/templates" => Some(Self::Templates),
            _ => None,
        }
    }
}
