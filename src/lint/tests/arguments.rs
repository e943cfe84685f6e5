//! Lints on `arguments`.

#[cfg(target_family = "wasm")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::policy;

fn definitions(schema: &str) -> String {
    format!(r#""definitions":{{"pay":{{"sha256":"{}"{schema}}}}}"#, "0".repeat(64))
}

#[test]
fn a_tool_whose_arguments_cannot_be_compared_is_a_mistake() {
    let next = "denies every call of it; pin it with `mcp-policy pin`, or write `\"arguments\": \"any\"` in its rule";
    let tools = r#""tools":{"pay":{},"get":{"arguments":"strict"},"free":{"arguments":"any"},"no":{"action":"deny"}}"#;
    assert_eq!(
        policy(&format!(r#""arguments":"declared",{tools},{}"#, definitions(""))),
        [
            format!("/tools/get: `get` has no pinned schema, so `\"arguments\": \"strict\"` {next} [no-pinned-schema]"),
            format!(
                "/definitions/pay: `pay` has no pinned schema, so `\"arguments\": \"declared\"` {next} [no-pinned-schema]"
            ),
        ]
    );
    assert_eq!(
        policy(r#""arguments":"declared","tools":{"get_*":{}}"#),
        [
            "/arguments: the policy pins no definition, so it denies every call whose arguments it is to compare with a schema; \
          pin them with `mcp-policy pin` [no-pinned-schema]"
        ]
    );
}

#[test]
fn strict_needs_a_schema_that_says_what_values_are() {
    let rule = r#""tools":{"pay":{"arguments":"strict"}}"#;
    let schema = |inside: &str| definitions(&format!(r#","schema":{{"properties":{{"a":{inside}}}}}"#));
    assert_eq!(
        policy(&format!("{rule},{}", schema("{}"))),
        [
            "/definitions/pay/schema: the schema of `pay` says nothing of the values at `/properties/a`, so `strict` lets any \
          value through there; add conditions on these arguments, or write what they must be into the pinned schema [open-schema]"
        ]
    );
    assert_eq!(policy(&format!("{rule},{}", schema(r#"{"type":"string"}"#))), [""; 0]);
    let declared = r#""tools":{"pay":{"arguments":"declared"}}"#;
    assert_eq!(policy(&format!("{declared},{}", schema("{}"))), [""; 0]);
}
