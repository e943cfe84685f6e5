//! HTTP clients, which speak TLS in builds with the feature `servers`.

use reqwest::ClientBuilder;

/// The certificates that the machine trusts (`SSL_CERT_FILE` names others).
pub(crate) fn client() -> ClientBuilder {
    #[cfg(feature = "servers")]
    install_provider();
    reqwest::Client::builder()
}

#[cfg(feature = "servers")]
fn install_provider() {
    static PROVIDER: std::sync::Once = std::sync::Once::new();
    // Only the first one counts; an error says that there is one already.
    PROVIDER.call_once(|| drop(rustls::crypto::ring::default_provider().install_default()));
}
