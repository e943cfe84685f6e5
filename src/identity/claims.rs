//! The claims of the token that names a caller, as far as rules read them. Envoy's `jwt_authn` has verified the token and keeps
//! its payload as a `google.protobuf.Struct`, in which every number is a double.

use crate::{
    json::Node,
    protobuf::structure::{self, DecodeError},
};

use super::{Grant, Source, claim::JWT_AUTHN};

/// Claims of one token.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Claims {
    /// There is no token, or no rule reads a claim.
    #[default]
    Absent,
    /// A `Struct` of the claims that rules read, as bytes.
    Encoded(Box<[u8]>),
    /// They cannot be read, or are longer than 64 KiB.
    Unreadable,
}

/// The longest claims that are kept, in bytes: tokens come in a header, and Envoy takes 60 KiB of headers by default.
const MAX_BYTES: usize = 64 << 10;

/// How deep claims may nest.
const MAX_DEPTH: u32 = 64;

impl Claims {
    /// Selects the claims with these top-level names from a request's dynamic metadata, an encoded
    /// `envoy.config.core.v3.Metadata`. `payload` is the value of `payload_in_metadata` in `jwt_authn`.
    #[must_use]
    pub fn select(metadata: &[u8], payload: &str, names: &[Box<str>]) -> Self {
        let selected = structure::find_metadata(metadata, JWT_AUTHN, payload).and_then(|claims| {
            let selected = claims
                .map(|claims| structure::select_entries(claims, |name| names.iter().any(|known| **known == *name)));
            selected.transpose()
        });
        match selected {
            Ok(None) => Self::Absent,
            Ok(Some(bytes)) if bytes.len() <= MAX_BYTES => Self::Encoded(bytes.into()),
            Ok(Some(_)) | Err(DecodeError) => Self::Unreadable,
        }
    }

    /// The claims of a JSON object as Envoy would keep them, for test cases and `explain`. It keeps those that no rule reads, too.
    #[cfg(not(target_os = "wasi"))]
    #[must_use]
    pub fn from_json(claims: &Node<'_>) -> Self {
        structure::encode(claims).map_or(Self::Unreadable, |bytes| Self::Encoded(bytes.into()))
    }

    /// The claims, an object; `None` if there are none.
    ///
    /// # Errors
    /// They cannot be read.
    pub fn read(&self) -> Result<Option<Node<'_>>, DecodeError> {
        match self {
            Self::Absent => Ok(None),
            Self::Encoded(bytes) => structure::read_claims(bytes, MAX_DEPTH).map(Some).ok_or(DecodeError),
            Self::Unreadable => Err(DecodeError),
        }
    }

    /// What they hold, in bytes.
    #[must_use]
    pub fn size(&self) -> usize {
        if let Self::Encoded(bytes) = self { bytes.len() } else { 0 }
    }
}

/// The payload in Envoy's metadata of the token that names this caller; `other` if no token does.
#[must_use]
pub fn claims_payload<'s>(sources: &'s [Source], grant: &Grant, other: Option<&'s str>) -> Option<&'s str> {
    let of_grant = sources.iter().find_map(|source| match source {
        Source::Jwt { payload, prefix, .. } if grant.full_name().starts_with(&**prefix) => Some(&**payload),
        _ => None,
    });
    of_grant.or(other)
}
