//! What a tool's `inputSchema` says of an argument: of the one that a condition looks at, and of all that a tool takes.

use serde_json::{Map, Value};

use crate::policy::path::{Path, Segment};

/// What a schema says of an argument.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Argument<'s> {
    /// Nothing: any argument may be there, of any type.
    Unknown,
    /// The tool has no such argument: the key, and those that are there in its place.
    Missing(String, Vec<&'s str>),
    /// Its JSON types, as the schema names them.
    Types(Vec<&'s str>),
}

/// Alternatives (`anyOf` and its like) that are looked at, and references that are followed: a server writes the schema.
const MAX_SCHEMAS: usize = 256;

/// What a schema says of one value: itself, what it refers to (`$ref` within the document), and its alternatives (`anyOf`,
/// `oneOf`, `allOf`).
///
/// ```
/// # use mcp_policy::lint::ValueSchema;
/// let schema = serde_json::json!({"required": ["to"], "properties": {
///     "to": {"anyOf": [{"type": "string"}, {"$ref": "#/$defs/list"}]},
/// }, "$defs": {"list": {"type": ["array", "null"]}}});
/// let arguments = ValueSchema::new(&schema);
/// assert!(arguments.requires("to"));
/// assert_eq!(arguments.members()[0].1.types(), ["array", "string"]);
/// ```
#[derive(Clone, Debug)]
pub struct ValueSchema<'s> {
    root: &'s Value,
    /// The alternatives, before they are unfolded: one applies.
    heads: Vec<&'s Value>,
    /// All.
    schemas: Vec<&'s Value>,
}

impl<'s> ValueSchema<'s> {
    /// Of a whole value.
    #[must_use]
    pub fn new(schema: &'s Value) -> Self {
        Self::unfold(schema, vec![schema])
    }

    fn unfold(root: &'s Value, heads: Vec<&'s Value>) -> Self {
        let mut schemas = heads.clone();
        let mut index = 0;
        while let Some(schema) = schemas.get(index).copied().filter(|_| schemas.len() < MAX_SCHEMAS) {
            index = index.saturating_add(1);
            schemas.extend(referred(root, schema));
            schemas.extend(["anyOf", "oneOf", "allOf"].into_iter().flat_map(|key| list(schema, key)));
        }
        Self { root, heads, schemas }
    }

    /// The members of an object that the schema names; of one that several alternatives name, all that they say.
    #[must_use]
    pub fn members(&self) -> Vec<(&'s str, Self)> {
        let mut found: Vec<(&str, Vec<&Value>)> = Vec::new();
        for (key, schema) in self.properties().flatten() {
            match found.iter_mut().find(|(known, _)| known == key) {
                Some((_, schemas)) => schemas.push(schema),
                None => found.push((key, vec![schema])),
            }
        }
        found.into_iter().map(|(key, schemas)| (key, Self::unfold(self.root, schemas))).collect()
    }

    /// The elements of a list; `None` if the schema says nothing of them.
    #[must_use]
    pub fn elements(&self) -> Option<Self> {
        let items: Vec<&Value> = self.values_of("items").collect();
        (!items.is_empty()).then(|| Self::unfold(self.root, items))
    }

