//! The user's document as the filter's configuration for what we render.
//!
//! What we render lets the filter hold a request's headers, so the configuration says so, too, unless
//! the user decided otherwise. The user's text stays as it is, byte for byte: no reader stands between
//! what was written and what the filter judges by.

use std::collections::BTreeMap;

use mcp_policy::config::Config;
use serde_json::value::RawValue;

/// A JSON object, each member as it was written. Of a repeated name the last one stays here; the filter
/// refuses such a document.
type Members<'a> = BTreeMap<String, &'a RawValue>;

/// The configuration to render, made of a policy or a configuration: it holds headers until the verdict, and the filter
/// takes it.
///
/// # Errors
///
/// What is wrong with `document`.
pub(super) fn of(document: &str) -> Result<String, String> {
    let configuration = held(document)?;
    load(document.trim_matches(WHITE), "the filter would refuse this; `mcp-policy check` shows where")?;
    Ok(configuration)
}

/// The configuration made of a policy or a configuration, where a service counts its limits, whether or not it says so.
///
/// # Errors
///
/// What is wrong with `document`, or what of it no service can count.
pub(super) fn counted(document: &str) -> Result<Config, String> {
    let text = of(document)?;
    let members = read(&text)?;
    let service = r#""service": {"cluster": "limits"}"#;
    let text = match members.get("limits") {
        None => insert(&text, 0, &format!(r#""limits": {{{service}}}, "#)),
        Some(limits) => {
            let options: Members<'_> = serde_json::from_str(limits.get()).map_err(|error| error.to_string())?;
            match (options.contains_key("service"), options.is_empty()) {
                (true, _) => text,
                (false, true) => insert(&text, place_of(limits, &text), service),
                (false, false) => insert(&text, place_of(limits, &text), &format!("{service}, ")),
            }
        }
    };
    load(&text, "a service cannot count this, as `limits.service` says")
}

/// # Errors
/// `what` is the matter, and all that is wrong with `text`.
fn load(text: &str, what: &str) -> Result<Config, String> {
    Config::load(text.as_bytes()).map_err(|invalid| {
        let mistakes: Vec<String> = invalid.problems.iter().map(|problem| format!("\n  {problem}")).collect();
        format!("{what}:{}", mistakes.concat())
    })
}

/// Where a part of `text` begins.
fn place_of(part: &RawValue, text: &str) -> usize {
    // It borrows from `text`, so the difference of their addresses is its place there.
    part.get().as_ptr().addr().saturating_sub(text.as_ptr().addr())
}

/// A configuration that is rendered, with `member` first if it says nothing of `key` itself.
///
/// # Errors
///
/// When `configuration` is no JSON object.
pub(super) fn with_default(configuration: String, key: &str, member: &str) -> Result<String, String> {
    let says = read(&configuration)?.contains_key(key);
    Ok(if says { configuration } else { insert(&configuration, 0, member) })
}

/// A configuration whose answers tell agents where calls are approved, if its policies want any approved.
///
/// # Errors
/// When `configuration` is no JSON object.
pub(super) fn asking(configuration: String, console_port: u16) -> Result<String, String> {
    if !configuration.contains("require_approval") {
        return Ok(configuration);
    }
    let member = format!(r#""approvals": {{"url": "http://localhost:{console_port}/"}}, "#);
    with_default(configuration, "approvals", &member)
}

/// What may stand around a JSON text.
const WHITE: [char; 4] = [' ', '\t', '\r', '\n'];

/// The configuration that holds headers until the verdict, made of a policy or a configuration.
///
/// # Errors
///
/// When `document` is no JSON object, or neither a policy nor a configuration with policies.
pub(super) fn held(document: &str) -> Result<String, String> {
    let text = document.trim_matches(WHITE);
    let members = read(text)?;
    if members.contains_key("version") {
        return Ok(format!(r#"{{"policy": {text}, "protocol": {{"headers": "hold"}}}}"#));
    }
    if members.contains_key("console") {
        return Err("`/console`: `render` sets up gateways, not consoles; give a policy".to_owned());
    }
    if !members.contains_key("policy") && !members.contains_key("policies") {
        return Err("neither a policy (no `version`) nor a configuration (no `policy`, no `policies`)".to_owned());
    }
    let Some(protocol) = members.get("protocol") else {
        return Ok(insert(text, 0, r#""protocol": {"headers": "hold"},"#));
    };
    let options: Members<'_> = serde_json::from_str(protocol.get())
        .map_err(|_| r#"`/protocol`: must be an object, such as `{"headers": "hold"}`"#.to_owned())?;
    if options.contains_key("headers") {
        return Ok(text.to_owned());
    }
    let member = if options.is_empty() { r#""headers": "hold""# } else { r#""headers": "hold", "# };
    Ok(insert(text, place_of(protocol, text), member))
}

fn read(text: &str) -> Result<Members<'_>, String> {
    if text.starts_with('\u{feff}') {
        return Err("starts with a byte order mark; save it as UTF-8 without one".to_owned());
    }
    serde_json::from_str(text).map_err(|error| {
        if error.is_data() {
            "must be a JSON object: a policy or a configuration".to_owned()
        } else {
            format!("not valid JSON: {error}")
        }
    })
}

/// `text` with `member` as the first of the object whose brace stands at `brace`.
fn insert(text: &str, brace: usize, member: &str) -> String {
    match text.split_at_checked(brace.saturating_add(1)) {
        Some((before, after)) => format!("{before}{member}{after}"),
        None => text.to_owned(),
    }
}
