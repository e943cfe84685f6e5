//! `envoy --mode validate` on what is shipped and rendered for an Envoy by itself; the parts for Istio, Envoy Gateway and
//! sidecars are validated where they are started.

use super::{policy, render};
use crate::{
    gateway::{module, validate},
    process::fresh_folder,
};
use serde_json::json;
use std::{fs, path::Path};

#[test]
fn envoy_finds_no_fault_in_what_is_shipped_and_rendered() {
    let folder = fresh_folder("mesh-validate");
    let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join("envoy/envoy.yaml");
    let shipped = fs::read_to_string(shipped).expect("the configuration");
    let module = module();
    let module = module.to_str().expect("text");
    let mut all = vec![shipped.replace("target/wasm32-wasip1/release/mcp_policy.wasm", module)];
    for upstream in ["http://127.0.0.1:3000", "https://mcp.example.com", "https://[::1]:8443", "http://mcp:80"] {
        all.push(render(&folder, "envoy", &policy().to_string(), &["--upstream", upstream, "--module", module]));
    }
    let limited = json!({ "version": "1", "default": "deny", "tools": { "t": { "rate_limit": "1/day" } } });
    let counted = json!({ "policy": limited, "limits": { "service": { "cluster": "limits" } } });
    all.push(render(&folder, "envoy", &counted.to_string(), &["--module", module]));
    for (number, text) in all.iter().enumerate() {
        assert!(text.contains(module));
        let file = folder.join(format!("{number}.yaml"));
        fs::write(&file, text).expect("a file");
        assert_eq!(validate(&file), None, "{text}");
    }
    // It would find one.
    let file = folder.join("wrong.yaml");
    fs::write(&file, all[0].replace("stat_prefix: mcp", "stat_prefx: mcp")).expect("a file");
    let found = validate(&file).unwrap_or_default();
    assert!(found.contains("stat_prefx"), "{found}");
}
