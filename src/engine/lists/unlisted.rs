//! Entries of a policy that name tools, and which of them no list of the server has shown yet.

use std::collections::HashSet;

use crate::{
    budget::Work,
    policy::{
        Policy,
        pattern::{self, Pattern},
    },
};

/// Names that a message lists.
const MAX_NAMES: usize = 5;

/// The keys of `tools` and `hide` that no listed tool has matched so far.
#[derive(Debug)]
pub struct UnlistedEntries {
    names: HashSet<Box<str>>,
    patterns: Vec<Pattern>,
}

impl UnlistedEntries {
    /// All entries of a policy that name tools.
    #[must_use]
    pub fn new(policy: &Policy) -> Self {
        let (tools, hidden) = (policy.tools(), policy.hidden());
        let names = tools.names().map(|(name, _)| name).chain(hidden.names().map(|(name, ())| name));
        let patterns =
            tools.patterns().map(|(pattern, _)| pattern).chain(hidden.patterns().map(|(pattern, ())| pattern));
        Self { names: names.map(Into::into).collect(), patterns: patterns.cloned().collect() }
    }

    /// Takes the tools that a list shows, as far as that takes no more work than the rules of a call: further tools match no
    /// entry.
    pub fn see<'n>(&mut self, names: impl IntoIterator<Item = &'n str>) {
        let work = Work::default();
        for name in names {
            self.names.remove(name);
            if work.charge(self.patterns.len().saturating_mul(pattern::most_work(name))).is_err() {
                return;
            }
            self.patterns.retain(|pattern| !pattern.matches(name));
        }
    }

    /// How many entries are left.
    #[must_use]
    pub fn len(&self) -> usize {
        self.names.len().saturating_add(self.patterns.len())
    }

    /// Whether every entry has matched a tool.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The first of them in code-point order, for a message.
    #[must_use]
    pub fn describe(&self) -> String {
        let patterns = self.patterns.iter().map(Pattern::as_str);
        let mut all: Vec<&str> = self.names.iter().map(|name| &**name).chain(patterns).collect();
        all.sort_unstable();
        let more = all.len().saturating_sub(MAX_NAMES);
        let shown: Vec<String> =
            all.iter().take(MAX_NAMES).map(|name| format!("`{}`", crate::text::excerpt(name))).collect();
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        format!("{}{more}", shown.join(", "))
    }
}

#[cfg(test)]
mod tests {
    #[cfg(target_family = "wasm")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::UnlistedEntries;
    use crate::config::Config;

    #[test]
    fn what_a_list_shows_is_taken_out() {
        let policy = br#"{"version":"1","default":"deny","hide":["drop","rm_*"],"tools":{"get_*":{},"get_a":{},"put_*":{},"genrate":{}}}"#;
        let config = Config::load(policy).unwrap();
        let mut entries = UnlistedEntries::new(&config.policies[0].policy);
        assert_eq!(entries.describe(), "`drop`, `genrate`, `get_*`, `get_a`, `put_*` and 1 more");
        entries.see(["get_b", "rm_x", "other", "drop", "get_a"]);
        assert_eq!((entries.len(), entries.describe()), (2, "`genrate`, `put_*`".to_owned()));
        assert!(!entries.is_empty());
    }
}
