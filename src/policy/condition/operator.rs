//! The operators, and how each compares an argument.

use std::cmp::Ordering;

use crate::json::{Decimal, Node, Value, cursor::Cursor, diagnostic::nearest_word};

use super::{
    Clause, ConditionError,
    literal::{Literal, Match, Set},
    path_prefix::AllowedFolders,
    text::{RegexMatcher, Search},
    url::AllowedHosts,
    value,
};

/// An operator with the value it compares with.
#[derive(Clone, Debug)]
pub enum Operator {
    /// `eq`, `in`
    Among(Set),
    /// `neq`, `not_in`
    NotAmong(Set),
    /// `lt`
    Less(Decimal),
    /// `lte`
    LessOrEqual(Decimal),
    /// `gt`
    Greater(Decimal),
    /// `gte`
    GreaterOrEqual(Decimal),
    /// `regex`
    Regex(RegexMatcher),
    /// `contains`
    Contains(Literal),
    /// `includes`
    Includes(Literal),
    /// `exists`
    Exists(bool),
    /// `starts_with`
    StartsWith(String),
    /// `ends_with`
    EndsWith(String),
    /// `path_within`
    PathWithin(AllowedFolders),
    /// `url_host_in`
    UrlHostIn(AllowedHosts),
    /// `max_length`, in code points
    MaxLength(u64),
    /// `max_items`, in elements
    MaxItems(u64),
    /// `has_scope`
    HasScope(String),
}

/// How one argument compares.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Yes,
    No,
    /// Wrong type; what the operator needs.
    TypeMismatch(&'static str),
}

/// Makes [`NAMES`] and [`Operator::new`] of the operators: the name in policies, what reads the value, and the variant.
macro_rules! operators {
    ($($name:literal => $read:ident => $operator:ident,)+) => {
        /// Every operator, as a policy names it.
        pub const NAMES: [&str; [$($name),+].len()] = [$($name),+];

        impl Operator {
            /// Puts an operator together.
            ///
            /// # Errors
            /// Everything that is wrong with the two.
            pub(in crate::policy) fn new(op: &str, value: Option<&Node<'_>>) -> Result<Self, Vec<ConditionError>> {
                match op {
                    $($name => value::$read(value).map(Self::$operator),)+
                    other => Err(vec![ConditionError::unknown(other, &NAMES)]),
                }
            }
        }
    };
}

operators! {
    "eq" => read_literal => Among,
    "neq" => read_literal => NotAmong,
    "in" => read_literals => Among,
    "not_in" => read_literals => NotAmong,
    "lt" => read_number => Less,
    "lte" => read_number => LessOrEqual,
    "gt" => read_number => Greater,
    "gte" => read_number => GreaterOrEqual,
    "regex" => read_regex => Regex,
    "contains" => read_contained => Contains,
    "includes" => read_single_literal => Includes,
    "exists" => read_boolean => Exists,
    "starts_with" => read_affix => StartsWith,
    "ends_with" => read_affix => EndsWith,
    "path_within" => read_folders => PathWithin,
    "url_host_in" => read_hosts => UrlHostIn,
    "max_length" => read_length => MaxLength,
    "max_items" => read_length => MaxItems,
    "has_scope" => read_scope => HasScope,
}

impl Operator {
    /// Counts the expression that it has, if any, among those of the document in which it is written at `at`. `None` if they are too
    /// large together, which is reported.
    pub(in crate::policy) fn count_expression(&self, at: &Cursor<'_, '_>) -> Option<()> {
        match self {
            Self::Regex(regex) => regex.count(at),
            _ => Some(()),
        }
    }

