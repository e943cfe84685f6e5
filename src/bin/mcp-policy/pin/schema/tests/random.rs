//! Random schemas and values, judged by the `jsonschema` crate and by the filter: no value that fits a schema is refused, and none
//! that does not fit is let through, unless `pin` says that it leaves something out.

use proptest::prelude::*;
use serde_json::{Map, Value, json};

use super::{Enforced, enforced, fits};

const NAMES: [&str; 4] = ["a", "b", "c/d", "é"];

fn name() -> impl Strategy<Value = String> {
    prop::sample::select(&NAMES[..]).prop_map(str::to_owned)
}

/// A value without members of an object, often a border of those that schemas name.
fn scalar() -> impl Strategy<Value = Value> {
    let numbers = [json!(0), json!(1), json!(-1), json!(2), json!(1.5), json!(2.0), json!(1e20), json!(-0.0), json!(3)];
    let texts = ["", "a", "ab", "é", "😀😀", "abc", "[1]", "null"].map(Value::from);
    let others = [json!(null), json!(true), json!(false)];
    prop::sample::select([&numbers[..], &texts, &others].concat())
}

fn value() -> impl Strategy<Value = Value> {
    scalar().prop_recursive(3, 16, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::Array),
            prop::collection::vec((name(), inner), 0..4)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

const TYPES: [&str; 7] = ["null", "boolean", "integer", "number", "string", "array", "object"];

fn types() -> impl Strategy<Value = Value> {
    prop_oneof![
        prop::sample::select(&TYPES[..]).prop_map(|name| json!(name)),
        prop::sample::subsequence(TYPES.to_vec(), 1..4).prop_map(|names| json!(names)),
    ]
}

/// One keyword with its value; those that the filter does not enforce if `with_others`.
fn keyword(inner: BoxedStrategy<Value>, with_others: bool) -> BoxedStrategy<(String, Value)> {
    let schemas = || prop::collection::vec(inner.clone(), 1..4).prop_map(Value::Array);
    let count = || (0_u64..4).prop_map(Value::from);
    let number = || prop::sample::select(vec![json!(0), json!(1), json!(1.5), json!(2), json!(-1)]);
    let members = || prop::collection::vec((name(), inner.clone()), 0..4);
    let object = |members: Vec<(String, Value)>| Value::Object(members.into_iter().collect());
    let patterns = prop::sample::select(vec!["^a", "b$", "^.{2}$", "[b-d]", "^(a|é)+$", "\\d"]).prop_map(Value::from);
    let named = |name: &'static str, values: BoxedStrategy<Value>| {
        values.prop_map(move |value| (name.to_owned(), value)).boxed()
    };
    let ours = prop::strategy::Union::new(vec![
        named("type", types().boxed()),
        named("type", types().boxed()),
        named("enum", prop::collection::vec(scalar(), 1..4).prop_map(Value::Array).boxed()),
        named("const", scalar().boxed()),
        named("minimum", number().boxed()),
        named("maximum", number().boxed()),
        named("exclusiveMinimum", number().boxed()),
        named("exclusiveMaximum", number().boxed()),
        named("minLength", count().boxed()),
        named("maxLength", count().boxed()),
        named("pattern", patterns.boxed()),
        named("minItems", count().boxed()),
        named("maxItems", count().boxed()),
        named("items", inner.clone()),
        named("properties", members().prop_map(object).boxed()),
        named("properties", members().prop_map(object).boxed()),
        named("required", prop::sample::subsequence(NAMES.to_vec(), 0..3).prop_map(|names| json!(names)).boxed()),
        named("additionalProperties", inner.clone()),
        named("allOf", schemas().boxed()),
        named("anyOf", schemas().boxed()),
    ]);
    if !with_others {
        return ours.boxed();
    }
    let others = prop::strategy::Union::new(vec![
        named("not", inner.clone()),
        named("if", inner.clone()),
        named("then", inner.clone()),
        named("else", inner.clone()),
        named("oneOf", schemas().boxed()),
        named("prefixItems", schemas().boxed()),
        named(
            "patternProperties",
            members()
                .prop_map(|members| {
                    Value::Object(members.into_iter().map(|(name, schema)| (format!("^{name}"), schema)).collect())
                })
                .boxed(),
        ),
        named("propertyNames", inner.clone()),
        named("dependentSchemas", members().prop_map(object).boxed()),
        named("unevaluatedProperties", inner.clone()),
        named("contains", inner),
        named("uniqueItems", Just(json!(true)).boxed()),
        named("multipleOf", Just(json!(2)).boxed()),
        named("maxProperties", count().boxed()),
        named(
            "$ref",
            prop::sample::select(vec!["#", "#/properties/a", "#/$defs/x", "#/items"]).prop_map(Value::from).boxed(),
        ),
    ]);
    prop_oneof![2 => ours, 1 => others].boxed()
}

fn schema(with_others: bool) -> BoxedStrategy<Value> {
    let leaf =
        prop_oneof![1 => any::<bool>().prop_map(Value::Bool), 8 => types().prop_map(|types| json!({ "type": types }))];
    let nested = leaf.boxed().prop_recursive(4, 32, 4, move |inner| {
        prop::collection::vec(keyword(inner, with_others), 0..4)
            .prop_map(|keywords| Value::Object(keywords.into_iter().collect()))
    });
    nested.prop_filter("an object", Value::is_object).boxed()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 3000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_schema_of_keywords_that_are_enforced_decides_as_a_validator_does(schema in schema(false), values in prop::collection::vec(value(), 8)) {
        let validator = jsonschema::draft202012::new(&schema).expect("a schema");
        let Enforced { schema: Some(kept), left_out } = enforced(&schema) else { panic!("a small schema") };
        prop_assert!(left_out.is_empty(), "{left_out:?}");
        for value in values {
            prop_assert_eq!(fits(&kept, &value), validator.is_valid(&value), "{} {} {}", schema, kept, value);
        }
    }

    #[test]
    fn no_value_is_refused_that_fits_a_schema_of_any_keywords(schema in schema(true), values in prop::collection::vec(value(), 8)) {
        let mut schema = schema;
        let defs = Map::from_iter([("x".to_owned(), json!({ "type": ["string", "object"], "properties": { "a": { "$ref": "#/$defs/x" } } }))]);
        schema["$defs"] = Value::Object(defs);
        // A reference to nothing, or to itself, is not a schema.
        let Ok(validator) = jsonschema::draft202012::new(&schema) else { return Ok(()) };
        let Enforced { schema: Some(kept), .. } = enforced(&schema) else { return Ok(()) };
        for value in values {
            let is_valid = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| validator.is_valid(&value)));
            prop_assert!(fits(&kept, &value) || !is_valid.unwrap_or(false), "{} {} {}", schema, kept, value);
        }
    }
}
