//! What an entry of a policy decides on every call, as one choice of a form.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::catalog::entry::{Closed, Recommended};

use super::{
    outline::{Kind, Part},
    splice::{Change, Splice},
};

/// A map of a policy whose keys are names or patterns.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Section {
    Tools,
    Resources,
    Prompts,
}

/// What the entry of a name decides on every call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Decision {
    /// The policy has no entry of this name: a pattern or `default` decides.
    NoEntry,
    /// Calls that its conditions and limits permit.
    Allow,
    Deny,
    RequireApproval,
    /// `hide` names it.
    Hide,
}

impl Section {
    pub(super) const ALL: [Self; 3] = [Self::Tools, Self::Resources, Self::Prompts];

    /// The key of the map.
    pub(super) fn key(self) -> &'static str {
        match self {
            Self::Tools => "tools",
            Self::Resources => "resources",
            Self::Prompts => "prompts",
        }
    }
}

/// The lists in which an item without conditions decides on every call, and what it decides.
const LISTS: [(&str, Decision); 2] = [("deny_if", Decision::Deny), ("require_approval", Decision::RequireApproval)];

impl Decision {
    /// Reads what a policy's own entry of a name decides. `policy` is the policy's part of the text.
    pub(super) fn read(policy: &Part, section: Section, name: &str) -> Self {
        if section == Section::Tools && hidden_at(policy, name).is_some() {
            return Self::Hide;
        }
        let Some(entry) = policy.child(section.key()).and_then(|map| map.child(name)) else { return Self::NoEntry };
        match entry.child("action").map(|action| &action.kind) {
            Some(Kind::Scalar(action)) if action == "deny" => Self::Deny,
            Some(Kind::Scalar(action)) if action == "require_approval" => Self::RequireApproval,
            _ => {
                let decides = |(list, _): &&(&str, Self)| !unconditional_items(entry, list).is_empty();
                LISTS.iter().find(decides).map_or(Self::Allow, |(_, decision)| *decision)
            }
        }
    }

    /// The splices that have the entry of a name decide this, each for the text that the one before it makes.
    ///
    /// # Errors
    /// A sentence on what in the text is in the way.
    pub(super) fn write(
        self,
        text: &str,
        policy: &[String],
        section: Section,
        name: &str,
    ) -> Result<Vec<Splice>, String> {
        let part = Part::read(text);
        let at = part.find(policy).ok_or("the text has no such policy")?;
        if Self::read(at, section, name) == self {
            return Ok(Vec::new());
        }
        let place = |tokens: &[&str]| [policy, &tokens.iter().map(ToString::to_string).collect::<Vec<_>>()].concat();
        let entry = [section.key(), name];
        let mut changes = Vec::new();
        if section == Section::Tools {
            changes.extend(show(at, policy, name));
        }
        let rule = at.find(&entry.map(str::to_owned));
        let is_empty = match rule.map(|rule| &rule.kind) {
            Some(Kind::Object { members, is_whole }) => *is_whole && members.is_empty(),
            other => other.is_none(),
        };
        let set = |pointer, value: &Value| Change::Set { pointer, json: value.to_string() };
        match self {
            Self::NoEntry => changes.push(Change::Remove { pointer: place(&entry) }),
            Self::Hide => changes.push(Change::Append { pointer: place(&["hide"]), json: json!(name).to_string() }),
            Self::Deny => changes.push(set(place(&entry), &json!({"action": "deny"}))),
            Self::Allow if rule.is_none() => changes.push(set(place(&entry), &json!({}))),
            Self::RequireApproval if is_empty => {
                changes.push(set(place(&entry), &json!({"action": "require_approval"})))
            }
            Self::Allow | Self::RequireApproval => {
                let lists = rule
                    .into_iter()
                    .flat_map(|rule| LISTS.map(|(list, _)| (list, rule.child(list), unconditional_items(rule, list))));
                for (list, part, items) in lists {
                    let is_all = part.is_some_and(
                        |part| matches!(&part.kind, Kind::Array { items: all, .. } if all.len() == items.len()),
                    );
                    if is_all && !items.is_empty() {
                        changes.push(Change::Remove { pointer: place(&[section.key(), name, list]) });
                        continue;
                    }
                    let remove = |index: &usize| Change::Remove {
                        pointer: place(&[section.key(), name, list, &index.to_string()]),
                    };
                    changes.extend(items.iter().rev().map(remove));
                }
                let action = place(&[section.key(), name, "action"]);
                changes.push(match self {
                    Self::Allow => Change::Remove { pointer: action },
                    _ => set(action, &json!("require_approval")),
                });
            }
        }
        apply_all(text, &changes)
    }
}

