//! Lints that compare a policy with the tools that a server lists.

use std::collections::{HashMap, HashSet};

use serde_json::Value;

use crate::{
    digest::Digest,
    json::{diagnostic::suggest_nearest, pointer},
    policy::{
        Cost, Effect, Limit, LimitKey, Lookup, Predicate, Rule,
        condition::{Clause, Condition, Literal, Operator},
        path::Path,
        pattern::Pattern,
    },
};

use super::{
    Lint, Lints,
    calls_by_name::{self, is_caller, is_restrained, names_tool},
    policy_section::PolicySection,
    quoted,
    schema::{self, Argument},
    view::ReachableRule,
};

/// A tool as a server lists it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ListedTool {
    /// `name`
    pub name: String,
    /// `inputSchema`; `null` if there is none.
    pub input_schema: Value,
    /// The digest of its definition, as [`crate::mcp::list::definition::digest`] makes it; `None` if it is not known.
    pub digest: Option<Digest>,
}

/// Names that one warning lists.
const MAX_NAMES: usize = 10;

pub(super) fn check(lints: &mut Lints<'_>, tools: &[ListedTool]) {
    let view = lints.view;
    let names: Vec<&str> = tools.iter().map(|tool| tool.name.as_str()).collect();
    let hidden = view.text.hide.iter().enumerate();
    let hidden = hidden.map(|(index, key)| (*key, view.text.absolute(&format!("/hide/{index}"))));
    let entries = view.entries.iter().filter(|entry| entry.map == PolicySection::Tools);
    let keys = hidden.chain(entries.map(|entry| (entry.key, entry.pointer.clone())));
    name_nothing(lints, keys, &names, &ListedNames::new(tools));
    unnamed(lints, &names);
    pins(lints, tools);
    let decided = decided_by(lints, tools);
    for reachable in view.reachable_rules() {
        let rule: *const Rule = reachable.rule;
        let tools: Vec<&ListedTool> = match reachable.entry {
            None => tools.iter().filter(|tool| !view.policy.hides(&tool.name)).collect(),
            Some(entry) if entry.map == PolicySection::Tools => decided.get(&rule).cloned().unwrap_or_default(),
            Some(_) => continue,
        };
        if !tools.is_empty() {
            conditions(lints, reachable.rule, &tools);
            callers(lints, reachable, &tools);
        }
    }
}

/// The tools on which each rule decides.
fn decided_by<'t>(lints: &Lints<'_>, tools: &'t [ListedTool]) -> HashMap<*const Rule, Vec<&'t ListedTool>> {
    let mut decided: HashMap<*const Rule, Vec<&ListedTool>> = HashMap::new();
    for tool in tools {
        if let Lookup::Rule(rule) = lints.view.policy.tool(&tool.name) {
            decided.entry(rule).or_default().push(tool);
        }
    }
    decided
}

/// The names of the tools that a server lists.
pub(super) struct ListedNames<'t> {
    all: HashSet<&'t str>,
}

impl<'t> ListedNames<'t> {
    pub(super) fn new(tools: &'t [ListedTool]) -> Self {
        Self { all: tools.iter().map(|tool| tool.name.as_str()).collect() }
    }

    /// Whether a key of a policy names one of them.
    pub(super) fn has(&self, key: &str) -> bool {
        match Pattern::new(key) {
            Some(pattern) => self.all.iter().any(|name| pattern.matches(name)),
            None => self.all.contains(key),
        }
    }
}

/// So many keys that name nothing are compared with every name, for the one that was meant: each takes time for all of them.
const MAX_COMPARED: usize = 100;

/// A warning for each key, at its pointer, that names no tool.
fn name_nothing<'k>(
    lints: &mut Lints<'_>,
    keys: impl Iterator<Item = (&'k str, String)>,
    names: &[&str],
    listed: &ListedNames<'_>,
) {
    for (index, (key, pointer)) in keys.filter(|(key, _)| !listed.has(key)).enumerate() {
        let near = if index < MAX_COMPARED { suggest_nearest(key, names) } else { String::new() };
        lints.add(Lint::NamesNothing, pointer, format!("the server lists no tool {}{near}", quoted(key)));
    }
}

