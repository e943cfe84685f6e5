//! The caller's identity: the first source of an ordered list that yields a value names the caller.
//!
//! The name is the *grant*. It starts with the kind of its source, so that a header can never pass for a certificate.
//! Product contract, section 1.4.

mod address;
mod document;
mod secret_headers;

#[cfg(test)]
mod tests;

use std::fmt;

use base16ct::lower;
use sha2::{Digest as _, Sha256};

use crate::{
    http::Header,
    protobuf::structure::{self, StructValue},
};

pub use document::{SOURCE, read};

/// Where an identity can come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// The client's certificate, by one of its names.
    Peer {
        /// Which one.
        name: Peer,
        /// What the grant starts with: `peer:`, or `peer.<name>:` for a second name.
        prefix: Box<str>,
    },
    /// A claim of a token that Envoy's `jwt_authn` has verified.
    Jwt {
        /// The names that lead to it in the token; one, or several for a claim inside others.
        claim: Claim,
        /// Where Envoy keeps the token's claims: `payload_in_metadata`.
        payload: Box<str>,
        /// What the grant starts with: `jwt:`, or `jwt.<payload>.<claim>:` for a second claim.
        prefix: Box<str>,
    },
    /// A request header. Unverified: it means something only behind a filter that checks it.
    Header {
        /// Its name, in lower case.
        name: Box<str>,
        /// What the grant starts with: `header:`, or `header.<name>:` for a second header.
        prefix: Box<str>,
        /// Whether its value is shown as a digest only.
        secret: bool,
    },
    /// The SHA-256 of the bearer token. Unverified, as a header is.
    Bearer,
    /// The address of the connection's peer.
    Address {
        /// Whether an address that Envoy took from a forwarding header counts.
        forwarded: bool,
    },
    /// The same identity for all callers.
    Constant(Box<str>),
}

/// The names that lead to a claim, outermost first; there is one at least.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim(Box<[Box<str>]>);

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

/// What the connection and the request say about who calls.
pub trait ConnectionAttributes {
    /// A request header, by its name in lower case.
    fn header(&self, name: &str) -> Header<'_>;
    /// A name in the client's certificate, if it sent one that was checked.
    fn peer(&self, name: Peer) -> Option<Vec<u8>>;
    /// What Envoy's filters know of the request: an `envoy.config.core.v3.Metadata` as bytes. A part of it would come
    /// without the types of its values, so that numbers pass for texts.
    fn metadata(&self) -> Option<Vec<u8>>;
    /// The peer's address and port, as Envoy writes them.
    fn address(&self) -> Option<Vec<u8>>;
}

/// A caller's identity.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grant {
    /// The prefix and the value, of a secret its digest.
    name: String,
    /// The form of a long name that counters are kept by, and that people see.
    digested: Option<String>,
    /// The form of a secret that people see.
    shown: Option<String>,
    verified: bool,
}

/// Why a caller has no identity.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum IdentityError {
    /// No source yields a value.
    NoIdentity,
    /// A source is there, but no identity can be read from it.
    Malformed(String),
}

/// Values longer than this, in bytes, are counted and shown by their digest.
const MAX_VALUE: usize = 256;
/// Values longer than this, in bytes, are refused: bindings and approvers are compared with the whole value.
const MAX_COMPARED: usize = 4096;
/// Envoy's filter that checks tokens.
const JWT_AUTHN: &str = "envoy.filters.http.jwt_authn";

/// Names the caller.
///
/// # Errors
/// No source yields a value, or the first that is there is malformed or repeated.
pub fn identify(sources: &[Source], facts: &impl ConnectionAttributes) -> Result<Grant, IdentityError> {
    for source in sources {
        if let Some(grant) = source.grant(facts)? {
            return Ok(grant);
        }
    }
    Err(IdentityError::NoIdentity)
}

/// The caller that a person names by the whole grant, such as `jwt:alice`, as the source of that prefix would name it: a long
/// value has a digest, and of a secret, which is named by its SHA-256, only a part is shown. A grant that no source could
/// yield is taken as it is.
///
/// # Errors
/// The source of that prefix refuses the value.
#[cfg(not(target_os = "wasi"))]
pub fn named(sources: &[Source], name: &str) -> Result<Grant, IdentityError> {
    let value_of = |source: &'_ Source| name.strip_prefix(source.prefix()?);
    let found = sources.iter().find_map(|source| Some((source, value_of(source)?)));
    found.map_or_else(|| Ok(Grant::named(name)), |(source, value)| source.named(value))
}

impl Source {
    /// The client's certificate, as the only source of its kind.
    #[must_use]
    pub fn peer(name: Peer) -> Self {
        Self::Peer { name, prefix: "peer:".into() }
    }

