//! A claim of a token that Envoy's `jwt_authn` has verified.

use std::fmt;

use super::{IdentityError, document::read_name};
use crate::{
    json::{Value, cursor::Cursor},
    protobuf::structure::{self, StructValue},
};

/// The names that lead to a claim in the token, outermost first: one, or several for a claim inside others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim(Box<[Box<str>]>);

/// Envoy's filter that verifies tokens.
pub(super) const JWT_AUTHN: &str = "envoy.filters.http.jwt_authn";

/// Names that lead to one claim.
const MAX_CLAIM_NAMES: usize = 8;

impl Claim {
    /// Reads a claim: a top-level name, or the list of names that lead to it.
    pub(super) fn read(at: &Cursor<'_, '_>) -> Option<Self> {
        if let Value::String(_) = at.node().value {
            return Some(Self([read_name(at)?].into()));
        }
        let allowed = "the name of a claim, such as `sub`, or a list of up to 8 names, such as `[\"user\", \"email\"]`";
        match &at.node().value {
            Value::Array(names) if (1..=MAX_CLAIM_NAMES).contains(&names.len()) => {
                let names: Vec<_> = at.items()?.iter().map(read_name).collect();
                Some(Self(names.into_iter().collect::<Option<_>>()?))
            }
            _ => at.report_expected(allowed),
        }
    }

    /// The innermost name, and the names that lead to it.
    fn split_last(&self) -> (&str, &[Box<str>]) {
        self.0.split_last().map_or(("", &[][..]), |(last, outer)| (&**last, outer))
    }

    /// Whether it is a top-level claim whose name has a dot, but is not a URL: the author may have meant a path.
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

/// The value of a claim; `None` if it is missing or `null`. RFC 7519 uses only strings to name people and programs.
pub(super) fn claim_value(metadata: &[u8], payload: &str, claim: &Claim) -> Result<Option<String>, IdentityError> {
    let unreadable = |_| IdentityError::Invalid("the token's claims cannot be read".to_owned());
    let Some(mut claims) = structure::find_metadata(metadata, JWT_AUTHN, payload).map_err(unreadable)? else {
        return Ok(None);
    };
    let (last, outer) = claim.split_last();
    for name in outer {
        match structure::find_entry(claims, name).map_err(unreadable)? {
            None | Some(StructValue::Null) => return Ok(None),
            Some(StructValue::Object(inner)) => claims = inner,
            Some(StructValue::Text(_) | StructValue::Other) => {
                return Err(IdentityError::Invalid(format!("`{name}` in the claim `{claim}` is not an object")));
            }
        }
    }
    match structure::find_entry(claims, last).map_err(unreadable)? {
        None | Some(StructValue::Null) => Ok(None),
        Some(StructValue::Text(text)) => Ok(Some(text.to_owned())),
        Some(StructValue::Object(_) | StructValue::Other) => {
            Err(IdentityError::Invalid(format!("the claim `{claim}` is not a string")))
        }
    }
}