/// A warning for each tool whose definition is not the pinned one.
fn pins(lints: &mut Lints<'_>, tools: &[ListedTool]) {
    let view = lints.view;
    let Some(definitions) = view.policy.definitions() else { return };
    let mut changed: HashSet<&str> = HashSet::new();
    for tool in tools {
        let Some((name, pin)) = definitions.pin(&tool.name) else { continue };
        if tool.digest.is_none_or(|digest| pin.digests.contains(&digest)) || !changed.insert(name) {
            continue;
        }
        let message = format!(
            "the server shows another definition of {} than the pinned one; see how it differs with `mcp-policy pin --check`, and \
             pin it again if you trust it",
            quoted(name)
        );
        lints.add(Lint::ChangedDefinition, view.text.absolute(&pointer::member("/definitions", name)), message);
    }
}

/// One warning for all tools that no entry names.
fn unnamed(lints: &mut Lints<'_>, names: &[&str]) {
    let view = lints.view;
    let unnamed = names.iter().filter(|name| matches!(view.policy.tool(name), Lookup::NoMatch));
    let unnamed: Vec<String> = unnamed.map(|name| quoted(name)).collect();
    let Some(shown) = unnamed.get(..unnamed.len().min(MAX_NAMES)).filter(|shown| !shown.is_empty()) else { return };
    let more = match unnamed.len().saturating_sub(shown.len()) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let them = if unnamed.len() == 1 { "it" } else { "them" };
    let effect = match (view.policy.default(), unnamed.len()) {
        (Effect::Deny, 1) => "denies it; add it to `tools` if agents need it".to_owned(),
        (Effect::Deny, _) => "denies them; add those that agents need to `tools`".to_owned(),
        (Effect::Allow, _) => {
            format!("allows {them}; write `\"default\": \"deny\"` and name what agents need, or hide {them}")
        }
    };
    let message = format!("no entry names {}{more}, so `default` {effect}", shown.join(", "));
    lints.add(Lint::UnnamedTool, view.text.pointer("default"), message);
}

// === conditions on arguments ===

fn conditions(lints: &mut Lints<'_>, rule: &Rule, tools: &[&ListedTool]) {
    let sides = [
        (Clause::Require, "denies every call", rule.require().collect::<Vec<_>>()),
        (Clause::Deny, "denies", rule.deny_if().collect()),
        (Clause::Deny, "asks for approval of", rule.approval().collect()),
    ];
    for (clause, effect, predicates) in sides {
        for (condition, place) in predicates.into_iter().flat_map(written) {
            let Some(path) = condition.args_path() else { continue };
            let wanted = wanted(condition.operator());
            // `exists: false` in `require` is about what is not there.
            if clause == Clause::Require && condition.holds_without(clause) {
                continue;
            }
            let holds = clause == Clause::Deny && condition.holds_without(clause);
            argument(lints, path, &wanted, tools, &place, &|is_missing| match (clause, is_missing, holds) {
                (Clause::Require, ..) => format!("{effect} of the tool"),
                (Clause::Deny, true, false) => format!("never {effect} a call of the tool"),
                (Clause::Deny, true, true) => format!("{effect} every call of the tool"),
                (Clause::Deny, false, _) => format!("{effect} every call of the tool that has it"),
            });
        }
    }
    for limit in rule.limits() {
        if let Cost::Argument(path) = &limit.cost {
            let place = format!("{}/increment_from", limit.pointer);
            argument(lints, path, &["number", "integer"], tools, &place, &|_| {
                "denies every call of the tool".to_owned()
            });
        }
        keys(lints, limit, tools);
    }
}

/// The arguments by which a limit counts apart. Of an entry for several tools, one that some of them have is enough.
fn keys(lints: &mut Lints<'_>, limit: &Limit, tools: &[&ListedTool]) {
    if limit.pointer.starts_with("/rules/") {
        return;
    }
    for (index, path) in limit.key.iter().flat_map(LimitKey::paths).enumerate() {
        if tools.iter().all(|tool| matches!(schema::find(&tool.input_schema, path), Argument::Missing(..))) {
            let place = format!("{}/key/{index}", limit.pointer);
            argument(lints, path, &[], tools, &place, &|_| "counts no calls of the tool apart".to_owned());
        }
    }
}

