//! The policy for a list of tools.

use std::{collections::HashMap, fmt::Write};

use mcp_policy::{json::quoted, mcp::MAX_NAME};
use serde_json::Value;

use crate::{
    sanitize,
    tools::{Listing, Tool},
};

use super::{
    arguments::{self, ArgumentRule},
    class::{Class, Finding},
    classify::{Hints, classify},
};

/// Classified tools, from which the policy is written.
#[derive(Clone, Debug, Default)]
pub(super) struct Suggestion {
    /// The tools that the policy names, in the order of the list.
    pub(super) tools: Vec<(String, Finding)>,
    /// The rules on arguments that each tool uses, by its name.
    uses: HashMap<String, Vec<String>>,
    /// `rules`, in the order of their first use.
    rules: Vec<(String, Value)>,
    /// Tools that the policy cannot name, and further remarks.
    pub(super) remarks: Vec<String>,
}

impl Suggestion {
    /// Classifies the tools of a list.
    pub(super) fn from_listing(listing: &Listing) -> Self {
        let mut suggestion = Self { remarks: listing.remarks.clone(), ..Self::default() };
        let hints = Hints::of(&listing.tools);
        suggestion.remarks.extend(hints.remark());
        for tool in &listing.tools {
            match why_unusable(tool) {
                Some(why) => suggestion.remarks.push(format!("left out `{}`: {why}", display(&tool.name))),
                None => {
                    suggestion.add(tool, classify(tool, hints));
                    suggestion.add_rules(tool);
                }
            }
        }
        suggestion
    }

    /// Adds the rules on a tool's arguments.
    fn add_rules(&mut self, tool: &Tool) {
        let class = self.tools.iter().find(|(name, _)| *name == tool.name).map(|(_, found)| found.class);
        let Some(class) = class.filter(|class| *class != Class::Destructive) else { return };
        for ArgumentRule { name, rule, remark } in arguments::rules(tool, class) {
            let name = self.rule_name(name, &rule);
            let uses = self.uses.entry(tool.name.clone()).or_default();
            if uses.contains(&name) {
                continue;
            }
            if uses.len() >= MAX_USES {
                let tool = display(&tool.name);
                self.remarks
                    .push(format!("`{tool}` has no `{name}`, since a rule uses {MAX_USES} others at most; add it"));
                continue;
            }
            uses.push(name.clone());
            if !self.rules.iter().any(|(known, _)| *known == name) {
                self.remarks.extend(remark.map(|remark| remark.describe(&name)));
                self.rules.push((name, rule));
            }
        }
    }

    /// The name of a rule, with a number if another rule has the name.
    fn rule_name(&self, name: String, rule: &Value) -> String {
        let is_free = |name: &String| self.rules.iter().all(|(known, other)| known != name || other == rule);
        let numbered = (2..).map(|number| format!("{name}-{number}"));
        [name.clone()].into_iter().chain(numbered).find(is_free).unwrap_or(name)
    }

    fn add(&mut self, tool: &Tool, found: Finding) {
        let Some((_, earlier)) = self.tools.iter_mut().find(|(name, _)| *name == tool.name) else {
            self.tools.push((tool.name.clone(), found));
            return;
        };
        *earlier = earlier.clone().or_stricter(found);
        self.remarks.push(format!("`{}` is listed twice; the stricter class applies", display(&tool.name)));
    }

    /// The tools of a class.
    fn tools_of(&self, class: Class) -> impl Iterator<Item = &(String, Finding)> {
        self.tools.iter().filter(move |(_, found)| found.class == class)
    }

