//! The operators, and how each compares an argument.

use std::cmp::Ordering;

use crate::json::{Decimal, Node, Value};

use super::{
    Clause, ConditionError,
    literal::{Literal, Match, Set},
    path_prefix::PathPrefixes,
    text::{RegexMatcher, Search},
    url::Hosts,
    value,
};

/// Every operator, as a policy names it.
pub const NAMES: [&str; 16] = [
    "eq",
    "neq",
    "in",
    "not_in",
    "lt",
    "lte",
    "gt",
    "gte",
    "regex",
    "contains",
    "exists",
    "starts_with",
    "ends_with",
    "path_within",
    "url_host_in",
    "max_length",
];

/// An operator with the value it compares with.
#[derive(Clone, Debug)]
pub(super) enum Operator {
    /// `eq`, `in`
    Among(Set),
    /// `neq`, `not_in`
    NotAmong(Set),
    Less(Decimal),
    LessOrEqual(Decimal),
    Greater(Decimal),
    GreaterOrEqual(Decimal),
    Regex(RegexMatcher),
    Contains(Literal),
    Exists(bool),
    StartsWith(String),
    EndsWith(String),
    PathWithin(PathPrefixes),
    UrlHostIn(Hosts),
    MaxLength(u64),
}

/// How one argument compares.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Yes,
    No,
    /// Wrong type; what the operator needs.
    TypeMismatch(&'static str),
}

impl Operator {
    /// Puts an operator together.
    ///
    /// # Errors
    /// Everything that is wrong with the two.
    pub(super) fn new(op: &str, value: Option<&Node<'_>>) -> Result<Self, Vec<ConditionError>> {
        match op {
            "eq" => value::literal(value).map(Self::Among),
            "neq" => value::literal(value).map(Self::NotAmong),
            "in" => value::literals(value).map(Self::Among),
            "not_in" => value::literals(value).map(Self::NotAmong),
            "lt" => value::number(value).map(Self::Less),
            "lte" => value::number(value).map(Self::LessOrEqual),
            "gt" => value::number(value).map(Self::Greater),
            "gte" => value::number(value).map(Self::GreaterOrEqual),
            "regex" => value::pattern(value).map(Self::Regex),
            "contains" => value::part(value).map(Self::Contains),
            "exists" => value::flag(value).map(Self::Exists),
            "starts_with" => value::text(value).map(Self::StartsWith),
            "ends_with" => value::text(value).map(Self::EndsWith),
            "path_within" => value::folders(value).map(Self::PathWithin),
            "url_host_in" => value::hosts(value).map(Self::UrlHostIn),
            "max_length" => value::length(value).map(Self::MaxLength),
            other => Err(vec![ConditionError::unknown(other, &NAMES, meant(other))]),
        }
    }

    /// Compares an argument that is neither missing nor `null`.
    pub(super) fn test(&self, value: &Value<'_>) -> Verdict {
        match self {
            Self::Among(set) => among(set, value, Match::Equal),
            Self::NotAmong(set) => among(set, value, Match::Different),
            Self::Less(limit) => order(value, limit, Ordering::is_lt),
            Self::LessOrEqual(limit) => order(value, limit, Ordering::is_le),
            Self::Greater(limit) => order(value, limit, Ordering::is_gt),
            Self::GreaterOrEqual(limit) => order(value, limit, Ordering::is_ge),
            Self::Regex(pattern) => match value {
                Value::String(text) => match pattern.search(text) {
                    Search::Found => Verdict::Yes,
                    Search::NotFound => Verdict::No,
                    Search::TooLong => Verdict::TypeMismatch("a string of at most 16 KiB"),
                },
                _ => Verdict::TypeMismatch("a string"),
            },
            Self::Contains(literal) => contains(literal, value),
            Self::Exists(wanted) => yes(*wanted),
            Self::StartsWith(start) => texts(value, |text| text.starts_with(start)),
            Self::EndsWith(end) => texts(value, |text| text.ends_with(end)),
            Self::PathWithin(folders) => match value {
                Value::String(text) => folders.contain(text).map_or(Verdict::TypeMismatch(FOLDER_FOUND), yes),
                _ => Verdict::TypeMismatch(FOLDER_FOUND),
            },
            Self::UrlHostIn(hosts) => match value {
                Value::String(text) => hosts.contain(text).map_or(Verdict::TypeMismatch(URL_FOUND), yes),
                _ => Verdict::TypeMismatch(URL_FOUND),
            },
            Self::MaxLength(most) => match value {
                Value::String(text) => yes(fits(text.chars().count(), *most)),
                Value::Array(elements) => yes(fits(elements.len(), *most)),
                _ => Verdict::TypeMismatch("a string or an array"),
            },
        }
    }