/// The conditions of a predicate and where they are, without `/path`.
fn written(predicate: &Predicate) -> impl Iterator<Item = (&Condition, String)> {
    let conditions = predicate.conditions.iter().enumerate();
    conditions.map(|(index, condition)| (condition, format!("{}/conditions/{index}/path", predicate.pointer)))
}

/// Warns of the first tool that does not have an argument, or has it with another type.
fn argument(
    lints: &mut Lints<'_>,
    path: &Path,
    wanted: &[&str],
    tools: &[&ListedTool],
    place: &str,
    effect: &dyn Fn(bool) -> String,
) {
    let pointer = lints.view.text.absolute(place);
    let found = tools.iter().map(|tool| (tool, schema::find(&tool.input_schema, path)));
    for (tool, argument) in found {
        let name = quoted(&tool.name);
        match argument {
            Argument::Missing(key, known) => {
                let near = suggest_nearest(&key, &known);
                let message = format!("{name} has no argument `{path}`{near}, so this {}", effect(true));
                lints.add(Lint::UnknownArgument, pointer, message);
                return;
            }
            Argument::Types(types) if !wanted.is_empty() && !types.iter().any(|name| wanted.contains(name)) => {
                let message = format!(
                    "`{path}` of {name} is of the type `{}`, which this operator cannot compare, so this {}",
                    types.join("` or `"),
                    effect(false)
                );
                lints.add(Lint::ArgumentType, pointer, message);
                return;
            }
            Argument::Types(_) | Argument::Unknown => {}
        }
    }
}

/// The JSON types that an operator compares; none where it compares all.
fn wanted(operator: &Operator) -> Vec<&'static str> {
    match operator {
        Operator::Less(_) | Operator::LessOrEqual(_) | Operator::Greater(_) | Operator::GreaterOrEqual(_) => {
            vec!["number", "integer"]
        }
        Operator::Regex(_)
        | Operator::StartsWith(_)
        | Operator::EndsWith(_)
        | Operator::PathWithin(_)
        | Operator::UrlHostIn(_)
        | Operator::MaxLength(_) => vec!["string"],
        Operator::Contains(Literal::Text(_)) | Operator::HasScope(_) => vec!["string", "array"],
        Operator::Contains(_) | Operator::Includes(_) | Operator::MaxItems(_) => vec!["array"],
        Operator::Among(set) | Operator::NotAmong(set) => set.literals().flat_map(|literal| types(&literal)).collect(),
        Operator::Exists(_) => Vec::new(),
    }
}

fn types(literal: &Literal) -> Vec<&'static str> {
    match literal {
        Literal::Flag(_) => vec!["boolean"],
        Literal::Number(_) => vec!["number", "integer"],
        Literal::Text(_) => vec!["string"],
        Literal::List(_) => vec!["array"],
        Literal::Object(_) => vec!["object"],
    }
}

// === tools that call others ===

fn callers(lints: &mut Lints<'_>, reachable: ReachableRule<'_>, tools: &[&ListedTool]) {
    let Some(entry) = reachable.entry else { return };
    if is_restrained(reachable) {
        return;
    }
    for tool in tools {
        let properties = tool.input_schema.get("properties").and_then(Value::as_object);
        let argument = properties.and_then(|properties| properties.keys().find(|key| names_tool(key)));
        let others = properties.is_some_and(|properties| {
            properties.keys().any(|key| ["arguments", "args", "params", "parameters", "input"].contains(&key.as_str()))
        });
        // The lint without a list recognizes it by its name alone.
        let is_known = entry.pattern.is_none() && is_caller(&tool.name);
        if let Some(argument) = argument.filter(|_| !is_known && (others || is_caller(&tool.name))) {
            lints.add(Lint::CallsByName, &entry.pointer, calls_by_name::message(&tool.name, argument));
        }
    }
}
