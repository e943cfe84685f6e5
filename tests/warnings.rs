//! The page of warnings: every warning of `check` has a section, with an example that causes it and what to do.
#![expect(clippy::expect_used, reason = "a test that cannot read the page has failed")]

use std::collections::BTreeMap;

use mcp_policy::{
    config::Config,
    lint::{self, Lint, ListedTool},
    mcp::list::definition,
};
use serde_json::Value;

const PAGE: &str = include_str!("../envoy/policies/warnings.md");

/// The sections by their names.
fn sections() -> BTreeMap<&'static str, &'static str> {
    let sections = PAGE.split("\n### `").skip(1).map(|section| section.split("\n## ").next().unwrap_or(section));
    let named: Vec<_> = sections.map(|section| section.split_once("`\n").expect("a heading")).collect();
    let sections: BTreeMap<_, _> = named.iter().copied().collect();
    assert_eq!(sections.len(), named.len(), "each name has one section");
    sections
}

#[test]
fn the_page_has_a_section_for_every_warning_and_for_nothing_else() {
    let names: Vec<&str> = Lint::ALL.iter().map(|lint| lint.name()).collect();
    let sections = sections();
    for name in &names {
        assert!(sections.contains_key(name), "envoy/policies/warnings.md lacks a section \"### `{name}`\"");
    }
    for name in sections.keys() {
        assert!(names.contains(name), "envoy/policies/warnings.md describes `{name}`, which `check` does not know");
    }
}

/// The tools of a list.
fn tools(list: &str) -> Vec<ListedTool> {
    let list: Value = serde_json::from_str(list).expect("a list of tools");
    let tools = list.get("tools").and_then(Value::as_array).expect("a list").iter().map(|tool| ListedTool {
        name: tool.get("name").and_then(Value::as_str).expect("a name").to_owned(),
        input_schema: tool.get("inputSchema").cloned().unwrap_or_default(),
        digest: definition::digest(tool.to_string().as_bytes()),
    });
    tools.collect()
}

#[test]
fn every_example_causes_its_warning_and_is_followed_by_what_to_do() {
    for (name, section) in sections() {
        let (about, rest) = section.split_once("\n```json\n").unwrap_or_else(|| panic!("{name}: an example"));
        let (example, advice) = rest.split_once("```\n").unwrap_or_else(|| panic!("{name}: its end"));
        let config = Config::load(example.as_bytes()).unwrap_or_else(|invalid| panic!("{name}: {invalid}"));
        // Some warnings are about a list of tools, too.
        let (warnings, advice) = match advice.split_once("```json\n").and_then(|(_, rest)| rest.split_once("```\n")) {
            Some((list, advice)) => (lint::check_tools(&config, example.as_bytes(), &tools(list)), advice),
            None => {
                // Some are about several Envoys.
                let several = lint::check_replicas(&config, example.as_bytes(), 2);
                (lint::check(&config, example.as_bytes(), &[]).into_iter().chain(several).collect(), advice)
            }
        };
        let found: Vec<&str> = warnings.iter().map(|found| found.lint.name()).collect();
        assert!(found.contains(&name), "{name}: the example causes {found:?}");
        for text in [about, advice] {
            assert!(text.trim().ends_with('.'), "{name}: a sentence before the example, and one after it");
        }
    }
}
