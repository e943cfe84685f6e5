//! What an argument holds that a rule should look at, and that rule.
//!
//! `require` denies a call without the argument, so an argument that callers may leave out has a `deny_if` instead. Where an
//! operator has an opposite (`in` and `not_in`, `lte` and `gt`), `deny_if` with `exists` and the opposite denies exactly what
//! `require` would. `path_within`, `url_host_in` and `regex` have none: in `deny_if` they would deny what is inside and let through
//! what is outside. For these `deny_if` with `exists` alone denies the calls that give the argument, until the author
//! decides that all calls have to.

use serde_json::{Value, json};

use crate::tools::Tool;

use super::{
    arguments::{Argument, ArgumentRule, Remark},
    class::Class,
    heuristics,
};

/// What an argument holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Content {
    Path,
    Url,
    Host,
    Sql,
    Amount,
    /// A text, as APIs write amounts that no double can hold.
    AmountText,
    Recipient,
}

const PATHS: &str =
    "path filepath filename file directory dir folder paths files directories folders source destination cwd";
const URLS: &str = "url uri link href webhook endpoint urls uris links";
const HOSTS: &str = "host hostname domain hosts domains";
const AMOUNTS: &str = "amount total quantity qty notional price sum";
const RECIPIENTS: &str = "to cc bcc recipient recipients email emails phone";

impl Content {
    /// What an argument of a tool holds, if a rule should look at it.
    pub(super) fn of(tool: &Tool, class: Class, argument: &Argument<'_>) -> Option<Self> {
        let words = heuristics::split_name(argument.key);
        let last = words.last().map(String::as_str).unwrap_or_default();
        let bare = words.concat();
        let has = |list: &str| list.split(' ').any(|word| word == last || word == bare);
        let says =
            |word: &str| tool.description.to_lowercase().contains(word) || tool.name.to_lowercase().contains(word);
        let schema = &argument.schema;
        let types = schema.types();
        let is_amount = class == Class::Financial && has(AMOUNTS);
        // Of an amount that may be either, a number is compared and a text denied.
        if types.contains(&"number") || types.contains(&"integer") {
            return is_amount.then_some(Self::Amount);
        }
        if !types.contains(&"string") || schema.enumeration().is_some() {
            return None;
        }
        let is_format = |wanted: &str| schema.values_of("format").any(|format| format == wanted);
        match () {
            () if is_format("uri") || has(URLS) => Some(Self::Url),
            () if has(HOSTS) => Some(Self::Host),
            () if last == "sql" || last == "query" && class >= Class::Execute && says("sql") => Some(Self::Sql),
            () if is_amount => Some(Self::AmountText),
            () if class > Class::Read && (is_format("email") || has(RECIPIENTS)) => Some(Self::Recipient),
            // `source` and `file` mean paths where the tool is about files.
            () if has(PATHS) && (last.contains("path") || last.contains("dir") || says("file") || says("folder")) => {
                Some(Self::Path)
            }
            () => None,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Path => "path",
            Self::Url => "url",
            Self::Host => "host",
            Self::Sql => "sql",
            Self::Amount | Self::AmountText => "amount",
            Self::Recipient => "recipient",
        }
    }

    /// What the author has to fill in.
    fn fill_in(self) -> Option<&'static str> {
        match self {
            Self::Path => Some("the folders that agents may use; with `base` for relative paths"),
            Self::Url | Self::Host => Some("the hosts that agents may reach"),
            Self::Sql => None,
            Self::Amount => Some("the largest amount that agents may move"),
            Self::AmountText => Some(
                "the digits of the largest amount that agents may move, as in `^[0-9]{1,3}(?:\\.[0-9]{1,2})?$` for less than \
                 1000",
            ),
            Self::Recipient => Some("who may receive it"),
        }
    }

    /// What `require` says: an operator and a value, or two.
    fn conditions(self) -> Vec<(&'static str, Value)> {
        match self {
            Self::Path => vec![("path_within", json!(["/fill-in"]))],
            Self::Url => vec![("url_host_in", json!(["fill-in.invalid"]))],
            Self::Host => vec![("in", json!(["fill-in.invalid"]))],
            // Not `explain`, which runs a statement after `analyze`.
            Self::Sql => vec![("regex", json!(r"^\s*(?i:select|show|describe)\s[^;]*$"))],
            Self::Amount => vec![("gt", json!(0)), ("lte", json!(0))],
            Self::AmountText => vec![("regex", json!("^0$"))],
            Self::Recipient => vec![("in", json!(["fill-in@example.invalid"]))],
        }
    }
}

