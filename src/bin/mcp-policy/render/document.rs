//! The filter's configuration as a part of a Kubernetes object, where it is no text but values of the object itself.
//!
//! What stands there is read as YAML and kept as JSON by readers in Go, so numbers become doubles on the way. A document
//! that would not arrive as it was written is refused.

use mcp_policy::json::{Decimal, Member, Node, Value, parse};

use super::template::quoted;

/// Lists and objects up to this length stand on one line.
const LINE: usize = 96;
/// Readers of YAML give up on longer keys, unless they are announced by `?`.
const LONG_KEY: usize = 900;

/// A configuration, given as JSON, as YAML: JSON but for the escapes and numbers on which readers differ.
///
/// The server is to see the heads of requests at once, whatever the document says: what would allow the filter to hold
/// them is set by another object, which may be missing.
///
/// # Errors
/// A number that would arrive as another one.
pub(super) fn released(configuration: &str) -> Result<String, String> {
    let mut node = parse(configuration.as_bytes(), DEPTH).map_err(|fault| fault.to_string())?;
    release(&mut node);
    write(&node, "", 1)
}

/// As deep as a configuration may be.
const DEPTH: u32 = mcp_policy::config::Config::MAX_DEPTH;

/// Sets `/protocol/headers`, which the document has.
fn release(configuration: &mut Node<'_>) {
    let headers = member(configuration, "protocol").and_then(|protocol| member(protocol, "headers"));
    if let Some(headers) = headers {
        headers.value = Value::String("release".into());
    }
}

fn member<'n, 'a>(node: &'n mut Node<'a>, name: &str) -> Option<&'n mut Node<'a>> {
    let Value::Object(members) = &mut node.value else { return None };
    members.iter_mut().find(|member| member.name == name).map(|member| &mut member.node)
}

/// `depth` is how many steps further in than the object's key the lines stand.
fn write(node: &Node<'_>, pointer: &str, depth: usize) -> Result<String, String> {
    let (open, close, items) = match &node.value {
        Value::Object(members) => ('{', '}', objects(members, pointer, depth)?),
        Value::Array(nodes) => {
            let item = |(index, node)| write(node, &format!("{pointer}/{index}"), depth.saturating_add(1));
            ('[', ']', nodes.iter().enumerate().map(item).collect::<Result<Vec<_>, _>>()?)
        }
        Value::String(text) => return Ok(quoted(text)),
        Value::Number(text) => return number(text, pointer),
        Value::Bool(flag) => return Ok(flag.to_string()),
        Value::Null => return Ok("null".to_owned()),
    };
    let line = format!("{open} {} {close}", items.join(", "));
    if items.is_empty() {
        return Ok(format!("{open}{close}"));
    }
    // The configuration itself always has its lines.
    if depth > 1 && line.len() <= LINE && !line.contains('\n') {
        return Ok(line);
    }
    let indentation = "  ".repeat(depth);
    let inner = items.join(&format!(",\n{indentation}  "));
    Ok(format!("{open}\n{indentation}  {inner}\n{indentation}{close}"))
}

fn objects(members: &[Member<'_>], pointer: &str, depth: usize) -> Result<Vec<String>, String> {
    let write_one = |member: &Member<'_>| {
        let key = quoted(&member.name);
        let value = write(&member.node, &format!("{pointer}/{}", escaped(&member.name)), depth.saturating_add(1))?;
        Ok(if key.len() > LONG_KEY { format!("? {key} : {value}") } else { format!("{key}: {value}") })
    };
    members.iter().map(write_one).collect()
}

/// A name in a JSON pointer.
fn escaped(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

/// A number in digits alone: `1e2` is text to some readers.
fn number(text: &str, pointer: &str) -> Result<String, String> {
    let arrives = text.parse::<f64>().map(|double| double.to_string()).unwrap_or_default();
    if Decimal::new(&arrives) != Decimal::new(text) {
        return Err(format!(
            "`{pointer}`: `{text}` would reach the filter as `{arrives}`, since Kubernetes keeps numbers as doubles; \
             write one of at most 15 digits"
        ));
    }
    Ok(arrives)
}
