//! The part of a tool's `inputSchema` that the filter enforces. Whatever fits the whole schema fits the part: what is left out asks
//! for more.

mod pattern;
mod reference;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use mcp_policy::{
    json::{
        self,
        cursor::{Cursor, Problems},
        pointer,
    },
    policy::schema::{MAX_ALTERNATIVES, MAX_DEPTH, MAX_SCHEMAS, Schema},
};
use serde_json::{Map, Value, json};

use self::reference::{Target, resolve};

/// What is enforced of a schema, and what is not.
#[derive(Debug, PartialEq)]
pub(crate) struct Enforced {
    /// The schema of the pin; `None` if it is not enforced at all.
    pub(crate) schema: Option<Value>,
    /// What is left out, each with the JSON pointers into `inputSchema` where it is.
    pub(crate) left_out: BTreeMap<String, Vec<String>>,
}

/// Keywords that only describe.
const ANNOTATIONS: [&str; 14] = [
    "$schema",
    "$id",
    "$comment",
    "$defs",
    "definitions",
    "$anchor",
    "title",
    "description",
    "default",
    "examples",
    "example",
    "deprecated",
    "readOnly",
    "writeOnly",
];
/// Keywords that compare with a value of their own.
const COMPARISONS: [&str; 12] = [
    "type",
    "enum",
    "const",
    "minimum",
    "maximum",
    "exclusiveMinimum",
    "exclusiveMaximum",
    "minLength",
    "maxLength",
    "pattern",
    "minItems",
    "maxItems",
];
/// Keywords whose schemas name members, and are not enforced.
const CONDITIONAL: [&str; 4] = ["if", "then", "else", "dependentSchemas"];
/// How many times a schema may be resolved inside itself, the first number of these with which the whole is small enough.
const RECURSIONS: [usize; 4] = [3, 2, 1, 0];
/// `format: "date"`: servers that read dates take other texts, too, and read them as another date.
const DATE: &str = "^[0-9]{4}-[0-9]{2}-[0-9]{2}$";

/// Finds what is enforced of a tool's schema.
pub(crate) fn enforced(input_schema: &Value) -> Enforced {
    for recursions in RECURSIONS {
        let mut reducer = Reducer::new(input_schema, recursions);
        let schema = reducer.schema(input_schema, "", 1);
        if reducer.count <= MAX_SCHEMAS && is_enforced(&schema) {
            return Enforced { schema: Some(schema), left_out: reducer.left_out };
        }
    }
    let what = format!("the whole schema, which has more than {MAX_SCHEMAS} schemas");
    Enforced { schema: None, left_out: [(what, vec![String::new()])].into() }
}

/// Whether the filter takes a schema as it is.
fn is_enforced(schema: &Value) -> bool {
    let text = schema.to_string();
    let Ok(node) = json::parse(text.as_bytes(), 128) else { return false };
    let problems = Problems::default();
    Schema::read(&Cursor::top(&node, &problems)).is_some() && problems.take().is_empty()
}

/// A walk over one schema.
struct Reducer<'s> {
    root: &'s Value,
    /// Up to draft 7, keywords beside `$ref` have no meaning.
    ref_is_alone: bool,
    recursions: usize,
    /// The references that are being resolved.
    open: Vec<&'s str>,
    /// Schemas so far, names that are required included.
    count: usize,
    left_out: BTreeMap<String, Vec<String>>,
}

impl<'s> Reducer<'s> {
    fn new(root: &'s Value, recursions: usize) -> Self {
        let dialect = root.get("$schema").and_then(Value::as_str).unwrap_or_default();
        let ref_is_alone = ["draft-03", "draft-04", "draft-06", "draft-07"].iter().any(|one| dialect.contains(one));
        Self { root, ref_is_alone, recursions, open: Vec::new(), count: 0, left_out: BTreeMap::new() }
    }

    fn leave_out(&mut self, what: impl Into<String>, at: &str) {
        let places = self.left_out.entry(what.into()).or_default();
        if !places.iter().any(|place| place == at) {
            places.push(at.to_owned());
        }
    }

    /// Reduces the schema at a place of the document, `depth` schemas deep.
    fn schema(&mut self, schema: &'s Value, at: &str, depth: usize) -> Value {
        self.count = self.count.saturating_add(1);
        // A walk that is too long is given up by the caller.
        if self.count > MAX_SCHEMAS {
            return json!({});
        }
        let keywords = match schema {
            Value::Object(keywords) => keywords,
            Value::Bool(_) if depth > 1 => return schema.clone(),
            _ => {
                self.leave_out("what is not a schema", at);
                return json!({});
            }
        };
        if depth > MAX_DEPTH {
            self.leave_out(format!("schemas that nest deeper than {MAX_DEPTH}"), at);
            return json!({});
        }
        let Some(reference) = keywords.get("$ref").and_then(Value::as_str) else {
            return Value::Object(self.keywords(keywords, at, depth));
        };
        let beside: Map<String, Value> = if self.ref_is_alone {
            Map::new()
        } else {
            // What is beside a reference is never a reference itself, and of a copy no place is kept.
            self.keywords(keywords, at, depth.saturating_add(1))
        };
        let referred = self.referred(reference, at, if beside.is_empty() { depth } else { depth.saturating_add(1) });
        match referred {
            referred if beside.is_empty() => referred,
            referred => {
                self.count = self.count.saturating_add(2);
                json!({ "allOf": [referred, beside] })
            }
        }
    }

