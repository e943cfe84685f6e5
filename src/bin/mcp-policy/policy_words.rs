//! What a policy does with a tool, in a few words: for tables of the catalogue and of the inventory.

use mcp_policy::{
    policy::{Cost, Effect, Limit, Lookup, Mode, Policy, Rule, Scope, Section},
    text::count,
};

/// What a policy does with a tool.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Treatment {
    /// In a few words: `30 a minute, conditions`.
    pub(crate) words: String,
    /// Whether an entry of the policy names it.
    pub(crate) is_named: bool,
}

/// Describes what a policy does with a tool.
pub(crate) fn describe(policy: &Policy, tool: &str) -> Treatment {
    describe_target(policy, Section::Tools, tool)
}

/// Describes what a policy does with a tool, a resource or a prompt, or with all that a pattern of it names.
pub(crate) fn describe_target(policy: &Policy, section: Section, name: &str) -> Treatment {
    let nothing = Rule::default();
    let (found, beside) = match section {
        Section::Hide | Section::Tools => (policy.tool(name), policy.all_tools()),
        Section::Resources => (policy.resource(name), &nothing),
        Section::Prompts => (policy.prompt(name), &nothing),
    };
    let (words, is_named) = match found {
        Lookup::Hidden => ("hidden".to_owned(), true),
        Lookup::Rule(rule) => (describe_rule(policy, [rule, beside]), true),
        Lookup::NoMatch if policy.default() == Effect::Deny => ("denied by default".to_owned(), false),
        Lookup::NoMatch => (describe_rule(policy, [&Rule::default(), beside]), false),
    };
    let words = if policy.mode() == Mode::Shadow { format!("{words} (in shadow)") } else { words };
    Treatment { words, is_named }
}

/// Describes an entry's rule, and the one that applies beside it.
fn describe_rule(policy: &Policy, both: [&Rule; 2]) -> String {
    let [rule, _] = both;
    let rules = || both.into_iter().filter(|rule| rule.mode == Mode::Enforce);
    if rules().any(Rule::never_allows) {
        return "denied".to_owned();
    }
    // A rule in shadow permits nothing that the default denies.
    if rule.mode == Mode::Shadow && policy.default() == Effect::Deny {
        return "denied by default".to_owned();
    }
    let mut parts: Vec<String> = Vec::new();
    let approval: Vec<_> = rules().flat_map(Rule::approval).collect();
    if approval.iter().any(|predicate| predicate.conditions.is_empty()) {
        parts.push("needs approval".to_owned());
    } else if !approval.is_empty() {
        parts.push("may need approval".to_owned());
    }
    let conditions = rules().map(|rule| rule.require().count().saturating_add(rule.deny_if().count())).sum::<usize>();
    if conditions > 0 {
        parts.push(count(conditions, "condition"));
    }
    parts.extend(rules().flat_map(Rule::limits).filter_map(describe_limit));
    if parts.is_empty() { "open".to_owned() } else { parts.join(", ") }
}

/// `30 a minute`, or `200 a day for all` of what calls cost. `None` if it only counts.
fn describe_limit(limit: &Limit) -> Option<String> {
    let max = limit.max?;
    let window = limit.window.name_with_article();
    let window = window.map_or_else(|| format!("in {} s", limit.window.seconds()), str::to_owned);
    let summed = if matches!(limit.cost, Cost::Argument(_)) { " in sum" } else { "" };
    let whose = if limit.scope == Scope::Global { " for all" } else { "" };
    Some(format!("{max} {window}{summed}{whose}"))
}

#[cfg(test)]
mod tests {
    use mcp_policy::config::Config;

    use super::describe;

    #[test]
    fn a_rule_is_described_in_a_few_words() {
        let text = br#"{"version": "1", "default": "deny", "hide": ["gone"], "tools": {
            "open": {}, "slow": {"rate_limit": "30/minute"}, "shut": {"action": "deny"},
            "asks": {"action": "require_approval"},
            "mixed": {"require": [{"conditions": [{"path": "args.a", "op": "eq", "value": 1}]}],
                "require_approval": [{"conditions": [{"path": "args.a", "op": "gt", "value": 5}]}],
                "limits": [{"counter": "c", "window": "day", "max": 9, "scope": "global", "increment_from": "args.a"}]}}}"#;
        let config = Config::load(text).map_err(|invalid| invalid.to_string()).unwrap();
        let policy = config.policy("default").unwrap();
        for (tool, words, is_named) in [
            ("gone", "hidden", true),
            ("open", "open", true),
            ("slow", "30 a minute", true),
            ("shut", "denied", true),
            ("asks", "needs approval", true),
            ("mixed", "may need approval, 1 condition, 9 a day in sum for all", true),
            ("other", "denied by default", false),
        ] {
            let found = describe(policy, tool);
            assert_eq!((found.words.as_str(), found.is_named), (words, is_named), "{tool}");
        }
    }
}
