//! Parses `identity` in a configuration; product contract, section 1.4.

use crate::{
    http::is_token,
    json::{
        Value,
        cursor::{Cursor, Keys},
    },
};

use super::{Claim, Peer, Source, Tokens, grant::MAX_VALUE, secret_headers};

/// The keys of a source of identity.
pub const SOURCE_KEYS: Keys =
    Keys { known: &["jwt_claim", "payload", "peer", "header", "secret", "tokens", "bearer", "address", "constant"] };

/// Reads the list of sources, and reports its mistakes.
pub fn read(at: &Cursor<'_, '_>) -> Vec<Source> {
    let Some(items) = at.items() else { return Vec::new() };
    if items.is_empty() {
        at.report(
            "the list is empty, so no caller would have an identity; name a source such as `{\"address\": true}`",
        );
    }
    if items.len() > MAX_SOURCES {
        at.report(format!("found {} sources; at most {MAX_SOURCES} are allowed", items.len()));
        return Vec::new();
    }
    let mut sources: Vec<Source> = Vec::new();
    for item in &items {
        if let Some(source) = read_source(item, &sources) {
            check_distinct(item, &source, &sources);
            sources.push(source);
        }
    }
    sources
}

/// Reads `claims`, the payload whose claims rules read of a caller whom no token names. Beside a source that reads another
/// payload, rules could mean either.
pub fn read_claims_payload(at: &Cursor<'_, '_>, sources: &[Source]) -> Option<Box<str>> {
    let name = read_name(at)?;
    let other = sources.iter().find_map(|source| match source {
        Source::Jwt { payload, .. } if *payload != name => Some(payload),
        _ => None,
    });
    if let Some(other) = other {
        at.report(format!(
            "`identity` reads the payload `{other}`, and rules read the claims of the same token; write that"
        ));
    }
    Some(name)
}

/// Reports a source whose grants an earlier source can yield, too: two callers would have one identity.
fn check_distinct(at: &Cursor<'_, '_>, source: &Source, earlier: &[Source]) {
    if earlier.iter().any(|other| is_same(source, other)) {
        at.report("this source is repeated; keep one");
        return;
    }
    let Some(prefix) = source.prefix() else { return };
    let other =
        earlier.iter().filter_map(Source::prefix).find(|other| prefix.starts_with(other) || other.starts_with(prefix));
    match other {
        Some("address:") => {
            at.report("`{\"address\": \"forwarded\"}` takes the connection's own address, too; remove one of the two");
        }
        Some(other) => at.report(format!(
            "grants begin with `{prefix}` here and with `{other}` in an earlier source, so both could yield the same grant; \
             remove one"
        )),
        None => {}
    }
}

/// Whether two sources read the same value.
fn is_same(source: &Source, other: &Source) -> bool {
    match (source, other) {
        (Source::Peer { name, .. }, Source::Peer { name: other, .. }) => name == other,
        (Source::Header { name, .. }, Source::Header { name: other, .. }) => name == other,
        (Source::Jwt { claim, payload, .. }, Source::Jwt { claim: other_claim, payload: other_payload, .. }) => {
            (claim, payload) == (other_claim, other_payload)
        }
        _ => source == other,
    }
}

/// Sources of one list: a request reads each of them until one yields a value.
const MAX_SOURCES: usize = 32;

fn read_source(at: &Cursor<'_, '_>, earlier: &[Source]) -> Option<Source> {
    let fields = at.fields(SOURCE_KEYS)?;
    let kinds = ["jwt_claim", "peer", "header", "tokens", "bearer", "address", "constant"];
    let given: Vec<&str> = kinds.into_iter().filter(|kind| fields.get(kind).is_some()).collect();
    let [kind] = given.as_slice() else {
        at.report(
            "a source has exactly one of `jwt_claim`, `peer`, `header`, `tokens`, `bearer`, `address` or `constant`",
        );
        return None;
    };
    let value = fields.required(kind)?;
    for (key, owner) in [("secret", "header"), ("payload", "jwt_claim")] {
        if let (Some(at), true) = (fields.get(key), *kind != owner) {
            at.report(format!("`{key}` belongs to `{owner}`"));
        }
    }
    match *kind {
        "jwt_claim" => {
            let (claim, payload) = (Claim::read(&value), fields.required("payload").as_ref().and_then(read_name));
            let (claim, payload) = (claim?, payload?);
            let is_first = !earlier.iter().any(|source| matches!(source, Source::Jwt { .. }));
            let prefix = if is_first { "jwt:".into() } else { format!("jwt.{payload}.{claim}:").into() };
            Some(Source::Jwt { claim, payload, prefix })
        }
        "peer" => {
            let names = [("uri_san", Peer::UriSan), ("dns_san", Peer::DnsSan), ("subject", Peer::Subject)];
            let name = value.choice(&names)?;
            let is_first = !earlier.iter().any(|source| matches!(source, Source::Peer { .. }));
            let written = names.iter().find(|(_, other)| *other == name).map_or("", |(written, _)| written);
            let prefix = if is_first { "peer:".into() } else { format!("peer.{written}:").into() };
            Some(Source::Peer { name, prefix })
        }
        "header" => {
            let secret = fields.get("secret").map_or(Some(false), |secret| secret.boolean());
            let name = read_header_name(&value)?;
            let secret = secret?;
            if !secret && secret_headers::is_secret(&name) {
                value.report(format!("`{name}` carries a secret, which logs would show; add `\"secret\": true`"));
            }
            let is_first = !earlier.iter().any(|source| matches!(source, Source::Header { .. }));
            let prefix = if is_first { "header:".into() } else { format!("header.{name}:").into() };
            Some(Source::Header { name, prefix, secret })
        }
        "tokens" => Tokens::read(&value).map(Source::Tokens),
        "bearer" => read_true(&value).map(|()| Source::Bearer),
        "address" => match &value.node().value {
            Value::Bool(true) => Some(Source::Address { forwarded: false }),
            Value::String(text) if text == "forwarded" => Some(Source::Address { forwarded: true }),
            _ => value.report_expected("`true` or `forwarded`"),
        },
        _ => match value.text_or_empty() {
            text if text.is_empty() || text.len() > MAX_VALUE => value.report_expected("a name of up to 256 bytes"),
            text => Some(Source::Constant(text.into())),
        },
    }
}

/// Reads the name of a claim or of Envoy's metadata.
pub(super) fn read_name(at: &Cursor<'_, '_>) -> Option<Box<str>> {
    match at.text_or_empty() {
        text if text.is_empty() || text.len() > MAX_VALUE || text.contains(char::is_control) => {
            at.report_expected("a name of up to 256 bytes, such as `sub`")
        }
        text => Some(text.into()),
    }
}

fn read_true(at: &Cursor<'_, '_>) -> Option<()> {
    if at.boolean()? { Some(()) } else { at.report_expected("`true`; to disable the source, remove it") }
}

/// Reads a header name, in lower case as Envoy gives it; RFC 9110, section 5.1.
fn read_header_name(at: &Cursor<'_, '_>) -> Option<Box<str>> {
    let name = at.text_or_empty().to_ascii_lowercase();
    if !is_token(&name) {
        return at.report_expected("the name of a header, such as `x-agent-id`");
    }
    Some(name.into())
}
