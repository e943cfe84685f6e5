//! What the documents say is so: their examples load, their links lead somewhere, and the policy reference has every key.
#![expect(clippy::panic, reason = "a test that cannot read the documents has failed")]

use std::{collections::BTreeSet, fs, path::Path, process::Command};

use mcp_policy::{
    config::{Config, LoadedConfig},
    engine::{self, BoundRequest, Disposition, RequestInfo},
    http::Headers,
    identity::Grant,
    store::InMemory,
    time::Timestamp,
};
use serde_json::Value;

/// Everything that people read in Markdown.
const DOCUMENTS: [&str; 10] = [
    "README.md",
    "CHANGELOG.md",
    ".github/CONTRIBUTING.md",
    ".github/SECURITY.md",
    "envoy/README.md",
    "envoy/observe/README.md",
    "envoy/policies/README.md",
    "envoy/policies/hosted.md",
    "envoy/policies/warnings.md",
    "tests/README.md",
];

const REFERENCE: &str = "envoy/policies/README.md";

fn read(document: &str) -> String {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(document);
    fs::read_to_string(&file).unwrap_or_else(|error| panic!("{document}: {error}"))
}

/// The contents of all fenced blocks of JSON.
fn json_blocks(text: &str) -> Vec<&str> {
    text.split("```json\n").skip(1).map(|rest| rest.split("```").next().unwrap_or(rest)).collect()
}

#[test]
fn every_configuration_loads() {
    let mut loaded = 0;
    for document in DOCUMENTS {
        for text in json_blocks(&read(document)) {
            // Messages, and lists of tools.
            if text.contains("jsonrpc") || text.starts_with("{ \"tools\": [") {
                continue;
            }
            if let Err(invalid) = LoadedConfig::load(text.as_bytes()) {
                panic!("{document}: {text}\n{invalid}");
            }
            loaded += 1;
        }
    }
    assert!(loaded > 30, "only {loaded} examples");
}

#[test]
fn the_readme_is_read_in_two_minutes() {
    let lines = read("README.md").lines().count();
    assert!(lines < 140, "{lines} lines");
}

#[test]
fn the_denial_in_the_readme_is_what_an_agent_gets() {
    let readme = read("README.md");
    let (answers, policies): (Vec<_>, Vec<_>) =
        json_blocks(&readme).into_iter().partition(|text| text.contains("jsonrpc"));
    let ([shown], [policy]) = (&answers[..], &policies[..]) else { panic!("{answers:?} {policies:?}") };
    let config = Config::load(policy.as_bytes()).expect("a policy");
    let shown: Value = serde_json::from_str(shown).expect("JSON");
    // The one member that differs from call to call: Envoy's `x-request-id`.
    let request_id = shown["error"]["data"]["requestId"].as_str().expect("an id");
    let mut info = RequestInfo::new(Headers::default(), Ok(Grant::from_name("constant:reader")));
    info.request_id = Some(request_id.into());
    let call = BoundRequest::new(&config, info);
    let body = br#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"drop_table"}}"#;
    let response = engine::authorize(&config, &call, body, "readme", Timestamp(0), &InMemory::new([0; 16]));
    let Disposition::Reply(reply) = response.answer else { panic!("forwarded") };
    let answered: Value = serde_json::from_str(&reply.body).expect("JSON");
    assert_eq!(answered, shown);
}

/// Adds the names of all members of all objects in a value.
fn add_names(value: &Value, names: &mut BTreeSet<String>) {
    match value {
        Value::Object(members) => {
            names.extend(members.keys().cloned());
            members.values().for_each(|member| add_names(member, names));
        }
        Value::Array(elements) => elements.iter().for_each(|element| add_names(element, names)),
        _ => {}
    }
}

/// Adds what a schema calls `properties`, and the operators that it allows.
fn add_keys(schema: &Value, keys: &mut BTreeSet<String>, operators: &mut BTreeSet<String>) {
    if let Some(properties) = schema.get("properties").and_then(Value::as_object) {
        keys.extend(properties.keys().cloned());
        let operator = properties.get("op").into_iter().flat_map(|op| [op.get("const"), op.get("enum")]).flatten();
        operators.extend(operator.flat_map(|op| match op {
            Value::Array(names) => names.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
            name => name.as_str().map(str::to_owned).into_iter().collect::<Vec<_>>(),
        }));
    }
    match schema {
        Value::Object(members) => members.values().for_each(|member| add_keys(member, keys, operators)),
        Value::Array(elements) => elements.iter().for_each(|element| add_keys(element, keys, operators)),
        _ => {}
    }
}

#[test]
fn the_reference_shows_every_key_and_every_operator_in_an_example_and_explains_it() {
    let reference = read(REFERENCE);
    let schema = Command::new(env!("CARGO_BIN_EXE_mcp-policy")).arg("schema").output().expect("the command");
    let schema: Value = serde_json::from_slice(&schema.stdout).expect("a schema");
    let (mut keys, mut operators, mut shown) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
    add_keys(&schema, &mut keys, &mut operators);
    // Editors put it there, and it has no meaning of its own.
    keys.remove("$schema");
    assert!(keys.len() > 60 && operators.len() >= 16, "{keys:?} {operators:?}");
    let examples = json_blocks(&reference);
    for example in &examples {
        add_names(&serde_json::from_str(example).expect("JSON"), &mut shown);
    }
    let missing: Vec<_> = keys.difference(&shown).collect();
    assert!(missing.is_empty(), "no example in {REFERENCE} has {missing:?}");
    for operator in &operators {
        let condition = format!("\"op\": \"{operator}\"");
        assert!(
            examples.iter().any(|example| example.contains(&condition)),
            "no example in {REFERENCE} has `{operator}`"
        );
    }
    let prose: String = reference.split("```").step_by(2).collect();
    for name in keys.iter().chain(&operators) {
        // By itself, behind its section, before its members, or in a small example.
        let written = ["`{}`", ".{}`", "`{}.", "\"{}\""].map(|form| form.replace("{}", name));
        let explained = written.iter().any(|written| prose.contains(written));
        assert!(explained, "{REFERENCE} does not explain `{name}`");
    }
}

/// The anchor that GitHub gives a heading.
fn anchor(heading: &str) -> String {
    let kept = heading.to_lowercase();
    let kept = kept.chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
    kept.map(|c| if c == ' ' { '-' } else { c }).collect()
}

#[test]
fn every_link_leads_somewhere() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut links = 0;
    for document in DOCUMENTS {
        let text = read(document);
        let prose: String = text.split("```").step_by(2).collect();
        let targets = prose.split("](").skip(1).filter_map(|rest| rest.split(')').next());
        for target in targets.filter(|target| !target.contains("://") && !target.contains(' ')) {
            let (path, fragment) = target.split_once('#').unwrap_or((target, ""));
            let here = root.join(document);
            let file = if path.is_empty() { here } else { here.parent().expect("a folder").join(path) };
            assert!(file.exists(), "{document}: `{target}` leads nowhere");
            if !fragment.is_empty() {
                let text = fs::read_to_string(&file).expect("a document");
                let text: String = text.split("```").step_by(2).collect();
                let headings = text.lines().filter(|line| line.starts_with('#'));
                let mut anchors = headings.map(|line| anchor(line.trim_start_matches('#').trim()));
                assert!(anchors.any(|found| found == fragment), "{document}: `{target}`: there is no such heading");
            }
            links += 1;
        }
    }
    assert!(links > 20, "only {links} links");
}
