//! The kinds of sources, and how far each can be trusted to name one caller by one name.

/// The kind of a source: grants begin with its name, and `caller.source` is that name.
///
/// ```
/// # use mcp_policy::identity::SourceKind;
/// assert_eq!(SourceKind::of_grant("jwt.payload.sub:alice"), Some(SourceKind::Jwt));
/// assert!(SourceKind::Jwt.is_authenticated() && !SourceKind::Header.is_authenticated());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SourceKind {
    /// A claim of a verified token.
    Jwt,
    /// A name in the client's certificate.
    Peer,
    /// A bearer token that the configuration lists.
    Token,
    /// A request header.
    Header,
    /// Any bearer token.
    Bearer,
    /// The peer's address.
    Address,
    /// The same identity for all callers.
    Constant,
}

impl SourceKind {
    /// The names of all kinds.
    pub const NAMES: [&str; 7] = ["jwt", "peer", "token", "header", "bearer", "address", "constant"];

    const ALL: [Self; 7] =
        [Self::Jwt, Self::Peer, Self::Token, Self::Header, Self::Bearer, Self::Address, Self::Constant];

    /// The kind that a grant's name begins with; `None` if it begins with no kind.
    #[must_use]
    pub fn of_grant(name: &str) -> Option<Self> {
        let front = name.split([':', '.']).next()?;
        Self::ALL.into_iter().find(|kind| kind.name() == front)
    }

    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Jwt => "jwt",
            Self::Peer => "peer",
            Self::Token => "token",
            Self::Header => "header",
            Self::Bearer => "bearer",
            Self::Address => "address",
            Self::Constant => "constant",
        }
    }

    /// Whether a caller has proved that it is the one of that name: `caller.authenticated`.
    #[must_use]
    pub fn is_authenticated(self) -> bool {
        matches!(self, Self::Jwt | Self::Peer | Self::Token)
    }

    /// Whether one caller can take any number of names: of addresses it has many in IPv6, and behind a proxy whose header it writes.
    #[must_use]
    pub fn is_chosen_by_caller(self) -> bool {
        matches!(self, Self::Header | Self::Bearer | Self::Address)
    }
}

#[cfg(test)]
mod tests {
    #[cfg(target_family = "wasm")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::SourceKind;

    #[test]
    fn each_kind_has_its_name_in_the_list() {
        assert_eq!(SourceKind::ALL.map(SourceKind::name), SourceKind::NAMES);
    }

    #[test]
    fn a_grant_begins_with_the_kind_of_its_source() {
        for (name, kind) in [
            ("jwt:a.b", Some(SourceKind::Jwt)),
            ("jwt.q.id:a", Some(SourceKind::Jwt)),
            ("peer:spiffe://a", Some(SourceKind::Peer)),
            ("header.x-a:b", Some(SourceKind::Header)),
            ("constant", Some(SourceKind::Constant)),
            ("alice", None),
            ("", None),
        ] {
            assert_eq!(SourceKind::of_grant(name), kind, "{name}");
        }
    }
}
