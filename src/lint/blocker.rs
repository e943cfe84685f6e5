//! What keeps every call from a rule.

use crate::policy::{
    Effect, Policy, Rule,
    pattern::{Pattern, Table},
    uri,
};

use super::{policy_section::PolicySection, policy_source::PolicySource, quoted};

/// What keeps every call from a rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Blocker {
    /// Why no call reaches the rule.
    pub(super) why: String,
    /// What to do about it.
    pub(super) next: &'static str,
    /// Whether it blocks the whole map, which gets one warning.
    pub(super) blocks_map: bool,
}

/// The longest name that a request can have, in bytes; product contract, section 3.
const MAX_NAME: usize = 256;

impl Blocker {
    fn of_entry(why: impl Into<String>, next: &'static str) -> Self {
        Self { why: why.into(), next, blocks_map: false }
    }

    /// The blocker of an entry.
    pub(super) fn find(
        policy: &Policy,
        text: &PolicySource<'_>,
        map: PolicySection,
        key: &str,
        pattern: Option<&Pattern>,
    ) -> Option<Self> {
        if let Some(blocker) = Self::find_for_map(policy, text, map) {
            return Some(blocker);
        }
        if let Some(index) = hidden_by(policy, text, map, key) {
            let place = text.absolute(&format!("/hide/{index}"));
            let why = format!("{} is hidden at `{place}`, and `hide` takes precedence over every entry", quoted(key));
            return Some(Self::of_entry(why, "remove one of the two"));
        }
        if map == PolicySection::Resources && uri::is_ambiguous_pattern(key) {
            let why = "servers read such a URI differently, so the filter refuses it";
            return Some(Self::of_entry(why, "write the URI in its normal form"));
        }
        if map != PolicySection::Resources
            && key.chars().filter(|c| *c != '*').map(char::len_utf8).sum::<usize>() > MAX_NAME
        {
            let why = format!("the filter refuses names longer than {MAX_NAME} bytes");
            return Some(Self::of_entry(why, "remove the entry"));
        }
        if map != PolicySection::Resources && key.chars().any(char::is_control) {
            let why = "the filter refuses names with control characters";
            return Some(Self::of_entry(why, "write the name without them"));
        }
        let (better, rule) = better(pattern?, map.entries(policy))?;
        let (key, other) = (quoted(key), quoted(better.as_str()));
        Some(match denial(rule) {
            Some(denial) => {
                let place = quoted(&text.absolute(denial));
                let why = format!(
                    "{other} denies every name that {key} matches, at {place}, and a pattern that denies takes precedence \
                     over other patterns"
                );
                Self::of_entry(why, "write exact names, which take precedence over every pattern")
            }
            None => {
                let why = format!("{other} takes precedence on every name that {key} matches");
                Self::of_entry(why, "remove one of the two")
            }
        })
    }

    /// The blocker of all entries of a map.
    pub(super) fn find_for_map(policy: &Policy, text: &PolicySource<'_>, map: PolicySection) -> Option<Self> {
        let methods: &[&str] = match map {
            PolicySection::Tools => &["tools/call"],
            PolicySection::Prompts => &["prompts/get"],
            PolicySection::Resources => &["resources/read", "resources/subscribe", "subscriptions/listen"],
        };
        let rules = methods.iter().filter_map(|method| policy.method(method));
        let denied: Vec<_> = rules.filter(|rule| rule.effect == Effect::Deny).collect();
        let of_map = |why, next| Some(Self { why, next, blocks_map: true });
        if let (Some(rule), true) = (denied.first(), denied.len() == methods.len()) {
            let place = quoted(&text.absolute(&rule.pointer));
            let are = if methods.len() == 1 { "is" } else { "are" };
            let why = format!("`{}` {are} denied at {place}", methods.join("`, `"));
            return of_map(why, "remove the rules, or allow the method");
        }
        let denial = denial(policy.all_tools()).filter(|_| map == PolicySection::Tools)?;
        let why = format!("every tool call is denied at {}", quoted(&text.absolute(denial)));
        of_map(why, "remove the rules, or add conditions to the denial")
    }
}

/// The pointer to where a rule denies every call.
pub(super) fn denial(rule: &Rule) -> Option<&str> {
    let denies = rule.deny_if().find(|predicate| predicate.conditions.is_empty());
    denies.filter(|_| rule.denies_unconditionally()).map(|predicate| &*predicate.pointer)
}

/// The index in `hide` of what hides every name of a key.
fn hidden_by(policy: &Policy, text: &PolicySource<'_>, map: PolicySection, key: &str) -> Option<usize> {
    let hides = |hidden: &&str| match Pattern::new(hidden) {
        Some(pattern) => pattern.matches(key),
        None => *hidden == key,
    };
    // The policy answers at once for the many names that are not hidden.
    policy.hidden().get(key).filter(|()| map == PolicySection::Tools)?;
    text.hide.iter().position(hides)
}

/// The pattern that takes precedence on every name of another.
fn better<'p>(pattern: &Pattern, table: &'p Table<Rule>) -> Option<(&'p Pattern, &'p Rule)> {
    let mut before = table.patterns().take_while(|(other, _)| *other != pattern);
    before.find(|(other, _)| other.matches(pattern.as_str()))
}
