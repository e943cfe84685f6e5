//! Entries of a policy that name tools, prompts and resources, and which of them no list of the server has shown yet.

use std::collections::HashSet;

use crate::{
    budget::{TooMuchWork, Work},
    mcp::list::ListKind,
    policy::{
        Policy, Rule,
        pattern::{self, Pattern, Table},
        uri,
    },
};

/// Names that a message lists.
const MAX_NAMES: usize = 5;

/// Units of [`Work`] for comparing a name with the start of a template.
const COMPARE: usize = 10;

/// The keys of `tools` with `hide`, of `prompts` and of `resources` that nothing listed has matched so far. Those of a section count
/// once a list of its kind has come: a client need not ask for prompts.
#[derive(Debug)]
pub struct UnlistedEntries {
    tools: UnlistedSection,
    prompts: UnlistedSection,
    resources: UnlistedSection,
}

#[derive(Debug, Default)]
struct UnlistedSection {
    names: HashSet<Box<str>>,
    patterns: Vec<Pattern>,
    /// Whether a list of this kind has come.
    is_listed: bool,
}

impl UnlistedEntries {
    /// All entries of a policy that name something.
    #[must_use]
    pub fn new(policy: &Policy) -> Self {
        let mut entries = Self {
            tools: UnlistedSection::new(policy.tools()),
            prompts: UnlistedSection::new(policy.prompts()),
            resources: UnlistedSection::new(policy.resources()),
        };
        entries.tools.add(policy.hidden());
        entries
    }

    /// Whether a policy has entries that a list of this kind can show.
    #[must_use]
    pub fn are_in(policy: &Policy, kind: ListKind) -> bool {
        match kind {
            ListKind::Tools => !policy.tools().is_empty() || !policy.hidden().is_empty(),
            ListKind::Prompts => !policy.prompts().is_empty(),
            ListKind::Resources | ListKind::Templates => !policy.resources().is_empty(),
        }
    }

    /// Takes what lists show, as far as that takes no more work than the rules of a call: what follows matches no entry.
    pub fn see<'n>(&mut self, listed: impl IntoIterator<Item = (ListKind, &'n str)>) {
        let work = Work::default();
        for (kind, name) in listed {
            let seen = match (kind, name.split_once('{')) {
                (ListKind::Tools, _) => self.tools.see(name, &work),
                (ListKind::Prompts, _) => self.prompts.see(name, &work),
                (ListKind::Templates, Some((front, _))) => self.resources.see_prefix(&uri::normalize(front), &work),
                (ListKind::Resources | ListKind::Templates, _) => self.resources.see(&uri::normalize(name), &work),
            };
            if seen.is_err() {
                return;
            }
        }
    }

    /// How many entries are left.
    #[must_use]
    pub fn len(&self) -> usize {
        self.sections().iter().fold(0, |sum, (_, section)| sum.saturating_add(section.keys().count()))
    }

    /// Whether every entry has matched something.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The first of them, by section and in code-point order, for a message.
    #[must_use]
    pub fn describe(&self) -> String {
        let mut text = String::new();
        let mut left = MAX_NAMES;
        for (suffix, section) in self.sections() {
            for key in first_keys(section.keys(), left) {
                let separator = if text.is_empty() { "" } else { ", " };
                text.extend([separator, "`", &crate::text::excerpt(key), "`", suffix]);
            }
            left = left.saturating_sub(section.keys().count());
        }
        match self.len().saturating_sub(MAX_NAMES) {
            0 => text,
            more => format!("{text} and {more} more"),
        }
    }

    fn sections(&self) -> [(&'static str, &UnlistedSection); 3] {
        [("", &self.tools), (" (of `prompts`)", &self.prompts), (" (of `resources`)", &self.resources)]
    }
}

/// The first of some keys in code-point order, at most so many. A sort would add 3 KB to the module.
fn first_keys<'k>(keys: impl Iterator<Item = &'k str>, most: usize) -> Vec<&'k str> {
    let mut first: Vec<&str> = Vec::new();
    for key in keys {
        first.insert(first.partition_point(|other| *other < key), key);
        first.truncate(most);
    }
    first
}

impl UnlistedSection {
    fn new(table: &Table<Rule>) -> Self {
        let mut section = Self::default();
        section.add(table);
        section
    }

