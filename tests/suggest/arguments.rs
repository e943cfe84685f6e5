//! The rules that `suggest` proposes on arguments: which they are, and what they let through once they are filled in.

use std::{
    io::Write,
    process::{Command, Stdio},
};

use serde_json::{Value, json};

use super::{COMMAND, policy, suggest, text};

/// Whether a policy lets a call pass, perhaps with an approval.
fn permits(policy: &Value, tool: &str, args: &Value) -> bool {
    let mut command = Command::new(COMMAND);
    command.args(["explain", "-", "--tool", tool, "--args", &args.to_string()]);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("the command starts");
    child.stdin.take().expect("a pipe").write_all(policy.to_string().as_bytes()).expect("it reads the policy");
    let output = child.wait_with_output().expect("the command ends");
    let decision = text(&output.stdout).lines().find_map(|line| line.trim().strip_prefix("decision: "));
    !decision.expect("a decision").starts_with("denied")
}

/// The policy for one tool that takes what a schema says, with some values of its rules filled in.
#[track_caller]
fn suggested(description: &str, schema: Value, fill_in: &[(&str, Value)]) -> Value {
    let tools = json!({"tools": [{"name": "t", "description": description, "inputSchema": schema}]});
    let mut policy = policy(&suggest(&["-"], &tools.to_string()));
    for (pointer, value) in fill_in {
        *policy.pointer_mut(pointer).expect("the rule has it") = value.clone();
    }
    policy
}

#[test]
fn the_rule_on_sql_permits_statements_that_only_read() {
    let schema = json!({"type": "object", "properties": {"query": {"type": "string"}}, "required": ["query"]});
    let tools = json!({"tools": [{"name": "run_query", "description": "Runs SQL.", "inputSchema": schema}]});
    let policy = policy(&suggest(&["-"], &tools.to_string()));
    for query in ["select name from users", " SELECT\n*\nFROM a WHERE b = 'x'", "show tables", "DESCRIBE intoxicated"] {
        assert!(permits(&policy, "run_query", &json!({ "query": query })), "{query}: {policy}");
    }
    for query in [
        "delete from users",
        "select 1; delete from users",
        "explain analyze delete from users",
        "SELECT * INTO copied FROM users",
        "select a from b into outfile '/tmp/a'",
        "with gone as (delete from users returning *) select * from gone",
        "selectx",
    ] {
        assert!(!permits(&policy, "run_query", &json!({ "query": query })), "{query}: {policy}");
    }
}

#[test]
fn rules_on_arguments_are_shared_and_closed_until_they_are_filled_in() {
    let path = json!({"type": "string"});
    let schema =
        |properties: Value, required: Value| json!({"type": "object", "properties": properties, "required": required});
    let tools = json!({"tools": [
        {"name": "read_file", "description": "Reads a file.", "inputSchema": schema(json!({"path": path}), json!(["path"]))},
        {"name": "write_file", "description": "Writes a file.", "inputSchema": schema(
            json!({"path": path, "mode": {"type": "string", "enum": ["append", "new"]}}), json!(["path"]))},
        {"name": "fetch", "description": "Gets a page.", "inputSchema": schema(json!({"url": path}), json!(["url"]))},
        {"name": "get_page", "description": "Gets a page.", "inputSchema": schema(json!({"url": path}), json!([]))},
        {"name": "run_query", "description": "Runs SQL.", "inputSchema": schema(json!({"query": path}), json!(["query"]))},
        {"name": "send_mail", "description": "Sends mail.", "inputSchema": schema(
            json!({"to": {"type": "array", "items": path}}), json!(["to"]))},
        {"name": "pay", "description": "Pays.", "inputSchema": schema(json!({"amount": {"type": "number"}}), json!(["amount"]))},
    ]});
    let output = suggest(&["-"], &tools.to_string());
    let policy = policy(&output);
    let uses = |tool: &str| policy["tools"][tool]["use"].clone();
    assert_eq!((uses("read_file"), uses("write_file")), (json!(["path"]), json!(["values-mode", "path"])));
    assert_eq!((uses("fetch"), uses("get_page")), (json!(["url"]), json!(["optional-url"])));
    assert_eq!((uses("run_query"), uses("pay")), (json!(["sql-query"]), json!(["amount"])));
    assert_eq!(uses("send_mail"), json!(["recipient-to"]));
    let condition = |rule: &str| policy["rules"][rule]["require"][0]["conditions"][0].clone();
    assert_eq!(condition("path"), json!({"path": "args.path", "op": "path_within", "value": ["/fill-in"]}));
    assert_eq!(condition("url"), json!({"path": "args.url", "op": "url_host_in", "value": ["fill-in.invalid"]}));
    assert_eq!(condition("recipient-to")["path"], "args.to[*]");
    let there = json!({"path": "args.mode", "op": "exists", "value": true});
    let other = json!({"path": "args.mode", "op": "not_in", "value": ["append", "new"]});
    assert_eq!(policy["rules"]["values-mode"], json!({"deny_if": [{"conditions": [there, other]}]}));
    let notes: Vec<&str> = text(&output.stderr).lines().filter(|line| line.starts_with("note: ")).collect();
    let expected = [
        "note: fill in `/rules/path`: the folders that agents may use; with `base` for relative paths; until then it denies every call",
        "note: fill in `/rules/url`: the hosts that agents may reach; until then it denies every call",
        "note: `/rules/optional-url` denies every call that has `args.url`, which callers may leave out: no operator is the opposite \
         of `url_host_in`; if agents may give it, write a `require` with `url_host_in` in its place, which denies every call \
         without it",
        "note: fill in `/rules/recipient-to`: who may receive it; until then it denies every call",
        "note: fill in `/rules/amount`: the largest amount that agents may move; until then it denies every call",
    ];
    assert_eq!(notes, expected);
}

