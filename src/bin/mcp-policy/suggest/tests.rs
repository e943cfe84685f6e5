//! The stricter class wins, the filter accepts every suggested policy, and each policy names every usable tool.

use mcp_policy::{config::Config, policy::Lookup};
use proptest::prelude::*;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::tools::{self, Listing, Tool};

use super::{
    class::{Class, Finding},
    classify::{self, Hints},
    describe, heuristics,
    policy::{Suggestion, display},
    suggest,
};

const TOOLS: &str = include_str!("../../../../tests/cases/tools.jsonl");

/// A line of the table: a tool as well-known servers have it, described in our words, and the class that a careful
/// reader gives it.
#[derive(Deserialize)]
struct Case {
    class: Class,
}

/// The cases, read as a server's list would be.
fn cases() -> Vec<(Tool, Class)> {
    let read = |line: &str| {
        let listing = tools::read(&format!("[{line}]")).unwrap();
        (listing.tools.into_iter().next().unwrap(), serde_json::from_str::<Case>(line).unwrap().class)
    };
    TOOLS.lines().map(read).collect()
}

/// Classifies a tool by itself.
fn classify(tool: &Tool) -> Finding {
    classify::classify(tool, Hints::default())
}

fn tool(name: &str, description: &str) -> Tool {
    Tool { name: name.into(), description: description.into(), ..Tool::default() }
}

#[track_caller]
fn class(name: &str, description: &str) -> Class {
    classify(&tool(name, description)).class
}

#[test]
fn tools_like_those_of_well_known_servers_get_the_class_that_a_reader_gives_them() {
    let cases = cases();
    assert!(cases.len() >= 60, "{}", cases.len());
    let wrong = cases.iter().filter_map(|(tool, expected)| {
        let found = classify(tool);
        (found.class != *expected).then(|| format!("{}: {found:?}, expected {expected:?}", tool.name))
    });
    assert_eq!(wrong.collect::<Vec<_>>(), [""; 0]);
}

#[test]
fn classes_are_ordered_by_what_the_policy_then_allows() {
    use Class::{Destructive, Execute, Financial, Read, Write};
    assert!(Read < Write && Write < Execute && Execute < Financial && Financial < Destructive);
}

#[test]
fn annotations_never_loosen_what_clear_words_say() {
    for (plain, _) in cases() {
        let plain = Tool { read_only: None, destructive: None, ..plain };
        let Some(clear) = heuristics::classify_words(&plain).clear else { continue };
        for read_only in [None, Some(true), Some(false)] {
            for destructive in [None, Some(true), Some(false)] {
                let hinted = Tool { read_only, destructive, ..plain.clone() };
                assert!(classify(&hinted).class >= clear.class, "{hinted:?}");
                // Only `readOnlyHint: true` outweighs an unclear word.
                assert!(read_only == Some(true) || classify(&hinted).class >= classify(&plain).class, "{hinted:?}");
            }
        }
    }
}

#[test]
fn a_server_that_calls_everything_destructive_is_classed_by_words_with_a_remark() {
    let annotated = |name: &str, description: &str, read_only| Tool {
        read_only: Some(read_only),
        destructive: Some(!read_only),
        ..tool(name, description)
    };
    let mut tools = vec![
        annotated("browser_navigate", "Navigate to a URL", false),
        annotated("browser_resize", "Resize the browser window", false),
        annotated("post-search", "Search by title", false),
        annotated("create-a-comment", "Create a comment", false),
        annotated("delete-a-block", "Delete a block", false),
        annotated("echo", "Echoes back the input string", true),
    ];
    let remark = "all 5 tools that change anything have `destructiveHint: true`, so `suggest` ignores the hint and uses names and \
                  descriptions";
    let classes = |tools: &[Tool]| {
        let suggestion = Suggestion::from_listing(&Listing { tools: tools.to_vec(), ..Listing::default() });
        let classes = suggestion.tools.iter().map(|(_, found)| found.class).collect::<Vec<_>>();
        (classes, suggestion.remarks.iter().any(|found| found == remark))
    };
    use Class::{Destructive, Execute, Read, Write};
    // `readOnlyHint: false` still makes a search write.
    assert_eq!(classes(&tools), (vec![Execute, Write, Write, Write, Destructive, Read], true));
    // One that is not makes the others mean something.
    tools.push(Tool { destructive: Some(false), read_only: Some(false), ..tool("add_note", "Adds a note") });
    assert_eq!(
        classes(&tools),
        (vec![Execute, Destructive, Destructive, Destructive, Destructive, Read, Write], false)
    );
}

#[test]
fn annotations_tighten() {
    let hinted = |read_only, destructive| classify(&Tool { read_only, destructive, ..tool("get_x", "Gets x.") }).class;
    assert_eq!(hinted(Some(true), Some(false)), Class::Read);
    assert_eq!(hinted(Some(false), None), Class::Write);
    assert_eq!(hinted(Some(false), Some(true)), Class::Destructive);
    // A contradiction: unsure.
    assert_eq!(hinted(Some(true), Some(true)), Class::Destructive);
}

