//! How two definitions of a tool differ, for people: one line for each value that was there and one for each that is there now,
//! with every character that cannot be seen as its number.

use serde_json::Value;

use crate::sanitize;

/// Characters of one value that are shown.
const MAX_VALUE: usize = 2000;
/// Values that are shown of one tool.
const MAX_VALUES: usize = 100;

/// Describes how a definition has changed; `before` is not known if no file has kept it.
pub(crate) fn describe(tool: &str, before: Option<&str>, now: &str) -> String {
    let tool = sanitize::line(tool);
    let now: Value = serde_json::from_str(now).unwrap_or_default();
    let Some(before) = before else {
        let mut text = format!(
            "`{tool}` differs from its pin; the pinned definition was not kept, and this is the present one:\n"
        );
        add(&mut text, '+', "", &now);
        return text;
    };
    let before: Value = serde_json::from_str(before).unwrap_or_default();
    let mut changes = Vec::new();
    compare("", Some(&before), Some(&now), &mut changes);
    let mut text = format!("`{tool}` differs from its pin:\n");
    for Change { pointer, before, now } in changes.iter().take(MAX_VALUES) {
        if let Some(before) = before {
            add(&mut text, '-', pointer, before);
        }
        if let Some(now) = now {
            add(&mut text, '+', pointer, now);
        }
    }
    if changes.len() > MAX_VALUES {
        text.push_str(&format!("    and {} more\n", changes.len().saturating_sub(MAX_VALUES)));
    }
    text
}

/// A value that is another one now, or is only there before or now.
struct Change<'v> {
    pointer: String,
    before: Option<&'v Value>,
    now: Option<&'v Value>,
}

fn compare<'v>(pointer: &str, before: Option<&'v Value>, now: Option<&'v Value>, changes: &mut Vec<Change<'v>>) {
    match (before, now) {
        (before, now) if before == now => {}
        (Some(Value::Object(before)), Some(Value::Object(now))) => {
            let fresh = now.keys().filter(|name| !before.contains_key(*name));
            for name in before.keys().chain(fresh) {
                let pointer = mcp_policy::json::pointer::member(pointer, name);
                compare(&pointer, before.get(name), now.get(name), changes);
            }
        }
        (Some(Value::Array(before)), Some(Value::Array(now))) => {
            for index in 0..before.len().max(now.len()) {
                compare(&format!("{pointer}/{index}"), before.get(index), now.get(index), changes);
            }
        }
        (before, now) => changes.push(Change { pointer: pointer.to_owned(), before, now }),
    }
}

fn add(text: &mut String, sign: char, pointer: &str, value: &Value) {
    let shown = match value {
        Value::String(value) => format!("\"{}\"", sanitize::line(value)),
        value => sanitize::line(&value.to_string()),
    };
    let cut: String = shown.chars().take(MAX_VALUE).collect();
    let dots = if cut.len() < shown.len() { "…" } else { "" };
    let pointer = sanitize::line(pointer);
    let space = if pointer.is_empty() { "" } else { " " };
    text.push_str(&format!("  {sign} {pointer}{space}{cut}{dots}\n"));
}
