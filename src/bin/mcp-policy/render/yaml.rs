//! The filter's configuration as YAML values of a Kubernetes object, rather than as a text.
//!
//! Kubernetes reads YAML and keeps JSON, in Go, so numbers become doubles on the way. A document with a number that would
//! change is refused.

use mcp_policy::json::{Decimal, Member, Node, Value, parse, pointer};

use super::{configuration::Configuration, template::quoted};

/// Longer lists and objects take several lines.
const LINE: usize = 96;
/// YAML readers refuse longer keys without a `?` before them.
const LONG_KEY: usize = 900;

/// A configuration as YAML, if its filter releases headers: one that holds them is in an object that keeps it as a text. It is
/// JSON, apart from escapes and numbers on which YAML readers differ.
///
/// # Errors
/// A number that would change.
pub(super) fn write_released(configuration: &Configuration) -> Result<Option<String>, String> {
    if configuration.holds_headers() { Ok(None) } else { write_document(configuration.json()).map(Some) }
}

/// A JSON document as YAML.
///
/// # Errors
/// A number that would change.
pub(super) fn write_document(document: &str) -> Result<String, String> {
    let node = parse(document.as_bytes(), DEPTH).map_err(|fault| fault.to_string())?;
    write_value(&node, "", 1)
}

/// The deepest that a configuration can be.
const DEPTH: u32 = mcp_policy::config::Config::MAX_DEPTH;

/// Writes a value. `depth` is the indentation of its further lines, in steps from the key of the whole.
fn write_value(node: &Node<'_>, pointer: &str, depth: usize) -> Result<String, String> {
    let (open, close, items) = match &node.value {
        Value::Object(members) => ('{', '}', write_members(members, pointer, depth)?),
        Value::Array(nodes) => {
            let item = |(index, node)| write_value(node, &format!("{pointer}/{index}"), depth.saturating_add(1));
            ('[', ']', nodes.iter().enumerate().map(item).collect::<Result<Vec<_>, _>>()?)
        }
        Value::String(text) => return Ok(quoted(text)),
        Value::Number(text) => return write_number(text, pointer),
        Value::Bool(flag) => return Ok(flag.to_string()),
        Value::Null => return Ok("null".to_owned()),
    };
    let line = format!("{open} {} {close}", items.join(", "));
    if items.is_empty() {
        return Ok(format!("{open}{close}"));
    }
    // The configuration itself always takes several lines.
    if depth > 1 && line.len() <= LINE && !line.contains('\n') {
        return Ok(line);
    }
    let indentation = "  ".repeat(depth);
    let inner = items.join(&format!(",\n{indentation}  "));
    Ok(format!("{open}\n{indentation}  {inner}\n{indentation}{close}"))
}

fn write_members(members: &[Member<'_>], pointer: &str, depth: usize) -> Result<Vec<String>, String> {
    let write_one = |member: &Member<'_>| {
        let key = quoted(&member.name);
        let value = write_value(&member.node, &pointer::member(pointer, &member.name), depth.saturating_add(1))?;
        Ok(if key.len() > LONG_KEY { format!("? {key} : {value}") } else { format!("{key}: {value}") })
    };
    members.iter().map(write_one).collect()
}

/// A number in digits alone: `1e2` is a string to some YAML readers.
fn write_number(text: &str, pointer: &str) -> Result<String, String> {
    let arrives = text.parse::<f64>().map(|double| double.to_string()).unwrap_or_default();
    if Decimal::new(&arrives) != Decimal::new(text) {
        return Err(format!(
            "`{pointer}`: `{text}` would reach the filter as `{arrives}`, since Kubernetes keeps numbers as doubles; \
             write one of at most 15 digits"
        ));
    }
    Ok(arrives)
}