    /// Whether a missing argument satisfies the condition. In `require` only `exists: false` can be about nothing; to
    /// refuse, what is not there is not one of the permitted values either.
    pub(super) fn test_missing(&self, side: Clause) -> bool {
        match self {
            Self::Exists(wanted) => !wanted,
            Self::NotAmong(_) => side == Clause::Deny,
            _ => false,
        }
    }
}

// === what an argument has to be ===

const FOLDER_FOUND: &str = "an absolute path without `\\`, `%` and control characters";
const URL_FOUND: &str = "a plain http or https URL (no userinfo, backslash or white space; host in ASCII)";

fn yes(holds: bool) -> Verdict {
    if holds { Verdict::Yes } else { Verdict::No }
}

fn among(set: &Set, value: &Value<'_>, wanted: Match) -> Verdict {
    match set.find(value) {
        Match::TypeMismatch => Verdict::TypeMismatch("a value of a type in the policy"),
        found => yes(found == wanted),
    }
}

fn order(value: &Value<'_>, limit: &Decimal, accepts: fn(Ordering) -> bool) -> Verdict {
    let Value::Number(text) = value else { return Verdict::TypeMismatch("a number") };
    Decimal::new(text).map_or(Verdict::TypeMismatch("a number"), |number| yes(accepts(number.cmp(limit))))
}

fn texts(value: &Value<'_>, holds: impl Fn(&str) -> bool) -> Verdict {
    let Value::String(text) = value else { return Verdict::TypeMismatch("a string") };
    yes(holds(text))
}

/// A string contains a string; an array contains an element that equals. An element of another type is as wrong as an
/// argument of another type: some server reads `[5]` as `["5"]`.
fn contains(literal: &Literal, value: &Value<'_>) -> Verdict {
    match (literal, value) {
        (Literal::Text(part), Value::String(text)) => yes(text.contains(part)),
        (_, Value::Array(elements)) => {
            let mut alien = false;
            for element in elements.iter().filter(|element| !super::is_missing(&element.value)) {
                match literal.compare(&element.value) {
                    Match::Equal => return Verdict::Yes,
                    Match::TypeMismatch => alien = true,
                    Match::Different => {}
                }
            }
            if alien { Verdict::TypeMismatch("an array of the type in the policy") } else { Verdict::No }
        }
        (Literal::Text(_), _) => Verdict::TypeMismatch("a string or an array"),
        _ => Verdict::TypeMismatch("an array"),
    }
}

fn fits(length: usize, most: u64) -> bool {
    u64::try_from(length).is_ok_and(|length| length <= most)
}

/// Names that operators have in other languages.
fn meant(op: &str) -> Option<&'static str> {
    Some(match op {
        "=" | "==" | "===" | "equals" => "eq",
        "!=" | "!==" | "<>" | "ne" | "not_eq" => "neq",
        "<" => "lt",
        "<=" | "le" => "lte",
        ">" => "gt",
        ">=" | "ge" => "gte",
        "one_of" | "any_of" => "in",
        "nin" | "not in" | "notIn" | "none_of" => "not_in",
        "~" | "=~" | "match" | "matches" | "pattern" => "regex",
        "has" | "includes" => "contains",
        "exist" | "present" | "is_present" => "exists",
        "startsWith" | "prefix" | "has_prefix" => "starts_with",
        "endsWith" | "suffix" | "has_suffix" => "ends_with",
        "maxLength" | "max_len" => "max_length",
        _ => return None,
    })
}
