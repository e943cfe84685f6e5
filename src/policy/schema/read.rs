//! Reads a schema of a policy document. What the filter does not enforce is a mistake: `mcp-policy pin` leaves it out, and says so.

use crate::{
    json::{
        Node, Value,
        cursor::{Cursor, Fields, Keys},
    },
    policy::condition::{Operator, display_value},
};

use super::{Additional, Alternatives, Comparison, Keyword, Members, Schema, TYPES, Types};

/// The keywords: those that are enforced, then those that only describe.
pub const SCHEMA_KEYS: Keys = Keys {
    known: &[
        "type",
        "properties",
        "required",
        "additionalProperties",
        "enum",
        "const",
        "minimum",
        "maximum",
        "exclusiveMinimum",
        "exclusiveMaximum",
        "minLength",
        "maxLength",
        "pattern",
        "items",
        "minItems",
        "maxItems",
        "allOf",
        "anyOf",
        "oneOf",
        "title",
        "description",
        "default",
        "examples",
    ],
};

/// How deep schemas nest: a check calls itself for each level.
pub const MAX_DEPTH: usize = 16;
/// The schemas of one tool, all that are nested included: a value is compared with each of them once at most.
pub const MAX_SCHEMAS: usize = 4096;
/// The schemas of one `anyOf` or `oneOf`.
pub const MAX_ALTERNATIVES: usize = 8;

/// Keywords that compare, with the operator of conditions that does the same.
const COMPARISONS: [(&str, &str); 7] = [
    ("minimum", "gte"),
    ("maximum", "lte"),
    ("exclusiveMinimum", "gt"),
    ("exclusiveMaximum", "lt"),
    ("maxLength", "max_length"),
    ("pattern", "regex"),
    ("maxItems", "max_items"),
];

/// Reads one schema with all that it nests.
struct SchemaReader {
    /// The schemas that it may still have.
    left: usize,
}

impl Schema {
    /// Reads the schema of a tool, and reports everything that is wrong with it; a keyword that is wrong is left out.
    #[inline(never)]
    pub fn read(at: &Cursor<'_, '_>) -> Option<Self> {
        if !matches!(at.node().value, Value::Object(_)) {
            return at.report_expected("an object");
        }
        SchemaReader { left: MAX_SCHEMAS }.schema(at, 1)
    }
}

impl SchemaReader {
    fn schema(&mut self, at: &Cursor<'_, '_>, depth: usize) -> Option<Schema> {
        let Some(left) = self.left.checked_sub(1) else {
            // One report says it.
            return None;
        };
        self.left = left;
        if left == 0 {
            at.report(format!(
                "the schemas of a tool are more than {MAX_SCHEMAS}; `mcp-policy pin` leaves out the rest"
            ));
            return None;
        }
        if depth > MAX_DEPTH {
            at.report(format!("schemas nest deeper than {MAX_DEPTH}; `mcp-policy pin` leaves out what is deeper"));
            return None;
        }
        match at.node().value {
            Value::Bool(true) => return Some(Schema::default()),
            Value::Bool(false) => return Some(Schema(Box::new([Keyword::Never]))),
            _ => {}
        }
        let fields = at.fields(SCHEMA_KEYS)?;
        let mut keywords = Vec::new();
        if let Some(types) = fields.read("type", read_types) {
            keywords.push(Keyword::Type(types));
        }
        for name in ["enum", "const"] {
            if let Some(values) = fields.read(name, |values| read_values(name, values)) {
                keywords.push(Keyword::Compare(Box::new(values)));
            }
        }
        for (name, operator) in COMPARISONS {
            if let Some(value) = fields.read(name, |value| read_comparison(name, operator, value)) {
                keywords.push(Keyword::Compare(Box::new(value)));
            }
        }
        if let Some(least) = fields.read("minLength", |least| least.integer(0, u64::MAX)) {
            keywords.push(Keyword::MinLength(least));
        }
        if let Some(least) = fields.read("minItems", |least| least.integer(0, u64::MAX)) {
            keywords.push(Keyword::MinItems(least));
        }
        if let Some(members) = self.members(&fields, depth) {
            keywords.push(Keyword::Members(Box::new(members)));
        }
        if let Some(items) = fields.read("items", |items| self.schema(items, depth.saturating_add(1))) {
            keywords.push(Keyword::Items(items));
        }
        if let Some(all) = fields.read("allOf", |all| self.schemas(all, usize::MAX, depth)) {
            keywords.push(Keyword::All(all));
        }
        for name in ["anyOf", "oneOf"] {
            if let Some(schemas) = fields.read(name, |any| self.schemas(any, MAX_ALTERNATIVES, depth)) {
                keywords.push(Keyword::Any(Alternatives { name, schemas }));
            }
        }
        Some(Schema(keywords.into()))
    }

