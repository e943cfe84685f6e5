//! `--bypass`: paths that the filter does not inspect, such as the endpoints of an OAuth server beside the MCP server.

use std::str::FromStr;

use serde::Serialize;

/// The name of the route of these paths, which a binding of the configuration names.
pub(super) const ROUTE: &str = "mcp-policy-bypass";

/// An exact path.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct BypassPath(String);

impl BypassPath {
    pub(super) fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for BypassPath {
    type Err = String;

    /// # Errors
    /// For a path that Envoy or a server could read as another one.
    fn from_str(text: &str) -> Result<Self, String> {
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte);
        let has_dots = text.split('/').any(|segment| segment == "." || segment == "..");
        let segments = text.strip_prefix('/').unwrap_or_default();
        if segments.is_empty() || !segments.bytes().all(is_plain) || text.contains("//") || has_dots {
            return Err("not an exact path; give one like `/token`, without patterns, queries or escapes".to_owned());
        }
        if segments.trim_end_matches('/').rsplit('/').next().is_some_and(|last| last.eq_ignore_ascii_case("mcp")) {
            return Err("this looks like the path of MCP; the filter must inspect it".to_owned());
        }
        Ok(Self(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::BypassPath;

    #[test]
    fn only_an_exact_path_can_be_bypassed() {
        for path in ["/token", "/oauth/register", "/.well-known/oauth-authorization-server"] {
            assert!(path.parse::<BypassPath>().is_ok(), "{path}");
        }
        for path in ["", "/", "token", "/a*", "/a?b", "/a%2fb", "/../a", "/a//b", "//a", "/a;b", "/mcp", "/x/MCP/"] {
            assert!(path.parse::<BypassPath>().is_err(), "{path}");
        }
    }
}
