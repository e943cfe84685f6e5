//! What a policy says of a name.

use super::{CallerDenials, Effect, MethodRule, Mode, Policy, Rule, Section};
use crate::{
    json::fold,
    policy::{pattern::Table, uri},
};

/// What a policy says of a name.
#[derive(Clone, Copy, Debug)]
pub enum Lookup<'p> {
    /// It is hidden, which beats everything.
    Hidden,
    /// A rule decides.
    Rule(&'p Rule),
    /// No entry names it: the default decides.
    NoMatch,
}

impl Policy {
    /// What the policy says of a tool.
    #[must_use]
    pub fn tool(&self, name: &str) -> Lookup<'_> {
        if self.hides(name) { Lookup::Hidden } else { look_up(&self.tools, name) }
    }

    /// Whether an entry of `tools` or `hide` is this tool's own, or its definition is pinned.
    #[must_use]
    pub fn names_tool(&self, tool: &str) -> bool {
        self.tools.has_name(tool)
            || self.hidden.has_name(tool)
            || self.definitions().is_some_and(|definitions| definitions.pin(tool).is_some())
    }

    /// Whether a tool is hidden.
    #[must_use]
    pub fn hides(&self, tool: &str) -> bool {
        self.hidden.get(tool).is_some()
    }

    /// What the policy says of a prompt.
    #[must_use]
    pub fn prompt(&self, name: &str) -> Lookup<'_> {
        look_up(&self.prompts, name)
    }

    /// What the policy says of a resource.
    #[must_use]
    pub fn resource(&self, uri: &str) -> Lookup<'_> {
        look_up(&self.resources, &uri::normalize(uri))
    }

    /// Whether another entry decides on the part of a URI that some servers read alone, and no key is the whole URI.
    #[must_use]
    pub fn splits_resource(&self, uri: &str) -> bool {
        let whole = uri::normalize(uri);
        let Some(part) = uri::part_read_alone(&whole).filter(|_| !self.resources.has_name(&whole)) else {
            return false;
        };
        let entry = self.resources.get(part);
        entry.is_some_and(|entry| !self.resources.get(&whole).is_some_and(|other| std::ptr::eq(entry, other)))
    }

    /// Whether some resource whose URI begins with `front` could be read.
    #[must_use]
    pub fn permits_prefix(&self, front: &str, caller: &CallerDenials) -> bool {
        self.resources
            .any_with_prefix(&uri::normalize(front), |rule| self.may_allow(rule, caller))
            .unwrap_or(self.default == Effect::Allow)
    }

    /// Whether an entry with this rule lets some call of a caller through. One in shadow permits nothing that the default denies.
    #[must_use]
    pub fn may_allow(&self, rule: &Rule, caller: &CallerDenials) -> bool {
        match rule.mode {
            Mode::Enforce => !rule.never_allows() && !rule.denies_caller(caller),
            Mode::Shadow => self.default == Effect::Allow,
        }
    }

    /// The keys that fit a name, the one that decides first.
    #[must_use]
    pub fn matching_keys<'p>(&'p self, section: Section, name: &str) -> Vec<&'p str> {
        match section {
            Section::Hide => self.hidden.matching_keys(name),
            Section::Tools => self.tools.matching_keys(name),
            Section::Resources => {
                let keys = self.resources.matching_keys(&uri::normalize(name));
                keys.into_iter().map(|key| self.written_uri(key)).collect()
            }
            Section::Prompts => self.prompts.matching_keys(name),
        }
    }

    /// A key of `resources` as the policy writes it.
    #[must_use]
    pub fn written_uri<'p>(&'p self, key: &'p str) -> &'p str {
        self.written_uris.get(key).map_or(key, |written| written)
    }

    /// What the policy says of a whole method.
    #[must_use]
    pub fn method(&self, name: &str) -> Option<&MethodRule> {
        self.methods.get(name)
    }

    /// The method of `methods` that a lenient server would take `name` for: equal only after trimming, folding case or
    /// leaving out control characters.
    #[must_use]
    pub fn folded_method(&self, name: &str) -> Option<&str> {
        if self.folded_methods.is_empty() {
            return None;
        }
        let known = self.folded_methods.get(&*folded(name))?;
        (**known != *name).then_some(known)
    }
}

/// A method's name without what lenient servers ignore: outer white space, case and control characters.
pub(in crate::policy) fn folded(method: &str) -> Box<str> {
    let mut folded = Vec::with_capacity(method.len());
    fold::fold_into(method.trim_matches(|c: char| c.is_whitespace() || c.is_control()), &mut folded);
    // It is UTF-8, as every folded text.
    String::from_utf8(folded).unwrap_or_default().into()
}

fn look_up<'p>(table: &'p Table<Rule>, name: &str) -> Lookup<'p> {
    table.get(name).map_or(Lookup::NoMatch, Lookup::Rule)
}
