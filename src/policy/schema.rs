//! What a pinned definition says of a tool's arguments: the part of JSON Schema that the filter enforces; product contract,
//! section 12.
//!
//! * [`Schema`], [`Keyword`], [`Members`]: a schema, compiled
//! * `read`: from a policy document to these, with every mistake at its place; it bounds a schema
//! * `check`: whether arguments fit, with each step charged to the work of the request
//! * [`Unfit`]: why arguments do not fit, or were not looked at to the end
//! * `applied`: the schemas that apply to one value together, which say what `strict` refuses
//! * `costly`: patterns that take too much work
//! * [`Violation`]: which argument does not fit, and what its schema says; never the value
//!
//! The keywords mean what drafts 7 and 2020-12 of JSON Schema say, but for what [`Keyword`] notes.

mod applied;
mod check;
#[cfg(not(target_os = "wasi"))]
mod costly;
mod read;
mod strict;
mod unfit;
mod violation;

#[cfg(test)]
mod tests;

use super::condition::Operator;
#[cfg(not(target_os = "wasi"))]
use super::condition::RegexMatcher;

pub use self::{
    read::{MAX_ALTERNATIVES, MAX_DEPTH, MAX_SCHEMAS, SCHEMA_KEYS},
    unfit::Unfit,
    violation::{Sent, Violation},
};

/// A schema: a value fits if it fits each keyword. It takes the memory of a slice, since a configuration may have a million
/// empty ones.
#[derive(Clone, Debug, Default)]
pub struct Schema(Box<[Keyword]>);

/// What a keyword asks of a value.
#[derive(Clone, Debug)]
pub enum Keyword {
    /// `type`: one type, or one of several.
    Type(Types),
    /// A keyword that compares with a value: `enum`, `const`, or one on numbers or texts, or `maxItems`.
    Compare(Box<Comparison>),
    /// `minLength`, in code points.
    MinLength(u64),
    /// `minItems`
    MinItems(u64),
    /// `properties`, `required` and `additionalProperties`
    Members(Box<Members>),
    /// `items`: what each element of a list must fit.
    Items(Schema),
    /// `allOf`
    All(Box<[Schema]>),
    /// `anyOf` and `oneOf`: the value fits one of them, or several.
    Any(Alternatives),
    /// The schema `false`: no value fits.
    Never,
}

/// JSON types, as a set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Types(u8);

/// The types by their names in a schema, each with its bit. A number is of the type `integer` if it has no fraction.
const TYPES: [(&str, u8); 7] =
    [("null", 1), ("boolean", 2), ("integer", 4), ("number", 8), ("string", 16), ("array", 32), ("object", 64)];

/// A keyword that compares with a value. It asks nothing of values of another type than it compares, but for `enum` and `const`.
/// A number that a double does not keep is of no type, and a text of over 16 KiB matches no `pattern`.
#[derive(Clone, Debug)]
pub struct Comparison {
    name: &'static str,
    operator: Operator,
    /// Whether `null` fits `enum` or `const`.
    has_null: bool,
    /// The value in the schema, for people.
    text: Box<str>,
}

/// What a schema says of the members of an object.
#[derive(Clone, Debug, Default)]
pub struct Members {
    /// By name, in code-point order.
    properties: Vec<(Box<str>, Schema)>,
    /// In code-point order.
    required: Vec<Box<str>>,
    additional: Additional,
}

/// `additionalProperties`: what holds for members that `properties` does not name.
#[derive(Clone, Debug, Default)]
enum Additional {
    /// It says nothing, or allows each.
    #[default]
    Open,
    /// It allows none.
    Closed,
    /// They fit a schema.
    Schema(Schema),
}

/// `anyOf` or `oneOf`.
#[derive(Clone, Debug)]
pub struct Alternatives {
    name: &'static str,
    schemas: Box<[Schema]>,
}

impl Types {
    /// Whether it has a type of the table.
    fn has(self, name: &str) -> bool {
        TYPES.iter().any(|(known, bit)| *known == name && self.0 & bit != 0)
    }

    /// The names, in the order of the table.
    fn names(self) -> impl Iterator<Item = &'static str> {
        TYPES.into_iter().filter(move |(_, bit)| self.0 & bit != 0).map(|(name, _)| name)
    }
}

impl Members {
    fn property(&self, name: &str) -> Option<&Schema> {
        let index = self.properties.binary_search_by(|(known, _)| (**known).cmp(name)).ok()?;
        self.properties.get(index).map(|(_, schema)| schema)
    }

    fn requires(&self, name: &str) -> bool {
        self.required.binary_search_by(|known| (**known).cmp(name)).is_ok()
    }
}

/// For those who look at a schema as a whole: the command.
#[cfg(not(target_os = "wasi"))]
impl Schema {
    /// The schema as JSON: it compiles to the same schema.
    #[must_use]
    pub fn to_json(&self) -> String {
        use crate::json::{Writer, quoted};

        let list = |items: Vec<String>| format!("[{}]", items.join(","));
        let mut out = Writer::default();
        for keyword in &self.0 {
            match keyword {
                Keyword::Type(types) => out.add_json("type", list(types.names().map(quoted).collect())),
                Keyword::Compare(comparison) => out.add_json(comparison.name, comparison.value_json()),
                Keyword::MinLength(least) => out.add_json("minLength", least),
                Keyword::MinItems(least) => out.add_json("minItems", least),
                Keyword::Members(members) => {
                    let mut properties = Writer::default();
                    for (name, schema) in &members.properties {
                        properties.add_member(name, schema.to_json());
                    }
                    out.add_json("properties", properties.finish());
                    out.add_json("required", list(members.required.iter().map(|name| quoted(name)).collect()));
                    match &members.additional {
                        Additional::Open => &mut out,
                        Additional::Closed => out.add_json("additionalProperties", false),
                        Additional::Schema(schema) => out.add_json("additionalProperties", schema.to_json()),
                    }
                }
                Keyword::Items(schema) => out.add_json("items", schema.to_json()),
                Keyword::All(schemas) => out.add_json("allOf", list(schemas.iter().map(Self::to_json).collect())),
                Keyword::Any(Alternatives { name, schemas }) => {
                    out.add_json(name, list(schemas.iter().map(Self::to_json).collect()))
                }
                Keyword::Never => out.add_json("enum", "[]"),
            };
        }
        out.finish()
    }

    /// The places below which `strict` cannot tell a surplus value, since the schema says nothing of them: JSON pointers into the
    /// schema, at most so many.
    #[must_use]
    pub fn open_places(&self, most: usize) -> Vec<String> {
        let mut found = Vec::new();
        applied::add_open_places(self, &mut String::new(), true, &mut found, most);
        found
    }

    /// The patterns for which one text takes all the work that a request may, with their JSON pointers into the schema.
    #[must_use]
    pub fn exhausting_patterns(&self) -> Vec<(String, &RegexMatcher)> {
        let mut found = Vec::new();
        costly::add_exhausting_patterns(self, "", &mut found);
        found
    }

    /// Whether its object allows members that it does not name, and says so.
    #[must_use]
    pub fn names_members(&self) -> bool {
        applied::names_members(&self.0)
    }
}
