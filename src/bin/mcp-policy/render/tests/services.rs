//! Each cluster that a configuration names is rendered.

use super::{render_for, warnings_for};

const GATEWAYS: [&str; 4] = ["envoy", "sidecar", "istio", "envoy-gateway"];
const POLICY: &str = r#"{"version":"1","default":"deny","tools":{"pay":{"action":"require_approval"}}}"#;

/// A configuration whose approval service and rate limit service have these clusters.
fn configuration(approvals: &str, limits: &str) -> String {
    format!(
        r#"{{"policy":{POLICY},"approvals":{{"service":{{"cluster":"{approvals}","path":"/"}}}},"limits":{{"service":{{"cluster":"{limits}"}}}}}}"#
    )
}

/// The objects of a file, and of the file that is inside.
fn text_of_clusters(rendered: &str) -> Vec<String> {
    let names = rendered.lines().filter_map(|line| line.trim().strip_prefix("cluster_name: "));
    names
        .filter(|name| !matches!(*name, "mcp_server" | "admin"))
        .map(|name| name.trim_matches('"').to_owned())
        .collect()
}

#[test]
fn each_service_that_a_configuration_names_has_its_cluster() {
    for gateway in GATEWAYS {
        let rendered = render_for(gateway, &configuration("people", "counts"), &[]).unwrap();
        assert_eq!(text_of_clusters(&rendered), ["counts", "people"], "{gateway}: {rendered}");
        serde_saphyr::from_multiple::<serde_json::Value>(&rendered).unwrap();
        let host = if gateway == "envoy" { "approvals" } else { "approvals.default.svc" };
        assert!(rendered.contains(&format!("address: {host}, port_value: 8080")), "{rendered}");
        // Only the rate limit service speaks gRPC.
        assert_eq!(rendered.matches("# The service speaks gRPC.").count(), 1);
        assert_eq!(text_of_clusters(&render_for(gateway, POLICY, &[]).unwrap()), [""; 0]);
    }
}

