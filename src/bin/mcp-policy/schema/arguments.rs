//! `arguments`, and the schemas of pinned definitions; product contract, section 12.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde_json::Value;

/// How the arguments of calls are compared with the pinned schema.
#[derive(JsonSchema)]
#[schemars(rename_all = "snake_case")]
pub(super) enum ArgumentCheck {
    /// They are not.
    Any,
    /// They must fit it.
    Declared,
    /// Besides, they hold nothing that it does not name.
    Strict,
}

/// What arguments must fit: the part of JSON Schema that the filter enforces.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields, rename_all = "camelCase")]
pub(super) struct ArgumentSchema {
    /// The type of the value, or several.
    #[schemars(title = "Type")]
    r#type: Option<Types>,
    /// What the members of an object must fit, by their names.
    #[schemars(title = "Properties")]
    properties: Option<BTreeMap<String, Schema>>,
    /// The members that an object must have.
    #[schemars(title = "Required")]
    required: Option<Vec<String>>,
    /// What members must fit that `properties` does not name; `false` if there may be none.
    #[schemars(title = "Additional properties")]
    additional_properties: Option<Schema>,
    /// The values: it is one of them.
    #[schemars(title = "Enumeration")]
    r#enum: Option<Vec<Value>>,
    /// The value that it is.
    #[schemars(title = "Constant")]
    r#const: Option<Value>,
    /// The least number.
    #[schemars(title = "Minimum")]
    minimum: Option<f64>,
    /// The greatest number.
    #[schemars(title = "Maximum")]
    maximum: Option<f64>,
    /// A number that it is greater than.
    #[schemars(title = "Exclusive minimum")]
    exclusive_minimum: Option<f64>,
    /// A number that it is less than.
    #[schemars(title = "Exclusive maximum")]
    exclusive_maximum: Option<f64>,
    /// The least length of a text, in code points.
    #[schemars(title = "Minimum length")]
    min_length: Option<u64>,
    /// The greatest length of a text, in code points.
    #[schemars(title = "Maximum length")]
    max_length: Option<u64>,
    /// A regular expression that matches somewhere in a text.
    #[schemars(title = "Pattern", length(min = 1))]
    pattern: Option<String>,
    /// What each element of a list must fit.
    #[schemars(title = "Items")]
    items: Option<Schema>,
    /// The least number of elements.
    #[schemars(title = "Minimum of items")]
    min_items: Option<u64>,
    /// The greatest number of elements.
    #[schemars(title = "Maximum of items")]
    max_items: Option<u64>,
    /// The value fits each of these.
    #[schemars(title = "All of", length(min = 1))]
    all_of: Option<Vec<Schema>>,
    /// The value fits at least one of these.
    #[schemars(title = "Any of", length(min = 1, max = 8))]
    any_of: Option<Vec<Schema>>,
    /// The value fits at least one of these, as with `anyOf`.
    #[schemars(title = "One of", length(min = 1, max = 8))]
    one_of: Option<Vec<Schema>>,
    /// For readers. The filter ignores it.
    #[schemars(title = "Title")]
    title: Option<Value>,
    /// For readers. The filter ignores it.
    #[schemars(title = "Description")]
    description: Option<Value>,
    /// For readers. The filter ignores it.
    #[schemars(title = "Default")]
    default: Option<Value>,
    /// For readers. The filter ignores it.
    #[schemars(title = "Examples")]
    examples: Option<Value>,
}

/// A schema; `true` is fit by every value, `false` by none.
#[derive(JsonSchema)]
#[schemars(untagged)]
enum Schema {
    Keywords(Box<ArgumentSchema>),
    Flag(bool),
}

/// A type, or several: the value has one of them.
#[derive(JsonSchema)]
#[schemars(untagged)]
enum Types {
    One(Type),
    Several(#[schemars(length(min = 1))] Vec<Type>),
}

/// A JSON type. A number without a fraction is an `integer`, however it is written.
#[derive(JsonSchema)]
#[schemars(rename_all = "snake_case")]
enum Type {
    Null,
    Boolean,
    Integer,
    Number,
    String,
    Array,
    Object,
}
