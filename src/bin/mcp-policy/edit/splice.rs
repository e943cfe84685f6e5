//! Changes to a text: each replaces its smallest part, and everything else stays as its author wrote it.
//!
//! What is inserted is laid out as the text around it: the same indentation, the same line ends, on one line where its neighbours
//! are. `jsonc-parser`, which `pin` uses, needs a text without any mistake; this works beside one, see [`Part`].

use std::ops::Range;

use serde::de::IgnoredAny;
use serde_json::Value;

use super::outline::{Kind, Member, Part};

/// A replacement of a part of a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Splice {
    /// In bytes.
    pub(super) span: Range<usize>,
    pub(super) text: String,
}

/// A change to a document.
#[derive(Clone, Debug, serde::Deserialize)]
#[serde(tag = "op", rename_all = "snake_case", deny_unknown_fields)]
pub(super) enum Change {
    /// Gives a member or an item a value, and adds what is missing around it.
    Set {
        /// Its place: the tokens of a JSON pointer, not escaped.
        pointer: Vec<String>,
        /// The value as JSON text, whose numbers stay as they are written.
        json: String,
    },
    /// Adds an item at the end of a list, and the list if it is missing.
    Append { pointer: Vec<String>, json: String },
    /// Removes a member or an item, if there is one.
    Remove { pointer: Vec<String> },
}

/// What fits on one line.
const WIDTH: usize = 100;

impl Splice {
    /// The splice that makes a change; `None` if nothing changes.
    ///
    /// # Errors
    /// A sentence on what in the text is in the way.
    pub(super) fn new(text: &str, change: &Change) -> Result<Option<Self>, String> {
        if let Change::Set { json, .. } | Change::Append { json, .. } = change {
            serde_json::from_str::<IgnoredAny>(json).map_err(|error| format!("the new value is not JSON: {error}"))?;
        }
        let root = Part::read(text);
        match change {
            Change::Set { pointer, json } => set(text, &root, pointer, json),
            Change::Append { pointer, json } => match root.find(pointer) {
                Some(Part { kind: Kind::Array { items, .. }, .. }) => {
                    let end = [pointer.as_slice(), &[items.len().to_string()]].concat();
                    set(text, &root, &end, json)
                }
                None => set(text, &root, pointer, &format!("[{json}]")),
                Some(_) => Err(format!("`{}` is not a list; correct it in the text", show(pointer))),
            },
            Change::Remove { pointer } => remove(&root, pointer),
        }
    }

    /// The text after the change.
    pub(super) fn apply(&self, text: &str) -> String {
        let (before, after) = (text.get(..self.span.start), text.get(self.span.end..));
        [before.unwrap_or_default(), &self.text, after.unwrap_or_default()].concat()
    }
}

fn set(text: &str, root: &Part, pointer: &[String], json: &str) -> Result<Option<Splice>, String> {
    if root.span.is_empty() {
        return Err("the text is empty; write `{}`".to_owned());
    }
    let layout = Layout::of(text);
    let mut part = root;
    for (depth, token) in pointer.iter().enumerate() {
        if let Some(child) = part.child(token) {
            part = child;
            continue;
        }
        let (reached, rest) = pointer.split_at_checked(depth).unwrap_or_default();
        // What is missing around the value.
        let missing = rest.iter().skip(1).rev();
        let json = missing.fold(json.to_owned(), |inner, token| format!("{{{}: {inner}}}", quote(token)));
        return insert(text, part, reached, token, &Part::read(&json), &json, &layout).map(Some);
    }
    if part.kind == Kind::Broken {
        return Err(format!("`{}` cannot be read; correct it in the text", show(pointer)));
    }
    let span = part.span.clone();
    let new = layout.write(&Part::read(json), json, &line_indent(text, span.start), column(text, span.start));
    let is_same = text.get(span.clone()) == Some(new.as_str());
    Ok((!is_same).then_some(Splice { span, text: new }))
}

/// Adds a member or an item to `part`, which has none of this name.
fn insert(
    text: &str,
    part: &Part,
    pointer: &[String],
    token: &str,
    value: &Part,
    json: &str,
    layout: &Layout,
) -> Result<Splice, String> {
    let starts: Vec<(usize, usize)> = match &part.kind {
        Kind::Object { members, is_whole: true } => {
            members.iter().map(|Member { start, value, .. }| (*start, value.span.end)).collect()
        }
        Kind::Array { items, is_whole: true } if items.len().to_string() == token => {
            items.iter().map(|item| (item.span.start, item.span.end)).collect()
        }
        Kind::Array { is_whole: true, .. } => return Err(format!("`{}` has no item `{token}`", show(pointer))),
        _ => return Err(format!("`{}` cannot be read; correct it in the text", show(pointer))),
    };
    let is_object = matches!(part.kind, Kind::Object { .. });
    let key = if is_object { format!("{}: ", quote(token)) } else { String::new() };
    let write = |indent: &str, column: usize| {
        format!("{key}{}", layout.write(value, json, indent, column.saturating_add(key.chars().count())))
    };
    if let Some((_, end)) = starts.last() {
        let (first, _) = starts.first().copied().unwrap_or_default();
        let before = text.get(part.span.start..first).unwrap_or_default();
        let new = if before.contains('\n') {
            let indent = line_indent(text, first);
            format!(",{}{indent}{}", layout.line_end, write(&indent, indent.len()))
        } else {
            format!(", {key}{}", in_line(value, json))
        };
        return Ok(Splice { span: *end..*end, text: new });
    }
    // It is empty: it gets lines if what it gets is more than a word, and the text has lines.
    let outer = line_indent(text, part.span.start);
    let inside = part.span.start.saturating_add(1)..part.span.end.saturating_sub(1);
    let has_lines = text.get(inside.clone()).is_some_and(|inside| inside.contains('\n'));
    let is_large = !matches!(value.kind, Kind::Scalar(_)) && text.trim_end().contains('\n');
    let new = if has_lines || is_large {
        let indent = format!("{outer}{}", layout.unit);
        let end = layout.line_end;
        format!("{end}{indent}{}{end}{outer}", write(&indent, indent.len()))
    } else if is_object {
        format!(" {} ", write(&outer, column(text, part.span.start)))
    } else {
        write(&outer, column(text, part.span.start))
    };
    Ok(Splice { span: inside, text: new })
}

