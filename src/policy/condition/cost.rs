//! The work that a comparison takes at most, in units of [`crate::budget::Work`]: about a nanosecond each.

use crate::json::Value;

use super::{literal::Literal, operator::Operator};

/// For a comparison of a number or a short text.
const SHORT: usize = 100;
/// For a byte of a text that is searched or hashed.
const BYTE: usize = 2;
/// For a byte of a path or a URL, which is normalized.
const NORMALIZED_BYTE: usize = 16;
/// For an element of a list, or a member of an object.
const ELEMENT: usize = 60;

impl Operator {
    /// What it takes to compare it with an argument.
    pub(in crate::policy) fn cost(&self, value: &Value<'_>) -> usize {
        let compared = match (self, value) {
            (Self::Regex(pattern), Value::String(text)) => pattern.work(text.len()),
            (Self::Among(set) | Self::NotAmong(set), Value::Array(_) | Value::Object(_)) => {
                nested_cost(set.nested().iter().map(weight).sum(), value)
            }
            (Self::Contains(literal) | Self::Includes(literal), Value::Array(elements)) => match literal {
                Literal::List(_) | Literal::Object(_) => nested_cost(weight(literal), value),
                _ => elements.iter().fold(0, |sum: usize, element| sum.saturating_add(flat_cost(&element.value))),
            },
            (Self::HasScope(_), Value::Array(elements)) => {
                elements.iter().fold(0, |sum: usize, element| sum.saturating_add(flat_cost(&element.value)))
            }
            (Self::PathWithin(folders), Value::String(text)) => {
                let each = folders.folders().count().saturating_add(NORMALIZED_BYTE);
                text.len().saturating_mul(each)
            }
            (Self::UrlHostIn(_), Value::String(text)) => text.len().saturating_mul(NORMALIZED_BYTE),
            (_, value) => flat_cost(value),
        };
        compared.saturating_add(SHORT)
    }
}

/// What it takes to compare one value, without what is inside it.
fn flat_cost(value: &Value<'_>) -> usize {
    let text = if let Value::String(text) = value { text.len() } else { 0 };
    text.saturating_mul(BYTE).saturating_add(ELEMENT)
}

/// What it takes to compare a value and all that is inside it with literals of so much weight. The walk that finds it out takes
/// a small part of that.
fn nested_cost(weight: usize, value: &Value<'_>) -> usize {
    if weight == 0 { 0 } else { size(value).saturating_mul(weight) }
}

fn size(value: &Value<'_>) -> usize {
    let inside = match value {
        Value::Array(elements) => elements.iter().fold(0, |sum: usize, node| sum.saturating_add(size(&node.value))),
        Value::Object(members) => members.iter().fold(0, |sum: usize, member| {
            sum.saturating_add(member.name.len()).saturating_add(size(&member.node.value))
        }),
        _ => 0,
    };
    inside.saturating_add(flat_cost(value))
}

/// How many values a literal has, itself included: an argument's member is compared with each of an object's names.
fn weight(literal: &Literal) -> usize {
    match literal {
        Literal::List(inside) => inside.iter().fold(1, |sum: usize, one| sum.saturating_add(weight(one))),
        Literal::Object(inside) => inside.iter().fold(1, |sum: usize, (_, one)| sum.saturating_add(weight(one))),
        Literal::Flag(_) | Literal::Number(_) | Literal::Text(_) => 1,
    }
}
