//! Rules on arguments, from a tool's `inputSchema` and the names in it: enumerations, paths, URLs, SQL, amounts and
//! recipients. Members of an object, and of the objects of a list, are looked at as well, but nothing deeper.
//!
//! Each is a rule of `rules`, which tools share by `use`. What only the author can know is filled in with a value that
//! permits nothing, so that the tool stays closed until the author writes another one. An argument that callers may leave out
//! has a rule that holds without it: `content` says which.

use mcp_policy::lint::ValueSchema;
use serde_json::{Value, json};

use crate::tools::Tool;

use super::{
    class::Class,
    content::{self, Content},
};

/// A rule for `rules`.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct ArgumentRule {
    /// What it is about, and its argument: `path` or `path-source`.
    pub(super) name: String,
    pub(super) rule: Value,
    /// What its author has to do.
    pub(super) remark: Option<Remark>,
}

/// What the author of a rule has to do.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Remark {
    /// To fill in what the rule permits. Until then it denies the calls that have the argument, or all.
    FillIn { what: &'static str, is_required: bool },
    /// To know that the rule denies each call with this argument, and to require it by this operator if agents may give it.
    Closed { path: String, operator: &'static str },
}

/// An argument of a tool.
pub(super) struct Argument<'s> {
    /// Its last key.
    pub(super) key: &'s str,
    /// How a rule names it.
    pub(super) path: String,
    /// Whether no call is valid without it.
    pub(super) is_required: bool,
    pub(super) schema: ValueSchema<'s>,
}

/// A policy does not repeat longer enumerations.
const MAX_VALUES: usize = 20;

/// Arguments of one tool that are looked at: a server writes the schema.
const MAX_ARGUMENTS: usize = 200;

/// The rules for a tool of a class.
pub(super) fn rules(tool: &Tool, class: Class) -> Vec<ArgumentRule> {
    let found = arguments(&tool.input_schema).into_iter().take(MAX_ARGUMENTS);
    found.filter_map(|argument| rule(tool, class, &argument)).collect()
}

fn rule(tool: &Tool, class: Class, argument: &Argument<'_>) -> Option<ArgumentRule> {
    if let Some(content) = Content::of(tool, class, argument) {
        return Some(content::rule(content, argument));
    }
    let values = enumeration(&argument.schema).filter(|_| class > Class::Read)?;
    Some(one_of(argument, &values))
}

/// The paths of a tool's arguments, as conditions name them.
#[cfg(feature = "editor")]
pub(crate) fn argument_paths(schema: &Value) -> Vec<String> {
    arguments(schema).into_iter().take(MAX_ARGUMENTS).map(|argument| argument.path).collect()
}

/// The arguments of a tool, with the members of those that are objects.
fn arguments(schema: &Value) -> Vec<Argument<'_>> {
    let mut found = Vec::new();
    for argument in members(&ValueSchema::new(schema), "args", true) {
        if argument.schema.types().contains(&"object") {
            found.extend(members(&argument.schema, &argument.path, argument.is_required));
        } else {
            found.push(argument);
        }
    }
    found
}

/// The members of an object at a path, each list in place of its elements.
fn members<'s>(object: &ValueSchema<'s>, path: &str, is_required: bool) -> Vec<Argument<'s>> {
    let members = object.members().into_iter().filter(|(key, _)| is_plain(key));
    let members = members.map(|(key, schema)| {
        let is_required = is_required && object.requires(key);
        let types = schema.types();
        let path = format!("{path}.{key}");
        // A text or a list of texts: the rule is on the text, and denies the list.
        let elements = schema.elements().filter(|_| types.contains(&"array") && !types.contains(&"string"));
        match elements {
            Some(schema) => Argument { key, path: format!("{path}[*]"), is_required, schema },
            None => Argument { key, path, is_required, schema },
        }
    });
    members.collect()
}

/// Whether a path can contain a key without quotes.
fn is_plain(key: &str) -> bool {
    !key.is_empty() && key.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-')
}

fn enumeration(schema: &ValueSchema<'_>) -> Option<Vec<Value>> {
    let values = schema.enumeration()?;
    let is_simple = |value: &&Value| value.is_string() || value.is_i64();
    (values.len() <= MAX_VALUES && values.iter().all(is_simple)).then(|| values.into_iter().cloned().collect())
}

fn one_of(argument: &Argument<'_>, values: &[Value]) -> ArgumentRule {
    let path = &argument.path;
    let rule = if argument.is_required {
        json!({"require": [{"conditions": [{"path": path, "op": "in", "value": values}]}]})
    } else {
        json!({"deny_if": [{"conditions": [content::exists(path), {"path": path, "op": "not_in", "value": values}]}]})
    };
    ArgumentRule { name: format!("values-{}", argument.key), rule, remark: None }
}
