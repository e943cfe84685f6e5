//! What the page shows of a text: its mistakes, its value for the form, and what the policy says of each name.

use std::collections::HashSet;

use mcp_policy::{
    config::{Config, LoadedConfig},
    lint::ListedTool,
    policy::{Policy, Section as PolicySection},
};
use serde::Serialize;
use serde_json::Value;

use crate::{
    check::{self, Severity},
    policy_words, sanitize,
    source::SourceFile,
};

use super::{
    decision::{Decision, Section},
    outline::{Kind, Part},
    places::{self, Place},
    utf16::Utf16,
};

/// A name that a server lists.
#[derive(Clone, Debug)]
pub(super) struct Target {
    /// The name of its server.
    pub(super) server: String,
    pub(super) section: Section,
    pub(super) name: String,
}

/// What the page shows of a text.
#[derive(Serialize)]
pub(super) struct View {
    problems: Vec<Mark>,
    /// The whole value, with `null` for each part that cannot be read.
    value: Value,
    /// The pointers of those parts.
    broken: Vec<Vec<String>>,
    policies: Vec<Place>,
    rows: Vec<Row>,
}

/// A mistake or a warning at its place.
#[derive(Serialize)]
struct Mark {
    severity: Severity,
    name: Option<&'static str>,
    /// The tokens of its pointer.
    pointer: Vec<String>,
    /// In UTF-16 code units, as JavaScript counts.
    from: usize,
    to: usize,
    line: usize,
    message: String,
}

/// A name, and what the policy says of it.
#[derive(Serialize)]
struct Row {
    /// Its index in the list of what servers list, if it is there.
    target: Option<usize>,
    section: Section,
    name: String,
    /// The name as people can read it.
    label: String,
    /// The policy that decides, by its index.
    policy: Option<usize>,
    /// What the policy's own entry of this name decides.
    decision: Decision,
    /// What the policy does, in a few words; `None` if it does not load.
    words: Option<String>,
    /// The key that decides.
    rule: Option<String>,
}

impl View {
    /// Looks at a text beside what servers list.
    pub(super) fn new(text: &str, targets: &[Target], tools: &[ListedTool]) -> Self {
        let root = Part::read(text);
        let mut broken = Vec::new();
        let value = root.value(&mut Vec::new(), &mut broken);
        let policies = places::policies(&root);
        let source = SourceFile::new("", text.to_owned());
        let config = match LoadedConfig::load(text.as_bytes()) {
            Ok(LoadedConfig::Gateway(config)) => Some(config),
            _ => None,
        };
        let rows = rows(&root, &policies, config.as_deref(), targets);
        Self { problems: marks(&source, tools), value, broken, policies, rows }
    }
}

fn marks(source: &SourceFile, tools: &[ListedTool]) -> Vec<Mark> {
    let (severity, problems) = check::diagnose(source, (!tools.is_empty()).then_some(tools));
    let text = Utf16::new(source.text());
    let marks = problems.into_iter().take(MAX_MARKS).map(|problem| Mark {
        severity,
        name: problem.name,
        pointer: tokens(&problem.pointer),
        from: text.units(problem.at),
        to: text.units(problem.at.saturating_add(check::value_length(source.text(), problem.at))),
        line: source.position(problem.at).0,
        message: problem.message,
    });
    marks.collect()
}

/// So many mistakes are marked: more do not help.
const MAX_MARKS: usize = 200;

/// The tokens of a JSON pointer.
fn tokens(pointer: &str) -> Vec<String> {
    pointer.split('/').skip(1).map(|token| token.replace("~1", "/").replace("~0", "~")).collect()
}

/// What servers list, then the entries of the text that no server lists.
fn rows(root: &Part, policies: &[Place], config: Option<&Config>, targets: &[Target]) -> Vec<Row> {
    let part = |index: usize| policies.get(index).and_then(|place| root.find(&place.pointer));
    let model = |index: usize| config.zip(policies.get(index)).and_then(|(config, place)| config.policy(&place.name));
    let row = |target: Option<usize>, section: Section, name: &str, policy: Option<usize>| {
        let says = policy.and_then(model).map(|policy| says(policy, section, name));
        let (words, rule) = says.map_or((None, None), |(words, rule)| (Some(words), rule));
        Row {
            target,
            section,
            name: name.to_owned(),
            label: sanitize::line(name),
            policy,
            decision: policy.and_then(part).map_or(Decision::NoEntry, |part| Decision::read(part, section, name)),
            words,
            rule,
        }
    };
    let listed = targets.iter().enumerate().map(|(index, target)| {
        row(Some(index), target.section, &target.name, places::policy_for(policies, &target.server))
    });
    let mut rows: Vec<Row> = listed.collect();
    let known: HashSet<(Option<usize>, Section, String)> =
        rows.iter().map(|row| (row.policy, row.section, row.name.clone())).collect();
    for policy in 0..policies.len() {
        for (section, name) in part(policy).map(written_names).unwrap_or_default() {
            if !known.contains(&(Some(policy), section, name.clone())) {
                rows.push(row(None, section, &name, Some(policy)));
            }
        }
    }
    rows
}

