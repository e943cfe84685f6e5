//! A condition as JSON again.

use crate::{
    json::{Writer, quoted},
    policy::write::list,
};

use super::{
    Condition,
    literal::{Literal, Set},
    operator::Operator,
    path_prefix::PathPrefixes,
};

impl Condition {
    /// The condition as a document that means the same.
    #[must_use]
    pub fn to_json(&self) -> String {
        let (op, value) = written(&self.operator);
        let mut out = Writer::default();
        out.text("path", &self.path.to_string()).text("op", op).json("value", value);
        out.finish()
    }
}

fn written(operator: &Operator) -> (&'static str, String) {
    match operator {
        Operator::Among(set) => ("in", values(set)),
        Operator::NotAmong(set) => ("not_in", values(set)),
        Operator::Less(number) => ("lt", number.to_string()),
        Operator::LessOrEqual(number) => ("lte", number.to_string()),
        Operator::Greater(number) => ("gt", number.to_string()),
        Operator::GreaterOrEqual(number) => ("gte", number.to_string()),
        Operator::Regex(pattern) => ("regex", quoted(pattern.as_str())),
        Operator::Contains(value) => ("contains", literal(value)),
        Operator::Includes(value) => ("includes", literal(value)),
        Operator::Exists(wanted) => ("exists", wanted.to_string()),
        Operator::StartsWith(start) => ("starts_with", quoted(start)),
        Operator::EndsWith(end) => ("ends_with", quoted(end)),
        Operator::PathWithin(prefixes) => ("path_within", path_prefixes(prefixes)),
        Operator::UrlHostIn(hosts) => ("url_host_in", sorted(hosts.written().map(|host| quoted(&host)))),
        Operator::MaxLength(most) => ("max_length", most.to_string()),
        Operator::MaxItems(most) => ("max_items", most.to_string()),
    }
}

fn path_prefixes(prefixes: &PathPrefixes) -> String {
    let folders = sorted(prefixes.iter().map(quoted));
    let Some(base) = prefixes.base() else { return folders };
    let mut out = Writer::default();
    out.json("folders", folders).text("base", base);
    out.finish()
}

fn values(set: &Set) -> String {
    sorted(set.literals().map(|value| literal(&value)))
}

fn literal(value: &Literal) -> String {
    match value {
        Literal::Flag(flag) => flag.to_string(),
        Literal::Number(number) => number.to_string(),
        Literal::Text(text) => quoted(text),
        Literal::List(items) => list(items.iter().map(literal)),
        Literal::Object(members) => {
            let mut out = Writer::default();
            for (name, value) in members {
                out.named(name, literal(value));
            }
            out.finish()
        }
    }
}

/// A list whose order means nothing, in one order.
fn sorted(items: impl Iterator<Item = String>) -> String {
    let mut items: Vec<String> = items.collect();
    items.sort();
    list(items)
}
