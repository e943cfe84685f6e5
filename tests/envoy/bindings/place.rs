//! Bindings by host and path, which clients choose.

use super::{allowing, judge_of};
use crate::{
    gateway::{Gateway, Listener, json_text},
    runtime::run,
};
use serde_json::json;

#[test]
fn the_first_binding_that_fits_host_and_path_tells() {
    run(async {
        let policies: serde_json::Map<_, _> =
            ["exact", "below", "host", "both", "last"].iter().map(|name| ((*name).to_owned(), allowing("t"))).collect();
        let configuration = json!({
            "policies": policies,
            "bindings": [
                { "host": "b.test", "path": "/exact", "policy": "both" },
                { "path": "/exact", "policy": "exact" },
                { "path_prefix": "/below", "policy": "below" },
                { "path_prefix": "/below/deeper", "policy": "last" },
                { "host": "a.test", "policy": "host" },
                { "host": "*.c.test", "policy": "last" },
            ],
        });
        let gateway =
            Gateway::start("bindings-place", &[Listener::new("mcp", json_text(&configuration.to_string()))]).await;
        for (host, path, policy) in [
            ("x.test", "/exact", Some("exact")),
            ("x.test", "/exact?session=1", Some("exact")),
            ("a.test", "/exact", Some("exact")),
            ("b.test", "/exact", Some("both")),
            ("x.test", "/below", Some("below")),
            ("x.test", "/below/deeper/mcp", Some("below")),
            ("A.test:8080", "/", Some("host")),
            ("one.c.test", "/", Some("last")),
            ("c.test", "/", None),
            ("x.test", "/exact/", None),
            ("x.test", "/Exact", None),
            ("x.test", "/belowed", None),
            // Servers find other paths in these: none of them is bound to a path.
            ("x.test", "//exact", None),
            ("x.test", "/x/../exact", None),
            ("x.test", "/below//deeper", None),
            ("x.test", "/below/%2e%2e/exact", None),
            ("x.test", "/below/%2E./x", None),
            ("x.test", "/below%2fdeeper", None),
            ("x.test", "/below;v=1", None),
            ("x.test", "/below/a;b/c", None),
            ("x.test", "/below/\\..\\exact", None),
        ] {
            assert_eq!(judge_of(&gateway, host, path).await.as_deref(), policy, "{host}{path}");
        }
    });
}
