//! The catalogue is true of its own policies: they load, decide as the cases say, and stop the attacks.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use mcp_policy::{
    cases::{self, Expected},
    config::Config,
    lint,
};
use serde_json::{Map, Value, json};

use crate::{suggest, tools};

use super::{
    Shown,
    embedded::{Catalog, Server},
    entry::{Closed, Recommended, Risk},
    json, pages, text,
};

fn catalog() -> Catalog {
    Catalog::load().unwrap()
}

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("envoy").join(name)
}

fn each_server(mut check: impl FnMut(&Catalog, &Server, &mut Vec<String>)) {
    let catalog = catalog();
    let mut wrong = Vec::new();
    for server in &catalog.servers {
        check(&catalog, server, &mut wrong);
    }
    assert!(wrong.is_empty(), "{} faults:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn the_command_contains_every_file_of_the_folder() {
    let files = fs::read_dir(folder("catalog")).unwrap().map(|file| file.unwrap().file_name().into_string().unwrap());
    let names: BTreeSet<String> = files.filter(|file| file.ends_with(".json") && file != "attacks.json").collect();
    let catalog = catalog();
    let each = catalog.servers.iter().map(|server| server.entry.server.as_str());
    let expected = each.flat_map(|name| ["json", "policy.json", "cases.json"].map(|end| format!("{name}.{end}")));
    assert_eq!(names, expected.collect());
    assert!(catalog.servers.len() >= 15 && catalog.attacks.len() >= 15);
}

#[test]
fn every_policy_loads_and_check_is_fine_or_the_entry_says_why_not() {
    each_server(|_, server, wrong| {
        let name = server.entry.server.as_str();
        let config = match Config::load(server.policy.as_bytes()) {
            Ok(config) => config,
            Err(invalid) => return wrong.push(format!("{name}: {invalid}")),
        };
        let found = lint::check(&config, server.policy.as_bytes(), &[]);
        let found: BTreeSet<String> = found.iter().map(|warning| warning.lint.name().to_owned()).collect();
        let kept: BTreeSet<String> = server.entry.check.iter().map(|kept| kept.warning.clone()).collect();
        if found != kept {
            wrong.push(format!("{name}: `check` warns of {found:?}, and the entry explains {kept:?}"));
        }
    });
}

#[test]
fn every_case_passes_and_each_attack_that_applies_has_one() {
    each_server(|catalog, server, wrong| {
        let name = server.entry.server.as_str();
        let config = Config::load(server.policy.as_bytes()).unwrap();
        let cases = cases::read(server.cases).unwrap();
        for case in &cases {
            if let Err(failure) = case.run(Some(&config)) {
                wrong.push(format!("{name}, {}: {failure}", case.name));
            }
        }
        let allows = |case: &&cases::Case| case.calls.iter().all(|call| call.expected.decision == Expected::Allow);
        if !cases.iter().any(|case| allows(&case) || case.name == "normal work") {
            wrong.push(format!("{name}: no case shows that normal work passes"));
        }
        let denied = |id: &str| {
            let mut cases = cases.iter().filter(|case| case.name.starts_with(&format!("{id}: ")));
            cases.any(|case| case.calls.iter().any(|call| call.expected.decision != Expected::Allow))
        };
        let of_tools = server.entry.tools.iter().flat_map(|tool| &tool.attacks);
        for id in of_tools.chain(&server.entry.attacks).collect::<BTreeSet<_>>() {
            if catalog.attack(id).is_none() {
                wrong.push(format!("{name}: there is no attack `{id}`"));
            } else if !denied(id) {
                wrong.push(format!("{name}: no case shows that `{id}` is denied"));
            }
        }
        let unknown = server.entry.leaves.iter().filter(|one| catalog.attack(&one.attack).is_none());
        wrong.extend(unknown.map(|one| format!("{name}: there is no attack `{}`", one.attack)));
    });
}

#[test]
fn every_attack_is_denied_with_its_rule_and_allowed_without() {
    let mut wrong = Vec::new();
    for attack in catalog().attacks {
        let id = attack.id.as_str();
        let run = |policy: &Value, calls: &[Value]| {
            let text = json!({"policy": policy, "cases": [{"name": id, "calls": calls}]}).to_string();
            let cases = cases::read(&text).map_err(|problems| format!("{problems:?}"))?;
            cases.iter().try_for_each(|case| case.run(None).map_err(|failure| failure.to_string()))
        };
        let is_stopped =
            |call: &Value| call["expect"] != "allow" && call["rule"].is_string() || call["answer_rule"].is_string();
        if !attack.calls.iter().any(is_stopped) {
            wrong.push(format!("{id}: no call or answer is denied by a rule"));
        }
        wrong.extend(run(&attack.policy, &attack.calls).err().map(|why| format!("{id} with the rule: {why}")));
        let allowed = attack.calls.iter().map(|call| {
            let mut call = call.as_object().unwrap().clone();
            for key in ["rule", "answer_rule", "answer_contains"] {
                call.remove(key);
            }
            if call.contains_key("answer") {
                call.insert("expect_answer".to_owned(), json!("unchanged"));
            }
            call.insert("expect".to_owned(), json!("allow"));
            Value::Object(call)
        });
        let without = run(&attack.without, &allowed.collect::<Vec<_>>());
        wrong.extend(without.err().map(|why| format!("{id} without the rule: {why}")));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The entry's rule, with what it uses written out, is what the policy says of the tool.
#[test]
fn every_recommended_rule_is_that_of_the_policy() {
    each_server(|_, server, wrong| {
        let policy: Value = serde_json::from_str(server.policy).unwrap();
        for tool in &server.entry.tools {
            let name = tool.name.as_str();
            let is_hidden = policy["hide"].as_array().is_some_and(|hide| hide.iter().any(|key| key == name));
            let expected = match policy["tools"].get(name) {
                _ if is_hidden => Recommended::Closed(Closed::Hide),
                None => Recommended::Closed(Closed::Deny),
                Some(rule) => Recommended::Rule(expand(rule, &policy["rules"])),
            };
            if expected != tool.rule {
                wrong.push(format!("{}/{name}: the policy has {expected:?}", server.entry.server.as_str()));
            }
        }
        for place in &server.entry.fill_in {
            if policy.pointer(&place.at).is_none() {
                wrong.push(format!("{}: the policy has no `{}`", server.entry.server.as_str(), place.at));
            }
        }
    });
}

fn expand(rule: &Value, shared: &Value) -> Map<String, Value> {
    let mut expanded: Map<String, Value> = Map::new();
    let own = rule.as_object().unwrap();
    let used = own.get("use").and_then(Value::as_array).into_iter().flatten();
    let used = used.map(|name| shared[name.as_str().unwrap()].as_object().unwrap());
    for (key, value) in used.chain([own]).flatten().filter(|(key, _)| *key != "use") {
        match (expanded.get_mut(key).and_then(Value::as_array_mut), value.as_array()) {
            (Some(list), Some(more)) => list.extend(more.iter().cloned()),
            _ => drop(expanded.insert(key.clone(), value.clone())),
        }
    }
    expanded
}

#[test]
fn the_policies_of_the_image_servers_are_the_samples() {
    let catalog = catalog();
    for name in ["krea", "imagegen", "alya"] {
        let sample = fs::read_to_string(folder("policies").join(format!("{name}.json"))).unwrap();
        assert_eq!(catalog.server(name).unwrap().policy, sample, "{name}");
    }
}

#[test]
fn a_risk_is_at_least_that_of_the_class() {
    each_server(|_, server, wrong| {
        for tool in server.entry.tools.iter().filter(|tool| tool.risk < Risk::of(tool.class)) {
            let (server, name, risk) = (server.entry.server.as_str(), tool.name.as_str(), tool.risk.name());
            wrong.push(format!("{server}/{name}: {risk} risk is too low for a tool of its class"));
        }
    });
}

/// What `suggest` finds from the names, the hints, the arguments and our description of each tool.
#[test]
fn a_class_is_that_of_suggest_or_has_a_reason() {
    each_server(|_, server, wrong| {
        let tools = server.entry.tools.iter().map(|tool| {
            let mut annotations = Map::new();
            annotations.extend(tool.read_only.map(|hint| ("readOnlyHint".to_owned(), json!(hint))));
            annotations.extend(tool.destructive.map(|hint| ("destructiveHint".to_owned(), json!(hint))));
            json!({"name": tool.name.as_str(), "description": tool.does, "annotations": annotations})
        });
        let listing = tools::read(&Value::Array(tools.collect()).to_string()).unwrap();
        for (tool, (name, class, why)) in server.entry.tools.iter().zip(suggest::classify_all(&listing)) {
            assert_eq!(tool.name.as_str(), name);
            if class != tool.class && tool.differs.is_none() {
                let (server, own) = (server.entry.server.as_str(), tool.class.name());
                wrong.push(format!("{server}/{name}: {own} here, `suggest` says {}: {why}", class.name()));
            }
        }
    });
}

#[test]
fn pages_have_no_script_and_load_nothing() {
    let catalog = catalog();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/catalog-pages-test");
    pages::write_all(&catalog, &folder).unwrap();
    let pages: Vec<PathBuf> = files(&folder);
    let tools: usize = catalog.servers.iter().map(|server| server.entry.tools.len()).sum();
    assert_eq!(pages.len(), tools + catalog.servers.len() + 2);
    for file in &pages {
        let page = fs::read_to_string(file).unwrap();
        for part in ["<script", "javascript:", "src=", "@import", "url(", "href=\"http", " on"] {
            let found = page.matches(part).count();
            // Words of sentences may begin with `on`; attributes that run code are followed by `=`.
            assert!(found == 0 || part == " on" && !page.contains(" onerror=\""), "{}: {part}", file.display());
        }
        assert!(page.contains("name=\"viewport\"") && page.contains("prefers-color-scheme: dark"));
        for link in page.split("href=\"").skip(1).filter_map(|rest| rest.split('"').next()) {
            let target = link.split('#').next().unwrap();
            assert!(file.parent().unwrap().join(target).exists(), "{}: {link}", file.display());
        }
    }
    fs::remove_dir_all(folder).unwrap();
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

#[test]
fn a_tool_is_shown_with_its_class_its_attacks_and_its_rule() {
    let catalog = catalog();
    let server = catalog.server("github").unwrap();
    let tool = server.entry.tool("merge_pull_request").unwrap();
    let shown = Shown::Tool(server, tool);
    let text = text::render(&catalog, &shown);
    for part in ["class      write", "risk       high", "Unreviewed code", "\"require_approval\"", "needs approval"] {
        assert!(text.contains(part), "{part}: {text}");
    }
    let json = json::render(&catalog, &shown);
    assert_eq!((&json["class"], &json["risk"]), (&json!("write"), &json!("high")));
    assert!(pages::one(&catalog, &shown).unwrap().contains("<h2>Attacks that apply</h2>"));
}
