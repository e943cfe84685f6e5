//! What a tool's `inputSchema` says of the argument that a condition looks at.

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

/// Looks an argument up.
pub(super) fn find<'s>(schema: &'s Value, path: &Path) -> Argument<'s> {
    let mut schemas = alternatives(schema, vec![schema]);
    for segment in path.segments() {
        let inner = match segment {
            Segment::Key(key) => match members(&schemas, key) {
                Ok(inner) => inner,
                Err(missing) => return missing,
            },
            Segment::Index(_) | Segment::Every => schemas.iter().filter_map(|schema| schema.get("items")).collect(),
        };
        if inner.is_empty() {
            return Argument::Unknown;
        }
        schemas = alternatives(schema, inner);
    }
    types(&schemas)
}

/// The schemas of a member of objects.
fn members<'s>(schemas: &[&'s Value], key: &str) -> Result<Vec<&'s Value>, Argument<'s>> {
    let properties: Vec<&Map<String, Value>> =
        schemas.iter().filter_map(|schema| schema.get("properties")?.as_object()).collect();
    let found: Vec<&Value> = properties.iter().filter_map(|properties| properties.get(key)).collect();
    let is_open = |schema: &&Value| match schema.get("additionalProperties") {
        Some(more) => *more != Value::Bool(false),
        None => schema.get("patternProperties").is_some(),
    };
    let names: Vec<&str> = properties.iter().flat_map(|properties| properties.keys()).map(String::as_str).collect();
    if found.is_empty() && !names.is_empty() && !schemas.iter().any(is_open) {
        return Err(Argument::Missing(key.to_owned(), names));
    }
    Ok(found)
}

/// The schemas, and all that replace them: references resolved, alternatives unfolded.
fn alternatives<'s>(root: &'s Value, mut schemas: Vec<&'s Value>) -> Vec<&'s Value> {
    let mut index = 0;
    while let Some(schema) = schemas.get(index).copied().filter(|_| schemas.len() < MAX_SCHEMAS) {
        index = index.saturating_add(1);
        let reference = schema.get("$ref").and_then(Value::as_str).and_then(|place| place.strip_prefix('#'));
        schemas.extend(reference.and_then(|pointer| root.pointer(pointer)));
        let lists = ["anyOf", "oneOf", "allOf"].into_iter().filter_map(|key| schema.get(key)?.as_array());
        schemas.extend(lists.flatten());
    }
    schemas
}

fn types<'s>(schemas: &[&'s Value]) -> Argument<'s> {
    let mut found: Vec<&str> = Vec::new();
    for schema in schemas {
        match schema.get("type") {
            Some(Value::String(name)) => found.push(name),
            Some(Value::Array(names)) => found.extend(names.iter().filter_map(Value::as_str)),
            _ => {}
        }
    }
    found.retain(|name| *name != "null");
    found.sort_unstable();
    found.dedup();
    if found.is_empty() { Argument::Unknown } else { Argument::Types(found) }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{Argument, Path, find};

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
}
