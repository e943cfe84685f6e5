//! `protocol.origins`: the web pages whose requests are accepted. RFC 6454; product contract, section 1.5.

use crate::{bytes::read_port, http::Header, json::cursor::Cursor};

use super::matcher::Matcher;

/// Origins and patterns for them, in lower case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origins(Vec<(Box<str>, Matcher)>);

impl Origins {
    pub(super) fn read(at: &Cursor<'_, '_>) -> Option<Self> {
        const FORMS: &str = "an origin such as `https://app.example.com`, without a path, a pattern such as `http://localhost:*`, or `null`";
        let origin = |item: &Cursor<'_, '_>| match item.string()?.to_ascii_lowercase() {
            text if is_form(&text) => Some((Box::from(&*text), Matcher::new(&text))),
            _ => item.report_expected(FORMS),
        };
        let read: Vec<Option<_>> = at.items()?.iter().map(origin).collect();
        read.into_iter().collect::<Option<_>>().map(Self)
    }

    /// Whether a request with this header `Origin` is accepted. Programs other than browsers send none.
    #[must_use]
    pub fn accepts(&self, header: Header<'_>) -> bool {
        let origin = match header {
            Header::Absent => return true,
            Header::Repeated => return false,
            Header::Once(origin) => std::str::from_utf8(origin).unwrap_or_default().to_ascii_lowercase(),
        };
        // A page without an origin of its own is accepted only by its name, not by a pattern.
        let is_listed = |(text, matcher): &(Box<str>, Matcher)| match &*origin {
            "null" => **text == *"null",
            _ => is_origin(&origin) && matcher.matches(&origin),
        };
        self.0.iter().any(is_listed)
    }

    /// The origins and patterns, in lower case.
    pub fn texts(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|(text, _)| &**text)
    }
}

/// Whether a text could be an origin or a pattern for one.
fn is_form(text: &str) -> bool {
    let authority = text.split_once("://").map_or(text, |(_, authority)| authority);
    let is_allowed = |byte: u8| byte.is_ascii_graphic() && !b"/\\?#@,\"".contains(&byte);
    let is_whole = text == "null" || text.contains('*') || text.contains("://");
    is_whole && !authority.is_empty() && authority.bytes().all(is_allowed)
}

/// Whether a text is one origin: a scheme, a host, and perhaps a port. Anything else could fit a pattern in a way that its author
/// did not mean.
fn is_origin(text: &str) -> bool {
    let Some((scheme, authority)) = text.split_once("://") else { return false };
    let (host, port) = match authority.rsplit_once(':') {
        Some((host, port)) if !port.contains(']') => (host, Some(port)),
        _ => (authority, None),
    };
    let is_scheme = |byte: u8| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte);
    let is_name = |byte: u8| byte.is_ascii_alphanumeric() || b"-._".contains(&byte);
    let is_address = |byte: u8| byte.is_ascii_hexdigit() || b":.".contains(&byte);
    let is_host = match host.strip_prefix('[').and_then(|host| host.strip_suffix(']')) {
        Some(address) => address.bytes().all(is_address),
        None => host.bytes().all(is_name),
    };
    let is_port = port.is_none_or(|port| read_port(port).is_some());
    !scheme.is_empty() && scheme.bytes().all(is_scheme) && !host.is_empty() && is_host && is_port
}

#[cfg(test)]
mod tests {
    #[cfg(target_family = "wasm")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::super::Config;
    use crate::http::Header;

    fn accepts(origins: &str, origin: &str) -> bool {
        let text = format!(r#"{{"policy":{{"version":"1","default":"deny"}},"protocol":{{"origins":{origins}}}}}"#);
        let config = Config::load(text.as_bytes()).unwrap_or_else(|invalid| panic!("{invalid}"));
        let origins = config.protocol.origins.unwrap();
        assert!(origins.accepts(Header::Absent) && !origins.accepts(Header::Repeated));
        origins.accepts(Header::Once(origin.as_bytes()))
    }

    #[test]
    fn an_origin_is_accepted_if_it_is_listed() {
        let listed = r#"["https://App.example.com", "http://localhost:*", "https://*.example.org"]"#;
        for origin in
            ["https://app.example.com", "HTTPS://APP.example.com", "http://localhost:3000", "https://a.b.example.org"]
        {
            assert!(accepts(listed, origin), "{origin}");
        }
        for origin in [
            "https://app.example.com:443",
            "http://app.example.com",
            "https://app.example.com.evil",
            "http://localhost",
            "http://localhost:80.evil.example",
            "http://localhost:",
            "http://localhost:99999",
            "http://localhost:+80",
            "https://example.org",
            "https://evil.example#.example.org",
            "https://evil.example/.example.org",
            "https://evil.example, https://a.example.org",
            "https://evil.example?.example.org",
            "https://evil@a.example.org",
            "https://\u{e9}.example.org",
            "null",
            "",
            "localhost:3000",
        ] {
            assert!(!accepts(listed, origin), "{origin}");
        }
        assert!(!accepts("[]", "https://app.example.com"));
    }

    #[test]
    fn any_origin_is_one_that_is_not_null() {
        for origin in ["https://a.example", "http://[::1]:8080", "chrome-extension://abc", "http://127.0.0.1"] {
            assert!(accepts(r#"["*"]"#, origin), "{origin}");
        }
        assert!(!accepts(r#"["*"]"#, "null") && !accepts(r#"["n*"]"#, "null") && accepts(r#"["null"]"#, "NULL"));
    }
}