fn remove(root: &Part, pointer: &[String]) -> Result<Option<Splice>, String> {
    let Some((token, above)) = pointer.split_last() else {
        return Err("the whole document cannot be removed".to_owned());
    };
    let Some(part) = root.find(above).filter(|part| part.child(token).is_some()) else { return Ok(None) };
    let spans: Vec<(Range<usize>, bool)> = match &part.kind {
        Kind::Object { members, is_whole: true } => {
            members.iter().map(|member| (member.start..member.value.span.end, member.name == *token)).collect()
        }
        Kind::Array { items, is_whole: true } => {
            items.iter().enumerate().map(|(index, item)| (item.span.clone(), index.to_string() == *token)).collect()
        }
        _ => return Err(format!("`{}` cannot be read; correct it in the text", show(above))),
    };
    let at = spans.iter().position(|(_, is_it)| *is_it).unwrap_or_default();
    let get = |index: usize| spans.get(index).map(|(span, _)| span.clone());
    let Some(own) = get(at) else { return Ok(None) };
    let span = match (at.checked_sub(1).and_then(get), get(at.saturating_add(1))) {
        (Some(before), _) => before.end..own.end,
        (None, Some(after)) => own.start..after.start,
        // The only one.
        (None, None) => part.span.start.saturating_add(1)..part.span.end.saturating_sub(1),
    };
    Ok(Some(Splice { span, text: String::new() }))
}

/// How a text is laid out.
struct Layout {
    /// One step of indentation.
    unit: String,
    line_end: &'static str,
}

impl Layout {
    fn of(text: &str) -> Self {
        let indents = text.lines().skip(1).filter(|line| !line.trim().is_empty()).map(indent_of);
        let unit = indents.filter(|indent| !indent.is_empty()).min_by_key(|indent| indent.len());
        Self { unit: unit.unwrap_or("  ").to_owned(), line_end: if text.contains("\r\n") { "\r\n" } else { "\n" } }
    }

    /// A value on one line, if it fits there, else an entry on each. `column` is where it starts.
    fn write(&self, part: &Part, json: &str, indent: &str, column: usize) -> String {
        let line = in_line(part, json);
        let inner = format!("{indent}{}", self.unit);
        if column.saturating_add(line.chars().count()) <= WIDTH {
            return line;
        }
        let end = self.line_end;
        let join = |entries: Vec<String>| entries.join(&format!(",{end}{inner}"));
        match &part.kind {
            Kind::Object { members, .. } if !members.is_empty() => {
                let entry = |Member { name, value, .. }: &Member| {
                    let key = quote(name);
                    let column = inner.len().saturating_add(key.chars().count()).saturating_add(2);
                    format!("{key}: {}", self.write(value, json, &inner, column))
                };
                format!("{{{end}{inner}{}{end}{indent}}}", join(members.iter().map(entry).collect()))
            }
            Kind::Array { items, .. } if !items.is_empty() => {
                let entry = |item: &Part| self.write(item, json, &inner, inner.len());
                format!("[{end}{inner}{}{end}{indent}]", join(items.iter().map(entry).collect()))
            }
            _ => line,
        }
    }
}

/// A value on one line. Numbers and texts stay as they are written.
fn in_line(part: &Part, json: &str) -> String {
    match &part.kind {
        Kind::Object { members, .. } if !members.is_empty() => {
            let entry = |member: &Member| format!("{}: {}", quote(&member.name), in_line(&member.value, json));
            format!("{{ {} }}", members.iter().map(entry).collect::<Vec<_>>().join(", "))
        }
        Kind::Array { items, .. } => {
            format!("[{}]", items.iter().map(|item| in_line(item, json)).collect::<Vec<_>>().join(", "))
        }
        Kind::Object { .. } => "{}".to_owned(),
        Kind::Scalar(_) | Kind::Broken => json.get(part.span.clone()).unwrap_or_default().to_owned(),
    }
}

/// The indentation of the line on which an offset is.
fn line_indent(text: &str, at: usize) -> String {
    let before = text.get(..at).unwrap_or_default();
    let line = before.rfind('\n').map_or(0, |end| end.saturating_add(1));
    indent_of(text.get(line..).unwrap_or_default()).to_owned()
}

fn indent_of(line: &str) -> &str {
    let text = line.trim_start_matches([' ', '\t']);
    line.get(..line.len().saturating_sub(text.len())).unwrap_or_default()
}

/// How many characters of its line are before an offset.
fn column(text: &str, at: usize) -> usize {
    text.get(..at).unwrap_or_default().chars().rev().take_while(|c| *c != '\n').count()
}

fn quote(text: &str) -> String {
    Value::from(text).to_string()
}

/// A pointer in a sentence, as RFC 6901 escapes it.
fn show(pointer: &[String]) -> String {
    let escape = |token: &String| format!("/{}", token.replace('~', "~0").replace('/', "~1"));
    if pointer.is_empty() { "the document".to_owned() } else { pointer.iter().map(escape).collect() }
}

#[cfg(test)]
mod tests;