    fn grant(&self, facts: &impl ConnectionAttributes) -> Result<Option<Grant>, IdentityError> {
        match self {
            Self::Peer { name, prefix } => facts.peer(*name).filter(|value| !value.is_empty()).map(|value| {
                let value = self.readable(&value)?;
                Ok(Grant::new(prefix, value, true))
            }),
            Self::Jwt { claim, payload, prefix } => {
                let metadata = facts.metadata();
                metadata.and_then(|metadata| claimed(&metadata, payload, claim).transpose()).map(|value| {
                    let value = value?;
                    Ok(Grant::new(prefix, self.readable(value.as_bytes())?, true))
                })
            }
            Self::Header { name, prefix, secret } => single(facts.header(name), name)?.map(|value| {
                let value = self.readable(value)?;
                Ok(if *secret { Grant::secret(prefix, value) } else { Grant::new(prefix, value, false) })
            }),
            Self::Bearer => bearer(single(facts.header("authorization"), "authorization")?),
            Self::Address { forwarded } => facts.address().and_then(|address| {
                let address = address::read(&address, *forwarded)?;
                // An outsider has as many addresses as it likes of IPv6, and of those that it writes itself.
                let verified = !*forwarded && !address::is_ipv6(&address);
                Some(Ok(Grant::new("address:", &address, verified)))
            }),
            Self::Constant(value) => Some(Ok(Grant::new("constant:", value, true))),
        }
        .transpose()
    }
}

impl Source {
    /// A value of this source as a text.
    ///
    /// # Errors
    /// It is none that could name a caller.
    fn readable<'a>(&self, value: &'a [u8]) -> Result<&'a str, IdentityError> {
        match self {
            Self::Jwt { claim, .. } => text(value, &format!("the claim `{claim}`")),
            Self::Header { name, .. } => text(value, &format!("the header `{name}`")),
            _ => text(value, "the client's certificate"),
        }
    }

    /// The grant of this value, or of the secret with this digest.
    #[cfg(not(target_os = "wasi"))]
    fn named(&self, value: &str) -> Result<Grant, IdentityError> {
        Ok(match self {
            Self::Header { prefix, secret: true, .. } => Grant::of_digest(prefix, value),
            Self::Bearer => Grant::of_digest("bearer:", value),
            Self::Peer { prefix, .. } | Self::Jwt { prefix, .. } => {
                Grant::new(prefix, self.readable(value.as_bytes())?, true)
            }
            Self::Header { prefix, .. } => Grant::new(prefix, self.readable(value.as_bytes())?, false),
            Self::Address { .. } | Self::Constant(_) => Grant::named(&["address:", value].concat()),
        })
    }

    /// What its grants start with; `None` for the source that names all callers alike.
    fn prefix(&self) -> Option<&str> {
        match self {
            Self::Peer { prefix, .. } | Self::Jwt { prefix, .. } | Self::Header { prefix, .. } => Some(prefix),
            Self::Bearer => Some("bearer:"),
            Self::Address { .. } => Some("address:"),
            Self::Constant(_) => None,
        }
    }
}

impl Claim {
    /// The innermost name, and those that lead there.
    fn split_last(&self) -> (&str, &[Box<str>]) {
        self.0.split_last().map_or(("", &[][..]), |(last, outer)| (&**last, outer))
    }

    /// Whether it is a top-level claim with a dot in its name that is no URL: perhaps a path was meant.
    #[must_use]
    pub fn looks_nested(&self) -> bool {
        matches!(&*self.0, [name] if name.contains('.') && !name.contains('/'))
    }
}

impl fmt::Display for Claim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join("."))
    }
}

impl Grant {
    fn new(prefix: &str, value: &str, verified: bool) -> Self {
        let name = [prefix, value].concat();
        let digested = (value.len() > MAX_VALUE).then(|| {
            // Marked behind the kind, which ends at `:` or `.` in every other grant: a value that looks like a digest
            // stays another identity.
            let (kind, rest) = prefix.split_at_checked(prefix.find([':', '.']).unwrap_or_default()).unwrap_or_default();
            format!("{kind}~sha256{rest}{}", digest(value))
        });
        Self { name, digested, shown: None, verified }
    }

    /// The grant of this name, such as `jwt:alice`: for cases and explanations, which no request carries.
    #[cfg(not(target_os = "wasi"))]
    #[must_use]
    pub fn named(name: &str) -> Self {
        let is_unverified = ["header", "bearer"].iter().any(|kind| name.starts_with(kind))
            || name.strip_prefix("address:").is_some_and(address::is_ipv6);
        let (prefix, value) =
            name.split_at_checked(name.find(':').map_or(0, |at| at.saturating_add(1))).unwrap_or_default();
        Self::new(prefix, value, !is_unverified)
    }

