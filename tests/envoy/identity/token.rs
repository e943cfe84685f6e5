//! JSON Web Tokens, and the filter of Envoy's that checks them; RFC 7515 and RFC 7519.

use crate::gateway::extension;
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::{Value, json};
use sha2::Sha256;

/// The key that the gateway knows.
pub(crate) const KEY: &[u8] = b"the key that the gateway and the issuer share";
/// Who issues the tokens.
const ISSUER: &str = "https://issuer.test";
/// Under which name Envoy keeps the claims.
pub(super) const PAYLOAD: &str = "agent";

/// A token that holds these claims and the issuer, signed with `key`.
pub(crate) fn signed(key: &[u8], mut claims: Value) -> String {
    claims["iss"] = ISSUER.into();
    let message = format!("{}.{}", part(&json!({ "alg": "HS256", "typ": "JWT" })), part(&claims));
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("a key of any length");
    mac.update(message.as_bytes());
    format!("{message}.{}", URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes()))
}

/// The same without a signature, with `alg` `none`.
pub(super) fn unsigned(mut claims: Value) -> String {
    claims["iss"] = ISSUER.into();
    format!("{}.{}.", part(&json!({ "alg": "none", "typ": "JWT" })), part(&claims))
}

/// One part of a token.
fn part(value: &Value) -> String {
    URL_SAFE_NO_PAD.encode(value.to_string())
}

/// Envoy's filter for tokens. It lets callers without one pass, and none with a wrong one.
pub(crate) fn filter() -> Value {
    let keys = json!({ "keys": [{ "kty": "oct", "alg": "HS256", "k": URL_SAFE_NO_PAD.encode(KEY) }] });
    let provider = json!({
        "issuer": ISSUER,
        "local_jwks": { "inline_string": keys.to_string() },
        "payload_in_metadata": PAYLOAD,
    });
    let wanted = json!({ "requirements": [{ "provider_name": "issuer" }, { "allow_missing": {} }] });
    let rule = json!({ "match": { "prefix": "/" }, "requires": { "requires_any": wanted } });
    let configuration = json!({ "providers": { "issuer": provider }, "rules": [rule] });
    extension("envoy.filters.http.jwt_authn", "filters.http.jwt_authn.v3.JwtAuthentication", configuration)
}
