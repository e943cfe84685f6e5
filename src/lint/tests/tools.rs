use serde_json::{Value, json};
#[cfg(target_family = "wasm")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::{NONE, load};
use crate::lint::{ListedTool, check_tools};

fn tool(name: &str, properties: Value) -> ListedTool {
    ListedTool {
        name: name.to_owned(),
        input_schema: json!({"type": "object", "properties": properties}),
        digest: None,
    }
}

/// All warnings on a policy under `default: "deny"` with these members, beside these tools.
#[track_caller]
fn beside(members: &str, tools: &[ListedTool]) -> Vec<String> {
    let text = format!(r#"{{"version":"1","default":"deny",{members}}}"#);
    check_tools(&load(&text), text.as_bytes(), tools).iter().map(ToString::to_string).collect()
}

#[test]
fn an_entry_that_names_nothing_gets_a_warning_with_the_name_that_is_near() {
    let tools = [tool("generate_image", json!({})), tool("get_job", json!({}))];
    assert_eq!(
        beside(
            r#""hide":["delete_*","get_job"],"tools":{"genrate_image":{},"generate_image":{},"list_*":{},"get_*":{}}"#,
            &tools
        ),
        [
            "/hide/0: the server lists no tool `delete_*` [names-nothing]",
            "/tools/genrate_image: the server lists no tool `genrate_image` (did you mean `generate_image`?) [names-nothing]",
            "/tools/list_*: the server lists no tool `list_*` [names-nothing]",
        ]
    );
}

#[test]
fn only_the_first_hundred_entries_that_name_nothing_are_compared_with_every_name() {
    let tools: Vec<ListedTool> = (0..101).map(|index| tool(&format!("tool_{index}"), json!({}))).collect();
    let entries: Vec<String> = (0..101).map(|index| format!(r#""tool_{index}x":{{}}"#)).collect();
    let warnings = beside(&format!(r#""tools":{{{}}}"#, entries.join(",")), &tools);
    let nothing = |index: u8, near: &str| {
        format!("/tools/tool_{index}x: the server lists no tool `tool_{index}x`{near} [names-nothing]")
    };
    assert_eq!(warnings.get(1), Some(&nothing(0, " (did you mean `tool_0`?)")));
    assert_eq!(warnings.get(100), Some(&nothing(99, " (did you mean `tool_99`?)")));
    assert_eq!(warnings.get(101), Some(&nothing(100, "")));
}

#[test]
fn tools_that_no_entry_names_get_one_warning() {
    let tools: Vec<ListedTool> = (0..12).map(|index| tool(&format!("t{index}"), json!({}))).collect();
    assert_eq!(
        beside(r#""tools":{"t0":{}}"#, &tools),
        [
            "/default: no entry names `t1`, `t2`, `t3`, `t4`, `t5`, `t6`, `t7`, `t8`, `t9`, `t10` and 1 more, so `default` denies \
          them; add those that agents need to `tools` [unnamed-tool]"
        ]
    );
    assert_eq!(
        beside(r#""tools":{"t0":{}}"#, tools.get(..2).unwrap()),
        ["/default: no entry names `t1`, so `default` denies it; add it to `tools` if agents need it [unnamed-tool]"]
    );
}

#[test]
fn a_condition_on_an_argument_that_the_tool_does_not_have_gets_a_warning_with_what_it_does() {
    let tools = [tool("t", json!({"path": {"type": "string"}, "amount": {"type": "string"}}))];
    let rule = |key: &str, path: &str, op: &str, value: &str| {
        let rule = format!(r#""{key}":[{{"conditions":[{{"path":"{path}","op":"{op}","value":{value}}}]}}]"#);
        beside(&format!(r#""tools":{{"t":{{{rule}}}}}"#), &tools)
    };
    for (key, path, op, value, message) in [
        (
            "require",
            "args.pth",
            "path_within",
            r#"["/srv"]"#,
            "`t` has no argument `args.pth` (did you mean `path`?), so this denies every call of the tool [unknown-argument]",
        ),
        (
            "deny_if",
            "args.env",
            "eq",
            "\"prod\"",
            "`t` has no argument `args.env`, so this never denies a call of the tool [unknown-argument]",
        ),
        (
            "deny_if",
            "args.env",
            "neq",
            "\"dev\"",
            "`t` has no argument `args.env`, so this denies every call of the tool [unknown-argument]",
        ),
        (
            "require_approval",
            "args.env",
            "eq",
            "\"prod\"",
            "`t` has no argument `args.env`, so this never asks for approval of a call of the tool [unknown-argument]",
        ),
        (
            "require",
            "args.amount",
            "lte",
            "100",
            "`args.amount` of `t` is of the type `string`, which this operator cannot compare, so this denies every call of the \
             tool [argument-type]",
        ),
        (
            "deny_if",
            "args.amount",
            "gt",
            "100",
            "`args.amount` of `t` is of the type `string`, which this operator cannot compare, so this denies every call of the \
             tool that has it [argument-type]",
        ),
    ] {
        let expected = format!("/tools/t/{key}/0/conditions/0/path: {message}");
        assert_eq!(rule(key, path, op, value), [expected]);
    }
    assert_eq!(rule("require", "args.path", "starts_with", "\"/\""), NONE);
    assert_eq!(rule("require", "args.none", "exists", "false"), NONE);
    let limit = r#""limits":[{"counter":"c","window":"minute","max":5,"scope":"grant","increment_from":"args.cost"}]"#;
    assert_eq!(
        beside(&format!(r#""tools":{{"t":{{{limit}}}}}"#), &tools),
        [
            "/tools/t/limits/0/increment_from: `t` has no argument `args.cost`, so this denies every call of the tool [unknown-argument]"
        ]
    );
}

#[test]
fn a_key_by_an_argument_that_no_tool_of_the_entry_has_gets_a_warning() {
    let tools = [tool("t", json!({"repo": {"type": "string"}})), tool("t2", json!({"owner": {"type": "string"}}))];
    let limit = |key: &str| {
        format!(r#""limits":[{{"counter":"c","window":"minute","max":5,"scope":"grant","key":["args.repo","{key}"]}}]"#)
    };
    let unknown = |name: &str, near: &str| {
        format!(
            "/tools/{name}/limits/0/key/1: `t` has no argument `args.ropo`{near}, so this counts no calls of the tool apart \
             [unknown-argument]"
        )
    };
    let near = " (did you mean `repo`?)";
    let both = format!(r#""t2":{{}},"t":{{{}}}"#, limit("args.ropo"));
    assert_eq!(beside(&format!(r#""tools":{{{both}}}"#), &tools), [unknown("t", near)]);
    let pattern = |key: &str| beside(&format!(r#""tools":{{"t*":{{{}}}}}"#, limit(key)), &tools);
    assert_eq!(pattern("args.ropo"), [unknown("t*", near)]);
    assert_eq!(pattern("args.owner"), NONE, "some tools have it");
    let shared =
        format!(r#""rules":{{"r":{{{}}}}},"tools":{{"t":{{"use":["r"]}},"t2":{{"use":["r"]}}}}"#, limit("args.owner"));
    assert_eq!(beside(&shared, &tools), NONE);
}

#[test]
fn a_tool_whose_schema_says_nothing_may_have_any_argument() {
    let tools = [
        ListedTool { name: "t".into(), input_schema: Value::Null, digest: None },
        ListedTool {
            name: "u".into(),
            input_schema: json!({"properties": {"a": {}}, "additionalProperties": {}}),
            digest: None,
        },
    ];
    let rule = r#"{"require":[{"conditions":[{"path":"args.x","op":"gt","value":1}]}]}"#;
    assert_eq!(beside(&format!(r#""tools":{{"t":{rule},"u":{rule}}}"#), &tools), NONE);
}

#[test]
fn a_tool_whose_argument_names_another_gets_a_warning() {
    let dispatch = tool("dispatch", json!({"toolName": {"type": "string"}, "arguments": {"type": "object"}}));
    assert_eq!(
        beside(r#""tools":{"dispatch":{}}"#, &[dispatch]),
        [
            "/tools/dispatch: `dispatch` calls other tools by name, and rules on those tools do not see these calls; require \
          allowed names of `args.toolName` with `in`, or deny the tool [calls-by-name]"
        ]
    );
}
