//! The schema and the reader of configurations: the same keys, the same words, and no quarrel over what is valid.

mod agreement;

use std::{collections::BTreeSet, path::Path};

use jsonschema::Validator;
use mcp_policy::{
    config::{self, Config},
    identity,
    json::cursor::Keys,
    policy::{ArgumentCheck, BuiltIn, Scope, condition, document, schema},
    window::Window,
};
use serde_json::{Value, json};

use super::generate;

const CASES: &str = include_str!("../../../../tests/cases/decisions.jsonl");
const MISTAKES: &str = include_str!("../../../../tests/cases/invalid.jsonl");

/// Mistakes that no schema sees, by the name of their case: texts that are not JSON or repeat a key, and what parts of a
/// configuration mean together.
const UNSEEN: [&str; 51] = [
    "action and deny_if",
    "action allow and deny_if",
    "counter twice in one rule",
    "counter with two windows",
    "counter with two scopes",
    "a key twice",
    "a tool twice",
    "text behind the document",
    "a comment",
    "a byte order mark",
    "regex that does not compile",
    "action and require_approval",
    "increment with too many decimals",
    "maximum with too many decimals",
    "counter enforced and in shadow",
    "elicitation without a page",
    "webhook beside a service",
    "approver that no source yields",
    "number that a double changes",
    "number that a double changes in a list",
    "limit of a comparison that a double changes",
    "resource URIs that are one",
    "condition on a URI that no URI satisfies",
    "use of a rule that is not there",
    "use without rules",
    "use of two rules that name one counter",
    "use of a rule that names a counter of the entry",
    "a shared limit enforced and in shadow",
    "a shared condition on a URI that no URI satisfies",
    "a day that no week has",
    "an hour that no day has",
    "an operator that compares no hour",
    "a member that the caller does not have",
    "claims without a name",
    "a member that the time does not have",
    "a counter that no limit counts",
    "a counter by key in a condition",
    "a counter compared with a text",
    "a key of every element",
    "a counter with two keys",
    "claims of another payload",
    "a key, a counter and no max beside a service",
    "arguments of a prompt",
    "a pinned schema that requires a number that a double changes",
    "an operator that compares no flag",
    "a method in another case",
    "rate_limit too large",
    "comparisons that never hold",
    "absence of what every call has",
    "bindings by texts that are not hosts",
    "bindings by paths with a query",
];

fn validator() -> Validator {
    jsonschema::draft202012::new(generate().as_value()).unwrap()
}

fn read(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

fn lines(text: &str) -> Vec<Value> {
    text.lines().filter(|line| !line.is_empty()).map(read).collect()
}

/// Every object of the schema that names properties.
fn objects<'s>(schema: &'s Value, found: &mut Vec<BTreeSet<&'s str>>) {
    let parts: Vec<&Value> = match schema {
        Value::Object(keywords) => {
            // Forms of other keywords (`then`, `else`) only narrow what is described.
            let describes = schema.get("type").is_some_and(|kind| kind == "object");
            if let (true, Some(Value::Object(properties))) = (describes, schema.get("properties")) {
                found.push(properties.keys().map(String::as_str).collect());
            }
            keywords.values().collect()
        }
        Value::Array(parts) => parts.iter().collect(),
        _ => Vec::new(),
    };
    parts.into_iter().for_each(|part| objects(part, found));
}

/// All strings under `const` and `enum` of a definition.
fn words(schema: &Value) -> BTreeSet<&str> {
    match schema {
        Value::Object(keywords) => {
            let own = keywords.get("const").and_then(Value::as_str);
            let listed = keywords.get("enum").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str);
            own.into_iter().chain(listed).chain(keywords.values().flat_map(words)).collect()
        }
        Value::Array(parts) => parts.iter().flat_map(words).collect(),
        _ => BTreeSet::new(),
    }
}

#[test]
fn every_object_has_the_keys_that_the_reader_knows() {
    let schema = generate().to_value();
    let mut described = Vec::new();
    objects(&schema, &mut described);
    let source: BTreeSet<&str> = identity::SOURCE_KEYS.known.iter().copied().collect();
    // A source is one of several forms, which together have all its keys.
    let (sources, described): (Vec<_>, Vec<_>) = described.into_iter().partition(|keys| keys.is_subset(&source));
    assert_eq!(sources.into_iter().flatten().collect::<BTreeSet<_>>(), source);
    // So is a finder.
    let finder: BTreeSet<&str> = document::REDACTION_KEYS.known.iter().copied().collect();
    let (finders, described): (Vec<_>, Vec<_>) = described.into_iter().partition(|keys| keys.is_subset(&finder));
    assert_eq!(finders.into_iter().flatten().collect::<BTreeSet<_>>(), finder);

    let tables: [Keys; 31] = [
        config::APPROVALS_KEYS,
        config::APPROVAL_SERVICE_KEYS,
        config::APPROVAL_STORE_KEYS,
        config::ETCD_KEYS,
        config::NOTIFY_KEYS,
        config::APPROVER_KEYS,
        config::CONSOLE_KEYS,
        config::CONSOLE_FORM_KEYS,
        config::OPTIONS_KEYS,
        config::LIMITS_KEYS,
        config::LIMIT_SERVICE_KEYS,
        config::ANSWERS_KEYS,
        config::AUDIT_KEYS,
        config::BINDING_KEYS,
        config::CLOCK_KEYS,
        config::LISTS_KEYS,
        config::PROTOCOL_KEYS,
        config::TASKS_KEYS,
        document::POLICY_KEYS,
        document::DEFINITION_KEYS,
        document::RULE_KEYS,
        document::SHARED_RULE_KEYS,
        document::PREDICATE_KEYS,
        document::APPROVAL_KEYS,
        document::CONDITION_KEYS,
        document::PATH_WITHIN_KEYS,
        document::LIMIT_KEYS,
        document::RATE_KEYS,
        document::RESULTS_KEYS,
        schema::SCHEMA_KEYS,
        identity::TOKEN_KEYS,
    ];
    let whole = [config::OPTIONS_KEYS, document::POLICY_KEYS, config::CONSOLE_FORM_KEYS];
    let with_schema = |keys: &Keys| whole.iter().any(|other| other.known == keys.known).then_some("$schema");
    let keys = |keys: &Keys| keys.known.iter().copied().chain(with_schema(keys)).collect();
    let known: BTreeSet<BTreeSet<&str>> = tables.iter().map(keys).collect();
    assert_eq!(known.len(), tables.len());
    assert_eq!(described.into_iter().collect::<BTreeSet<_>>(), known);
}

