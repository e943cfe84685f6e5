//! Bearer tokens that the configuration lists by their SHA-256; product contract, section 1.4.
//!
//! The configuration holds no token, so neither it nor Envoy's dumps give one away. A caller learns nothing from the time
//! that a lookup takes: it compares digests, which no caller can choose.

use std::collections::HashMap;

use crate::{
    digest::Digest,
    json::cursor::{Cursor, Keys},
    time::{self, Timestamp},
};

use super::{Grant, IdentityError, grant::MAX_VALUE};

/// The tokens of one source. The bound on a configuration's size bounds their number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tokens {
    /// In the order of the text.
    tokens: Box<[Token]>,
    /// The first token with each digest, by the digest's text: its place in `tokens`.
    places: HashMap<Box<str>, usize>,
}

/// A token that names a caller.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    /// The SHA-256 of the token.
    digest: Digest,
    /// The name of the caller, without the prefix `token:`.
    pub name: Box<str>,
    /// When the token ceases to name the caller: the start of a day, UTC.
    pub expires: Option<Timestamp>,
}

/// The keys of a token.
pub const TOKEN_KEYS: Keys = Keys { known: &["sha256", "expires"] };

impl Tokens {
    /// Reads the tokens of a source.
    pub(super) fn read(at: &Cursor<'_, '_>) -> Option<Self> {
        let entries = at.entries()?;
        let read: Vec<Option<Token>> = entries.iter().map(|(name, token)| Token::read(name, token)).collect();
        let tokens: Box<[Token]> = read.into_iter().collect::<Option<_>>()?;
        // Backwards: of two names for one token, the first in the text is the caller's.
        let places =
            tokens.iter().enumerate().rev().map(|(place, token)| (token.digest.to_string().into(), place)).collect();
        Some(Self { tokens, places })
    }

    /// Finds a token by its value.
    pub(super) fn find(&self, value: &str) -> Option<&Token> {
        self.tokens.get(*self.places.get(&*Digest::of(value.as_bytes()).to_string())?)
    }

    /// Finds a token by the name of its caller.
    #[cfg(not(target_os = "wasi"))]
    pub(super) fn named(&self, name: &str) -> Option<&Token> {
        self.tokens.iter().find(|token| *token.name == *name)
    }

    /// The first token with the same digest, if that is another one.
    #[cfg(not(target_os = "wasi"))]
    #[must_use]
    pub fn twin(&self, token: &Token) -> Option<&Token> {
        self.tokens.get(*self.places.get(&*token.digest.to_string())?).filter(|first| first.name != token.name)
    }

    /// Every token, in the order of the text.
    #[cfg(not(target_os = "wasi"))]
    pub fn iter(&self) -> impl Iterator<Item = &Token> {
        self.tokens.iter()
    }
}

impl Token {
    fn read(name: &str, at: &Cursor<'_, '_>) -> Option<Self> {
        let fields = at.fields(TOKEN_KEYS)?;
        let digest = fields.required("sha256").and_then(|at| sha256(&at));
        let expires = fields.read("expires", date);
        if name.is_empty() || name.len() > MAX_VALUE || name.contains(char::is_control) {
            at.report("the name of a token has 1 to 256 bytes and no control characters; rename it");
            return None;
        }
        Some(Self { digest: digest?, name: name.into(), expires })
    }

    /// The grant of the caller who sends it.
    ///
    /// # Errors
    /// If it has expired. The date itself is the first moment at which it is refused, as it is with `exp` in RFC 7519,
    /// section 4.1.4.
    pub(super) fn grant(&self, now: impl FnOnce() -> Timestamp) -> Result<Grant, IdentityError> {
        match self.expires {
            Some(expires) if expires <= now() => {
                let date = time::rfc_3339(expires).unwrap_or_default();
                let date = date.split('T').next().unwrap_or_default();
                Err(IdentityError::Invalid(format!("the token `{}` expired on {date}; ask for a new one", self.name)))
            }
            _ => Ok(Grant::new("token:", &self.name, true)),
        }
    }
}

fn sha256(at: &Cursor<'_, '_>) -> Option<Digest> {
    match Digest::parse(at.text_or_empty()) {
        Some(digest) => Some(digest),
        None => at.report_expected(
            "the SHA-256 of the token, in 64 lower-case hexadecimal digits; `printf %s \"$TOKEN\" | sha256sum` prints it",
        ),
    }
}

fn date(at: &Cursor<'_, '_>) -> Option<Timestamp> {
    match time::parse_date(at.text_or_empty()) {
        Some(date) => Some(date),
        None => at.report_expected("a date, such as `2027-01-31`"),
    }
}