    /// The schemas of a list.
    fn schemas(&mut self, at: &Cursor<'_, '_>, most: usize, depth: usize) -> Option<Box<[Schema]>> {
        let items = at.items()?;
        if items.is_empty() || items.len() > most {
            let bound = if most == usize::MAX { String::new() } else { format!(", at most {most}") };
            return at.report_expected(&format!("a list of schemas, at least one{bound}"));
        }
        let schemas: Vec<Schema> = items.iter().filter_map(|item| self.schema(item, depth.saturating_add(1))).collect();
        Some(schemas.into())
    }

    /// `None` if the schema says nothing of members.
    fn members(&mut self, fields: &Fields<'_, '_>, depth: usize) -> Option<Members> {
        let [properties, required, additional] =
            ["properties", "required", "additionalProperties"].map(|key| fields.get(key));
        if properties.is_none() && required.is_none() && additional.is_none() {
            return None;
        }
        let mut members = Members::default();
        if let Some(properties) = properties {
            for (name, at) in properties.entries().unwrap_or_default() {
                let Some(schema) = self.schema(&at, depth.saturating_add(1)) else { continue };
                // Texts are sorted already, as a rule. The standard sorts would add 10 KB to the module.
                let place = members.properties.partition_point(|(known, _)| **known < *name);
                members.properties.insert(place, (name.into(), schema));
            }
        }
        if let Some(required) = required {
            let names = required.items().unwrap_or_default();
            // Each takes as much as a schema.
            let Some(left) = self.left.checked_sub(names.len()).filter(|left| *left > 0) else {
                required.report(format!("with these names the schemas of a tool are more than {MAX_SCHEMAS}"));
                return None;
            };
            self.left = left;
            for item in names {
                let Some(name) = item.string() else { continue };
                let place = members.required.partition_point(|known| **known < *name);
                if members.required.get(place).is_none_or(|known| **known != *name) {
                    members.required.insert(place, name.into());
                }
            }
        }
        if let Some(additional) = additional {
            members.additional = match additional.node().value {
                Value::Bool(false) => Additional::Closed,
                _ => match self.schema(&additional, depth.saturating_add(1)) {
                    Some(schema) if !schema.0.is_empty() => Additional::Schema(schema),
                    _ => Additional::Open,
                },
            };
        }
        Some(members)
    }
}

fn read_types(at: &Cursor<'_, '_>) -> Option<Types> {
    let bit = |at: &Cursor<'_, '_>| at.choice(&TYPES);
    if !matches!(at.node().value, Value::Array(_)) {
        return bit(at).map(Types);
    }
    let items = at.items()?;
    if items.is_empty() {
        return at.report_expected("at least one type");
    }
    Some(Types(items.iter().filter_map(bit).fold(0, |bits, one| bits | one)))
}

/// `enum`, or `const`, which is one value.
fn read_values(name: &'static str, at: &Cursor<'_, '_>) -> Option<Comparison> {
    let values: Vec<&Node<'_>> = match &at.node().value {
        Value::Array(nodes) if name == "enum" => nodes.iter().collect(),
        _ if name == "enum" => return at.report_expected("a list of values"),
        _ => vec![at.node()],
    };
    match Operator::among(&values) {
        Ok((operator, has_null)) => {
            Some(Comparison { name, operator, has_null, text: display_value(&at.node().value).into() })
        }
        Err(reason) => {
            at.report(format!("the filter cannot compare with this: {reason}; `mcp-policy pin` leaves it out"));
            None
        }
    }
}

fn read_comparison(name: &'static str, operator: &str, at: &Cursor<'_, '_>) -> Option<Comparison> {
    match Operator::new(operator, Some(at.node())) {
        Ok(operator) => {
            operator.count_expression(at)?;
            Some(Comparison { name, operator, has_null: false, text: display_value(&at.node().value).into() })
        }
        Err(errors) => {
            for error in errors {
                at.report(format!("found {}, expected {}", error.found, error.allowed));
            }
            None
        }
    }
}

#[cfg(not(target_os = "wasi"))]
impl Comparison {
    /// The value in the schema.
    pub(super) fn value_json(&self) -> String {
        let json = crate::policy::policy_json::operator_value(&self.operator);
        match self.name {
            "const" if self.has_null => "null".to_owned(),
            "const" => json.get(1..json.len().saturating_sub(1)).unwrap_or_default().to_owned(),
            "enum" if self.has_null && json == "[]" => "[null]".to_owned(),
            "enum" if self.has_null => json.replacen('[', "[null,", 1),
            _ => json,
        }
    }
}
