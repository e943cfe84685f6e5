//! `mcp-policy pin` of a policy with `arguments`: what it keeps of schemas, and what it says of the rest.

use std::fs;

use crate::{Ran, assert_prints, run, scratch::Scratch};

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

#[test]
fn without_add_a_pin_has_only_what_the_server_shows() {
    let scratch = Scratch::new("pin-add");
    let policy = scratch.file("policy.json", "{\n  \"version\": \"1\",\n  \"default\": \"deny\"\n}\n");
    let [one, two] = ["Pays", "Pays more"].map(|description| {
        let name = format!("{}.json", description.len());
        scratch.file(&name, &format!(r#"[{{"name":"pay","description":"{description}"}},{{"name":"get"}}]"#))
    });
    let pinned = |count: &str| format!("pinned 2 tools in `{policy}`: {count}\n");
    let digests = || fs::read_to_string(&policy).expect("a file").matches("\"pay\": { \"sha256\": [").count();
    assert_prints(&run(&["pin", &policy, &one]), 0, &pinned("2 new, 0 changed, 0 as before"));
    let difference = "`pay` differs from its pin:\n  - /description \"Pays\"\n  + /description \"Pays more\"\n";
    let changed = format!("{difference}{}", pinned("0 new, 1 changed, 1 as before"));
    assert_prints(&run(&["pin", &policy, &two, "--add"]), 0, &changed);
    assert_eq!(digests(), 1);
    assert_prints(&run(&["pin", &policy, &one, "--add"]), 0, &pinned("0 new, 0 changed, 2 as before"));
    assert_eq!(digests(), 1);
    let removed = format!(
        "`pay`: removed 1 other digest that the server does not show now; `--add` keeps such digests\n{}",
        pinned("0 new, 1 changed, 1 as before")
    );
    assert_prints(&run(&["pin", &policy, &one]), 0, &removed);
    assert_eq!(digests(), 0);
    assert_prints(&run(&["pin", &policy, &one]), 0, &pinned("0 new, 0 changed, 2 as before"));
    let fewer = scratch.file("fewer.json", r#"[{"name":"get"}]"#);
    let ran = run(&["pin", &policy, &fewer]);
    let note = "note: the server does not list these pinned tools, whose pins stay: `pay`\n";
    let expected = format!("pinned 1 tool in `{policy}`: 0 new, 0 changed, 1 as before\n");
    assert_eq!((ran.code, ran.stdout, ran.stderr.as_str()), (0, expected, note));
    let checked = run(&["pin", &policy, &fewer, "--check"]);
    assert_eq!((checked.code, checked.stdout.as_str()), (0, "1 tool has its pinned definition\n"));
}
