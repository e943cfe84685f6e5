//! Changes to headers.

use base64::{Engine as _, engine::general_purpose::STANDARD};

use crate::{
    random::Random,
    request::{Draft, MODERN, VERSION},
    tree::Tree,
};

fn set(draft: &mut Draft, name: &str, value: impl Into<Vec<u8>>) {
    draft.headers.retain(|(key, _)| key != name);
    draft.headers.push((name.to_owned(), value.into()));
}

fn says(draft: &mut Draft, place: &[&str]) -> Option<String> {
    match place.iter().try_fold(&mut draft.tree, |tree, name| tree.get_mut(name))? {
        Tree::Text(text) => Some(text.clone()),
        Tree::Raw(_) | Tree::Object(_) | Tree::Array(_) => None,
    }
}

/// The headers of the 2026 era, saying what the body says, in one of the spellings that servers take.
pub(crate) fn agree(draft: &mut Draft, random: &mut Random) {
    let Some(method) = says(draft, &["method"]) else { return };
    set(draft, "mcp-method", method);
    set(draft, "mcp-protocol-version", MODERN);
    let claim = Tree::object([(VERSION, Tree::text(MODERN))]);
    if let Some(Tree::Object(params)) = draft.tree.get_mut("params") {
        params.retain(|(name, _)| !matches!(name, Tree::Text(text) if text == "_meta"));
        params.push((Tree::text("_meta"), claim));
    }
    for place in ["name", "uri", "taskId"] {
        if let Some(name) = says(draft, &["params", place]) {
            let coded = format!("=?base64?{}?=", STANDARD.encode(&name));
            let loose = coded.replace("=?=", "?=");
            let padded = format!("  {name} ");
            let value = random.pick(&[&name, &name, &padded, &coded, &loose]).clone();
            set(draft, "mcp-name", value);
        }
    }
}

/// A header that says something else than the body, or says it twice, or is missing.
pub(crate) fn lie(draft: &mut Draft, random: &mut Random) {
    let lies: [(&str, &[u8]); 16] = [
        ("mcp-method", b"tools/list"),
        ("mcp-method", b"tools/call"),
        ("mcp-method", b"Tools/Call"),
        ("mcp-method", b"\xFF"),
        ("mcp-name", b"evil"),
        ("mcp-name", b"ok"),
        ("mcp-name", b"OK"),
        ("mcp-name", b"ok, evil"),
        ("mcp-name", b"=?base64?ZXZpbA==?="),
        ("mcp-name", b"=?base64?b2s?="),
        ("mcp-protocol-version", b"2026-07-28"),
        ("mcp-protocol-version", b"2027-01-01"),
        ("mcp-protocol-version", b"2025-06-18"),
        ("mcp-protocol-version", b"latest"),
        ("mcp-session-id", b"s"),
        ("content-type", b"application/json; charset=utf-16"),
    ];
    let (name, value) = random.pick(&lies);
    match random.below(4) {
        0 => draft.headers.retain(|(key, _)| key != name),
        1 => draft.headers.push((name.to_owned(), value.to_vec())),
        _ => set(draft, name, value),
    }
}