/// The splices that give a tool the rule that the catalogue recommends, each for the text that the one before it makes.
///
/// # Errors
/// A sentence on what in the text is in the way.
pub(super) fn write_recommended(
    text: &str,
    policy: &[String],
    name: &str,
    rule: &Recommended,
) -> Result<Vec<Splice>, String> {
    let rule = match rule {
        Recommended::Closed(Closed::Hide) => return Decision::Hide.write(text, policy, Section::Tools, name),
        // Whatever this policy's `default` is.
        Recommended::Closed(Closed::Deny) => return Decision::Deny.write(text, policy, Section::Tools, name),
        Recommended::Rule(rule) => rule,
    };
    let part = Part::read(text);
    let at = part.find(policy).ok_or("the text has no such policy")?;
    let pointer = [policy, &[Section::Tools.key().to_owned(), name.to_owned()]].concat();
    let json = serde_json::to_string(rule).map_err(|error| error.to_string())?;
    let changes: Vec<Change> = show(at, policy, name).into_iter().chain([Change::Set { pointer, json }]).collect();
    apply_all(text, &changes)
}

/// The change that takes exactly this name out of `hide`, with the list if it is the only one.
fn show(at: &Part, policy: &[String], name: &str) -> Option<Change> {
    let (index, count) = hidden_at(at, name)?;
    let last = (count > 1).then(|| index.to_string());
    Some(Change::Remove { pointer: policy.iter().cloned().chain(["hide".to_owned()]).chain(last).collect() })
}

/// The splices that make the changes, one after the other.
///
/// # Errors
/// A sentence on what in the text is in the way of one.
pub(super) fn apply_all(text: &str, changes: &[Change]) -> Result<Vec<Splice>, String> {
    let mut text = text.to_owned();
    let mut splices = Vec::new();
    for change in changes {
        if let Some(splice) = Splice::new(&text, change)? {
            text = splice.apply(&text);
            splices.push(splice);
        }
    }
    Ok(splices)
}

/// Where `hide` has exactly this name, and how many names it has.
fn hidden_at(policy: &Part, name: &str) -> Option<(usize, usize)> {
    let Kind::Array { items, .. } = &policy.child("hide")?.kind else { return None };
    let at = items.iter().position(|item| matches!(&item.kind, Kind::Scalar(hidden) if hidden == name));
    at.map(|at| (at, items.len()))
}

/// The items of a list of a rule that have no conditions, which always hold.
fn unconditional_items(rule: &Part, list: &str) -> Vec<usize> {
    let Some(Kind::Array { items, .. }) = rule.child(list).map(|list| &list.kind) else { return Vec::new() };
    let is_unconditional = |item: &Part| {
        let conditions = item.child("conditions").map(|conditions| &conditions.kind);
        matches!(conditions, Some(Kind::Array { items, is_whole: true }) if items.is_empty())
    };
    items.iter().enumerate().filter(|(_, item)| is_unconditional(item)).map(|(index, _)| index).collect()
}

#[cfg(test)]
mod tests {
    use crate::catalog::entry::{Closed, Recommended};

    use super::{Decision, Part, Section, write_recommended};

