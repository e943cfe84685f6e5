//! Certificates of a private authority, and a client that shows one.

use crate::client::{Connection, Request, Response};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, SanType};
use serde_json::{Value, json};
use std::{net::SocketAddr, sync::Arc};
use tokio::net::TcpStream;
use tokio_rustls::{
    TlsConnector,
    rustls::{
        ClientConfig, RootCertStore,
        crypto::ring::default_provider,
        pki_types::{CertificateDer, PrivateKeyDer, ServerName},
    },
};

/// The name that the gateway answers to.
const GATEWAY: &str = "mcp.test";

/// Who signs the certificates of both sides.
pub(super) struct Authority(CertifiedIssuer<'static, KeyPair>);

/// A certificate and its key.
struct Certified {
    certificate: rcgen::Certificate,
    key: KeyPair,
}

impl Authority {
    pub(super) fn new() -> Self {
        let mut parameters = CertificateParams::default();
        parameters.distinguished_name.push(DnType::CommonName, "authority");
        parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().expect("a key");
        Self(CertifiedIssuer::self_signed(parameters, key).expect("a certificate"))
    }

    /// What Envoy's TLS is configured with; without a certificate a client gets in only if none is `required`.
    pub(super) fn gateway(&self, required: bool) -> Value {
        let own = self.certify(SanType::DnsName(GATEWAY.try_into().expect("a name")));
        json!({
            "require_client_certificate": required,
            "common_tls_context": {
                "tls_certificates": [{
                    "certificate_chain": { "inline_string": own.certificate.pem() },
                    "private_key": { "inline_string": own.key.serialize_pem() },
                }],
                "validation_context": { "trusted_ca": { "inline_string": self.0.pem() } },
            },
        })
    }

    /// A client whose certificate holds this URI, or one without a certificate.
    pub(super) fn client(&self, uri: Option<&str>) -> Client {
        let mut trusted = RootCertStore::empty();
        trusted.add(self.0.der().clone()).expect("a certificate");
        let builder = ClientConfig::builder_with_provider(default_provider().into())
            .with_safe_default_protocol_versions()
            .expect("TLS 1.3")
            .with_root_certificates(trusted);
        let configuration = match uri {
            None => builder.with_no_client_auth(),
            Some(uri) => {
                let own = self.certify(SanType::URI(uri.try_into().expect("a URI")));
                let chain: Vec<CertificateDer<'static>> = vec![own.certificate.der().clone()];
                let key = PrivateKeyDer::Pkcs8(own.key.serialize_der().into());
                builder.with_client_auth_cert(chain, key).expect("a certificate and its key")
            }
        };
        Client(TlsConnector::from(Arc::new(configuration)))
    }

    fn certify(&self, name: SanType) -> Certified {
        let mut parameters = CertificateParams::default();
        // A certificate in the name of its issuer would be taken for one that it has signed for itself.
        parameters.distinguished_name.push(DnType::CommonName, "own");
        parameters.subject_alt_names = vec![name];
        let key = KeyPair::generate().expect("a key");
        let certificate = parameters.signed_by(&key, &self.0).expect("a certificate");
        Certified { certificate, key }
    }
}

/// A client that speaks TLS.
pub(super) struct Client(TlsConnector);

impl Client {
    /// Sends a request over its own connection; the error says why there is no answer.
    pub(super) async fn send(&self, to: SocketAddr, request: &Request) -> Result<Response, String> {
        let stream = TcpStream::connect(to).await.map_err(|error| error.to_string())?;
        let name = ServerName::try_from(GATEWAY).expect("a name");
        let stream = self.0.connect(name, stream).await.map_err(|error| error.to_string())?;
        Connection::over(stream).try_send(request).await
    }
}
