//! The tools of a file: a JSON-RPC answer to `tools/list`, its `result`, a list of tools, or an event stream that holds the
//! answer.

use mcp_policy::json::{self, Node, Reader, Value};

use crate::{mistakes, sanitize};

use super::{Listing, Tool};

/// Deeper than any schema of arguments nests.
const MAX_DEPTH: u32 = 256;

/// Reads the tools of a text.
///
/// # Errors
/// A sentence on why there are none.
pub(crate) fn read(text: &str) -> Result<Listing, String> {
    let events = events(text);
    if !events.is_empty() {
        let mut answers = events.iter().filter(|event| event.contains("\"tools\"") || event.contains("\"error\""));
        return match answers.next_back() {
            Some(answer) => read_answer(answer),
            None => Err(format!("no event of the stream is an answer with `tools`; {EXPECTED}")),
        };
    }
    read_answer(text)
}

/// The data of each event, if the text is an event stream (`data: …` lines), perhaps with the headers of the answer before
/// it, as `curl -i` prints it.
pub(super) fn events(text: &str) -> Vec<String> {
    let is_stream = text.lines().any(|line| line.starts_with("data:")) && !text.trim_start().starts_with(['{', '[']);
    if !is_stream {
        return Vec::new();
    }
    let mut events = vec![String::new()];
    for line in text.lines() {
        match (line.strip_prefix("data:"), events.last_mut()) {
            (Some(data), Some(event)) => {
                event.push_str(data);
                event.push('\n');
            }
            (None, Some(event)) if line.is_empty() && !event.is_empty() => events.push(String::new()),
            _ => {}
        }
    }
    events
}

/// One page of a list, and where the next one begins.
#[derive(Debug, Default)]
pub(super) struct Page {
    pub(super) listing: Listing,
    pub(super) next: Option<String>,
}

fn read_answer(text: &str) -> Result<Listing, String> {
    let Page { mut listing, next } = read_page(text)?;
    if next.is_some() {
        let remark = "this is one page of a longer list (`nextCursor`); `--url` reads all pages".into();
        listing.remarks.insert(0, remark);
    }
    Ok(listing)
}

/// Reads one answer to `tools/list`, its `result`, or a list of tools.
///
/// # Errors
/// A sentence on why it is none.
pub(super) fn read_page(text: &str) -> Result<Page, String> {
    let node = json::parse(text.as_bytes(), MAX_DEPTH).map_err(|fault| match mistakes::find(text) {
        _ if text.trim().is_empty() => format!("it is empty; {EXPECTED}"),
        Some(mistake) => mistake.message,
        None => format!("not JSON: {fault}"),
    })?;
    let mut listing = Listing::default();
    let mut next = None;
    let tools = match &node.value {
        Value::Array(tools) => tools,
        Value::Object(_) => {
            if let Some(error) = find_member(&node, "error")? {
                let message = find_member(error, "message")?.and_then(Node::as_str).unwrap_or("no message");
                return Err(format!("the server answered with an error: `{}`", sanitize::line(message)));
            }
            let result = find_member(&node, "result")?.unwrap_or(&node);
            next = find_member(result, "nextCursor")?.and_then(Node::as_str).map(str::to_owned);
            match find_member(result, "tools")?.map(|tools| &tools.value) {
                Some(Value::Array(tools)) => tools,
                _ => return Err(format!("it has no list `tools`; {EXPECTED}")),
            }
        }
        _ => return Err(format!("it is not a list of tools; {EXPECTED}")),
    };
    for (index, node) in tools.iter().enumerate() {
        match read_tool(node, text) {
            Ok(tool) => listing.tools.push(tool),
            Err(why) => listing.remarks.push(format!("left out the tool at index {index}: {why}")),
        }
    }
    Ok(Page { listing, next })
}

const EXPECTED: &str = "expected an answer to `tools/list`, its `result`, or a list of tools";

fn read_tool(node: &Node<'_>, document: &str) -> Result<Tool, String> {
    if !matches!(node.value, Value::Object(_)) {
        return Err("it is not an object".into());
    }
    let text =
        |node: &Node<'_>, key: &str| Ok::<_, String>(find_member(node, key)?.and_then(Node::as_str).map(str::to_owned));
    let name = text(node, "name")?.ok_or("it has no `name`")?;
    let definition = read_definition(node, document).unwrap_or_default().to_owned();
    let description = text(node, "description")?.unwrap_or_default();
    let mut tool = Tool { name, description, definition, ..Tool::default() };
    tool.titles.extend(text(node, "title")?);
    if let Some(annotations) = find_member(node, "annotations")? {
        tool.titles.extend(text(annotations, "title")?);
        tool.read_only = find_member(annotations, "readOnlyHint")?.and_then(as_boolean);
        tool.destructive = find_member(annotations, "destructiveHint")?.and_then(as_boolean);
    }
    if let Some(schema) = find_member(node, "inputSchema")? {
        let text = document.get(schema.at..).unwrap_or_default();
        // It has been read already, so this is JSON; only its end has to be found.
        tool.input_schema =
            serde_json::Deserializer::from_str(text).into_iter().next().and_then(Result::ok).unwrap_or_default();
    }
    Ok(tool)
}

/// The text of an entry, as it was sent. It has been read already; only its end has to be found.
fn read_definition<'d>(node: &Node<'_>, document: &'d str) -> Option<&'d str> {
    let text = document.get(node.at..)?;
    let mut reader = Reader::new(text.as_bytes(), MAX_DEPTH).ok()?;
    text.get(..reader.skip().ok()?.len())
}

/// A member of an object. A repeated one is an error: readers keep the first or the last.
fn find_member<'n, 'a>(node: &'n Node<'a>, key: &str) -> Result<Option<&'n Node<'a>>, String> {
    let Value::Object(members) = &node.value else { return Ok(None) };
    let mut found = members.iter().filter(|member| member.name == key);
    match (found.next(), found.next()) {
        (_, Some(_)) => Err(format!("the key `{key}` is repeated")),
        (found, None) => Ok(found.map(|member| &member.node)),
    }
}

fn as_boolean(node: &Node<'_>) -> Option<bool> {
    match node.value {
        Value::Bool(flag) => Some(flag),
        _ => None,
    }
}