    /// Compares an argument that is neither missing nor `null`.
    pub(super) fn test(&self, clause: Clause, value: &Value<'_>) -> Verdict {
        match self {
            Self::Among(set) => test_set(set, value, Match::Equal),
            Self::NotAmong(set) => test_set(set, value, Match::Different),
            Self::Less(limit) => test_order(value, limit, Ordering::is_lt),
            Self::LessOrEqual(limit) => test_order(value, limit, Ordering::is_le),
            Self::Greater(limit) => test_order(value, limit, Ordering::is_gt),
            Self::GreaterOrEqual(limit) => test_order(value, limit, Ordering::is_ge),
            Self::Regex(pattern) => match value {
                Value::String(text) => match pattern.search(text) {
                    Search::Found => Verdict::Yes,
                    Search::NotFound => Verdict::No,
                    Search::TooLong => Verdict::TypeMismatch("a string of at most 16 KiB"),
                },
                _ => Verdict::TypeMismatch("a string"),
            },
            Self::Contains(literal) => test_contains(literal, clause, value),
            Self::Includes(literal) => match value {
                Value::Array(elements) => test_includes(literal, elements),
                _ => Verdict::TypeMismatch("an array"),
            },
            Self::Exists(wanted) => to_verdict(*wanted),
            Self::StartsWith(start) => test_string(value, |text| text.starts_with(start)),
            Self::EndsWith(end) => test_string(value, |text| text.ends_with(end)),
            Self::PathWithin(folders) => match value {
                Value::String(text) => {
                    folders.contains_path(text).map_or(Verdict::TypeMismatch(FOLDER_EXPECTED), to_verdict)
                }
                _ => Verdict::TypeMismatch(FOLDER_EXPECTED),
            },
            Self::UrlHostIn(hosts) => match value {
                Value::String(text) => {
                    hosts.contains_host_of(text).map_or(Verdict::TypeMismatch(URL_EXPECTED), to_verdict)
                }
                _ => Verdict::TypeMismatch(URL_EXPECTED),
            },
            Self::MaxLength(most) => match value {
                Value::String(text) => to_verdict(is_at_most(text.chars().count(), *most)),
                _ => Verdict::TypeMismatch("a string"),
            },
            Self::MaxItems(most) => match value {
                Value::Array(elements) => to_verdict(is_at_most(elements.len(), *most)),
                _ => Verdict::TypeMismatch("an array"),
            },
            Self::HasScope(scope) => test_scope(scope, value),
        }
    }

