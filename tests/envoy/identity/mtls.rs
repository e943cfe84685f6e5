//! Callers by the certificate that they have shown in the TLS handshake.

use super::{
    certificate::{Authority, Client},
    forgeries, twice,
};
use crate::{
    answer::{assert_allowed, assert_denied_by, assert_limited_by},
    client::{Request, Response, call},
    gateway::{Gateway, Listener, json_text},
    runtime::run,
};
use serde_json::{Value, json};

const ALICE: &str = "spiffe://mcp.test/ns/agents/sa/alice";
const BOB: &str = "spiffe://mcp.test/ns/agents/sa/bob";

/// A listener with TLS: Alice may call `paint`, every other certificate `read`, the rest nothing.
fn listener(authority: &Authority, required: bool) -> Listener {
    let configuration = json!({
        "policies": { "painters": twice("paint"), "readers": twice("read"), "rest": { "version": "1", "default": "deny" } },
        "bindings": [
            { "grant": format!("peer:{ALICE}"), "policy": "painters" },
            { "grant": "peer:*", "policy": "readers" },
            { "policy": "rest" },
        ],
        "identity": [{ "peer": "uri_san" }, { "header": "x-agent-id" }, { "address": true }],
    });
    let kind = "transport_sockets.tls.v3.DownstreamTlsContext";
    Listener::new("mcp", json_text(&configuration.to_string()))
        .transport(kind, authority.gateway(required))
        .access_log()
}

/// Calls a tool.
async fn ask(gateway: &Gateway, client: &Client, tool: &str, headers: &[(&str, &str)]) -> Response {
    send(gateway, client, &call(tool, &json!({}), "1", headers)).await
}

async fn send(gateway: &Gateway, client: &Client, request: &Request) -> Response {
    client.send(gateway.at("mcp"), request).await.unwrap_or_else(|none| panic!("{none}"))
}

#[test]
fn certificates_have_policies_and_counts_of_their_own() {
    run(async {
        let authority = Authority::new();
        let gateway = Gateway::start("mtls", &[listener(&authority, true)]).await;
        let eve = "spiffe://mcp.test/ns/agents/sa/alice2";
        for (uri, tool, other, policy) in
            [(ALICE, "paint", "read", "painters"), (BOB, "read", "paint", "readers"), (eve, "read", "paint", "readers")]
        {
            let client = authority.client(Some(uri));
            assert_denied_by(policy, &ask(&gateway, &client, other, &[]).await, "1", other, "(default deny)");
            for _ in 0..2 {
                assert_allowed(&ask(&gateway, &client, tool, &[]).await);
            }
            // Another certificate of the same name is the same caller.
            let again = authority.client(Some(uri));
            let rule = format!("/tools/{tool}/limits/0");
            assert_limited_by(policy, &ask(&gateway, &again, tool, &[]).await, "1", tool, &rule);
        }
    });
}

#[test]
fn a_client_without_a_certificate_of_the_authority_is_refused() {
    run(async {
        let authority = Authority::new();
        let gateway = Gateway::start("mtls-required", &[listener(&authority, true)]).await;
        let request = call("paint", &json!({}), "1", &[]);
        let stranger = Authority::new().client(Some(ALICE));
        for client in [authority.client(None), stranger] {
            let none = client.send(gateway.at("mcp"), &request).await;
            assert!(none.is_err(), "{none:?}");
        }
        assert!(gateway.upstream().seen(&request).is_empty());
    });
}

#[test]
fn no_header_makes_a_caller_a_certificate() {
    run(async {
        let authority = Authority::new();
        let gateway = Gateway::start("mtls-forged", &[listener(&authority, false)]).await;
        let alice = format!("peer:{ALICE}");
        let (bob, uncertified) = (authority.client(Some(BOB)), authority.client(None));
        for (name, value) in forgeries(&alice).into_iter().chain(forgeries(&format!("header:{alice}"))) {
            let answer = ask(&gateway, &bob, "paint", &[(name, &value)]).await;
            assert_denied_by("readers", &answer, "1", "paint", "(default deny)");

            let request = call("paint", &json!({}), "1", &[(name, &value)]);
            let answer = send(&gateway, &uncertified, &request).await;
            assert_denied_by("rest", &answer, "1", "paint", "(default deny)");
            let record: Value = serde_json::from_str(&gateway.record(&request).await).expect("a record");
            let expected =
                if name == "x-agent-id" { format!("header:{value}") } else { "address:127.0.0.1".to_owned() };
            assert_eq!(record["grant"], expected, "{name}: {value}");
        }
        // Bob has spent nothing, and Alice has everything left.
        for (client, tool) in [(bob, "read"), (authority.client(Some(ALICE)), "paint")] {
            assert_allowed(&ask(&gateway, &client, tool, &[]).await);
        }
    });
}
