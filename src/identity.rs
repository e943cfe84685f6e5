//! The caller's identity: the first of the configured sources that yields a value. What a caller may do is decided
//! elsewhere.
//!
//! The identity is called the *grant*. It starts with the kind of its source, so a header can never pass for a certificate.
//! Product contract, section 1.4.

mod address;
mod claim;
mod claims;
mod document;
mod grant;
mod secret_headers;
mod source_kind;
mod token;
mod yielded;

#[cfg(test)]
mod tests;

use crate::{
    http::{Header, is_token_byte},
    time::Timestamp,
};

pub use address::peer_address;
pub use claim::Claim;
pub use claims::{Claims, claims_payload};
pub use document::{SOURCE_KEYS, read, read_claims_payload};
pub use grant::Grant;
pub use source_kind::SourceKind;
pub use token::{TOKEN_KEYS, Token, Tokens};

/// A source of identities.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// A name in the client's certificate.
    Peer {
        /// Which name.
        name: Peer,
        /// The start of the grant: `peer:`, or `peer.<name>:` for a second name.
        prefix: Box<str>,
    },
    /// A claim of a token that Envoy's `jwt_authn` has verified.
    Jwt {
        /// The claim.
        claim: Claim,
        /// The value of `payload_in_metadata` in `jwt_authn`, under which Envoy keeps the token's claims.
        payload: Box<str>,
        /// The start of the grant: `jwt:`, or `jwt.<payload>.<claim>:` for a second claim.
        prefix: Box<str>,
    },
    /// A request header. Unverified: callers choose it, unless an earlier filter checks it.
    Header {
        /// Its name, in lower case.
        name: Box<str>,
        /// The start of the grant: `header:`, or `header.<name>:` for a second header.
        prefix: Box<str>,
        /// Whether its value is a secret; logs then show a digest of it.
        secret: bool,
    },
    /// The bearer token, if the configuration lists it.
    Tokens(Tokens),
    /// The SHA-256 of the bearer token. Unverified, as a header is.
    Bearer,
    /// The address of the connection's peer.
    Address {
        /// Whether to accept an address that Envoy took from a forwarding header.
        forwarded: bool,
    },
    /// The same identity for all callers.
    Constant(Box<str>),
}

/// A name in a client's certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Peer {
    /// The first URI in the subject alternative names.
    UriSan,
    /// The first DNS name there.
    DnsSan,
    /// The subject.
    Subject,
}

/// The attributes of a connection and a request that sources read.
pub trait ConnectionAttributes {
    /// A request header, by its name in lower case.
    fn header(&self, name: &str) -> Header<'_>;
    /// A name in the client's certificate, if it sent one that Envoy has validated.
    fn peer(&self, name: Peer) -> Option<Vec<u8>>;
    /// The request's dynamic metadata: an encoded `envoy.config.core.v3.Metadata`. Envoy returns a part of it without the
    /// types of its values, so that numbers would pass for strings.
    fn metadata(&self) -> Option<Vec<u8>>;
    /// The peer's address and port in Envoy's form, such as `10.0.0.7:52144`.
    fn address(&self) -> Option<Vec<u8>>;
    /// The time, for tokens that expire.
    fn now(&self) -> Timestamp;
}

/// Why a caller has no identity.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum IdentityError {
    /// No source yields a value.
    NoIdentity,
    /// No source yields a value, and the configuration does not list the bearer token.
    UnknownToken,
    /// A source has a value, but it is not a valid identity.
    Invalid(String),
}

/// A longer value is refused, in bytes: bindings and approvers are compared with the whole value.
const MAX_COMPARED: usize = 4096;
/// Identifies the caller.
///
/// # Errors
/// If no source yields a value, or the first that has one has a malformed or repeated value.
pub fn identify(sources: &[Source], attributes: &impl ConnectionAttributes) -> Result<Grant, IdentityError> {
    for source in sources {
        if let Some(grant) = source.grant(attributes)? {
            return Ok(grant);
        }
    }
    let lists_tokens = sources.iter().any(|source| matches!(source, Source::Tokens(_)));
    let token = if lists_tokens { bearer_token(attributes)? } else { None };
    Err(if token.is_some() { IdentityError::UnknownToken } else { IdentityError::NoIdentity })
}

/// The grant for a name that a person gives to the command, such as `jwt:alice`, as the source with that prefix would yield
/// it: a long value has a digest, and a secret, which is named by its SHA-256, is redacted. A name with no source is used
/// as it is. A token can have expired by `now`.
///
/// # Errors
/// If the source with that prefix refuses the value.
#[cfg(not(target_os = "wasi"))]
pub fn grant_from_name(sources: &[Source], name: &str, now: Timestamp) -> Result<Grant, IdentityError> {
    let value_of = |source: &'_ Source| name.strip_prefix(source.prefix()?);
    let found = sources.iter().find_map(|source| Some((source, value_of(source)?)));
    found.map_or_else(|| Ok(Grant::from_name(name)), |(source, value)| source.grant_from_value(value, now))
}

impl Source {
    /// The source for a name in the client's certificate, as the only source of its kind.
    #[must_use]
    pub fn peer(name: Peer) -> Self {
        Self::Peer { name, prefix: "peer:".into() }
    }