    /// The operator `in` for the values that a schema lists, and whether `null` is one of them.
    ///
    /// # Errors
    /// Why a value is nothing to compare with.
    pub(in crate::policy) fn among(values: &[&Node<'_>]) -> Result<(Self, bool), &'static str> {
        let is_null = |node: &&&Node<'_>| matches!(node.value, Value::Null);
        let literals: Result<Vec<Literal>, &str> =
            values.iter().filter(|node| !is_null(node)).map(|node| Literal::new(node)).collect();
        Ok((Self::Among(Set::new(literals?)), values.iter().any(|node| is_null(&node))))
    }

    /// Whether it holds for an argument that is neither missing nor `null`.
    #[must_use]
    pub fn holds(&self, clause: Clause, value: &Value<'_>) -> bool {
        match self.test(clause, value) {
            Verdict::Yes => true,
            Verdict::No => false,
            Verdict::TypeMismatch(_) => clause == Clause::Deny,
        }
    }

    /// Whether a missing argument satisfies the condition. In `require` only `exists: false` can be about nothing; to
    /// refuse, what is not there is not one of the permitted values either.
    pub(super) fn test_missing(&self, clause: Clause) -> bool {
        match self {
            Self::Exists(wanted) => !wanted,
            Self::NotAmong(_) => clause == Clause::Deny,
            _ => false,
        }
    }
}

// === what an argument has to be ===

const FOLDER_EXPECTED: &str = "an absolute path without `\\`, `%` and control characters";
const SCOPES_EXPECTED: &str = "a string or an array of strings";
const NUMBER_EXPECTED: &str = "a number that a double can hold";
const URL_EXPECTED: &str = "a plain http or https URL (no userinfo, backslash or white space; host in ASCII)";

fn to_verdict(holds: bool) -> Verdict {
    if holds { Verdict::Yes } else { Verdict::No }
}

fn test_set(set: &Set, value: &Value<'_>, wanted: Match) -> Verdict {
    match set.find(value) {
        Match::TypeMismatch => Verdict::TypeMismatch("a value of a type in the policy"),
        found => to_verdict(found == wanted),
    }
}

fn test_order(value: &Value<'_>, limit: &Decimal, accepts: fn(Ordering) -> bool) -> Verdict {
    let Value::Number(text) = value else { return Verdict::TypeMismatch("a number") };
    let number = Decimal::kept_by_double(text);
    number.map_or(Verdict::TypeMismatch(NUMBER_EXPECTED), |number| to_verdict(accepts(number.cmp(limit))))
}

fn test_string(value: &Value<'_>, holds: impl Fn(&str) -> bool) -> Verdict {
    let Value::String(text) = value else { return Verdict::TypeMismatch("a string") };
    to_verdict(holds(text))
}

/// A string contains a string; an array contains an element that equals. The caller chooses which of the two it sends, so
/// to refuse, an element that contains the string suffices as well.
fn test_contains(literal: &Literal, clause: Clause, value: &Value<'_>) -> Verdict {
    match (literal, value) {
        (Literal::Text(part), Value::String(text)) => to_verdict(text.contains(part)),
        (Literal::Text(part), Value::Array(elements)) if clause == Clause::Deny => {
            let within = |node: &Node<'_>| matches!(&node.value, Value::String(text) if text.contains(part));
            if elements.iter().any(within) { Verdict::Yes } else { test_includes(literal, elements) }
        }
        (_, Value::Array(elements)) => test_includes(literal, elements),
        (Literal::Text(_), _) => Verdict::TypeMismatch("a string or an array"),
        _ => Verdict::TypeMismatch("an array"),
    }
}

/// An element equals. One of another type is as wrong as an argument of another type: some server reads `[5]` as `["5"]`.
fn test_includes(literal: &Literal, elements: &[Node<'_>]) -> Verdict {
    let mut mismatch = false;
    for element in elements.iter().filter(|element| !super::is_missing(&element.value)) {
        match literal.compare(&element.value) {
            Match::Equal => return Verdict::Yes,
            Match::TypeMismatch => mismatch = true,
            Match::Different => {}
        }
    }
    if mismatch { Verdict::TypeMismatch("an array of the type in the policy") } else { Verdict::No }
}

/// A text has the scope as one of its words, or an element of an array does; RFC 6749, section 3.3, separates scopes by spaces.
fn test_scope(scope: &str, value: &Value<'_>) -> Verdict {
    let has_word = |text: &str| text.split(' ').any(|word| word == scope);
    match value {
        Value::String(text) => to_verdict(has_word(text)),
        Value::Array(elements) => {
            let mut verdict = Verdict::No;
            for element in elements.iter().filter(|element| !super::is_missing(&element.value)) {
                match &element.value {
                    Value::String(text) if has_word(text) => return Verdict::Yes,
                    Value::String(_) => {}
                    _ => verdict = Verdict::TypeMismatch(SCOPES_EXPECTED),
                }
            }
            verdict
        }
        _ => Verdict::TypeMismatch(SCOPES_EXPECTED),
    }
}

fn is_at_most(length: usize, most: u64) -> bool {
    u64::try_from(length).is_ok_and(|length| length <= most)
}

/// The operator that is called so in other languages, or whose name is near: `EQ`, `startsWith`, `not-in`.
pub(super) fn translate_operator(op: &str) -> Option<&'static str> {
    Some(match op {
        "=" | "==" | "===" | "equals" => "eq",
        "!=" | "!==" | "<>" | "ne" | "not_eq" => "neq",
        "<" => "lt",
        "<=" | "le" => "lte",
        ">" => "gt",
        ">=" | "ge" => "gte",
        "one_of" | "any_of" => "in",
        "nin" | "none_of" => "not_in",
        "~" | "=~" | "match" | "matches" | "pattern" | "like" => "regex",
        "has" => "contains",
        "has_item" => "includes",
        "present" | "is_present" => "exists",
        "prefix" | "has_prefix" => "starts_with",
        "suffix" | "has_suffix" => "ends_with",
        "max_len" => "max_length",
        "max_size" => "max_items",
        "scope" => "has_scope",
        _ => return nearest_word(op, &NAMES),
    })
}
