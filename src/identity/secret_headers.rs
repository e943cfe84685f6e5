//! The names of headers whose values are credentials.

/// Names in lower case: those of HTTP and of widespread gateways, clouds and services.
const SECRET: [&str; 26] = [
    "api-key",
    "apikey",
    "authorization",
    "cf-access-jwt-assertion",
    "cookie",
    "mcp-session-id",
    "ocp-apim-subscription-key",
    "private-token",
    "proxy-authorization",
    "x-access-token",
    "x-amz-security-token",
    "x-amzn-oidc-accesstoken",
    "x-amzn-oidc-data",
    "x-api-key",
    "x-api-token",
    "x-apikey",
    "x-auth-request-access-token",
    "x-auth-token",
    "x-csrf-token",
    "x-forwarded-access-token",
    "x-functions-key",
    "x-goog-api-key",
    "x-goog-iap-jwt-assertion",
    "x-id-token",
    "x-ms-token-aad-access-token",
    "x-vault-token",
];

/// Whether a header of this name, in lower case, commonly carries a credential.
pub(super) fn is_secret(name: &str) -> bool {
    SECRET.binary_search(&name).is_ok()
}

#[cfg(test)]
mod tests {
    #[cfg(target_family = "wasm")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::{SECRET, is_secret};

    #[test]
    fn the_names_are_sorted_so_that_each_is_found() {
        assert!(SECRET.is_sorted());
        assert!(SECRET.into_iter().all(is_secret) && !is_secret("x-agent-id"));
    }
}