    /// The JSON types, as the schema names them, in alphabetical order, without `null`; none if it names none.
    #[must_use]
    pub fn types(&self) -> Vec<&'s str> {
        let mut found: Vec<&str> = Vec::new();
        for types in self.values_of("type") {
            match types {
                Value::String(name) => found.push(name),
                Value::Array(names) => found.extend(names.iter().filter_map(Value::as_str)),
                _ => {}
            }
        }
        found.retain(|name| *name != "null");
        found.sort_unstable();
        found.dedup();
        found
    }

    /// The values of a keyword, such as `format`, wherever the schema has it.
    pub fn values_of(&self, keyword: &str) -> impl Iterator<Item = &'s Value> {
        self.schemas.iter().filter_map(move |schema| schema.get(keyword))
    }

    /// Whether an object without this member is never valid.
    #[must_use]
    pub fn requires(&self, key: &str) -> bool {
        let mut left = MAX_SCHEMAS;
        !self.heads.is_empty() && self.heads.iter().all(|schema| requires(self.root, schema, key, 0, &mut left))
    }

    /// The values of an enumeration (`enum`, `const`, or alternatives of these), but for `null`; `None` if others are valid, too.
    #[must_use]
    pub fn enumeration(&self) -> Option<Vec<&'s Value>> {
        let mut left = MAX_SCHEMAS;
        let mut found = Vec::new();
        for schema in &self.heads {
            add_enumeration(self.root, schema, &mut found, &mut left)?;
        }
        found.retain(|value| !value.is_null());
        Some(found).filter(|found| !found.is_empty())
    }

    fn properties(&self) -> impl Iterator<Item = &'s Map<String, Value>> {
        self.values_of("properties").filter_map(Value::as_object)
    }

    /// The schema of a member of an object; an error if the object never has it.
    fn member(&self, key: &str) -> Result<Self, Argument<'s>> {
        let found: Vec<&Value> = self.properties().filter_map(|properties| properties.get(key)).collect();
        let is_open = |schema: &&Value| match schema.get("additionalProperties") {
            Some(more) => *more != Value::Bool(false),
            None => schema.get("patternProperties").is_some(),
        };
        let names: Vec<&str> = self.properties().flat_map(Map::keys).map(String::as_str).collect();
        if found.is_empty() && !names.is_empty() && !self.schemas.iter().any(is_open) {
            return Err(Argument::Missing(key.to_owned(), names));
        }
        Ok(Self::unfold(self.root, found))
    }
}

/// Looks an argument up.
pub(super) fn find<'s>(schema: &'s Value, path: &Path) -> Argument<'s> {
    let mut at = ValueSchema::new(schema);
    for segment in path.segments() {
        let inner = match segment {
            Segment::Key(key) => at.member(key),
            Segment::Index(_) | Segment::Every => at.elements().ok_or(Argument::Unknown),
        };
        at = match inner {
            Ok(inner) if !inner.heads.is_empty() => inner,
            Ok(_) => return Argument::Unknown,
            Err(argument) => return argument,
        };
    }
    match at.types() {
        types if types.is_empty() => Argument::Unknown,
        types => Argument::Types(types),
    }
}

/// What a schema refers to within its document.
fn referred<'s>(root: &'s Value, schema: &'s Value) -> Option<&'s Value> {
    let place = schema.get("$ref")?.as_str()?.strip_prefix('#')?;
    root.pointer(place)
}

fn list<'s>(schema: &'s Value, key: &str) -> impl Iterator<Item = &'s Value> + use<'s> {
    schema.get(key).and_then(Value::as_array).into_iter().flatten()
}

/// References and alternatives that are followed one after the other: references may go round in circles.
const MAX_DEPTH: usize = 8;

/// `left` is how many more schemas are looked at.
fn requires(root: &Value, schema: &Value, key: &str, depth: usize, left: &mut usize) -> bool {
    let Some(fewer) = left.checked_sub(1).filter(|_| depth < MAX_DEPTH) else { return false };
    *left = fewer;
    let mut each = |schema: &Value| requires(root, schema, key, depth.saturating_add(1), left);
    list(schema, "required").any(|name| name == key)
        || referred(root, schema).is_some_and(&mut each)
        || list(schema, "allOf").any(&mut each)
        || ["anyOf", "oneOf"]
            .into_iter()
            .any(|word| list(schema, word).count() > 0 && list(schema, word).all(&mut each))
}