#[test]
fn every_word_is_one_that_the_reader_knows() {
    let schema = generate().to_value();
    let definition = |name: &str| schema.pointer(&format!("/$defs/{name}")).map(words).unwrap();
    // `contains` takes no empty string, so the table has this, too.
    let operators = definition("Condition").into_iter().filter(|word| !word.is_empty());
    assert_eq!(operators.collect::<BTreeSet<_>>(), condition::NAMES.into_iter().collect());
    assert_eq!(definition("NamedWindow"), Window::NAMED.into_iter().map(|(name, _)| name).collect());
    assert_eq!(definition("Format"), BuiltIn::ALL.into_iter().map(|(name, _)| name).collect());
    assert_eq!(definition("ArgumentCheck"), ArgumentCheck::NAMED.into_iter().map(|(name, _)| name).collect());
    assert_eq!(definition("Scope"), Scope::NAMED.into_iter().map(|(name, _)| name).collect());
}

#[test]
fn every_key_has_a_title_and_a_description() {
    fn walk(place: &str, schema: &Value, bare: &mut Vec<String>) {
        let Value::Object(keywords) = schema else {
            if let Value::Array(parts) = schema {
                parts.iter().for_each(|part| walk(place, part, bare));
            }
            return;
        };
        if let (Some("object"), Some(Value::Object(properties))) =
            (schema.get("type").and_then(Value::as_str), schema.get("properties"))
        {
            let is_described =
                |property: &Value| property.get("title").is_some() && property.get("description").is_some();
            bare.extend(properties.iter().filter(|(_, it)| !is_described(it)).map(|(key, _)| format!("{place}/{key}")));
            assert_eq!(schema.get("additionalProperties"), Some(&json!(false)), "{place}");
        }
        keywords.iter().for_each(|(keyword, part)| walk(&format!("{place}/{keyword}"), part, bare));
    }
    let mut bare = Vec::new();
    walk("", generate().as_value(), &mut bare);
    assert_eq!(bare, [""; 0]);
}

#[test]
fn the_policies_that_come_with_the_product_are_valid() {
    let validator = validator();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("envoy/policies");
    let files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    let is_policy = |file: &&std::path::PathBuf| {
        let name = file.to_string_lossy();
        name.ends_with(".json") && !name.ends_with(".cases.json")
    };
    let policies: Vec<_> = files.iter().filter(is_policy).collect();
    assert!(policies.len() >= 3, "{files:?}");
    for file in policies {
        let document = read(&std::fs::read_to_string(file).unwrap());
        if let Err(error) = validator.validate(&document) {
            panic!("{}: {}: {error}", file.display(), error.instance_path());
        }
    }
}

#[test]
fn every_policy_of_the_decision_cases_is_valid() {
    let validator = validator();
    let policies = lines(CASES).into_iter().map(|mut case| case["policy"].take());
    let accepted: Vec<Value> = policies.filter(|policy| Config::load(policy.to_string().as_bytes()).is_ok()).collect();
    assert!(accepted.len() > 50, "{}", accepted.len());
    for policy in accepted {
        assert!(validator.is_valid(&policy), "{policy}");
    }
}

#[test]
fn one_mistake_is_one_error() {
    let validator = validator();
    for (place, text) in [
        ("", r#"{"version":"1","default":"deny","tool":{}}"#),
        ("/tools/a", r#"{"version":"1","default":"deny","tools":{"a":{"requires":[]}}}"#),
        ("/policy/tools/a", r#"{"policy":{"version":"1","default":"deny","tools":{"a":{"requires":[]}}}}"#),
        ("/default", r#"{"$schema":"./mcp-policy.schema.json","version":"1","default":"block"}"#),
        ("/console", r#"{"console":{"approvers":["jwt:a"],"host":[]}}"#),
        ("", r#"{"policy":{"version":"1","default":"deny"},"modes":"shadow"}"#),
        ("", r#"{"policy":{"version":"1","default":"deny"},"tools":{}}"#),
        ("/policies/a/default", r#"{"policies":{"a":{"version":"1","default":"block"}}}"#),
    ] {
        let document = read(text);
        let errors: Vec<String> =
            validator.iter_errors(&document).map(|error| error.instance_path().to_string()).collect();
        assert_eq!(errors, [place], "{text}");
    }
}

#[test]
fn every_mistake_of_shape_is_invalid() {
    let validator = validator();
    let unseen = lines(MISTAKES).into_iter().filter_map(|case| {
        let text = case.get("text").unwrap().as_str().unwrap();
        let seen = serde_json::from_str(text).is_ok_and(|document: Value| !validator.is_valid(&document));
        (!seen).then(|| case.get("name").unwrap().as_str().unwrap().to_owned())
    });
    assert_eq!(unseen.collect::<Vec<_>>(), UNSEEN);
}
