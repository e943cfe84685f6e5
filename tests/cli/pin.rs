//! `mcp-policy pin` of a policy with `arguments`: what it keeps of schemas, and what it says of the rest.

use std::fs;

use crate::{Ran, run, scratch::Scratch};

const TOOLS: &str = r##"{"tools":[{"name":"pay","inputSchema":{"type":"object","properties":{"amount":{"type":"number","multipleOf":0.01},"to":{"$ref":"#/$defs/to"},"x":{}},"required":["amount"],"$defs":{"to":{"type":"string","format":"email"}}}},{"name":"get","inputSchema":{"type":"object"}}]}"##;

#[test]
fn what_is_not_enforced_is_named_by_tool_and_pointer() {
    let scratch = Scratch::new("pin");
    let policy = "{\n  \"version\": \"1\",\n  \"default\": \"deny\",\n  \"arguments\": \"strict\"\n}\n";
    let [policy, tools] = [("policy.json", policy), ("tools.json", TOOLS)].map(|(name, text)| scratch.file(name, text));
    let Ran { code, stdout, stderr } = run(&["pin", &policy, &tools]);
    assert_eq!(
        (code, &*stdout, &*stderr),
        (
            0,
            &*format!(
                "`pay`: not enforced of its schema: `format` at /$defs/to/format; `multipleOf` at /properties/amount/multipleOf\n\
                 pinned 2 tools in `{}`: 2 new, 0 changed, 0 as before\n",
                policy
            ),
            ""
        )
    );
    let text = fs::read_to_string(&policy).expect("a file");
    let schema = r#""schema": {"properties":{"amount":{"type":"number"},"to":{"type":"string"},"x":{}},"required":["amount"],"type":"object"} },"#;
    assert!(text.contains(schema), "{text}");
    let call = run(&["explain", &policy, "--tool", "get", "--args", r#"{"a":1}"#]);
    assert!(call.stdout.contains("denied by (default deny)"), "{call:?}");
}