    /// The policy as JSON, with a line for each tool: people read and edit it.
    pub(super) fn policy(&self) -> String {
        let hidden: Vec<String> =
            self.tools_of(Class::Destructive).map(|(name, _)| format!("    {}", quoted(name))).collect();
        let open = self.tools.iter().filter(|(_, found)| found.class != Class::Destructive);
        let open: Vec<String> =
            open.map(|(name, found)| format!("    {}: {}", quoted(name), self.rule(name, found.class))).collect();
        let rules: Vec<String> =
            self.rules.iter().map(|(name, rule)| format!("    {}: {rule}", quoted(name))).collect();
        let mut parts = vec![
            "  \"version\": \"1\"".to_owned(),
            "  \"default\": \"deny\"".to_owned(),
            format!("  \"description\": {}", quoted(&self.description())),
        ];
        if !hidden.is_empty() {
            parts.push(format!("  \"hide\": [\n{}\n  ]", hidden.join(",\n")));
        }
        if !rules.is_empty() {
            parts.push(format!("  \"rules\": {{\n{}\n  }}", rules.join(",\n")));
        }
        if !open.is_empty() {
            parts.push(format!("  \"tools\": {{\n{}\n  }}", open.join(",\n")));
        }
        format!("{{\n{}\n}}\n", parts.join(",\n"))
    }

    /// The rule of a tool: the rules on its arguments, and what its class asks for.
    fn rule(&self, name: &str, class: Class) -> String {
        let Some(uses) = self.uses.get(name) else { return rule_for(class).to_owned() };
        let names: Vec<String> = uses.iter().map(|name| quoted(name)).collect();
        let own = rule_for(class).trim_start_matches('{');
        let separator = if own == "}" { "" } else { ", " };
        format!("{{\"use\": [{}]{separator}{own}", names.join(", "))
    }

    /// The classes and their reasons, short.
    fn description(&self) -> String {
        let mut text =
            "Suggested by mcp-policy from names, descriptions and annotations; review it before use.".to_owned();
        for class in [Class::Destructive, Class::Financial, Class::Execute, Class::Write, Class::Read] {
            let mut tools = self.tools_of(class).peekable();
            if tools.peek().is_some() {
                // Writing to a string cannot fail.
                let _ = write!(text, " {} ({}):", capitalised(class.name()), class.treatment());
                let tools: Vec<String> = tools.map(|(name, found)| format!(" {name}, {}", found.reason)).collect();
                text.push_str(&tools.join(";"));
                text.push('.');
            }
        }
        if text.chars().count() > MAX_DESCRIPTION {
            text = text.chars().take(MAX_DESCRIPTION).chain(['…']).collect();
        }
        text
    }
}

/// In characters.
const MAX_DESCRIPTION: usize = 1000;

/// A rule may use so many others; product contract, section 1.2.
const MAX_USES: usize = 16;

/// Why a policy cannot name a tool.
fn why_unusable(tool: &Tool) -> Option<String> {
    match tool.name.as_str() {
        "" => Some("its name is empty".into()),
        name if name.len() > MAX_NAME => {
            Some(format!("its name is longer than {MAX_NAME} bytes, so the filter refuses every call of it"))
        }
        name if name.chars().any(char::is_control) => {
            Some("its name contains a control character, so the filter refuses every call of it".into())
        }
        name if name.contains('*') => {
            Some("a policy would read the `*` in its name as a pattern; it stays denied".into())
        }
        _ => None,
    }
}

fn rule_for(class: Class) -> &'static str {
    match class {
        Class::Read => "{}",
        Class::Write => r#"{"rate_limit": "30/minute"}"#,
        Class::Execute => r#"{"rate_limit": "10/minute"}"#,
        Class::Financial => r#"{"action": "require_approval", "reason": "it may move money"}"#,
        // These are in `hide` instead; an entry would deny them, too.
        Class::Destructive => r#"{"action": "deny"}"#,
    }
}

fn capitalised(word: &str) -> String {
    let mut characters = word.chars();
    characters.next().map(|first| first.to_uppercase().chain(characters).collect()).unwrap_or_default()
}

/// A name for people: safe for a terminal, and short.
pub(super) fn display(name: &str) -> String {
    let mut shown = sanitize::line(name);
    if let Some((end, _)) = shown.char_indices().nth(MAX_SHOWN) {
        shown.truncate(end);
        shown.push('…');
    }
    shown
}

/// In characters.
const MAX_SHOWN: usize = 60;
