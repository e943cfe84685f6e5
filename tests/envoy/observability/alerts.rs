//! The alerts that are shipped, in the cases of `alerts.test.yaml`, by Prometheus's own `promtool`.

use super::queries::{of_alerts, shipped};
use crate::prerequisites::find;
use serde_json::Value;
use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

fn cases() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/envoy/observability/alerts.test.yaml")
}

/// What `promtool test rules` says of the cases in a file.
fn run(promtool: &Path, file: &Path) -> Result<(), String> {
    let ran = Command::new(promtool).args(["test", "rules"]).arg(file).output().expect("promtool beside Prometheus");
    let text = [ran.stdout, ran.stderr].concat();
    if ran.status.success() { Ok(()) } else { Err(String::from_utf8_lossy(&text).into_owned()) }
}

#[test]
fn each_alert_fires_and_does_not_fire_as_its_cases_say() {
    let Some(prometheus) = find("prometheus") else { return };
    let promtool = prometheus.with_file_name("promtool");
    assert_eq!(run(&promtool, &cases()), Ok(()));
    // It would see an alert that does not fire.
    let folder = crate::process::fresh_folder("observe-alerts");
    let rules = fs::read_to_string(shipped().join("rules.yaml")).expect("the rules");
    fs::write(folder.join("rules.yaml"), rules.replace("> 0.2 unless", "> 9999 unless")).expect("a file");
    let text = fs::read_to_string(cases()).expect("the cases");
    let file = folder.join("alerts.test.yaml");
    fs::write(&file, text.replace("../../../envoy/observe/rules.yaml", "rules.yaml")).expect("a file");
    let found = run(&promtool, &file).expect_err("an alert that never fires");
    assert!(found.contains("McpPolicyDenialsSpike"), "{found}");
}

#[test]
fn each_alert_has_a_case_in_which_it_fires_and_one_in_which_it_does_not() {
    let text = fs::read_to_string(cases()).expect("the cases");
    let cases: Value = serde_saphyr::from_str(&text).expect("YAML");
    let tests = cases["tests"].as_array().expect("a list");
    let asked = tests.iter().flat_map(|test| test["alert_rule_test"].as_array().expect("a list"));
    let (mut firing, mut silent) = (BTreeSet::new(), BTreeSet::new());
    for asked in asked {
        let name = asked["alertname"].as_str().expect("a name").to_owned();
        let none = asked["exp_alerts"].as_array().expect("a list").is_empty();
        if none {
            silent.insert(name)
        } else {
            firing.insert(name)
        };
    }
    assert_eq!((firing, silent), (of_alerts(), of_alerts()));
}

#[test]
fn each_alert_names_the_section_that_says_what_to_do() {
    let rules = fs::read_to_string(shipped().join("rules.yaml")).expect("the rules");
    let rules: Value = serde_saphyr::from_str(&rules).expect("YAML");
    let readme = fs::read_to_string(shipped().join("README.md")).expect("the document");
    let headings: BTreeSet<String> =
        readme.lines().filter_map(|line| line.strip_prefix("### ")).map(str::to_lowercase).collect();
    let alerts = rules["groups"][0]["rules"].as_array().expect("a list").iter();
    let alerts: Vec<&Value> = alerts.filter(|rule| rule["alert"].is_string()).collect();
    assert!(alerts.len() > 10, "{}", alerts.len());
    for alert in alerts {
        let url = alert["annotations"]["runbook_url"].as_str().unwrap_or_else(|| panic!("{alert}"));
        let (page, section) = url.split_once('#').expect("a section");
        assert!(page.ends_with("/envoy/observe/README.md"), "{page}");
        assert_eq!(section, alert["alert"].as_str().expect("a name").to_lowercase());
        assert!(headings.contains(section), "{section}");
    }
}