    fn grant(&self, attributes: &impl ConnectionAttributes) -> Result<Option<Grant>, IdentityError> {
        match self {
            Self::Peer { name, prefix } => {
                let value = attributes.peer(*name).filter(|value| !value.is_empty());
                value.map(|value| self.grant_of_name(prefix, &value))
            }
            Self::Jwt { claim, payload, prefix } => {
                let metadata = attributes.metadata();
                let value = metadata.and_then(|metadata| claim::claim_value(&metadata, payload, claim).transpose());
                value.map(|value| self.grant_of_name(prefix, value?.as_bytes()))
            }
            Self::Header { name, prefix, secret } => single_value(attributes.header(name), name)?.map(|value| {
                if *secret { Ok(Grant::secret(prefix, self.decode(value)?)) } else { self.grant_of_name(prefix, value) }
            }),
            Self::Tokens(tokens) => bearer_token(attributes)?
                .and_then(|token| tokens.find(token))
                .map(|token| token.grant(|| attributes.now())),
            Self::Bearer => bearer_token(attributes)?.map(|token| Ok(Grant::secret("bearer:", token))),
            Self::Address { forwarded } => attributes.address().and_then(|address| {
                let address = address::read(&address, *forwarded)?;
                // One caller can have any number of IPv6 addresses, and of addresses in forwarding headers.
                let verified = !*forwarded && !address::is_ipv6(&address);
                Some(Ok(Grant::new("address:", &address, verified)))
            }),
            Self::Constant(value) => Some(Ok(Grant::new("constant:", value, true))),
        }
        .transpose()
    }
}

impl Source {
    /// The grant of a name that is not a secret.
    ///
    /// # Errors
    /// If it cannot identify a caller.
    fn grant_of_name(&self, prefix: &str, name: &[u8]) -> Result<Grant, IdentityError> {
        Ok(Grant::new(prefix, self.decode(name)?, !self.kind().is_chosen_by_caller()))
    }

    /// Decodes a value of this source.
    ///
    /// # Errors
    /// If it cannot identify a caller.
    fn decode<'a>(&self, value: &'a [u8]) -> Result<&'a str, IdentityError> {
        match self {
            Self::Jwt { claim, .. } => decode_name(value, &format!("the claim `{claim}`")),
            Self::Header { name, .. } => decode_name(value, &format!("the header `{name}`")),
            _ => decode_name(value, "the client's certificate"),
        }
    }

    /// The grant of this value, or of the secret with this digest.
    #[cfg(not(target_os = "wasi"))]
    fn grant_from_value(&self, value: &str, now: Timestamp) -> Result<Grant, IdentityError> {
        Ok(match self {
            Self::Header { prefix, secret: true, .. } => Grant::of_digest(prefix, value),
            Self::Tokens(tokens) => match tokens.named(value) {
                Some(token) => token.grant(|| now)?,
                None => return Err(IdentityError::Invalid(format!("the configuration lists no token `{value}`"))),
            },
            Self::Bearer => Grant::of_digest("bearer:", value),
            Self::Peer { prefix, .. } | Self::Jwt { prefix, .. } | Self::Header { prefix, .. } => {
                self.grant_of_name(prefix, value.as_bytes())?
            }
            Self::Address { .. } | Self::Constant(_) => Grant::from_name(&["address:", value].concat()),
        })
    }

    /// Its kind.
    #[must_use]
    pub fn kind(&self) -> SourceKind {
        match self {
            Self::Peer { .. } => SourceKind::Peer,
            Self::Jwt { .. } => SourceKind::Jwt,
            Self::Header { .. } => SourceKind::Header,
            Self::Tokens(_) => SourceKind::Token,
            Self::Bearer => SourceKind::Bearer,
            Self::Address { .. } => SourceKind::Address,
            Self::Constant(_) => SourceKind::Constant,
        }
    }

    /// The start of its grants; `None` for a constant.
    fn prefix(&self) -> Option<&str> {
        match self {
            Self::Peer { prefix, .. } | Self::Jwt { prefix, .. } | Self::Header { prefix, .. } => Some(prefix),
            Self::Tokens(_) => Some("token:"),
            Self::Bearer => Some("bearer:"),
            Self::Address { .. } => Some("address:"),
            Self::Constant(_) => None,
        }
    }
}

fn single_value<'a>(header: Header<'a>, name: &str) -> Result<Option<&'a [u8]>, IdentityError> {
    match header {
        Header::Absent => Ok(None),
        Header::Once(value) => Ok(Some(value)),
        Header::Repeated => Err(IdentityError::Invalid(format!("the header `{name}` is repeated; send it once"))),
    }
}

fn decode_name<'a>(value: &'a [u8], place: &str) -> Result<&'a str, IdentityError> {
    match std::str::from_utf8(value) {
        Ok(text) if text.len() > MAX_COMPARED => {
            Err(IdentityError::Invalid(format!("{place} has more than {MAX_COMPARED} bytes; use a shorter name")))
        }
        Ok(text) if !text.is_empty() && !text.chars().any(char::is_control) => Ok(text),
        _ => Err(IdentityError::Invalid(format!("{place} has no readable name"))),
    }
}

/// The bearer token of a request; RFC 6750, section 2.1. `None` without one, or with another scheme.
fn bearer_token(attributes: &impl ConnectionAttributes) -> Result<Option<&str>, IdentityError> {
    let Some(value) = single_value(attributes.header("authorization"), "authorization")? else { return Ok(None) };
    let Some((scheme, token)) = value.split_at_checked(6) else { return Ok(None) };
    // What ends the scheme, if not a space, some servers take for one: such a token is malformed, not of another scheme.
    let goes_on = token.first().is_some_and(|byte| is_token_byte(*byte));
    if !scheme.eq_ignore_ascii_case(b"bearer") || goes_on {
        return Ok(None);
    }
    let token = std::str::from_utf8(token).unwrap_or_default();
    let token = token.strip_prefix(' ').unwrap_or_default().trim_start_matches(' ');
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~+/=".contains(&byte);
    if token.is_empty() || !token.bytes().all(allowed) {
        return Err(IdentityError::Invalid("the header `authorization` has no bearer token".to_owned()));
    }
    Ok(Some(token))
}