/// Adds the values of an enumeration; `None` if this is none.
fn add_enumeration<'s>(root: &'s Value, schema: &'s Value, found: &mut Vec<&'s Value>, left: &mut usize) -> Option<()> {
    *left = left.checked_sub(1)?;
    if let Some(values) = schema.get("enum") {
        found.extend(values.as_array()?);
        return Some(());
    }
    if let Some(value) = schema.get("const") {
        found.push(value);
        return Some(());
    }
    if schema.get("type").is_some_and(|name| name == "null") {
        return Some(());
    }
    for word in ["anyOf", "oneOf"] {
        if list(schema, word).count() > 0 {
            return list(schema, word).try_for_each(|schema| add_enumeration(root, schema, found, left));
        }
    }
    let known = found.len();
    referred(root, schema).into_iter().chain(list(schema, "allOf")).find_map(|schema| {
        found.truncate(known);
        add_enumeration(root, schema, found, left)
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{Argument, Path, ValueSchema, find};

    #[test]
    fn arguments_are_found_through_references_and_alternatives() {
        let schema = json!({
            "type": "object",
            "properties": {
                "path": {"type": "string"},
                "amount": {"anyOf": [{"type": "integer"}, {"type": "null"}]},
                "items": {"type": "array", "items": {"$ref": "#/$defs/item"}},
                "any": {},
                "open": {"type": "object", "properties": {"a": {}}, "additionalProperties": true},
            },
            "$defs": {"item": {"type": "object", "properties": {"price": {"type": ["number", "null"]}}}},
        });
        for (path, expected) in [
            ("args.path", Argument::Types(vec!["string"])),
            ("args.amount", Argument::Types(vec!["integer"])),
            ("args.items[*].price", Argument::Types(vec!["number"])),
            ("args.items[*].cost", Argument::Missing("cost".into(), vec!["price"])),
            ("args.pth", Argument::Missing("pth".into(), vec!["amount", "any", "items", "open", "path"])),
            ("args.any", Argument::Unknown),
            ("args.any.deeper", Argument::Unknown),
            ("args.open.b", Argument::Unknown),
        ] {
            assert_eq!(find(&schema, &Path::new(path).unwrap()), expected, "{path}");
        }
        assert_eq!(find(&json!(null), &Path::new("args.a").unwrap()), Argument::Unknown);
        let circle = json!({"$ref": "#", "properties": {"a": {"type": "string"}}});
        assert_eq!(find(&circle, &Path::new("args.a").unwrap()), Argument::Types(vec!["string"]));
    }

    #[test]
    fn a_member_is_required_if_every_alternative_requires_it() {
        let schema = json!({
            "required": ["a"],
            "allOf": [{"required": ["b"]}, {"$ref": "#/$defs/c"}],
            "anyOf": [{"required": ["d", "e"]}, {"required": ["d"]}],
            "$defs": {"c": {"required": ["c"], "$ref": "#/$defs/c"}},
        });
        let value = ValueSchema::new(&schema);
        assert_eq!(
            ["a", "b", "c", "d", "e", "f"].map(|key| value.requires(key)),
            [true, true, true, true, false, false]
        );
    }

    #[test]
    fn an_enumeration_is_one_in_every_alternative() {
        for (schema, values) in [
            (json!({"enum": ["a", null, 1]}), Some(vec![json!("a"), json!(1)])),
            (json!({"oneOf": [{"const": "a"}, {"enum": ["b"]}, {"type": "null"}]}), Some(vec![json!("a"), json!("b")])),
            (json!({"allOf": [{"$ref": "#/$defs/e"}], "$defs": {"e": {"enum": ["e"]}}}), Some(vec![json!("e")])),
            (json!({"anyOf": [{"const": "a"}, {"type": "string"}]}), None),
            (json!({"type": "string"}), None),
            (json!({"enum": [null]}), None),
            (json!({"$ref": "#"}), None),
        ] {
            let found = ValueSchema::new(&schema).enumeration();
            assert_eq!(found.map(|values| values.into_iter().cloned().collect::<Vec<_>>()), values, "{schema}");
        }
    }
}
