//! Every policy in `envoy/policies/` loads, and every case file beside it passes.
#![expect(clippy::unwrap_used, reason = "a test that cannot read the policies has failed")]

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use mcp_policy::{
    cases::{self, Case},
    config::Config,
    store::InMemory,
};
use serde_json::Value;

/// The names of all policies: `krea` for `krea.json` or `krea.cases.json`.
fn names(ending: &str) -> BTreeSet<String> {
    let files = fs::read_dir(folder()).unwrap().map(|file| file.unwrap().file_name().into_string().unwrap());
    files.filter_map(|file| Some(file.strip_suffix(ending)?.to_owned()).filter(|name| !name.contains('.'))).collect()
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("envoy/policies")
}

fn read(file: &str) -> String {
    fs::read_to_string(folder().join(file)).unwrap()
}

#[test]
fn every_policy_has_a_case_file_and_passes_it() {
    let policies = names(".json");
    assert!(policies.len() >= 10, "{policies:?}");
    assert_eq!(names(".cases.json"), policies, "each policy has a case file, each case file a policy");
    let (mut failed, mut calls) = (Vec::new(), 0);
    for name in &policies {
        let config = match Config::load(read(&format!("{name}.json")).as_bytes()) {
            Ok(config) => config,
            Err(invalid) => {
                failed.push(format!("{name}: {invalid}"));
                continue;
            }
        };
        match cases::read(&read(&format!("{name}.cases.json"))) {
            Err(problems) => failed.extend(problems.iter().map(|problem| format!("{name}.cases.json: {problem}"))),
            Ok(cases) => {
                calls += cases.iter().map(|case| case.calls.len()).sum::<usize>();
                let failure = |case: &Case| {
                    let failure = case.run(Some(&config)).err()?;
                    Some(format!("{name}, {}: {failure}\n  {}", case.name, failure.lines().join("\n  ")))
                };
                failed.extend(cases.iter().filter_map(failure));
            }
        }
    }
    assert!(failed.is_empty(), "{} failures:\n{}", failed.len(), failed.join("\n"));
    assert!(calls > 200, "only {calls} calls");
}

/// A policy whose rules refuse nothing in its cases is not shown to work.
#[test]
fn every_predicate_and_limit_is_shown_to_refuse() {
    let mut idle = Vec::new();
    for name in names(".json") {
        let config = Config::load(read(&format!("{name}.json")).as_bytes()).unwrap();
        let policy = policy(&name);
        let cases = cases::read(&read(&format!("{name}.cases.json"))).unwrap();
        let deciding: BTreeSet<String> = cases.iter().flat_map(|case| deciding(case, &config)).collect();
        let mut rules: Vec<String> = refusing("/all_tools", &policy["all_tools"]);
        for (shared, rule) in policy["rules"].as_object().into_iter().flatten() {
            rules.extend(refusing(&format!("/rules/{shared}"), rule));
        }
        for (tool, rule) in policy["tools"].as_object().unwrap() {
            rules.extend(refusing(&format!("/tools/{tool}"), rule));
        }
        for (shared, rule) in policy.get("rules").and_then(Value::as_object).into_iter().flatten() {
            rules.extend(refusing(&format!("/rules/{shared}"), rule));
        }
        rules.extend(policy.get("hide").map(|_| "(hidden)".to_owned()));
        idle.extend(rules.iter().filter(|rule| !deciding.contains(*rule)).map(|rule| format!("{name}: {rule}")));
    }
    assert!(idle.is_empty(), "no case is refused by:\n{}", idle.join("\n"));
}

/// The policy of a file, be it the whole of it or one with options.
fn policy(name: &str) -> Value {
    let document: Value = serde_json::from_str(&read(&format!("{name}.json"))).unwrap();
    document.get("policy").cloned().unwrap_or(document)
}

/// The pointers of all that can refuse a call.
fn refusing(pointer: &str, rule: &Value) -> Vec<String> {
    let entries = rule.as_object().into_iter().flatten();
    // A limit without a maximum only counts.
    let refuses = |key: &str, item: &Value| key != "limits" || item.get("max").is_some();
    let pointers = entries.flat_map(|(key, value)| match (key.as_str(), value) {
        // What `use` names has a place of its own.
        ("use", _) => Vec::new(),
        ("results", results) => refusing(&format!("{pointer}/results"), results),
        (_, Value::Array(items)) => {
            let refusing = items.iter().enumerate().filter(|(_, item)| refuses(key, item));
            refusing.map(|(index, _)| format!("{pointer}/{key}/{index}")).collect()
        }
        ("action" | "rate_limit", _) => vec![format!("{pointer}/{key}")],
        _ => Vec::new(),
    });
    pointers.collect()
}

/// The rules that decide on the calls of a case and on their answers, those in shadow, too.
fn deciding(case: &Case, config: &Config) -> Vec<String> {
    let store = InMemory::new([1; 16]);
    let calls = case.calls.iter().flat_map(|call| (0..call.times).map(move |_| call));
    let mut deciding = Vec::new();
    for report in calls.map(|call| call.decide(config, &store)) {
        deciding
            .extend([Some(report.record.rule), report.record.shadow.map(|shadow| shadow.rule)].into_iter().flatten());
        if let Some(answer) = report.answer {
            deciding.extend(answer.finds.into_iter().map(|find| find.entry.into()));
            deciding.extend(answer.report.refusal.map(|why| why.rule().to_owned()));
        }
    }
    deciding
}

#[test]
fn the_samples_of_the_policy_pages_are_as_they_are_pasted() {
    let limit = |tool: &str, max: u32| {
        format!(
            r#"{{"version":"1","default":"deny","tools":{{"{tool}":{{"limits":[{{"counter":"{tool}_rate","window":"minute","max":{max},"scope":"grant"}}]}}}}}}"#
        )
    };
    for (name, expected) in [
        ("krea", limit("generate_image", 10)),
        ("imagegen", limit("image.generate.gemini", 30)),
        ("alya", r#"{"version":"1","default":"deny","tools":{"image_gen":{}}}"#.to_owned()),
    ] {
        assert_eq!(read(&format!("{name}.json")).trim_end(), expected);
    }
}

#[test]
fn our_own_policies_say_what_they_are_for() {
    for name in names(".json").iter().filter(|name| !["krea", "imagegen", "alya"].contains(&name.as_str())) {
        let policy = policy(name);
        assert!(policy["description"].as_str().is_some_and(|text| text.len() > 20), "{name}");
    }
}
