//! The limits file. `tests/limitador/` runs Limitador itself with it.

use super::render_for;

const LIMITED: &str = r#"{"version":"1","default":"deny","tools":{"t":{"rate_limit":"5/minute"}}}"#;

/// The rendered limits file, without the comment at its head.
fn limits(document: &str) -> Result<String, String> {
    let rendered = render_for("limitador", document, &[])?;
    let (head, limits) = rendered.split_once("\n\n").unwrap();
    assert!(head.lines().all(|line| line.starts_with('#')), "{head}");
    Ok(limits.to_owned())
}

#[test]
fn the_shipped_limits_are_what_render_prints() {
    let root = env!("CARGO_MANIFEST_DIR");
    let policy = std::fs::read_to_string(format!("{root}/envoy/policies/krea.json")).unwrap();
    let file = "envoy/limitador/limits.yaml";
    let shipped = std::fs::read_to_string(format!("{root}/{file}")).unwrap_or_default();
    assert!(
        shipped == render_for("limitador", &policy, &[]).unwrap(),
        "{file} is out of date: cargo run -- render limitador envoy/policies/krea.json > {file}"
    );
}

#[test]
fn a_counter_is_written_with_each_position_that_it_can_have() {
    let document = r#"{"policy":{"version":"1","default":"deny","all_tools":{"limits":[
        {"counter":"all","window":"hour","max":60,"scope":"global"}]},
        "tools":{"t":{"limits":[{"counter":"it's","window":"day","max":7,"scope":"grant"}]},"u":{}}},
        "limits":{"max_counters":9,"service":{"cluster":"x","domain":"agents"}}}"#;
    let expected = r#"- namespace: "agents"
  name: "default/all"
  max_value: 60
  seconds: 3600
  conditions:
  - |-
    size(descriptors) > 0 && descriptors[0].policy == 'default' && descriptors[0].counter == 'all' ||
    size(descriptors) > 1 && descriptors[1].policy == 'default' && descriptors[1].counter == 'all'
  variables: []
- namespace: "agents"
  name: "default/it's"
  max_value: 7
  seconds: 86400
  conditions:
  - |-
    size(descriptors) > 0 && descriptors[0].policy == 'default' && descriptors[0].counter == 'it\'s' ||
    size(descriptors) > 1 && descriptors[1].policy == 'default' && descriptors[1].counter == 'it\'s'
  variables:
  - |-
    descriptors[0].counter == 'it\'s' ? descriptors[0].identity :
    descriptors[1].identity
"#;
    assert_eq!(limits(document).unwrap(), expected);
}

#[test]
fn a_counter_has_as_many_positions_as_one_request_has_counters() {
    let limit =
        |counter: &str| format!(r#"{{"limits":[{{"counter":"{counter}","window":"day","max":1,"scope":"grant"}}]}}"#);
    let document = format!(
        r#"{{"version":"1","default":"deny","all_tools":{},"tools":{{"t":{},"u":{}}},"prompts":{{"p":{}}},
            "resources":{{"file:///a":{},"file:///b":{},"file:///c":{}}}}}"#,
        limit("all"),
        limit("t"),
        limit("u"),
        limit("p"),
        limit("a"),
        limit("b"),
        limit("c"),
    );
    let places = |document: &str| {
        let rendered = limits(document).unwrap();
        let of = |counter: &str| rendered.matches(&format!(".counter == '{counter}'")).count().div_ceil(2);
        ["all", "t", "u", "p", "a", "b", "c"].map(of)
    };
    // A tool's own limit and that of all tools; a prompt's; a subscription names any number of resources.
    assert_eq!(places(&document), [2, 2, 2, 1, 3, 3, 3]);
    let batches = format!(r#"{{"policy":{document},"protocol":{{"batches":"judge"}}}}"#);
    assert_eq!(places(&batches), [7; 7]);
}

#[test]
fn a_document_need_not_name_the_service() {
    let expected = limits(LIMITED).unwrap();
    assert!(expected.starts_with("- namespace: \"mcp-policy\"\n  name: \"default//tools/t\"\n  max_value: 5\n"));
    for limits_of in [r#""limits":{}"#, r#""limits": { "refund": "never" }"#, r#""limits":{"service":{"cluster":"x"}}"#]
    {
        assert_eq!(limits(&format!(r#"{{"policy":{LIMITED},{limits_of}}}"#)).unwrap(), expected, "{limits_of}");
    }
    assert_eq!(limits(r#"{"version":"1","default":"deny"}"#).unwrap(), "[]\n", "there are no limits");
}

#[test]
fn what_no_service_can_count_is_not_rendered() {
    let uncountable = LIMITED.replace(r#""5/minute""#, r#"{"max":5,"window":45}"#);
    let why = "a rate-limit service cannot count this:\n  /policy/tools/t/rate_limit/window: \
               `limits.service` counts by `second`, `minute`, `hour` or `day`; take one of them";
    assert_eq!(render_for("limitador", &uncountable, &[]).unwrap_err(), why);
    let broken = LIMITED.replace("deny", "dney");
    let why = render_for("limitador", &broken, &[]).unwrap_err();
    assert_eq!(why, render_for("envoy", &broken, &[]).unwrap_err(), "as for any gateway");
}

#[test]
fn a_gateway_has_the_cluster_of_the_service_that_it_names() {
    let counted = format!(r#"{{"policy":{LIMITED},"limits":{{"service":{{"cluster":"a\"b"}}}}}}"#);
    for gateway in ["envoy", "sidecar", "istio", "envoy-gateway"] {
        let rendered = render_for(gateway, &counted, &[]).unwrap();
        let host = if gateway == "envoy" { "limitador" } else { "limitador.default.svc" };
        assert_eq!(rendered.matches(&format!("address: {host}, port_value: 8081")).count(), 1, "{rendered}");
        assert_eq!(rendered.matches(r#"name: "a\"b""#).count(), 2, "the cluster, and its endpoints: {rendered}");
        assert!(!render_for(gateway, LIMITED, &[]).unwrap().contains("limitador"));
    }
    let alone = "Each pod counts on its own";
    assert!(render_for("sidecar", LIMITED, &[]).unwrap().contains(alone));
    assert!(!render_for("sidecar", &counted, &[]).unwrap().contains(alone));
}