/// The condition that an argument is there.
pub(super) fn exists(path: &str) -> Value {
    json!({"path": path, "op": "exists", "value": true})
}

/// The rule on an argument that holds this.
pub(super) fn rule(content: Content, argument: &Argument<'_>) -> ArgumentRule {
    let name = if argument.key == content.name() {
        content.name().to_owned()
    } else {
        format!("{}-{}", content.name(), argument.key)
    };
    if argument.is_required { required(content, name, &argument.path) } else { optional(content, name, &argument.path) }
}

fn required(content: Content, name: String, path: &str) -> ArgumentRule {
    let condition = |op: &str, value: Value| json!({"path": path, "op": op, "value": value});
    let conditions: Vec<Value> = content.conditions().into_iter().map(|(op, value)| condition(op, value)).collect();
    let mut rule = json!({"require": [predicate(conditions, content.fill_in())]});
    if let (Content::Sql, Some(rule)) = (content, rule.as_object_mut()) {
        // `select … into` writes a table or a file.
        rule.insert("deny_if".to_owned(), json!([{"conditions": [condition("regex", json!(r"(?i)\binto\b"))]}]));
    }
    let remark = content.fill_in().map(|what| Remark::FillIn { what, is_required: true });
    ArgumentRule { name, rule, remark }
}

fn optional(content: Content, name: String, path: &str) -> ArgumentRule {
    let name = format!("optional-{name}");
    let opposite = |op: &str| match op {
        "in" => Some("not_in"),
        "gt" => Some("lte"),
        "lte" => Some("gt"),
        _ => None,
    };
    let opposites: Option<Vec<Value>> = content
        .conditions()
        .into_iter()
        .map(|(op, value)| {
            let condition = json!({"path": path, "op": opposite(op)?, "value": value});
            Some(predicate(vec![exists(path), condition], content.fill_in()))
        })
        .collect();
    if let Some(predicates) = opposites {
        let remark = content.fill_in().map(|what| Remark::FillIn { what, is_required: false });
        return ArgumentRule { name, rule: json!({"deny_if": predicates}), remark };
    }
    let why = format!("Leave `{path}` out: the policy's author has not said which values agents may give");
    let rule = json!({"deny_if": [{"conditions": [exists(path)], "on_deny": why}]});
    let operator = content.conditions().first().map_or("exists", |(op, _)| op);
    ArgumentRule { name, rule, remark: Some(Remark::Closed { path: path.to_owned(), operator }) }
}

fn predicate(conditions: Vec<Value>, fill_in: Option<&str>) -> Value {
    let mut predicate = json!({"conditions": conditions});
    if let (Some(what), Some(predicate)) = (fill_in, predicate.as_object_mut()) {
        predicate.insert("on_deny".to_owned(), json!(format!("The policy's author has to fill in {what}")));
    }
    predicate
}

impl Remark {
    /// For people, of the rule with this name.
    pub(super) fn describe(&self, name: &str) -> String {
        match self {
            Self::FillIn { what, is_required } => {
                let which = if *is_required { "every call" } else { "every call that has the argument" };
                format!("fill in `/rules/{name}`: {what}; until then it denies {which}")
            }
            Self::Closed { path, operator } => format!(
                "`/rules/{name}` denies every call that has `{path}`, which callers may leave out: no operator is the opposite of \
                 `{operator}`; if agents may give it, write a `require` with `{operator}` in its place, which denies every call \
                 without it"
            ),
        }
    }
}