    fn add<T>(&mut self, table: &Table<T>) {
        self.names.extend(table.names().map(|(name, _)| name.into()));
        self.patterns.extend(table.patterns().map(|(pattern, _)| pattern.clone()));
    }

    fn see(&mut self, name: &str, work: &Work) -> Result<(), TooMuchWork> {
        self.is_listed = true;
        self.names.remove(name);
        work.charge(self.patterns.len().saturating_mul(pattern::most_work(name)))?;
        self.patterns.retain(|pattern| !pattern.matches(name));
        Ok(())
    }

    /// Takes a template: each entry of a URI that begins like it may be one of its resources.
    fn see_prefix(&mut self, front: &str, work: &Work) -> Result<(), TooMuchWork> {
        self.is_listed = true;
        let entries = self.names.len().saturating_add(self.patterns.len());
        work.charge(entries.saturating_mul(front.len().saturating_add(COMPARE)))?;
        self.names.retain(|name| !name.starts_with(front));
        self.patterns.retain(|pattern| !pattern.overlaps_prefix(front));
        Ok(())
    }

    /// The keys that are left; none as long as no list has come.
    fn keys(&self) -> impl Iterator<Item = &str> {
        let keys = self.names.iter().map(|name| &**name).chain(self.patterns.iter().map(Pattern::as_str));
        keys.filter(|_| self.is_listed)
    }
}

#[cfg(test)]
mod tests {
    #[cfg(target_family = "wasm")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::{ListKind, UnlistedEntries};
    use crate::config::Config;

    fn entries(policy: &str) -> UnlistedEntries {
        let config = Config::load(policy.as_bytes()).unwrap();
        UnlistedEntries::new(&config.policies[0].policy)
    }

    #[test]
    fn what_a_list_shows_is_taken_out() {
        let mut entries = entries(
            r#"{"version":"1","default":"deny","hide":["drop","rm_*"],"tools":{"get_*":{},"get_a":{},"put_*":{},"genrate":{}}}"#,
        );
        assert!(entries.is_empty(), "no list has come");
        entries.see([(ListKind::Tools, "other")]);
        assert_eq!(entries.describe(), "`drop`, `genrate`, `get_*`, `get_a`, `put_*` and 1 more");
        entries.see(["get_b", "rm_x", "drop", "get_a"].map(|name| (ListKind::Tools, name)));
        assert_eq!((entries.len(), entries.describe()), (2, "`genrate`, `put_*`".to_owned()));
        assert!(!entries.is_empty());
    }

    #[test]
    fn prompts_and_resources_count_once_such_a_list_has_come() {
        let mut entries = entries(
            r#"{"version":"1","default":"deny","tools":{"t":{}},"prompts":{"greet":{},"ask_*":{}},"resources":{"file:///a/*":{},
                "file:///b/x":{},"note:\u00e9":{},"db:*z":{}}}"#,
        );
        entries.see([(ListKind::Prompts, "ask_me")]);
        assert_eq!(entries.describe(), "`greet` (of `prompts`)");
        entries.see([(ListKind::Tools, "u"), (ListKind::Resources, "note:\u{e9}")]);
        assert_eq!(
            entries.describe(),
            "`t`, `greet` (of `prompts`), `db:*z` (of `resources`), `file:///a/*` (of `resources`), `file:///b/x` (of \
             `resources`)"
        );
        entries.see([(ListKind::Templates, "file:///{path}"), (ListKind::Templates, "db:1z")]);
        assert_eq!((entries.len(), entries.describe()), (2, "`t`, `greet` (of `prompts`)".to_owned()));
    }

    #[test]
    fn a_policy_is_asked_for_what_its_lists_can_show() {
        let kinds = [ListKind::Tools, ListKind::Prompts, ListKind::Resources, ListKind::Templates];
        for (entries, expected) in [
            ("", [false, false, false, false]),
            (r#","hide":["x"]"#, [true, false, false, false]),
            (r#","tools":{"x":{}}"#, [true, false, false, false]),
            (r#","prompts":{"p":{}}"#, [false, true, false, false]),
            (r#","resources":{"a:b":{}}"#, [false, false, true, true]),
        ] {
            let text = format!(r#"{{"version":"1","default":"deny"{entries}}}"#);
            let config = Config::load(text.as_bytes()).unwrap();
            let policy = &config.policies[0].policy;
            assert_eq!(kinds.map(|kind| UnlistedEntries::are_in(policy, kind)), expected, "{entries}");
        }
    }
}
