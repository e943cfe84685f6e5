//! The file that Envoy watches: the same filter as in a file that Envoy reads once, and policies that change no more than that.

use clap::Parser;
use serde_json::Value;

use super::{FilterFile, Kept, Line, change, filter, sha256};

const POLICY: &str = r#"{"version":"1","default":"deny"}"#;

fn envoy(options: &[&str]) -> super::Envoy {
    Line::try_parse_from(["render", "-"].iter().chain(options)).unwrap().envoy
}

/// The file that `render envoy --dynamic d OPTIONS` writes.
fn file(options: &[&str]) -> String {
    let envoy = envoy(&[&["--dynamic", "d"][..], options].concat());
    let kept = Kept { options: envoy.arguments(), start: sha256(&envoy.render(POLICY).unwrap()) };
    FilterFile::new(&envoy, POLICY, &kept).unwrap().text
}

#[test]
fn the_filter_is_that_of_a_file_that_envoy_reads_once() {
    let once = envoy(&["--module", "/opt/m.wasm"]);
    let rendered: Value = serde_saphyr::from_str(&once.render(POLICY).unwrap()).unwrap();
    let filters = "/static_resources/listeners/0/filter_chains/0/filters/0/typed_config/http_filters";
    let filters = rendered.pointer(filters).unwrap().as_array().unwrap();
    let found = filters.iter().find(|filter| filter["name"] == "mcp-policy").unwrap();
    assert_eq!(found["typed_config"], filter("/opt/m.wasm", once.configuration(POLICY).unwrap().json()));
}

#[test]
fn every_option_is_kept() {
    let options = [
        "--port=1",
        "--upstream=https://mcp.example.com:8443",
        "--upstream-idle-timeout=7",
        "--module=/a b.wasm",
        "--admin-port=2",
        "--console-port=3",
        "--bypass=/token",
        "--bypass=/register",
        "--approver=peer:a",
        "--otlp=collector",
        "--dynamic=d e",
        "--etcd-tls=f",
        "--upstream-credential=c/credential.json",
        "--replicas=2",
    ];
    assert_eq!(envoy(&options).arguments(), options);
    let help = <Line as clap::CommandFactory>::command();
    let known = help.get_arguments().filter(|argument| argument.get_long().is_some()).count();
    assert_eq!(known, 13, "an option of `render envoy` that `arguments` does not write");
}

#[test]
fn another_policy_changes_the_filter_alone() {
    let old = file(&["--bypass", "/token", "--approver", "peer:a"]);
    let asks = r#"{"version":"1","default":"deny","tools":{"pay":{"action":"require_approval"}}}"#;
    let new = change(&old, asks).unwrap();
    let value: Value = serde_json::from_str(&new.text).unwrap();
    assert_eq!(value["version_info"], *new.digest);
    let text = value["resources"][0]["typed_config"]["config"]["configuration"]["value"].as_str().unwrap();
    assert!(
        text.contains("require_approval") && text.contains("mcp-policy-bypass") && text.contains("10001"),
        "{text}"
    );
    // Back again.
    assert_eq!(change(&new.text, POLICY).unwrap().text, old);
}

#[test]
fn a_policy_that_changes_more_than_the_filter_is_refused() {
    let old = file(&[]);
    for document in [
        r#"{"policy":{"version":"1","default":"deny"},"protocol":{"max_body_bytes":9999999}}"#,
        r#"{"policy":{"version":"1","default":"deny"},"protocol":{"origins":["https://a.example"]}}"#,
        r#"{"policy":{"version":"1","default":"deny"},"limits":{"service":{"cluster":"limits"}}}"#,
    ] {
        let refused = change(&old, document).map(|file| file.text).unwrap_err();
        assert!(refused.starts_with("this changes more than the filter: "), "{document}: {refused}");
    }
    let mistaken = change(&old, r#"{"version":"1","default":"maybe"}"#).map(|file| file.text).unwrap_err();
    assert!(mistaken.contains("/default"), "{mistaken}");
}

#[test]
fn a_file_of_something_else_is_refused() {
    let expected = "this is not a file of `mcp-policy render envoy --dynamic`; render again";
    for text in ["", "{}", r#"{"control_plane":{"identifier":"x"}}"#] {
        assert_eq!(change(text, POLICY).map(|file| file.text).unwrap_err(), expected);
    }
    let other = file(&[]).replace("--port=", "--prt=");
    assert_eq!(change(&other, POLICY).map(|file| file.text).unwrap_err(), expected);
}
