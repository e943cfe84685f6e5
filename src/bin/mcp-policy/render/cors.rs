//! Which pages may read what the gateway answers, for Envoy's `cors` filter: those of `protocol.origins`.

use mcp_policy::config::Config;
use serde::Serialize;

/// An origin or a pattern for origins.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Origin {
    /// As `protocol.origins` has it, in lower case.
    text: String,
    /// The regular expression of a pattern; it matches whole origins.
    regex: Option<String>,
}

/// The origins of a configuration; none if it does not name any.
pub(super) fn origins(config: &Config) -> Vec<Origin> {
    let texts = config.protocol.origins.iter().flat_map(|origins| origins.texts());
    texts.map(|text| Origin { text: text.to_owned(), regex: text.contains('*').then(|| regex(text)) }).collect()
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

#[cfg(test)]
mod tests {
    use super::regex;

    #[test]
    fn a_pattern_becomes_a_regular_expression_of_the_whole_origin() {
        assert_eq!(regex("https://*.example.com"), r"(?i)https://.*\.example\.com");
        assert_eq!(regex("http://[::1]:*"), r"(?i)http://\[::1\]:.*");
        assert_eq!(regex("*"), "(?i).*");
    }
}
