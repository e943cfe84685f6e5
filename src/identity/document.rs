//! `identity` as it is written; product contract, section 1.4.

use crate::json::{
    Value,
    cursor::{Cursor, Keys},
};

use super::{Peer, Source};

/// The keys of a source of identity.
pub const SOURCE: Keys =
    Keys { known: &["jwt_claim", "payload", "peer", "header", "secret", "bearer", "address", "constant"] };

/// Reads the list of sources; what is wrong with it is reported.
pub fn read(at: &Cursor<'_, '_>) -> Vec<Source> {
    let Some(items) = at.items() else { return Vec::new() };
    if items.is_empty() {
        at.report("the list is empty, so that no caller has an identity; name a source such as `{\"address\": true}`");
    }
    let mut sources: Vec<Source> = Vec::new();
    for item in &items {
        if let Some(source) = source(item, &sources) {
            if sources.contains(&source) {
                item.report("this source stands twice; leave one");
            }
            sources.push(source);
        }
    }
    sources
}

fn source(at: &Cursor<'_, '_>, earlier: &[Source]) -> Option<Source> {
    let fields = at.fields(SOURCE)?;
    let kinds = ["jwt_claim", "peer", "header", "bearer", "address", "constant"];
    let given: Vec<&str> = kinds.into_iter().filter(|kind| fields.get(kind).is_some()).collect();
    let [kind] = given.as_slice() else {
        at.report("a source has exactly one of `jwt_claim`, `peer`, `header`, `bearer`, `address` or `constant`");
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
            let (claim, payload) = (name(&value), fields.required("payload").as_ref().and_then(name));
            let (claim, payload) = (claim?, payload?);
            let is_first = !earlier.iter().any(|source| matches!(source, Source::Jwt { .. }));
            let prefix = if is_first { "jwt:".into() } else { format!("jwt.{payload}.{claim}:").into() };
            Some(Source::Jwt { claim, payload, prefix })
        }
        "peer" => {
            let names = [("uri_san", Peer::UriSan), ("dns_san", Peer::DnsSan), ("subject", Peer::Subject)];
            value.choice(&names).map(Source::Peer)
        }
        "header" => {
            let secret = fields.get("secret").map_or(Some(false), |secret| secret.flag())?;
            let name = header_name(&value)?;
            let is_first = !earlier.iter().any(|source| matches!(source, Source::Header { .. }));
            let prefix = if is_first { "header:".into() } else { format!("header.{name}:").into() };
            Some(Source::Header { name, prefix, secret })
        }
        "bearer" => yes(&value).map(|()| Source::Bearer),
        "address" => match &value.node().value {
            Value::Bool(true) => Some(Source::Address { forwarded: false }),
            Value::String(text) if text == "forwarded" => Some(Source::Address { forwarded: true }),
            _ => value.report_expected("`true` or `forwarded`"),
        },
        _ => match value.text()? {
            text if text.is_empty() || text.len() > super::MAX_VALUE => {
                value.report_expected("a name of up to 256 bytes")
            }
            text => Some(Source::Constant(text.into())),
        },
    }
}

/// A name of Envoy's or of a token's.
fn name(at: &Cursor<'_, '_>) -> Option<Box<str>> {
    match at.text()? {
        text if text.is_empty() || text.len() > super::MAX_VALUE || text.contains(char::is_control) => {
            at.report_expected("a name of up to 256 bytes, such as `sub`")
        }
        text => Some(text.into()),
    }
}

fn yes(at: &Cursor<'_, '_>) -> Option<()> {
    if at.flag()? { Some(()) } else { at.report_expected("`true`; leave the source out otherwise") }
}

/// A header name in lower case, as Envoy hands names over; RFC 9110, section 5.1.
fn header_name(at: &Cursor<'_, '_>) -> Option<Box<str>> {
    let name = at.text()?.to_ascii_lowercase();
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    if name.is_empty() || !name.bytes().all(allowed) {
        return at.report_expected("the name of a header, such as `x-agent-id`");
    }
    Some(name.into())
}
