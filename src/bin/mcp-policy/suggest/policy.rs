//! From tools to a policy.

use std::fmt::Write;

use mcp_policy::mcp::MAX_NAME;

use super::{
    class::{Class, Finding, classify},
    tool::{Listing, Tool},
};

/// A policy, and why it is as it is.
#[derive(Clone, Debug, Default)]
pub(super) struct Suggestion {
    /// The tools that it speaks of, in the order of the list.
    pub(super) tools: Vec<(String, Finding)>,
    /// What it does not speak of, and what else is to be known.
    pub(super) remarks: Vec<String>,
}

impl Suggestion {
    /// Classes the tools of a list.
    pub(super) fn new(listing: &Listing) -> Self {
        let mut suggestion = Self { tools: Vec::new(), remarks: listing.remarks.clone() };
        for tool in &listing.tools {
            match unusable(tool) {
                Some(why) => suggestion.remarks.push(format!("left out `{}`: {why}", shown(&tool.name))),
                None => suggestion.add(tool),
            }
        }
        suggestion
    }

    fn add(&mut self, tool: &Tool) {
        let found = classify(tool);
        let Some((_, earlier)) = self.tools.iter_mut().find(|(name, _)| *name == tool.name) else {
            self.tools.push((tool.name.clone(), found));
            return;
        };
        *earlier = earlier.clone().or_stricter(found);
        self.remarks.push(format!("`{}` is listed twice; the stricter class stands", shown(&tool.name)));
    }

    /// The tools of a class.
    fn of(&self, class: Class) -> impl Iterator<Item = &(String, Finding)> {
        self.tools.iter().filter(move |(_, found)| found.class == class)
    }

    /// The policy as JSON, one line a tool: people read it, and change it.
    pub(super) fn policy(&self) -> String {
        let hidden: Vec<String> =
            self.of(Class::Destructive).map(|(name, _)| format!("    {}", quoted(name))).collect();
        let open = self.tools.iter().filter(|(_, found)| found.class != Class::Destructive);
        let open: Vec<String> =
            open.map(|(name, found)| format!("    {}: {}", quoted(name), rule(found.class))).collect();
        let mut parts = vec![
            "  \"version\": \"1\"".to_owned(),
            "  \"default\": \"deny\"".to_owned(),
            format!("  \"description\": {}", quoted(&self.description())),
        ];
        if !hidden.is_empty() {
            parts.push(format!("  \"hide\": [\n{}\n  ]", hidden.join(",\n")));
        }
        if !open.is_empty() {
            parts.push(format!("  \"tools\": {{\n{}\n  }}", open.join(",\n")));
        }
        format!("{{\n{}\n}}\n", parts.join(",\n"))
    }

    /// What was done and why, short.
    fn description(&self) -> String {
        let mut text =
            "Suggested by mcp-policy from names, descriptions and annotations; read it before use.".to_owned();
        for class in [Class::Destructive, Class::Financial, Class::Execute, Class::Write, Class::Read] {
            let mut tools = self.of(class).peekable();
            if tools.peek().is_some() {
                // Writing to a string cannot fail.
                let _ = write!(text, " {} ({}):", capitalised(class.name()), class.treatment());
                let tools: Vec<String> = tools.map(|(name, found)| format!(" {name}, {}", found.why)).collect();
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

/// Why no entry can be made for a tool.
fn unusable(tool: &Tool) -> Option<String> {
    match tool.name.as_str() {
        "" => Some("its name is empty".into()),
        name if name.len() > MAX_NAME => {
            Some(format!("its name is longer than {MAX_NAME} bytes, so every call of it is refused"))
        }
        name if name.chars().any(char::is_control) => {
            Some("its name holds a control character, so every call of it is refused".into())
        }
        name if name.contains('*') => {
            Some("in a policy the `*` of its name would stand for any text; it stays denied".into())
        }
        _ => None,
    }
}

fn rule(class: Class) -> &'static str {
    match class {
        Class::Read => "{}",
        Class::Write => r#"{"rate_limit": "30/minute"}"#,
        Class::Execute => r#"{"rate_limit": "10/minute"}"#,
        Class::Financial => r#"{"action": "require_approval", "reason": "it may move money"}"#,
        // Stands in `hide` instead; were it here, it would be closed, too.
        Class::Destructive => r#"{"action": "deny"}"#,
    }
}

fn quoted(text: &str) -> String {
    // A string always serialises.
    serde_json::to_string(text).unwrap_or_default()
}

fn capitalised(word: &str) -> String {
    let mut characters = word.chars();
    characters.next().map(|first| first.to_uppercase().chain(characters).collect()).unwrap_or_default()
}

/// A name as a terminal can show it.
pub(super) fn shown(name: &str) -> String {
    let escaped: String = name.escape_debug().take(MAX_SHOWN).collect();
    if escaped.chars().count() < MAX_SHOWN { escaped } else { escaped + "…" }
}

/// In characters.
const MAX_SHOWN: usize = 60;
