//! Lints on `arguments`.

#[cfg(target_family = "wasm")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::policy;
use crate::policy::condition::RegexMatcher;

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

#[test]
fn a_pattern_that_takes_all_the_work_is_a_mistake_where_arguments_are_compared() {
    const PATTERN: &str = "^[0-9a-f]{300}$";
    let most = RegexMatcher::new(PATTERN).unwrap().longest_affordable();
    let costly = format!(r#""pattern":"{PATTERN}""#);
    let schema = |inside: &str| definitions(&format!(r#","schema":{{"properties":{{{inside}}}}}"#));
    let warnings =
        |inside: &str| policy(&format!(r#""tools":{{"pay":{{"arguments":"declared"}}}},{}"#, schema(inside)));
    let expected = |place: &str| {
        format!(
            "/definitions/pay/schema/properties/{place}/pattern: a text of 16 KiB uses up the work that one request may take, so a call \
             with one is denied as `(too much to check)`; nearly all of it is for `[0-9a-f]{{300}}`: write `\"maxLength\": {most}`, or \
             less, beside the pattern, or repeat it less often [costly-regex]"
        )
    };
    let all = format!(
        r#""a":{{"items":{{"type":"string",{costly}}}}},"b":{{"anyOf":[{{"enum":[1]}},{{"allOf":[{{{costly}}}]}}]}},
        "c":{{"pattern":"^[0-9a-f]+$"}},"d":{{"additionalProperties":{{{costly}}}}}"#
    );
    assert_eq!(warnings(&all), ["a/items", "b/anyOf/1/allOf/0", "d/additionalProperties"].map(expected));
    assert_eq!(warnings(&format!(r#""a":{{{costly},"maxLength":{}}}"#, most + 1)), [expected("a")]);
    assert_eq!(warnings(&format!(r#""a":{{{costly},"maxLength":{most}}}"#)), [""; 0]);
    assert_eq!(policy(&format!(r#""tools":{{"pay":{{}}}},{}"#, schema(&all))), [""; 0]);
}
