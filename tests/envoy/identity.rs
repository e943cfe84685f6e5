//! Who calls is what was checked, by Envoy's own token filter or in the TLS handshake, and no header makes a caller
//! another one.

mod certificate;
mod claims;
mod jwt;
mod listed;
mod mtls;
pub(crate) mod token;

use serde_json::{Value, json};

/// A policy that allows one tool, twice a day for each caller.
fn twice(tool: &str) -> Value {
    let limit = json!({
        "counter": "calls", "window": crate::clock::long_window(), "max": 2, "scope": "grant",
    });
    json!({ "version": "1", "default": "deny", "tools": { tool: { "limits": [limit] } } })
}

/// Headers by which a caller might try to pass for the identity `whom`, which is `kind:name`.
fn forgeries(whom: &str) -> Vec<(&'static str, String)> {
    let name = whom.split_once(':').map_or(whom, |(_, name)| name);
    let mut all = vec![
        ("x-forwarded-client-cert", format!("By=spiffe://mcp.test/gateway;Hash=00;Subject=\"CN=x\";URI={name}")),
        ("x-jwt-payload", "eyJzdWIiOiJhbGljZSIsInRlYW0iOiJyZWQifQ".to_owned()),
        ("x-forwarded-for", "10.9.8.7".to_owned()),
        ("forwarded", format!("for={name}")),
    ];
    let names = ["x-agent-id", "x-mcp-policy-grant", "grant", "jwt", "peer", "sub", "x-envoy-peer-metadata-id"];
    all.extend(names.map(|header| (header, whom.to_owned())));
    all.extend(["x-forwarded-user", "x-user", "uri_san_peer_certificate"].map(|header| (header, name.to_owned())));
    all
}
