//! The queries of the shipped rules and of the dashboard.

use super::{start_gateway, traffic};
use crate::{runtime::run, version};
use regex_lite::Regex;
use serde_json::Value;
use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::PathBuf,
};

/// The folder of what is shipped.
pub(super) fn shipped() -> PathBuf {
    [env!("CARGO_MANIFEST_DIR"), "envoy", "observe"].iter().collect()
}

/// The queries of the rules, and the names that they give to what they record.
pub(super) fn of_rules() -> (Vec<String>, BTreeSet<String>) {
    let text = fs::read_to_string(shipped().join("rules.yaml")).expect("the rules");
    let all = |key: &str| -> Vec<String> {
        text.lines().filter_map(|line| Some(line.split_once(key)?.1.to_owned())).collect()
    };
    (all(" expr: "), all("- record: ").into_iter().collect())
}

/// The names of the alerts.
pub(super) fn of_alerts() -> BTreeSet<String> {
    let text = fs::read_to_string(shipped().join("rules.yaml")).expect("the rules");
    text.lines().filter_map(|line| Some(line.split_once("- alert: ")?.1.to_owned())).collect()
}

/// `query` with the first metric that a pattern of names fits in place of the pattern.
fn name_metrics(query: &str, exposed: &BTreeMap<String, BTreeSet<String>>) -> String {
    let pattern = Regex::new(r#"\{__name__=~"([^"]*)"\}"#).expect("an expression");
    let named = pattern.replace_all(query, |found: &regex_lite::Captures<'_>| {
        let names = Regex::new(&format!("^(?:{})$", &found[1])).expect("an expression");
        let fits = exposed.keys().find(|name| names.is_match(name));
        fits.unwrap_or_else(|| panic!("no metric fits `{}`: {query}", &found[1])).clone()
    });
    named.into_owned()
}

/// The queries of the dashboard, as Grafana sends them.
pub(super) fn of_dashboard() -> Vec<String> {
    let text = fs::read_to_string(shipped().join("dashboard.json")).expect("the dashboard");
    let dashboard: Value = serde_json::from_str(&text).expect("JSON");
    let panels = dashboard["panels"].as_array().expect("panels");
    let targets = panels.iter().flat_map(|panel| panel["targets"].as_array().expect("queries"));
    let query = |target: &Value| target["expr"].as_str().expect("a query").replace("$__rate_interval", "1m");
    targets.map(|target| query(target).replace("$__range", "5m")).collect()
}

/// Whether a metric or query has no value here: the Envoy under test is too old to have it, or it counts what has lasted a minute.
pub(super) fn is_missing_here(query: &str) -> bool {
    query == "envoy_wasm_wasm_vm_count" && !version::counts_vms() || query.contains("mcp_policy_unlisted_entries")
}

#[test]
fn each_panel_asks_a_question_has_thresholds_and_links_to_sections_that_exist() {
    let text = fs::read_to_string(shipped().join("dashboard.json")).expect("the dashboard");
    let dashboard: Value = serde_json::from_str(&text).expect("JSON");
    let alerts = of_alerts();
    let mut linked = BTreeSet::new();
    for panel in dashboard["panels"].as_array().expect("panels") {
        let title = panel["title"].as_str().expect("a title");
        assert!(title.ends_with('?'), "{title}");
        let steps = panel["fieldConfig"]["defaults"]["thresholds"]["steps"].as_array().expect("thresholds");
        assert!(steps[0]["value"].is_null(), "{title}: the first step has no value");
        let links = panel["links"].as_array().expect("links");
        assert!(!links.is_empty(), "{title}");
        for link in links {
            let (page, section) = link["url"].as_str().and_then(|url| url.split_once('#')).expect("a section");
            let (_, page) = page.split_once("/blob/main/").expect("a page of this repository");
            let page = fs::read_to_string(PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(page)).expect("the page");
            let headings = page.lines().filter_map(|line| line.trim_start_matches('#').strip_prefix(' '));
            let mut sections = headings.map(|heading| heading.to_lowercase().replace(' ', "-").replace('`', ""));
            assert!(sections.any(|known| known == section), "{title}: {section}");
            let alert = link["title"].as_str().expect("a title").strip_prefix("Alert ");
            linked.extend(alert.map(str::to_owned));
        }
    }
    assert_eq!(linked, alerts, "each alert belongs to a panel");
}

/// Metrics and their labels, as a gateway shows them.
fn exposed(text: &str) -> BTreeMap<String, BTreeSet<String>> {
    let label = Regex::new(r#"([a-z_]+)=""#).expect("an expression");
    let mut all = BTreeMap::<String, BTreeSet<String>>::new();
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        let Some((name, labels)) = line.split_once('{') else { continue };
        let labels = label.captures_iter(labels).map(|found| found[1].to_owned());
        all.entry(name.to_owned()).or_default().extend(labels);
    }
    all
}

#[test]
fn every_query_names_only_what_a_gateway_shows() {
    run(async {
        let gateway = start_gateway("observe-queries").await;
        traffic(&gateway).await;
        let exposed = exposed(&gateway.prometheus().await);
        let (rules, recorded) = of_rules();
        let queries = [rules, of_dashboard()].concat();
        assert!(queries.len() > 20, "{queries:?}");

        let metric = Regex::new(r"\b(?:mcp_policy|envoy)[a-zA-Z0-9_:]*").expect("an expression");
        let label = Regex::new(r"([a-zA-Z_]+)=|(?:by|on) \(([a-z_, ]+)\)").expect("an expression");
        let quoted = Regex::new(r#""[^"]*""#).expect("an expression");
        let mut named = BTreeSet::new();
        for query in &queries {
            let query = name_metrics(query, &exposed);
            let query = quoted.replace_all(&query, "");
            // Envoy's own labels have such names, too.
            let is_label =
                |found: &regex_lite::Match<'_>| query.get(found.end()..).is_some_and(|rest| rest.starts_with('='));
            let found = metric.find_iter(&query).filter(|found| !is_label(found));
            let metrics: BTreeSet<&str> = found.map(|found| found.as_str()).collect();
            assert!(!metrics.is_empty(), "{query}");
            let mut known: BTreeSet<&str> = BTreeSet::from(["instance", "job"]);
            for metric in &metrics {
                match exposed.get(*metric) {
                    Some(labels) => known.extend(labels.iter().map(String::as_str)),
                    None => {
                        let known = recorded.contains(*metric) || is_missing_here(metric);
                        assert!(known, "no gateway has `{metric}`: {query}");
                    }
                }
            }
            let labels = label.captures_iter(&query).filter_map(|found| found.get(1).or_else(|| found.get(2)));
            for label in labels.flat_map(|found| found.as_str().split(", ")) {
                let is_unknown = metrics.iter().any(|metric| recorded.contains(*metric) || is_missing_here(metric));
                assert!(is_unknown || known.contains(label), "nothing here has a label `{label}`: {query}");
            }
            named.extend(metrics.into_iter().map(ToOwned::to_owned));
        }
        let own = exposed.keys().filter(|name| name.starts_with("mcp_policy_"));
        let unused: Vec<&String> = own.filter(|name| !named.contains(*name)).collect();
        assert!(unused.is_empty(), "the dashboard does not show {unused:?}");
    });
}