#[test]
fn a_tool_without_a_known_word_may_do_anything() {
    assert_eq!(class("frobnicate", ""), Class::Execute);
    assert_eq!(class("löschen", "Löscht alles."), Class::Execute);
    let hinted = Tool { read_only: Some(true), ..tool("frobnicate", "") };
    assert_eq!(classify(&hinted).class, Class::Read);
}

#[test]
fn the_strictest_word_wins() {
    for (name, description, expected) in [
        ("get_and_delete", "", Class::Destructive),
        ("read_or_post", "", Class::Write),
        ("getUser", "", Class::Read),
        ("deleteUser", "", Class::Destructive),
        ("HTTPDelete", "", Class::Destructive),
        ("deletefile", "", Class::Destructive),
        ("db.records/remove", "", Class::Destructive),
        ("label", "Get, create, update or delete a label.", Class::Destructive),
        ("tidy", "Reads the list. Deletes what is old.", Class::Destructive),
        ("get_x", "Gets x. This cannot be undone.", Class::Destructive),
        ("get_report", "This tool will delete the report after sending it.", Class::Destructive),
        ("list_charges", "", Class::Read),
        ("charge_card", "", Class::Financial),
        ("payments", "", Class::Financial),
        ("delete_invoice", "Deletes an invoice.", Class::Destructive),
        ("get_reset_status", "", Class::Destructive),
        ("search_index", "Rebuilds the search index.", Class::Execute),
        ("search_index", "Reticulate the search index.", Class::Execute),
        ("get_rows", "Retrieves rows by executing a query.", Class::Execute),
        ("archiver", "Archives items without delay, deletes the rest.", Class::Destructive),
        ("admin", "Performs a reset of the database.", Class::Destructive),
        ("finish", "Submits the basket and creates an invoice.", Class::Financial),
        ("find", "Performs a web search.", Class::Read),
    ] {
        assert_eq!(class(name, description), expected, "{name}");
    }
}

#[test]
fn a_negated_verb_does_not_count() {
    for description in [
        "Gets x. Does not delete anything.",
        "Gets x without removing it.",
        "Gets x; never deletes it.",
        "Gets deleted files.",
        "Gets the reset token.",
    ] {
        assert_eq!(class("get_x", description), Class::Read, "{description}");
    }
}

#[test]
fn titles_count_too() {
    let titled = Tool { titles: vec!["Delete everything".into()], ..tool("tidy", "") };
    let found = classify(&titled);
    assert_eq!((found.class, found.reason.as_str()), (Class::Destructive, "`delete` in its title"));
}

#[test]
fn a_list_comes_in_three_forms() {
    let tools = json!([{
        "name": "a", "title": "t", "description": "d", "inputSchema": {"type": "object"},
        "annotations": {"title": "u", "readOnlyHint": true, "destructiveHint": false},
    }]);
    let expected = Tool {
        name: "a".into(),
        titles: vec!["t".into(), "u".into()],
        description: "d".into(),
        read_only: Some(true),
        destructive: Some(false),
        input_schema: json!({"type": "object"}),
        definition: tools[0].to_string(),
    };
    for form in [
        tools.clone(),
        json!({"tools": tools}),
        json!({"jsonrpc": "2.0", "id": 1, "result": {"tools": tools, "ttlMs": 0}}),
    ] {
        assert_eq!(tools::read(&form.to_string()), Ok(Listing { tools: vec![expected.clone()], ..Listing::default() }));
    }
}

