//! Objects that `kubectl apply` or a cluster does not take are named.

use super::render_for;
use crate::render::size::warnings;

/// A policy of about this many bytes.
fn policy(bytes: usize) -> String {
    let tools: Vec<String> = (0..bytes / 20).map(|number| format!(r#""tool_{number:010}":{{}}"#)).collect();
    format!(r#"{{"version":"1","default":"deny","tools":{{{}}}}}"#, tools.join(","))
}

#[test]
fn small_objects_have_no_warning() {
    for gateway in ["sidecar", "istio", "envoy-gateway"] {
        assert_eq!(warnings(&render_for(gateway, &policy(1000), &[]).unwrap()), [""; 0], "{gateway}");
    }
}

#[test]
fn an_object_beyond_what_an_annotation_holds_is_to_be_applied_by_the_server() {
    let rendered = render_for("istio", &policy(235_000), &[]).unwrap();
    let found = warnings(&rendered);
    let expected = "the EnvoyFilter has about 274 KB: apply it with `kubectl apply --server-side`, since `kubectl apply` \
                    alone writes the object into an annotation, and annotations have at most 256 KiB";
    assert_eq!(found, [expected]);
    // What `kubectl` would write, without our comments.
    let object = &serde_saphyr::from_multiple::<serde_json::Value>(&rendered).unwrap()[2];
    let bytes = object.to_string().len();
    assert!((262_144..=274_000).contains(&bytes), "{bytes}");
}

#[test]
fn an_object_that_clusters_do_not_store_is_named() {
    let found = warnings(&render_for("sidecar", &policy(1_000_000), &[]).unwrap());
    assert_eq!(found.len(), 1);
    let expected = "clusters store objects of up to 1 MiB, so divide the policy among several servers";
    assert!(found[0].starts_with("the ConfigMap has about ") && found[0].ends_with(expected), "{found:?}");
}
