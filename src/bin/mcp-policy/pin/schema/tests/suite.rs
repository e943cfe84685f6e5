//! The official JSON-Schema-Test-Suite, drafts 7 and 2020-12, on the keywords that the filter enforces. `tests/setup.sh` gets it from
//! PyPI, where the source of `jsonschema` carries it.

use std::{collections::BTreeMap, fs, path::Path};

use serde_json::Value;

use super::{Enforced, enforced, fits};

/// The files of the suite about these keywords; every other keyword in them is left out.
const FILES: [&str; 20] = [
    "additionalProperties",
    "allOf",
    "anyOf",
    "boolean_schema",
    "const",
    "default",
    "enum",
    "exclusiveMaximum",
    "exclusiveMinimum",
    "items",
    "maxItems",
    "maxLength",
    "maximum",
    "minItems",
    "minLength",
    "minimum",
    "oneOf",
    "pattern",
    "properties",
    "required",
];
/// Further ones, in which valid values must fit.
const OTHERS: [&str; 6] = ["type", "ref", "defs", "definitions", "infinite-loop-detection", "if-then-else"];

/// What is let through though it is invalid: by its file and group, with the reason.
const LET_THROUGH: [(&str, &str); 1] = [("oneOf", "one of them fits, or several")];

#[test]
fn the_official_test_suite_agrees_where_a_schema_is_enforced_as_a_whole() {
    let Some(suite) = std::env::var_os("MCP_POLICY_SCHEMA_SUITE") else {
        println!("skipped: MCP_POLICY_SCHEMA_SUITE is not set; `./build.sh test` gets the suite");
        return;
    };
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    let mut wrong = Vec::new();
    for draft in ["draft7", "draft2020-12"] {
        for file in FILES.iter().chain(&OTHERS) {
            let path = Path::new(&suite).join("tests").join(draft).join(format!("{file}.json"));
            // Not each draft has each file.
            let Ok(text) = fs::read_to_string(&path) else { continue };
            let groups: Vec<Value> = serde_json::from_str(&text).expect("groups");
            for group in groups {
                judge(draft, file, &group, &mut counts, &mut wrong);
            }
        }
    }
    println!("{counts:?}");
    assert!(wrong.is_empty(), "{} tests:\n{}", wrong.len(), wrong.join("\n"));
    let count = |what: &str| counts.get(what).copied().unwrap_or_default();
    assert!(count("whole") > 600 && count("in part") > 50, "{counts:?}");
}

fn judge(draft: &str, file: &str, group: &Value, counts: &mut BTreeMap<&str, usize>, wrong: &mut Vec<String>) {
    let mut schema = group["schema"].clone();
    if let Some(keywords) = schema.as_object_mut() {
        // What a list of tools does not say, the draft of the file says.
        let dialect = if draft == "draft7" { "http://json-schema.org/draft-07/schema#" } else { "2020-12" };
        keywords.entry("$schema").or_insert_with(|| dialect.into());
    }
    let Enforced { schema: kept, left_out } = enforced(&schema);
    let is_whole = left_out.is_empty() && kept.is_some();
    for test in group["tests"].as_array().expect("tests") {
        *counts.entry(if is_whole { "whole" } else { "in part" }).or_default() += 1;
        let is_valid = test["valid"] == true;
        let is_let_through = LET_THROUGH.iter().any(|(let_through, _)| *let_through == file);
        let fits = kept.as_ref().is_none_or(|kept| fits(kept, &test["data"]));
        if is_valid && !fits || !is_valid && fits && is_whole && !is_let_through {
            let (about, what) = (&group["description"], &test["description"]);
            wrong.push(format!("{draft} {file} {about} {what}: valid {is_valid}, fits {fits}"));
        }
    }
}
