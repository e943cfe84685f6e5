//! Removes what schemars derives and a configuration does not have.

use schemars::{
    Schema,
    transform::{Transform, transform_subschemas},
};
use serde_json::Value;

/// Removes `null`, `format` and the line breaks of descriptions, everywhere.
///
/// * An `Option` is described as "the value, or `null`"; a configuration leaves the key out instead, and has no
///   `null`.
/// * `format` names Rust's integers and floats, which JSON does not have.
#[derive(Clone, Debug)]
pub(super) struct Simplify;

impl Transform for Simplify {
    fn transform(&mut self, schema: &mut Schema) {
        schema.remove("format");
        if let Some(Value::String(description)) = schema.get_mut("description") {
            *description = description.replace('\n', " ");
        }
        if let Some(Value::Array(types)) = schema.get_mut("type") {
            types.retain(|name| name != "null");
            if let [only] = types.as_slice() {
                let only = only.clone();
                schema.insert("type".to_owned(), only);
            }
        }
        if let Some(Value::Array(choices)) = schema.get_mut("anyOf") {
            let before = choices.len();
            choices.retain(|choice| choice.get("type").is_none_or(|name| name != "null"));
            if let ([Value::Object(only)], true) = (choices.as_slice(), choices.len() < before) {
                let only = only.clone();
                schema.remove("anyOf");
                for (keyword, value) in only {
                    // The description of the key takes precedence over the description of its type.
                    if schema.get(&keyword).is_none() {
                        schema.insert(keyword, value);
                    }
                }
            }
        }
        transform_subschemas(self, schema);
    }
}
