//! Fills YAML templates, and writes any text as a YAML scalar.

use minijinja::{AutoEscape, Environment, UndefinedBehavior, syntax::SyntaxConfig, value::Serde};
use serde::Serialize;

/// What every route removes once Envoy has chosen it: a filter that did would make Envoy choose again. The second and later ones are
/// `RETRY_HEADERS` of the filter.
pub(super) const REMOVED_HEADERS: [&str; 5] = [
    "accept-encoding",
    "x-envoy-retry-on",
    "x-envoy-retry-grpc-on",
    "x-envoy-max-retries",
    "x-envoy-hedge-on-per-try-timeout",
];

/// Fills a template of `templates/`.
///
/// * a line with nothing but a `{% … %}` leaves nothing in the output
/// * a value is never read as a template, and each needs `quoted`, `scalar`, `line_or_block` or an invariant of its type
/// * a value of several lines needs `indent` with the indentation of its line
///
/// # Errors
/// A sentence on a fault of the template, such as a name that `values` does not have.
pub(super) fn fill(template: &str, values: impl Serialize) -> Result<String, String> {
    let broken = |error| format!("cannot fill a template: {error:#}");
    let mut syntax = SyntaxConfig::builder();
    syntax.trim_blocks(true).lstrip_blocks(true).keep_trailing_newline(true);
    let mut environment = Environment::new();
    environment.set_syntax(syntax.build().map_err(broken)?);
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_auto_escape_callback(|_| AutoEscape::None);
    environment.add_filter("quoted", |text: String| quoted(&text));
    environment.add_filter("scalar", |text: String| scalar(&text));
    environment.add_filter("line_or_block", |text: String| line_or_block(&text));
    environment.add_global("removed_headers", REMOVED_HEADERS.to_vec());
    environment.render_str(template, Serde(values)).map_err(broken)
}

/// `text` as a YAML scalar that is easy to read: a block if YAML keeps its characters, else quoted.
///
/// `text` begins with a character that is not a space: YAML takes a block's indentation from its first line.
pub(super) fn scalar(text: &str) -> String {
    if text.chars().any(|character| character != '\n' && character != '\t' && needs_escape(character)) {
        return quoted(text);
    }
    let mut block = "|-".to_owned();
    for line in text.split('\n') {
        block.push('\n');
        if !line.is_empty() {
            block.push_str("  ");
            block.push_str(line);
        }
    }
    block
}

/// `text` as a YAML scalar: quoted if it is one line, else as [`scalar`] writes it.
fn line_or_block(text: &str) -> String {
    if text.contains('\n') { scalar(text) } else { quoted(text) }
}

/// `text` as a double-quoted YAML scalar on one line.
pub(super) fn quoted(text: &str) -> String {
    let mut quoted = "\"".to_owned();
    for character in text.chars() {
        match character {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            // All of them are below U+10000, so four digits are enough.
            _ if needs_escape(character) => quoted.push_str(&format!("\\u{:04x}", u32::from(character))),
            _ => quoted.push(character),
        }
    }
    quoted.push('"');
    quoted
}

/// Whether some YAML reader ends a line at `character`, drops it or refuses it.
fn needs_escape(character: char) -> bool {
    character.is_control() || matches!(character, '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}')
}