    const TEXT: &str = r#"{"default": "deny", "hide": ["h", "p*"], "tools": {"a": {}, "d": {"action": "deny"}, "r": {"action": "require_approval"},
        "l": {"limits": [], "deny_if": [{"conditions": []}, {"conditions": [1]}]}, "x": {"require_approval": [{"conditions": [], "expires": "1h"}]}}}"#;

    const ALL: [Decision; 5] =
        [Decision::NoEntry, Decision::Allow, Decision::Deny, Decision::RequireApproval, Decision::Hide];

    fn write(text: &str, decision: Decision, name: &str) -> String {
        let splices = decision.write(text, &[], Section::Tools, name).unwrap();
        splices.iter().fold(text.to_owned(), |text, splice| splice.apply(&text))
    }

    #[test]
    fn a_decision_is_read() {
        for (name, decision) in [
            ("a", Decision::Allow),
            ("d", Decision::Deny),
            ("r", Decision::RequireApproval),
            ("l", Decision::Deny),
            ("x", Decision::RequireApproval),
            ("h", Decision::Hide),
            ("p*", Decision::Hide),
            ("p1", Decision::NoEntry),
        ] {
            assert_eq!(Decision::read(&Part::read(TEXT), Section::Tools, name), decision, "{name}");
        }
        assert_eq!(Decision::read(&Part::read(TEXT), Section::Prompts, "h"), Decision::NoEntry);
    }

    #[test]
    fn what_is_written_is_read_again_whatever_was_there() {
        for name in ["a", "d", "r", "l", "x", "h", "new"] {
            for decision in ALL {
                for next in ALL {
                    let text = write(&write(TEXT, decision, name), next, name);
                    serde_json::from_str::<serde_json::Value>(&text).unwrap();
                    assert_eq!(
                        Decision::read(&Part::read(&text), Section::Tools, name),
                        next,
                        "{name} {decision:?}: {text}"
                    );
                }
            }
        }
    }

    #[test]
    fn a_choice_keeps_the_rest_of_the_rule() {
        let text = write(TEXT, Decision::Allow, "l");
        assert!(text.contains(r#""l": {"limits": [], "deny_if": [{"conditions": [1]}]}"#), "{text}");
        let text = write(TEXT, Decision::RequireApproval, "l");
        assert!(text.contains(r#""deny_if": [{"conditions": [1]}], "action": "require_approval"}"#), "{text}");
        assert!(write(TEXT, Decision::Allow, "x").contains(r#""x": {}"#));
    }

    #[test]
    fn a_recommended_rule_replaces_the_entry_and_takes_the_name_out_of_hide() {
        let write = |text: &str, rule: &Recommended| {
            let splices = write_recommended(text, &[], "h", rule).unwrap();
            splices.iter().fold(text.to_owned(), |text, splice| splice.apply(&text))
        };
        let rule: Recommended = serde_json::from_str(r#"{"rate_limit": "5/minute"}"#).unwrap();
        for (before, after) in [
            (
                r#"{"hide":["h"],  "tools": { "h":{"action" : "deny"} } }"#,
                r#"{"tools": { "h":{ "rate_limit": "5/minute" } } }"#,
            ),
            (r#"{"hide": ["x", "h"]}"#, r#"{"hide": ["x"], "tools": { "h": { "rate_limit": "5/minute" } }}"#),
            (r#"{"tools": {"h": {"rate_limit": "5/minute"}}}"#, r#"{"tools": {"h": { "rate_limit": "5/minute" }}}"#),
        ] {
            assert_eq!(write(before, &rule), after);
        }
        assert_eq!(write(r#"{"tools": {}}"#, &Recommended::Closed(Closed::Hide)), r#"{"tools": {}, "hide": ["h"]}"#);
        let denied = r#"{"tools": { "h": { "action": "deny" } }}"#;
        assert_eq!(write(r#"{"tools": {}}"#, &Recommended::Closed(Closed::Deny)), denied);
    }
}