/// The names and patterns that a policy writes.
fn written_names(policy: &Part) -> Vec<(Section, String)> {
    let mut names = Vec::new();
    for section in Section::ALL {
        if let Some(Kind::Object { members, .. }) = policy.child(section.key()).map(|map| &map.kind) {
            names.extend(members.iter().map(|member| (section, member.name.clone())));
        }
    }
    if let Some(Kind::Array { items, .. }) = policy.child("hide").map(|hide| &hide.kind) {
        for item in items {
            if let Kind::Scalar(Value::String(name)) = &item.kind
                && !names.contains(&(Section::Tools, name.clone()))
            {
                names.push((Section::Tools, name.clone()));
            }
        }
    }
    names
}

/// What a policy does with a name or a pattern, and the key that decides.
fn says(policy: &Policy, section: Section, name: &str) -> (String, Option<String>) {
    let section = match section {
        Section::Tools => PolicySection::Tools,
        Section::Resources => PolicySection::Resources,
        Section::Prompts => PolicySection::Prompts,
    };
    let keys = policy.matching_keys(section, name);
    let hidden =
        if section == PolicySection::Tools { policy.matching_keys(PolicySection::Hide, name) } else { Vec::new() };
    let rule = hidden.first().or(keys.first()).map(ToString::to_string);
    (policy_words::describe_target(policy, section, name).words, rule)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{Section, Target, View};

    fn view(text: &str) -> Value {
        let target = |section, name: &str| Target { server: "s".to_owned(), section, name: name.to_owned() };
        let targets =
            [target(Section::Tools, "get_x"), target(Section::Tools, "b\u{202e}ad"), target(Section::Prompts, "p")];
        serde_json::to_value(View::new(text, &targets, &[])).unwrap()
    }

    #[test]
    fn each_name_has_what_the_policy_says_of_it() {
        let text = r#"{"version": "1", "default": "deny", "hide": ["h"], "tools": {"get_*": {"rate_limit": "5/minute"}}, "prompts": {"p": {}}}"#;
        let shown = view(text);
        let row = |target, section, name: &str, label, decision, words, rule| json!({"target": target, "section": section, "name": name, "label": label, "policy": 0, "decision": decision, "words": words, "rule": rule});
        assert_eq!(
            shown["rows"],
            json!([
                row(Some(0), "tools", "get_x", "get_x", "no_entry", "5 a minute", Some("get_*")),
                row(Some(1), "tools", "b\u{202e}ad", "b\\u{202e}ad", "no_entry", "denied by default", None),
                row(Some(2), "prompts", "p", "p", "allow", "open", Some("p")),
                row(None, "tools", "get_*", "get_*", "allow", "5 a minute", Some("get_*")),
                row(None, "tools", "h", "h", "hide", "hidden", Some("h")),
            ])
        );
        assert_eq!(shown["broken"], json!([]));
        assert_eq!(shown["policies"], json!([{"name": "default", "pointer": []}]));
    }

    #[test]
    fn mistakes_have_their_place_in_the_text_and_in_the_form() {
        let text = r#"{"version": "1", "default": "deny", "tools": {"é𝄞/": {"action": "dney"}}}"#;
        let problems = &view(text)["problems"];
        let from = text.encode_utf16().count() - r#""dney"}}}"#.len();
        let message = "found `dney`, expected `allow`, `deny` or `require_approval` (did you mean `deny`?)";
        assert_eq!(
            *problems,
            json!([{"severity": "error", "name": null, "pointer": ["tools", "é𝄞/", "action"], "from": from, "to": from + 6, "line": 1, "message": message}])
        );
        let warnings = &view(r#"{"version": "1", "default": "deny", "tools": {"*": {}}}"#)["problems"];
        assert_eq!((&warnings[0]["severity"], &warnings[0]["name"]), (&json!("warning"), &json!("open-star")));
    }

    #[test]
    fn a_broken_text_has_rows_and_its_broken_parts() {
        let shown = view(r#"{"tools": {"a": {"action": den}, "b": {}}, "#);
        assert_eq!(shown["broken"], json!([[], ["tools", "a", "action"]]));
        assert_eq!(shown["value"], json!({"tools": {"a": {"action": null}, "b": {}}}));
        assert_eq!(shown["rows"][3]["name"], "a");
        assert_eq!(shown["rows"][3]["words"], Value::Null);
        assert_eq!(shown["rows"][4]["decision"], "allow");
        assert_eq!(shown["problems"].as_array().map(Vec::len), Some(1));
    }
}
