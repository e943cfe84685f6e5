//! Every policy in `envoy/policies/` loads, and every case file beside it passes.
#![expect(clippy::unwrap_used, reason = "a test that cannot read the policies has failed")]

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use mcp_policy::{cases, config::Config};
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
                let failure = |case: &cases::Case| {
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

/// A case file says which rule refuses, or else a call could be refused for the wrong reason and nobody would see it.
#[test]
fn every_entry_with_something_to_refuse_is_shown_to_refuse() {
    let mut idle = Vec::new();
    for name in names(".json") {
        let policy: Value = serde_json::from_str(&read(&format!("{name}.json"))).unwrap();
        let config = Config::load(policy.to_string().as_bytes()).unwrap();
        let cases = cases::read(&read(&format!("{name}.cases.json"))).unwrap();
        let mut deciding = BTreeSet::new();
        for case in &cases {
            let store = mcp_policy::limit::store::InMemory::new([1; 16]);
            for call in &case.calls {
                for _ in 0..call.times {
                    let record = call.judge(&config, &store).record;
                    deciding.extend([record.rule, record.shadow.map(|shadow| shadow.rule).unwrap_or_default()]);
                }
            }
        }
        let tools = policy["tools"].as_object().unwrap();
        let refusing = tools.iter().filter(|(_, rule)| **rule != Value::Object(serde_json::Map::new()));
        for (tool, _) in
            refusing.filter(|(tool, _)| !deciding.iter().any(|rule| rule.starts_with(&format!("/tools/{tool}/"))))
        {
            idle.push(format!("{name}: no case is refused by an entry of `{tool}`"));
        }
    }
    assert!(idle.is_empty(), "{}", idle.join("\n"));
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
        let policy: Value = serde_json::from_str(&read(&format!("{name}.json"))).unwrap();
        assert!(policy["description"].as_str().is_some_and(|text| text.len() > 20), "{name}");
    }
}
