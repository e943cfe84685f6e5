//! A condition as a policy document has it.

use std::net::Ipv6Addr;

use crate::{
    json::{Writer, quoted},
    policy::condition::{AllowedFolders, Condition, Literal, Operand, Operator, Set},
};

use super::list;

/// Writes a condition.
#[must_use]
pub fn condition(condition: &Condition) -> String {
    let (op, value) = operation(condition.operator());
    let mut out = Writer::default();
    match condition.operand() {
        Operand::Path(path) => out.add_string("path", &path.to_string()),
        Operand::Counter(name) => out.add_string("counter", name),
    };
    out.add_string("op", op).add_json("value", value);
    out.finish()
}

/// Writes the value that an operator compares with.
pub(in crate::policy) fn operator_value(operator: &Operator) -> String {
    operation(operator).1
}

fn operation(operator: &Operator) -> (&'static str, String) {
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
        Operator::UrlHostIn(hosts) => ("url_host_in", sorted(hosts.iter().map(host))),
        Operator::MaxLength(most) => ("max_length", most.to_string()),
        Operator::MaxItems(most) => ("max_items", most.to_string()),
        Operator::HasScope(scope) => ("has_scope", quoted(scope)),
    }
}

fn path_prefixes(prefixes: &AllowedFolders) -> String {
    let folders = sorted(prefixes.folders().map(quoted));
    let Some(base) = prefixes.base() else { return folders };
    let mut out = Writer::default();
    out.add_json("folders", folders).add_string("base", base);
    out.finish()
}

/// A host as a policy writes it.
fn host(compared: &str) -> String {
    let digits = compared.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
    quoted(&match digits.and_then(|digits| u128::from_str_radix(digits, 16).ok()) {
        Some(bits) => format!("[{}]", Ipv6Addr::from_bits(bits)),
        None if compared.starts_with('.') => format!("*{compared}"),
        None => compared.to_owned(),
    })
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
                out.add_member(name, literal(value));
            }
            out.finish()
        }
    }
}

/// A list whose order means nothing, sorted.
fn sorted(items: impl Iterator<Item = String>) -> String {
    let mut items: Vec<String> = items.collect();
    items.sort();
    list(items)
}
