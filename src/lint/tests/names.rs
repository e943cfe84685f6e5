#[cfg(target_family = "wasm")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::{NONE, load, policy, warnings};
use crate::lint::{Lint, check, tools::ListedTool};

const ONLY: &str =
    "so `{}` matches none; only `*` is special in a key, and it matches any characters, as in `delete_*`";

#[track_caller]
fn allow(members: &str) -> Vec<String> {
    warnings(&format!(r#"{{"version":"1","default":"allow",{members}}}"#))
}

#[test]
fn a_key_that_no_tool_can_have_gets_a_warning() {
    for (key, odd) in [
        ("delete_?", "`?`"),
        ("Delete User", "a space"),
        ("/^rm_/", "`^`"),
        ("{get,list}_*", "`{`"),
        ("[a-z]*", "`[`"),
        ("(a|b)", "`(`"),
        ("drop%", "`%`"),
        ("rm\u{2217}", "`\u{2217}`"),
    ] {
        let escaped = key.replace('/', "~1");
        let text = format!("no tool's name has {odd}, {} [odd-name]", ONLY.replace("{}", key));
        let expected = format!("/tools/{escaped}: {text}");
        assert_eq!(allow(&format!(r#""tools":{{"{key}":{{"action":"deny"}}}}"#)), [expected]);
    }
    let hidden = policy(r#""hide":["a b"]"#);
    assert_eq!(hidden, [format!("/hide/0: no tool's name has a space, {} [odd-name]", ONLY.replace("{}", "a b"))]);
}

#[test]
fn a_key_that_names_a_tool_of_the_server_is_not_odd() {
    let text = r#"{"version":"1","default":"allow","hide":["rm?"],"tools":{"постать":{},"Delete *":{},"Drop *":{}}}"#;
    let tools = ["постать", "rm?", "Delete user"].map(|name| ListedTool { name: name.into(), ..ListedTool::default() });
    let warnings = check(&load(text), text.as_bytes(), &tools);
    let odd = warnings.iter().filter(|warning| warning.lint == Lint::OddName).map(ToString::to_string);
    let expected = format!("/tools/Drop *: no tool's name has a space, {} [odd-name]", ONLY.replace("{}", "Drop *"));
    assert_eq!(odd.collect::<Vec<_>>(), [expected]);
}

#[test]
fn a_title_may_be_the_name_of_a_prompt_and_a_regular_expression_gets_a_warning() {
    assert_eq!(allow(r#""prompts":{"Review code":{},"Résumé, bitte!":{}}"#), allow(r#""prompts":{"a":{}}"#));
    let expected = format!("/prompts/^review: no prompt's name has `^`, {} [odd-name]", ONLY.replace("{}", "^review"));
    assert_eq!(policy(r#""prompts":{"^review":{}}"#), [expected]);
}

#[test]
fn a_method_that_is_nearly_one_of_mcp_gets_a_warning() {
    for (key, near) in [
        ("tool/call", "tools/call"),
        ("tools.call", "tools/call"),
        ("resources/reed", "resources/read"),
        ("notifications/canceled", "notifications/cancelled"),
    ] {
        let expected = format!(
            "/methods/{}: MCP has no method `{key}`, so this decides on none (did you mean `{near}`?); correct the name, unless your \
             server has a method of its own with this name [unknown-method]",
            key.replace('/', "~1")
        );
        assert_eq!(allow(&format!(r#""methods":{{"{key}":"deny"}}"#)), [expected]);
    }
    for key in ["tools/call", "vendor/x", "x/ping", "tools/describe_all", "notifications/initialized"] {
        assert_eq!(allow(&format!(r#""methods":{{"{key}":"deny"}}"#)), NONE, "{key}");
    }
}

#[test]
fn a_dot_before_a_star_gets_a_warning_where_it_looks_like_a_regular_expression() {
    let told = |key: &str, before: &str, meant: &str| {
        format!(
            "/tools/{key}: `{key}` matches only names with a dot after `{before}`; a key is not a regular expression, and `*` alone \
             matches any characters: write `{meant}` [odd-name]"
        )
    };
    let deny = |key: &str| format!(r#""tools":{{"{key}":{{"action":"deny"}}}}"#);
    assert_eq!(allow(&deny("delete_.*")), [told("delete_.*", "delete_", "delete_*")]);
    assert_eq!(allow(&deny("delete.*")), [told("delete.*", "delete", "delete*")]);
    assert_eq!(policy(r#""tools":{"get_.*":{}}"#), [told("get_.*", "get_", "get_*")]);
    // Tools are called `image.generate.gemini`, too.
    assert_eq!(policy(r#""tools":{"image.*":{},"a-b/c_d.e:f":{}}"#), NONE);
}

#[test]
fn resources_have_other_characters() {
    assert_eq!(policy(r#""resources":{"http://x.test/?q=*":{}}"#), NONE);
}

#[test]
fn a_rule_that_no_entry_uses_gets_a_warning() {
    assert_eq!(
        policy(r#""rules":{"a":{},"b":{},"c":{}},"all_tools":{"use":["c"]},"tools":{"t":{"use":["a"]}}"#),
        ["/rules/b: no entry uses `b`, so it never applies; name it in a `use`, or remove it [unused-rule]"]
    );
}

#[test]
fn a_shared_rule_is_warned_of_once() {
    let rule = r#"{"require":[{"conditions":[{"path":"args.path","op":"starts_with","value":"/srv"}]}],
        "deny_if":[{"conditions":[{"path":"args.n","op":"gt","value":5}]}],
        "limits":[{"counter":"c","window":"day","max":5,"scope":"grant"}]}"#;
    let tools: Vec<String> = (0..10).map(|index| format!(r#""t{index}":{{"use":["r"]}}"#)).collect();
    let found = policy(&format!(r#""rules":{{"r":{rule}}},"tools":{{{}}}"#, tools.join(",")));
    let places: Vec<&str> = found.iter().filter_map(|warning| warning.split(": ").next()).collect();
    let expected =
        ["/rules/r/require/0/conditions/0/value", "/rules/r/deny_if/0/conditions/0/path", "/rules/r/limits/0/window"];
    assert_eq!(places, expected);
}

#[test]
fn a_tool_that_calls_others_by_name_gets_a_warning() {
    let message = "/tools/call_tool: `call_tool` calls other tools by name, and rules on those tools do not see these calls; \
                   require allowed names of `args.tool_name` with `in`, or deny the tool [calls-by-name]";
    assert_eq!(policy(r#""tools":{"call_tool":{}}"#), [message]);
    let require = r#"{"require":[{"conditions":[{"path":"args.tool_name","op":"in","value":["get"]}]}]}"#;
    assert_eq!(policy(&format!(r#""tools":{{"call_tool":{require}}}"#)), NONE);
    assert_eq!(policy(r#""tools":{"call_tool":{"action":"deny"},"recall_tools":{}}"#), NONE);
}
