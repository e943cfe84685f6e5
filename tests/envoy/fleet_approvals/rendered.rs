//! Gateways as `mcp-policy render envoy` writes them share their approvals, with mutual TLS between them and etcd.

use super::{PATIENT, TOKEN, assert_waits, nodes::Etcd, policy};
use crate::{
    answer::assert_allowed,
    client::{Body, Request, Response, call},
    gateway::{Gateway, render},
    process::fresh_folder,
    runtime::run,
};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use std::{fs, net::SocketAddr, path::PathBuf};

/// A folder with the certificates of an authority, of etcd's nodes and of a gateway.
pub(super) fn certificates(test: &str) -> PathBuf {
    let folder = fresh_folder(&format!("etcd-{test}-certificates"));
    let write = |name: &str, text: String| fs::write(folder.join(name), text).expect("a file");
    let mut parameters = CertificateParams::default();
    parameters.distinguished_name.push(DnType::CommonName, "authority");
    parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority =
        CertifiedIssuer::self_signed(parameters, KeyPair::generate().expect("a key")).expect("an authority");
    write("ca.crt", authority.pem());
    for (file, names) in [("server", &["etcd", "etcd.default.svc"][..]), ("tls", &["gateway"])] {
        let mut parameters =
            CertificateParams::new(names.iter().map(ToString::to_string).collect::<Vec<_>>()).expect("names");
        parameters.distinguished_name.push(DnType::CommonName, names[0]);
        let key = KeyPair::generate().expect("a key");
        write(&format!("{file}.crt"), parameters.signed_by(&key, &authority).expect("a certificate").pem());
        write(&format!("{file}.key"), key.serialize_pem());
    }
    folder
}

/// The rendered gateway with its console, in front of these nodes.
pub(super) async fn gateway(name: &str, nodes: &[SocketAddr], options: &[&str]) -> Gateway {
    let store = json!({ "etcd": { "cluster": "etcd", "timeout_ms": PATIENT } });
    let configuration =
        json!({ "policy": policy("10m"), "approvals": { "url": "http://localhost:10001/", "store": store } });
    let digest: String = Sha256::digest(TOKEN).iter().map(|byte| format!("{byte:02x}")).collect();
    let approver = format!("bearer:{digest}");
    Gateway::start_with(name, |folder, upstream| {
        let options = [&["--approver", &approver], options].concat();
        let rendered = render(folder, &configuration.to_string(), upstream, &options);
        let line = "socket_address: { address: etcd, port_value: 2379 }";
        assert_eq!(rendered.matches(line).count(), 1, "one line to edit");
        let port = nodes[0].port();
        rendered.replace(line, &format!("socket_address: {{ address: 127.0.0.1, port_value: {port} }}"))
    })
    .await
}

/// Approves a call at the console of this gateway.
pub(super) async fn approve(gateway: &Gateway, id: &str) -> Response {
    let host = format!("localhost:{}", gateway.at("console").port());
    let decision = Request::new("POST", &format!("/api/approvals/{id}"))
        .host(&host)
        .header("authorization", &format!("Bearer {TOKEN}"))
        .header("content-type", "application/json")
        .header("origin", &format!("http://{host}"))
        .body(Body::sized(r#"{"decision":"approve"}"#));
    gateway.send("console", &decision).await
}

#[test]
fn two_gateways_as_they_are_rendered_share_approvals() {
    run(async {
        let certificates = certificates("rendered");
        let folder = certificates.to_str().expect("text").to_owned();
        let Some(etcd) = Etcd::start_with("rendered", Some(certificates)).await else { return };
        let [first, second, _] = etcd.addresses();
        let one = gateway("approvals-rendered-0", &[first], &["--etcd-tls", &folder]).await;
        let other = gateway("approvals-rendered-1", &[second], &["--etcd-tls", &folder]).await;
        let pay = || call("pay", &json!({ "amount": 250 }), "7", &[]);
        let id = assert_waits(&one.send("mcp", &pay()).await);
        let decided = approve(&other, &id).await;
        assert_eq!((decided.status, &decided.json()["state"]), (200, &Value::from("approved")), "{decided}");
        assert_allowed(&other.send("mcp", &pay()).await);
        assert_ne!(assert_waits(&one.send("mcp", &pay()).await), id);
        // Without a certificate etcd says nothing.
        let stranger = gateway("approvals-rendered-2", &[first], &[]).await;
        super::assert_unavailable(&stranger.send("mcp", &pay()).await);
    });
}
