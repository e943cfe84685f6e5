//! The caller's identity; product contract, section 1.4.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde_json::json;

/// A source of the caller's identity.
#[derive(JsonSchema)]
#[schemars(untagged, deny_unknown_fields)]
pub(super) enum Source {
    /// A claim of a token.
    Jwt {
        /// The claim of a token, verified by Envoy's `jwt_authn`, that names the caller: a string. A list of names leads to
        /// a claim inside others.
        #[schemars(title = "JWT claim")]
        jwt_claim: Claim,
        /// Where Envoy keeps the token's claims: the provider's `payload_in_metadata`.
        #[schemars(title = "Payload", length(min = 1, max = 256))]
        payload: String,
    },
    /// A name in the client's certificate.
    Peer {
        /// The name in the client's certificate that identifies the caller.
        #[schemars(title = "Certificate")]
        peer: Peer,
    },
    /// A request header.
    Header {
        /// The request header that identifies the caller. The filter does not verify it: use it only if a filter before
        /// this one does.
        #[schemars(title = "Header", regex(pattern = r"^[A-Za-z0-9!#$%&'*+.^_`|~-]+$"))]
        header: String,
        /// Whether only a digest of the header's value is used. Default: `false`.
        #[schemars(title = "Secret", extend("default" = false))]
        secret: Option<bool>,
    },
    /// Bearer tokens that the configuration lists.
    Tokens {
        /// The bearer tokens that name callers, by the name of the caller.
        #[schemars(title = "Tokens", extend("propertyNames" = json!({"minLength": 1, "maxLength": 256})))]
        tokens: BTreeMap<String, Token>,
    },
    /// The bearer token.
    Bearer {
        /// The SHA-256 of the bearer token identifies the caller. The filter does not verify the token: use it only if
        /// a filter before this one does.
        #[schemars(title = "Bearer token")]
        bearer: True,
    },
    /// The address.
    Address {
        /// The address of the connection's peer identifies the caller, without port, IPv6 by /64. `"forwarded"` also
        /// takes an address from a forwarding header.
        #[schemars(title = "Address")]
        address: Address,
    },
    /// One identity for all callers.
    Constant {
        /// One name for all callers, up to 256 bytes.
        #[schemars(title = "Constant", length(min = 1, max = 256))]
        constant: String,
    },
}

/// A bearer token.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
pub(super) struct Token {
    /// The SHA-256 of the token, in lower-case hexadecimal digits.
    #[schemars(title = "SHA-256", regex(pattern = r"^[0-9a-f]{64}$"))]
    sha256: String,
    /// The date from which the token is refused, UTC.
    #[schemars(title = "Expires", regex(pattern = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$"))]
    expires: Option<String>,
}

/// A claim by its name, or by the names that lead to it.
#[derive(JsonSchema)]
#[schemars(inline, untagged)]
pub(super) enum Claim {
    /// At the top of the token.
    Name(#[schemars(length(min = 1, max = 256))] String),
    /// Inside others, the outermost name first.
    Names(#[schemars(length(min = 1, max = 8), inner(length(min = 1, max = 256)))] Vec<String>),
}

/// A name in the client's certificate.
#[derive(JsonSchema)]
#[schemars(rename_all = "snake_case")]
pub(super) enum Peer {
    /// Its URI, such as a SPIFFE identity.
    UriSan,
    /// Its DNS name.
    DnsSan,
    /// Its subject.
    Subject,
}

/// Which address counts.
#[derive(JsonSchema)]
#[schemars(untagged)]
pub(super) enum Address {
    /// The connection's own.
    Own(True),
    /// Also one from a forwarding header.
    Forwarded(Forwarded),
}

/// `"forwarded"`
#[derive(JsonSchema)]
#[schemars(inline, rename_all = "snake_case")]
pub(super) enum Forwarded {
    Forwarded,
}

/// Always `true`.
#[derive(JsonSchema)]
#[schemars(inline, extend("const" = true))]
pub(super) struct True(bool);
