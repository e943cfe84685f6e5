//! Lints on the names in a policy: keys that match no tool or no method, and rules that no entry uses.

use crate::{json::diagnostic::nearest_word, mcp::Method, policy::Effect};

use super::{
    Lint, Lints,
    policy_section::PolicySection,
    quoted,
    tools::{ListedNames, ListedTool},
    value_offsets::child,
};

/// `tools` are those that a server lists, as far as they are known: a key that matches one of them is not odd.
pub(super) fn check(lints: &mut Lints<'_>, tools: &[ListedTool]) {
    let view = lints.view;
    let listed = ListedNames::new(tools);
    for (index, key) in view.text.hide.iter().enumerate().filter(|(_, key)| !listed.has(key)) {
        odd_name(lints, PolicySection::Tools, key, true, view.text.absolute(&format!("/hide/{index}")));
    }
    for entry in &view.entries {
        let is_known = match entry.map {
            PolicySection::Tools => listed.has(entry.key),
            PolicySection::Resources => true,
            PolicySection::Prompts => false,
        };
        if !is_known {
            odd_name(lints, entry.map, entry.key, entry.rule.denies_unconditionally(), entry.pointer.clone());
        }
    }
    unknown_methods(lints);
    unused_rules(lints);
}

/// Keys of `methods` that are nearly the name of a method. Servers may have methods of their own.
fn unknown_methods(lints: &mut Lints<'_>) {
    let view = lints.view;
    let parts = |method: &str| method.split(['/', '.', ':']).count();
    let known: Vec<&str> = Method::names().collect();
    for method in view.text.methods.iter().filter(|method| !known.contains(*method)) {
        // `vendor/ping` is not a misspelled `ping`.
        let alike: Vec<&str> = known.iter().copied().filter(|known| parts(known) == parts(method)).collect();
        if let Some(near) = nearest_word(method, &alike) {
            let message = format!(
                "MCP has no method {}, so this decides on none (did you mean `{near}`?); correct the name, unless your server has a \
                 method of its own with this name",
                quoted(method)
            );
            lints.add(Lint::UnknownMethod, child(&view.text.pointer("methods"), method), message);
        }
    }
}

/// A key that its author means as a regular expression or as another kind of pattern.
fn odd_name(lints: &mut Lints<'_>, section: PolicySection, key: &str, denies: bool, pointer: String) {
    let shown = quoted(key);
    let is_open = denies && lints.view.policy.default() == Effect::Allow;
    // Titles with spaces, in any script, are names of prompts, too.
    let is_odd = |c: char| !is_usual(c) && !c.is_control() && (section == PolicySection::Tools || is_syntax(c));
    if let Some(odd) = key.chars().find(|c| is_odd(*c)) {
        let odd = if odd == ' ' { "a space".to_owned() } else { quoted(&odd.to_string()) };
        let message = format!(
            "no {}'s name has {odd}, so {shown} matches none; only `*` is special in a key, and it matches any characters, as in \
             `delete_*`",
            section.noun()
        );
        lints.add(Lint::OddName, pointer, message);
    } else if let Some(before) = regex_dots(key, is_open) {
        let message = format!(
            "{shown} matches only names with a dot after {}; a key is not a regular expression, and `*` alone matches any \
             characters: write `{}`",
            quoted(before),
            key.replace(".*", "*")
        );
        lints.add(Lint::OddName, pointer, message);
    }
}

/// Whether names of tools have this character: the specification says ASCII letters, digits, `_`, `-` and `.`, and servers add
/// `/` and `:`.
fn is_usual(c: char) -> bool {
    c.is_ascii_alphanumeric() || "_-./:*".contains(c)
}

/// Whether it has a meaning in regular expressions or in patterns of shells.
fn is_syntax(c: char) -> bool {
    r"^$\?[]{}()|+".contains(c)
}

/// What comes before a `.*` that looks like one of a regular expression. After a word it may well mean a dot
/// (`image.*`), so there it counts only where a mistake opens something.
fn regex_dots(key: &str, is_open: bool) -> Option<&str> {
    let (before, after) = key.split_once(".*")?;
    let after_word = before.ends_with(|c: char| c.is_ascii_alphanumeric());
    let is_regex = before.is_empty() || before.ends_with(['_', '-', '/']) || after.contains(".*") || is_open;
    (is_regex || !after_word).then_some(before)
}

/// Rules that no entry uses.
fn unused_rules(lints: &mut Lints<'_>) {
    let view = lints.view;
    for name in &view.text.rules {
        if !view.text.uses.contains(name) {
            let message =
                format!("no entry uses {}, so it never applies; name it in a `use`, or remove it", quoted(name));
            lints.add(Lint::UnusedRule, child(&view.text.pointer("rules"), name), message);
        }
    }
}
