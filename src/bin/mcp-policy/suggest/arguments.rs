//! Rules on arguments, from a tool's `inputSchema` and the names in it: enumerations, paths, URLs, SQL, amounts and
//! recipients.
//!
//! Each is a rule of `rules`, which tools share by `use`. What only the author can know is filled in with a value that
//! permits nothing, so that the tool stays closed until the author writes another one. A rule on an argument that callers may
//! leave out would deny every call without it, so such an argument gets a remark instead; an enumeration can be written as
//! `deny_if`, and gets a rule.

use serde_json::{Map, Value, json};

use crate::tools::Tool;

use super::class::Class;

/// A rule for `rules`.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct ArgumentRule {
    /// What it is about, and its argument: `path` or `path-source`.
    pub(super) name: String,
    pub(super) rule: Value,
    /// What its author has to fill in.
    pub(super) fill_in: Option<&'static str>,
}

/// What is found out about the arguments of one tool.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Arguments {
    pub(super) rules: Vec<ArgumentRule>,
    /// Arguments that want a rule, and that callers may leave out.
    pub(super) optional: Vec<String>,
}

/// What an argument holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Content {
    Path,
    Url,
    Host,
    Sql,
    Amount,
    Recipient,
}

const PATHS: &str =
    "path filepath filename file directory dir folder paths files directories folders source destination cwd";
const URLS: &str = "url uri link href webhook endpoint urls uris links";
const HOSTS: &str = "host hostname domain hosts domains";
const AMOUNTS: &str = "amount total quantity qty notional price sum";
const RECIPIENTS: &str = "to cc bcc recipient recipients email emails phone";

/// A policy does not repeat longer enumerations.
const MAX_VALUES: usize = 20;

/// The rules for a tool of a class.
pub(super) fn rules(tool: &Tool, class: Class) -> Arguments {
    let mut found = Arguments::default();
    let properties = tool.input_schema.get("properties").and_then(Value::as_object);
    for (key, schema) in properties.into_iter().flatten().filter(|(key, _)| is_plain(key)) {
        let is_required = requires(&tool.input_schema, key);
        let (schema, path) = element(schema, key);
        if let Some(content) = content(tool, class, key, schema) {
            if is_required {
                found.rules.push(content.rule(key, &path));
            } else {
                found.optional.push(key.clone());
            }
        } else if let Some(values) = enumeration(schema).filter(|_| class > Class::Read) {
            found.rules.push(one_of(key, &path, &values, is_required));
        }
    }
    found
}

/// Whether a path can contain a key without quotes.
fn is_plain(key: &str) -> bool {
    !key.is_empty() && key.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-')
}

fn requires(schema: &Value, key: &str) -> bool {
    let required = schema.get("required").and_then(Value::as_array);
    required.is_some_and(|required| required.iter().any(|name| name == key))
}

/// The schema of an argument, or of the elements of a list, and the path to it.
fn element<'s>(schema: &'s Value, key: &str) -> (&'s Value, String) {
    match schema.get("items").filter(|_| schema.get("type").is_some_and(|name| name == "array")) {
        Some(items) => (items, format!("args.{key}[*]")),
        None => (schema, format!("args.{key}")),
    }
}

fn is_type(schema: &Value, names: &[&str]) -> bool {
    match schema.get("type") {
        Some(Value::String(name)) => names.contains(&name.as_str()),
        _ => false,
    }
}

fn content(tool: &Tool, class: Class, key: &str, schema: &Value) -> Option<Content> {
    let words = super::heuristics::split_name(key);
    let last = words.last().map(String::as_str).unwrap_or_default();
    let bare = words.concat();
    let has = |list: &str| list.split(' ').any(|word| word == last || word == bare);
    let is_text = is_type(schema, &["string"]) && schema.get("enum").is_none();
    let says = |word: &str| tool.description.to_lowercase().contains(word) || tool.name.to_lowercase().contains(word);
    if is_type(schema, &["number", "integer"]) {
        return (class == Class::Financial && has(AMOUNTS)).then_some(Content::Amount);
    }
    if !is_text {
        return None;
    }
    let format = schema.get("format").and_then(Value::as_str).unwrap_or_default();
    match () {
        () if format == "uri" || has(URLS) => Some(Content::Url),
        () if has(HOSTS) => Some(Content::Host),
        () if last == "sql" || last == "query" && class >= Class::Execute && says("sql") => Some(Content::Sql),
        () if class > Class::Read && (format == "email" || has(RECIPIENTS)) => Some(Content::Recipient),
        // `source` and `file` mean paths where the tool is about files.
        () if has(PATHS) && (last.contains("path") || last.contains("dir") || says("file") || says("folder")) => {
            Some(Content::Path)
        }
        () => None,
    }
}

fn enumeration(schema: &Value) -> Option<Vec<Value>> {
    let values = schema.get("enum")?.as_array()?;
    let is_simple = |value: &Value| value.is_string() || value.is_i64();
    (!values.is_empty() && values.len() <= MAX_VALUES && values.iter().all(is_simple)).then(|| values.clone())
}

fn one_of(key: &str, path: &str, values: &[Value], is_required: bool) -> ArgumentRule {
    let name = format!("values-{key}");
    let rule = if is_required {
        json!({"require": [{"conditions": [{"path": path, "op": "in", "value": values}]}]})
    } else {
        let there = json!({"path": path, "op": "exists", "value": true});
        json!({"deny_if": [{"conditions": [there, {"path": path, "op": "not_in", "value": values}]}]})
    };
    ArgumentRule { name, rule, fill_in: None }
}

impl Content {
    fn rule(self, key: &str, path: &str) -> ArgumentRule {
        let condition = |op: &str, value: Value| json!({"path": path, "op": op, "value": value});
        let (kind, conditions, fill_in) = match self {
            Self::Path => (
                "path",
                vec![condition("path_within", json!(["/fill-in"]))],
                Some("the folders that agents may use; with `base` for relative paths"),
            ),
            Self::Url => (
                "url",
                vec![condition("url_host_in", json!(["fill-in.invalid"]))],
                Some("the hosts that agents may reach"),
            ),
            Self::Host => {
                ("host", vec![condition("in", json!(["fill-in.invalid"]))], Some("the hosts that agents may reach"))
            }
            // Not `explain`, which runs a statement after `analyze`.
            Self::Sql => ("sql", vec![condition("regex", json!(r"^\s*(?i:select|show|describe)\s[^;]*$"))], None),
            Self::Amount => (
                "amount",
                vec![condition("gt", json!(0)), condition("lte", json!(0))],
                Some("the largest amount that agents may move"),
            ),
            Self::Recipient => {
                ("recipient", vec![condition("in", json!(["fill-in@example.invalid"]))], Some("who may receive it"))
            }
        };
        let name = if key == kind { kind.to_owned() } else { format!("{kind}-{key}") };
        let mut predicate = Map::new();
        predicate.insert("conditions".to_owned(), Value::Array(conditions));
        if let Some(what) = fill_in {
            predicate.insert("on_deny".to_owned(), json!(format!("The policy's author has to fill in {what}")));
        }
        let mut rule = json!({"require": [predicate]});
        if let (Self::Sql, Some(rule)) = (self, rule.as_object_mut()) {
            // `select … into` writes a table or a file.
            rule.insert("deny_if".to_owned(), json!([{"conditions": [condition("regex", json!(r"(?i)\binto\b"))]}]));
        }
        ArgumentRule { name, rule, fill_in }
    }
}
