//! Tools that call other tools by name: rules on those names do not see the calls.

use crate::policy::{Rule, condition::Condition};

use super::{Lint, Lints, policy_section::PolicySection, quoted, view::ReachableRule};

/// Verbs of such tools; `tool` or `tools` follows them at the end of the name.
const VERBS: [&str; 8] = ["call", "invoke", "execute", "exec", "run", "use", "dispatch", "forward"];

/// Names of their argument, likewise.
const ARGUMENTS: [&str; 3] = ["toolname", "tool", "toolid"];

pub(super) fn check(lints: &mut Lints<'_>) {
    let view = lints.view;
    for reachable in view.reachable_rules() {
        let Some(entry) = reachable.entry.filter(|entry| entry.map == PolicySection::Tools && entry.pattern.is_none())
        else {
            continue;
        };
        if is_caller(entry.key) && !is_restrained(reachable) {
            lints.add(Lint::CallsByName, &entry.pointer, message(entry.key, "tool_name"));
        }
    }
}

/// Whether a name says that the tool calls other tools.
pub(super) fn is_caller(name: &str) -> bool {
    let words = words(name);
    match words.as_slice() {
        [.., verb, last] => ["tool", "tools"].contains(&last.as_str()) && VERBS.contains(&verb.as_str()),
        _ => false,
    }
}

/// Whether an argument's name says that it names a tool.
pub(super) fn names_tool(argument: &str) -> bool {
    ARGUMENTS.contains(&words(argument).concat().as_str())
}

/// Whether a rule looks at which tool is called, or has a person look at each call.
pub(super) fn is_restrained(reachable: ReachableRule<'_>) -> bool {
    let looks = |condition: &Condition| condition.args_path().is_some_and(|path| path.keys().any(names_tool));
    reachable.rules().any(|rule: &Rule| {
        let mut predicates = rule.require().chain(rule.deny_if());
        let asks = rule.approval().any(|predicate| predicate.conditions.is_empty());
        asks || predicates.any(|predicate| predicate.conditions.iter().any(looks))
    })
}

pub(super) fn message(tool: &str, argument: &str) -> String {
    format!(
        "{} calls other tools by name, and rules on those tools do not see these calls; require allowed names of \
         `args.{argument}` with `in`, or deny the tool",
        quoted(tool)
    )
}

/// The words of a name in lower case: `callTool` and `call_tool` are `call`, `tool`.
fn words(name: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut before = ' ';
    for character in name.chars() {
        let begins =
            !character.is_ascii_alphanumeric() || character.is_ascii_uppercase() && before.is_ascii_lowercase();
        if begins {
            words.push(String::new());
        }
        if let (true, Some(word)) = (character.is_ascii_alphanumeric(), words.last_mut()) {
            word.push(character.to_ascii_lowercase());
        }
        before = character;
    }
    words.retain(|word| !word.is_empty());
    words
}
