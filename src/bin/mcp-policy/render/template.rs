//! Filling a YAML template, and writing any text as a YAML scalar.

/// `template` with each `${name}` replaced.
///
/// One pass: what a value contains is never taken for a placeholder. The further lines of a value are
/// indented like the line that names it; a line left empty by its values goes.
pub(super) fn fill(template: &str, values: &[(&str, String)]) -> String {
    let mut filled = String::new();
    for line in template.lines() {
        let indentation: String = line.chars().take_while(|character| *character == ' ').collect();
        let text = fill_line(line, &indentation, values);
        if text.trim().is_empty() && !line.is_empty() {
            continue;
        }
        filled.push_str(&text);
        filled.push('\n');
    }
    filled
}

fn fill_line(line: &str, indentation: &str, values: &[(&str, String)]) -> String {
    let mut filled = String::new();
    let mut rest = line;
    while let Some((before, name, after)) = next_placeholder(rest) {
        filled.push_str(before);
        if let Some((_, value)) = values.iter().find(|(known, _)| *known == name) {
            push_indented(&mut filled, value, indentation);
        }
        rest = after;
    }
    filled.push_str(rest);
    filled
}

fn next_placeholder(text: &str) -> Option<(&str, &str, &str)> {
    let (before, after) = text.split_once("${")?;
    let (name, after) = after.split_once('}')?;
    Some((before, name, after))
}

fn push_indented(filled: &mut String, value: &str, indentation: &str) {
    for (number, line) in value.trim_end_matches('\n').split('\n').enumerate() {
        if number > 0 {
            filled.push('\n');
            if !line.is_empty() {
                filled.push_str(indentation);
            }
        }
        filled.push_str(line);
    }
}

/// `text` as a YAML scalar, to be read easily: its lines as they are where YAML keeps them, else quoted.
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

/// `text` as a double-quoted YAML scalar on one line.
pub(super) fn quoted(text: &str) -> String {
    let mut quoted = "\"".to_owned();
    for character in text.chars() {
        match character {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            // All of them lie below U+10000, so four digits are enough.
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
