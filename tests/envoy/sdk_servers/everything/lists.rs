//! What the server lists, and what of it can be called.

use super::{BARE, session::Session, with_everything};
use crate::{client::VERSIONS, forwarding::MODES};
use serde_json::{Value, json};

/// Method, list, what names an entry, and what is shown of it.
const LISTS: [(&str, &str, &str, &[&str]); 4] = [
    ("tools/list", "tools", "name", &["echo", "get-sum", "toggle-simulated-logging", "trigger-long-running-operation"]),
    ("prompts/list", "prompts", "name", &["simple-prompt", "args-prompt"]),
    (
        "resources/list",
        "resources",
        "uri",
        &[
            "demo://resource/static/document/features.md",
            "demo://resource/static/document/startup.md",
            "demo://resource/static/document/structure.md",
        ],
    ),
    ("resources/templates/list", "resourceTemplates", "uriTemplate", &["demo://resource/dynamic/text/{resourceId}"]),
];

#[test]
fn the_lists_of_the_reference_server_show_what_is_permitted_and_are_otherwise_as_it_writes_them() {
    with_everything("everything-lists", async |gateway| {
        let bare = Session::open(&gateway, BARE).await;
        for (method, list, key, shown) in LISTS {
            let mut expected = bare.ask(VERSIONS[0], method, &json!({})).await;
            let entries = expected["result"][list].as_array_mut().expect("a list");
            let all = entries.len();
            entries.retain(|entry| shown.iter().any(|name| entry[key] == *name));
            let names: Vec<&Value> = entries.iter().map(|entry| &entry[key]).collect();
            assert!(names == shown && names.len() < all, "{method}: {names:?} of {all}");
            for mode in MODES {
                let session = Session::open(&gateway, mode).await;
                for version in VERSIONS {
                    let answer = session.ask(version, method, &json!({})).await;
                    assert_eq!(answer, expected, "{method} in mode {mode} over {version}");
                }
            }
        }
    });
}

#[test]
fn what_the_reference_server_is_shown_to_have_can_be_called_and_the_rest_cannot() {
    with_everything("everything-calls", async |gateway| {
        for mode in MODES {
            let session = Session::open(&gateway, mode).await;
            for version in VERSIONS {
                for (method, parameters, expected) in [
                    ("tools/call", json!({ "name": "echo", "arguments": { "message": "hi" } }), "Echo: hi"),
                    ("prompts/get", json!({ "name": "simple-prompt" }), "This is a simple prompt without arguments."),
                    (
                        "resources/read",
                        json!({ "uri": "demo://resource/static/document/features.md" }),
                        "# Everything Server",
                    ),
                    (
                        "resources/read",
                        json!({ "uri": "demo://resource/dynamic/text/1" }),
                        "Resource 1: This is a plaintext",
                    ),
                ] {
                    let answer = session.ask(version, method, &parameters).await;
                    assert!(answer["result"].to_string().contains(expected), "{method} {parameters}: {answer}");
                }
                for (method, parameters) in [
                    ("tools/call", json!({ "name": "get-env" })),
                    ("prompts/get", json!({ "name": "resource-prompt" })),
                    ("resources/read", json!({ "uri": "demo://resource/static/document/instructions.md" })),
                    ("resources/read", json!({ "uri": "demo://resource/dynamic/blob/1" })),
                ] {
                    let answer = session.ask(version, method, &parameters).await;
                    assert_eq!(answer["error"]["code"], -31403, "{method} {parameters}: {answer}");
                }
            }
        }
    });
}