    /// A caller who shows a secret: kept and counted by its digest, shown by the first part of that.
    fn secret(prefix: &str, value: &str) -> Self {
        Self::of_secret(prefix, &digest(value))
    }

    /// A caller whose secret has this SHA-256 in hexadecimal digits; any other text is taken as it is.
    #[cfg(not(target_os = "wasi"))]
    fn of_digest(prefix: &str, text: &str) -> Self {
        let is_digest = text.len() == 64 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        if is_digest { Self::of_secret(prefix, text) } else { Self::new(prefix, text, false) }
    }

    fn of_secret(prefix: &str, digest: &str) -> Self {
        let shown: String = digest.chars().take(16).collect();
        let name = [prefix, digest].concat();
        Self { name, digested: None, shown: Some([prefix, &shown].concat()), verified: false }
    }

    /// The identity as counters, approvals and records tell callers apart.
    #[must_use]
    pub fn id(&self) -> &str {
        self.digested.as_deref().unwrap_or(&self.name)
    }

    /// The identity as people may see it: without a secret.
    #[must_use]
    pub fn display(&self) -> &str {
        self.shown.as_deref().unwrap_or(self.id())
    }

    /// The identity as approvers are named: with the value as sent, or the whole digest of a secret.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// All names by which a binding can mean this caller: as sent, as counted and as shown.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        [Some(&self.name), self.digested.as_ref(), self.shown.as_ref()].into_iter().flatten().map(String::as_str)
    }

    /// Whether Envoy or a certificate authority vouches for it, so that a caller cannot make up as many as it likes.
    #[must_use]
    pub fn is_verified(&self) -> bool {
        self.verified
    }
}

/// The value of a claim. `null` counts as missing; RFC 7519 has no other value than a string for the names of
/// people and programs.
fn claimed(metadata: &[u8], payload: &str, claim: &Claim) -> Result<Option<String>, IdentityError> {
    let unreadable = |_| IdentityError::Malformed("the token's claims cannot be read".to_owned());
    let Some(mut claims) = structure::kept(metadata, JWT_AUTHN, payload).map_err(unreadable)? else { return Ok(None) };
    let (last, outer) = claim.split_last();
    for name in outer {
        match structure::entry(claims, name).map_err(unreadable)? {
            None | Some(StructValue::Null) => return Ok(None),
            Some(StructValue::Object(inner)) => claims = inner,
            Some(StructValue::Text(_) | StructValue::Other) => {
                return Err(IdentityError::Malformed(format!("`{name}` in the claim `{claim}` is no object")));
            }
        }
    }
    match structure::entry(claims, last).map_err(unreadable)? {
        None | Some(StructValue::Null) => Ok(None),
        Some(StructValue::Text(text)) => Ok(Some(text.to_owned())),
        Some(StructValue::Object(_) | StructValue::Other) => {
            Err(IdentityError::Malformed(format!("the claim `{claim}` is no text")))
        }
    }
}

fn single<'a>(header: Header<'a>, name: &str) -> Result<Option<&'a [u8]>, IdentityError> {
    match header {
        Header::Absent => Ok(None),
        Header::Once(value) => Ok(Some(value)),
        Header::Repeated => Err(IdentityError::Malformed(format!("the header `{name}` stands twice; send it once"))),
    }
}

fn text<'a>(value: &'a [u8], place: &str) -> Result<&'a str, IdentityError> {
    match std::str::from_utf8(value) {
        Ok(text) if text.len() > MAX_COMPARED => {
            Err(IdentityError::Malformed(format!("{place} holds more than {MAX_COMPARED} bytes; use a shorter name")))
        }
        Ok(text) if !text.is_empty() && !text.chars().any(char::is_control) => Ok(text),
        _ => Err(IdentityError::Malformed(format!("{place} holds no readable name"))),
    }
}

/// RFC 6750, section 2.1. Another scheme is no bearer token, and yields nothing.
fn bearer(value: Option<&[u8]>) -> Option<Result<Grant, IdentityError>> {
    let value = value?;
    let (scheme, token) = value.split_at_checked(6)?;
    let separated = token.is_empty() || token.starts_with(b" ");
    if !scheme.eq_ignore_ascii_case(b"bearer") || !separated {
        return None;
    }
    let token = std::str::from_utf8(token).unwrap_or_default().trim_start_matches(' ');
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~+/=".contains(&byte);
    if token.is_empty() || !token.bytes().all(allowed) {
        return Some(Err(IdentityError::Malformed("the header `authorization` holds no bearer token".to_owned())));
    }
    Some(Ok(Grant::secret("bearer:", token)))
}

fn digest(value: &str) -> String {
    lower::encode_string(&Sha256::digest(value.as_bytes()))
}
