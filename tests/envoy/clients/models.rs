//! What agent frameworks give to their model.

use super::{gateway, places, python, run_all, table, table_in};
use crate::{runtime::run, sdk_servers::Server};
use serde_json::{Value, json};
use std::process::Command;

const FRAMEWORKS: [(&str, &str); 3] = [
    ("openai-agents 0.24.0", "openai-agents"),
    ("LangGraph 1.2.24", "langgraph"),
    ("pydantic-ai 2.68.0", "pydantic-ai"),
];
const FORMS: [&str; 2] = ["error", "tool_result"];
/// What the message of each refusal says. A model must be given all of it.
const KINDS: [(&str, &str); 3] = [
    ("denied", "Policy violation: the policy denies the tool `echo`: Never say no"),
    ("limited", "Policy violation: the tool `get-tiny-image` has reached the rate limit of 1 call a day"),
    ("approval", "Approval required: a person must approve this call of the tool `get-sum`: Sums need a person"),
];

#[test]
fn a_model_is_given_the_reason_as_the_readme_says() {
    let Some(places) = places() else { return };
    run(async {
        let everything = Server::start_everything("models", &places.servers).await;
        let both = Server::start_both_lifecycles("models", &places.servers).await;
        let gateway = gateway("clients-models", [&everything, &both], &FORMS).await;
        let image = json!({ "name": "get-tiny-image" });
        let calls = json!({
            "denied": [{ "name": "echo", "arguments": { "message": "no" } }],
            "limited": [image, image],
            "approval": [{ "name": "get-sum", "arguments": { "a": 1, "b": 2 } }],
        })
        .to_string();
        let mut clients: Vec<(&str, Command)> = Vec::new();
        for (name, framework) in FRAMEWORKS {
            for form in FORMS {
                let url = format!("http://{}/mcp", gateway.at(&format!("everything-{form}")));
                let mut command = python(&places.clients.join("frameworks"), "frameworks.py");
                command.args([framework, &calls, &url]);
                clients.push((name, command));
            }
        }
        let mut measured: Vec<Vec<String>> = Vec::new();
        for (index, (name, found)) in run_all(clients).await.into_iter().enumerate() {
            let given = KINDS.map(|(kind, text)| given(text, &found[kind]));
            let form = FORMS[index % 2];
            measured.push([vec![name.to_owned(), format!("`{form}`")], given.to_vec()].concat());
            if form == "tool_result" {
                assert_eq!(given, ["the reason"; 3], "{name}: {found:?}");
            }
        }
        let shown: Vec<String> = measured.iter().map(|row| format!("| {} |", row.join(" | "))).collect();
        // The README has one row for a framework, since it treats all refusals alike.
        let short = measured.chunks(FORMS.len()).map(|forms| {
            assert!(forms.iter().all(|form| form[2..].iter().all(|given| *given == form[2])), "{forms:?}");
            vec![forms[0][0].clone(), forms[0][2].clone(), forms[1][2].clone()]
        });
        assert_eq!(table_in(include_str!("../../../README.md"), "## What an agent sees"), short.collect::<Vec<_>>());
        assert_eq!(table("## What a model reads"), measured, "tests/README.md should say:\n{}", shown.join("\n"));
    });
}

/// What a model reads of a reason.
fn given(text: &str, found: &Value) -> String {
    match found.as_str().unwrap_or_default() {
        all if all.starts_with("(the run ended)") => "nothing: the run ends".to_owned(),
        all if all.contains(text) => "the reason".to_owned(),
        other => format!("\"{other}\""),
    }
}
