//! HTTP clients that speak TLS.

use std::sync::Once;

use reqwest::ClientBuilder;

/// The certificates that the machine trusts (`SSL_CERT_FILE` names others).
pub(crate) fn client() -> ClientBuilder {
    static PROVIDER: Once = Once::new();
    // Only the first one counts; an error says that there is one already.
    PROVIDER.call_once(|| drop(rustls::crypto::ring::default_provider().install_default()));
    reqwest::Client::builder()
}
