//! Which pages may read what the gateway answers, for Envoy's `cors` filter: those of `protocol.origins`.

use mcp_policy::config::Config;
use serde::Serialize;

use super::template::fill;

const TEMPLATE: &str = include_str!("templates/cors.yaml.jinja");

/// What pages may do.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Cors {
    origins: Vec<Origin>,
    methods: [&'static str; 4],
    /// `*` does not include the header for credentials (Fetch, section 3.3.5).
    headers: [&'static str; 2],
    /// The headers of an answer that pages may read.
    exposed: [&'static str; 3],
    /// How long a browser may remember it, in seconds.
    max_age: u32,
}

/// An origin or a pattern for origins.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
struct Origin {
    /// As `protocol.origins` has it, in lower case.
    text: String,
    /// The regular expression of a pattern; it matches whole origins.
    regex: Option<String>,
}

// === impl Cors ===

impl Cors {
    /// For the origins of a configuration; `None` if it does not name any.
    pub(super) fn new(config: &Config) -> Option<Self> {
        let texts = config.protocol.origins.iter().flat_map(|origins| origins.texts());
        Self::of(texts.map(Origin::new).collect())
    }

    fn of(origins: Vec<Origin>) -> Option<Self> {
        let cors = Self {
            origins,
            methods: ["GET", "POST", "DELETE", "OPTIONS"],
            headers: ["*", "authorization"],
            exposed: ["retry-after", "mcp-session-id", "www-authenticate"],
            max_age: 600,
        };
        (!cors.origins.is_empty()).then_some(cors)
    }

    /// Envoy's `CorsPolicy`, as YAML.
    ///
    /// # Errors
    /// A fault of the template.
    pub(super) fn policy(config: &Config) -> Result<Option<String>, String> {
        let fill = |cors: &Self| Ok(fill(TEMPLATE, cors)?.trim_end().to_owned());
        Self::new(config).as_ref().map(fill).transpose()
    }

    /// What Envoy Gateway can express of it, and the origins that it cannot.
    pub(super) fn for_envoy_gateway(config: &Config) -> (Option<Self>, Vec<String>) {
        let origins = Self::new(config).map_or_else(Vec::new, |cors| cors.origins);
        let (named, others): (Vec<_>, Vec<_>) =
            origins.into_iter().partition(|origin| is_origin_of_envoy_gateway(&origin.text));
        (Self::of(named), others.into_iter().map(|origin| origin.text).collect())
    }
}

// === impl Origin ===

impl Origin {
    fn new(text: &str) -> Self {
        Self { text: text.to_owned(), regex: text.contains('*').then(|| regex(text)) }
    }
}

fn regex(pattern: &str) -> String {
    let mut regex = "(?i)".to_owned();
    for character in pattern.chars() {
        match character {
            '*' => regex.push_str(".*"),
            _ if character.is_ascii_alphanumeric() || matches!(character, ':' | '/' | '-') => regex.push(character),
            _ => regex.extend(['\\', character]),
        }
    }
    regex
}

/// Whether a text is an `Origin` of Envoy Gateway (`api/v1alpha1/cors_types.go`): `*`, or a scheme, a host that may be `*` or
/// begin with `*.`, and a port that is a number.
fn is_origin_of_envoy_gateway(text: &str) -> bool {
    if text == "*" {
        return true;
    }
    let Some(place) = text.strip_prefix("http://").or_else(|| text.strip_prefix("https://")) else { return false };
    let (host, port) = place.split_once(':').unwrap_or((place, "0"));
    let name = host.strip_prefix("*.").unwrap_or(host);
    let is_word = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
    let is_name = !name.is_empty() && name.split('.').all(|label| !label.is_empty() && label.bytes().all(is_word));
    (host == "*" || is_name) && (1..=5).contains(&port.len()) && port.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::{is_origin_of_envoy_gateway, regex};

    #[test]
    fn a_pattern_becomes_a_regular_expression_of_the_whole_origin() {
        assert_eq!(regex("https://*.example.com"), r"(?i)https://.*\.example\.com");
        assert_eq!(regex("http://[::1]:*"), r"(?i)http://\[::1\]:.*");
        assert_eq!(regex("*"), "(?i).*");
    }

    #[test]
    fn envoy_gateway_takes_names_and_ports_and_patterns_of_whole_names() {
        for text in ["*", "https://*", "https://a.example.com", "https://*.example.com:8443", "http://localhost:3000"] {
            assert!(is_origin_of_envoy_gateway(text), "{text}");
        }
        for text in [
            "null",
            "http://localhost:*",
            "http://[::1]:3000",
            "https://app-*.example.com",
            "https://a..example.com",
            "https://",
            "https://a:",
            "https://a:123456",
            "chrome-extension://abc",
        ] {
            assert!(!is_origin_of_envoy_gateway(text), "{text}");
        }
    }
}
