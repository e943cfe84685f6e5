//! The values that a policy compares with.

use std::collections::HashSet;

use crate::json::{Decimal, Member, Node, Value, ValueType, find_folded_twin, fold};

/// Why a number is nothing to compare with.
pub(super) const NOT_KEPT: &str = "an IEEE 754 double cannot hold it, so servers read another number";

/// A value in a policy. `null` is not a literal: it counts as missing, so nothing can equal it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Literal {
    /// `true` or `false`
    Flag(bool),
    /// A number, by its exact value.
    Number(Decimal),
    /// A string.
    Text(String),
    /// An array.
    List(Vec<Literal>),
    /// An object: its members as the policy orders them, no two with names that are alike.
    Object(Vec<(String, Literal)>),
}

/// How an argument compares with literals.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Match {
    Equal,
    Different,
    /// Of a type that no literal has, there or inside.
    TypeMismatch,
}

/// One or several literals, to find a value among them without comparing it with each: an array of many elements may
/// meet a long list. Hashed rather than sorted: each sort of another type adds 8 KB to the module.
#[derive(Clone, Debug, Default)]
pub struct Set {
    texts: HashSet<Box<str>>,
    numbers: HashSet<Decimal>,
    flags: Vec<bool>,
    nested: Vec<Literal>,
}

// === impl Literal ===

impl Literal {
    /// Takes over a value of the policy.
    ///
    /// # Errors
    /// Why it is nothing to compare with.
    pub(super) fn new(node: &Node<'_>) -> Result<Self, &'static str> {
        Ok(match &node.value {
            Value::Null => return Err("`null` counts as missing; use `exists`"),
            Value::Bool(flag) => Self::Flag(*flag),
            Value::Number(text) => Self::Number(Decimal::kept_by_double(text).ok_or(NOT_KEPT)?),
            Value::String(text) => Self::Text(text.to_string()),
            Value::Array(elements) => Self::List(elements.iter().map(Self::new).collect::<Result<_, _>>()?),
            Value::Object(members) => {
                if find_folded_twin(members.iter().map(|member| &*member.name), 0).is_some() {
                    return Err("two of its names are alike");
                }
                let mut literals = Vec::with_capacity(members.len());
                for member in members {
                    literals.push((member.name.to_string(), Self::new(&member.node)?));
                }
                Self::Object(literals)
            }
        })
    }

    /// Compares with an argument: types strictly, numbers as exact decimals, an object's members in any order.
    pub(super) fn compare(&self, value: &Value<'_>) -> Match {
        match (self, value) {
            (Self::Flag(one), Value::Bool(other)) => equal(one == other),
            (Self::Number(one), Value::Number(other)) => {
                Decimal::kept_by_double(other).map_or(Match::TypeMismatch, |other| equal(*one == other))
            }
            (Self::Text(one), Value::String(other)) => equal(one == other),
            (Self::List(ones), Value::Array(others)) if ones.len() != others.len() => Match::Different,
            (Self::List(ones), Value::Array(others)) => {
                all(ones.iter().zip(others).map(|(one, other)| one.compare(&other.value)))
            }
            (Self::Object(ones), Value::Object(others)) => {
                let found = all(others.iter().map(|other| compare_member(ones, other)));
                if ones.len() == others.len() { found } else { found.max_different() }
            }
            _ => Match::TypeMismatch,
        }
    }

    fn value_type(&self) -> ValueType {
        match self {
            Self::Flag(_) => ValueType::Bool,
            Self::Number(_) => ValueType::Number,
            Self::Text(_) => ValueType::String,
            Self::List(_) => ValueType::Array,
            Self::Object(_) => ValueType::Object,
        }
    }
}

/// A name that equals a literal's only after case folding is alien: some server reads the one for the other.
fn compare_member(ones: &[(String, Literal)], other: &Member<'_>) -> Match {
    if let Some((_, one)) = ones.iter().find(|(name, _)| *name == other.name) {
        return one.compare(&other.node.value);
    }
    if ones.iter().any(|(name, _)| fold::same_but_control(name, &other.name)) {
        Match::TypeMismatch
    } else {
        Match::Different
    }
}

fn equal(same: bool) -> Match {
    if same { Match::Equal } else { Match::Different }
}

/// All must be equal; what is alien counts more than what is different.
fn all(parts: impl Iterator<Item = Match>) -> Match {
    parts.fold(Match::Equal, |sum, part| match (sum, part) {
        (Match::TypeMismatch, _) | (_, Match::TypeMismatch) => Match::TypeMismatch,
        (Match::Different, _) | (_, Match::Different) => Match::Different,
        (Match::Equal, Match::Equal) => Match::Equal,
    })
}

impl Match {
    fn max_different(self) -> Self {
        if self == Self::Equal { Self::Different } else { self }
    }
}

// === impl Set ===

impl Set {
    pub(super) fn new(literals: impl IntoIterator<Item = Literal>) -> Self {
        let mut set = Self::default();
        for literal in literals {
            match literal {
                Literal::Flag(flag) => set.flags.push(flag),
                Literal::Number(number) => drop(set.numbers.insert(number)),
                Literal::Text(text) => drop(set.texts.insert(text.into())),
                nested @ (Literal::List(_) | Literal::Object(_)) => set.nested.push(nested),
            }
        }
        set
    }

    /// All literals, in no order.
    pub fn literals(&self) -> impl Iterator<Item = Literal> {
        let texts = self.texts.iter().map(|text| Literal::Text(text.to_string()));
        let numbers = self.numbers.iter().cloned().map(Literal::Number);
        let flags = self.flags.iter().copied().map(Literal::Flag);
        texts.chain(numbers).chain(flags).chain(self.nested.iter().cloned())
    }

    /// The lists and the objects: an argument is compared with each.
    pub(super) fn nested(&self) -> &[Literal] {
        &self.nested
    }

    /// Looks for an argument among the literals.
    pub(super) fn find(&self, value: &Value<'_>) -> Match {
        let found = |none: bool, same: bool| if none { Match::TypeMismatch } else { equal(same) };
        match value {
            Value::Null => Match::TypeMismatch,
            Value::Bool(flag) => found(self.flags.is_empty(), self.flags.contains(flag)),
            Value::Number(text) => Decimal::kept_by_double(text)
                .map_or(Match::TypeMismatch, |number| found(self.numbers.is_empty(), self.numbers.contains(&number))),
            Value::String(text) => found(self.texts.is_empty(), self.texts.contains(&**text)),
            Value::Array(_) => self.find_nested(ValueType::Array, value),
            Value::Object(_) => self.find_nested(ValueType::Object, value),
        }
    }

    fn find_nested(&self, kind: ValueType, value: &Value<'_>) -> Match {
        let mut best = None;
        for literal in self.nested.iter().filter(|literal| literal.value_type() == kind) {
            match literal.compare(value) {
                Match::Equal => return Match::Equal,
                Match::TypeMismatch => best = Some(Match::TypeMismatch),
                Match::Different => best = best.or(Some(Match::Different)),
            }
        }
        best.unwrap_or(Match::TypeMismatch)
    }
}
