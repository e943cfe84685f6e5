//! Which grants a source yields.

use super::Source;

impl Source {
    /// Whether some caller whom it identifies may have a grant that `matches` accepts, which accepts only texts that begin with
    /// `front`. Tokens are not compared: an approver stays valid when its token is revoked.
    pub(crate) fn may_yield(&self, front: &str, matches: &dyn Fn(&str) -> bool) -> bool {
        match (self, self.prefix()) {
            (Self::Constant(name), _) => matches(&["constant:", name].concat()),
            // A long value is named by its digest, too: `jwt~sha256:…`.
            (_, Some(prefix)) => {
                let kind = front.split_once('~').map(|(kind, _)| kind);
                prefix.starts_with(kind.unwrap_or(front)) || front.starts_with(prefix)
            }
            (_, None) => false,
        }
    }

    /// As [`Self::may_yield`], and a token is listed that yields such a grant.
    #[cfg(not(target_os = "wasi"))]
    pub(crate) fn yields(&self, front: &str, matches: &dyn Fn(&str) -> bool) -> bool {
        match self {
            Self::Tokens(tokens) => tokens.iter().any(|token| matches(&["token:", &token.name].concat())),
            _ => self.may_yield(front, matches),
        }
    }
}