#[test]
fn a_text_without_a_list_of_tools_is_an_error() {
    let expected = "expected an answer to `tools/list`, its `result`, or a list of tools";
    for (text, message) in [
        ("", format!("it is empty; {expected}")),
        (" \n", format!("it is empty; {expected}")),
        ("1", format!("it is not a list of tools; {expected}")),
        ("{}", format!("it has no list `tools`; {expected}")),
        (r#"{"tools":{}}"#, format!("it has no list `tools`; {expected}")),
        (r#"{"tools":[],"tools":[]}"#, "the key `tools` is repeated".to_owned()),
        (r#"{"error":{"message":"no\u001b"}}"#, "the server answered with an error: `no\\u{1b}`".to_owned()),
    ] {
        assert_eq!(tools::read(text), Err(message), "{text}");
    }
}

#[test]
fn an_item_that_is_not_a_tool_is_left_out_with_a_remark() {
    let text = r#"{"tools":[1,{"title":"x"},{"name":"a","name":"b"},{"name":"c"}],"nextCursor":""}"#;
    let listing = tools::read(text).unwrap();
    assert_eq!(listing.tools, [Tool { definition: r#"{"name":"c"}"#.to_owned(), ..tool("c", "") }]);
    let expected = [
        "this is one page of a longer list (`nextCursor`); `--url` reads all pages",
        "left out the tool at index 0: it is not an object",
        "left out the tool at index 1: it has no `name`",
        "left out the tool at index 2: the key `name` is repeated",
    ];
    assert_eq!(listing.remarks, expected);
}

#[test]
fn a_tool_that_no_entry_can_name_is_left_out_with_a_remark() {
    let names = ["a*", "", "b\u{7}", &"c".repeat(257), "d", "d"];
    let mut tools: Vec<Tool> = names.iter().map(|name| tool(name, "Gets it.")).collect();
    tools[5].destructive = Some(true);
    let (suggestion, policy) = suggest(&Listing { tools, ..Listing::default() }).unwrap();
    assert_eq!(suggestion.tools.len(), 1);
    let policy: Value = serde_json::from_str(&policy).unwrap();
    assert_eq!((&policy["hide"], &policy["tools"]), (&json!(["d"]), &Value::Null));
    let expected = [
        "left out `a*`: a policy would read the `*` in its name as a pattern; it stays denied".to_owned(),
        "left out ``: its name is empty".to_owned(),
        "left out `b\\u{7}`: its name contains a control character, so the filter refuses every call of it".to_owned(),
        format!(
            "left out `{}…`: its name is longer than 256 bytes, so the filter refuses every call of it",
            "c".repeat(60)
        ),
        "`d` is listed twice; the stricter class applies".to_owned(),
    ];
    assert_eq!(suggestion.remarks, expected);
}

#[test]
fn a_name_is_cut_behind_its_sixtieth_character() {
    for whole in [String::new(), "a".repeat(59), "a".repeat(60), "é".repeat(60)] {
        assert_eq!(display(&whole), whole);
    }
    assert_eq!(display(&"é".repeat(61)), "é".repeat(60) + "…");
}

#[test]
fn a_list_without_a_usable_tool_is_an_error() {
    assert_eq!(suggest(&Listing::default()).unwrap_err(), "it lists no tool that a policy can name");
}

#[test]
fn the_policy_has_one_line_for_each_tool() {
    let tools = ["get_a", "create_b", "run_c", "pay_d", "delete_e"].map(|name| tool(name, "")).to_vec();
    let (suggestion, policy) = suggest(&Listing { tools, ..Listing::default() }).unwrap();
    let expected = r#"{
  "version": "1",
  "default": "deny",
  "description": "Suggested by mcp-policy from names, descriptions and annotations; review it before use. Destructive (hidden): delete_e, `delete` in its name. Financial (needs approval): pay_d, `pay` in its name. Execute (10 a minute): run_c, `run` in its name. Write (30 a minute): create_b, `create` in its name. Read (open): get_a, `get` in its name.",
  "hide": [
    "delete_e"
  ],
  "tools": {
    "get_a": {},
    "create_b": {"rate_limit": "30/minute"},
    "run_c": {"rate_limit": "10/minute"},
    "pay_d": {"action": "require_approval", "reason": "it may move money"}
  }
}
"#;
    assert_eq!(policy, expected);
    let row = "delete_e  destructive  hidden          `delete` in its name\n";
    assert_eq!(describe(&suggestion).lines().nth(4).map(|line| format!("{line}\n")).as_deref(), Some(row));
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever a server calls its tools: the policy loads, and says of each name what was found, or nothing at all.
    #[test]
    fn every_policy_is_accepted(
        names in prop::collection::vec(
            prop_oneof![".*", "[a-z*./_-]{0,12}", "(get|create|run|pay|delete)[_.]\\PC{0,9}", "a{250,260}"], 0..12,
        ),
        descriptions in prop::collection::vec(prop_oneof![".*", "(Gets|Deletes|Runs) .{0,40}"], 12),
        hints in prop::collection::vec(any::<(Option<bool>, Option<bool>)>(), 12),
    ) {
        let tools = names.iter().zip(&descriptions).zip(&hints).map(|((name, description), (read_only, destructive))| {
            Tool { read_only: *read_only, destructive: *destructive, ..tool(name, description) }
        });
        let listing = Listing { tools: tools.collect(), ..Listing::default() };
        let Ok((suggestion, policy)) = suggest(&listing) else {
            prop_assert!(Suggestion::from_listing(&listing).tools.is_empty());
            return Ok(());
        };
        let policy = Config::load(policy.as_bytes()).unwrap().policies.remove(0).policy.clone();
        for name in &names {
            let found = suggestion.tools.iter().find(|(known, _)| known == name).map(|(_, found)| found.class);
            let agrees = match (policy.tool(name), found) {
                (Lookup::Hidden, Some(Class::Destructive)) | (Lookup::NoMatch, None) => true,
                (Lookup::Rule(rule), Some(Class::Read)) => rule.limits().count() == 0 && !rule.asks_for_approval(),
                (Lookup::Rule(rule), Some(Class::Write | Class::Execute)) => rule.limits().count() == 1,
                (Lookup::Rule(rule), Some(Class::Financial)) => rule.approval().count() == 1,
                _ => false,
            };
            prop_assert!(agrees, "{name}");
        }
        prop_assert!(!describe(&suggestion).replace('\n', "").contains(char::is_control));
    }
}