#[test]
fn certificates_for_an_etcd_that_this_gateway_has_no_cluster_of_get_a_warning() {
    let with_store = |cluster: &str| {
        format!(
            r#"{{"policy":{{"version":"1","default":"deny"}},"approvals":{{"url":"http://c/","store":{{"etcd":{{"cluster":"{cluster}"}}}}}}}}"#
        )
    };
    let without =
        "`--etcd-tls` has no effect, since no approvals are in an etcd: add `approvals.store`, or leave the option out";
    let defined = |cluster: &str| {
        format!(
            "`--etcd-tls` has no effect on the cluster `{cluster}`, which the control plane defines: set its TLS there, or name \
             another cluster, which `render` then writes"
        )
    };
    for gateway in GATEWAYS {
        let warnings = |document: &str| warnings_for(gateway, document, &["--etcd-tls", "etcd-client"]);
        assert_eq!(warnings(r#"{"version":"1","default":"deny"}"#), [without], "{gateway}");
        assert_eq!(warnings(&with_store("etcd")), [""; 0], "{gateway}");
    }
    for (gateway, cluster) in [("istio", "outbound|2379||etcd.a.svc"), ("envoy-gateway", "httproute/a/b/rule/0")] {
        assert_eq!(warnings_for(gateway, &with_store(cluster), &["--etcd-tls", "c"]), [defined(cluster)], "{gateway}");
    }
}

#[test]
fn the_etcd_that_keeps_approvals_has_its_cluster_and_the_console_asks_it_too() {
    let document = format!(
        r#"{{"policy":{POLICY},"approvals":{{"url":"http://c/","store":{{"etcd":{{"cluster":"kept","prefix":"a/"}}}}}}}}"#
    );
    for gateway in GATEWAYS {
        let rendered = render_for(gateway, &document, &[]).unwrap();
        assert_eq!(text_of_clusters(&rendered), ["kept"], "{gateway}: {rendered}");
        serde_saphyr::from_multiple::<serde_json::Value>(&rendered).unwrap();
        let host = if gateway == "envoy" { "etcd" } else { "etcd.default.svc" };
        assert!(rendered.contains(&format!("address: {host}, port_value: 2379")), "{rendered}");
        assert_eq!(rendered.matches("grpc_health_check").count(), 1, "{gateway}");
        assert!(!rendered.contains("tls.crt"), "{gateway}");
        let consoles =
            rendered.matches(r#""store":{"etcd":{"cluster":"kept","prefix":"a/","timeout_ms":250}}"#).count();
        assert_eq!(consoles, usize::from(matches!(gateway, "envoy" | "sidecar")), "{gateway}: {rendered}");
        let secure = render_for(gateway, &document, &["--etcd-tls", "etcd-client"]).unwrap();
        serde_saphyr::from_multiple::<serde_json::Value>(&secure).unwrap();
        let folder = if gateway == "envoy" { "etcd-client" } else { "/etc/mcp-policy-etcd" };
        for file in ["ca.crt", "tls.crt", "tls.key"] {
            assert!(secure.contains(&format!("filename: \"{folder}/{file}\"")), "{gateway}: {secure}");
        }
        let mounted = secure.matches("secret: { secretName: etcd-client }").count();
        assert_eq!(mounted, usize::from(matches!(gateway, "sidecar" | "envoy-gateway")), "{gateway}");
    }
    let counted = document.replace("\"approvals\":", r#""limits":{"service":{"cluster":"kept"}},"approvals":"#);
    assert_eq!(
        render_for("envoy", &counted, &[]).unwrap_err(),
        "`/limits/service/cluster` and `/approvals/store/etcd/cluster` are both `kept`: they lead to different servers, so give \
         each its own cluster"
    );
}

#[test]
fn the_pods_of_istio_mount_each_secret_that_the_proxy_reads() {
    let document = format!(r#"{{"policy":{POLICY},"approvals":{{"store":{{"etcd":{{"cluster":"kept"}}}}}}}}"#);
    let annotations = |options: &[&str]| -> Vec<String> {
        let rendered = render_for("istio", &document, options).unwrap();
        let lines = rendered.lines().filter_map(|line| line.strip_prefix("#   sidecar.istio.io/user"));
        lines.map(str::to_owned).collect()
    };
    let [credential, etcd] = [["--upstream-credential", "mcp-key"], ["--etcd-tls", "etcd-client"]];
    assert_eq!(annotations(&[]), [""; 0]);
    assert_eq!(
        annotations(&etcd),
        [
            r#"Volume: '{"mcp-policy-etcd":{"secret":{"secretName":"etcd-client"}}}'"#,
            r#"VolumeMount: '{"mcp-policy-etcd":{"mountPath":"/etc/mcp-policy-etcd","readOnly":true}}'"#,
        ]
    );
    // One annotation holds all volumes.
    assert_eq!(
        annotations(&[credential, etcd].concat()),
        [
            r#"Volume: '{"mcp-policy-credential":{"secret":{"secretName":"mcp-key"}},"mcp-policy-etcd":{"secret":{"secretName":"etcd-client"}}}'"#,
            r#"VolumeMount: '{"mcp-policy-credential":{"mountPath":"/etc/mcp-policy-credential","readOnly":true},"mcp-policy-etcd":{"mountPath":"/etc/mcp-policy-etcd","readOnly":true}}'"#,
        ]
    );
}

#[test]
fn a_collector_gets_the_access_log_through_a_cluster_of_its_own() {
    let rendered = render_for("envoy", POLICY, &["--otlp", "collector"]).unwrap();
    assert_eq!(text_of_clusters(&rendered), ["collector"]);
    assert!(rendered.contains("grpc_service: { envoy_grpc: { cluster_name: \"collector\" } }"), "{rendered}");
    let none = render_for("envoy", POLICY, &[]).unwrap();
    assert!(!none.contains("open_telemetry"));
    for (document, name) in [(POLICY.to_owned(), "admin"), (configuration("people", "counts"), "counts")] {
        assert_eq!(
            render_for("envoy", &document, &["--otlp", name]).unwrap_err(),
            format!("`--otlp`: the cluster `{name}` leads to something else in this gateway; choose another name")
        );
    }
}

#[test]
fn clusters_that_a_mesh_defines_are_not_rendered() {
    let document =
        configuration("outbound|80||a.default.svc.cluster.local", "outbound|81||b.default.svc.cluster.local");
    assert_eq!(text_of_clusters(&render_for("istio", &document, &[]).unwrap()), [""; 0]);
    let document = configuration("httproute/default/a/rule/0", "grpcroute/default/b/rule/0");
    assert_eq!(text_of_clusters(&render_for("envoy-gateway", &document, &[]).unwrap()), [""; 0]);
}

#[test]
fn a_cluster_that_leads_elsewhere_is_refused() {
    for gateway in ["envoy", "sidecar"] {
        for (document, pointer, name) in [
            (configuration("mcp_server", "counts"), "/approvals/service/cluster", "mcp_server"),
            (configuration("people", "admin"), "/limits/service/cluster", "admin"),
        ] {
            assert_eq!(
                render_for(gateway, &document, &[]).unwrap_err(),
                format!(
                    "`{pointer}`: the cluster `{name}` leads to something else in this gateway; choose another name, and \
                     `render` writes the cluster"
                )
            );
        }
    }
    for gateway in GATEWAYS {
        assert_eq!(
            render_for(gateway, &configuration("one", "one"), &[]).unwrap_err(),
            "`/limits/service/cluster` and `/approvals/service/cluster` are both `one`: the first speaks gRPC and the second \
             HTTP/1.1, so give each its own cluster"
        );
    }
}

#[test]
fn a_webhook_has_its_cluster_with_tls_if_it_is_on_the_internet() {
    let with = |format: &str, authority: &str| {
        format!(
            r#"{{"policy":{POLICY},"approvals":{{"url":"http://localhost:10001/","notify":{{"cluster":"hooks","path":"/services/T0/B0/x","format":"{format}"{authority}}}}}}}"#
        )
    };
    for gateway in GATEWAYS {
        let slack = render_for(gateway, &with("slack", r#","authority":"hooks.slack.com""#), &[]).unwrap();
        assert_eq!(text_of_clusters(&slack), ["hooks"], "{gateway}: {slack}");
        serde_saphyr::from_multiple::<serde_json::Value>(&slack).unwrap();
        assert!(slack.contains("address: \"hooks.slack.com\", port_value: 443"), "{slack}");
        assert!(slack.contains("sni: \"hooks.slack.com\""), "{slack}");
        let json = render_for(gateway, &with("json", ""), &[]).unwrap();
        let host = if gateway == "envoy" { "notices" } else { "notices.default.svc" };
        assert!(json.contains(&format!("address: {host}, port_value: 8080")), "{json}");
    }
    let other = render_for("envoy", &with("workflows", r#","authority":"relay.example:8443""#), &[]).unwrap();
    assert!(other.contains("address: \"relay.example\", port_value: 8443"), "{other}");
    let taken = with("slack", "").replace("\"hooks\"", "\"admin\"");
    assert!(
        render_for("envoy", &taken, &[]).unwrap_err().starts_with("`/approvals/notify/cluster`: the cluster `admin`")
    );
}