    /// Reduces what a reference refers to.
    fn referred(&mut self, reference: &'s str, at: &str, depth: usize) -> Value {
        let Some(Target { schema, pointer }) = resolve(self.root, reference) else {
            self.leave_out("a `$ref` to another document or to nothing", at);
            return json!({});
        };
        if self.open.iter().filter(|open| **open == reference).count() > self.recursions {
            self.leave_out("a `$ref` inside what it refers to", at);
            return json!({});
        }
        // The schema counts with its target.
        self.count = self.count.saturating_sub(1);
        self.open.push(reference);
        let reduced = self.schema(schema, &pointer, depth);
        self.open.pop();
        reduced
    }

    fn keywords(&mut self, keywords: &'s Map<String, Value>, at: &str, depth: usize) -> Map<String, Value> {
        let mut kept = Map::new();
        for (name, value) in keywords {
            let place = pointer::member(at, name);
            match (name.as_str(), value) {
                ("$ref", _) => {}
                (name, _) if ANNOTATIONS.contains(&name) => {}
                ("pattern", Value::String(text)) if pattern::differs(text) => self.leave_out("`pattern`", &place),
                (name, value) if COMPARISONS.contains(&name) => {
                    if is_enforced(&json!({ name: value })) {
                        kept.insert(name.to_owned(), value.clone());
                    } else {
                        self.leave_out(format!("`{name}`"), &place);
                    }
                }
                ("required", Value::Array(names)) if names.iter().all(Value::is_string) => {
                    self.count = self.count.saturating_add(names.len());
                    kept.insert(name.to_owned(), value.clone());
                }
                ("properties", Value::Object(properties)) => {
                    let schemas = properties.iter().map(|(property, schema)| {
                        let reduced = self.schema(schema, &pointer::member(&place, property), depth.saturating_add(1));
                        (property.clone(), reduced)
                    });
                    kept.insert(name.to_owned(), Value::Object(schemas.collect()));
                }
                ("additionalProperties", _) if keywords.contains_key("patternProperties") => {}
                ("additionalProperties", _) => {
                    kept.insert(name.to_owned(), self.schema(value, &place, depth.saturating_add(1)));
                }
                ("patternProperties", Value::Object(patterns)) => {
                    self.leave_out("`patternProperties` (a member fits one of its schemas or the others')", &place);
                    let others = keywords.get("additionalProperties");
                    let rest =
                        Some((pointer::member(at, "additionalProperties"), others.unwrap_or(&Value::Bool(true))));
                    let schemas = patterns.iter().map(|(name, schema)| (pointer::member(&place, name), schema));
                    let schemas: Vec<(String, &'s Value)> =
                        schemas.chain(rest).filter(|(_, schema)| **schema != Value::Bool(false)).collect();
                    if schemas.len() <= MAX_ALTERNATIVES {
                        let any: Vec<Value> = schemas
                            .into_iter()
                            .map(|(place, schema)| self.schema(schema, &place, depth.saturating_add(2)))
                            .collect();
                        self.count = self.count.saturating_add(1);
                        let any = if any.is_empty() { json!(false) } else { json!({ "anyOf": any }) };
                        kept.insert("additionalProperties".to_owned(), any);
                    }
                }
                ("items", Value::Object(_) | Value::Bool(_)) if !keywords.contains_key("prefixItems") => {
                    kept.insert(name.to_owned(), self.schema(value, &place, depth.saturating_add(1)));
                }
                ("allOf" | "anyOf" | "oneOf", Value::Array(schemas))
                    if !schemas.is_empty() && (name == "allOf" || schemas.len() <= MAX_ALTERNATIVES) =>
                {
                    let reduced = schemas.iter().enumerate().map(|(index, schema)| {
                        self.schema(schema, &pointer::member(&place, &index.to_string()), depth.saturating_add(1))
                    });
                    kept.insert(name.to_owned(), Value::Array(reduced.collect()));
                }
                ("format", Value::String(format)) if format == "date" && !keywords.contains_key("pattern") => {
                    kept.insert("pattern".to_owned(), DATE.into());
                }
                (name, _) => self.leave_out(format!("`{name}`"), &place),
            }
        }
        self.keep_names(keywords, &mut kept);
        kept
    }

    /// Keeps the names of members that only schemas name which are left out: `strict` must not refuse them.
    fn keep_names(&mut self, keywords: &Map<String, Value>, kept: &mut Map<String, Value>) {
        let conditional = CONDITIONAL.iter().filter_map(|name| keywords.get(*name));
        let schemas = conditional.flat_map(|schema| {
            [Some(schema)].into_iter().flatten().chain(schema.as_object().into_iter().flat_map(Map::values))
        });
        let properties = schemas.filter_map(|schema| schema.get("properties")?.as_object());
        let names: Vec<String> = properties.flat_map(Map::keys).cloned().collect();
        if names.is_empty() {
            return;
        }
        if let Value::Object(known) = kept.entry("properties").or_insert_with(|| json!({})) {
            for name in names {
                known.entry(name).or_insert_with(|| {
                    self.count = self.count.saturating_add(1);
                    json!({})
                });
            }
        }
        // What such a member must be depends on what is left out.
        if keywords.get("additionalProperties").is_some_and(|others| *others != Value::Bool(true)) {
            self.leave_out("`additionalProperties` beside conditional schemas", "");
            kept.remove("additionalProperties");
        }
    }
}