#[test]
fn arguments_are_found_through_references_alternatives_and_one_level_of_objects() {
    let schema = json!({
        "$ref": "#/$defs/arguments",
        "$defs": {
            "arguments": {
                "type": "object",
                "properties": {
                    "source": {"anyOf": [{"$ref": "#/$defs/path"}, {"type": "null"}]},
                    "target_path": {"type": ["string", "null"]},
                    "mode": {"oneOf": [{"const": "fast"}, {"const": "safe"}]},
                    "options": {"type": "object", "required": ["webhook"], "properties": {
                        "webhook": {"allOf": [{"type": "string"}]}, "deep": {"type": "object", "properties": {"url": {"type": "string"}}},
                    }},
                    "items": {"type": "array", "items": {"$ref": "#/$defs/item"}},
                },
                "required": ["target_path", "mode", "options", "items"],
            },
            "path": {"type": "string"},
            "item": {"type": "object", "properties": {"file": {"type": "string"}}, "required": ["file"]},
        },
    });
    let policy = suggested("Copies a file.", schema, &[]);
    let uses = json!(["path-file", "values-mode", "url-webhook", "optional-path-source", "path-target_path"]);
    assert_eq!(policy["tools"]["t"]["use"], uses);
    let path = |rule: &str| policy["rules"][rule]["require"][0]["conditions"][0]["path"].clone();
    assert_eq!(
        ["path-file", "url-webhook", "path-target_path", "values-mode"].map(path),
        ["args.items[*].file", "args.options.webhook", "args.target_path", "args.mode"].map(Value::from)
    );
    assert_eq!(policy["rules"]["values-mode"]["require"][0]["conditions"][0]["value"], json!(["fast", "safe"]));
}

#[test]
fn a_rule_on_an_optional_argument_lets_calls_without_it_pass_and_denies_what_require_would() {
    let optional = |key: &str, schema: Value| json!({"type": "object", "properties": {key: schema}});
    let text = || json!({"type": "string"});
    // An operator has an opposite.
    let policy = suggested(
        "Sends mail.",
        optional("to", json!({"type": "array", "items": text()})),
        &[("/rules/optional-recipient-to/deny_if/0/conditions/1/value", json!(["a@example.com"]))],
    );
    for (args, passes) in [
        (json!({}), true),
        (json!({"to": ["a@example.com"]}), true),
        (json!({"to": ["a@example.com", "b@example.com"]}), false),
        (json!({"to": "a@example.com"}), false),
    ] {
        assert_eq!(permits(&policy, "t", &args), passes, "{args}");
    }
    let rule = "/rules/optional-amount/deny_if";
    let policy = suggested(
        "Pays.",
        optional("amount", json!({"type": ["number", "string"]})),
        &[(&format!("{rule}/1/conditions/1/value"), json!(100))],
    );
    for (args, passes) in [
        (json!({}), true),
        (json!({"amount": 100}), true),
        (json!({"amount": 100.01}), false),
        (json!({"amount": 0}), false),
        (json!({"amount": -5}), false),
        (json!({"amount": "100"}), false),
    ] {
        assert_eq!(permits(&policy, "t", &args), passes, "{args}");
    }
    // None has: the argument is denied until the author decides.
    for (description, key) in [("Reads a file.", "path"), ("Gets a page.", "url"), ("Runs SQL.", "sql")] {
        let policy = suggested(description, optional(key, text()), &[]);
        assert!(permits(&policy, "t", &json!({})), "{key}");
        for value in [json!("/fill-in/x"), json!("https://fill-in.invalid/"), json!("select 1"), json!(""), json!(1)] {
            assert!(!permits(&policy, "t", &json!({key: value})), "{key}: {value}");
        }
    }
}

#[test]
fn an_amount_that_is_a_text_is_compared_by_its_digits() {
    let schema = json!({"type": "object", "properties": {"amount": {"type": "string"}}, "required": ["amount"]});
    let policy = suggested("Pays.", schema.clone(), &[]);
    assert!(!permits(&policy, "t", &json!({"amount": "1"})));
    let below = json!(r"^[0-9]{1,3}(?:\.[0-9]{1,2})?$");
    let policy = suggested("Pays.", schema, &[("/rules/amount/require/0/conditions/0/value", below)]);
    for (amount, passes) in [
        (json!("999.99"), true),
        (json!("0"), true),
        (json!("1000"), false),
        (json!("1e9"), false),
        (json!("-5"), false),
        (json!("+5"), false),
        (json!(" 5"), false),
        (json!("5\n"), false),
        (json!(5), false),
    ] {
        assert_eq!(permits(&policy, "t", &json!({"amount": amount})), passes, "{amount}");
    }
}
