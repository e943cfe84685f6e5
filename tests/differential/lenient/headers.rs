//! Headers as a lenient server reads them.

use base64::{
    Engine as _, alphabet,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};

use crate::{effect::Act, request::MODERN};

/// What the headers call for, if they are of the 2026 era or the body `claims` to be.
pub(super) fn act(headers: &[(String, Vec<u8>)], claims: bool, body: &Act) -> Option<Act> {
    let get = |name: &str| {
        let found = headers.iter().find(|(key, _)| key == name);
        found.map(|(_, value)| String::from_utf8_lossy(value).trim().to_owned())
    };
    let modern = get("mcp-protocol-version").is_some_and(|version| *version >= *MODERN);
    if !modern && !claims {
        return None;
    }
    let method = get("mcp-method").filter(|_| body.method.is_some())?;
    // The specification gives the header a meaning with these only.
    let named =
        ["tools/call", "prompts/get", "resources/read"].contains(&method.as_str()) || method.starts_with("tasks/");
    let about = match get("mcp-name").filter(|_| named && body.about.is_some()) {
        Some(name) => Some(decoded(&name)),
        None => body.about.clone(),
    };
    Some(Act { method: Some(method), about, ..body.clone() })
}

/// Base64 with or without padding, with bits to spare.
fn decoded(value: &str) -> String {
    const LOOSE: GeneralPurposeConfig = GeneralPurposeConfig::new()
        .with_decode_allow_trailing_bits(true)
        .with_decode_padding_mode(DecodePaddingMode::Indifferent);
    let coded = value.strip_prefix("=?base64?").and_then(|rest| rest.strip_suffix("?="));
    let plain = coded.and_then(|coded| GeneralPurpose::new(&alphabet::STANDARD, LOOSE).decode(coded).ok());
    plain.map_or_else(|| value.to_owned(), |plain| String::from_utf8_lossy(&plain).into_owned())
}
